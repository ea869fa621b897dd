"""A family as a networkx graph: cut out on columns first, objects for what is left."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import networkx as nx

from lineage.domain.gc_paused import gc_paused

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
    with gc_paused():
        graph.add_nodes_from(names)
        _fill_attributes([attributes for _, attributes in graph.nodes(data=True)], columns)
        edges: list[dict[str, object]] = [{} for _ in parents]
        _fill_attributes(edges, edge_columns)
        # What add_edges_from does for new edges between known nodes, without asking each whether
        # it is new: half the time of the whole graph.
        below, above = graph._succ, graph._pred
        for parent, child, attributes in zip(parents, children, edges, strict=True):
            below[names[parent]][names[child]] = attributes
            above[names[child]][names[parent]] = attributes
    return graph


def _fill_attributes(
    attributes: Sequence[dict[str, object]], columns: Mapping[str, Sequence[object]]
) -> None:
    for name, values in columns.items():
        for target, value in zip(attributes, values, strict=True):
            if value is not None:
                target[name] = value
