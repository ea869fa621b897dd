"""The field of a chart along time: axes, stacked bars or lines, shaded months and events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from math import floor

from lineage.domain.escape import markup
from lineage.reporting.charts.old_chart import Chart, ChartKind, EventMark, Series
from lineage.reporting.language import Language, load_texts

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


def estimate_text_width(text: str, size: float) -> float:
    """Return about how wide a text is; rather too much than too little."""
    return len(text) * size * LETTER


def shorten_chart_text(text: str, size: float, room: float) -> str:
    """Return text that fits, cut with an ellipsis where it must be."""
    letters = max(1, int(room / (size * LETTER)))
    return text if len(text) <= letters else f"{text[: letters - 1]}\N{HORIZONTAL ELLIPSIS}"


def wrap_estimated_text(words: str, room: float, size: float) -> list[str]:
    """Return lines that fit; a word that is too long is cut."""
    lines: list[str] = []
    for word in (shorten_chart_text(word, size, room) for word in words.split(" ") if word):
        if lines and estimate_text_width(f"{lines[-1]} {word}", size) <= room:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines


def flow_legend_rows(widths: Sequence[float], room: float) -> list[tuple[int, float]]:
    """Return row and left edge of each of some things laid out like words on a page."""
    places, row, x = [], 0, 0.0
    for width in widths:
        if x and x + width > room:
            row, x = row + 1, 0.0
        places.append((row, x))
        x += width
    return places


_SIZE = 12
_PALE = ' opacity="0.4"'
"""Of what is not over in the data; half of its height would look like a fall."""
_LABEL_GAP = 14
"""Least room between two labels of the axis."""
_SWATCH = 26
"""As wide as a key must be to show a line's dashes."""
# Lines differ in their dashes too: a printed page has no colors.
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "5 5", "1 4", "12 4", "3 6")


@dataclass(frozen=True, slots=True)
class Plot:
    """A chart and the room it has."""

    chart: Chart
    language: Language
    width: int
    top: float
    height: int = 260
    """Of the field alone."""

    def spell_number(self, value: int) -> str:
        """Spell a number of the upright axis."""
        sign = "\N{NO-BREAK SPACE}%" if self.language is Language.GERMAN else "%"
        return load_texts(self.language).number(value) + (sign if self.chart.is_percent else "")


def draw_plot(plot: Plot) -> tuple[list[str], float]:
    """Draw the field and its axes; return it with the place where it ends."""
    chart = plot.chart
    ticks = axis_ticks(_highest_plotted_value(chart))
    x0 = max(estimate_text_width(plot.spell_number(tick), _SIZE) for tick in ticks)
    x0 += 16 if chart.is_percent else 10
    along = Scale(max(len(chart.positions), 1), x0, plot.width - 12)
    marks = _place_chart_marks(chart.marks, along)
    top = plot.top + 10 + 15 * max((row + 1 for _, row in marks), default=0)
    bottom = top + plot.height
    upright = Scale(ticks[-1], bottom, top)
    lines = []
    if chart.shaded:
        wide = along(chart.shaded) - along(0)
        lines.append(
            f'<rect class="shade" x="{along(0):.1f}" y="{top:g}" width="{wide:.1f}"'
            f' height="{plot.height}"/>'
        )
    lines += _draw_grid(plot, ticks, upright, x0)
    draw = _draw_lines if chart.kind is ChartKind.LINES else _draw_stacks
    lines += draw(chart, along, upright)
    lines += _draw_events(marks, plot.top + 10, bottom)
    lines += _draw_labels(chart, along, bottom + 18)
    lines.append(
        f'<text class="soft" x="{plot.width - 12}" y="{bottom + 36:g}" text-anchor="end">'
        f"{markup(chart.along.name)}</text>"
    )
    return lines, bottom + 44


def series_slots(chart: Chart) -> Iterator[tuple[int, Series]]:
    """Yield each series with the number of its color and dashes."""
    for at, series in enumerate(chart.series):
        yield (at if series.slot is None else series.slot), series


def draw_swatch(chart: Chart, slot: int, x: float, y: float) -> str:
    """Draw the key to one series as the field draws it: a line with its dashes, or a field."""
    if chart.kind is not ChartKind.LINES:
        return f'<rect class="s{slot}" x="{x:g}" y="{y - 9:g}" width="11" height="11"/>'
    return f'<path class="line s{slot}"{_line_dash(slot)} d="M{x:g} {y - 4:g}h{_SWATCH}"/>'


