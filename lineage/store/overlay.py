"""An update laid over the snapshot it builds on: whole tables, a part in memory at a time.

Both sides are in order of the key, or of the child's row; so is what comes out, and its bytes are
those of a walk that had seen everything.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from lineage.store.keys import NOWHERE, Bare, Rows, bare, joined, rows_in


def rows_laid_over(older: Iterable[pa.RecordBatch], changes: pa.Table) -> Iterator[pa.Table]:
    """Yield the older rows, those in `changes` in place of theirs."""
    fresh = bare(joined(changes["key"].chunks))
    done = 0
    for batch in older:
        keys = bare(batch["key"])
        if not len(keys):
            continue
        upto = int(np.searchsorted(fresh, keys[-1], side="right"))
        kept = rows_in(fresh, keys) == NOWHERE
        rest = pa.Table.from_batches([batch.filter(pa.array(kept))]).cast(changes.schema)
        some = changes.slice(done, upto - done)
        done = upto
        yield _in_order_of_keys(rest, some) if some.num_rows else rest
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


def _in_order_of_keys(one: pa.Table, other: pa.Table) -> pa.Table:
    both = pa.concat_tables([one, other])
    order = np.argsort(bare(joined(both["key"].chunks)), kind="stable")
    return both.take(pa.array(order))
