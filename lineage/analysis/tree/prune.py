"""Which rows of a tree are drawn: all of some size, or the largest on so many lines."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lineage.analysis.counts import count_subject
from lineage.analysis.results import Count
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import ResolvedSubject
from lineage.analysis.tree.rows import RowKind, TreeRows, build_tree_rows
from lineage.domain.arrays import Int64s
from lineage.domain.claims import RELATIONS, STRENGTHS, Relation, Strength

_DRAWN_SHARE = 40
"""Unless the reader chooses a size, a branch is drawn when it holds a 40th of the whole."""
_ROOTS_DRAWN = 2
"""So many roots of a release are drawn whatever their size, if anything descends from them."""


@dataclass(frozen=True, slots=True)
class PrunedRest:
    """What stands below a row and is not drawn."""

    branches: int
    """How many hold a counted model."""
    models: int
    by_relation: Mapping[Relation, int]
    """The models, each under its own relation, most first."""


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
    """What else stands below it, where any node is drawn; else `drawn_below` says all."""


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

    Models with fewer than `min_size` models below them are pruned; by default a 40th of all.
    """
    rows = build_tree_rows(scope, subject)
    nodes = draw_large_tree_branches(rows, depth=depth, min_size=min_size)
    return Tree(count_subject(scope, subject), nodes)


