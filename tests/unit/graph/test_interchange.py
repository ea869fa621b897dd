"""A family graph as rows, and cut smaller by depth and by how much lies below."""

import subprocess
import sys

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from lineage.graph.lineage_graph import (
    FamilyGraph,
    build_graph,
    cut_networkx_graph,
    edges_above_networkx_node,
    edges_of,
    graph_nodes_of,
    networkx_graph_roots,
)

SEVERAL = 12
PAIRS = st.lists(
    st.tuples(st.integers(0, SEVERAL - 1), st.integers(0, SEVERAL - 1)), max_size=25, unique=True
)


def a_graph(pairs: list[tuple[int, int]]) -> FamilyGraph:
    """Nodes m0 (the root) to m11, edges from parent to child; cycles and self-parents too."""
    columns = {"root": [number == 0 for number in range(SEVERAL)]}
    names = [f"m{number}" for number in range(SEVERAL)]
    return build_graph(names, columns, [one for one, _ in pairs], [two for _, two in pairs], {})


def test_what_nobody_knows_is_left_out() -> None:
    graph = build_graph(["a/b"], {"likes": [None], "root": [True], "other": [1]}, [], [], {})
    assert [tuple(node) for node in graph_nodes_of(graph)] == [("a/b", {"root": True})]


def test_parents_of_a_model_are_its_edges() -> None:
    graph = a_graph([(0, 2), (1, 2), (2, 3)])
    assert [edge.parent for edge in edges_above_networkx_node(graph, "m2")] == ["m0", "m1"]
    assert networkx_graph_roots(graph) == ("m0",)


@given(PAIRS, st.integers(1, 4))
def test_a_depth_keeps_who_is_so_near_to_a_root(pairs: list[tuple[int, int]], depth: int) -> None:
    graph = a_graph(pairs)
    near = nx.single_source_shortest_path_length(graph, "m0", cutoff=depth)
    assert set(cut_networkx_graph(graph, depth)) == set(near)


@given(PAIRS, st.integers(1, 6))
def test_who_has_too_few_below_is_left_out(pairs: list[tuple[int, int]], least: int) -> None:
    graph = a_graph(pairs)
    wanted = {name for name in graph if len(nx.descendants(graph, name)) >= least}
    smaller = cut_networkx_graph(graph, at_least=least)
    assert set(smaller) == wanted
    assert set(smaller.edges) == set(graph.subgraph(wanted).edges)


@given(PAIRS)
def test_a_cut_keeps_the_order(pairs: list[tuple[int, int]]) -> None:
    graph = a_graph(pairs)
    smaller = cut_networkx_graph(graph, 2, 1)
    assert list(smaller) == [name for name in graph if name in smaller]
    assert [edge[:2] for edge in edges_of(smaller)] == [
        edge[:2] for edge in edges_of(graph) if edge.parent in smaller and edge.child in smaller
    ]


def test_a_graph_that_is_not_cut_is_the_same() -> None:
    graph = a_graph([(0, 1)])
    assert cut_networkx_graph(graph) is graph


def test_an_empty_graph_can_be_cut() -> None:
    assert not list(cut_networkx_graph(build_graph([], {"root": []}, [], [], {}), 1, 1))


def test_the_order_hangs_on_no_hash() -> None:
    asked = (
        "from lineage.graph.lineage_graph import cut_networkx_graph\n"
        "from tests.unit.graph.test_interchange import a_graph\n"
        "print(*cut_networkx_graph(a_graph([(0, n) for n in range(1, 12)]), 1))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", asked],
            env={"PYTHONHASHSEED": str(seed), "PYTHONPATH": "."},
            check=True,
            capture_output=True,
        ).stdout
        for seed in (1, 2)
    }
    assert len(told) == 1
