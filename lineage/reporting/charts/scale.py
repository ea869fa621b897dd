"""From numbers and words to places on a picture, without knowing the reader's typeface."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from math import floor

# An SVG inside a page is set in the reader's own typeface, which cannot be measured here. So
# widths are estimated, rather too much than too little; `letters` measures where the font is ours.
LETTER = 0.61
"""A letter's width beside its height, on the average of a broad typeface."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight line from numbers to pixels."""

    most: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (self.end - self.start) * value / self.most


def axis_ticks(most: float, steps: int = 4) -> list[int]:
    """Return round whole numbers from 0 to the first that is not below `most`."""
    for power in count():
        for step in (10**power, 2 * 10**power, 5 * 10**power):
            if step * steps >= most:
                upper = max(1, -floor(-most / step))
                return [step * at for at in range(upper + 1)]
    raise AssertionError("some power of ten is large enough")


def estimate_width(text: str, size: float) -> float:
    """Return about how wide a text is; rather too much than too little."""
    return len(text) * size * LETTER


def shorten_text(text: str, size: float, room: float) -> str:
    """Return text that fits, cut with an ellipsis where it must be."""
    letters = max(1, int(room / (size * LETTER)))
    return text if len(text) <= letters else f"{text[: letters - 1]}\N{HORIZONTAL ELLIPSIS}"


def wrap_estimated(words: str, room: float, size: float) -> list[str]:
    """Return lines that fit; a word that is too long is cut."""
    lines: list[str] = []
    for word in (shorten_text(word, size, room) for word in words.split(" ") if word):
        if lines and estimate_width(f"{lines[-1]} {word}", size) <= room:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines


def flow_rows(widths: Sequence[float], room: float) -> list[tuple[int, float]]:
    """Return row and left edge of each of some things laid out like words on a page."""
    places, row, x = [], 0, 0.0
    for width in widths:
        if x and x + width > room:
            row, x = row + 1, 0.0
        places.append((row, x))
        x += width
    return places
