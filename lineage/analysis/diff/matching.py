"""Which node of one snapshot is which of another: by the Hub's key, else by name."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import Int64s, Mask
from lineage.domain.repo_ids import NAME_PREFIX, STAND_IN
from lineage.store import schema
from lineage.store.reader import Snapshot

NO_NODE = -1


@dataclass(frozen=True, slots=True)
class NamedNodes:
    """Nodes with their keys and names: the listed models first, then all further ones."""

    keys: pa.StringArray
    ids: pa.StringArray
    listed: int

    @classmethod
    def of(cls, snapshot: Snapshot) -> "NamedNodes":
        """Read the nodes of a snapshot, in order of their numbers."""
        bases = snapshot.table(schema.COUNTS_FILE, ["node", "key", "id"])
        unrecorded = bases.filter(pc.greater_equal(bases["node"], snapshot.records)).sort_by("node")
        keys, ids = (
            pa.chunked_array([*snapshot.record_column(name).chunks, *unrecorded[name].chunks])
            for name in ("key", "id")
        )
        return cls(keys.combine_chunks(), ids.combine_chunks(), snapshot.manifest.models)

    def are_listed(self) -> Mask:
        """Say of each node whether it is a listed model."""
        return np.arange(len(self.keys)) < self.listed


def match_nodes(before: NamedNodes, after: NamedNodes) -> Int64s:
    """Return for each node before its node after, NO_NODE where there is none; one to one."""
    nodes_after: Int64s = _places_in(before.keys, after.keys)
    is_free = np.ones(len(after.keys), np.bool_)
    is_free[nodes_after[nodes_after != NO_NODE]] = False
    rows, free = np.flatnonzero(nodes_after == NO_NODE), np.flatnonzero(is_free)
    if not len(rows) or not len(free):
        return nodes_after
    by_name = _places_in(before.ids.take(pa.array(rows)), after.ids.take(pa.array(free)))
    has_match = by_name != NO_NODE
    rows, nodes = rows[has_match], free[by_name[has_match]]
    # A key that is not the Hub's own (a stand-in of a dump without `_id`, or `name:...` of an
    # unlisted model) says no more than a name. Two keys of the Hub under one name are two models.
    is_weak = _are_made_of_names(before.keys)[rows] | _are_made_of_names(after.keys)[nodes]
    rows, nodes = rows[is_weak], nodes[is_weak]
    # Two models may share a name: the first one, which is the listed one, is matched.
    first = np.unique(nodes, return_index=True)[1]
    nodes_after[rows[first]] = nodes[first]
    return nodes_after


def _places_in(values: pa.StringArray, value_set: pa.StringArray) -> Int64s:
    places = pc.fill_null(pc.index_in(values, value_set=value_set), NO_NODE)
    column: Int64s = places.to_numpy(zero_copy_only=False).astype(np.int64)
    return column


def _are_made_of_names(keys: pa.StringArray) -> Mask:
    names = pc.or_(pc.starts_with(keys, NAME_PREFIX), pc.starts_with(keys, STAND_IN))
    mask: Mask = names.to_numpy(zero_copy_only=False)
    return mask
