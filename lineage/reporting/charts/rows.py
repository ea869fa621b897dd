"""Bars and matrices: a row for each name."""

import json
import re
from collections.abc import Sequence
from functools import cache
from importlib import resources

from lineage.domain.escape import escape_invisible
from lineage.reporting.charts.chart import Chart
from lineage.reporting.charts.field import (
    Field,
    Figure,
    Room,
    Value,
    Words,
    chart_value_columns,
    describe_chart_position,
    largest_value,
    shorten_chart_name,
    spell_chart_value,
)
from lineage.reporting.charts.palette import SHADES
from lineage.reporting.language import Texts

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


_NAMES = 0.34
"""Part of the width that the names of rows may take."""
_LONG_HEAD = 10
_LEAST_SCALE = 0.7
"""Of the letters in a cell: smaller ones cannot be read."""


def lay_out_bars(chart: Chart, texts: Texts, room: Room) -> Field:
    """Lay out a bar of parts for each position."""
    size, most, n = room.size, largest_value(chart), len(chart.positions)
    layout = Field(top=size * (1.6 if chart.is_share else 0.4), bottom=size * 0.4)
    numbers = [_spell_total(chart, texts, at) for at in range(n)]
    names = [fit_text(spell_letters(it.name), size, room.width * _NAMES) for it in chart.positions]
    layout.left = max(text_width(name, size) for name in names) + size * 0.7
    head = texts.say("chart.models") if chart.is_share else ""
    layout.right = max(text_width(text, size) for text in [*numbers, head]) + size * 0.7
    inner = max(room.width - layout.left - layout.right, size)
    if head:
        layout.words.append(Words("soft", head, 1, 0, layout.right, -size * 0.5, "end"))
    for at, column in enumerate(chart_value_columns(chart)):
        y, half, x = (at + 0.5) / n, 0.41 / n, 0.0
        layout.words.append(Words("ink", names[at], 0, y, -size * 0.7, size * 0.35, "end"))
        letter = "p" if chart.positions[at].is_pale else "f"
        for line, value in zip(chart.series, column, strict=True):
            end = x + value / most
            if value:
                box = [(x, y - half), (end, y + half)]
                layout.shapes.append(Figure(f"{letter}{line.slot} gap", box))
                layout.hatches += [(box[0], box[1])] if line.is_hatched else []
                text = "" if line.is_hatched else spell_chart_value(chart, texts, value)
                if (
                    text
                    and len(chart.series) > 1
                    and text_width(text, size) + 4 <= (end - x) * inner
                ):
                    kind, middle = f"on-{letter}{line.slot}", (x + end) / 2
                    layout.words.append(Words(kind, text, middle, y, 0, size * 0.33, "middle"))
            x = end
        # Parts of a hundred have their number in a column, bars of their own length at their end.
        place = (1, layout.right, "end") if chart.is_share else (x, size * 0.5, "start")
        kind, (x, dx, anchor) = "soft" if chart.is_share else "ink", place
        layout.words.append(Words(kind, numbers[at], x, y, dx, size * 0.35, anchor))
        layout.values.append(
            Value(0, at / n, 1, (at + 1) / n, describe_chart_position(chart, texts, at))
        )
    return layout


def _spell_total(chart: Chart, texts: Texts, at: int) -> str:
    """Return the sum of a bar; what is hatched stands beside it, `7,282 + 87`."""
    sums = {True: 0.0, False: 0.0}
    for line in chart.series:
        sums[line.is_hatched] += line.values[at] or 0
    more = round(sums[True])
    return texts.number(round(sums[False])) + (f" + {texts.number(more)}" if more else "")


def lay_out_matrix(chart: Chart, texts: Texts, room: Room) -> Field:
    """Lay out a row for each series and a column for each position."""
    size, rows, across = room.size, len(chart.series), len(chart.positions)
    names = [fit_text(spell_letters(it.name), size, room.width * _NAMES) for it in chart.series]
    layout = Field(
        left=max(text_width(name, size) for name in names) + size * 0.7, bottom=size * 0.4
    )
    column = (room.width - layout.left) / across
    # Heads stand in two lines of their column, or upright where words do not fit; only what is
    # long for every column is cut.
    broken = [_break_chart_row_head(it.name, size, column - size * 0.3) for it in chart.positions]
    is_upright = any(
        text_width(line, size) > column and (len(line) <= _LONG_HEAD or column < size * 4)
        for lines in broken
        for line in lines
    )
    heads = [[fit_text(line, size, column - size * 0.3) for line in lines] for lines in broken]
    layout.top = size * (0.6 + 1.1 * max(map(len, heads)))
    if is_upright:
        heads = [[fit_text(spell_letters(it.name), size, size * 9)] for it in chart.positions]
        layout.top = max(text_width(head, size) for (head,) in heads) + size
    for at, head in enumerate(heads):
        dx, anchor = (size * 0.35, "start") if is_upright else (0, "middle")
        for row, text in enumerate(reversed(head)):
            x, dy = (at + 0.5) / across, -size * (0.6 + 1.1 * row)
            layout.words.append(Words("soft", text, x, 0, dx, dy, anchor, is_upright))
    # By the root of the number: of many small ones each can be seen.
    values = [value or 0 for line in chart.series for value in line.values]
    largest = max(values, default=0) or 1
    # On a phone numbers are smaller rather than missing.
    widest = text_width(texts.number(round(largest)), size)
    scale = max(min(1.0, (column - 3) / widest), _LEAST_SCALE)
    framed: list[Figure] = []
    for row, line in enumerate(chart.series):
        y = (row + 0.5) / rows
        layout.words.append(Words("ink", names[row], 0, y, -size * 0.7, size * 0.35, "end"))
        for at, (position, value) in enumerate(zip(chart.positions, line.values, strict=True)):
            shade = max(1, round((SHADES - 1) * (value / largest) ** 0.5)) if value else 0
            x, text = (at + 0.5) / across, texts.number(round(value or 0))
            box = [(x - 0.485 / across, y - 0.47 / rows), (x + 0.485 / across, y + 0.47 / rows)]
            layout.shapes.append(Figure(f"r{shade}", box))
            is_framed = (line.key, position.key) in chart.frames
            if is_framed:
                inset = [(x - 0.47 / across, y - 0.43 / rows), (x + 0.47 / across, y + 0.43 / rows)]
                framed.append(Figure("frame", inset))
            if value and text_width(text, size * scale) <= column:
                kind = f"on-r{shade}"
                dy = size * scale * 0.35
                layout.words.append(Words(kind, text, x, y, 0, dy, "middle", scale=scale))
            if value or is_framed:
                words = (
                    f"{shorten_chart_name(line.name)}, {shorten_chart_name(position.name)}: {text}"
                )
                edges = (at / across, row / rows, (at + 1) / across, (row + 1) / rows)
                layout.values.append(Value(*edges, words))
    layout.shapes += framed
    return layout


def _break_chart_row_head(head: str, size: float, room: float) -> list[str]:
    """Return a name as at most two lines, broken at its marks."""
    first, second = "", ""
    for part in re.findall(r"[^-_\s]+[-_\s]*|[-_\s]", spell_letters(head)):
        if not second and (not first or text_width(f"{first}{part}".rstrip(), size) <= room):
            first += part
        else:
            second += part
    return [line.rstrip() for line in (first, second) if line]
