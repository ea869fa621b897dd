"""One base or family counted by one definition after the other, each a step from the last."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow.compute as pc

from lineage.analysis.groups import MIXED, UNKNOWN
from lineage.analysis.members import Members, away_at, members_below
from lineage.analysis.releases import Releases, releases_met
from lineage.analysis.results import ComparedCount, Comparison, ComparisonStep
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import base_roots, find_base, root_nodes
from lineage.domain.arrays import Nodes
from lineage.domain.claims import RELATIONS, Relation, Strength
from lineage.domain.definitions import Closure, Definition
from lineage.domain.families import Family, Release
from lineage.domain.moments import end_of
from lineage.store.reader import Snapshot

LEAST_DOWNLOADS = 10


def compare_base(
    snapshot: Snapshot,
    name: str,
    families: Sequence[Family],
    least_downloads: int = LEAST_DOWNLOADS,
    as_of: date | None = None,
) -> Comparison:
    """Count one model by every definition; UnknownModel where the snapshot knows no such name.

    With a day, each rung as it stood at the end of it.
    """
    base = find_base(snapshot, name, families)
    steps = []
    for step, definition in definitions_of_steps(least_downloads, as_of):
        scope = Scope.of(snapshot, definition, families)
        ids, nodes = base_roots(scope, base)
        steps.append(_rung(step, scope, ids, members_below(scope, nodes), None))
    gone = _known_gone(snapshot, as_of)
    return Comparison(name, base.id, base.key, snapshot.id, _with_authors(steps), gone)


def compare_family(
    snapshot: Snapshot,
    family: Family,
    families: Sequence[Family],
    least_downloads: int = LEAST_DOWNLOADS,
    as_of: date | None = None,
) -> Comparison:
    """Count a family by every definition, and divide each number by release.

    With a day, each rung as it stood at the end of it.
    """
    steps = []
    for step, definition in definitions_of_steps(least_downloads, as_of):
        scope, ids, members = _family_members(snapshot, family, families, definition)
        steps.append(_rung(step, scope, ids, members, releases_met(scope, scope.edges)))
    asked = f"family:{family.id}"
    gone = _known_gone(snapshot, as_of)
    return Comparison(asked, asked, None, snapshot.id, _with_authors(steps), gone)


def compare_release(
    snapshot: Snapshot,
    family: Family,
    release: Release,
    families: Sequence[Family],
    least_downloads: int = LEAST_DOWNLOADS,
) -> Comparison:
    """Count the models that meet this release first, and no other, by every definition."""
    steps = []
    for step, definition in definitions_of_steps(least_downloads):
        scope, ids, members = _family_members(snapshot, family, families, definition)
        found = releases_met(scope, scope.edges)
        of_it = found.only() == found.releases.index(release)
        own = replace(members, counted=members.counted & of_it, direct=members.direct & of_it)
        ids = tuple(id for id in ids if id in release.roots())
        steps.append(_rung(step, scope, ids, own, None))
    gone = snapshot.manifest.tombstones
    asked = f"release:{release.id}"
    return Comparison(asked, release.name, None, snapshot.id, _with_authors(steps), gone)


def _family_members(
    snapshot: Snapshot, family: Family, families: Sequence[Family], definition: Definition
) -> tuple[Scope, tuple[str, ...], Members]:
    """Return what lies below the official repositories, and below mirrors where they join."""
    scope = Scope.of(snapshot, definition, families)
    official = tuple(id for release in family.releases for id in release.official)
    ids = family.roots() if definition.mirrors else official
    return scope, ids, members_below(scope, root_nodes(scope, ids))


def _known_gone(snapshot: Snapshot, as_of: date | None) -> int:
    """Return how many models were known to be gone, by the end of a day where one is given.

    Those who were away on that day alone are among them: they are left out like the others.
    """
    if as_of is None:
        return snapshot.manifest.tombstones
    missed_at = snapshot.tombstones(["missed_at"])["missed_at"]
    gone = int(pc.sum(pc.less(missed_at, end_of(as_of))).as_py() or 0)
    return gone + len(away_at(snapshot, end_of(as_of)))


def definitions_of_steps(
    least_downloads: int, as_of: date | None = None
) -> Iterator[tuple[ComparisonStep, Definition]]:
    """Yield each step but the authors with the definition it counts by."""
    unmerged = tuple(relation for relation in Relation if relation is not Relation.MERGE)
    rule = Definition(relations=unmerged, closure=Closure.DIRECT, deleted=True, as_of=as_of)
    yield ComparisonStep.DIRECT, rule
    yield ComparisonStep.ALL_GENERATIONS, (rule := replace(rule, closure=Closure.ALL))
    yield ComparisonStep.MERGES, (rule := replace(rule, relations=RELATIONS))
    yield ComparisonStep.MIRRORS, (rule := replace(rule, mirrors=True))
    yield ComparisonStep.CURATED, (rule := replace(rule, curated=True))
    yield ComparisonStep.INFERRED, (rule := replace(rule, least=Strength.INFERRED))
    yield ComparisonStep.NOT_DELETED, (rule := replace(rule, deleted=False))
    yield ComparisonStep.DOWNLOADS, replace(rule, min_downloads=least_downloads)


def _rung(
    step: ComparisonStep,
    scope: Scope,
    roots: Sequence[str],
    members: Members,
    releases: Releases | None,
) -> ComparedCount:
    nodes = np.flatnonzero(members.counted).astype(np.int32)
    return ComparedCount(
        step=step,
        number=len(nodes),
        direct=int(members.direct.sum()),
        authors=len(np.unique(_authors(scope, nodes))),
        definition=replace(scope.definition, roots=tuple(roots)),
        by_release={} if releases is None else _by_release(releases, nodes),
    )


def _authors(scope: Scope, nodes: Nodes) -> Nodes:
    """Return a number for each model's author; who names none is nobody, and no author."""
    author = scope.snapshot.record_column("author").combine_chunks().take(nodes)
    known = pc.drop_null(author).dictionary_encode()
    codes: Nodes = known.indices.to_numpy()
    return codes


def _by_release(releases: Releases, nodes: Nodes) -> dict[str, int]:
    names = [*(release.name for release in releases.releases), MIXED, UNKNOWN]
    numbers = np.bincount(releases.only()[nodes] % len(names), minlength=len(names)).tolist()
    return {name: number for name, number in zip(names, numbers, strict=True) if number}


def _with_authors(steps: Sequence[ComparedCount]) -> tuple[ComparedCount, ...]:
    last = steps[-1]
    authors = replace(last, step=ComparisonStep.AUTHORS, number=last.authors, by_release={})
    return (*steps, authors)
