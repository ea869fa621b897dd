"""What lies below many nodes at once: the counts of every base, and pairs of a start and a node."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lineage.domain.arrays import Indices, Int64s, Mask
from lineage.domain.claims import Relation
from lineage.graph import reach
from lineage.graph.reach import Rows

# Few nodes lie below most starts, so that no matrix of all pairs is made: so many of them have a
# flag in memory at a time, a byte each.
_AT_ONCE = 1 << 25


@dataclass(frozen=True, slots=True)
class EveryBase:
    """One element a node that has children, in order of the node.

    `direct` and `total` are bases x relations x (dated, undated): distinct models, each once.
    """

    node: Indices
    direct: Indices
    total: Indices


def count_every_base(
    child: Indices, parent: Indices, relation_of: Indices, undated: Mask
) -> EveryBase:
    """Count what lies below each node that has children; exact on any graph.

    `relation_of` and `undated` have one element a listed model; a model of relation -1, and nodes
    beyond the listed, are never counted, but paths lead through them.
    """
    nodes, (low_child, low_parent) = reach.compact_nodes(child, parent)
    listed = np.flatnonzero(nodes < len(relation_of))
    relation, unknown = relation_of[nodes[listed]], undated[nodes[listed]]
    kind = np.full(len(nodes), -1, np.int8)
    kind[listed] = np.where(relation < 0, -1, relation * 2 + unknown)
    bases = np.flatnonzero(np.bincount(low_parent, minlength=len(nodes)))
    shape = (len(bases), len(Relation), 2)
    kinds = 2 * len(Relation)
    return EveryBase(
        nodes[bases],
        reach.count_direct(low_child, low_parent, len(nodes), kind, kinds)[bases].reshape(shape),
        reach.count_below(low_child, low_parent, len(nodes), kind, kinds)[bases].reshape(shape),
    )


def pairs_below(
    child: Indices, parent: Indices, starts: Sequence[Indices]
) -> tuple[Int64s, Int64s]:
    """Return the pairs of a start and each distinct node below its roots, as two columns.

    `starts[i]` are the roots of start i, which may be below each other. As in `reach.below` a root
    is among its own only where a path leads to it. The pairs of a start stand together.
    """
    used, (low_child, low_parent) = reach.compact_nodes(child, parent)
    children = Rows.build(low_parent, low_child, len(used))
    roots, whose = _place_graph_roots(used, starts)
    nodes, at_once = max(len(used), 1), max(1, _AT_ONCE // max(len(used), 1))
    pairs = [np.empty(0, np.int64)]
    for first in range(0, len(starts), at_once):
        some = (whose >= first) & (whose < first + at_once)
        front = (whose[some] - first) * nodes + roots[some]
        pairs.append(_pairs_below(children, front, nodes) + first * nodes)
    start, node = np.divmod(np.concatenate(pairs), nodes)
    return start, used[node] if len(used) else node


def _place_graph_roots(used: Int64s, starts: Sequence[Indices]) -> tuple[Int64s, Int64s]:
    """Return the places of those roots that have an edge, and the starts they belong to."""
    whose = np.repeat(np.arange(len(starts)), list(map(len, starts)))
    roots = np.concatenate([np.empty(0, np.int64), *starts])
    place = np.searchsorted(used, roots)
    has_edge = place < len(used)
    has_edge[has_edge] = used[place[has_edge]] == roots[has_edge]
    return place[has_edge], whose[has_edge]


def _pairs_below(children: Rows, front: Int64s, nodes: int) -> Int64s:
    """Go down from pairs, written start * nodes + node, and return all pairs that are reached."""
    is_below = np.zeros((int(front.max(initial=0)) // nodes + 1) * nodes, np.bool_)
    pairs = [front[:0]]
    while front.size:
        start, node = np.divmod(front, nodes)
        below = np.repeat(start, children.count_cells(node)) * nodes + children.list_cells(node)
        below = np.sort(below[~is_below[below]])
        front = below[np.diff(below, prepend=-1) != 0]
        is_below[front] = True
        pairs.append(front)
    return np.sort(np.concatenate(pairs))
