"""Claims merge into edges whatever their order and however often they repeat themselves."""

from collections.abc import Sequence
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lineage.build.edges import merge_resolved_claims, resolve_edge_relations
from lineage.domain.claims import STRENGTHS, Relation, ResolvedClaims, Strength
from lineage.evidence import Rule

RULES = [
    Rule("sure", Strength.CONFIRMED, relation_rank=0),
    Rule("likely", Strength.DECLARED, relation_rank=1),
    Rule("equal", Strength.DECLARED, relation_rank=1),
    Rule("unranked", Strength.INFERRED),
]
CHILDREN = 5
ClaimRow = tuple[int, int, int, int]
"""Child, parent (-1: resolved to nothing), rule, relation (-1: none claimed)."""
EdgeRow = tuple[int, ...]
"""Child, parent, relation, strength, rules as bits."""

CLAIMS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(-1, 7), st.integers(0, 3), st.integers(-1, 4)),
    max_size=25,
)


def merged(rows: Sequence[ClaimRow]) -> list[EdgeRow]:
    columns = np.array(rows, np.int32).reshape(-1, 4)
    child, parent = columns[:, 0], columns[:, 1]
    rule, relation = columns[:, 2].astype(np.int8), columns[:, 3].astype(np.int8)
    claims = ResolvedClaims(child, parent, rule, relation)
    edges, bits = merge_resolved_claims(
        claims, RULES, resolve_edge_relations(claims, RULES, CHILDREN)
    )
    parts = (edges.child, edges.parent, edges.relation, edges.strength, bits)
    return list(zip(*(part.tolist() for part in parts), strict=True))


def merged_slowly(rows: Sequence[ClaimRow]) -> list[EdgeRow]:
    """The same by the words of the contract, one claim at a time."""
    edges: dict[tuple[int, int], list[int]] = {}
    for child, parent, rule, _ in rows:
        if parent >= 0:
            edges.setdefault((child, parent), []).append(rule)
    unspecified = Relation.UNSPECIFIED.code
    chosen: dict[int, tuple[int, int]] = {}
    for child, _, rule, relation in rows:
        rank = RULES[rule].relation_rank
        if rank is not None and relation not in (-1, unspecified):
            chosen[child] = min(chosen.get(child, (99, 99)), (rank, relation))
    return [
        (
            child,
            parent,
            chosen.get(child, (0, unspecified))[1],
            max(RULES[rule].strength.code for rule in rules),
            sum(1 << rule for rule in set(rules)),
        )
        for (child, parent), rules in sorted(edges.items())
    ]


@given(CLAIMS)
def test_edges_are_what_the_contract_says(rows: list[ClaimRow]) -> None:
    assert merged(rows) == merged_slowly(rows)


@given(CLAIMS, st.randoms(use_true_random=False), st.data())
def test_order_and_repetition_of_claims_change_nothing(
    rows: list[ClaimRow], dice: Random, data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(rows), max_size=10)) if rows else []
    shuffled = [*rows, *again]
    dice.shuffle(shuffled)
    assert merged(shuffled) == merged(rows)


def test_strength_of_an_edge_is_that_of_its_strongest_claim() -> None:
    edges = merged([(0, 1, 3, -1), (0, 1, 0, -1), (0, 2, 3, -1)])
    names = [STRENGTHS[strength] for _, _, _, strength, _ in edges]
    assert names == [Strength.CONFIRMED, Strength.INFERRED]


def test_a_name_that_resolved_to_nothing_still_decides_the_relation() -> None:
    adapter = Relation.ADAPTER.code
    edges = merged([(0, -1, 1, adapter), (0, 3, 0, -1)])
    assert edges == [(0, 3, adapter, 2, 1)]


def test_without_claims_there_are_no_edges() -> None:
    assert merged([]) == []
    assert merged([(0, -1, 0, 0)]) == []
