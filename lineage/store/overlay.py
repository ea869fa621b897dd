"""An update laid over the snapshot it builds on: whole tables, a part in memory at a time.

Both sides are in order of the key, or of the child's row; so is what comes out, and its bytes are
those of a walk that had seen everything.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lineage.domain.arrays import Int64s, KeyBytes, Mask
from lineage.store.keys import NO_KEYS, are_in, bare, joined


def rows_laid_over(
    older: Iterable[pa.RecordBatch], changes: pa.Table, dropped: KeyBytes = NO_KEYS
) -> Iterator[pa.Table]:
    """Yield the older rows, those in `changes` in place of theirs, without the sorted `dropped`."""
    fresh = bare(joined(changes["key"].chunks))
    done = 0
    for batch in older:
        keys = bare(batch["key"])
        if not len(keys):
            continue
        upto = int(np.searchsorted(fresh, keys[-1], side="right"))
        kept = ~(are_in(fresh[done:upto], keys) | are_in(dropped, keys))
        rest = pa.Table.from_batches([batch.filter(pa.array(kept))]).cast(changes.schema)
        yield _interleaved(
            rest, changes.slice(done, upto - done), np.searchsorted(keys[kept], fresh[done:upto])
        )
        done = upto
    yield changes.slice(done)


@dataclass(frozen=True, slots=True)
class Seam:
    """How a table and the changes to it go together, whichever columns are asked for."""

    kept: Mask
    """Which of the older rows stay."""
    ahead: Int64s
    """So many of those stand before each change; never falling."""


def seam_by_key(older: Iterable[KeyBytes], fresh: KeyBytes, dropped: KeyBytes) -> Seam:
    """Return the seam of a table in order of its keys; all that is fresh is among the `dropped`."""
    kept, ahead, left, done = [np.empty(0, np.bool_)], [np.empty(0, np.int64)], 0, 0
    for keys in older:
        stays = ~are_in(dropped, keys)
        upto = int(np.searchsorted(fresh, keys[-1], side="right")) if len(keys) else done
        ahead.append(left + np.searchsorted(keys[stays], fresh[done:upto]))
        kept.append(stays)
        left, done = left + int(stays.sum()), upto
    ahead.append(np.full(len(fresh) - done, left))
    return Seam(np.concatenate(kept), np.concatenate(ahead))


def seam_by_place(older: Iterable[KeyBytes], places: Int64s, dropped: KeyBytes) -> Seam:
    """Return the seam of a table whose changes know their rows in the whole, which rise."""
    kept = [np.empty(0, np.bool_), *(~are_in(dropped, keys) for keys in older)]
    return Seam(np.concatenate(kept), places - np.arange(len(places)))


def sewn(older: Iterable[pa.RecordBatch], changes: pa.Table, seam: Seam) -> Iterator[pa.Table]:
    """Yield the older rows that stay and the changes, each in its place."""
    first = left = done = 0
    for batch in older:
        stays = pa.array(seam.kept[first : first + batch.num_rows])
        rest = pa.Table.from_batches([batch.filter(stays)]).cast(changes.schema)
        upto = int(np.searchsorted(seam.ahead, left + len(rest)))
        yield _interleaved(rest, changes.slice(done, upto - done), seam.ahead[done:upto] - left)
        first, left, done = first + batch.num_rows, left + len(rest), upto
    yield changes.slice(done)


def words_laid_over(
    older: Iterable[pa.RecordBatch], fresh: pa.Table, rows: Int64s
) -> Iterator[pa.RecordBatch]:
    """Yield what was said before of whoever did not change, and now of the others, by child's row.

    `rows[n]` is the final row of child n of `fresh`; no child is spoken of on both sides.
    """
    child = rows[fresh["child"].to_numpy()]
    order = np.argsort(child, kind="stable")
    child = child[order].astype(np.int32)
    fresh = fresh.take(pa.array(order)).set_column(0, fresh.schema.field("child"), pa.array(child))
    done = 0
    for batch in older:
        upto = int(np.searchsorted(child, batch["child"][-1].as_py(), side="right"))
        some = fresh.slice(done, upto - done)
        done = upto
        if not some.num_rows:
            yield batch
            continue
        both = pa.concat_tables([pa.Table.from_batches([batch]), some])
        by_row = np.argsort(both["child"].to_numpy(), kind="stable")
        yield from both.take(pa.array(by_row)).combine_chunks().to_batches()
    yield from fresh.slice(done).to_batches()


def renumbered(said: Iterable[pa.RecordBatch], moved: Int64s) -> Iterator[pa.RecordBatch]:
    """Yield what was said of children by the rows they have now: `moved[row]`."""
    for batch in said:
        child = pa.array(moved[batch["child"].to_numpy()].astype(np.int32))
        yield pa.RecordBatch.from_arrays([child, *batch.columns[1:]], schema=batch.schema)


def bad_rows_laid_over(older: pa.Table, fresh: pa.Table, read: KeyBytes) -> pa.Table:
    """Return bad rows of before that are not readable now (sorted `read`), then those met now.

    Each once, as it was met last: told by its key, else by its text.
    """
    both = pa.concat_tables([older.cast(fresh.schema), fresh])
    told = [key or raw for key, raw in _pairs(both)]
    last = {one: row for row, one in enumerate(told)}
    readable = set(read.tolist())
    kept = [
        last[one] == row and (row >= older.num_rows or one.encode() not in readable)
        for row, one in enumerate(told)
    ]
    return both.filter(pa.array(kept, pa.bool_()))


def _pairs(rows: pa.Table) -> Iterator[tuple[str | None, str]]:
    return zip(rows["key"].to_pylist(), rows["raw"].to_pylist(), strict=True)


def _interleaved(rest: pa.Table, some: pa.Table, ahead: Int64s) -> pa.Table:
    """Return both, so many rows of the rest before each of some as `ahead` says."""
    if not len(some):
        return rest
    order = np.insert(np.arange(len(rest)), ahead, len(rest) + np.arange(len(some)))
    return pa.concat_tables([rest, some]).unify_dictionaries().take(pa.array(order))
