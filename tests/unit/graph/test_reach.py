from dataclasses import dataclass

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.domain.arrays import Nodes
from lineage.graph.reach import (
    MOST_LABELS,
    count_below,
    count_direct_below,
    find_below,
    find_direct_below,
    generations_below_roots,
    reach_labels_from,
)

Columns = tuple[Nodes, Nodes]
NO_NODES = np.array([], dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Drawn:
    nodes: int
    edges: list[tuple[int, int]]
    """Child and parent, with repetitions, self-loops and cycles."""
    kind: list[int]
    kinds: int

    def columns(self) -> Columns:
        return columns(*self.edges)

    def downwards(self) -> "nx.DiGraph[int]":
        graph: nx.DiGraph[int] = nx.DiGraph()
        graph.add_nodes_from(range(self.nodes))
        graph.add_edges_from((parent, child) for child, parent in self.edges)
        return graph

    def kinds_of(self, found: set[int]) -> list[int]:
        return [sum(self.kind[node] == kind for node in found) for kind in range(self.kinds)]


def columns(*edges: tuple[int, int]) -> Columns:
    table = np.array(edges, dtype=np.int32).reshape(-1, 2)
    return table[:, 0], table[:, 1]


@st.composite
def graphs(draw: st.DrawFn) -> Drawn:
    nodes = draw(st.integers(1, 14))
    kinds = draw(st.integers(1, 5))
    node = st.integers(0, nodes - 1)
    older = st.tuples(node, node).map(lambda pair: (max(pair), min(pair)))
    edges = draw(st.lists(st.one_of(st.tuples(node, node), older), max_size=30))
    kind = draw(st.lists(st.integers(-1, kinds - 1), min_size=nodes, max_size=nodes))
    return Drawn(nodes, edges, kind, kinds)


def totals(drawn: Drawn, edges: Columns) -> list[list[int]]:
    kind = np.array(drawn.kind, dtype=np.int8)
    counts: list[list[int]] = count_below(*edges, drawn.nodes, kind, drawn.kinds).tolist()
    return counts


def total_of_each(nodes: int, *edges: tuple[int, int]) -> list[int]:
    drawn = Drawn(nodes, list(edges), [0] * nodes, 1)
    return [row[0] for row in totals(drawn, drawn.columns())]


@given(graphs())
def test_every_node_counts_its_descendants_as_networkx_does(drawn: Drawn) -> None:
    graph = drawn.downwards()
    expected = [drawn.kinds_of(nx.descendants(graph, node)) for node in range(drawn.nodes)]
    assert totals(drawn, drawn.columns()) == expected


@given(graphs(), st.integers(0, 99))
def test_the_order_of_edges_and_their_repetition_change_nothing(drawn: Drawn, seed: int) -> None:
    shuffled = drawn.edges * 2
    np.random.default_rng(seed).shuffle(shuffled)
    assert totals(drawn, columns(*shuffled)) == totals(drawn, drawn.columns())


@given(graphs())
def test_direct_children_are_counted_once_and_never_oneself(drawn: Drawn) -> None:
    graph = drawn.downwards()
    kind = np.array(drawn.kind, dtype=np.int8)
    counted = count_direct_below(*drawn.columns(), drawn.nodes, kind, drawn.kinds)
    expected = [drawn.kinds_of(set(graph.successors(node)) - {node}) for node in range(drawn.nodes)]
    assert counted.tolist() == expected


@given(graphs(), st.data())
def test_generations_are_lengths_of_the_shortest_way_from_a_root(
    drawn: Drawn, data: st.DataObject
) -> None:
    roots = data.draw(st.lists(st.integers(0, drawn.nodes - 1), max_size=4))
    graph = drawn.downwards()
    children = {child for root in roots for child in graph.successors(root)}
    expected = [0] * drawn.nodes
    for child in children:
        for node, edges in nx.single_source_shortest_path_length(graph, child).items():
            expected[node] = min(expected[node] or edges + 1, edges + 1)
    chosen = np.array(roots, dtype=np.int32)
    found = generations_below_roots(*drawn.columns(), drawn.nodes, chosen)
    assert found.tolist() == expected
    assert find_below(*drawn.columns(), drawn.nodes, chosen).tolist() == [n > 0 for n in expected]
    assert find_direct_below(*drawn.columns(), drawn.nodes, chosen).tolist() == [
        node in children for node in range(drawn.nodes)
    ]


@given(graphs(), st.data())
def test_labels_come_down_every_way_that_passes_through_no_other_seed(
    drawn: Drawn, data: st.DataObject
) -> None:
    some = st.lists(st.integers(0, drawn.nodes - 1), max_size=3)
    seeds = data.draw(st.lists(some, max_size=5))
    seeded = {node for label in seeds for node in label}
    graph = drawn.downwards()
    expected = [0] * drawn.nodes
    for bit, label in enumerate(seeds):
        for seed in set(label):
            expected[seed] |= 1 << bit
            free = graph.subgraph(set(graph) - seeded | {seed})
            for node in nx.descendants(free, seed):
                expected[node] |= 1 << bit
    arrays = [np.array(label, dtype=np.int32) for label in seeds]
    assert reach_labels_from(*drawn.columns(), drawn.nodes, arrays).tolist() == expected


@pytest.mark.parametrize("seed", range(5))
def test_a_few_hundred_nodes_with_long_lines_and_cycles_agree_with_networkx(seed: int) -> None:
    rng = np.random.default_rng(seed)
    nodes = 300
    child = rng.integers(1, nodes, 350)
    parent = np.maximum(child - rng.integers(1, 12, 350), 0)
    turned = rng.random(350) < 0.02
    child, parent = np.where(turned, parent, child), np.where(turned, child, parent)
    kind = rng.integers(-1, 5, nodes).tolist()
    drawn = Drawn(nodes, list(zip(child.tolist(), parent.tolist(), strict=True)), kind, 5)
    graph = drawn.downwards()
    expected = [drawn.kinds_of(nx.descendants(graph, node)) for node in range(nodes)]
    assert totals(drawn, drawn.columns()) == expected


def test_no_nodes_and_no_edges_are_fine() -> None:
    assert count_below(NO_NODES, NO_NODES, 0, np.array([], dtype=np.int8), 3).shape == (0, 3)
    assert total_of_each(2) == [0, 0]
    assert not find_below(NO_NODES, NO_NODES, 2, np.array([1])).any()
    assert reach_labels_from(NO_NODES, NO_NODES, 2, []).tolist() == [0, 0]


def test_a_merge_of_two_copies_counts_once() -> None:
    assert total_of_each(4, (1, 0), (2, 0), (3, 1), (3, 2)) == [3, 1, 1, 0]


def test_a_model_that_lists_itself_is_not_its_own_descendant() -> None:
    assert total_of_each(2, (0, 0), (1, 0), (1, 1)) == [1, 0]


def test_two_models_that_name_each_other_count_each_other_and_all_below_both() -> None:
    assert total_of_each(4, (0, 1), (1, 0), (2, 0), (3, 1)) == [3, 3, 0, 0]


def test_a_cycle_that_leads_back_to_the_top_of_its_tree_counts_each_node_once() -> None:
    assert total_of_each(5, (1, 0), (1, 3), (2, 1), (3, 2), (4, 2)) == [4, 3, 3, 3, 0]


def test_a_long_cycle_has_all_the_others_below_each() -> None:
    ring = [(node, (node + 1) % 50) for node in range(50)]
    assert total_of_each(50, *ring) == [49] * 50


def test_nodes_of_no_kind_carry_ways_but_are_not_counted() -> None:
    drawn = Drawn(4, [(1, 0), (2, 1), (3, 2)], [-1, -1, 0, 1], 2)
    assert totals(drawn, drawn.columns()) == [[1, 1], [1, 1], [0, 1], [0, 0]]


def test_more_merges_than_are_walked_up_at_once_are_all_counted() -> None:
    base = np.arange(0, 40_000, 4)
    child = np.concatenate((base + 1, base + 2, base + 3, base + 3))
    parent = np.concatenate((base, base, base + 1, base + 2))
    counts = count_below(child, parent, 40_000, np.zeros(40_000, dtype=np.int8), 1)
    assert counts.reshape(-1, 4).tolist() == [[3, 1, 1, 0]] * 10_000


def test_a_line_of_thousands_is_walked_to_its_end() -> None:
    line = [(node + 1, node) for node in range(3_000)]
    assert total_of_each(3_001, *line) == list(range(3_000, -1, -1))
    assert generations_below_roots(*columns(*line), 3_001, np.array([0])).tolist() == list(
        range(3_001)
    )


def test_a_generation_too_long_for_its_column_stays_at_the_last_that_fits() -> None:
    child = np.arange(1, 33_001)
    found = generations_below_roots(child, child - 1, 33_001, np.array([0]))
    assert found[32_766:].tolist() == [32_766, *[32_767] * 234]


def test_a_root_is_marked_only_where_something_leads_back_to_it() -> None:
    assert find_below(*columns((1, 0), (2, 1)), 3, np.array([0, 1])).tolist() == [False, True, True]
    assert find_below(*columns((1, 0), (0, 1)), 2, np.array([0])).tolist() == [True, True]


def test_an_official_child_keeps_its_own_label_and_stops_its_parents() -> None:
    edges = columns((1, 0), (2, 1), (3, 2), (3, 4))
    labels = reach_labels_from(*edges, 5, [np.array([0, 4]), np.array([1])])
    assert labels.tolist() == [0b01, 0b10, 0b10, 0b11, 0b01]


def test_sixty_four_labels_fit_and_one_more_is_refused() -> None:
    seeds = [np.array([node]) for node in range(MOST_LABELS)]
    everyone = columns(*((MOST_LABELS, node) for node in range(MOST_LABELS)))
    assert reach_labels_from(*everyone, 65, seeds)[MOST_LABELS] == np.uint64(2**64 - 1)
    with pytest.raises(ValueError, match="65 labels"):
        reach_labels_from(NO_NODES, NO_NODES, 1, [NO_NODES] * 65)
