"""An update laid over the snapshot it builds on: whole tables, a part in memory at a time.

Both sides are in order of the key, or of the child's row; so is what comes out, and its bytes are
those of a walk that had seen everything.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from lineage.store.keys import NOBODY, Bare, Rows, are_in, bare, joined


def rows_laid_over(
    older: Iterable[pa.RecordBatch], changes: pa.Table, dropped: Bare = NOBODY
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


def placed(
    older: Iterable[pa.RecordBatch], changes: pa.Table, places: Rows, dropped: Bare
) -> Iterator[pa.Table]:
    """Yield the older words without those of the sorted `dropped`, each new row at its place.

    `places[n]` is the row that the n-th of `changes` has in the whole; they rise.
    """
    ahead = places - np.arange(len(places))  # so many older rows stand before each
    left = done = 0
    for batch in older:
        kept = ~are_in(dropped, bare(batch["child_key"]))
        rest = pa.Table.from_batches([batch.filter(pa.array(kept))]).cast(changes.schema)
        upto = int(np.searchsorted(ahead, left + len(rest)))
        yield _interleaved(rest, changes.slice(done, upto - done), ahead[done:upto] - left)
        left, done = left + len(rest), upto
    yield changes.slice(done)


def words_laid_over(
    older: Iterable[pa.RecordBatch], fresh: pa.Table, rows: Rows
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


def renumbered(said: Iterable[pa.RecordBatch], moved: Rows) -> Iterator[pa.RecordBatch]:
    """Yield what was said of children by the rows they have now: `moved[row]`."""
    for batch in said:
        child = pa.array(moved[batch["child"].to_numpy()].astype(np.int32))
        yield pa.RecordBatch.from_arrays([child, *batch.columns[1:]], schema=batch.schema)


def bad_rows_laid_over(older: pa.Table, fresh: pa.Table, read: Bare) -> pa.Table:
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


def _interleaved(rest: pa.Table, some: pa.Table, ahead: Rows) -> pa.Table:
    """Return both, so many rows of the rest before each of some as `ahead` says."""
    if not len(some):
        return rest
    order = np.insert(np.arange(len(rest)), ahead, len(rest) + np.arange(len(some)))
    return pa.concat_tables([rest, some]).unify_dictionaries().take(pa.array(order))
