"""Which rows of a tree are drawn: the largest branches on so many lines, or all of some size."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lineage.analysis.counts import count_subject
from lineage.analysis.results import Count
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import ResolvedSubject
from lineage.analysis.tree.rows import RowKind, TreeRows, build_tree_rows
from lineage.domain.arrays import Int64s, Mask, Positions
from lineage.domain.claims import RELATIONS, STRENGTHS, Relation, Strength

_PAGE_LINES = 48
"""As many lines as a page of a terminal holds, unless the reader chooses a size."""


@dataclass(frozen=True, slots=True)
class PrunedRest:
    """What stands right below a row and is not drawn, with all that is below it."""

    branches: int
    """How many hold a counted model: the model itself, or one below it."""
    counted: int
    """How many of these are counted themselves; roots and deleted models are not."""
    models: int
    """Counted models in all of them: `counted`, and those below."""
    by_relation: Mapping[Relation, int]
    """The models, each under its own relation, most first."""
    are_roots: bool = False
    """Whether every branch begins at a root."""


@dataclass(frozen=True, slots=True)
class TreeNode:
    """One row that is drawn; those drawn below it follow it."""

    name: str
    kind: RowKind
    depth: int
    parent: int
    """The place of the node that it is drawn below; -1 for the first."""
    relation: Relation | None
    """None for what is no derivative."""
    strength: Strength | None
    """Of the weakest edge on its surest path; None for what is no derivative."""
    total: int
    """How many models descend from it, as `count` says of it under the same filters."""
    drawn_below: int
    """How many have their place below it here: a model with several parents has one place."""
    counted: bool
    """Whether the model itself is in the subject's number."""
    deleted: bool
    """Whether it is known to be deleted; drawn where counted models come from it."""
    other_parents: int
    """How many parents it has besides the one it is drawn below."""
    remainder: PrunedRest | None = None
    """What else stands below it, where any node is drawn and below the first always; elsewhere
    `drawn_below` says all."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A subject drawn as a tree: a cut through a graph in which merges have many parents."""

    count: Count
    """The number of the whole, with its definition and what it cannot say."""
    nodes: tuple[TreeNode, ...]
    """In the order of a walk: a node, then all that is drawn below it."""


def build_tree(
    scope: Scope, subject: ResolvedSubject, *, depth: int = 3, min_size: int | None = None
) -> Tree:
    """Return what lies below a subject, `depth` generations deep; a family by release.

    Drawn are all models with at least `min_size` models below them, leaves too where it is 0 or 1;
    by default the branches with most models below them that a page of a terminal holds.
    """
    nodes = prune_tree_to_outline(build_tree_rows(scope, subject), depth=depth, min_size=min_size)
    return Tree(count_subject(scope, subject), nodes)


def prune_tree_to_outline(
    rows: TreeRows, *, depth: int, lines: int = _PAGE_LINES, min_size: int | None = None
) -> tuple[TreeNode, ...]:
    """Draw branches as text, those that most models descend from first, a line for each node.

    `lines` bounds nodes and remainders where no `min_size` is given, `depth` the generations.
    """
    sizes = _BranchSizes.branch_sizes_of_tree(rows)
    top = _first_tree_row(rows)
    is_root = (rows.kind == RowKind.OFFICIAL) | (rows.kind == RowKind.MIRROR)
    # A deleted model is drawn where counted ones come from it, and nowhere else: who deletes a
    # model and pushes it again would stand in the tree twice.
    least = 0 if min_size == 1 else min_size or 0  # A leaf has nothing below it.
    is_visible = (sizes.models > 0) | (is_root & ~rows.deleted)
    is_visible &= (rows.total >= least) | (rows.kind == RowKind.GROUP)
    # Releases of a family are no generation.
    is_visible &= rows.depth <= rows.depth[top] + depth + (rows.kind[top] == RowKind.FAMILY)
    room = None if min_size is not None else lines
    return _choose_nodes(rows, sizes, top, _TreeChoice(is_visible, rows.total, room, True))


def prune_tree_to_largest_branches(
    rows: TreeRows, *, lines: int, deepest: int
) -> tuple[TreeNode, ...]:
    """Draw the branches that hold most models as boxes beside boxes, on at most so many lines.

    A line is a node without nodes, or a remainder. `deepest` bounds the generations.
    """
    sizes = _BranchSizes.branch_sizes_of_tree(rows)
    top = _first_tree_row(rows)
    is_visible = (sizes.models > 0) & (rows.depth <= rows.depth[top] + deepest)
    return _choose_nodes(rows, sizes, top, _TreeChoice(is_visible, sizes.models, lines, False))


@dataclass(frozen=True, slots=True)
class _BranchSizes:
    """How many counted models each row holds together with all that is drawn below it."""

    models: Int64s
    by_relation_before: Int64s
    """Counted models of each relation before each row; one more than there are rows."""
    children: Positions
    """Every row in order of the row it is drawn below."""
    first_child: Positions
    """Where the rows right below each row begin among `children`; one more than there are rows."""

    @classmethod
    def branch_sizes_of_tree(cls, rows: TreeRows) -> "_BranchSizes":
        by_relation = (rows.relation[:, None] == np.arange(len(RELATIONS))) & rows.counted[:, None]
        before = np.zeros((len(rows) + 1, len(RELATIONS)), np.int64)
        np.cumsum(by_relation, axis=0, out=before[1:])
        models = (before[rows.end] - before[:-1]).sum(axis=1)
        children = np.argsort(rows.parent, kind="stable")
        first = np.searchsorted(rows.parent[children], np.arange(len(rows) + 1))
        return cls(models, before, children, first)

    def list_children(self, row: int) -> Positions:
        """Return the rows right below one."""
        children: Positions = self.children[self.first_child[row] : self.first_child[row + 1]]
        return children


