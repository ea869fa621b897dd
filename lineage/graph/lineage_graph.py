"""A family as a networkx graph: cut out on columns first, objects for what is left."""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import NamedTuple, TypeAlias

import networkx as nx
import numpy as np

from lineage.domain.progress import garbage_collector_paused
from lineage.graph import reach

FamilyGraph: TypeAlias = nx.DiGraph
"""What `load_family` gives: networkx, from parent to child."""


def build_graph(
    names: Sequence[str],
    columns: Mapping[str, Sequence[object]],
    parents: Sequence[int],
    children: Sequence[int],
    edge_columns: Mapping[str, Sequence[object]],
) -> FamilyGraph:
    """Return a graph with an edge from each parent to each child.

    `names` and each of `columns` have one element a node, `parents`, `children` (positions in
    `names`) and each of `edge_columns` one an edge. No name and no edge may be there twice.
    Attributes that are None are left out.
    """
    graph = nx.DiGraph()
    with garbage_collector_paused():
        # What add_nodes_from and add_edges_from do for new nodes and edges, without asking each
        # whether it is new: more than half the time of the whole graph.
        attributes: list[dict[str, object]] = [{} for _ in names]
        below: list[dict[str, object]] = [{} for _ in names]
        above: list[dict[str, object]] = [{} for _ in names]
        graph._node.update(zip(names, attributes, strict=True))
        graph._succ.update(zip(names, below, strict=True))
        graph._pred.update(zip(names, above, strict=True))
        _fill_graph_attributes(attributes, columns)
        edges: list[dict[str, object]] = [{} for _ in parents]
        _fill_graph_attributes(edges, edge_columns)
        for parent, child, edge in zip(parents, children, edges, strict=True):
            below[parent][names[child]] = above[child][names[parent]] = edge
    return graph


def _fill_graph_attributes(
    attributes: Sequence[dict[str, object]], columns: Mapping[str, Sequence[object]]
) -> None:
    for name, values in columns.items():
        for target, value in zip(attributes, values, strict=True):
            if value is not None:
                target[name] = value


Value = str | int | bool
"""Moments are spelled in ISO 8601, UTC."""

NODE_FIELDS: Mapping[str, type] = {
    "key": str,
    "author": str,
    "created_at": str,
    "license": str,
    "library": str,
    "relation": str,
    "downloads": int,
    "likes": int,
    "root": bool,
}
EDGE_FIELDS: Mapping[str, type] = {"relation": str, "strength": str, "created_at": str}


class Node(NamedTuple):
    """A model; unknown fields are left out."""

    name: str
    fields: dict[str, Value]


class Edge(NamedTuple):
    """One model comes from another."""

    parent: str
    child: str
    fields: dict[str, Value]


def graph_nodes_of(graph: FamilyGraph) -> Iterator[Node]:
    """Yield every model, in the graph's own order."""
    for name, attributes in graph.nodes(data=True):
        yield Node(name, _read_networkx_attributes(attributes, NODE_FIELDS))


def edges_of(graph: FamilyGraph) -> Iterator[Edge]:
    """Yield every edge, the children of one parent together."""
    for parent, child, attributes in graph.edges(data=True):
        yield Edge(parent, child, _read_networkx_attributes(attributes, EDGE_FIELDS))


def edges_above_networkx_node(graph: FamilyGraph, name: str) -> Iterator[Edge]:
    """Yield the edges that lead up from one model."""
    for parent, attributes in graph.pred[name].items():
        yield Edge(parent, name, _read_networkx_attributes(attributes, EDGE_FIELDS))


def networkx_graph_roots(graph: FamilyGraph) -> tuple[str, ...]:
    """Return the names of the roots."""
    return tuple(name for name, is_root in graph.nodes(data="root") if is_root)


def cut_networkx_graph(
    graph: FamilyGraph, depth: int | None = None, at_least: int = 0
) -> FamilyGraph:
    """Return the part of at most so many generations, of models with so many below them.

    Generations are counted from the nearest root. Each of its models is a root or has a parent.
    """
    if depth is None and not at_least:
        return graph
    names = list(graph)
    place = {name: at for at, name in enumerate(names)}
    pairs = [(place[child], place[parent]) for parent, child in graph.edges]
    child, parent = np.array(pairs, np.int32).reshape(-1, 2).T
    keep = np.ones(len(names), np.bool_)
    if at_least:
        kinds = np.zeros(len(names), np.int8)
        keep &= reach.count_below(child, parent, len(names), kinds, 1)[:, 0] >= at_least
    if depth is not None:
        roots = np.array([place[name] for name in networkx_graph_roots(graph)], np.int32)
        generation = reach.generations_below_roots(child, parent, len(names), roots)
        near = (generation > 0) & (generation <= depth)
        near[roots] = True
        keep &= near
    return _select_graph_nodes(graph, {names[at] for at in np.flatnonzero(keep).tolist()})


def _select_graph_nodes(graph: FamilyGraph, keep: Set[str]) -> FamilyGraph:
    """Return some nodes, in the graph's own order."""
    # networkx's `subgraph` gives them in any order, and the same export must give the same bytes.
    smaller = graph.__class__()
    smaller.add_nodes_from(
        (name, attributes) for name, attributes in graph.nodes(data=True) if name in keep
    )
    smaller.add_edges_from(
        (parent, child, attributes)
        for parent, child, attributes in graph.edges(data=True)
        if parent in keep and child in keep
    )
    return smaller


def _read_networkx_attributes(
    attributes: Mapping[str, object], fields: Mapping[str, type]
) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for name in fields:
        match attributes.get(name):
            case str() | int() as value:
                values[name] = value
    return values
