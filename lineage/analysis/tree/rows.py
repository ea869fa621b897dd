"""A subject as rows of a tree: each model once, below its largest parent; a family by release."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.groups import find_releases_above_nodes
from lineage.analysis.members import find_countable, members_below, relations_of_members
from lineage.analysis.scope import Scope, select_scope_edges
from lineage.analysis.subjects import ModelNode, ResolvedSubject, full_scope, model_roots
from lineage.domain.arrays import Codes, Generations, Int64s, Mask, Nodes
from lineage.domain.claims import STRENGTHS, Strength
from lineage.domain.definitions import Closure
from lineage.graph import reach
from lineage.graph.reach import count_closure_of_every_base

NO_NODE = -1
_SUREST = len(STRENGTHS) - 1


class RowKind(IntEnum):
    """What a row stands for."""

    FAMILY = 0
    """The whole: a family, or the one release or model that was asked about."""
    GROUP = 1
    """A release, or the models of several."""
    OFFICIAL = 2
    """A root: an official repository, or the model that was asked about."""
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
    depth: Nodes
    relation: Codes
    """Position in `Relation`; -1 for a row that is no derivative."""
    strength: Codes
    """Position in `Strength`: of the weakest edge on the surest path to a root."""
    parent: Nodes
    """The row it is drawn below; -1 for the first."""
    end: Nodes
    """The row after all that is drawn below it."""
    counted: Mask
    """Whether the row itself is in the subject's number."""
    total: Int64s
    """How many models descend from it, as `count` says of it under the same filters."""
    deleted: Mask
    """Known to be deleted, counted or not."""
    other_parents: Nodes
    """How many parents it has besides the row it is drawn below."""

    def __len__(self) -> int:
        return len(self.names)

    def count_drawn(self) -> Int64s:
        """Return for every row how many counted models are drawn below it."""
        before = np.concatenate([[0], self.counted.cumsum(dtype=np.int64)])
        drawn: Int64s = before[self.end] - before[1:]
        return drawn


def build_tree_rows(
    scope: Scope, subject: ResolvedSubject, weakest: Strength | None = None
) -> TreeRows:
    """Draw what the number of a subject counts; deleted models have rows too, marked as such.

    A path is as sure as its weakest edge. Each model stands on its surest paths, in the release
    that `count --by release` gives it. With `weakest` there are rows for weaker paths than the
    definition's too; no number counts them.
    """
    definition = scope.definition
    drawn_from = definition.min_strength
    if weakest is not None and weakest.code < drawn_from.code:
        drawn_from = weakest
    # The number of a family stands on its mirrors and curated edges, that of a model does not.
    joined = scope if subject.model is not None else full_scope(scope)
    drawing = joined.under(replace(joined.definition, min_strength=drawn_from))
    places = _Places.places_in_tree(drawing, subject, definition.min_strength.code)
    return _place_tree_rows(scope, drawing, places, _choose_tree_parents(drawing, places))


@dataclass(frozen=True, slots=True)
class _Places:
    """For every node how sure it descends, and in which group it is drawn."""

    name: str
    level: Codes
    """-1 outside the tree."""
    group: Nodes
    group_names: Sequence[str]
    below: Mask
    """Whatever lies below a root, drawn or not."""
    is_root: Mask
    is_official: Mask
    counted: Mask
    deleted: Mask
    """Known to be deleted, counted or not."""
    fits: Mask
    """Counted where met, if deleted models are."""
    least: int

    @classmethod
    def places_in_tree(cls, scope: Scope, subject: ResolvedSubject, least: int) -> "_Places":
        edges, nodes, definition = scope.edges, scope.nodes, scope.definition
        name, roots, official = _find_tree_tops(scope, subject)
        level = np.full(nodes, -1, np.int8)
        for strength in range(definition.min_strength.code, len(STRENGTHS)):
            sure = select_scope_edges(edges, edges.strength >= strength)
            level[reach.find_below(sure.child, sure.parent, nodes, roots)] = strength
        level[roots] = _SUREST
        below = level >= 0
        if definition.closure is Closure.DIRECT:
            level[~reach.find_direct_below(edges.child, edges.parent, nodes, roots)] = -1
            level[roots] = _SUREST
        if subject.model is None:
            group, names = _group_by_release(scope, level, least)
        else:  # Everything belongs to this one root, whatever release it belongs to elsewhere.
            group, names = np.zeros(nodes, np.int32), [name]
        if subject.release is not None:
            level[group != names.index(subject.release.name)] = -1
        is_root, is_official = (reach.mark_nodes(nodes, some) for some in (roots, official))
        derived = (level >= 0) & ~is_root
        anybody = replace(definition, deleted=True)
        fits = _find_countable(scope.under(anybody))
        deleted = _find_countable(scope.under(replace(anybody, min_downloads=0)))
        deleted &= ~_find_countable(
            scope.under(replace(definition, deleted=False, min_downloads=0))
        )
        counted = derived & fits & (~deleted | definition.deleted)
        return cls(
            *(name, level, group, names, below, is_root, is_official),
            *(counted, deleted, fits, least),
        )


