"""A whole family as one forest: every model once, release by release, below its largest parent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from lineage.analysis.groups import MIXED, UNKNOWN
from lineage.analysis.members import find_countable, relation_of
from lineage.analysis.releases import find_releases
from lineage.analysis.scope import Scope, select_edges
from lineage.analysis.subjects import find_roots
from lineage.domain.arrays import Codes, Generations, Int64s, Mask, Nodes, Positions
from lineage.domain.claims import Strength
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.graph import reach
from lineage.graph.every_base import count_every_base

NO_NODE = -1


class Kind(IntEnum):
    """What a row stands for."""

    FAMILY = 0
    GROUP = 1
    """A release, or the models of several."""
    OFFICIAL = 2
    MIRROR = 3
    MODEL = 4
    UNLISTED = 5
    """A name that models give as their parent and that the snapshot does not list."""
    GONE = 6
    """A model that was listed once; counted only where the definition says so."""
    PASSED = 7
    """A model that the definition leaves out, drawn where a way leads through it."""


@dataclass(frozen=True, slots=True)
class Forest:
    """Rows in the order of a walk: a row, then all that is drawn below it, the largest first."""

    names: Sequence[str]
    """The id; of a group the release's name, `mixed` or `unknown`."""
    node: Nodes
    """NO_NODE for the family and its groups."""
    kind: npt.NDArray[np.uint8]
    depth: npt.NDArray[np.uint16]
    relation: Codes
    """Position in `Relation`; -1 for what is no derivative."""
    strength: Codes
    """Position in `Strength`: of the weakest edge on the surest way to a root."""
    parent: Nodes
    """The row it is drawn below; -1 for the first."""

    def __len__(self) -> int:
        return len(self.names)


def family_forest(scope: Scope, family: Family, least: Strength = Strength.DECLARED) -> Forest:
    """Draw a family on ground that holds guessed edges too.

    A way is as sure as its weakest edge. Each model hangs in its surest ways, in the release that
    `count --by release` gives it at `least`: so what is left after weaker ways are taken away is
    the family as it is counted, release by release. Who is gone is drawn too, as such.
    """
    roots = find_roots(scope, family.roots())
    sure = _Sureness.of(scope, roots, least.code)
    return _walked(scope, family, sure, _parents(scope, sure))


@dataclass(frozen=True, slots=True)
class _Sureness:
    """For every node how sure it descends, and in which release it is drawn."""

    level: Codes
    """-1 for what is no part of the family."""
    group: Nodes
    group_names: Sequence[str]
    is_root: Mask
    counted: Mask
    gone: Mask
    """Known to be gone, and fit to be counted in all else."""
    least: int

    @classmethod
    def of(cls, scope: Scope, roots: Nodes, least: int) -> "_Sureness":
        level = np.full(scope.nodes, -1, np.int8)
        for strength in range(len(Strength)):
            edges = select_edges(scope.edges, scope.edges.strength >= strength)
            level[reach.find_below(edges.child, edges.parent, scope.nodes, roots)] = strength
        level[roots] = len(Strength) - 1
        surely = find_releases(scope, select_edges(scope.edges, scope.edges.strength >= least))
        anyhow = find_releases(scope, scope.edges)
        names = [*(release.name for release in surely.releases), MIXED, UNKNOWN]
        only = np.where(level >= least, surely.only_release(), anyhow.only_release())
        is_root = np.zeros(scope.nodes, np.bool_)
        is_root[roots] = True
        derived = (level >= 0) & ~is_root
        there, anyway = (derived & _countable(scope, deleted=one) for one in (False, True))
        counted = anyway if scope.definition.deleted else there
        # NONE and SEVERAL count from the end.
        group = (only % len(names)).astype(np.int32)
        return cls(level, group, names, is_root, counted, anyway & ~there, least)


def _countable(scope: Scope, *, deleted: bool) -> Mask:
    """Say which nodes are counted where they are met, those without a record never."""
    definition: Definition = replace(scope.definition, deleted=deleted)
    mask = np.zeros(scope.nodes, np.bool_)
    mask[: scope.snapshot.records] = find_countable(scope.under(definition))
    return mask


def _parents(scope: Scope, sure: _Sureness) -> Nodes:
    """Choose for each node the one parent it hangs below: the largest of its group, ties by node.

    NO_NODE stands for a top, which hangs below its group alone.

    Of parents that are as large as each other the one nearer to a top is taken, so that no two
    can hang below each other.
    """
    edges, level, group = scope.edges, sure.level, sure.group
    fits = (
        (edges.child != edges.parent)
        & (level[edges.child] >= 0)
        & (level[edges.parent] >= level[edges.child])
        & (edges.strength >= level[edges.child])
        & (group[edges.parent] == group[edges.child])
        & ~sure.is_root[edges.child]
    )
    child, parent = edges.child[fits], edges.parent[fits]
    kind = np.where(sure.counted & (level >= sure.least), 0, -1)
    bases = count_every_base(child, parent, kind, np.zeros(scope.nodes, np.bool_))
    below = np.zeros(scope.nodes, np.int64)
    below[bases.node] = bases.total.sum(axis=(1, 2))
    generation, is_top = _generations(child, parent, sure, scope)
    weight = below + (kind == 0)
    order = np.lexsort((parent, generation[parent], -weight[parent], child))
    first = np.unique(child[order], return_index=True)[1]
    main = np.full(scope.nodes, NO_NODE, np.int32)
    main[child[order][first]] = parent[order][first]
    main[is_top] = NO_NODE
    return main