@dataclass(frozen=True, slots=True)
class _TreeChoice:
    """By which rule branches are chosen."""

    is_visible: Mask
    size: Int64s
    """The larger comes first; equals by name."""
    lines: int | None
    is_outline: bool
    """Whether every node takes a line of its own; else those with nodes take none."""


def _choose_nodes(
    rows: TreeRows, sizes: _BranchSizes, top: int, choice: _TreeChoice
) -> tuple[TreeNode, ...]:
    """Choose the largest branches as long as there is room, releases before all others."""
    held = sizes.models
    # What of each chosen row is not drawn yet, and its candidates, the largest first.
    undrawn = {top: int(held[top]) - int(rows.counted[top])}
    drawn_rows: dict[int, list[int]] = {}
    candidates: dict[int, Iterator[int]] = {}
    queue: list[tuple[bool, int, int]] = []

    def open_tree_row(row: int) -> None:
        children = sizes.list_children(row)
        children = children[choice.is_visible[children]].tolist()
        children.sort(key=lambda at: (-choice.size[at], rows.names[at]))
        drawn_rows[row], candidates[row] = [], iter(children)
        offer_next_tree_row(row)

    def offer_next_tree_row(row: int) -> None:
        for child in candidates[row]:
            is_group = rows.kind[child] == RowKind.GROUP
            heapq.heappush(queue, (not is_group, -int(choice.size[child]), child))
            return

    used = 1 + (choice.is_outline and undrawn[top] > 0)
    open_tree_row(top)
    while queue:
        _, _, row = heapq.heappop(queue)
        above = int(rows.parent[row])
        rest = undrawn[above] - int(held[row])
        has_remainder = bool(drawn_rows[above]) or (choice.is_outline and above == top)
        cost = int(choice.is_outline or bool(drawn_rows[above]))
        cost += (rest > 0) - (has_remainder and undrawn[above] > 0)
        if choice.lines is not None and used + cost > choice.lines:
            continue
        used += cost
        undrawn[above] = rest
        undrawn[row] = int(held[row]) - int(rows.counted[row])
        drawn_rows[above].append(row)
        offer_next_tree_row(above)
        open_tree_row(row)
    return tuple(_build_tree_nodes(rows, sizes, top, drawn_rows))


def _first_tree_row(rows: TreeRows) -> int:
    """Return the first row that says more than the one above it: not a family of one model."""
    names, row = rows.names, 0
    while row + 1 < len(names) and names[row + 1] == names[row]:
        if rows.end[row + 1] != rows.end[row]:
            break
        row += 1
    return row


def _build_tree_nodes(
    rows: TreeRows, sizes: _BranchSizes, top: int, drawn_rows: Mapping[int, Sequence[int]]
) -> Iterator[TreeNode]:
    # No recursion: some people fine-tune their own model a thousand times over.
    place = 0
    stack = [(top, -1, 0)]
    while stack:
        row, parent, depth = stack.pop()
        relation, below = int(rows.relation[row]), drawn_rows[row]
        yield TreeNode(
            name=rows.names[row],
            kind=RowKind(int(rows.kind[row])),
            depth=depth,
            parent=parent,
            relation=RELATIONS[relation] if relation >= 0 else None,
            strength=STRENGTHS[rows.strength[row]] if relation >= 0 else None,
            total=int(rows.total[row]),
            drawn_below=int(sizes.models[row]) - int(rows.counted[row]),
            counted=bool(rows.counted[row]),
            deleted=bool(rows.deleted[row]),
            other_parents=int(rows.other_parents[row]),
            remainder=_sum_pruned_tree_nodes(rows, sizes, row, below)
            if below or row == top
            else None,
        )
        stack += [(child, place, depth + 1) for child in reversed(below)]
        place += 1


def _sum_pruned_tree_nodes(
    rows: TreeRows, sizes: _BranchSizes, above: int, drawn_rows: Sequence[int]
) -> PrunedRest | None:
    children = sizes.list_children(above)
    tops = np.setdiff1d(children[sizes.models[children] > 0], drawn_rows)
    if not len(tops):
        return None
    before = sizes.by_relation_before
    numbers = (before[rows.end[tops]] - before[tops]).sum(axis=0).tolist()
    by_relation = sorted(zip(RELATIONS, numbers, strict=True), key=lambda it: -it[1])
    return PrunedRest(
        branches=len(tops),
        counted=int(rows.counted[tops].sum()),
        models=sum(numbers),
        by_relation={relation: n for relation, n in by_relation if n},
        are_roots=bool(np.isin(rows.kind[tops], (RowKind.OFFICIAL, RowKind.MIRROR)).all()),
    )