def swatch_width(chart: Chart) -> int:
    """Return how wide a key is."""
    return _SWATCH if chart.kind is ChartKind.LINES else 11


def _highest_plotted_value(chart: Chart) -> float:
    if chart.is_percent:
        return 100.0
    columns = zip(*([value or 0 for value in line.values] for line in chart.series), strict=True)
    fold = sum if chart.kind is ChartKind.STACKED else max
    return max((float(fold(column)) for column in columns), default=1.0) or 1.0


def _line_dash(slot: int) -> str:
    return f' stroke-dasharray="{_DASHES[slot]}"' if _DASHES[slot] else ""


def _draw_grid(plot: Plot, ticks: Sequence[int], upright: Scale, x0: float) -> Iterator[str]:
    for value in ticks:
        y = upright(value)
        yield f'<path class="grid" d="M{x0:g} {y:.1f}H{plot.width - 12}"/>'
        yield (
            f'<text class="soft" x="{x0 - 6:g}" y="{y + 4:.1f}" text-anchor="end">'
            f"{markup(plot.spell_number(value))}</text>"
        )


def _draw_stacks(chart: Chart, along: Scale, upright: Scale) -> Iterator[str]:
    pale_from = len(chart.positions) - chart.incomplete
    tops = [0.0] * len(chart.positions)
    room = along(1) - along(0)
    for slot, series in series_slots(chart):
        for place, value in enumerate(series.values):
            if value:
                low, high = upright(tops[place]), upright(tops[place] + value)
                tops[place] += value
                yield (
                    f'<rect class="s{slot}" x="{along(place) + room * 0.1:.1f}" y="{high:.1f}"'
                    f' width="{room * 0.8:.1f}" height="{low - high:.2f}"'
                    f"{_PALE if place >= pale_from else ''}/>"
                )


def _draw_lines(chart: Chart, along: Scale, upright: Scale) -> Iterator[str]:
    pale_from = len(chart.positions) - chart.incomplete
    for slot, series in series_slots(chart):
        points = [
            (place, f"{along(place + 0.5):.1f} {upright(value):.1f}")
            for place, value in enumerate(series.values)
            if value is not None
        ]
        sure = [point for place, point in points if place < pale_from]
        # The pale part goes on where the other ends.
        pale = [*sure[-1:], *(point for place, point in points if place >= pale_from)]
        if sure:
            yield f'<path class="line s{slot}"{_line_dash(slot)} d="M{"L".join(sure)}"/>'
        if len(pale) > len(sure[-1:]):
            yield f'<path class="line s{slot}"{_line_dash(slot)}{_PALE} d="M{"L".join(pale)}"/>'


def _place_chart_marks(marks: Sequence[EventMark], along: Scale) -> list[tuple[float, int]]:
    """Return place and row of each event's number, so that no two numbers touch."""
    ends: list[float] = []
    places = []
    for at, mark in enumerate(marks):
        x, half = along(mark.at), estimate_text_width(str(at + 1), _SIZE) / 2 + 2
        row = next((row for row, end in enumerate(ends) if end <= x - half), len(ends))
        ends[row : row + 1] = [x + half]
        places.append((x, row))
    return places


def _draw_events(marks: Sequence[tuple[float, int]], top: float, bottom: float) -> Iterator[str]:
    for at, (x, row) in enumerate(marks):
        y = top + 15 * row
        yield f'<path class="mark" d="M{x:.1f} {y + 5:g}V{bottom:g}"/>'
        yield f'<text class="soft" x="{x:.1f}" y="{y + 2:g}" text-anchor="middle">{at + 1}</text>'


def _draw_labels(chart: Chart, along: Scale, y: float) -> Iterator[str]:
    """Name as many positions as there is room for, in the chart's own steps where it has some."""
    names = [position.name for position in chart.positions]
    widest = max((estimate_text_width(name, _SIZE) for name in names), default=0) + _LABEL_GAP
    every = max(1, -int(-widest // (along(1) - along(0))))
    every = next((step for step in chart.steps if step >= every), every)
    for place in range(0, len(names), every):
        half = estimate_text_width(names[place], _SIZE) / 2
        x = min(max(along(place + 0.5), half), along(len(names)) + 12 - half)
        yield (
            f'<text class="soft" x="{x:.1f}" y="{y:g}" text-anchor="middle">'
            f"{markup(names[place])}</text>"
        )