def _find_tree_tops(scope: Scope, subject: ResolvedSubject) -> tuple[str, Nodes, Nodes]:
    """Return the name of a subject, its roots, and those of them that are no mirrors."""
    if subject.model is not None:
        _, roots = model_roots(scope, subject.model)
        return subject.id, roots, np.array([subject.model.node], np.int32)
    family, release = subject.family, subject.release
    assert family is not None
    releases = family.releases if release is None else (release,)
    official = [id for each in releases for id in each.official]
    top = release or family
    return top.name, scope.tops_of(top), scope.roots_of(official)


def _group_by_release(scope: Scope, level: Codes, least: int) -> tuple[Nodes, Sequence[str]]:
    """Return for every node the position of its group, and the names of all groups."""
    edges = scope.edges
    sure = find_releases_above_nodes(scope, select_scope_edges(edges, edges.strength >= least))
    places = sure.place_by_node()
    if scope.definition.min_strength.code < least:
        places = np.where(
            level >= least, places, find_releases_above_nodes(scope, edges).place_by_node()
        )
    return places, sure.names_of_counted_releases()


def _find_countable(scope: Scope) -> Mask:
    """Say which nodes are counted where they are met, those without a record never."""
    mask = np.zeros(scope.nodes, np.bool_)
    mask[: scope.snapshot.records] = find_countable(scope).surely
    return mask


def _choose_tree_parents(scope: Scope, places: _Places) -> Nodes:
    """Choose for each node the one parent it is drawn below: the largest of its group.

    NO_NODE stands for a top, which stands below its group alone.
    """
    edges, level, group = scope.edges, places.level, places.group
    fits = (
        (edges.child != edges.parent)
        & (level[edges.child] >= 0)
        & (level[edges.parent] >= level[edges.child])
        & (edges.strength >= level[edges.child])
        & (group[edges.parent] == group[edges.child])
        & ~places.is_root[edges.child]
    )
    child, parent = edges.child[fits], edges.parent[fits]
    counted = places.counted & (level >= places.least)
    below = _count_descendants(child, parent, counted)
    generation, is_top = _count_tree_generations(child, parent, places, scope)
    weight = below + counted
    # On a cycle all weigh the same. There the parent nearer to a root is taken, or two models could
    # stand below each other and below no root.
    order = np.lexsort((parent, generation[parent], -weight[parent], child))
    first = np.unique(child[order], return_index=True)[1]
    chosen = np.full(scope.nodes, NO_NODE, np.int32)
    chosen[child[order][first]] = parent[order][first]
    chosen[is_top] = NO_NODE
    return chosen


def _count_descendants(
    child: Nodes, parent: Nodes, counted: Mask, *, direct: bool = False
) -> Int64s:
    """Return for every node how many counted ones lie below it, each once."""
    kind = np.where(counted, 0, -1)
    bases = count_closure_of_every_base(child, parent, kind, np.zeros(len(counted), np.bool_))
    below = np.zeros(len(counted), np.int64)
    below[bases.node] = (bases.direct if direct else bases.total).sum(axis=(1, 2))
    return below


def _count_tree_generations(
    child: Nodes, parent: Nodes, places: _Places, scope: Scope
) -> tuple[Generations, Mask]:
    """Return how far each node lies below a top, and which are tops.

    A top has no parent in its group. A cycle whose every edge in comes from other groups gets tops
    where those edges come in.
    """
    nodes, inside = scope.nodes, places.level >= 0
    is_top = inside & (np.bincount(child, minlength=nodes) == 0)
    whole: Generations | None = None
    while True:
        generation = reach.generations_below_roots(child, parent, nodes, np.flatnonzero(is_top))
        unreached = inside & ~is_top & (generation == 0)
        if not unreached.any():
            generation[is_top] = 0
            return generation, is_top
        if whole is None:
            edges, roots = scope.edges, np.flatnonzero(places.is_root)
            whole = reach.generations_below_roots(edges.child, edges.parent, nodes, roots)
        is_top |= unreached & (whole == whole[unreached].min())


