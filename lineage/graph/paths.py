"""The paths from one node up to where they end, on bare columns; the shortest to each end."""

from dataclasses import dataclass

import numpy as np

from lineage.domain.arrays import Indices, Mask

NodePath = tuple[int, ...]
"""The numbers of its edges, from the node upwards; empty where the node itself is the end."""


@dataclass(frozen=True, slots=True)
class PathsUp:
    """Where the paths up from one node end; the shortest to each end, nearest first."""

    to_stops: dict[int, NodePath]
    """To the stops that can be reached without passing another."""
    to_tops: dict[int, NodePath]
    """To the nodes without parents that are no stops."""
    to_cycles: dict[int, NodePath]
    """To the first node of each path from which every path on leads round a cycle."""


def find_paths_up(child: Indices, parent: Indices, nodes: int, start: int, stops: Mask) -> PathsUp:
    """Walk up from a node, a generation at a time, and stop on each path at the first stop.

    Edge i leads from child[i] up to parent[i]. The start is never a stop of its own walk, so that
    the paths above a root can be asked too.
    """
    came_by: dict[int, int] = {}
    children: dict[int, set[int]] = {}
    has_parents: set[int] = set()
    front = [start]
    while front:
        is_front = np.zeros(nodes, np.bool_)
        is_front[front] = True
        front = []
        for edge in np.flatnonzero(is_front[child] & (child != parent)).tolist():
            below, above = int(child[edge]), int(parent[edge])
            has_parents.add(below)
            children.setdefault(above, set()).add(below)
            if above not in came_by and above != start:
                came_by[above] = edge
                if not stops[above]:
                    front.append(above)
    paths = {start: ()} | {node: _trace_path(node, start, came_by, child) for node in came_by}
    to_stops = {node: path for node, path in paths.items() if node != start and stops[node]}
    to_tops = {
        node: path
        for node, path in paths.items()
        if node not in has_parents and node not in to_stops
    }
    resolved = _list_resolved_nodes({*to_stops, *to_tops}, children)
    entries = {node for node in came_by if node not in resolved}
    to_cycles = {
        node: paths[node]
        for node in entries
        if (below := int(child[came_by[node]])) == start or below not in entries
    }
    return PathsUp(to_stops, to_tops, to_cycles)


def _list_resolved_nodes(ends: set[int], children: dict[int, set[int]]) -> set[int]:
    """Return the nodes from which some path leads up to an end, the ends included."""
    resolved_nodes, queue = set(ends), list(ends)
    while queue:
        fresh = children.get(queue.pop(), set()) - resolved_nodes
        resolved_nodes |= fresh
        queue += fresh
    return resolved_nodes


def _trace_path(node: int, start: int, came_by: dict[int, int], child: Indices) -> NodePath:
    edges: list[int] = []
    while node != start:
        edges.append(came_by[node])
        node = int(child[came_by[node]])
    return tuple(reversed(edges))
