"""What a family may not say of itself: no name stands for two things, no statement stands twice."""

from collections.abc import Iterable, Iterator

from lineage.domain.families import Family
from lineage.errors import SettingsError

Claim = tuple[str, str]
"""A name, and what it stands for."""

NO_RELEASE = ("mixed", "unknown")
"""Rows of a count by release that are none."""


def refuse_contradictions(file: str, family: Family) -> None:
    """Raise SettingsError for the first contradiction; the Hub compares ids without case."""
    _refuse_shared(file, _handles(family))
    taken = _refuse_shared(file, names_of_roots(family))
    taken = _refuse_shared(file, _other_names(family), taken)
    _refuse_edges(file, family)
    _refuse_outsiders(file, family, taken)
    _refuse_old_names(file, family)


def names_of_roots(family: Family) -> Iterator[Claim]:
    """Yield every name that leads to a root of a family, with its role."""
    for release in family.releases:
        yield from ((id, f"official in {release.id}") for id in release.official)
        yield from ((it.id, f"a mirror in {release.id}") for it in release.mirrors)
        yield from ((it.name, f"an old name in {release.id}") for it in release.former_names)


def _handles(family: Family) -> Iterator[Claim]:
    yield from ((word, "a word for what has no single release") for word in NO_RELEASE)
    for release in family.releases:
        for name in sorted({release.id, release.name.lower()}):
            yield name, f"release {release.id}"


def _other_names(family: Family) -> Iterator[Claim]:
    for release in family.releases:
        yield from ((it.id, f"a quantized copy in {release.id}") for it in release.quantized)
        yield from ((it.id, f"a changed copy in {release.id}") for it in release.changed)
    yield from ((it.name, "an old name") for it in family.renamed)


def _refuse_shared(
    file: str, claims: Iterable[Claim], taken: dict[str, str] | None = None
) -> dict[str, str]:
    roles = {} if taken is None else taken
    for name, role in claims:
        if name.lower() in roles:
            raise SettingsError(
                f"{file}: {name} is {roles[name.lower()]} and also {role}",
                "one name stands for one thing: keep one of the two entries",
            )
        roles[name.lower()] = role
    return roles


def _refuse_edges(file: str, family: Family) -> None:
    seen: set[tuple[str, str]] = set()
    for edge in family.curated_edges():
        pair = edge.child.lower(), edge.parent.lower()
        if pair[0] == pair[1]:
            raise SettingsError(
                f"{file}, edge {edge.child}: it is its own parent", "name another parent"
            )
        if pair in seen:
            raise SettingsError(
                f"{file}, edge {edge.child}: its edge to {edge.parent} is listed twice",
                "keep one; quantized and changed copies are edges by themselves",
            )
        seen.add(pair)


def _refuse_outsiders(file: str, family: Family, taken: dict[str, str]) -> None:
    roles = dict(taken)
    roles |= {edge.child.lower(): f"a child of {edge.parent}" for edge in family.curated_edges()}
    _refuse_shared(file, ((one.id, "an outsider") for one in family.outsiders), roles)


def _refuse_old_names(file: str, family: Family) -> None:
    """Refuse an entry under a name that its model no longer has: settled names are compared."""
    now = {old.name.lower(): old.now for old in family.former_names()}
    used = [id for edge in family.edges for id in (edge.child, edge.parent)]
    used += [old.now for old in family.former_names()]
    for id in used:
        if id.lower() in now:
            raise SettingsError(
                f"{file}: {id} is an old name of {now[id.lower()]}", "write the name it has now"
            )
