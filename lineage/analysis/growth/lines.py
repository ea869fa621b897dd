"""From one part a snapshot to lines over all of them: what joined and what went in between."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from lineage.analysis.groups import MIXED, UNKNOWN
from lineage.analysis.growth.curve import NOTHING, Line, Point
from lineage.analysis.growth.rows import Slice


def lines_of(
    name: str, slices: Sequence[Slice], order: Sequence[str]
) -> tuple[Line, tuple[Line, ...]]:
    """Return the line of the whole, then one for each part that any snapshot has.

    Parts come in the given order, others by name; what is mixed or unknown last.
    """
    names = {part for one in slices for part in one.parts}
    place = {known: at for at, known in enumerate(dict.fromkeys(order))}
    last = {MIXED: 1, UNKNOWN: 2}
    ranked = sorted(names, key=lambda it: (last.get(it, 0), place.get(it, len(place)), it))
    parts = tuple(
        Line(part, _since_before(one.parts.get(part, NOTHING) for one in slices)) for part in ranked
    )
    return Line(name, _since_before(one.whole for one in slices)), parts


def _since_before(points: Iterable[Point]) -> tuple[Point, ...]:
    """Say of each point but the first how many are gone, and are new, since the one before."""
    given = tuple(points)
    return given[:1] + tuple(_compared(*pair) for pair in pairwise(given))


def _compared(before: Point, now: Point) -> Point:
    if before.known_gone is None or now.known_gone is None:
        return now
    gone = now.known_gone - before.known_gone
    return replace(now, gone=gone, new=now.total - before.total + gone)
