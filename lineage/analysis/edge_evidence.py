"""What witnesses said of some models, word for word, ready to stand beside an edge."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from lineage.analysis.scope import Scope
from lineage.analysis.verdicts import PathClaim
from lineage.domain.families import CuratedEdge

Pair = tuple[str, str]
"""Keys of child and parent."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The witnesses of some models."""

    by_edge: Mapping[Pair, tuple[PathClaim, ...]]
    unsettled: Mapping[str, tuple[PathClaim, ...]]
    """By the child's key: words that lead to no model that anybody knows."""


def heard_of(scope: Scope, nodes: Iterable[int]) -> Heard:
    """Return all that is said of the parents of some nodes, the registry's word included."""
    wanted = np.array(sorted(set(nodes)), np.int32)
    keys = scope.names_of(wanted)[0].to_pylist()
    by_edge: dict[Pair, tuple[PathClaim, ...]] = {}
    unsettled: dict[str, tuple[PathClaim, ...]] = {}
    for row in scope.snapshot.evidence_of(keys).to_pylist():
        voice = PathClaim(row["rule"], row["quote"])
        if row["parent_key"] is None:
            unsettled[row["child_key"]] = (*unsettled.get(row["child_key"], ()), voice)
        else:
            pair = row["child_key"], row["parent_key"]
            by_edge[pair] = (*by_edge.get(pair, ()), voice)
    for pair, edge in _curated(scope, set(wanted.tolist())):
        by_edge[pair] = (*by_edge.get(pair, ()), _voice(edge))
    return Heard(by_edge, unsettled)


def _curated(scope: Scope, children: set[int]) -> list[tuple[Pair, CuratedEdge]]:
    curated = [edge for family in scope.families for edge in family.curated_edges()]
    nodes = scope.nodes_of({id for edge in curated for id in (edge.child, edge.parent)})
    here = [edge for edge in curated if nodes.get(edge.child) in children]
    ends = np.unique([nodes[id] for edge in here for id in (edge.child, edge.parent)]).astype(int)
    keys = dict(zip(ends.tolist(), scope.names_of(ends)[0].to_pylist(), strict=True))
    return [((keys[nodes[edge.child]], keys[nodes[edge.parent]]), edge) for edge in here]


def _voice(edge: CuratedEdge) -> PathClaim:
    return PathClaim(edge.rule, edge.source.quote, edge.source.text, edge.source.url)
