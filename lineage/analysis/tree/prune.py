"""Tree rows pruned to their largest branches, a few lines in all; what is pruned is summed up."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from lineage.analysis.tree.row_facts import MISSED, RowEvidence, RowFacts
from lineage.analysis.tree.rows import RowKind, TreeRows
from lineage.domain.arrays import Int64s
from lineage.domain.claims import RELATIONS, Relation
from lineage.domain.definitions import Definition

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class PrunedRest:
    """What stands below a row and is not drawn."""

    branches: int
    """How many hold a counted model."""
    models: int
    by_relation: tuple[tuple[Relation, int], ...]
    """The models, each under its own relation, most first."""
    deleted: int
    """How many are known to be deleted and not counted."""


@dataclass(frozen=True, slots=True)
class PrunedNode:
    """One row with the branches that are drawn below it."""

    name: str
    kind: RowKind
    relation: Relation | None
    """None for what is no derivative."""
    own: int
    """1 where the row itself is counted."""
    models: int
    """Counted models in the branch: `own`, those of all nodes and of the remainder."""
    other_parents: int
    """How many parents it has besides the one it is drawn below."""
    missed: date | None
    """The day of the first listing without it, where it is known to be deleted."""
    nodes: tuple["PrunedNode", ...] = ()
    """The largest first."""
    remainder: PrunedRest | None = None
    """What else stands below it, where any node is drawn; else its own number says all."""


@dataclass(frozen=True, slots=True)
class RowSums:
    """Tree rows with what is asked of each while branches are chosen."""

    forest: TreeRows
    facts: RowFacts
    end: list[int]
    """The row after all that is drawn below a row."""
    counted_before: Int64s
    """Counted models before each row, by relation; one more than there are rows."""
    deleted: Int64s
    """Rows before each of deleted models that are not counted."""
    edges: Int64s

    @classmethod
    def of(
        cls, forest: TreeRows, facts: RowFacts, evidence: RowEvidence, definition: Definition
    ) -> "RowSums":
        """Count along the rows by a definition."""
        is_declared = forest.strength >= definition.min_strength.code
        is_deleted = (forest.kind == RowKind.DELETED) & is_declared
        counted = (forest.kind == RowKind.MODEL) & is_declared
        counted |= is_deleted & definition.deleted
        size = np.ones(len(forest), np.int64).tolist()
        parents = forest.parent.tolist()
        for row in range(len(forest) - 1, 0, -1):
            size[parents[row]] += size[row]
        by_relation = (forest.relation[:, None] == np.arange(len(RELATIONS))) & counted[:, None]
        return cls(
            forest,
            facts,
            [row + below for row, below in enumerate(size)],
            np.concatenate([np.zeros((1, len(RELATIONS)), np.int64), by_relation.cumsum(axis=0)]),
            np.concatenate([[0], (is_deleted & ~counted).cumsum()]),
            np.bincount(evidence.child, minlength=len(forest)),
        )

    def count_models(self, first: int, end: int) -> int:
        """Count models from one row to before another."""
        return int((self.counted_before[end] - self.counted_before[first]).sum())

    def count_deleted(self, first: int, end: int) -> int:
        """Count the gone, where they are not counted as models."""
        return int(self.deleted[end] - self.deleted[first])

    def is_any(self, first: int, end: int) -> bool:
        """Say whether there is anything to tell of some rows."""
        return bool(self.count_models(first, end) or self.count_deleted(first, end))


def prune_rows(sums: RowSums, *, lines: int, deepest: int) -> PrunedNode:
    """Draw the largest branches so that at most so many lines are needed, remainders included.

    A line is a node without nodes, or a remainder. `deepest` bounds the generations.
    Releases come first, however small they are.
    """
    depth, parent, end = sums.forest.depth, sums.forest.parent, sums.end
    top = _first_row(sums)
    deepest += int(depth[top])
    drawn_rows: dict[int, list[int]] = {top: []}
    used = 1
    queue = list(_next_rows(sums, top + 1, end[top]))
    while queue:
        _, _, row = heapq.heappop(queue)
        above = int(parent[row])
        rest_before = bool(drawn_rows[above]) and sums.is_any(row, end[above])
        rest_after = sums.is_any(end[row], end[above])
        cost = int(bool(drawn_rows[above])) - rest_before + rest_after
        if used + cost > lines:
            continue
        used += cost
        drawn_rows[above].append(row)
        drawn_rows[row] = []
        for candidate in _next_rows(sums, end[row], end[above]):
            heapq.heappush(queue, candidate)
        if depth[row] < deepest:
            for candidate in _next_rows(sums, row + 1, end[row]):
                heapq.heappush(queue, candidate)
    return _build_node(sums, top, drawn_rows)


def _first_row(sums: RowSums) -> int:
    """Return the first row that says more than the one above it: not a family of one model."""
    names, row = sums.forest.names, 0
    while row + 1 < len(names) and names[row + 1] == names[row]:
        if sums.end[row + 1] != sums.end[row]:
            break
        row += 1
    return row


def _next_rows(sums: RowSums, row: int, end: int) -> Iterator[tuple[bool, int, int]]:
    """Yield the first row of some neighbours that has anything to tell, the largest of them."""
    if row < end and sums.is_any(row, sums.end[row]):
        is_release = sums.forest.kind[row] == RowKind.GROUP
        yield not is_release, -sums.count_models(row, sums.end[row]), row


def _build_node(sums: RowSums, row: int, drawn_rows: dict[int, list[int]]) -> PrunedNode:
    forest, below = sums.forest, drawn_rows[row]
    relation = int(forest.relation[row])
    kind = RowKind(int(forest.kind[row]))
    missed = int(sums.facts.dates[MISSED][row])
    return PrunedNode(
        name=forest.names[row],
        kind=kind,
        relation=RELATIONS[relation] if relation >= 0 else None,
        own=sums.count_models(row, row + 1),
        models=sums.count_models(row, sums.end[row]),
        other_parents=_other_parents(sums, row, kind),
        missed=_EPOCH + timedelta(days=missed - 1) if missed else None,
        nodes=tuple(_build_node(sums, node, drawn_rows) for node in below),
        remainder=_sum_rest(sums, sums.end[below[-1]], sums.end[row]) if below else None,
    )


def _sum_rest(sums: RowSums, first: int, end: int) -> PrunedRest | None:
    if not sums.is_any(first, end):
        return None
    branches, row = 0, first
    while row < end:
        branches += sums.count_models(row, sums.end[row]) > 0
        row = sums.end[row]
    numbers = (sums.counted_before[end] - sums.counted_before[first]).tolist()
    by_relation = sorted(zip(RELATIONS, numbers, strict=True), key=lambda it: -it[1])
    return PrunedRest(
        branches,
        sum(numbers),
        tuple((relation, n) for relation, n in by_relation if n),
        sums.count_deleted(first, end),
    )


def _other_parents(sums: RowSums, row: int, kind: RowKind) -> int:
    if kind < RowKind.MODEL:
        return 0
    hangs = sums.forest.kind[sums.forest.parent[row]] != RowKind.GROUP
    return max(0, int(sums.edges[row]) - int(hangs))
