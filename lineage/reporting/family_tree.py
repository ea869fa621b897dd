"""What a family tree says: the number and its definition, the releases, the tree with evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from lineage.analysis.counts import count_family
from lineage.analysis.forest.evidence import ForestEvidence, evidence_of
from lineage.analysis.forest.facts import ForestFacts, facts_of
from lineage.analysis.forest.forest import Forest, Kind, family_forest
from lineage.analysis.ground import Ground
from lineage.analysis.results import Count
from lineage.analysis.traces import EVERYTHING
from lineage.domain.addresses import is_loopback
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.evidence import Relation, Strength
from lineage.domain.families import Family
from lineage.reporting.asked import Asked, asked_by_name
from lineage.store.manifest import Manifest
from lineage.store.snapshot import Snapshot

_BRANCHES = 15
_STATED = list(Strength).index(Strength.STATED)
_RELATIONS = list(Relation)


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """One release in numbers; the lines add up to the count."""

    name: str
    """Or `mixed`, `unknown`."""
    released: date | None
    total: int
    direct: int


@dataclass(frozen=True, slots=True)
class BranchLine:
    """One derivative that many others come from."""

    id: str
    release: str
    relation: Relation
    below: int
    """How many models are drawn below it."""


@dataclass(frozen=True, slots=True)
class FamilyTreeReport:
    """All that a family tree says, before any format or language."""

    family: Family
    manifest: Manifest
    count: Count
    releases: tuple[ReleaseLine, ...]
    branches: tuple[BranchLine, ...]
    asked: tuple[Asked, ...]
    forest: Forest
    facts: ForestFacts
    evidence: ForestEvidence
    is_sample: bool
    """The records came from a server on the writer's own machine, not from the Hub."""


def family_tree(snapshot: Snapshot, family: Family, families: Sequence[Family]) -> FamilyTreeReport:
    """Read a family from a snapshot, with everything known of each of its models."""
    ground = Ground.of(snapshot, EVERYTHING, families)
    forest = family_forest(ground, family)
    count = count_family(snapshot, family, Definition(), families, Grouping.RELEASE)
    released = {release.name: release.released for release in family.releases}
    return FamilyTreeReport(
        family=family,
        manifest=snapshot.manifest,
        count=count,
        releases=tuple(
            ReleaseLine(group.value, released.get(group.value), group.total, group.direct)
            for group in count.groups
        ),
        branches=_largest(forest),
        asked=asked_by_name(ground, family),
        forest=forest,
        facts=facts_of(snapshot, forest),
        evidence=evidence_of(ground, forest),
        is_sample=is_loopback(snapshot.manifest.origin.endpoint),
    )


def _largest(forest: Forest) -> tuple[BranchLine, ...]:
    """Return the derivatives with most models drawn below them, without guesses."""
    below, group = _below(forest)
    is_branch = (forest.kind == Kind.MODEL) & (forest.strength >= _STATED) & (below > 0)
    rows = np.flatnonzero(is_branch)
    rows = rows[np.argsort(-below[rows], kind="stable")][:_BRANCHES]
    return tuple(
        BranchLine(
            forest.names[row],
            forest.names[group[row]],
            _RELATIONS[forest.relation[row]],
            int(below[row]),
        )
        for row in rows.tolist()
    )


def _below(forest: Forest) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return how many counted models stand below each row, and the row of its group."""
    counted = (forest.kind == Kind.MODEL) & (forest.strength >= _STATED)
    held = counted.astype(np.int64).tolist()
    parents = forest.parent.tolist()
    group = [0] * len(forest)
    for row in range(len(forest) - 1, 0, -1):
        held[parents[row]] += held[row]
    for row in range(1, len(forest)):
        group[row] = group[parents[row]] or row
    return np.array(held) - counted, np.array(group)
