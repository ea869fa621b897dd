"""Values that were renamed with schema 4 are translated where they are read.

`schema_3` was written by the last version before: a full crawl that knows a deleted model, and an
update that keeps changes alone; `rows.json` holds the rows that both were made of.
"""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineage.analysis.cut_tables import list_whole_tables_of_scope
from lineage.build.checks import Limits
from lineage.build.pipeline import build_snapshot
from lineage.domain.claims import Relation, Strength
from lineage.domain.definitions import Definition
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.store import schema
from lineage.store.former_schemas import translate_former_table_rows
from lineage.store.manifest import Manifest, SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.retention import read_retention_rule, snapshots_kept_by
from lineage.store.store import ParquetStore
from lineage.store.table_writer import write_snapshot_tables
from tests.builders import Row, edges_of, origin, pages, publication, row, rows_of
from tests.fakes.fake_clock import NOON
from tests.questions import count_base, count_family, trace, tree_of_base
from tests.unit.analysis.worlds import a_family
from tests.updates import updated

HERE = Path(__file__).parent / "schema_3"
FULL, UPDATE = "20261121T120000Z", "20261122T120000Z"
BASE = "kin/Kin-3-8B-Instruct"
FAMILY = a_family({"Kin 3": [BASE], "Kin 2": ["kin/Kin-2"]})
FORMER_WORDS = {"unstated", "stated", "guessed", "sweep", "bulk"}


@pytest.fixture
def store(tmp_path: Path) -> ParquetStore:
    for id in (FULL, UPDATE):
        shutil.copytree(HERE / id, tmp_path / "store" / id)
    return ParquetStore(str(tmp_path / "store"), NO_OPT_OUTS)


@pytest.fixture(params=[FULL, UPDATE])
def old(request: pytest.FixtureRequest, store: ParquetStore) -> Snapshot:
    return store.snapshot(request.param)


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Snapshot]:
    """The same pages, taken by today's program."""
    rows = json.loads((HERE / "rows.json").read_text("utf-8"))
    into = publication(tmp_path_factory.mktemp("new"), [FAMILY], limits=Limits(min_kept_share=0.1))

    def take(rows: list[Row], days: int, onto: Snapshot | None = None) -> Snapshot:
        kind = SnapshotKind.FULL if onto is None else SnapshotKind.UPDATE
        taken = origin(kind, taken_at=NOON + timedelta(days=days))
        return into.store.snapshot(build_snapshot(pages(rows), taken, into, update_of=onto).id)

    take(rows["full"], -1)
    full = take([one for one in rows["full"] if one["id"] not in rows["deleted"]], 0)
    return {FULL: full, UPDATE: take(rows["update"], 1, full)}


def words_in(table: pa.Table) -> set[str]:
    strings = [
        name for name in table.schema.names if pa.types.is_string(table.schema.field(name).type)
    ]
    return {word for name in strings for word in table[name].to_pylist()} | set(table.schema.names)


def test_the_fixture_holds_the_former_values(old: Snapshot) -> None:
    raw = [pq.read_table(path) for path in sorted((HERE / old.id).glob("*.parquet"))]
    assert {"unstated", "stated", "guessed"} <= set().union(*map(words_in, raw))
    assert old.manifest.schema_version == 3


def test_every_table_has_the_content_that_the_same_pages_give_today(
    old: Snapshot, new: dict[str, Snapshot]
) -> None:
    for file, columns in schema.TABLES.items():
        now = new[old.id].table(file)
        assert old.table(file).cast(columns).equals(now), file
        pieces = pa.Table.from_batches(old.batches(file), old.table(file).schema)
        assert pieces.cast(columns).equals(now), file


def test_every_column_can_be_asked_for_by_its_name_of_today(
    old: Snapshot, new: dict[str, Snapshot]
) -> None:
    for file, columns in schema.TABLES.items():
        for name in columns.names:
            now = new[old.id].column(file, name)
            assert old.column(file, name).to_pylist() == now.to_pylist(), (file, name)


def test_no_former_word_leaves_the_store(old: Snapshot) -> None:
    for file in schema.TABLES:
        assert not words_in(old.table(file)) & FORMER_WORDS, file
    assert FORMER_WORDS.isdisjoint(old.manifest.to_json().decode().split('"'))


