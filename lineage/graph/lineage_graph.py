"""A family as a networkx graph: cut out on columns first, objects for what is left."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import networkx as nx

from lineage.collecting import collector_paused

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
    `names`) and each of `edge_columns` one an edge. Attributes that are None are left out.
    """
    graph = nx.DiGraph()
    with collector_paused():
        graph.add_nodes_from(zip(names, _rows(columns, len(names)), strict=True))
        graph.add_edges_from(
            (names[parent], names[child], attributes)
            for parent, child, attributes in zip(
                parents, children, _rows(edge_columns, len(parents)), strict=True
            )
        )
    return graph


def _rows(columns: Mapping[str, Sequence[object]], size: int) -> Iterator[dict[str, object]]:
    if not columns:
        return ({} for _ in range(size))
    keys = tuple(columns)
    return (
        {key: value for key, value in zip(keys, row, strict=True) if value is not None}
        for row in zip(*columns.values(), strict=True)
    )
