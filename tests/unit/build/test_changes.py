"""An update that keeps changes alone reads as a full crawl of the same Hub, whatever changed."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.build.draft_tables import MAX_CHANGED_SHARE
from lineage.store import schema
from lineage.store.local_files import LocalFiles
from lineage.store.manifest import Manifest, SnapshotKind
from lineage.store.reader import Snapshot
from tests.builders import Row, key_of, published, row, rows_of
from tests.updates import updated

TABLES = sorted(schema.TABLES)
FILLING = [row(f"filling/model-{number}") for number in range(60)]
IDS = [f"owner/model-{number}" for number in range(9)]
# Names from which a parent is inferred where none is declared.
INFERRED = ["maker/Great-7B", "other/Great-7B-GGUF", "third/Great-7B-AWQ"]

# Where card and Hub disagree a name is taught, and what was taught once stays known.
PARENTS = st.lists(st.sampled_from([*IDS, "gone/one", INFERRED[0]]), unique=True, max_size=2)
CARDS = st.sampled_from([{"base_model": IDS[3]}, {"base_model": "Owner/Model-4"}, {}])
HUBS = st.dictionaries(
    st.sampled_from([*IDS, *INFERRED]), st.tuples(PARENTS, CARDS, st.integers(0, 3)), max_size=8
)
Hub = dict[str, tuple[list[str], dict[str, str], int]]


def hub(claim_rows: Hub) -> list[Row]:
    return [a_row(id, *one) for id, one in claim_rows.items()]


def a_row(id: str, parents: list[str], card: dict[str, str], likes: int) -> Row:
    others = [parent for parent in parents if parent != id]
    return row(id, others, likes=likes) if others else row(id, likes=likes, cardData=card)


def every_table(snapshot: Snapshot) -> dict[str, list[Row]]:
    return {name: rows_of(snapshot, name) for name in TABLES if name != schema.NAMES_FILE}


def in_batches(snapshot: Snapshot, file: str) -> list[Row]:
    return [one for batch in snapshot.batches(file) for one in batch.to_pylist()]


@settings(max_examples=25, deadline=None)
@given(HUBS, st.lists(HUBS, min_size=1, max_size=3))
def test_updates_read_as_a_full_crawl_of_the_same_hub(first: Hub, days: list[Hub]) -> None:
    with TemporaryDirectory() as folder, TemporaryDirectory() as elsewhere:
        now = dict(first)
        full = published([*FILLING, *hub(now)], Path(folder))
        day = full
        for changes in days:
            now |= changes
            day = updated(day, hub(changes), Path(folder))
            assert day.manifest.builds_on is not None
            assert day.manifest.builds_on.id == full.id
        again = published([*FILLING, *hub(now)], Path(elsewhere))
        assert every_table(day) == every_table(again)
        for file in schema.KEYS:
            assert in_batches(day, file) == rows_of(again, file)
        keys = [key_of(id) for id in now]
        assert day.evidence_of(keys).sort_by(ORDER).equals(again.evidence_of(keys).sort_by(ORDER))


ORDER = [(name, "ascending") for name in ("child_key", "rule", "parent_as_written", "quote")]


# What is kept


def test_an_update_keeps_what_was_read_and_nothing_else(tmp_path: Path) -> None:
    full = published(FILLING, tmp_path)
    day = updated(full, [row("filling/model-3", ["filling/model-4"]), row("new/one")], tmp_path)
    assert sorted(day.manifest.files) == sorted(schema.UPDATE_TABLES)
    facts = {name: one.rows for name, one in day.manifest.files.items()}
    assert (facts["models.changes.parquet"], facts["metrics.changes.parquet"]) == (2, 2)
    assert facts["evidence.changes.parquet"] == 3
    assert (day.manifest.models, facts[schema.CHANGED_FILE]) == (61, 2)


def test_the_third_day_keeps_what_changed_since_the_full_crawl(tmp_path: Path) -> None:
    full = published(FILLING, tmp_path)
    second = updated(full, FILLING[:3], tmp_path)
    third = updated(second, FILLING[2:5], tmp_path)
    assert third.manifest.builds_on == second.manifest.builds_on
    changed = third.tables.table(schema.CHANGED_FILE)["key"].to_pylist()
    assert changed == sorted(str(one["_id"]) for one in FILLING[:5])


def test_where_too_much_changed_the_update_stands_alone_and_the_next_builds_on_it(
    tmp_path: Path,
) -> None:
    full = published(FILLING, tmp_path)
    most = int(MAX_CHANGED_SHARE * len(FILLING))
    second = updated(full, FILLING[: most + 1], tmp_path)
    assert second.manifest.builds_on is None
    assert sorted(second.manifest.files) == sorted(schema.TABLES)
    third = updated(second, FILLING[:most], tmp_path)
    assert third.manifest.builds_on is not None
    assert third.manifest.builds_on.id == second.id


def test_after_an_older_schema_an_update_stands_alone(tmp_path: Path) -> None:
    full = published(FILLING, tmp_path)
    path = tmp_path / full.id / "manifest.json"
    text = path.read_text("utf-8")
    older = text.replace(f'"schema_version": {schema.VERSION}', '"schema_version": 2')
    path.write_text(older, "utf-8")
    assert older != text
    before = Snapshot(LocalFiles(str(tmp_path)), Manifest.from_json(older.encode(), "here"))
    assert updated(before, FILLING[:1], tmp_path).manifest.builds_on is None


def test_claims_that_resolve_elsewhere_are_kept_though_not_read_again(tmp_path: Path) -> None:
    child = row("a/child", ["b/later"], baseModels=None)
    full = published([*FILLING, child], tmp_path)
    (before, *_) = rows_of(full, schema.EVIDENCE_FILE)
    day = updated(full, [row("b/later")], tmp_path)
    (after, *_) = rows_of(day, schema.EVIDENCE_FILE)
    assert (before["parent_key"], after["parent_key"]) == ("name:b/later", key_of("b/later"))
    changed = day.tables.table(schema.CHANGED_FILE).to_pylist()
    assert {(one["key"], one["record"]) for one in changed} == {
        (key_of("a/child"), False),
        (key_of("b/later"), True),
    }
    assert day.manifest.files["models.changes.parquet"].rows == 1


def test_inferred_claims_are_kept_where_they_differ_from_before(tmp_path: Path) -> None:
    full = published([*FILLING, row(INFERRED[1])], tmp_path)
    assert rows_of(full, schema.EVIDENCE_FILE) == []
    second = updated(full, [row(INFERRED[0])], tmp_path)
    (claim_rows,) = rows_of(second, schema.EVIDENCE_FILE)
    assert (claim_rows["child_key"], claim_rows["rule"]) == (key_of(INFERRED[1]), "name")
    third = updated(second, [row("x/y")], tmp_path)
    assert rows_of(third, schema.EVIDENCE_FILE) == [claim_rows]


def test_deleted_models_are_kept_with_their_words_through_updates(tmp_path: Path) -> None:
    child = row("a/child", ["b/later"], baseModels=None)
    first = published([*FILLING, child, row("a/grandchild", ["a/child"])], tmp_path)
    taken_at = first.manifest.origin.taken_at
    full = published(
        [*FILLING, row("a/grandchild", ["a/child"])], tmp_path, taken_at=taken_at.replace(day=22)
    )
    assert full.manifest.tombstones == 1
    day = updated(full, [row("b/later")], tmp_path)
    assert day.manifest.origin.kind is SnapshotKind.UPDATE
    words = {
        (str(one["child_key"]), one["parent_key"]) for one in rows_of(day, schema.EVIDENCE_FILE)
    }
    assert (key_of("a/child"), key_of("b/later")) in words
    assert day.tombstones(["id"])["id"].to_pylist() == ["a/child"]
    back = updated(day, [child], tmp_path)
    assert back.manifest.tombstones == 0
    assert "a/child" in back.column(schema.MODELS_FILE, "id").to_pylist()


def test_a_row_that_became_unreadable_keeps_its_last_record_in_the_day(tmp_path: Path) -> None:
    full = published([*FILLING, row("a/child", ["filling/model-1"])], tmp_path)
    day = updated(full, [row("a/child") | {"id": "../../escape"}], tmp_path)
    for file, key in schema.KEYS.items():
        assert key_of("a/child") in day.column(file, key).to_pylist()
    assert (day.manifest.models, day.manifest.bad_rows) == (len(FILLING) + 1, 1)
    again = updated(day, [row("a/child", ["filling/model-1"])], tmp_path)
    assert every_table(again) == every_table(full)


def test_columns_as_codes_say_the_same(tmp_path: Path) -> None:
    full = published([*FILLING, row("a/child", ["filling/model-1"])], tmp_path)
    day = updated(full, [row("filling/model-9", ["filling/model-1"])], tmp_path)
    columns = ["child_key", "rule"]
    coded = day.table(schema.EVIDENCE_FILE, columns, ["rule"])
    assert pa.types.is_dictionary(coded["rule"].type)
    plain = day.table(schema.EVIDENCE_FILE, columns)
    assert coded["rule"].to_pylist() == plain["rule"].to_pylist()


def test_rows_are_looked_up_by_their_key_alone(tmp_path: Path) -> None:
    day = updated(published(FILLING, tmp_path), FILLING[:1], tmp_path)
    with pytest.raises(ValueError, match="child_key"):
        day.tables.rows_of(schema.EVIDENCE_FILE, "rule", pa.array(["hub"]))
