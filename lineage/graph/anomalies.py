"""What is odd about the shape of a graph, on bare integer columns: its cycles, its bursts.

Nodes are 0..nodes-1 and edge i leads from child[i] to parent[i], given in any order, also twice.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from lineage.domain.arrays import Indices, Int64s

_WORTH_ANOTHER_ROUND = 0.9


def cycles(child: Indices, parent: Indices, nodes: int) -> list[list[int]]:
    """Return each strongly connected component of two nodes or more: the largest first.

    Members are in rising order, components of one size by their first member. A node that leads
    to itself alone is no component: `child == parent` tells it at once.
    """
    child, parent = _core(child, parent, nodes)
    walk = _Walk(child.tolist(), parent.tolist())
    found = [sorted(one) for one in walk.components() if len(one) > 1]
    return sorted(found, key=lambda one: (-len(one), one[0]))


def bursts(group: Int64s, moment: Int64s, least: int, within: int) -> list[tuple[int, int]]:
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


def _core(child: Indices, parent: Indices, nodes: int) -> tuple[Indices, Indices]:
    """Cut off what lies above and below all cycles, a layer a round, while that is worth it.

    Models have few generations, so some rounds leave next to nothing. A line of many thousands
    would take as many rounds, and is left to the walk.
    """
    real = child != parent
    child, parent = child[real], parent[real]
    before = 0
    while len(child) and (not before or len(child) < _WORTH_ANOTHER_ROUND * before):
        before = len(child)
        has_parent, has_child = np.zeros((2, nodes), np.bool_)
        has_parent[child] = has_child[parent] = True
        inside = has_parent[parent] & has_child[child]
        child, parent = child[inside], parent[inside]
    return child, parent


class _Walk:
    """Tarjan's walk without recursion: a line of models may be longer than Python's stack."""

    def __init__(self, child: Iterable[int], parent: Iterable[int]) -> None:
        self.parents: dict[int, list[int]] = {}
        for one, its_parent in zip(child, parent, strict=True):
            self.parents.setdefault(one, []).append(its_parent)
        self.number: dict[int, int] = {}
        self.lowest: dict[int, int] = {}
        """The lowest number that a node's way up led back to."""
        self.open: list[int] = []
        """Met, and in no component yet."""
        self.is_open: set[int] = set()
        self.ways: list[tuple[int, Iterator[int]]] = []

    def components(self) -> Iterator[list[int]]:
        """Yield each strongly connected component, also those of one node."""
        for start in self.parents:
            if start not in self.number:
                self._meet(start)
            while self.ways:
                node = self.ways[-1][0]
                if not self._goes_on():
                    self.ways.pop()
                    if self.ways:
                        self._lower(self.ways[-1][0], self.lowest[node])
                    if self.lowest[node] == self.number[node]:
                        yield list(self._closed(node))

    def _goes_on(self) -> bool:
        """Go up from the node at hand; say whether a new one was met."""
        node, above = self.ways[-1]
        for other in above:
            if other not in self.number:
                self._meet(other)
                return True
            if other in self.is_open:
                self._lower(node, self.number[other])
        return False

    def _meet(self, node: int) -> None:
        self.number[node] = self.lowest[node] = len(self.number)
        self.open.append(node)
        self.is_open.add(node)
        self.ways.append((node, iter(self.parents.get(node, ()))))

    def _lower(self, node: int, number: int) -> None:
        self.lowest[node] = min(self.lowest[node], number)

    def _closed(self, node: int) -> Iterator[int]:
        last = -1
        while last != node:
            last = self.open.pop()
            self.is_open.remove(last)
            yield last
