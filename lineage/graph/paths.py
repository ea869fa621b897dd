"""The ways from one node up to where they end, on bare columns; the shortest to each end."""

from dataclasses import dataclass

import numpy as np

from lineage.domain.arrays import Indices, Mask

Way = tuple[int, ...]
"""The numbers of its edges, from the node upwards; empty where the node itself is the end."""


@dataclass(frozen=True, slots=True)
class Ways:
    """Where the ways up from one node end; the shortest way to each end, nearest first."""

    to_stops: dict[int, Way]
    """To the stops that can be reached without passing another."""
    to_tops: dict[int, Way]
    """To the nodes without parents that are no stops."""
    to_circles: dict[int, Way]
    """To the first node of each way from which every way on leads round for ever."""


def ways_up(child: Indices, parent: Indices, nodes: int, start: int, stops: Mask) -> Ways:
    """Walk up from a node, a generation at a time, and stop on each way at the first stop.

    Edge i leads from child[i] up to parent[i]. The start is never a stop of its own walk, so that
    the ways above a root can be asked too.
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
    ways = {start: ()} | {node: _way(node, start, came_by, child) for node in came_by}
    to_stops = {node: way for node, way in ways.items() if node != start and stops[node]}
    to_tops = {
        node: way for node, way in ways.items() if node not in has_parents and node not in to_stops
    }
    resolved = _below({*to_stops, *to_tops}, children)
    entries = {node for node in came_by if node not in resolved}
    to_circles = {
        node: ways[node]
        for node in entries
        if (below := int(child[came_by[node]])) == start or below not in entries
    }
    return Ways(to_stops, to_tops, to_circles)


def _below(ends: set[int], children: dict[int, set[int]]) -> set[int]:
    """Return the nodes from which some way leads up to an end, the ends included."""
    found, waiting = set(ends), list(ends)
    while waiting:
        fresh = children.get(waiting.pop(), set()) - found
        found |= fresh
        waiting += fresh
    return found


def _way(node: int, start: int, came_by: dict[int, int], child: Indices) -> Way:
    edges: list[int] = []
    while node != start:
        edges.append(came_by[node])
        node = int(child[came_by[node]])
    return tuple(reversed(edges))
