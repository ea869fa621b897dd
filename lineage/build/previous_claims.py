"""The claims of an earlier snapshot in the shape of a new draft's: the words are kept."""

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
"""From keys to the rows they have in the draft; -1 for those whose claims are not wanted."""


def previous_claims(
    snapshot: Snapshot,
    rows_of: RowsOf,
    *,
    keyed_rules: Collection[str],
    without_rules: Collection[str] = (),
) -> Iterator[pa.RecordBatch]:
    """Yield the claims of some models, in the order of the snapshot's evidence.

    Only the rules in `keyed_rules` knew a key themselves; elsewhere it is what a name was resolved
    to then, which may be another model by now. Claims by the rules in `without_rules` are left out.
    """
    keyed = pa.array(sorted(keyed_rules), pa.string())
    excluded = pa.array(sorted(without_rules), pa.string())
    for batch in snapshot.batches(schema.EVIDENCE_FILE):
        child = find_children(batch["child_key"], rows_of)
        chosen = (child != NOWHERE) & ~_mark_members(batch["rule"], excluded)
        if not chosen.any():
            continue
        claims = batch.take(pa.array(np.flatnonzero(chosen)))
        key = pc.if_else(pc.is_in(claims["rule"], value_set=keyed), claims["parent_key"], None)
        columns = {
            **{name: claims[name] for name in claims.schema.names},
            "child": pa.array(child[chosen].astype(np.int32)),
            "parent_key": key,
            "settled": claims["parent_key"],
        }
        yield pa.RecordBatch.from_arrays([columns[name] for name in SPOOL.names], schema=SPOOL)


def restrict_rows(keys: KeyBytes, rows_of: RowsOf) -> RowsOf:
    """Return the same rows, for these sorted keys alone."""
    return lambda wanted: np.where(rows_in(keys, wanted) == NOWHERE, NOWHERE, rows_of(wanted))


def find_children(keys: pa.StringArray, rows_of: RowsOf) -> Int64s:
    """Return the row of each claim's child."""
    if len(keys) == 0:
        return np.empty(0, np.int64)
    # The claims of one child mostly stand together: each run of equal keys is looked up once.
    child_keys = bare(keys)
    first = np.flatnonzero(np.append(True, child_keys[1:] != child_keys[:-1]))
    return np.repeat(rows_of(child_keys[first]), np.diff(np.append(first, len(child_keys))))


def _mark_members(values: pa.Array, members: pa.Array) -> Mask:
    mask: Mask = pc.is_in(values, value_set=members).to_numpy(zero_copy_only=False)
    return mask
