"""Bars and matrices: a row for each name."""

import re

from lineage.reporting.charts.chart import Chart
from lineage.reporting.charts.field import (
    Field,
    Figure,
    Room,
    Value,
    Words,
    chart_value_columns,
    describe_position,
    largest_value,
    shorten_chart_name,
    spell_value,
)
from lineage.reporting.charts.letters import fit_text, spell_letters, text_width
from lineage.reporting.charts.palette import SHADES
from lineage.reporting.language import Texts

_NAMES = 0.34
"""Part of the width that the names of rows may take."""
_LONG_HEAD = 10
_LEAST_SCALE = 0.7
"""Of the letters in a cell: smaller ones cannot be read."""


def lay_out_bars(chart: Chart, texts: Texts, room: Room) -> Field:
    """Lay out a bar of parts for each position."""
    size, most, n = room.size, largest_value(chart), len(chart.positions)
    layout = Field(top=size * (1.6 if chart.is_share else 0.4), bottom=size * 0.4)
    totals = [sum(line.values[at] or 0 for line in chart.series) for at in range(n)]
    numbers = [texts.number(round(total)) for total in totals]
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
                text = spell_value(chart, texts, value)
                if len(chart.series) > 1 and text_width(text, size) + 4 <= (end - x) * inner:
                    kind, middle = f"on-{letter}{line.slot}", (x + end) / 2
                    layout.words.append(Words(kind, text, middle, y, 0, size * 0.33, "middle"))
            x = end
        # Parts of a hundred have their number in a column, bars of their own length at their end.
        place = (1, layout.right, "end") if chart.is_share else (x, size * 0.5, "start")
        kind, (x, dx, anchor) = "soft" if chart.is_share else "ink", place
        layout.words.append(Words(kind, numbers[at], x, y, dx, size * 0.35, anchor))
        layout.values.append(Value(0, at / n, 1, (at + 1) / n, describe_position(chart, texts, at)))
    return layout


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
