"""From settled witnesses to edges: one a pair, with who says it, how sure, which relation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from lineage.domain.arrays import Codes, Int64s, Nodes, Positions
from lineage.domain.claims import Relation

_T = TypeVar("_T", bound=np.generic)

_UNSTATED = Relation.UNSPECIFIED.code
_NOT_SAID = 1 << 14


@dataclass(frozen=True, slots=True)
class Weights:
    """What each rule's word is worth, by the rule's position."""

    strength: Sequence[int]
    """Position in `Strength`."""
    relation_rank: Sequence[int | None]
    """Lower ranks are believed first about the relation; None is never asked."""


@dataclass(frozen=True, slots=True)
class Edges:
    """One element an edge, in order of child and parent node; no pair twice."""

    child: Nodes
    parent: Nodes
    relation: Codes
    """Position in `Relation`: the child's own relation, one for all its parents."""
    strength: Codes
    rules: Int64s
    """Bit r is set where rule r says so."""


def relations_of(child: Nodes, rule: Codes, said: Codes, weights: Weights, children: int) -> Codes:
    """Return each child's relation: that of the rule believed first, else `unspecified`.

    Rules of equal rank, and a rule that contradicts itself, are settled by the order of `Relation`,
    so that the result does not depend on the order of the witnesses.
    """
    rank = np.array([_NOT_SAID >> 4 if r is None else r for r in weights.relation_rank])
    asked = (said >= 0) & (said != _UNSTATED) & (rank[rule] < _NOT_SAID >> 4)
    best = np.full(children, _NOT_SAID, np.int32)
    np.minimum.at(best, child[asked], rank[rule[asked]] * 16 + said[asked])
    return np.where(best == _NOT_SAID, _UNSTATED, best % 16).astype(np.int8)


def merge(child: Nodes, parent: Nodes, rule: Codes, relation_of: Codes, weights: Weights) -> Edges:
    """Merge witnesses by pair; those that settled to nothing (parent -1) make no edge."""
    made = np.flatnonzero(parent >= 0)
    pair = (child[made].astype(np.int64) << 32) | parent[made]
    order = np.argsort(pair, kind="stable")
    pair, rule = pair[order], rule[made][order].astype(np.int64)
    first = np.flatnonzero(np.append(True, pair[1:] != pair[:-1])) if len(pair) else order
    strength = np.array(weights.strength, np.int8)
    edge_child = (pair[first] >> 32).astype(np.int32)
    return Edges(
        edge_child,
        (pair[first] & 0xFFFFFFFF).astype(np.int32),
        relation_of[edge_child],
        _reduced(np.maximum, strength[rule], first),
        _reduced(np.bitwise_or, np.int64(1) << rule, first),
    )


def _reduced(operation: np.ufunc, values: npt.NDArray[_T], first: Positions) -> npt.NDArray[_T]:
    reduced: npt.NDArray[_T] = operation.reduceat(values, first) if len(first) else values[:0]
    return reduced
