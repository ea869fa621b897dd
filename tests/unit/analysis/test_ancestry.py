"""The ways up from a node: the shortest to each end, and nothing through a stop."""

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.analysis.ancestry import Ancestry, PathsUp
from lineage.domain.claims import Strength
from lineage.store.reader import EdgeColumns

NODES = 9
EDGES = st.lists(st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)), max_size=22)


def walked(edges: list[tuple[int, int]], start: int, stops: set[int]) -> PathsUp:
    child, parent = (np.array([edge[side] for edge in edges], np.int32) for side in (0, 1))
    codes = np.full(len(edges), Strength.DECLARED.code, np.int8)
    edges_up: dict[int, tuple[int, ...]] = {}
    for number, (below, above) in enumerate(edges):
        if below != above:
            edges_up[below] = (*edges_up.get(below, ()), number)
    columns = EdgeColumns(child, parent, codes, codes)
    ancestry = Ancestry(columns, edges_up, edges_up, parent.tolist(), {}, {})
    return ancestry.find_paths_up(start, stops, inferred=False)


@given(EDGES, st.integers(0, NODES - 1), st.sets(st.integers(0, NODES - 1)))
@settings(max_examples=300)
def test_every_way_is_the_shortest_that_passes_no_stop(
    edges: list[tuple[int, int]], start: int, stops: set[int]
) -> None:
    ways = walked(edges, start, stops)
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_node(start)
    graph.add_edges_from(
        (child, parent)
        for child, parent in edges
        if child != parent and (child == start or child not in stops)
    )
    length = nx.single_source_shortest_path_length(graph, start)
    met = {node for node in length if node in stops and node != start}
    tops = {node for node in length if graph.out_degree(node) == 0 and node not in met}
    assert set(ways.to_stops) == met
    assert set(ways.to_tops) == tops
    bound = {
        node for node in length if not (set(nx.descendants(graph, node)) | {node}) & (met | tops)
    }
    assert set(ways.to_cycles) <= bound
    assert bool(ways.to_cycles) == bool(bound - {start})
    for end, way in (*ways.to_stops.items(), *ways.to_tops.items(), *ways.to_cycles.items()):
        assert len(way) == length[end]
        line = [start, *(edges[edge][1] for edge in way)]
        assert [edges[edge][0] for edge in way] == line[:-1]
        assert line[-1] == end


def test_a_node_without_parents_is_its_own_end() -> None:
    assert walked([], 3, set()) == PathsUp({}, {3: ()}, {})


def test_the_ways_above_a_stop_can_be_asked() -> None:
    assert walked([(0, 1), (1, 2)], 0, {0, 2}) == PathsUp({2: (0, 1)}, {}, {})


def test_a_cycle_is_an_end_of_its_own() -> None:
    assert walked([(0, 1), (1, 0)], 0, set()) == PathsUp({}, {}, {1: (0,)})
    assert walked([(0, 1), (1, 2), (2, 1)], 0, set()) == PathsUp({}, {}, {1: (0,)})


def test_a_cycle_with_a_way_out_is_no_end() -> None:
    assert walked([(0, 1), (1, 0), (1, 2)], 0, {2}) == PathsUp({2: (0, 2)}, {}, {})
