"""A whole family as rows of a tree: each model once, by release, below its largest parent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from lineage.analysis.groups import MIXED, UNKNOWN, find_releases
from lineage.analysis.members import find_countable, relation_of
from lineage.analysis.scope import Scope, select_edges
from lineage.domain.arrays import Codes, Generations, Int64s, Mask, Nodes, Positions
from lineage.domain.claims import Strength
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.graph import reach
from lineage.graph.every_base import count_every_base

NO_NODE = -1


class RowKind(IntEnum):
    """What a row stands for."""

    FAMILY = 0
    GROUP = 1
    """A release, or the models of several."""
    OFFICIAL = 2
    MIRROR = 3
    MODEL = 4
    UNLISTED = 5
    """A name that models give as their parent and that the snapshot does not list."""
    DELETED = 6
    """A model that was listed once; counted only where the definition says so."""
    PASSED = 7
    """A model that the definition leaves out, drawn where a path leads through it."""


@dataclass(frozen=True, slots=True)
class TreeRows:
    """Rows in the order of a walk: a row, then all that is drawn below it, the largest first."""

    names: Sequence[str]
    """The id; of a group the release's name, `mixed` or `unknown`."""
    node: Nodes
    """NO_NODE for the family and its groups."""
    kind: npt.NDArray[np.uint8]
    depth: npt.NDArray[np.uint16]
    relation: Codes
    """Position in `Relation`; -1 for a row that is no derivative."""
    strength: Codes
    """Position in `Strength`: of the weakest edge on the surest path to a root."""
    parent: Nodes
    """The row it is drawn below; -1 for the first."""

    def __len__(self) -> int:
        return len(self.names)


def build_tree_rows(scope: Scope, family: Family, least: Strength = Strength.DECLARED) -> TreeRows:
    """Draw a family in a scope whose edges include the inferred ones.

    A path is as sure as its weakest edge. Each model stands on its surest paths, in the release
    that `count --by release` gives it at `least`: without the weaker paths the rows are the family
    as it is counted, release by release. Deleted models have rows too, marked as such.
    """
    roots = scope.roots_of(family.roots())
    levels = _Levels.of(scope, roots, least.code)
    return _lay_out(scope, family, levels, _choose_parents(scope, levels))


@dataclass(frozen=True, slots=True)
class _Levels:
    """For every node how sure it descends, and in which release it is drawn."""

    level: Codes
    """-1 outside the family."""
    group: Nodes
    group_names: Sequence[str]
    is_root: Mask
    counted: Mask
    deleted: Mask
    """Known to be deleted, and otherwise fit to be counted."""
    least: int

    @classmethod
    def of(cls, scope: Scope, roots: Nodes, least: int) -> "_Levels":
        level = np.full(scope.nodes, -1, np.int8)
        for strength in range(len(Strength)):
            edges = select_edges(scope.edges, scope.edges.strength >= strength)
            level[reach.find_below(edges.child, edges.parent, scope.nodes, roots)] = strength
        level[roots] = len(Strength) - 1
        declared_below = find_releases(
            scope, select_edges(scope.edges, scope.edges.strength >= least)
        )
        inferred_below = find_releases(scope, scope.edges)
        names = [*(release.name for release in declared_below.releases), MIXED, UNKNOWN]
        only = np.where(
            level >= least, declared_below.only_release(), inferred_below.only_release()
        )
        is_root = np.zeros(scope.nodes, np.bool_)
        is_root[roots] = True
        derived = (level >= 0) & ~is_root
        listed, anyway = (
            derived & _find_countable(scope, deleted=is_deleted) for is_deleted in (False, True)
        )
        counted = anyway if scope.definition.deleted else listed
        # NONE and SEVERAL count from the end.
        group = (only % len(names)).astype(np.int32)
        return cls(level, group, names, is_root, counted, anyway & ~listed, least)


def _find_countable(scope: Scope, *, deleted: bool) -> Mask:
    """Say which nodes are counted where they are met, those without a record never."""
    definition: Definition = replace(scope.definition, deleted=deleted)
    mask = np.zeros(scope.nodes, np.bool_)
    mask[: scope.snapshot.records] = find_countable(scope.under(definition)).surely
    return mask


def _choose_parents(scope: Scope, levels: _Levels) -> Nodes:
    """Choose for each node the one parent it is drawn below: the largest of its group.

    NO_NODE stands for a top, which stands below its group alone.
    """
    edges, level, group = scope.edges, levels.level, levels.group
    fits = (
        (edges.child != edges.parent)
        & (level[edges.child] >= 0)
        & (level[edges.parent] >= level[edges.child])
        & (edges.strength >= level[edges.child])
        & (group[edges.parent] == group[edges.child])
        & ~levels.is_root[edges.child]
    )
    child, parent = edges.child[fits], edges.parent[fits]
    kind = np.where(levels.counted & (level >= levels.least), 0, -1)
    bases = count_every_base(child, parent, kind, np.zeros(scope.nodes, np.bool_))
    below = np.zeros(scope.nodes, np.int64)
    below[bases.node] = bases.total.sum(axis=(1, 2))
    generation, is_top = _count_generations(child, parent, levels, scope)
    weight = below + (kind == 0)
    main = np.full(scope.nodes, NO_NODE, np.int32)
    low, high = choose_parents(child, parent, weight, generation)
    main[low] = high
    main[is_top] = NO_NODE
    return main


