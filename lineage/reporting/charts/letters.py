"""How wide a text is in this package's font: nothing may overlap.

`font/widths.json` has the letters of each width, as fontTools reads them from the font.
"""

import json
from collections.abc import Sequence
from functools import cache
from importlib import resources

from lineage.domain.escape import escape_invisible

FONTS = {False: "LineageSans-Regular.ttf", True: "LineageSans-Bold.ttf"}
"""The files of the letters, plain and bold; as wide as those of Arial, Helvetica and Liberation."""
_SPARE = {False: 1.03, True: 1.1}
"""A reader's typeface may be so much wider: DejaVu Sans Condensed is, where Arial is missing."""
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_PER_EM = 2048
"""Units of the font in the size of its letters."""


def spell_letters(text: str) -> str:
    r"""Return text in which what acts, and every letter that the font lacks, is `\u4e2d`.

    So a picture shows the same letters wherever it is painted, and each as wide as we think.
    """
    advances = _letter_advances(is_bold=False)
    return "".join(
        letter if letter in advances else _letters_drawn_by_code_point(letter)
        for letter in escape_invisible(text)
    )


def text_width(text: str, size: float, *, is_bold: bool = False) -> float:
    """Return how wide a spelled text is, in the unit of `size`."""
    advances = _letter_advances(is_bold=is_bold)
    return sum(advances[letter] for letter in text) * size


def fit_text(text: str, size: float, room: float, *, is_bold: bool = False) -> str:
    """Return a spelled text cut with an ellipsis to what there is room for; maybe nothing."""
    # The widest letter is as wide as the size: what is ten thousand letters long is not measured.
    text = text if len(text) * size <= room else text[: 1 + int(8 * max(room, 0) / size)]
    if text_width(text, size, is_bold=is_bold) <= room:
        return text
    advances, end = _letter_advances(is_bold=is_bold), 0
    room = room / size - advances[_ELLIPSIS]
    for letter in text:
        room -= advances[letter]
        if room < 0:
            break
        end += 1
    return f"{text[:end]}{_ELLIPSIS}" if end else ""


def wrap_text(
    text: str, size: float, room: float, *, is_bold: bool = False, most: int = 0
) -> list[str]:
    """Return a text as lines that fit, at most so many; what is too long is cut."""
    lines: list[str] = []
    for word in (spell_letters(word) for word in text.split(" ") if word):
        if lines and text_width(f"{lines[-1]} {word}", size, is_bold=is_bold) <= room:
            lines[-1] = f"{lines[-1]} {word}"
        elif most and len(lines) == most:
            lines[-1] = fit_text(f"{lines[-1]} {word} ", size, room, is_bold=is_bold)
            break
        else:
            lines.append(fit_text(word, size, room, is_bold=is_bold))
    return lines


def balance_text(text: str, size: float, room: float, *, is_bold: bool, most: int) -> list[str]:
    """Return a text as few lines that are about as long as each other."""
    lines = wrap_text(text, size, room, is_bold=is_bold, most=most)
    while len(lines) > 1:
        # Narrower, as long as it takes no further line and nothing is cut.
        room *= 0.97
        narrower = wrap_text(text, size, room, is_bold=is_bold, most=most)
        if len(narrower) > len(lines) or " ".join(narrower) != " ".join(lines):
            break
        lines = narrower
    return lines


def flow_chart_words(widths: Sequence[float], room: float) -> list[tuple[int, float]]:
    """Return row and left edge of each of some things laid out like words on a page."""
    places, row, x = [], 0, 0.0
    for width in widths:
        if x and x + width > room:
            row, x = row + 1, 0.0
        places.append((row, x))
        x += width
    return places


def _letters_drawn_by_code_point(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@cache
def _letter_advances(*, is_bold: bool) -> dict[str, float]:
    """Return for each letter of the font how far it moves the pen, in parts of its size."""
    file = resources.files("lineage.reporting.charts") / "font" / "widths.json"
    widths = json.loads(file.read_text("utf-8"))["bold" if is_bold else "plain"]
    unit = _SPARE[is_bold] / _PER_EM
    return {letter: width * unit for letters, width in widths.items() for letter in letters}
