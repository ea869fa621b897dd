"""A full crawl that keeps changes alone reads as one that is whole, deleted models included."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.build.checks import Limits
from lineage.build.pipeline import publish
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.store import schema
from lineage.store.manifest import SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore
from tests.builders import Row, key_of, origin, pages, publication, row, rows_of
from tests.fakes.fake_clock import NOON

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
            fields = {"likes": model[1], "tags": ["en"] * model[1]}
            rows.append(row(id, parents, **fields) | {"_id": key_of(id), "id": id + model[2]})
    return [*FILLING, *rows]


def take(folder: Path, rows: list[Row], day: int, onto: Snapshot | None = None) -> Snapshot:
    into = publication(folder, limits=Limits(min_kept_share=0.1))
    kind = SnapshotKind.FULL if onto is None else SnapshotKind.UPDATE
    taken = origin(kind, taken_at=NOON + timedelta(days=day))
    return into.store.snapshot(publish(pages(rows), taken, into, update_of=onto).id)


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


@settings(max_examples=12, deadline=None)
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
                stored, by_key = day.base(base["id"]), day.base_of_key(base["key"])
                assert stored is not None
                assert by_key is not None
                assert (by_key.key, by_key.node) == (base["key"], base["node"])
            assert ParquetStore(near, NO_OPT_OUTS).find_damage(day.id, in_values=True) == []
