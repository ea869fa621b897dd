"""Below many starts at once is what is below each alone."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lineage.graph.reach import find_below, pairs_below

NODES = 12
ENDS = st.integers(0, NODES - 1)
EDGES = st.lists(st.tuples(ENDS, ENDS), max_size=30)
STARTS = st.lists(st.lists(ENDS, max_size=4, unique=True).map(sorted), max_size=6)


@given(EDGES, STARTS)
def test_each_start_has_what_is_below_it_alone(
    edges: list[tuple[int, int]], starts: list[list[int]]
) -> None:
    child, parent = np.array(edges, np.int32).reshape(-1, 2).T
    roots = [np.array(one, np.int32) for one in starts]
    start, node = pairs_below(child, parent, roots)
    pairs = list(zip(start.tolist(), node.tolist(), strict=True))
    alone = [np.flatnonzero(find_below(child, parent, NODES, one)).tolist() for one in roots]
    assert pairs == [(at, one) for at, found in enumerate(alone) for one in found]


def test_a_chain_of_thousands_is_walked_to_its_end() -> None:
    chain = np.arange(5000)
    start, node = pairs_below(chain[1:], chain[:-1], [chain[:1], chain[4000:4001]])
    assert np.bincount(start).tolist() == [4999, 999]
    assert node.max() == 4999
