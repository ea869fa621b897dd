"""The one way from each node up to the nearest root, for all nodes at once."""

from collections.abc import Iterator

import numpy as np

from lineage.domain.arrays import Indices, Int64s, Mask
from lineage.graph import reach
from lineage.store.reader import EdgeColumns

NONE = -1


def steps_up(edges: EdgeColumns, nodes: int, roots: Indices, preferred: Indices) -> Int64s:
    """Return the parent of each node that lies on its shortest way to a root, else NONE.

    Of ways of one length the surest edge comes first, then a preferred node, then the lower
    number. Roots have no step: no way leads on through one.
    """
    is_root = np.zeros(nodes, np.bool_)
    is_root[roots] = True
    is_plain = np.ones(nodes, np.bool_)
    is_plain[preferred] = False
    depth = reach.generations(*_free(edges, is_root), nodes, roots).astype(np.int64)
    leads_up = ~is_root[edges.child] & (is_root[edges.parent] | (depth[edges.parent] > 0))
    leads_up &= np.where(is_root[edges.parent], 0, depth[edges.parent]) + 1 == depth[edges.child]
    chosen = np.flatnonzero(leads_up)
    child, parent = edges.child[chosen], edges.parent[chosen]
    order = np.lexsort((parent, is_plain[parent], -edges.strength[chosen].astype(int), child))
    found, first = np.unique(child[order], return_index=True)
    up = np.full(nodes, NONE, np.int64)
    up[found] = parent[order][first]
    return up


def free_edges(edges: EdgeColumns, nodes: int, roots: Indices) -> tuple[Indices, Indices]:
    """Return child and parent of the edges that do not lead on upwards from a root."""
    is_root = np.zeros(nodes, np.bool_)
    is_root[roots] = True
    return _free(edges, is_root)


def ways(up: Int64s, start: Indices) -> Iterator[Int64s]:
    """Yield the nodes met from each start, a step at a time; NONE behind the end of a way."""
    here = start.astype(np.int64)
    while (here != NONE).any():
        yield here
        here = np.where(here == NONE, NONE, up[here])


def _free(edges: EdgeColumns, is_root: Mask) -> tuple[Indices, Indices]:
    free = ~is_root[edges.child]
    return edges.child[free], edges.parent[free]
