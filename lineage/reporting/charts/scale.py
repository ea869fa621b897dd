"""From numbers to places on a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from math import floor

LETTER = 0.61
"""A letter's width beside its height, on the average of a broad typeface."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight way from numbers to pixels."""

    most: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (self.end - self.start) * value / self.most


def ticks(most: float, wanted: int = 4) -> list[int]:
    """Return round whole numbers from 0 to the first that is not below `most`."""
    for power in count():
        for step in (10**power, 2 * 10**power, 5 * 10**power):
            if step * wanted >= most:
                upper = max(1, -floor(-most / step))
                return [step * at for at in range(upper + 1)]
    raise AssertionError("some power of ten is large enough")


def width_of(text: str, size: float) -> float:
    """Return about how wide a text is; rather too much than too little."""
    return len(text) * size * LETTER


def shortened(text: str, size: float, room: float) -> str:
    """Return text that fits, cut with an ellipsis where it must be."""
    letters = max(1, int(room / (size * LETTER)))
    return text if len(text) <= letters else f"{text[: letters - 1]}\N{HORIZONTAL ELLIPSIS}"


def rows_of(widths: Sequence[float], room: float) -> list[tuple[int, float]]:
    """Return row and left edge of each of some things laid out like words on a page."""
    placed, row, left = [], 0, 0.0
    for width in widths:
        if left and left + width > room:
            row, left = row + 1, 0.0
        placed.append((row, left))
        left += width
    return placed
