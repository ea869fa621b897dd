"""What families say against each other: contradictions that need no snapshot to be found."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lineage.domain.claims import Relation
from lineage.domain.families import CuratedEdge, Family, Outsider, OutsiderReason, is_claimable
from lineage.evidence.names import sizes_in_claimed_name


class FindingSeverity(StrEnum):
    """How much a finding matters, worst first."""

    ERROR = "error"
    """Two entries cannot both be true."""
    WARNING = "warning"
    """Something else disagrees: somebody should look."""
    NOTE = "note"
    """Worth knowing; nothing need be wrong."""


@dataclass(frozen=True, slots=True)
class RegistryFinding:
    """One thing that is odd about one entry of one family."""

    severity: FindingSeverity
    family: str
    entry: str
    says: str
    hint: str = ""
    ids: tuple[str, ...] = ()
    """The repositories that it is about, where they are several."""


RegistryCheck = Callable[[Sequence[Family]], Iterator[RegistryFinding]]

# Such an outsider has no weights of its own, or not those of the family: no root can be one.
_NO_ROOT = frozenset(
    {OutsiderReason.OTHER_ROOT, OutsiderReason.DATASET_ONLY, OutsiderReason.FORMAT_CONVERSION}
)

# Names round: a `1b` has 1.3 thousand million parameters.
_NEAR = 1.5
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([bm])")

EdgesByChild = Mapping[str, Sequence[CuratedEdge]]


def check_registry(families: Sequence[Family]) -> tuple[RegistryFinding, ...]:
    """Return what contradicts within and between families, worst first; ids without case."""
    return sort_registry_findings(finding for check in CHECKS for finding in check(families))


def sort_registry_findings(findings: Iterable[RegistryFinding]) -> tuple[RegistryFinding, ...]:
    """Return findings worst first, then by family and entry."""
    rank = list(FindingSeverity)
    return tuple(
        sorted(findings, key=lambda it: (rank.index(it.severity), it.family, it.entry, it.says))
    )


def find_roots_of_two_families(families: Sequence[Family]) -> Iterator[RegistryFinding]:
    """Find roots and releases that stand in two families."""
    names_by_kind: Mapping[str, Callable[[Family], Iterable[str]]] = {
        "root": lambda family: family.root_repo_ids(),
        "release": lambda family: {release.id for release in family.releases},
    }
    for kind, names_of in names_by_kind.items():
        owner: dict[str, Family] = {}
        for family in families:
            for name in names_of(family):
                first = owner.setdefault(name.lower(), family)
                if first is not family:
                    says = f"is a {kind} of the family {first.id} too"
                    hint = f"a {kind} belongs to one family: take it out of the other"
                    yield RegistryFinding(FindingSeverity.ERROR, family.id, name, says, hint)


def find_registry_name_contradictions(families: Sequence[Family]) -> Iterator[RegistryFinding]:
    """Find old names that lead to two models, or that are a present root elsewhere."""
    roots = _families_by_root(families)
    now: dict[str, str] = {}
    for family in families:
        for old in family.former_names():
            name = old.name.lower()
            other = now.setdefault(name, old.now)
            hint = "one name leads to one model: see which the Hub redirects to"
            if other.lower() != old.now.lower():
                says = f"is an old name of {old.now} here and of {other} elsewhere"
                yield RegistryFinding(FindingSeverity.ERROR, family.id, old.name, says, hint)
            if name in roots:
                says = f"is an old name of {old.now} and a root of the family {roots[name]}"
                yield RegistryFinding(FindingSeverity.ERROR, family.id, old.name, says, hint)


def find_curated_edge_cycles(families: Sequence[Family]) -> Iterator[RegistryFinding]:
    """Find curated edges that lead from a model back to itself."""
    parents = _curated_edges_for_contradictions(families)
    owner = {
        edge.child.lower(): family.id
        for family in families
        for edge in family.curated_family_edges()
    }
    reported: set[str] = set()
    for start in parents:
        path = _registry_path_back(start, parents)
        if path and not reported.intersection(path):
            reported.update(path)
            says = f"its edges lead back to it: {' <- '.join([*path, path[0]])}"
            hint = "one of these edges is the wrong way round"
            yield RegistryFinding(FindingSeverity.ERROR, owner[start], path[0], says, hint)


def find_divided_curated_children(families: Sequence[Family]) -> Iterator[RegistryFinding]:
    """Find models to which two families give a parent, other than by a merge."""
    first: dict[str, tuple[Family, CuratedEdge]] = {}
    for family in families:
        for edge in family.curated_family_edges():
            other, earlier = first.setdefault(edge.child.lower(), (family, edge))
            # A merge has parents in several families by nature.
            if other is family or Relation.MERGE in (edge.relation, earlier.relation):
                continue
            says = (
                f"comes from {edge.parent} here and from {earlier.parent} in the family {other.id}"
            )
            hint = "keep the edge whose source is better, or write both as a merge"
            yield RegistryFinding(FindingSeverity.ERROR, family.id, edge.child, says, hint)


def find_loose_curated_parents(families: Sequence[Family]) -> Iterator[RegistryFinding]:
    """Find curated edges that lead to no root, and roots that have a parent in another family."""
    roots = _families_by_root(families)
    children = set(_curated_edges_for_contradictions(families))
    for family in families:
        for edge in family.curated_family_edges():
            parent = edge.parent.lower()
            if parent not in roots and parent not in children and not is_claimable(parent):
                says = f"its parent {edge.parent} is no root, and no edge leads on from there"
                hint = "add the edge that leads on, or the family that it belongs to"
                yield RegistryFinding(FindingSeverity.WARNING, family.id, edge.child, says, hint)
            other = roots.get(edge.child.lower(), family.id)
            if other != family.id:
                says = f"comes from {edge.parent} here and is a root of the family {other}"
                hint = "a model counts in the family of its nearest root: say there if it is one"
                yield RegistryFinding(FindingSeverity.WARNING, family.id, edge.child, says, hint)


def find_impossible_sizes(families: Sequence[Family]) -> Iterator[RegistryFinding]:
    """Find tunings and copies whose name says another size than their parent's does."""
    for family in families:
        sizes_of = {release.subject: release.sizes for release in family.releases}
        for edge in family.curated_family_edges():
            # Merges stack layers, and what was cut or grown has no relation of its own.
            if edge.relation in (Relation.MERGE, Relation.UNSPECIFIED):
                continue
            own = _read_contradicting_sizes(sizes_in_claimed_name(edge.child))
            above = _read_contradicting_sizes(
                sizes_of.get(edge.parent, sizes_in_claimed_name(edge.parent))
            )
            if own and above and not any(a / b < _NEAR > b / a for a in own for b in above):
                says = f"its name says another size than that of {edge.parent}"
                hint = "one of the two ids is wrong, or it was cut or grown: relation unspecified"
                yield RegistryFinding(FindingSeverity.WARNING, family.id, edge.child, says, hint)


