"""Two shapes that are odd in a graph of bare integer columns: cycles, and bursts of siblings.

Nodes are 0..nodes-1 and edge i leads from child[i] to parent[i], given in any order, also twice.
"""

from dataclasses import dataclass

import numpy as np

from lineage.domain.arrays import Indices, Int64s
from lineage.graph.sorted_sets import pack_node_pairs

_WORTH_ANOTHER_ROUND = 0.9


@dataclass(frozen=True, slots=True)
class SiblingBursts:
    """Children in order of parent, author and moment, and the ranges of them that are bursts."""

    child: Indices
    parent: Indices
    moment: Int64s
    ranges: list[tuple[int, int]]
    """Half-open ranges of positions in the columns."""


def find_graph_cycles(child: Indices, parent: Indices, nodes: int) -> list[list[int]]:
    """Return each strongly connected component of two nodes or more: the largest first.

    Members are in rising order, components of one size by their first member. A node that leads
    to itself alone is no component: `child == parent` shows it at once.
    """
    child, parent = _cut_edges_to_cycle_core(child, parent, nodes)
    if not len(child):
        return []
    # Late: networkx takes longer to load than most snapshots take to show that no cycle is there.
    import networkx as nx

    graph = nx.DiGraph(zip(child.tolist(), parent.tolist(), strict=True))
    components = (sorted(members) for members in nx.strongly_connected_components(graph))
    return sorted(
        (members for members in components if len(members) > 1),
        key=lambda members: (-len(members), members[0]),
    )


def find_sibling_bursts_in_graph(
    child: Indices, parent: Indices, author: Indices, moment: Int64s, *, least: int, within: int
) -> SiblingBursts:
    """Find where one author published `least` children of one parent `within` a length of time.

    All columns have one element an edge.
    """
    group = pack_node_pairs(parent, author)
    order = np.lexsort((child, moment, group))
    ranges = find_bursts_in_columns(group[order], moment[order], least, within)
    return SiblingBursts(child[order], parent[order], moment[order], ranges)


def find_bursts_in_columns(
    group: Int64s, moment: Int64s, least: int, within: int
) -> list[tuple[int, int]]:
    """Return where at least `least` elements of one group lie `within` a length of time.

    Both columns are in order of group, then moment. A burst is given as a half-open range of
    positions; windows that overlap are one burst, which may thus last longer than one window.
    """
    begins = np.arange(max(len(group) - least + 1, 0))
    ends = begins + least - 1
    dense = (group[begins] == group[ends]) & (moment[ends] - moment[begins] <= within)
    first = np.flatnonzero(dense)
    if not first.size:
        return []
    apart = np.diff(first) >= least
    starts = first[np.append(True, apart)]
    stops = first[np.append(apart, True)] + least
    return list(zip(starts.tolist(), stops.tolist(), strict=True))


def _cut_edges_to_cycle_core(
    child: Indices, parent: Indices, nodes: int
) -> tuple[Indices, Indices]:
    """Cut off what lies above and below all cycles, a layer a round, while that is worth it."""
    # Models have few generations, so a few rounds on columns leave next to nothing for networkx,
    # which needs a Python object for each edge. A chain of many thousands would take as many
    # rounds, and is handed over as it is.
    real = child != parent
    child, parent = child[real], parent[real]
    previous = 0
    while len(child) and (not previous or len(child) < _WORTH_ANOTHER_ROUND * previous):
        previous = len(child)
        has_parent, has_child = np.zeros((2, nodes), np.bool_)
        has_parent[child] = has_child[parent] = True
        inside = has_parent[parent] & has_child[child]
        child, parent = child[inside], parent[inside]
    return child, parent