def test_codes_are_those_of_today(old: Snapshot, new: dict[str, Snapshot]) -> None:
    for name in ("child", "parent", "relation", "strength"):
        codes = getattr(old.edges(), name), getattr(new[old.id].edges(), name)
        assert codes[0].tolist() == codes[1].tolist()


@pytest.mark.parametrize("definition", [Definition(), Definition(deleted=True)])
def test_counts_trees_and_traces_answer_alike(
    old: Snapshot, new: dict[str, Snapshot], definition: Definition
) -> None:
    now = new[old.id]
    for base in ("base/a", BASE, "kin/Kin-2"):
        assert count_base(old, base, definition, ()) == count_base(now, base, definition, ())
        drawn = tree_of_base(old, base, definition, ())
        assert drawn == tree_of_base(now, base, definition, ())
    inferred = Definition(min_strength=Strength.INFERRED)
    assert count_base(old, BASE, inferred, ()).by_relation == {
        Relation.QUANTIZED: 1,
        Relation.UNSPECIFIED: 1,
    }
    whole = count_family(old, FAMILY, definition, [FAMILY])
    assert whole == count_family(now, FAMILY, definition, [FAMILY])
    for model in ("tuner/declared", "someone/Kin-3-8B-Instruct-GGUF", "kid/loaded"):
        assert trace(old, model, FAMILY, [FAMILY]) == trace(now, model, FAMILY, [FAMILY])


def test_a_stored_count_is_found_by_id_and_by_key(old: Snapshot) -> None:
    found = old.base(BASE)
    assert found is not None
    assert found.by_relation[Relation.UNSPECIFIED] == 1
    assert old.base_of_key(found.key) == found
    assert found in old.largest_bases(10)


def test_kinds_are_those_of_today(store: ParquetStore) -> None:
    kinds = [one.origin.kind for one in store.manifests()]
    assert kinds == [SnapshotKind.FULL, SnapshotKind.UPDATE]
    dumped = store.manifests()[0].to_json().replace(b'"full"', b'"bulk"')
    assert Manifest.from_json(dumped, "").origin.kind is SnapshotKind.DUMP


def test_an_update_onto_it_stands_alone_and_the_next_builds_on_that(
    store: ParquetStore, tmp_path: Path
) -> None:
    older = store.snapshot()
    first = updated(older, [row("kid/later", cardData={"base_model": BASE})], tmp_path / "store")
    assert (first.manifest.builds_on, first.manifest.schema_version) == (None, schema.VERSION)
    assert edges_of(first) == edges_of(older) | {("kid/later", BASE)}
    assert (
        not words_in(pq.read_table(tmp_path / "store" / first.id / "edges.parquet")) & FORMER_WORDS
    )
    second = updated(first, [row("kid/last", ["base/a"])], tmp_path / "store")
    assert second.manifest.builds_on is not None
    assert edges_of(second) == edges_of(first) | {("kid/last", "base/a")}


def test_it_is_exported_in_the_words_of_today(
    old: Snapshot, new: dict[str, Snapshot], tmp_path: Path
) -> None:
    written = write_snapshot_tables(
        tmp_path / "out" / old.id, list_whole_tables_of_scope(old), old.manifest
    )
    assert (written.schema_version, written.origin.kind) == (
        schema.VERSION,
        old.manifest.origin.kind,
    )
    plain = ParquetStore(str(tmp_path / "out"), NO_OPT_OUTS).snapshot()
    for file in schema.TABLES:
        assert rows_of(plain, file) == rows_of(new[old.id], file), file


def test_what_an_update_builds_on_is_kept_and_goes_with_it(store: ParquetStore) -> None:
    kept = snapshots_kept_by(read_retention_rule("1 daily"), store.manifests())
    assert set(kept) == {FULL, UPDATE}
    assert store.find_damage(UPDATE) == []
    store.delete(UPDATE)
    assert [one.id for one in store.manifests()] == [FULL]


def test_the_second_half_of_the_hubs_constant_is_no_date_in_old_snapshots_either() -> None:
    moments = [datetime(2022, 3, 2, 23, 29, second, 5, UTC) for second in (4, 5, 6)]
    stored = pa.table({"created_at": pa.array(moments, pa.timestamp("us", "UTC"))})
    shown = translate_former_table_rows(schema.MODELS_FILE, stored, 3)["created_at"].to_pylist()
    assert shown == [None, None, moments[2]]
