"""What an earlier snapshot's evidence says, as testimony of a new draft: the words are kept."""

from collections.abc import Callable, Collection, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.build.claims_spool import SPOOL
from lineage.domain.arrays import Int64s, KeyBytes, Mask
from lineage.store import schema
from lineage.store.keys import NOWHERE, bare, rows_in
from lineage.store.reader import Snapshot

RowsOf = Callable[[KeyBytes], Int64s]
"""From keys to the rows they have in the draft; -1 for those whose words are not wanted."""


def said_before(
    snapshot: Snapshot,
    rows_of: RowsOf,
    *,
    gives_keys: Collection[str],
    without: Collection[str] = (),
) -> Iterator[pa.RecordBatch]:
    """Yield what was said of some models, in the order of the snapshot's evidence.

    Only the rules in `gives_keys` knew a key themselves; elsewhere it is what a name settled to
    then, which may be another model by now. What the rules in `without` said is left out.
    """
    known = pa.array(sorted(gives_keys), pa.string())
    unwanted = pa.array(sorted(without), pa.string())
    for batch in snapshot.batches(schema.EVIDENCE_FILE):
        child = children_of(batch["child_key"], rows_of)
        kept = (child != NOWHERE) & ~_is_in(batch["rule"], unwanted)
        if not kept.any():
            continue
        some = batch.take(pa.array(np.flatnonzero(kept)))
        key = pc.if_else(pc.is_in(some["rule"], value_set=known), some["parent_key"], None)
        columns = {
            **{name: some[name] for name in some.schema.names},
            "child": pa.array(child[kept].astype(np.int32)),
            "parent_key": key,
            "settled": some["parent_key"],
        }
        yield pa.RecordBatch.from_arrays([columns[name] for name in SPOOL.names], schema=SPOOL)


def only(keys: KeyBytes, rows_of: RowsOf) -> RowsOf:
    """Return the same rows, for these sorted keys alone."""
    return lambda wanted: np.where(rows_in(keys, wanted) == NOWHERE, NOWHERE, rows_of(wanted))


def children_of(keys: pa.StringArray, rows_of: RowsOf) -> Int64s:
    """Return the row of each witness's child; one child's witnesses mostly stand together."""
    if len(keys) == 0:
        return np.empty(0, np.int64)
    found = bare(keys)
    first = np.flatnonzero(np.append(True, found[1:] != found[:-1]))
    return np.repeat(rows_of(found[first]), np.diff(np.append(first, len(found))))


def _is_in(values: pa.Array, some: pa.Array) -> Mask:
    mask: Mask = pc.is_in(values, value_set=some).to_numpy(zero_copy_only=False)
    return mask