def _read_contradicting_sizes(sizes: Iterable[str]) -> list[float]:
    """Return sizes such as `7b`, `70B` and `270M` as parameters, in thousand millions."""
    matches = (_SIZE.fullmatch(size.lower()) for size in sizes)
    return [float(it[1]) * (0.001 if it[2] == "m" else 1) for it in matches if it is not None]


def find_impossible_outsiders(families: Sequence[Family]) -> Iterator[RegistryFinding]:
    """Find outsiders that an entry of any family brings back in, or that cannot be for a reason."""
    roots, parents = _families_by_root(families), _curated_edges_for_contradictions(families)
    for family in families:
        for outsider in family.outsiders:
            says = _explain_contradiction(outsider, family, roots, parents)
            if says:
                hint = "the reason or the other entry is wrong: look at both sources"
                yield RegistryFinding(FindingSeverity.ERROR, family.id, outsider.id, says, hint)


CHECKS: tuple[RegistryCheck, ...] = (
    find_roots_of_two_families,
    find_registry_name_contradictions,
    find_curated_edge_cycles,
    find_divided_curated_children,
    find_loose_curated_parents,
    find_impossible_sizes,
    find_impossible_outsiders,
)


def _explain_contradiction(
    outsider: Outsider, family: Family, roots: Mapping[str, str], parents: EdgesByChild
) -> str:
    id = outsider.id.lower()
    above = _curated_ancestors_of(id, parents)
    own_roots = [ancestor for ancestor in above if roots.get(ancestor) == family.id]
    reason = outsider.reason
    if own_roots:
        return (
            f"is an outsider, and curated edges lead from it to {own_roots[0]} of the same family"
        )
    if roots.get((outsider.root or "").lower()) == family.id:
        return f"is an outsider, and its root {outsider.root} belongs to the same family"
    if reason in _NO_ROOT and id in roots:
        return f"is an outsider for {reason}, and a root of the family {roots[id]}"
    if reason is OutsiderReason.OWN_PRETRAINING and above:
        return f"has weights of its own, and a curated edge to {next(iter(above))}"
    return ""


def _families_by_root(families: Sequence[Family]) -> dict[str, str]:
    """Return the family of every root, by the root's name without case."""
    return {id.lower(): family.id for family in families for id in family.root_repo_ids()}


def _curated_edges_for_contradictions(families: Sequence[Family]) -> dict[str, list[CuratedEdge]]:
    edges: dict[str, list[CuratedEdge]] = defaultdict(list)
    for family in families:
        for edge in family.curated_family_edges():
            edges[edge.child.lower()].append(edge)
    return dict(edges)


def _curated_ancestors_of(start: str, parents: EdgesByChild) -> dict[str, None]:
    """Return every model above one, nearest first."""
    above: dict[str, None] = {}
    queue = [start]
    while queue:
        for edge in parents.get(queue.pop(0), ()):
            if edge.parent.lower() not in above:
                above[edge.parent.lower()] = None
                queue.append(edge.parent.lower())
    return above


def _registry_path_back(start: str, parents: EdgesByChild) -> list[str]:
    """Return a path up from a model to itself, itself first; empty where there is none."""
    came_from: dict[str, str] = {}
    queue = [start]
    while queue:
        id = queue.pop(0)
        for edge in parents.get(id, ()):
            parent = edge.parent.lower()
            if parent == start:
                path = [id]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return path[::-1]
            if parent not in came_from:
                came_from[parent] = id
                queue.append(parent)
    return []
