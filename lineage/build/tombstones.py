"""Who is gone: the models that a full listing shows no more, each with its last record."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.build.draft import Draft
from lineage.domain.arrays import KeyBytes, Mask
from lineage.domain.availability import Asked
from lineage.domain.repo_ids import STAND_IN
from lineage.store import schema
from lineage.store.availability import STANDING_COLUMNS
from lineage.store.keys import NOWHERE, bare, joined, rows_in
from lineage.store.reader import Snapshot

_RECORD = [field.name for field in schema.MODELS]
_NUMBERS = [field.name for field in schema.METRICS if field.name != "key"]


def still_gone(before: Snapshot, known: Sequence[KeyBytes]) -> pa.Table:
    """Return the earlier tombstones of whoever is not `known`, each of whose parts is sorted."""
    table = before.tombstones()
    return table.filter(pa.array(_absent(table["key"], known)))


def newly_gone(before: Snapshot, known: Sequence[KeyBytes], missed_at: datetime) -> pa.Table:
    """Return a tombstone for each model that was listed and is not `known`.

    A dump without the Hub's keys says of nobody who is who, and so of nobody that they are gone.
    """
    keys = before.column(schema.MODELS_FILE, "key")
    gone = _absent(keys, known) & ~_stands_in(keys)
    if not gone.any():
        return schema.TOMBSTONES.empty_table()
    rows = int(gone.sum())
    columns = {
        **some_rows(before, schema.MODELS_FILE, _RECORD, gone),
        **some_rows(before, schema.METRICS_FILE, _NUMBERS, gone),
        "last_seen_in": pa.array([before.id] * rows, pa.string()),
        "missed_at": pa.array([missed_at] * rows, pa.timestamp("us", tz="UTC")),
        **{name: [None] * rows for name in STANDING_COLUMNS},
    }
    return pa.table(columns, schema=schema.TOMBSTONES)


def never_asked(dead: pa.Table) -> pa.ChunkedArray:
    """Return the keys of those whom nobody asked the Hub about."""
    return dead.filter(dead["asked_at"].is_null())["key"]


def last_names(dead: pa.Table, keys: Sequence[str]) -> list[tuple[str, str]]:
    """Return each key with the name it had last."""
    some = dead.filter(pc.is_in(dead["key"], value_set=pa.array(keys, pa.string())))
    names = dict(zip(some["key"].to_pylist(), some["id"].to_pylist(), strict=True))
    return [(key, names[key]) for key in keys]


def note_standings(draft: Draft, answers: Mapping[str, Asked]) -> None:
    """Keep what the Hub said of some who are gone, by key."""
    if answers:
        draft.dead = with_standings(draft.dead, answers)
        draft.write(schema.TOMBSTONES_FILE, draft.dead)


def with_standings(dead: pa.Table, answers: Mapping[str, Asked]) -> pa.Table:
    """Return tombstones with what the Hub said of some, by key."""
    keys = joined(dead["key"].chunks)
    mask = pc.is_in(keys, value_set=pa.array(sorted(answers), pa.string()))
    said = [answers[key] for key in keys.filter(mask).to_pylist()]
    told = ([one.standing.value for one in said], [one.status for one in said])
    columns = zip(STANDING_COLUMNS, (*told, [one.asked_at for one in said]), strict=True)
    for name, values in columns:
        at = dead.schema.get_field_index(name)
        field = dead.schema.field(at)
        before = dead[name].combine_chunks()
        fresh = pc.replace_with_mask(before, mask, pa.array(values, field.type))
        dead = dead.set_column(at, field, fresh)
    return dead


def has_stand_ins(snapshot: Snapshot) -> bool:
    """Say whether a snapshot was made of a dump that lacks the Hub's keys."""
    return "keys" in snapshot.manifest.origin.dump


def in_order(tables: list[pa.Table]) -> pa.Table:
    """Return tombstones as they are stored: in order of the key."""
    whole = pa.concat_tables([schema.TOMBSTONES.empty_table(), *tables])
    order = np.argsort(bare(joined(whole["key"].chunks)), kind="stable")
    return whole.take(pa.array(order)).combine_chunks()


def _absent(keys: pa.ChunkedArray, known: Sequence[KeyBytes]) -> Mask:
    wanted = bare(joined(keys.chunks))
    absent: Mask = np.ones(len(wanted), np.bool_)
    for some in known:
        absent &= rows_in(some, wanted) == NOWHERE
    return absent


def _stands_in(keys: pa.ChunkedArray) -> Mask:
    mask: Mask = pc.starts_with(keys, STAND_IN).to_numpy()
    return mask


def some_rows(
    snapshot: Snapshot, file: str, columns: Sequence[str], wanted: Mask
) -> dict[str, pa.ChunkedArray]:
    """Return some columns of the wanted rows of a table, a part of it in memory at a time."""
    found = pa.Table.from_batches(list(_some(snapshot, file, columns, wanted)))
    return {name: found[name] for name in columns}


def _some(
    snapshot: Snapshot, file: str, columns: Sequence[str], wanted: Mask
) -> Iterator[pa.RecordBatch]:
    first = 0
    for batch in snapshot.batches(file, columns):
        yield batch.filter(pa.array(wanted[first : first + batch.num_rows]))
        first += batch.num_rows