def choose_parents(
    child: Nodes, parent: Nodes, weight: Int64s, generation: Generations
) -> tuple[Nodes, Nodes]:
    """Return each child with the one parent it is drawn below: the largest, ties by node.

    `weight` is what a node holds at and below it.
    """
    # On a cycle all weigh the same. There the parent nearer to a root is taken, or two models could
    # stand below each other and below no root.
    order = np.lexsort((parent, generation[parent], -weight[parent], child))
    first = np.unique(child[order], return_index=True)[1]
    return child[order][first], parent[order][first]


def _count_generations(
    child: Nodes, parent: Nodes, levels: _Levels, scope: Scope
) -> tuple[Generations, Mask]:
    """Return how far each node lies below a top, and which are tops.

    A top has no parent in its group. A cycle whose every edge in comes from other groups gets tops
    where those edges come in.
    """
    nodes, inside = scope.nodes, levels.level >= 0
    is_top = inside & (np.bincount(child, minlength=nodes) == 0)
    edges = scope.edges
    whole = reach.count_generations(
        edges.child, edges.parent, nodes, np.flatnonzero(levels.is_root)
    )
    while True:
        generation = reach.count_generations(child, parent, nodes, np.flatnonzero(is_top))
        unreached = inside & ~is_top & (generation == 0)
        if not unreached.any():
            generation[is_top] = 0
            return generation, is_top
        is_top |= unreached & (whole == whole[unreached].min())


def _lay_out(scope: Scope, family: Family, levels: _Levels, parent: Nodes) -> TreeRows:
    inside = np.flatnonzero(levels.level >= 0)
    children = _list_children(inside, parent, levels.group)
    names = dict(zip(inside.tolist(), scope.names_of(inside)[1].to_pylist(), strict=True))
    names |= {_row_of_group(at): name for at, name in enumerate(levels.group_names)}
    names[_FAMILY] = family.name
    _sort_children(
        children,
        names,
        levels,
        set(np.flatnonzero(levels.is_root[: scope.snapshot.records]).tolist()),
    )
    rows, parents, depths = _list_preorder(children)
    at = np.array(rows, np.int64)
    node = np.maximum(at, NO_NODE).astype(np.int32)
    derived = (at >= 0) & ~levels.is_root[node]
    relation = relation_of(scope.edges, scope.nodes)
    return TreeRows(
        names=[names[row] for row in rows],
        node=node,
        kind=_kinds_of_rows(scope, family, at, levels),
        depth=np.array(depths, np.uint16),
        relation=np.where(derived, relation[node], -1).astype(np.int8),
        strength=np.where(at >= 0, levels.level[node], len(Strength) - 1).astype(np.int8),
        parent=np.array(parents, np.int32),
    )


_Children = dict[int, list[int]]
"""The branches of each: nodes, and below zero the family and its groups."""
_FAMILY = -1


def _row_of_group(group: int) -> int:
    return _FAMILY - 1 - group


def _list_children(inside: Positions, parent: Nodes, group: Nodes) -> _Children:
    above = np.where(parent[inside] >= 0, parent[inside], _FAMILY - 1 - group[inside])
    children: _Children = {_FAMILY: []}
    for node, its_parent in zip(inside.tolist(), above.tolist(), strict=True):
        children.setdefault(its_parent, []).append(node)
    children[_FAMILY] = sorted(at for at in children if at < _FAMILY)
    return children


def _sort_children(
    children: _Children, names: Mapping[int, str], levels: _Levels, roots: set[int]
) -> None:
    """Put the largest branches first; drop what is neither a model nor above one, nor a root."""
    rows, parents, _ = _list_preorder(children)
    declared_below, inferred_below, kept_below = (dict.fromkeys(rows, 0) for _ in range(3))
    for at, row in reversed(list(enumerate(rows))):
        if row >= 0:
            inferred_below[row] += int(levels.counted[row])
            declared_below[row] += int(levels.counted[row] and levels.level[row] >= levels.least)
            kept_below[row] += int(levels.counted[row] or levels.deleted[row])
        if parents[at] >= 0:
            for below in (declared_below, inferred_below, kept_below):
                below[rows[parents[at]]] += below[row]
    for above, branches in children.items():
        # A release without any model is left out, its roots with it.
        visible = [at for at in branches if kept_below[at] or at in roots]
        children[above] = sorted(
            visible, key=lambda at: (-declared_below[at], -inferred_below[at], names[at])
        )


def _list_preorder(children: _Children) -> tuple[list[int], list[int], list[int]]:
    """Return the rows of a walk, the place of each one's parent among them, and its depth."""
    rows: list[int] = []
    parents: list[int] = []
    depths: list[int] = []
    stack = [(_FAMILY, -1, 0)]
    while stack:
        at, parent, depth = stack.pop()
        place = len(rows)
        rows.append(at)
        parents.append(parent)
        depths.append(depth)
        stack.extend((below, place, depth + 1) for below in reversed(children.get(at, ())))
    return rows, parents, depths


def _kinds_of_rows(
    scope: Scope, family: Family, at: Int64s, levels: _Levels
) -> npt.NDArray[np.uint8]:
    official = [id for release in family.releases for id in release.official]
    is_official = np.isin(at, list(set(scope.nodes_of(official).values())))
    kinds = np.where(is_official, RowKind.OFFICIAL, RowKind.MIRROR)
    derived = (at >= 0) & ~levels.is_root[at]
    kinds[derived] = RowKind.PASSED
    kinds[derived & levels.counted[at]] = RowKind.MODEL
    kinds[derived & levels.deleted[at]] = RowKind.DELETED
    kinds[derived & (at >= scope.snapshot.records)] = RowKind.UNLISTED
    kinds[at < _FAMILY] = RowKind.GROUP
    kinds[at == _FAMILY] = RowKind.FAMILY
    return kinds.astype(np.uint8)
