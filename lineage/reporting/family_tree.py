"""What a family tree reports: its number and definition, releases, branches, verdicts, the tree."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from lineage.analysis.counts import count_subject
from lineage.analysis.results import Count
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import ResolvedSubject, find_subject, full_scope
from lineage.analysis.traces import trace_model
from lineage.analysis.tree.row_facts import RowEvidence, RowFacts, read_row_evidence, read_row_facts
from lineage.analysis.tree.rows import RowKind, TreeRows, build_tree_rows
from lineage.analysis.verdicts import PathClaim, Trace
from lineage.domain.addresses import is_loopback
from lineage.domain.arrays import Int64s, Mask
from lineage.domain.claims import RELATIONS, Relation, Strength
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.families import Family, OutsiderReason, Release, Reupload
from lineage.errors import SettingsError, UnknownModel
from lineage.store.manifest import Manifest

_BRANCHES = 15

# These are what the press called Llama's children, and what people ask first. Each is decided for
# one repository, since a brand such as Vicuna covers models of several releases.
FAMILIAR_NAMES: Mapping[str, Sequence[tuple[str, str]]] = {
    "llama": (
        ("Alpaca", "tatsu-lab/alpaca-7b-wdiff"),
        ("Vicuna v1.3", "lmsys/vicuna-7b-v1.3"),
        ("Vicuna v1.5", "lmsys/vicuna-7b-v1.5"),
        ("Koala", "young-geng/koala"),
        ("Dolly v1", "databricks/dolly-v1-6b"),
        ("Dolly v2", "databricks/dolly-v2-12b"),
        ("RedPajama-INCITE", "togethercomputer/RedPajama-INCITE-7B-Base"),
    ),
}
"""By family: a name as people say it, and the repository that is meant."""


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
    drawn_models: int
    """How many models are drawn below it: each stands below one of its parents alone."""
    total: int
    """How many descend from it, as `count` says of it under the same filters."""
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class NameVerdict:
    """A model that people ask for by name, and whether it descends from the family."""

    name: str
    id: str
    descends: bool | None
    """None = not known."""
    releases: tuple[str, ...]
    reason: OutsiderReason | None = None
    """Why it is no descendant, where the registry says so."""
    parent: str | None = None
    """Its parent on the surest path, where it descends."""
    sentence: str | None = None
    """The registry's own words on why it is none, in English."""
    quote: str | None = None
    """The claim's own words."""
    source: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class FamilyTreeReport:
    """All that a family tree says, before any format or language."""

    family: Family
    manifest: Manifest
    count: Count
    releases: tuple[ReleaseLine, ...]
    branches: tuple[BranchLine, ...]
    verdicts: tuple[NameVerdict, ...]
    forest: TreeRows
    facts: RowFacts
    evidence: RowEvidence
    is_sample: bool
    """The records came from a server on the writer's own machine, not from the Hub."""
    is_base: bool = False
    """It is about one model and what lies below it; the family is made up of that model alone."""

    @property
    def definition(self) -> Definition:
        """By which rule everything here is counted."""
        return self.count.definition

    @property
    def deleted_models(self) -> int:
        """How many models of the family are known to be deleted, by the same rule in all else."""
        is_sure = self.forest.strength >= self.definition.min_strength.code
        return int(((self.forest.kind == RowKind.DELETED) & is_sure).sum())


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
        full = full_scope(scope)
        drawn_models = full.under(replace(full.definition, min_strength=Strength.INFERRED))
        forest = build_tree_rows(drawn_models, subject.family, scope.definition.min_strength)
        # The verdicts on familiar names do not depend on what is counted here.
        verdicts = tuple(judge_names(scope, subject.family))
        report = _report(drawn_models, forest, subject.family, count, scope.definition)
        return replace(report, verdicts=verdicts)
    id = subject.id
    mirrors = tuple(Reupload(root, id) for root in count.definition.roots if root != id)
    released = scope.snapshot.manifest.origin.taken_at.date()
    alone = Family(id, id, "", (Release(id, id, released, None, (id,), mirrors),))
    # Here everything belongs to this one root, whatever release it belongs to elsewhere.
    drawn_models = scope.under(replace(scope.definition, min_strength=Strength.INFERRED))
    forest = build_tree_rows(drawn_models.narrowed_to(alone), alone, scope.definition.min_strength)
    return replace(_report(drawn_models, forest, alone, count, scope.definition), is_base=True)


