"""The largest branches of a forest as a tree of a few lines, whatever is left out summed up."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from lineage.analysis.tree.evidence import ForestEvidence
from lineage.analysis.tree.facts import MISSED, ForestFacts
from lineage.analysis.tree.forest import Forest, Kind
from lineage.domain.arrays import Int64s
from lineage.domain.claims import RELATIONS, Relation
from lineage.domain.definitions import Definition

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Rest:
    """What hangs below a row and is not drawn."""

    branches: int
    """How many hold a counted model."""
    models: int
    by_relation: tuple[tuple[Relation, int], ...]
    """The models, each under its own relation, most first."""
    gone: int
    """How many are known to be gone and not counted."""


@dataclass(frozen=True, slots=True)
class Twig:
    """One row with the branches that are drawn below it."""

    name: str
    kind: Kind
    relation: Relation | None
    """None for what is no derivative."""
    own: int
    """1 where the row itself is counted."""
    models: int
    """Counted models in the branch: `own`, those of all twigs and of the rest."""
    other_parents: int
    """How many parents it has besides the one it is drawn below."""
    missed: date | None
    """The day of the first listing without it, where it is known to be gone."""
    twigs: tuple["Twig", ...] = ()
    """The largest first."""
    rest: Rest | None = None
    """What else hangs below it, where any twig is drawn; else its number tells all."""


@dataclass(frozen=True, slots=True)
class Grown:
    """A forest with what is asked of each row while branches are chosen."""

    forest: Forest
    facts: ForestFacts
    end: list[int]
    """The row after all that is drawn below a row."""
    held: Int64s
    """Counted models before each row, by relation; one more than there are rows."""
    gone: Int64s
    """Rows before each that are gone and not counted."""
    edges: Int64s

    @classmethod
    def of(
        cls, forest: Forest, facts: ForestFacts, evidence: ForestEvidence, definition: Definition
    ) -> "Grown":
        """Count along the rows by a definition."""
        sure = forest.strength >= definition.min_strength.code
        is_gone = (forest.kind == Kind.GONE) & sure
        counted = (forest.kind == Kind.MODEL) & sure
        counted |= is_gone & definition.deleted
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
            np.concatenate([[0], (is_gone & ~counted).cumsum()]),
            np.bincount(evidence.child, minlength=len(forest)),
        )

    def models(self, first: int, end: int) -> int:
        """Count models from one row to before another."""
        return int((self.held[end] - self.held[first]).sum())

    def missing(self, first: int, end: int) -> int:
        """Count the gone, where they are not counted as models."""
        return int(self.gone[end] - self.gone[first])

    def is_any(self, first: int, end: int) -> bool:
        """Say whether there is anything to tell of some rows."""
        return bool(self.models(first, end) or self.missing(first, end))


def largest_branches(grown: Grown, *, lines: int, deepest: int) -> Twig:
    """Draw the largest branches so that at most so many lines are needed, rests included.

    A line is a twig without twigs, or a rest. `deepest` bounds the generations below the first.
    Releases come first, however small they are.
    """
    depth, parent, end = grown.forest.depth, grown.forest.parent, grown.end
    top = _first(grown)
    deepest += int(depth[top])
    drawn: dict[int, list[int]] = {top: []}
    used = 1
    waiting = list(_next(grown, top + 1, end[top]))
    while waiting:
        _, _, row = heapq.heappop(waiting)
        above = int(parent[row])
        rest_before = bool(drawn[above]) and grown.is_any(row, end[above])
        rest_after = grown.is_any(end[row], end[above])
        cost = int(bool(drawn[above])) - rest_before + rest_after
        if used + cost > lines:
            continue
        used += cost
        drawn[above].append(row)
        drawn[row] = []
        for found in _next(grown, end[row], end[above]):
            heapq.heappush(waiting, found)
        if depth[row] < deepest:
            for found in _next(grown, row + 1, end[row]):
                heapq.heappush(waiting, found)
    return _twig(grown, top, drawn)


def _first(grown: Grown) -> int:
    """Return the first row that says more than the one above it: not a family of one model."""
    names, row = grown.forest.names, 0
    while row + 1 < len(names) and names[row + 1] == names[row]:
        if grown.end[row + 1] != grown.end[row]:
            break
        row += 1
    return row


def _next(grown: Grown, row: int, end: int) -> Iterator[tuple[bool, int, int]]:
    """Yield the first row of some neighbours that has anything to tell, the largest of them."""
    if row < end and grown.is_any(row, grown.end[row]):
        is_release = grown.forest.kind[row] == Kind.GROUP
        yield not is_release, -grown.models(row, grown.end[row]), row


def _twig(grown: Grown, row: int, drawn: dict[int, list[int]]) -> Twig:
    forest, below = grown.forest, drawn[row]
    relation = int(forest.relation[row])
    kind = Kind(int(forest.kind[row]))
    missed = int(grown.facts.dates[MISSED][row])
    return Twig(
        name=forest.names[row],
        kind=kind,
        relation=RELATIONS[relation] if relation >= 0 else None,
        own=grown.models(row, row + 1),
        models=grown.models(row, grown.end[row]),
        other_parents=_other_parents(grown, row, kind),
        missed=_EPOCH + timedelta(days=missed - 1) if missed else None,
        twigs=tuple(_twig(grown, one, drawn) for one in below),
        rest=_rest(grown, grown.end[below[-1]], grown.end[row]) if below else None,
    )


def _rest(grown: Grown, first: int, end: int) -> Rest | None:
    if not grown.is_any(first, end):
        return None
    branches, row = 0, first
    while row < end:
        branches += grown.models(row, grown.end[row]) > 0
        row = grown.end[row]
    numbers = (grown.held[end] - grown.held[first]).tolist()
    by_relation = sorted(zip(RELATIONS, numbers, strict=True), key=lambda one: -one[1])
    return Rest(
        branches,
        sum(numbers),
        tuple((relation, n) for relation, n in by_relation if n),
        grown.missing(first, end),
    )


def _other_parents(grown: Grown, row: int, kind: Kind) -> int:
    if kind < Kind.MODEL:
        return 0
    hangs = grown.forest.kind[grown.forest.parent[row]] != Kind.GROUP
    return max(0, int(grown.edges[row]) - int(hangs))
