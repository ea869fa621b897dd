"""Who is gone: the models that a full listing shows no more, each with its last record."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.repo_ids import STAND_IN
from lineage.domain.standings import Asked, Standing
from lineage.store import schema
from lineage.store.draft import Draft
from lineage.store.keys import NOWHERE, Bare, bare, joined, rows_in
from lineage.store.snapshot import Snapshot

_RECORD = [field.name for field in schema.MODELS]
_STANDING = ("standing", "hub_status", "asked_at")
_NUMBERS = [field.name for field in schema.METRICS if field.name != "key"]


def still_gone(before: Snapshot, present: Bare) -> pa.Table:
    """Return the earlier tombstones of models that are not back; `present` is sorted."""
    table = before.tombstones()
    return table.filter(pa.array(_absent(table["key"], present)))


def newly_gone(before: Snapshot, present: Bare, missed_at: datetime) -> pa.Table:
    """Return a tombstone for each model that was listed and is not present; `present` is sorted.

    A dump without the Hub's keys says of nobody who is who, and so of nobody that they are gone.
    """
    keys = before.column(schema.MODELS_FILE, "key")
    gone = _absent(keys, present) & ~_stands_in(keys)
    if not gone.any():
        return schema.TOMBSTONES.empty_table()
    rows = int(gone.sum())
    columns = {
        **_rows(before, schema.MODELS_FILE, _RECORD, gone),
        **_rows(before, schema.METRICS_FILE, _NUMBERS, gone),
        "last_seen_in": pa.array([before.id] * rows, pa.string()),
        "missed_at": pa.array([missed_at] * rows, pa.timestamp("us", tz="UTC")),
        **{name: [None] * rows for name in _STANDING},
    }
    return pa.table(columns, schema=schema.TOMBSTONES)


def never_asked(dead: pa.Table) -> dict[str, str]:
    """Return key and name of those whom nobody asked the Hub about, in order of the key."""
    left = dead.filter(dead["asked_at"].is_null())
    return dict(zip(left["key"].to_pylist(), left["id"].to_pylist(), strict=True))


def note_standings(draft: Draft, answers: Mapping[str, Asked]) -> None:
    """Keep what the Hub said of some who are gone, by key."""
    if answers:
        draft.dead = with_standings(draft.dead, answers)
        draft.write(schema.TOMBSTONES_FILE, draft.dead)


def with_standings(dead: pa.Table, answers: Mapping[str, Asked]) -> pa.Table:
    """Return tombstones with what the Hub said of some, by key."""
    rows = dead.select(["key", *_STANDING]).to_pylist()
    for row in rows:
        if (said := answers.get(row["key"])) is not None:
            row |= {"standing": said.standing.value, "hub_status": said.status}
            row |= {"asked_at": said.asked_at}
    for name in _STANDING:
        at = dead.schema.get_field_index(name)
        field = dead.schema.field(at)
        dead = dead.set_column(at, field, pa.array([row[name] for row in rows], field.type))
    return dead


def standings_of(snapshot: Snapshot) -> Counter[Standing | None]:
    """Count the models that are gone by what the Hub said of them; None = never asked."""
    said = snapshot.tombstones(["standing"])["standing"].to_pylist()
    return Counter(None if one is None else Standing(one) for one in said)


def has_stand_ins(snapshot: Snapshot) -> bool:
    """Say whether a snapshot was made of a dump that lacks the Hub's keys."""
    return "keys" in snapshot.manifest.origin.dump


def in_order(tables: list[pa.Table]) -> pa.Table:
    """Return tombstones as they are stored: in order of the key."""
    whole = pa.concat_tables([schema.TOMBSTONES.empty_table(), *tables])
    order = np.argsort(bare(joined(whole["key"].chunks)), kind="stable")
    return whole.take(pa.array(order)).combine_chunks()


def _absent(keys: pa.ChunkedArray, present: Bare) -> npt.NDArray[np.bool_]:
    absent: npt.NDArray[np.bool_] = rows_in(present, bare(joined(keys.chunks))) == NOWHERE
    return absent


def _stands_in(keys: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    mask: npt.NDArray[np.bool_] = pc.starts_with(keys, STAND_IN).to_numpy()
    return mask


def _rows(
    snapshot: Snapshot, file: str, columns: list[str], wanted: npt.NDArray[np.bool_]
) -> dict[str, pa.ChunkedArray]:
    found = pa.Table.from_batches(list(_some(snapshot, file, columns, wanted)))
    return {name: found[name] for name in columns}


def _some(
    snapshot: Snapshot, file: str, columns: list[str], wanted: npt.NDArray[np.bool_]
) -> Iterator[pa.RecordBatch]:
    first = 0
    for batch in snapshot.batches(file, columns):
        yield batch.filter(pa.array(wanted[first : first + batch.num_rows]))
        first += batch.num_rows