def judge_names(scope: Scope, family: Family) -> Iterator[NameVerdict]:
    """Yield a verdict for each familiar name that the snapshot or the registry knows."""
    for name, id in FAMILIAR_NAMES.get(family.id, ()):
        try:
            trace = trace_model(scope, id, family)
        except UnknownModel:
            continue
        yield _judge_name(name, trace)


def _judge_name(name: str, trace: Trace) -> NameVerdict:
    releases = [root.release for root in trace.roots if root.family == trace.family]
    if trace.itself is not None:
        releases.append(trace.itself.release)
    verdict = NameVerdict(name, trace.id, trace.descends, tuple(dict.fromkeys(releases)))
    if (outsider := trace.outsider) is not None:
        return replace(
            verdict,
            reason=outsider.reason,
            sentence=outsider.sentence,
            source=outsider.source.text,
            url=outsider.source.url,
        )
    steps = [step for path in trace.paths[:1] for step in path]
    # Of the surest path's claims a curated one says most: it has a source to look at.
    claims: list[PathClaim] = [claim for step in steps for claim in step.evidence]
    best = next((claim for claim in claims if claim.source), next(iter(claims), None))
    if best is None:
        return verdict
    parent = next((step.parent for step in steps if step.child == trace.id), None)
    return replace(
        verdict,
        quote=best.quote,
        source=best.source or best.rule,
        url=best.url,
        parent=None if best.quote else parent,
    )


def _report(
    scope: Scope,
    forest: TreeRows,
    family: Family,
    count: Count,
    filters: Definition,
) -> FamilyTreeReport:
    snapshot = scope.snapshot
    releases = [release for each in (*scope.families, family) for release in each.releases]
    released = {release.name: release.released for release in releases}
    return FamilyTreeReport(
        family=family,
        manifest=snapshot.manifest,
        count=count,
        releases=tuple(
            ReleaseLine(group.value, released.get(group.value), group.total, group.direct)
            for group in count.groups
        ),
        branches=_largest_branches(scope, forest, count.definition, filters),
        verdicts=(),
        forest=forest,
        facts=read_row_facts(snapshot, forest, count.definition.as_of),
        evidence=read_row_evidence(scope, forest),
        is_sample=is_loopback(snapshot.manifest.origin.endpoint),
    )


def _largest_branches(
    scope: Scope, forest: TreeRows, definition: Definition, filters: Definition
) -> tuple[BranchLine, ...]:
    """Return the derivatives with most counted models below them, counted themselves or not."""
    is_sure = forest.strength >= definition.min_strength.code
    counting = scope.under(filters)
    kinds = [RowKind.MODEL, RowKind.DELETED] if definition.deleted else [RowKind.MODEL]
    drawn_models, group = _drawn_below(forest, np.isin(forest.kind, kinds) & is_sure)
    rows = np.flatnonzero((forest.relation >= 0) & is_sure & (drawn_models > 0))
    rows = rows[np.argsort(-drawn_models[rows], kind="stable")][:_BRANCHES]
    return tuple(
        BranchLine(
            id=(id := forest.names[row]),
            release=forest.names[group[row]],
            relation=RELATIONS[forest.relation[row]],
            drawn_models=int(drawn_models[row]),
            total=count_subject(counting, find_subject(counting, f"model:{id}")).total,
            is_deleted=bool(forest.kind[row] == RowKind.DELETED),
        )
        for row in rows.tolist()
    )


def _drawn_below(forest: TreeRows, counted: Mask) -> tuple[Int64s, Int64s]:
    """Return how many counted models are drawn below each row, and the row of its group."""
    sizes = counted.astype(np.int64).tolist()
    parents = forest.parent.tolist()
    group = [0] * len(forest)
    # Rows stand in the order of a walk: children after their parent, so one pass back sums them up.
    for row in range(len(forest) - 1, 0, -1):
        sizes[parents[row]] += sizes[row]
    for row in range(1, len(forest)):
        group[row] = group[parents[row]] or row
    return np.array(sizes) - counted, np.array(group)
