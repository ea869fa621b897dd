"""What a family tree says: the number and its definition, the releases, the tree with evidence."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from lineage.analysis.counts import count_base, count_family
from lineage.analysis.results import Count
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import find_base
from lineage.analysis.traces import EVERYTHING
from lineage.analysis.tree.evidence import ForestEvidence, evidence_of
from lineage.analysis.tree.facts import ForestFacts, facts_of
from lineage.analysis.tree.forest import Forest, Kind, family_forest
from lineage.domain.addresses import is_loopback
from lineage.domain.arrays import Int64s, Mask
from lineage.domain.claims import RELATIONS, Relation, Strength
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.families import Family, Release, Reupload
from lineage.reporting.context import Asked, asked_by_name
from lineage.store.manifest import Manifest
from lineage.store.reader import Snapshot

_BRANCHES = 15


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
    is_gone: bool = False


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
    is_base: bool = False
    """It is about one model and what lies below it; the family is made up of that model alone."""

    @property
    def definition(self) -> Definition:
        """By which rule everything here is counted."""
        return self.count.definition

    @property
    def gone(self) -> int:
        """How many models of the family are known to be gone, by the same rule in all else."""
        return int(((self.forest.kind == Kind.GONE) & _is_sure(self.forest, self.definition)).sum())


def family_tree(
    snapshot: Snapshot,
    family: Family,
    families: Sequence[Family],
    definition: Definition | None = None,
) -> FamilyTreeReport:
    """Read a family from a snapshot, with everything known of each of its models.

    Ways weaker than the definition's are in it too, told apart; no number counts them.
    """
    asked = replace(definition or Definition(), mirrors=True, curated=True)
    scope = Scope.of(snapshot, replace(asked, least=Strength.INFERRED), families)
    # What people ask for by name is told of the whole graph, whatever is counted here.
    whole = scope if scope.definition == EVERYTHING else Scope.of(snapshot, EVERYTHING, families)
    count = count_family(snapshot, family, asked, families, Grouping.RELEASE)
    forest = family_forest(scope, family, asked.least)
    return _report(scope, forest, family, count, asked_by_name(whole, family))


def base_tree(
    snapshot: Snapshot,
    name: str,
    families: Sequence[Family],
    definition: Definition | None = None,
) -> FamilyTreeReport:
    """Read what lies below one model, as a family of one release, by the rules of `count NAME`.

    UnknownModel where the snapshot knows no such name.
    """
    asked, base = definition or Definition(), find_base(snapshot, name, families)
    scope = Scope.of(snapshot, replace(asked, least=Strength.INFERRED), families)
    count = count_base(snapshot, base.id, asked, families, Grouping.RELEASE)
    mirrors = tuple(Reupload(id, base.id) for id in count.definition.roots if id != base.id)
    released = snapshot.manifest.origin.taken_at.date()
    release = Release(base.id, base.id, released, None, (base.id,), mirrors)
    alone = Family(base.id, base.id, "", (release,))
    # Here everything belongs to this one root, whatever release it belongs to elsewhere.
    forest = family_forest(replace(scope, families=[alone]), alone, asked.least)
    return replace(_report(scope, forest, alone, count, ()), is_base=True)


def _report(
    scope: Scope, forest: Forest, family: Family, count: Count, asked: tuple[Asked, ...]
) -> FamilyTreeReport:
    snapshot = scope.snapshot
    releases = [release for one in (*scope.families, family) for release in one.releases]
    released = {release.name: release.released for release in releases}
    return FamilyTreeReport(
        family=family,
        manifest=snapshot.manifest,
        count=count,
        releases=tuple(
            ReleaseLine(group.value, released.get(group.value), group.total, group.direct)
            for group in count.groups
        ),
        branches=_largest(forest, count.definition),
        asked=asked,
        forest=forest,
        facts=facts_of(snapshot, forest, count.definition.as_of),
        evidence=evidence_of(scope, forest),
        is_sample=is_loopback(snapshot.manifest.origin.endpoint),
    )


def _is_sure(forest: Forest, definition: Definition) -> Mask:
    sure: Mask = forest.strength >= definition.least.code
    return sure


def _counted(forest: Forest, definition: Definition) -> Mask:
    kinds = [Kind.MODEL, Kind.GONE] if definition.deleted else [Kind.MODEL]
    return np.isin(forest.kind, kinds) & _is_sure(forest, definition)


def _largest(forest: Forest, definition: Definition) -> tuple[BranchLine, ...]:
    """Return the derivatives with most counted models below them, counted themselves or not."""
    below, group = _below(forest, _counted(forest, definition))
    is_branch = (forest.relation >= 0) & _is_sure(forest, definition) & (below > 0)
    rows = np.flatnonzero(is_branch)
    rows = rows[np.argsort(-below[rows], kind="stable")][:_BRANCHES]
    return tuple(
        BranchLine(
            forest.names[row],
            forest.names[group[row]],
            RELATIONS[forest.relation[row]],
            int(below[row]),
            is_gone=bool(forest.kind[row] == Kind.GONE),
        )
        for row in rows.tolist()
    )


def _below(forest: Forest, counted: Mask) -> tuple[Int64s, Int64s]:
    """Return how many counted models stand below each row, and the row of its group."""
    held = counted.astype(np.int64).tolist()
    parents = forest.parent.tolist()
    group = [0] * len(forest)
    for row in range(len(forest) - 1, 0, -1):
        held[parents[row]] += held[row]
    for row in range(1, len(forest)):
        group[row] = group[parents[row]] or row
    return np.array(held) - counted, np.array(group)
