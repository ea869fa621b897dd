"""What a snapshot says against the families: who is not there, and who declares something else."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import chain

from lineage.analysis.registry.checks import Finding, Severity, in_order
from lineage.analysis.registry.seen import Seen, look
from lineage.domain.claims import Relation
from lineage.domain.families import Family, Reupload
from lineage.store.reader import Snapshot

LATE = timedelta(days=60)
"""An official repository created so long after its release is worth a note."""

_NO_MIRROR = frozenset({Relation.QUANTIZED, Relation.ADAPTER, Relation.MERGE})
_NAMED = 3

Home = tuple[str, str]
"""A family and its release."""
Homes = Mapping[str, Home]
"""By root or copy, where it belongs."""


def check_beside(snapshot: Snapshot, families: Sequence[Family]) -> tuple[Finding, ...]:
    """Return where a snapshot and the families disagree: warnings and notes, warnings first.

    Only what is stated in the snapshot is weighed, no guesses. Ids are compared as they are spelt.
    """
    seen, homes = look(snapshot, families), _homes(families)
    return in_order(
        finding for family in families for check in CHECKS for finding in check(family, seen, homes)
    )


def unknown_ids(family: Family, seen: Seen, homes: Homes) -> Iterator[Finding]:
    """Find ids that the snapshot does not know; mirrors listed as deleted are skipped."""
    if not seen.whole:
        return
    for kind, ids in _entries(family).items():
        missing = tuple(sorted(set(ids) - set(seen.nodes)))
        if missing:
            says = (
                f"{len(missing)} of {len(set(ids))} are not in {seen.snapshot}: {_first(missing)}"
            )
            hint = "gone, private, misspelt, or not in the sample that the snapshot was drawn from"
            yield Finding(Severity.NOTE, family.id, kind, says, hint, missing)


def living_dead(family: Family, seen: Seen, homes: Homes) -> Iterator[Finding]:
    """Find roots that are said to be gone and are listed."""
    for id in chain.from_iterable(release.deleted for release in family.releases):
        if id in seen.listed:
            says = f"is said to be gone, and {seen.snapshot} lists it"
            yield Finding(Severity.WARNING, family.id, id, says, "take it out of deleted")


def contradicted_copies(family: Family, seen: Seen, homes: Homes) -> Iterator[Finding]:
    """Find re-uploads that declare to be something else, or to come from somewhere else."""
    for release in family.releases:
        for copy in release.mirrors:
            relation = seen.relation.get(copy.id)
            if relation in _NO_MIRROR:
                says = f"is listed as a plain mirror, and its page says {relation}"
                hint = "a mirror holds the same weights: see if it belongs under quantized"
                yield Finding(Severity.WARNING, family.id, copy.id, says, hint)
        for copy in chain(release.mirrors, release.quantized, release.changed):
            yield from _other_origin((family.id, release.id), copy, seen, homes)


def contradicted_edges(family: Family, seen: Seen, homes: Homes) -> Iterator[Finding]:
    """Find curated edges to which the child's own declaration does not fit."""
    for edge in family.edges:
        declared = seen.parents.get(edge.child, ())
        if declared and not _same_weights(edge.parent, declared, family):
            home = homes.get(edge.parent)
            near = home is not None and home in {homes.get(one) for one in declared}
            severity = Severity.NOTE if near else Severity.WARNING
            says = f"the registry names {edge.parent}, its page {_first(declared)}"
            hint = "compare the edge's source with the page; the page may be wrong"
            yield Finding(severity, family.id, edge.child, says, hint)


def outsiders_inside(family: Family, seen: Seen, homes: Homes) -> Iterator[Finding]:
    """Find outsiders that declared parents bring below a root of the family."""
    for one in family.outsiders:
        if one.id in seen.inside[family.id]:
            says = f"is an outsider for {one.reason}, and declared parents lead to a root"
            hint = "see the way with: lineage trace"
            yield Finding(Severity.WARNING, family.id, one.id, says, hint)


def other_licenses(family: Family, seen: Seen, homes: Homes) -> Iterator[Finding]:
    """Find releases whose official repositories carry another license tag."""
    for release in family.releases:
        tags = defaultdict(list)
        for id in release.official:
            if seen.license.get(id, release.license) != release.license:
                tags[seen.license[id]].append(id)
        for tag, ids in tags.items() if release.license else ():
            says = f"the registry says license {release.license}, {len(ids)} official pages {tag}"
            hint = "a later tag may be the right one, or the release is two"
            yield Finding(Severity.WARNING, family.id, release.id, says, hint, tuple(ids))


def late_officials(family: Family, seen: Seen, homes: Homes) -> Iterator[Finding]:
    """Find official repositories created long after their release."""
    for release in family.releases:
        late = tuple(
            id
            for id in release.official
            if id in seen.created_at and seen.created_at[id].date() > release.released + LATE
        )
        if late:
            says = (
                f"{len(late)} official were created over {LATE.days} days after {release.released}"
            )
            hint = "a later batch, a repository made anew, or a wrong date"
            yield Finding(
                Severity.NOTE, family.id, release.id, f"{says}: {_first(late)}", hint, late
            )


CHECKS: tuple[Callable[[Family, Seen, Homes], Iterator[Finding]], ...] = (
    unknown_ids,
    living_dead,
    contradicted_copies,
    contradicted_edges,
    outsiders_inside,
    other_licenses,
    late_officials,
)


def _other_origin(home: Home, copy: Reupload, seen: Seen, homes: Homes) -> Iterator[Finding]:
    declared = seen.parents.get(copy.id, ())
    theirs = {homes.get(one) for one in declared}
    if not declared or home in theirs:
        return
    inside = home[0] in {other[0] for other in theirs if other is not None}
    severity = Severity.NOTE if inside else Severity.WARNING
    says = f"is listed as a copy in {home[1]}, and its page names {_first(declared)}"
    hint = "a copied card may name its original's parent; else it stands in the wrong place"
    yield Finding(severity, home[0], copy.id, says, hint)


def _homes(families: Sequence[Family]) -> dict[str, Home]:
    return {
        id: (family.id, release.id)
        for family in families
        for release in family.releases
        for id in (
            *release.roots(),
            *(copy.id for copy in chain(release.quantized, release.changed)),
        )
    }


def _same_weights(id: str, declared: Sequence[str], family: Family) -> bool:
    return any(one == id or one in family.mirrors_of(id) for one in declared)


def _entries(family: Family) -> dict[str, list[str]]:
    dead = {id for release in family.releases for id in release.deleted}
    found: dict[str, list[str]] = defaultdict(list)
    for release in family.releases:
        found["official"] += release.official
        found["mirror"] += [copy.id for copy in release.mirrors if copy.id not in dead]
        found["quantized"] += [copy.id for copy in release.quantized]
        found["changed"] += [copy.id for copy in release.changed]
    found["edge"] = [edge.child for edge in family.edges]
    found["outsider"] = [one.id for one in family.outsiders]
    return found


def _first(ids: Sequence[str]) -> str:
    named = ", ".join(ids[:_NAMED])
    return named if len(ids) <= _NAMED else f"{named} and {len(ids) - _NAMED} more"
