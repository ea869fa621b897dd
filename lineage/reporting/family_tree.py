"""What a family tree reports: its number and definition, releases, branches, verdicts, the tree."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from lineage.analysis.counts import count_subject
from lineage.analysis.results import Count
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import ResolvedSubject, full_scope
from lineage.analysis.traces import trace_model
from lineage.analysis.tree.row_facts import (
    RowEvidence,
    RowFacts,
    read_tree_row_evidence,
    read_tree_row_facts,
)
from lineage.analysis.tree.rows import RowKind, TreeRows, build_tree_rows
from lineage.analysis.verdicts import PathClaim, Trace
from lineage.domain.addresses import is_loopback_address
from lineage.domain.claims import Strength
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.families import Family, OutsiderReason
from lineage.domain.subjects import SubjectKind
from lineage.errors import UnknownModel
from lineage.store.manifest import Manifest

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
    """The family, or one made up of the release or the model that it is about."""
    manifest: Manifest
    count: Count
    releases: tuple[ReleaseLine, ...]
    verdicts: tuple[NameVerdict, ...]
    forest: TreeRows
    facts: RowFacts
    evidence: RowEvidence
    is_sample: bool
    """The records came from a server on the writer's own machine, not from the Hub."""

    @property
    def kind(self) -> SubjectKind:
        """What it is about."""
        return self.count.kind

    @property
    def release_names(self) -> frozenset[str]:
        """The releases of the family; not what descends from several."""
        return frozenset(release.name for release in self.family.releases)

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
    """Read what lies below a family, a release or a model, with everything known of each model.

    Paths weaker than the definition's are in it too, marked as such; no number counts them. A
    model is drawn as a family of one release, by the rules of `count MODEL`.
    """
    count = count_subject(scope, subject, Grouping.RELEASE)
    joined = scope if subject.model is not None else full_scope(scope)
    drawing = joined.under(replace(joined.definition, min_strength=Strength.INFERRED))
    forest = build_tree_rows(scope, subject, Strength.INFERRED)
    snapshot, registered = scope.snapshot, subject.family
    family = registered or Family(subject.id, subject.id, "", ())
    if subject.release is not None:
        release = subject.release
        family = replace(family, id=release.id, name=release.name, releases=(release,))
    releases = [release for each in (*scope.families, family) for release in each.releases]
    released = {release.name: release.released for release in releases}
    # The verdicts on familiar names do not depend on what is counted here.
    is_whole = registered is not None and subject.release is None
    return FamilyTreeReport(
        family=family,
        manifest=snapshot.manifest,
        count=count,
        releases=tuple(
            ReleaseLine(group.value, released.get(group.value), group.total, group.direct)
            for group in count.groups
        ),
        verdicts=tuple(report_verdicts_of_names(scope, family)) if is_whole else (),
        forest=forest,
        facts=read_tree_row_facts(snapshot, forest, count.definition.as_of),
        evidence=read_tree_row_evidence(drawing, forest),
        is_sample=is_loopback_address(snapshot.manifest.origin.endpoint),
    )


def report_verdicts_of_names(scope: Scope, family: Family) -> Iterator[NameVerdict]:
    """Yield a verdict for each familiar name that the snapshot or the registry knows."""
    for name, id in FAMILIAR_NAMES.get(family.id, ()):
        try:
            trace = trace_model(scope, id, family)
        except UnknownModel:
            continue
        yield _report_verdict_of_name(name, trace)


def _report_verdict_of_name(name: str, trace: Trace) -> NameVerdict:
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
