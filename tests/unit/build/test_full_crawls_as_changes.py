"""A full crawl that keeps changes alone reads as one that is whole, deleted models included."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.build.checks import Limits
from lineage.build.pipeline import build_snapshot
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import StoreError
from lineage.store import schema
from lineage.store.manifest import SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.retention import read_retention_rule, snapshots_kept_by
from lineage.store.store import ParquetStore
from tests.builders import Row, key_of, origin, pages, publication, row, rows_of
from tests.fakes.fake_clock import NOON
from tests.house.test_any_day import MACROS, ON, in_any_order

FILLING = [row(f"filling/model-{number}") for number in range(60)]
IDS = [f"owner/model-{number}" for number in range(7)]
# What a model is in a crawl: its parents and its number of likes; None where it is not listed. A
# renamed one has another name under its key.
MODEL = st.none() | st.tuples(
    st.lists(st.sampled_from([*IDS, "gone/one"]), unique=True, max_size=2),
    st.integers(0, 2),
    st.sampled_from(["", "-renamed"]),
)
HUB = st.dictionaries(st.sampled_from(IDS), MODEL, max_size=7)
Hub = dict[str, tuple[list[str], int, str] | None]


def rows_listed(hub: Hub) -> list[Row]:
    rows = []
    for id, model in hub.items():
        if model is not None:
            parents = [parent for parent in model[0] if parent != id]
            listed = row(id, parents, likes=model[1], tags=["en"] * model[1])
            rows.append(listed | {"_id": key_of(id), "id": id + model[2]})
    return [*FILLING, *rows]


def take(folder: Path, rows: list[Row], day: int, onto: Snapshot | None = None) -> Snapshot:
    into = publication(folder, limits=Limits(min_kept_share=0.1))
    into = replace(into, whole_every=timedelta(days=30))
    kind = SnapshotKind.FULL if onto is None else SnapshotKind.UPDATE
    taken = origin(kind, taken_at=NOON + timedelta(days=day))
    return into.store.snapshot(build_snapshot(pages(rows), taken, into, update_of=onto).id)


def take_history(folder: Path, first_day: int, hubs: list[Hub], again: list[Row]) -> list[Snapshot]:
    first = take(folder, rows_listed(hubs[0]), first_day)
    second = take(folder, rows_listed(hubs[1]), 7)
    update = take(folder, again, 8, second)
    later = take(folder, again[:1], 9, update)
    return [first, second, update, later, take(folder, rows_listed(hubs[2]), 14)]


def every_table(snapshot: Snapshot) -> dict[str, list[Row]]:
    tables = {name: rows_of(snapshot, name) for name in schema.TABLES}
    batches = {name: snapshot.batches(name) for name in schema.CHANGES}
    for name, some in batches.items():
        assert [it for batch in some for it in batch.to_pylist()] == tables[name]
    for it in tables[schema.TOMBSTONES_FILE] + tables[schema.ABSENCES_FILE]:
        del it["last_seen_in"], it["missed_at"]
    return tables


@settings(max_examples=4, deadline=None)
@given(st.tuples(HUB, HUB, HUB), HUB)
def test_it_reads_as_a_whole_one(hubs: tuple[Hub, Hub, Hub], again: Hub) -> None:
    read = rows_listed({id: it for id, it in again.items() if it and not it[2]})[len(FILLING) :]
    read.append(row("new/one", ["owner/model-1"]))
    with TemporaryDirectory() as near, TemporaryDirectory() as far:
        days = take_history(Path(near), 0, [*hubs], read)
        whole = take_history(Path(far), -40, [*hubs], read)
        bases = [it.manifest.builds_on and it.manifest.builds_on.id for it in days]
        assert bases == [None, days[0].id, days[1].id, days[1].id, days[0].id]
        assert whole[1].manifest.builds_on is None
        for day, other in zip(days, whole, strict=True):
            assert every_table(day) == every_table(other)
            for base in rows_of(day, schema.COUNTS_FILE):
                stored, by_key = day.base(str(base["id"])), day.base_of_key(str(base["key"]))
                assert stored is not None
                assert by_key is not None
                assert (by_key.key, by_key.node) == (base["key"], base["node"])
            assert ParquetStore(near, NO_OPT_OUTS).find_damage(day.id, in_values=True) == []


A, B, C = (([IDS[1]], 1, ""), (["gone/one"], 0, ""), ([IDS[0], IDS[2]], 1, "-renamed"))
HUBS: list[Hub] = [
    {IDS[0]: A, IDS[1]: B, IDS[2]: C, IDS[3]: A},
    {IDS[0]: B, IDS[1]: C, IDS[2]: A, IDS[4]: A},
    {IDS[0]: A, IDS[2]: B, IDS[4]: C},
]
AGAIN = [row("new/one", [IDS[0]]), row(IDS[2], [IDS[4]])]


@pytest.fixture
def days(tmp_path: Path) -> list[Snapshot]:
    return take_history(tmp_path, 0, HUBS, AGAIN)


def test_the_shipped_macros_read_days_of_three_folders(
    days: list[Snapshot], tmp_path: Path
) -> None:
    connection = duckdb.connect()
    connection.execute(MACROS.read_text("utf-8").replace("'*/", f"'{tmp_path}/*/"))
    for snapshot in days:
        day = f"{snapshot.manifest.origin.taken_at:%Y-%m-%d}"
        for table in ON:
            read = connection.sql(f"FROM {table}_on('{day}')").to_arrow_table()
            file = f"{table}.parquet"
            assert in_any_order(read, file) == in_any_order(snapshot.table(file), file), table


def test_what_a_day_is_read_from_is_verified_and_stays(
    days: list[Snapshot], tmp_path: Path
) -> None:
    store, (whole, full, update, later, last) = ParquetStore(str(tmp_path), NO_OPT_OUTS), days
    kept = snapshots_kept_by(read_retention_rule("1 daily"), store.manifests())
    assert {whole.id, last.id} <= set(kept)
    with pytest.raises(StoreError, match=f"{full.id}"):
        store.delete(whole.id)
    with pytest.raises(StoreError, match=f"{update.id}, {later.id} build on {full.id}"):
        store.delete(full.id, last.id)
    path = tmp_path / whole.id / schema.MODELS_FILE
    path.write_bytes(b"PAR1" + path.read_bytes()[4:-1] + b"?")
    for day in (full, update):
        assert f"{whole.id}/{schema.MODELS_FILE}" in store.find_damage(day.id)[0]
    harmed = sorted([full.id, update.id, later.id, last.id])
    assert store.damaged_dependents(update.id) == harmed


def test_a_look_up_of_an_update_reads_two_files(days: list[Snapshot], tmp_path: Path) -> None:
    *_, update, _, _ = days
    (tmp_path / days[0].id / schema.COUNTS_FILE).unlink()
    (base, *_) = rows_of(days[1], schema.COUNTS_FILE)
    assert update.base(str(base["id"])) is not None
