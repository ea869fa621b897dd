"""The total of every family and of its releases at once: the same numbers as counting each."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lineage.analysis.ground import Ground
from lineage.analysis.groups import MIXED, UNKNOWN
from lineage.analysis.releases import releases_met
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.graph import reach
from lineage.store.snapshot import Snapshot

Nodes = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

_FULL = Definition(mirrors=True, curated=True)


@dataclass(frozen=True, slots=True)
class FamilyTotal:
    """The derivatives of a family; the parts add up to the whole."""

    total: int
    releases: Mapping[str, int]
    """By name of the release in the registry's order, then `mixed` and `unknown`; no zeros."""


def family_totals(snapshot: Snapshot, families: Sequence[Family]) -> dict[str, FamilyTotal]:
    """Count every family as `count_family` does by release, and read the snapshot once."""
    if not families:
        return {}
    ground = Ground.of(snapshot, _FULL, families)
    met = releases_met(ground, ground.edges)
    names = [*(release.name for release in met.releases), MIXED, UNKNOWN]
    only = met.only()
    nodes = ground.nodes_of({root for family in families for root in family.roots()})
    roots = [_roots(family, nodes) for family in families]
    found = {}
    for family, own, below in zip(families, roots, _below_each(ground, roots), strict=True):
        counted = below[: ground.snapshot.manifest.models].copy()
        counted[own[own < len(counted)]] = False
        # NONE and SEVERAL count from the end.
        group = only[: len(counted)][counted] % len(names)
        numbers = np.bincount(group, minlength=len(names)).tolist()
        parts = Counter[str]()  # adds up where two families call a release the same
        for name, n in zip(names, numbers, strict=True):
            parts[name] += n
        found[family.id] = FamilyTotal(int(counted.sum()), +parts)
    return found


def _roots(family: Family, nodes: Mapping[str, int]) -> Nodes:
    return np.array(sorted({nodes[id] for id in family.roots() if id in nodes}), np.int32)


def _below_each(ground: Ground, roots: Sequence[Nodes]) -> Iterator[Mask]:
    """Yield for each choice of roots the nodes below them, many in one walk.

    A label stops where it meets a root of another family. So each family's label begins at a node
    above the children of its roots, which no way leads to.
    """
    for first in range(0, len(roots), reach.MOST_LABELS):
        some = roots[first : first + reach.MOST_LABELS]
        tops = ground.nodes + np.arange(len(some))
        children = [_children(ground, own) for own in some]
        labels = reach.labels_from(
            np.concatenate([ground.edges.child, *children]),
            np.concatenate([ground.edges.parent, np.repeat(tops, list(map(len, children)))]),
            ground.nodes + len(some),
            list(tops[:, np.newaxis]),
        )
        for bit in range(len(some)):
            yield (labels[: ground.nodes] & np.uint64(1 << bit)) != 0


def _children(ground: Ground, roots: Nodes) -> Nodes:
    is_root = np.zeros(ground.nodes, np.bool_)
    is_root[roots] = True
    return ground.edges.child[is_root[ground.edges.parent]]