def draw_large_tree_branches(
    rows: TreeRows, *, depth: int, min_size: int | None = None
) -> tuple[TreeNode, ...]:
    """Draw the models with many descendants so many generations deep, in order of their number."""
    # A page of a terminal holds some fifty lines: a 40th of the whole leaves about so many.
    sums = _RowSums.of(rows)
    top = _first_tree_row(sums)
    least = max(1, sums.count_models(top, sums.end[top]) // _DRAWN_SHARE)
    if min_size is not None:
        least = min_size
    # Releases of a family are no generation.
    deepest = int(rows.depth[top]) + depth + int(rows.kind[top] == RowKind.FAMILY)
    in_branch = sums.counted_before[rows.end] - sums.counted_before[:-1]
    is_root = (rows.kind == RowKind.OFFICIAL) | (rows.kind == RowKind.MIRROR)
    # A deleted model is drawn where counted ones come from it, and nowhere else: who deletes a
    # model and pushes it again would stand in the tree twice.
    is_visible = (in_branch > 0) | (is_root & ~rows.deleted)
    is_large = (rows.total >= least) | is_root | (rows.kind == RowKind.GROUP)
    rank = {name: place for place, name in enumerate(rows.group_order)}
    below: dict[int, list[int]] = {}
    for row in np.flatnonzero(is_visible & is_large & (rows.depth <= deepest)).tolist():
        below.setdefault(int(rows.parent[row]), []).append(row)
    drawn_rows: dict[int, list[int]] = {}
    stack = [top]
    while stack:
        row = stack.pop()
        branches = below.get(row, [])
        if branches and rows.kind[branches[0]] == RowKind.GROUP:
            branches.sort(key=lambda at: rank[rows.names[at]])
        else:
            branches.sort(key=lambda at: (-rows.total[at], rows.names[at]))
            always = _ROOTS_DRAWN if is_root[branches[:1]].any() else 0
            some = [at for at in branches[:always] if rows.total[at]]
            branches = [at for at in branches if at in some or rows.total[at] >= least]
        drawn_rows[row] = branches
        stack += branches
    return tuple(_build_tree_nodes(sums, top, drawn_rows))


def draw_largest_tree_branches(rows: TreeRows, *, lines: int, deepest: int) -> tuple[TreeNode, ...]:
    """Draw the largest branches so that at most so many lines are needed, rests included.

    A line is a node without nodes, or a remainder. `deepest` bounds the generations. Releases come
    first, however small they are.
    """
    sums = _RowSums.of(rows)
    depth, parent, end = rows.depth, rows.parent, sums.end
    top = _first_tree_row(sums)
    deepest += int(depth[top])
    drawn_rows: dict[int, list[int]] = {top: []}
    used = 1
    queue = list(_next_tree_rows(sums, top + 1, end[top]))
    while queue:
        _, _, row = heapq.heappop(queue)
        above = int(parent[row])
        rest_before = bool(drawn_rows[above]) and sums.count_models(row, end[above]) > 0
        rest_after = sums.count_models(end[row], end[above]) > 0
        cost = int(bool(drawn_rows[above])) - rest_before + rest_after
        if used + cost > lines:
            continue
        used += cost
        drawn_rows[above].append(row)
        drawn_rows[row] = []
        for candidate in _next_tree_rows(sums, end[row], end[above]):
            heapq.heappush(queue, candidate)
        if depth[row] < deepest:
            for candidate in _next_tree_rows(sums, row + 1, end[row]):
                heapq.heappush(queue, candidate)
    return tuple(_build_tree_nodes(sums, top, drawn_rows))


@dataclass(frozen=True, slots=True)
class _RowSums:
    """Rows with what is asked of each while branches are chosen."""

    rows: TreeRows
    end: list[int]
    counted_before: Int64s
    """Counted models before each row; one more than there are rows."""
    by_relation_before: Int64s

    @classmethod
    def of(cls, rows: TreeRows) -> "_RowSums":
        by_relation = (rows.relation[:, None] == np.arange(len(RELATIONS))) & rows.counted[:, None]
        before = np.zeros((len(rows) + 1, len(RELATIONS)), np.int64)
        np.cumsum(by_relation, axis=0, out=before[1:])
        return cls(rows, rows.end.tolist(), before.sum(axis=1), before)

    def count_models(self, first: int, end: int) -> int:
        """Count models from one row to before another."""
        return int(self.counted_before[end] - self.counted_before[first])


def _first_tree_row(sums: _RowSums) -> int:
    """Return the first row that says more than the one above it: not a family of one model."""
    names, row = sums.rows.names, 0
    while row + 1 < len(names) and names[row + 1] == names[row]:
        if sums.end[row + 1] != sums.end[row]:
            break
        row += 1
    return row


def _next_tree_rows(sums: _RowSums, row: int, end: int) -> Iterator[tuple[bool, int, int]]:
    """Yield the first row of some neighbors that holds a counted model, the largest of them."""
    if row < end and (models := sums.count_models(row, sums.end[row])):
        yield sums.rows.kind[row] != RowKind.GROUP, -models, row


def _build_tree_nodes(
    sums: _RowSums, top: int, drawn_rows: Mapping[int, Sequence[int]]
) -> Iterator[TreeNode]:
    # No recursion: some people fine-tune their own model a thousand times over.
    rows, place = sums.rows, 0
    drawn_below = rows.count_drawn().tolist()
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
            drawn_below=drawn_below[row],
            counted=bool(rows.counted[row]),
            deleted=bool(rows.deleted[row]),
            other_parents=int(rows.other_parents[row]),
            remainder=_sum_pruned_rest(sums, row, below) if below else None,
        )
        stack += [(child, place, depth + 1) for child in reversed(below)]
        place += 1


def _sum_pruned_rest(sums: _RowSums, above: int, drawn_rows: Sequence[int]) -> PrunedRest | None:
    end, before = sums.end, sums.by_relation_before
    numbers = before[end[above]] - before[above + 1]
    for row in drawn_rows:
        numbers = numbers - (before[end[row]] - before[row])
    if not numbers.any():
        return None
    sizes = sums.counted_before
    is_branch = sums.rows.parent[above + 1 : end[above]] == above
    rows_below = above + 1 + np.flatnonzero(is_branch)
    holding = int((sizes[sums.rows.end[rows_below]] > sizes[rows_below]).sum())
    branches = holding - sum(sums.count_models(row, end[row]) > 0 for row in drawn_rows)
    by_relation = sorted(zip(RELATIONS, numbers.tolist(), strict=True), key=lambda it: -it[1])
    return PrunedRest(
        branches, int(numbers.sum()), {relation: n for relation, n in by_relation if n}
    )
