"""Which node of one snapshot is which of another: by the Hub's key, else by name.

A key that is not the Hub's own (a stand-in of a dump without `_id`, or `name:...` of a model that
nobody lists) says no more than a name, and is matched as one.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import Int64s, Mask
from lineage.domain.repo_ids import NAME_PREFIX, STAND_IN
from lineage.store import schema
from lineage.store.reader import Snapshot

NO_OPT_OUTS = -1


@dataclass(frozen=True, slots=True)
class Named:
    """Nodes with their keys and names: the listed models first, then the others."""

    keys: pa.StringArray
    ids: pa.StringArray
    listed: int

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Named":
        """Read the nodes of a snapshot, in order of their numbers."""
        bases = snapshot.table(schema.COUNTS_FILE, ["node", "key", "id"])
        others = bases.filter(pc.greater_equal(bases["node"], snapshot.records)).sort_by("node")
        keys, ids = (
            pa.chunked_array([*snapshot.record_column(name).chunks, *others[name].chunks])
            for name in ("key", "id")
        )
        return cls(keys.combine_chunks(), ids.combine_chunks(), snapshot.manifest.models)

    def are_listed(self) -> Mask:
        """Say of each node whether it is a listed model."""
        return np.arange(len(self.keys)) < self.listed


def matched(before: Named, after: Named) -> Int64s:
    """Return for each node before its node after, NOBODY where there is none; one to one."""
    found: Int64s = _found(before.keys, after.keys)
    lonely = np.ones(len(after.keys), np.bool_)
    lonely[found[found != NO_OPT_OUTS]] = False
    names_alone = _are_names(after.keys)
    rows = np.flatnonzero(found == NO_OPT_OUTS)
    free = np.flatnonzero(lonely)
    if not len(rows) or not len(free):
        return found
    by_name = _found(before.ids.take(pa.array(rows)), after.ids.take(pa.array(free)))
    meant = by_name != NO_OPT_OUTS
    rows, nodes = rows[meant], free[by_name[meant]]
    weak = _are_names(before.keys)[rows] | names_alone[nodes]
    rows, nodes = rows[weak], nodes[weak]
    # Two bearers of one name: the first one is meant, which is the listed one.
    first = np.unique(nodes, return_index=True)[1]
    found[rows[first]] = nodes[first]
    return found


def _found(values: pa.StringArray, known: pa.StringArray) -> Int64s:
    places = pc.fill_null(pc.index_in(values, value_set=known), NO_OPT_OUTS)
    column: Int64s = places.to_numpy(zero_copy_only=False).astype(np.int64)
    return column


def _are_names(keys: pa.StringArray) -> Mask:
    names = pc.or_(pc.starts_with(keys, NAME_PREFIX), pc.starts_with(keys, STAND_IN))
    mask: Mask = names.to_numpy(zero_copy_only=False)
    return mask
