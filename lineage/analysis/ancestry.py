"""Everything above some models at once: a small part of a graph, walked up model by model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from lineage.analysis.scope import Scope, select_edges
from lineage.domain.claims import Strength
from lineage.graph import reach
from lineage.store.reader import EdgeColumns

_DECLARED = Strength.DECLARED.code
NO_EDGE = -1


@dataclass(frozen=True, slots=True)
class Ancestry:
    """The edges on any path up from some models, and the names of the nodes on them."""

    edges: EdgeColumns
    edges_up: Mapping[int, tuple[int, ...]]
    """By node the numbers of the edges to its parents, declared ones first."""
    keys: Mapping[int, str]
    ids: Mapping[int, str]
    """The present name of each node."""

    def walk_ancestors(self, start: int, *, inferred: bool = False) -> dict[int, int]:
        """Return each node above a model, nearest first, with the edge that led to it.

        The model itself comes first, by NO_EDGE. Inferred edges are followed only if asked for.
        """
        came_by = {start: NO_EDGE}
        queue = [start]
        for node in queue:
            for edge in self.edges_up.get(node, ()):
                if self.edges.strength[edge] < _DECLARED and not inferred:
                    break  # declared ones stand first
                above = int(self.edges.parent[edge])
                if above not in came_by:
                    came_by[above] = edge
                    queue.append(above)
        return came_by

    def path_to(self, node: int, came_by: Mapping[int, int]) -> tuple[int, ...]:
        """Return the edges from the start of a walk up to a node; none for the start itself."""
        path: list[int] = []
        while (edge := came_by[node]) != NO_EDGE:
            path.append(edge)
            node = int(self.edges.child[edge])
        return tuple(reversed(path))


def find_ancestry(scope: Scope, starts: Iterable[int]) -> Ancestry:
    """Find what lies above some nodes, by the edges of the scope, in one pass over its columns."""
    edges, nodes = scope.edges, scope.nodes
    chosen = np.unique(np.fromiter(starts, np.int32))
    # Upwards is downwards with the ends exchanged.
    on_path = reach.find_below(edges.parent, edges.child, nodes, chosen)
    on_path[chosen] = True
    edges = select_edges(edges, on_path[edges.child] & (edges.child != edges.parent))
    edges = select_edges(edges, np.argsort(-edges.strength, kind="stable"))
    edges_up: dict[int, tuple[int, ...]] = {}
    for number, child in enumerate(edges.child.tolist()):
        edges_up[child] = (*edges_up.get(child, ()), number)
    members = np.flatnonzero(on_path)
    keys, ids = scope.names_of(members)
    return Ancestry(
        edges,
        edges_up,
        dict(zip(members.tolist(), keys.to_pylist(), strict=True)),
        dict(zip(members.tolist(), ids.to_pylist(), strict=True)),
    )
