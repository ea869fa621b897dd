"""What families say against each other: contradictions that need no snapshot to be seen."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lineage.domain.claims import Relation
from lineage.domain.families import CuratedEdge, Family, Outsider, OutsiderReason


class Severity(StrEnum):
    """How much a finding matters, worst first."""

    ERROR = "error"
    """Two entries cannot both be true."""
    WARNING = "warning"
    """Something else disagrees: somebody should look."""
    NOTE = "note"
    """Worth knowing; nothing need be wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is odd about one entry of one family."""

    severity: Severity
    family: str
    entry: str
    says: str
    hint: str = ""
    ids: tuple[str, ...] = ()
    """The repositories that it is about, where they are several."""


_NO_ROOT = frozenset(
    {OutsiderReason.OTHER_ROOT, OutsiderReason.DATASET_ONLY, OutsiderReason.FORMAT_CONVERSION}
)
"""Reasons that no root can have: it would have weights of its own."""

Parents = Mapping[str, Sequence[CuratedEdge]]


def check_registry(families: Sequence[Family]) -> tuple[Finding, ...]:
    """Return what contradicts within and between families, worst first; ids without case."""
    found = [finding for check in CHECKS for finding in check(families)]
    return in_order(found)


def in_order(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings worst first, then by family and entry."""
    rank = list(Severity)
    return tuple(
        sorted(found, key=lambda it: (rank.index(it.severity), it.family, it.entry, it.says))
    )


def shared_names(families: Sequence[Family]) -> Iterator[Finding]:
    """Find roots and releases that stand in two families."""
    for what, names_of in _NAMED.items():
        owner: dict[str, Family] = {}
        for family in families:
            for name in names_of(family):
                first = owner.setdefault(name.lower(), family)
                if first is not family:
                    says = f"is a {what} of the family {first.id} too"
                    hint = f"a {what} belongs to one family: take it out of the other"
                    yield Finding(Severity.ERROR, family.id, name, says, hint)


def clashing_old_names(families: Sequence[Family]) -> Iterator[Finding]:
    """Find old names that lead to two models, or that are a present root elsewhere."""
    roots = _roots(families)
    now: dict[str, str] = {}
    for family in families:
        for old in family.former_names():
            name = old.name.lower()
            other = now.setdefault(name, old.now)
            hint = "one name leads to one model: see which the Hub redirects to"
            if other.lower() != old.now.lower():
                says = f"is an old name of {old.now} here and of {other} elsewhere"
                yield Finding(Severity.ERROR, family.id, old.name, says, hint)
            if name in roots:
                says = f"is an old name of {old.now} and a root of the family {roots[name]}"
                yield Finding(Severity.ERROR, family.id, old.name, says, hint)


def cycles(families: Sequence[Family]) -> Iterator[Finding]:
    """Find curated edges that lead from a model back to itself."""
    parents = _parents(families)
    owner = {
        edge.child.lower(): family.id for family in families for edge in family.curated_edges()
    }
    seen: set[str] = set()
    for start in parents:
        way = _way_back(start, parents)
        if way and not seen.intersection(way):
            seen.update(way)
            says = f"its edges lead back to it: {' <- '.join([*way, way[0]])}"
            hint = "one of these edges is the wrong way round"
            yield Finding(Severity.ERROR, owner[start], way[0], says, hint)


def divided_children(families: Sequence[Family]) -> Iterator[Finding]:
    """Find models to which two families give a parent, other than by a merge."""
    first: dict[str, tuple[Family, CuratedEdge]] = {}
    for family in families:
        for edge in family.curated_edges():
            other, before = first.setdefault(edge.child.lower(), (family, edge))
            if other is family or Relation.MERGE in (edge.relation, before.relation):
                continue
            says = (
                f"comes from {edge.parent} here and from {before.parent} in the family {other.id}"
            )
            hint = "keep the edge whose source is better, or write both as a merge"
            yield Finding(Severity.ERROR, family.id, edge.child, says, hint)


