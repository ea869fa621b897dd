"""The claims about some models, word for word, ready to stand beside an edge."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from lineage.analysis.scope import Scope
from lineage.analysis.verdicts import PathClaim
from lineage.domain.families import CuratedEdge

Pair = tuple[str, str]
"""Keys of child and parent."""


@dataclass(frozen=True, slots=True)
class ModelEvidence:
    """The claims about the parents of some models."""

    by_edge: Mapping[Pair, tuple[PathClaim, ...]]
    unresolved: Mapping[str, tuple[PathClaim, ...]]
    """By the child's key: claims that lead to no known model."""


def find_evidence(scope: Scope, nodes: Iterable[int]) -> ModelEvidence:
    """Return all claims about the parents of some nodes, the registry's included."""
    children = np.array(sorted(set(nodes)), np.int32)
    keys = scope.names_of(children)[0].to_pylist()
    by_edge: dict[Pair, tuple[PathClaim, ...]] = {}
    unresolved: dict[str, tuple[PathClaim, ...]] = {}
    for row in scope.snapshot.evidence_of(keys).to_pylist():
        claim = PathClaim(row["rule"], row["quote"])
        if row["parent_key"] is None:
            unresolved[row["child_key"]] = (*unresolved.get(row["child_key"], ()), claim)
        else:
            pair = row["child_key"], row["parent_key"]
            by_edge[pair] = (*by_edge.get(pair, ()), claim)
    for pair, edge in _curated_pairs(scope, set(children.tolist())):
        by_edge[pair] = (*by_edge.get(pair, ()), _curated_claim(edge))
    return ModelEvidence(by_edge, unresolved)


def _curated_pairs(scope: Scope, children: set[int]) -> list[tuple[Pair, CuratedEdge]]:
    curated = [edge for family in scope.families for edge in family.curated_edges()]
    nodes = scope.nodes_of({id for edge in curated for id in (edge.child, edge.parent)})
    in_scope = [edge for edge in curated if nodes.get(edge.child) in children]
    ends = np.unique([nodes[id] for edge in in_scope for id in (edge.child, edge.parent)]).astype(
        int
    )
    keys = dict(zip(ends.tolist(), scope.names_of(ends)[0].to_pylist(), strict=True))
    return [((keys[nodes[edge.child]], keys[nodes[edge.parent]]), edge) for edge in in_scope]


def _curated_claim(edge: CuratedEdge) -> PathClaim:
    return PathClaim(edge.rule, edge.source.quote, edge.source.text, edge.source.url)
