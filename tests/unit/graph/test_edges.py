"""Witnesses merge into edges whatever their order and however often they repeat themselves."""

from collections.abc import Sequence
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lineage.build.edges import Edges, Weights, merge, relations_of
from lineage.domain.claims import STRENGTHS, Relation, Strength

WEIGHTS = Weights(strength=[2, 1, 1, 0], relation_rank=[0, 1, 1, None])
CHILDREN = 5
Said = tuple[int, int, int, int]
"""Child, parent (-1: settled to nothing), rule, relation (-1: none said)."""

SAYINGS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(-1, 7), st.integers(0, 3), st.integers(-1, 4)),
    max_size=25,
)


def merged(said: Sequence[Said]) -> Edges:
    columns = np.array(said, np.int32).reshape(-1, 4)
    child, parent = columns[:, 0], columns[:, 1]
    rule, relation = columns[:, 2].astype(np.int8), columns[:, 3].astype(np.int8)
    of_child = relations_of(child, rule, relation, WEIGHTS, CHILDREN)
    return merge(child, parent, rule, of_child, WEIGHTS)


def spelled(edges: Edges) -> list[tuple[int, ...]]:
    columns = (edges.child, edges.parent, edges.relation, edges.strength, edges.rules)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def merged_slowly(said: Sequence[Said]) -> list[tuple[int, ...]]:
    """The same by the words of the contract, one witness at a time."""
    edges: dict[tuple[int, int], list[int]] = {}
    for child, parent, rule, _ in said:
        if parent >= 0:
            edges.setdefault((child, parent), []).append(rule)
    unstated = Relation.UNSPECIFIED.code
    believed: dict[int, tuple[int, int]] = {}
    for child, _, rule, relation in said:
        rank = WEIGHTS.relation_rank[rule]
        if rank is not None and relation not in (-1, unstated):
            believed[child] = min(believed.get(child, (99, 99)), (rank, relation))
    return [
        (
            child,
            parent,
            believed.get(child, (0, unstated))[1],
            max(WEIGHTS.strength[rule] for rule in rules),
            sum(1 << rule for rule in set(rules)),
        )
        for (child, parent), rules in sorted(edges.items())
    ]


@given(SAYINGS)
def test_edges_are_what_the_contract_says(said: list[Said]) -> None:
    assert spelled(merged(said)) == merged_slowly(said)


@given(SAYINGS, st.randoms(use_true_random=False), st.data())
def test_order_and_repetition_of_witnesses_change_nothing(
    said: list[Said], dice: Random, data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(said), max_size=10)) if said else []
    shuffled = [*said, *again]
    dice.shuffle(shuffled)
    assert spelled(merged(shuffled)) == spelled(merged(said))


def test_strength_of_an_edge_is_that_of_its_strongest_witness() -> None:
    edges = merged([(0, 1, 3, -1), (0, 1, 0, -1), (0, 2, 3, -1)])
    names = [STRENGTHS[at] for at in edges.strength]
    assert names == [Strength.CONFIRMED, Strength.INFERRED]


def test_a_name_that_settled_to_nothing_still_speaks_about_the_relation() -> None:
    adapter = Relation.ADAPTER.code
    edges = merged([(0, -1, 1, adapter), (0, 3, 0, -1)])
    assert spelled(edges) == [(0, 3, adapter, 2, 1)]


def test_no_witnesses_make_no_edges() -> None:
    assert spelled(merged([])) == []
    assert spelled(merged([(0, -1, 0, 0)])) == []
