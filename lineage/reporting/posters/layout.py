"""Where the boxes of a poster stand: as high as their share, and never too low for a name."""

from collections.abc import Iterator
from dataclasses import dataclass

from lineage.analysis.tree.largest import Rest, Twig

LINE = 17.0
"""Height of a box with room for one line of text."""
_MOST = 3 * LINE
"""Height of a single model, where there are few."""
_STEPS = 60


@dataclass(frozen=True, slots=True)
class Box:
    """A branch, or what is summed up beside branches."""

    column: int
    top: float
    height: float
    content: Twig | Rest


def laid_out(twig: Twig, top: float, height: float) -> list[Box]:
    """Return a box for each twig and rest, the whole first, at most as high as there is room.

    Those right of a box are together as high as it. Raises ValueError where lines alone need more
    than there is.
    """
    if _height(twig, 0.0) > height:
        raise ValueError(f"{_height(twig, 0.0):g} are needed, {height:g} there are")
    low, high = 0.0, min(_MOST, height / max(1, twig.models))
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if _height(twig, middle) > height else (middle, high)
    return list(_boxes(twig, 0, top, low))


def _boxes(twig: Twig, column: int, top: float, scale: float) -> Iterator[Box]:
    yield Box(column, top, _height(twig, scale), twig)
    for one in twig.twigs:
        yield from _boxes(one, column + 1, top, scale)
        top += _height(one, scale)
    if twig.rest is not None:
        yield Box(column + 1, top, _height(twig.rest, scale), twig.rest)


def _height(content: Twig | Rest, scale: float) -> float:
    if isinstance(content, Twig) and content.twigs:
        rest = 0.0 if content.rest is None else _height(content.rest, scale)
        return rest + sum(_height(one, scale) for one in content.twigs)
    return max(LINE, content.models * scale)
