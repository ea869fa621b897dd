"""Who lies below each of many starts at once, as pairs: few lie below most, so no matrix of all."""

from collections.abc import Sequence

import numpy as np

from lineage.domain.arrays import Indices, Int64s
from lineage.graph.reach import Rows, compact

_AT_ONCE = 1 << 25
"""So many pairs of a start and a node have a flag in memory at a time, a byte each."""


def each_below(child: Indices, parent: Indices, starts: Sequence[Indices]) -> tuple[Int64s, Int64s]:
    """Return the pairs of a start and each distinct node below its roots, as two columns.

    `starts[i]` are the roots of start i, which may be below each other. As in `reach.below` a root
    is among its own only where a way leads to it. The pairs of a start stand together.
    """
    used, (low_child, low_parent) = compact(child, parent)
    children = Rows.of(low_parent, low_child, len(used))
    roots, whose = _places(used, starts)
    nodes, at_once = max(len(used), 1), max(1, _AT_ONCE // max(len(used), 1))
    pairs = [np.empty(0, np.int64)]
    for first in range(0, len(starts), at_once):
        some = (whose >= first) & (whose < first + at_once)
        front = (whose[some] - first) * nodes + roots[some]
        pairs.append(_pairs_below(children, front, nodes) + first * nodes)
    start, node = np.divmod(np.concatenate(pairs), nodes)
    return start, used[node] if len(used) else node


def _places(used: Int64s, starts: Sequence[Indices]) -> tuple[Int64s, Int64s]:
    """Return the places of those roots that have an edge, and whose they are."""
    whose = np.repeat(np.arange(len(starts)), list(map(len, starts)))
    roots = np.concatenate([np.empty(0, np.int64), *starts])
    place = np.searchsorted(used, roots)
    has_edge = place < len(used)
    has_edge[has_edge] = used[place[has_edge]] == roots[has_edge]
    return place[has_edge], whose[has_edge]


def _pairs_below(children: Rows, front: Int64s, nodes: int) -> Int64s:
    """Go down from pairs of a start and a node, written start * nodes + node; return all met."""
    met = np.zeros((int(front.max(initial=0)) // nodes + 1) * nodes, np.bool_)
    found = [front[:0]]
    while front.size:
        start, node = np.divmod(front, nodes)
        below = np.repeat(start, children.sizes(node)) * nodes + children.all_of(node)
        below = np.sort(below[~met[below]])
        front = below[np.diff(below, prepend=-1) != 0]
        met[front] = True
        found.append(front)
    return np.sort(np.concatenate(found))
