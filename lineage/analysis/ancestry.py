"""Everything above some models at once: a small part of a graph, walked up model by model."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from lineage.analysis.scope import Scope, select_scope_edges
from lineage.domain.claims import Strength
from lineage.store.reader import EdgeColumns

_DECLARED = Strength.DECLARED.code
NO_EDGE = -1

NodePath = tuple[int, ...]
"""The numbers of its edges, from a node upwards; empty where the node itself is the end."""


@dataclass(frozen=True, slots=True)
class PathsUp:
    """Where the paths up from one node end; the shortest to each end, nearest first."""

    to_stops: dict[int, NodePath]
    """To the stops that can be reached without passing another."""
    to_tops: dict[int, NodePath]
    """To the nodes without parents that are no stops."""
    to_cycles: dict[int, NodePath]
    """To the first node of each path from which every path on leads round a cycle."""


@dataclass(frozen=True, slots=True)
class Ancestry:
    """The edges on any path up from some models, and the names of the nodes on them."""

    edges: EdgeColumns
    edges_up: Mapping[int, NodePath]
    """By node the numbers of the edges to its parents."""
    declared_up: Mapping[int, NodePath]
    """The same without the inferred ones."""
    parents: Sequence[int]
    """The parent of each edge as a plain number: ten thousand walks ask for each many times."""
    keys: Mapping[int, str]
    ids: Mapping[int, str]
    """The present name of each node."""

    def walk_up_ancestry(
        self, start: int, *, inferred: bool = False, stops: Container[int] = ()
    ) -> dict[int, int]:
        """Return each node above a model, nearest first, with the edge that led to it.

        The model itself comes first, by NO_EDGE; it is never a stop of its own walk. No path leads
        on from a stop. Inferred edges are followed only if asked for.
        """
        came_by = {start: NO_EDGE}
        edges_up, front = self.edges_up if inferred else self.declared_up, [start]
        while front:
            # In order of the edges, so that of two paths of one length always the same is shown.
            edges = sorted(chain.from_iterable(edges_up.get(node, ()) for node in front))
            front = []
            for edge in edges:
                above = self.parents[edge]
                if above not in came_by:
                    came_by[above] = edge
                    if above not in stops:
                        front.append(above)
        return came_by

    def path_to(self, node: int, came_by: Mapping[int, int]) -> NodePath:
        """Return the edges from the start of a walk up to a node; none for the start itself."""
        path: list[int] = []
        while (edge := came_by[node]) != NO_EDGE:
            path.append(edge)
            node = int(self.edges.child[edge])
        return tuple(reversed(path))

    def find_paths_up(self, start: int, stops: Container[int], *, inferred: bool) -> PathsUp:
        """Return the shortest path to each end, without passing a stop."""
        came_by = self.walk_up_ancestry(start, inferred=inferred, stops=stops)
        paths = {node: self.path_to(node, came_by) for node in came_by}
        to_stops = {node: path for node, path in paths.items() if node in stops and node != start}
        edges_of = self.edges_up if inferred else self.declared_up
        edges_up = {node: edges_of.get(node, ()) for node in came_by if node not in to_stops}
        to_tops = {node: paths[node] for node, edges in edges_up.items() if not edges}
        # What leads up to an end is no part of a cycle; what remains leads nowhere else.
        children: dict[int, list[int]] = {}
        for node, edges in edges_up.items():
            for edge in edges:
                children.setdefault(int(self.edges.parent[edge]), []).append(node)
        queue = [*to_stops, *to_tops]
        resolved = set(queue)
        for node in queue:
            queue += (fresh := [it for it in children.get(node, ()) if it not in resolved])
            resolved.update(fresh)
        to_cycles = {
            node: paths[node]
            for node in came_by
            if node not in resolved and node != start
            if (below := int(self.edges.child[came_by[node]])) == start or below in resolved
        }
        return PathsUp(to_stops, to_tops, to_cycles)


def find_ancestry_in_scope(scope: Scope, starts: Iterable[int]) -> Ancestry:
    """Find what lies above some nodes, by the edges of the scope, in one pass over its columns."""
    edges, chosen = scope.edges, np.unique(np.fromiter(starts, np.int32))
    on_path = scope.find_below(chosen, upwards=True)
    on_path[chosen] = True
    edges = select_scope_edges(edges, on_path[edges.child] & (edges.child != edges.parent))
    edges_up: dict[int, NodePath] = {}
    declared_up: dict[int, NodePath] = {}
    declared = (edges.strength >= _DECLARED).tolist()
    for number, child in enumerate(edges.child.tolist()):
        edges_up[child] = (*edges_up.get(child, ()), number)
        if declared[number]:
            declared_up[child] = (*declared_up.get(child, ()), number)
    names = scope.names_by_node(np.flatnonzero(on_path))
    return Ancestry(edges, edges_up, declared_up, edges.parent.tolist(), *names)