def loose_parents(families: Sequence[Family]) -> Iterator[Finding]:
    """Find curated edges that lead to no root, and roots that have a parent in another family."""
    roots = _roots(families)
    children = set(_parents(families))
    for family in families:
        for edge in family.curated_edges():
            parent = edge.parent.lower()
            if parent not in roots and parent not in children:
                says = f"its parent {edge.parent} is no root, and no edge leads on from there"
                hint = "add the edge that leads on, or the family that it belongs to"
                yield Finding(Severity.WARNING, family.id, edge.child, says, hint)
            other = roots.get(edge.child.lower(), family.id)
            if other != family.id:
                says = f"comes from {edge.parent} here and is a root of the family {other}"
                hint = "a model counts in the family of its nearest root: say there if it is one"
                yield Finding(Severity.WARNING, family.id, edge.child, says, hint)


def impossible_outsiders(families: Sequence[Family]) -> Iterator[Finding]:
    """Find outsiders that an entry of any family brings back in, or that cannot be for a reason."""
    roots, parents = _roots(families), _parents(families)
    for family in families:
        for one in family.outsiders:
            says = _what_is_wrong_with(one, family, roots, parents)
            if says:
                hint = "the reason or the other entry is wrong: look at both sources"
                yield Finding(Severity.ERROR, family.id, one.id, says, hint)


CHECKS: tuple[Callable[[Sequence[Family]], Iterator[Finding]], ...] = (
    shared_names,
    clashing_old_names,
    cycles,
    divided_children,
    loose_parents,
    impossible_outsiders,
)

_NAMED: Mapping[str, Callable[[Family], Iterable[str]]] = {
    "root": lambda family: family.roots(),
    "release": lambda family: {it.id for it in family.releases},
}


def _what_is_wrong_with(
    one: Outsider, family: Family, roots: Mapping[str, str], parents: Parents
) -> str:
    above = _above(one.id.lower(), parents)
    into = [id for id in above if roots.get(id) == family.id]
    home = roots.get((one.root or "").lower())
    if into:
        return f"is an outsider, and curated edges lead from it to {into[0]} in the same family"
    if home == family.id:
        return f"is an outsider, and its root {one.root} belongs to the same family"
    if one.reason in _NO_ROOT and one.id.lower() in roots:
        return f"is an outsider for {one.reason}, and a root of the family {roots[one.id.lower()]}"
    if one.reason is OutsiderReason.OWN_PRETRAINING and above:
        return f"has weights of its own, and a curated edge to {next(iter(above))}"
    return ""


def _roots(families: Sequence[Family]) -> dict[str, str]:
    """Return the family of every root, by the root's name without case."""
    return {id.lower(): family.id for family in families for id in family.roots()}


def _parents(families: Sequence[Family]) -> dict[str, list[CuratedEdge]]:
    found: dict[str, list[CuratedEdge]] = defaultdict(list)
    for family in families:
        for edge in family.curated_edges():
            found[edge.child.lower()].append(edge)
    return dict(found)


def _above(start: str, parents: Parents) -> dict[str, None]:
    """Return every model above one, nearest first."""
    above: dict[str, None] = {}
    waiting = [start]
    while waiting:
        for edge in parents.get(waiting.pop(0), ()):
            if edge.parent.lower() not in above:
                above[edge.parent.lower()] = None
                waiting.append(edge.parent.lower())
    return above


def _way_back(start: str, parents: Parents) -> list[str]:
    """Return a way up from a model to itself, itself first; empty where there is none."""
    came_from: dict[str, str] = {}
    waiting = [start]
    while waiting:
        at = waiting.pop(0)
        for edge in parents.get(at, ()):
            parent = edge.parent.lower()
            if parent == start:
                way = [at]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if parent not in came_from:
                came_from[parent] = at
                waiting.append(parent)
    return []
