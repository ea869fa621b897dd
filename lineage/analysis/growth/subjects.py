"""The subjects whose curves are stored, and the models below each: families, releases, roots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from lineage.analysis.groups import find_releases_above_nodes
from lineage.analysis.scope import Scope, select_scope_edges
from lineage.domain.arrays import Int64s, Mask, Nodes
from lineage.domain.claims import Strength
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.graph import reach
from lineage.graph.reach import pairs_below
from lineage.store.reader import EdgeColumns, Snapshot


class CurveKind(StrEnum):
    """What a curve is of."""

    FAMILY = "family"
    RELEASE = "release"
    """A part of its family: all releases, `mixed` and `unknown` add up to it."""
    BASE = "base"
    """An official repository alone, by the default definition of a named base."""


@dataclass(frozen=True, slots=True)
class CurveSubject:
    """One thing that is counted."""

    family: Family
    kind: CurveKind
    name: str
    """Id of the family, name of the release, present id of the base."""
    key: str | None = None
    """Of a base."""


@dataclass(frozen=True, slots=True)
class CountedPairs:
    """Subjects, and a pair of columns: which of them counts which node, listed or deleted."""

    subjects: Sequence[CurveSubject]
    subject: Int64s
    node: Int64s


@dataclass(frozen=True, slots=True)
class FamilyTotal:
    """The derivatives of a family; the parts add up to the whole."""

    total: int
    releases: Mapping[str, int]
    """By name of the release in the registry's order, then `mixed` and `unknown`; no zeros."""


def count_below(scope: Scope, declared: EdgeColumns) -> CountedPairs:
    """Return the models below each family, release and official root.

    The scope is that of families; `declared` are all edges of the snapshot, without the
    registry's. Every model with a record is in, deleted ones too; no root of a family, and no
    base below itself.
    """
    roots, near = _find_roots(scope)
    families, releases = _count_growth_of_families(scope, roots, near)
    parts = (families, releases, _count_bases(scope, near, declared))
    subjects = [subject for part in parts for subject in part.subjects]
    offsets = np.cumsum([0, *(len(part.subjects) for part in parts)])
    subject = np.concatenate(
        [part.subject + offset for part, offset in zip(parts, offsets, strict=False)]
    )
    return CountedPairs(subjects, subject, np.concatenate([part.node for part in parts]))


def count_families_in_scope(scope: Scope) -> dict[str, FamilyTotal]:
    """Count every family and its releases at once, as `count` does one by one."""
    scope = scope.under(Definition(mirrors=True, curated=True))
    snapshot = scope.snapshot
    whole, parts = _count_growth_of_families(scope, *_find_roots(scope))
    releases: dict[str, dict[str, int]] = {family.id: {} for family in scope.families}
    for subject, number in zip(parts.subjects, _count_listed_members(parts, snapshot), strict=True):
        if number:  # else all of them are deleted
            releases[subject.family.id][subject.name] = number
    totals = zip(whole.subjects, _count_listed_members(whole, snapshot), strict=True)
    return {
        subject.family.id: FamilyTotal(number, releases[subject.family.id])
        for subject, number in totals
    }


def _count_listed_members(counted: CountedPairs, snapshot: Snapshot) -> list[int]:
    listed = counted.subject[counted.node < snapshot.manifest.models]
    return list(np.bincount(listed, minlength=len(counted.subjects)).tolist())


def _find_roots(scope: Scope) -> tuple[list[Nodes], Mask]:
    """Return each family's roots; mark all of them and what is below: most of a Hub is neither."""
    roots = [scope.tops_of(family) for family in scope.families]
    whole = np.concatenate([np.empty(0, np.int32), *roots])
    near = reach.find_below(scope.edges.child, scope.edges.parent, scope.nodes, whole)
    near[whole] = True
    return roots, near


def _count_growth_of_families(
    scope: Scope, roots: Sequence[Nodes], near: Mask
) -> tuple[CountedPairs, CountedPairs]:
    """Count below each family, and divide that by the release that each model meets first."""
    edges = select_scope_edges(scope.edges, near[scope.edges.parent])
    family, node = _growth_pairs_below(scope, edges, roots)
    own = [nodes.astype(np.int64) + at * scope.nodes for at, nodes in enumerate(roots)]
    counted = ~np.isin(family * scope.nodes + node, np.concatenate([np.empty(0, np.int64), *own]))
    family, node = family[counted], node[counted]
    subjects = [CurveSubject(each, CurveKind.FAMILY, each.id) for each in scope.families]
    families = CountedPairs(subjects, family, node)

    first_releases = find_releases_above_nodes(scope, edges)
    names = first_releases.names_of_counted_releases()
    place = {name: at for at, name in enumerate(names)}  # two families may call one alike
    release = np.array([place[name] for name in names])[first_releases.place_by_node()[node]]
    code = family * len(names) + release
    used = np.unique(code)
    parts = [
        CurveSubject(scope.families[at // len(names)], CurveKind.RELEASE, names[at % len(names)])
        for at in used.tolist()
    ]
    return families, CountedPairs(parts, np.searchsorted(used, code), node)


def _count_bases(scope: Scope, near: Mask, declared: EdgeColumns) -> CountedPairs:
    """Count below each official repository by what the snapshot itself declares."""
    # A named base is counted without the registry, so its stored curve must be too.
    is_declared = declared.strength >= Strength.DECLARED.code
    edges = select_scope_edges(declared, near[declared.parent] & is_declared)
    owner = {
        id: family
        for family in scope.families
        for release in family.releases
        for id in release.official
    }
    is_base = reach.mark_nodes(scope.nodes, edges.parent)
    bases = {node: owner[id] for id, node in scope.nodes_of(owner).items() if is_base[node]}
    nodes = np.array(sorted(bases), np.int64)
    keys, ids = (names.to_pylist() for names in scope.snapshot.names_of_bases(nodes))
    subject, node = _growth_pairs_below(scope, edges, list(nodes[:, np.newaxis]))
    is_other = nodes[subject] != node
    subjects = [
        CurveSubject(bases[node], CurveKind.BASE, id, key)
        for node, id, key in zip(nodes.tolist(), ids, keys, strict=True)
    ]
    return CountedPairs(subjects, subject[is_other], node[is_other])


def _growth_pairs_below(
    scope: Scope, edges: EdgeColumns, starts: Sequence[Nodes]
) -> tuple[Int64s, Int64s]:
    """Return the pairs of a start and a node with a record below it."""
    start, node = pairs_below(edges.child, edges.parent, starts)
    has_record = node < scope.snapshot.records
    return start[has_record], node[has_record]