def _place_tree_rows(scope: Scope, drawing: Scope, places: _Places, parent: Nodes) -> TreeRows:
    """Place the whole, its groups and all nodes in rows, and say what is known of each."""
    inside = np.flatnonzero(places.level >= 0)
    first = 1 + len(places.group_names)
    ids = drawing.names_of(inside)[1]
    names = pa.concat_arrays([pa.array([places.name, *places.group_names], pa.string()), ids])
    # Items to be placed: the whole, the groups, then nodes.
    item_of = np.zeros(drawing.nodes, np.int64)
    item_of[inside] = first + np.arange(len(inside))
    above = np.zeros(len(names), np.int64)
    over = parent[inside]
    above[first:] = np.where(over >= 0, item_of[over], 1 + places.group[inside])
    depth = reach.sum_upwards(above, np.ones(len(names), np.int64))

    def sum_below(mask: Mask) -> Int64s:
        values = np.zeros(len(names), np.int64)
        values[first:] = mask[inside]
        return reach.sum_forest_branches(above, depth, values)

    # Two orders in one: by what counts, then by what the page can show besides, then by name, so
    # that the same snapshot is the same page.
    is_sure = places.level >= places.least
    sure, weak = sum_below(places.counted & is_sure), sum_below(places.counted)
    kept = sum_below(places.counted | (places.deleted & places.fits & ~places.is_root)) > 0
    # A release without any model is left out, its roots with it.
    listed_roots = places.is_root[inside] & (inside < scope.snapshot.records)
    kept[first:] |= listed_roots & kept[1 + places.group[inside]]
    kept[0] = True
    size = reach.sum_forest_branches(above, depth, kept.astype(np.int64))
    place = reach.depth_first_rows(above, size, (_rank_tree_rows_by_name(names), -weak, -sure))
    items = np.flatnonzero(kept)
    items = items[np.argsort(place[items])]
    node = np.full(len(names), NO_NODE, np.int32)
    node[first:] = inside
    node = node[items]
    is_node = node >= 0
    derived = is_node & ~places.is_root[node]
    counted = is_node & (places.counted & is_sure)[node]
    row_parent = place[above[items]].astype(np.int32)
    row_parent[0] = -1
    rows = TreeRows(
        names=names.take(pa.array(items)).to_pylist(),
        node=node,
        kind=_kinds_of_tree_rows(scope, places, node, items),
        depth=depth[items].astype(np.int32),
        relation=np.where(
            derived, relations_of_members(drawing.edges, drawing.nodes)[node], -1
        ).astype(np.int8),
        strength=np.where(is_node, places.level[node], _SUREST).astype(np.int8),
        parent=row_parent,
        end=(place[items] + size[items]).astype(np.int32),
        counted=counted,
        total=np.where(is_node, _count_each_row(scope, places)[node], 0),
        deleted=is_node & places.deleted[node],
        other_parents=_count_other_parents(drawing, places, parent, node),
    )
    # A group has no number of its own but that of the models that stand in it.
    rows.total[~is_node] = rows.count_drawn()[~is_node]
    return rows


def _rank_tree_rows_by_name(names: pa.StringArray) -> Int64s:
    rank = np.empty(len(names), np.int64)
    rank[pc.sort_indices(names).to_numpy()] = np.arange(len(names))
    return rank


def _kinds_of_tree_rows(
    scope: Scope, places: _Places, node: Nodes, items: Int64s
) -> npt.NDArray[np.uint8]:
    kinds = np.where(places.is_official[node], RowKind.OFFICIAL, RowKind.MIRROR)
    derived = ~places.is_root[node]
    kinds[derived] = RowKind.PASSED
    kinds[derived & places.counted[node]] = RowKind.MODEL
    kinds[derived & (places.deleted & places.fits)[node]] = RowKind.DELETED
    kinds[derived & (node >= scope.snapshot.records)] = RowKind.UNLISTED
    kinds[node < 0] = RowKind.GROUP
    kinds[0] = RowKind.FAMILY
    return kinds.astype(np.uint8)


def _count_other_parents(scope: Scope, places: _Places, parent: Nodes, node: Nodes) -> Nodes:
    edges = scope.edges
    needed = np.minimum(places.level[edges.child], places.least)
    real = (edges.child != edges.parent) & (edges.strength >= needed)
    parents = np.bincount(edges.child[real], minlength=scope.nodes) - (parent >= 0)
    is_model = (node >= 0) & ~places.is_root[node]
    return np.where(is_model, np.maximum(parents[node], 0), 0).astype(np.int32)


def _count_each_row(scope: Scope, places: _Places) -> Int64s:
    """Return what `count` says of every node by the scope's definition, 0 outside the tree."""
    # All that lies below a node of the tree lies below a root: no other edge changes a number.
    edges, below = scope.edges, places.below[: scope.nodes]
    within = below[edges.child] & below[edges.parent]
    direct = scope.definition.closure is Closure.DIRECT
    totals = np.zeros(len(places.below), np.int64)
    countable = _find_countable(scope)
    cut = edges.child[within], edges.parent[within]
    totals[: scope.nodes] = _count_descendants(*cut, countable, direct=direct)
    if scope.definition.mirrors:
        releases = [release for family in scope.families for release in family.releases]
        mirrored = {copy.of for release in releases for copy in release.mirrors}
        nodes = scope.roots_of(id for id in mirrored if id is not None)
        keys, ids = (column.to_pylist() for column in scope.names_of(nodes))
        for node, key, id in zip(nodes.tolist(), keys, ids, strict=True):
            if places.below[node]:
                _, roots = model_roots(scope, ModelNode(id, key, node))
                totals[node] = int(members_below(scope, roots).counted.sum())
    return totals
