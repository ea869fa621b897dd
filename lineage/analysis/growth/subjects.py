"""Whose curves are stored, and who counts below each: families, releases, official roots."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from lineage.analysis.groups import MIXED, UNKNOWN
from lineage.analysis.releases import releases_met
from lineage.analysis.scope import Scope, kept
from lineage.analysis.subjects import root_nodes
from lineage.domain.arrays import Int64s, Mask, Nodes
from lineage.domain.claims import Strength
from lineage.domain.families import Family
from lineage.graph import reach
from lineage.graph.each_below import each_below
from lineage.store.reader import EdgeColumns

_STATED = Strength.DECLARED.code


class Of(StrEnum):
    """What a curve is of."""

    FAMILY = "family"
    RELEASE = "release"
    """A part of its family: all releases, `mixed` and `unknown` add up to it."""
    BASE = "base"
    """An official repository alone, by the default definition of a named base."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that is counted."""

    family: Family
    of: Of
    name: str
    """Id of the family, name of the release, present id of the base."""
    key: str | None = None
    """Of a base."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Subjects, and a pair of columns: which of them counts which node, listed or gone."""

    subjects: Sequence[Subject]
    subject: Int64s
    node: Int64s


def counted_below(scope: Scope, said: EdgeColumns) -> Counted:
    """Say who lies below each family, release and official root.

    The ground is that of families; `said` are all edges of the snapshot, without the registry's.
    Everybody with a record is in, those who are gone too; no root of a family, and no base below
    itself.
    """
    roots, near = _roots_and_near(scope)
    parts = (*_families_and_releases(scope, roots, near), _of_bases(scope, near, said))
    subjects = [subject for part in parts for subject in part.subjects]
    before = np.cumsum([0, *(len(part.subjects) for part in parts)])
    subject = np.concatenate([part.subject + n for part, n in zip(parts, before, strict=False)])
    return Counted(subjects, subject, np.concatenate([part.node for part in parts]))


def families_and_releases(scope: Scope) -> tuple[Counted, Counted]:
    """Say who lies below each family, and which release of it each of them meets first."""
    return _families_and_releases(scope, *_roots_and_near(scope))


def _families_and_releases(
    scope: Scope, roots: Sequence[Nodes], near: Mask
) -> tuple[Counted, Counted]:
    edges = kept(scope.edges, near[scope.edges.parent])
    families = _of_families(scope, edges, roots)
    return families, _of_releases(scope, edges, families)


def _roots_and_near(scope: Scope) -> tuple[list[Nodes], Mask]:
    """Return each family's roots; mark all of them and what is below: most of a Hub is neither."""
    roots = [root_nodes(scope, family.roots()) for family in scope.families]
    whole = np.concatenate([np.empty(0, np.int32), *roots])
    near = reach.below(scope.edges.child, scope.edges.parent, scope.nodes, whole)
    near[whole] = True
    return roots, near


def _of_families(scope: Scope, edges: EdgeColumns, roots: Sequence[Nodes]) -> Counted:
    found, node = _below(scope, edges, roots)
    own = [nodes.astype(np.int64) + at * scope.nodes for at, nodes in enumerate(roots)]
    counted = ~np.isin(found * scope.nodes + node, np.concatenate([np.empty(0, np.int64), *own]))
    subjects = [Subject(family, Of.FAMILY, family.id) for family in scope.families]
    return Counted(subjects, found[counted], node[counted])


def _of_releases(scope: Scope, edges: EdgeColumns, families: Counted) -> Counted:
    """Divide what is counted below families by the release it meets first, whoever's it is."""
    met = releases_met(scope, edges)
    names = [*(release.name for release in met.releases), MIXED, UNKNOWN]
    place = {name: at for at, name in enumerate(names)}  # two families may call one alike
    # NONE and SEVERAL count from the end.
    release = np.array([place[name] for name in names])[met.only()[families.node] % len(names)]
    code = families.subject * len(names) + release
    used = np.unique(code)
    subjects = [
        Subject(scope.families[at // len(names)], Of.RELEASE, names[at % len(names)])
        for at in used.tolist()
    ]
    return Counted(subjects, np.searchsorted(used, code), families.node)


def _of_bases(scope: Scope, near: Mask, said: EdgeColumns) -> Counted:
    """Count below each official repository by what the snapshot itself says."""
    edges = kept(said, near[said.parent] & (said.strength >= _STATED))
    owner = {
        id: family
        for family in scope.families
        for release in family.releases
        for id in release.official
    }
    is_base = np.zeros(scope.nodes, np.bool_)
    is_base[edges.parent] = True
    found = scope.nodes_of(owner)
    bases = {node: owner[id] for id, node in found.items() if is_base[node]}
    nodes = np.array(sorted(bases), np.int64)
    keys, ids = (names.to_pylist() for names in scope.snapshot.names_of_bases(nodes))
    subject, node = _below(scope, edges, list(nodes[:, np.newaxis]))
    others = nodes[subject] != node
    subjects = [
        Subject(bases[node], Of.BASE, id, key)
        for node, id, key in zip(nodes.tolist(), ids, keys, strict=True)
    ]
    return Counted(subjects, subject[others], node[others])


def _below(scope: Scope, edges: EdgeColumns, starts: Sequence[Nodes]) -> tuple[Int64s, Int64s]:
    """Return the pairs of a start and a node with a record below it."""
    start, node = each_below(edges.child, edges.parent, starts)
    has_record = node < scope.snapshot.records
    return start[has_record], node[has_record]
