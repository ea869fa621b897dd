"""The kernels behind the anomalies: cycles as networkx finds them, bursts as a slow look does."""

import random

import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lineage.graph.cycles_and_bursts import find_bursts_in_columns, find_graph_cycles

Edges = list[tuple[int, int]]

NODE = st.integers(0, 13)
EDGES = st.lists(st.tuples(NODE, NODE), max_size=40)
TIMES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30)), max_size=40)


def found(edges: Edges, nodes: int = 14) -> list[list[int]]:
    table = np.array(edges, dtype=np.int32).reshape(-1, 2)
    return find_graph_cycles(table[:, 0], table[:, 1], nodes)


@given(EDGES)
def test_cycles_are_the_strong_components_of_networkx(edges: Edges) -> None:
    graph = nx.DiGraph(edges)
    expected = [sorted(one) for one in nx.strongly_connected_components(graph) if len(one) > 1]
    assert found(edges) == sorted(expected, key=lambda one: (-len(one), one[0]))


@given(EDGES, st.randoms())
def test_the_order_of_the_edges_changes_no_cycle(edges: Edges, dice: random.Random) -> None:
    shuffled = edges * 2
    dice.shuffle(shuffled)
    assert found(shuffled) == found(edges)


def test_a_few_thousand_nodes_with_lines_and_cycles_agree_with_networkx() -> None:
    dice = np.random.default_rng(5)
    child = dice.integers(0, 3000, 3600)
    parent = np.clip(child - dice.integers(-2, 40, 3600), 0, 2999)
    edges: Edges = list(zip(child.tolist(), parent.tolist(), strict=True))
    components = nx.strongly_connected_components(nx.DiGraph(edges))
    expected = [sorted(one) for one in components if len(one) > 1]
    assert expected
    assert found(edges, 3000) == sorted(expected, key=lambda one: (-len(one), one[0]))


def test_a_line_longer_than_pythons_stack_that_closes_is_one_cycle() -> None:
    nodes = 50_000
    ring = [(node, (node + 1) % nodes) for node in range(nodes)]
    assert found(ring, nodes) == [list(range(nodes))]
    assert found(ring[:-1], nodes) == []


def test_a_model_that_leads_to_itself_alone_is_no_cycle() -> None:
    assert found([(1, 1), (2, 1)]) == []


def test_no_edges_are_no_cycles() -> None:
    assert found([], 0) == []


@given(TIMES, st.integers(1, 6), st.integers(0, 12))
def test_bursts_are_the_unions_of_overlapping_dense_windows(
    times: list[tuple[int, int]], least: int, within: int
) -> None:
    ordered = sorted(times)
    expected: list[tuple[int, int]] = []
    for at in range(len(ordered) - least + 1):
        (group, first), (last_group, last) = ordered[at], ordered[at + least - 1]
        if group == last_group and last - first <= within:
            if expected and at < expected[-1][1]:
                expected[-1] = (expected[-1][0], at + least)
            else:
                expected.append((at, at + least))
    columns = np.array(ordered, np.int64).reshape(-1, 2)
    assert find_bursts_in_columns(columns[:, 0], columns[:, 1], least, within) == expected
