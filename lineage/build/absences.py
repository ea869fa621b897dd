"""Who was missing for a while and came back: a comeback ends the tombstone, not what it knew."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import KeyBytes, Mask
from lineage.store import schema
from lineage.store.keys import NOWHERE, bare, joined, rows_in
from lineage.store.reader import Snapshot

_IN_ORDER = [("key", "ascending"), ("missed_at", "ascending"), ("back_at", "ascending")]


def absences(
    past: Iterable[Snapshot], present: KeyBytes, known: Sequence[KeyBytes], back_at: datetime
) -> pa.Table:
    """Return every absence that is over, of whoever is `known`; `present` are those listed now.

    A tombstone of one who is listed is an absence that ends now. Where two snapshots saw the same
    one end, it ended with the earlier of them.
    """
    found = [schema.ABSENCES.empty_table()]
    for before in past:
        found += [before.absences(), _ended(before, present, back_at)]
    table = pa.concat_tables(found)
    table = table.filter(pa.array(_among(table["key"], known)))
    table = table.take(pc.sort_indices(table, _IN_ORDER))
    return table.filter(pa.array(_first_of_each(table))).combine_chunks()


def _ended(before: Snapshot, present: KeyBytes, back_at: datetime) -> pa.Table:
    gone = before.tombstones(["key", "missed_at", "last_seen_in"])
    gone = gone.filter(pa.array(_among(gone["key"], [present])))
    back = pa.array([back_at] * gone.num_rows, pa.timestamp("us", tz="UTC"))
    return gone.append_column("back_at", back).select(schema.ABSENCES.names).cast(schema.ABSENCES)


def _among(keys: pa.ChunkedArray, known: Sequence[KeyBytes]) -> Mask:
    wanted = bare(joined(keys.chunks))
    among: Mask = np.zeros(len(wanted), np.bool_)
    for some in known:
        among |= rows_in(some, wanted) != NOWHERE
    return among


def _first_of_each(table: pa.Table) -> Mask:
    """Mark the first row of each key and moment of going, in a table that is in order of both."""
    key = bare(joined(table["key"].chunks))
    missed = table["missed_at"].combine_chunks().cast(pa.int64()).to_numpy()
    first: Mask = np.append(True, (key[1:] != key[:-1]) | (missed[1:] != missed[:-1]))[: len(key)]
    return first
