"""What a family tree says: the number and its definition, the releases, the tree with evidence."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from lineage.analysis.counts import count_subject
from lineage.analysis.results import Count
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import ResolvedSubject, full_scope
from lineage.analysis.tree.evidence import ForestEvidence, evidence_of
from lineage.analysis.tree.facts import ForestFacts, facts_of
from lineage.analysis.tree.forest import Forest, Kind, family_forest
from lineage.domain.addresses import is_loopback
from lineage.domain.arrays import Int64s, Mask
from lineage.domain.claims import RELATIONS, Relation, Strength
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.families import Family, Release, Reupload
from lineage.errors import SettingsError
from lineage.reporting.context import Asked, asked_by_name
from lineage.store.manifest import Manifest

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


def family_tree(scope: Scope, subject: ResolvedSubject) -> FamilyTreeReport:
    """Read a family, or what lies below one model, with everything known of each model.

    Paths weaker than the definition's are in it too, marked as such; no number counts them. A
    model is drawn as a family of one release, by the rules of `count MODEL`. SettingsError for a
    release, which is drawn in its family's tree.
    """
    if subject.release is not None and subject.family is not None:
        raise SettingsError(
            f"{subject.id} is a part of a family, and drawn with it",
            f"give the family: lineage report family-tree {subject.family.id}",
        )
    count = count_subject(scope, subject, Grouping.RELEASE)
    if subject.family is not None:
        drawn = full_scope(scope)
        forest_scope = drawn.under(replace(drawn.definition, min_strength=Strength.INFERRED))
        forest = family_forest(forest_scope, subject.family, scope.definition.min_strength)
        # What people ask for by name is told of the whole graph, whatever is counted here.
        asked = asked_by_name(scope, subject.family)
        return _report(forest_scope, forest, subject.family, count, asked)
    id = subject.id
    mirrors = tuple(Reupload(root, id) for root in count.definition.roots if root != id)
    released = scope.snapshot.manifest.origin.taken_at.date()
    alone = Family(id, id, "", (Release(id, id, released, None, (id,), mirrors),))
    # Here everything belongs to this one root, whatever release it belongs to elsewhere.
    forest_scope = scope.under(replace(scope.definition, min_strength=Strength.INFERRED))
    forest = family_forest(forest_scope.narrowed_to(alone), alone, scope.definition.min_strength)
    return replace(_report(forest_scope, forest, alone, count, ()), is_base=True)


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
    sure: Mask = forest.strength >= definition.min_strength.code
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