def _generations(
    child: Nodes, parent: Nodes, sure: _Sureness, scope: Scope
) -> tuple[Generations, Mask]:
    """Return how far each node lies below a top, and which are tops.

    A top has no parent in its group. A cycle whose every way in comes from other groups gets tops
    where those ways come in.
    """
    nodes, inside = scope.nodes, sure.level >= 0
    is_top = inside & (np.bincount(child, minlength=nodes) == 0)
    edges = scope.edges
    whole = reach.count_generations(edges.child, edges.parent, nodes, np.flatnonzero(sure.is_root))
    while True:
        found = reach.count_generations(child, parent, nodes, np.flatnonzero(is_top))
        lost = inside & ~is_top & (found == 0)
        if not lost.any():
            found[is_top] = 0
            return found, is_top
        is_top |= lost & (whole == whole[lost].min())


def _walked(scope: Scope, family: Family, sure: _Sureness, parent: Nodes) -> Forest:
    inside = np.flatnonzero(sure.level >= 0)
    grove = _grove(inside, parent, sure.group)
    names = dict(zip(inside.tolist(), scope.names_of(inside)[1].to_pylist(), strict=True))
    names |= {_row_of_group(at): name for at, name in enumerate(sure.group_names)}
    names[_FAMILY] = family.name
    _trim(grove, names, sure, set(np.flatnonzero(sure.is_root[: scope.snapshot.records]).tolist()))
    rows, parents, depths = _preorder(grove)
    at = np.array(rows, np.int64)
    node = np.maximum(at, NO_NODE).astype(np.int32)
    derived = (at >= 0) & ~sure.is_root[node]
    relation = relation_of(scope.edges, scope.nodes)
    return Forest(
        names=[names[row] for row in rows],
        node=node,
        kind=_kinds(scope, family, at, sure),
        depth=np.array(depths, np.uint16),
        relation=np.where(derived, relation[node], -1).astype(np.int8),
        strength=np.where(at >= 0, sure.level[node], len(Strength) - 1).astype(np.int8),
        parent=np.array(parents, np.int32),
    )


_Grove = dict[int, list[int]]
"""The branches of each: nodes, and below zero the family and its groups."""
_FAMILY = -1


def _row_of_group(group: int) -> int:
    return _FAMILY - 1 - group


def _grove(inside: Positions, parent: Nodes, group: Nodes) -> _Grove:
    above = np.where(parent[inside] >= 0, parent[inside], _FAMILY - 1 - group[inside])
    grove: _Grove = {_FAMILY: []}
    for node, its_parent in zip(inside.tolist(), above.tolist(), strict=True):
        grove.setdefault(its_parent, []).append(node)
    grove[_FAMILY] = sorted(at for at in grove if at < _FAMILY)
    return grove


def _trim(grove: _Grove, names: Mapping[int, str], sure: _Sureness, roots: set[int]) -> None:
    """Put the largest branches first; drop what is neither a model nor above one, nor a root."""
    rows, parents, _ = _preorder(grove)
    surely, anyhow, held = (dict.fromkeys(rows, 0) for _ in range(3))
    for at, row in reversed(list(enumerate(rows))):
        if row >= 0:
            anyhow[row] += int(sure.counted[row])
            surely[row] += int(sure.counted[row] and sure.level[row] >= sure.least)
            held[row] += int(sure.counted[row] or sure.gone[row])
        if parents[at] >= 0:
            for below in (surely, anyhow, held):
                below[rows[parents[at]]] += below[row]
    for above, branches in grove.items():
        # A release without any model is left out, its roots with it.
        shown = [at for at in branches if held[at] or at in roots]
        grove[above] = sorted(shown, key=lambda at: (-surely[at], -anyhow[at], names[at]))


def _preorder(grove: _Grove) -> tuple[list[int], list[int], list[int]]:
    """Return the rows of a walk, the place of each one's parent among them, and its depth."""
    rows: list[int] = []
    parents: list[int] = []
    depths: list[int] = []
    waiting = [(_FAMILY, -1, 0)]
    while waiting:
        at, parent, depth = waiting.pop()
        place = len(rows)
        rows.append(at)
        parents.append(parent)
        depths.append(depth)
        waiting.extend((below, place, depth + 1) for below in reversed(grove.get(at, ())))
    return rows, parents, depths


def _kinds(scope: Scope, family: Family, at: Int64s, sure: _Sureness) -> npt.NDArray[np.uint8]:
    official = [id for release in family.releases for id in release.official]
    is_official = np.isin(at, list(set(scope.nodes_of(official).values())))
    kinds = np.where(is_official, Kind.OFFICIAL, Kind.MIRROR)
    derived = (at >= 0) & ~sure.is_root[at]
    kinds[derived] = Kind.PASSED
    kinds[derived & sure.counted[at]] = Kind.MODEL
    kinds[derived & sure.gone[at]] = Kind.GONE
    kinds[derived & (at >= scope.snapshot.records)] = Kind.UNLISTED
    kinds[at < _FAMILY] = Kind.GROUP
    kinds[at == _FAMILY] = Kind.FAMILY
    return kinds.astype(np.uint8)
