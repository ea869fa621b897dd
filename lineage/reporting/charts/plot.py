"""The field of a chart along time: axes, stacked bars or lines, shaded months and events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from lineage.domain.escape import visible
from lineage.reporting.chart_texts import Chart, ChartKind, Mark, Position, Series
from lineage.reporting.charts.scale import Scale, ticks, width_of
from lineage.reporting.language import Language, texts

_SIZE = 12
_BETWEEN = 14
"""Least room between two labels of the axis."""
_SWATCH = 26
"""As wide as a key must be to show a line's dashes."""
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

    def number(self, value: int) -> str:
        """Spell a number of the upright axis."""
        sign = "\N{NO-BREAK SPACE}%" if self.language is Language.GERMAN else "%"
        return texts(self.language).number(value) + (sign if self.chart.is_percent else "")


def plotted(plot: Plot) -> tuple[list[str], float]:
    """Draw the field and its axes; return it with the place where it ends."""
    chart = plot.chart
    up = ticks(_highest(chart))
    left = max(width_of(plot.number(one), _SIZE) for one in up) + (16 if chart.is_percent else 10)
    along = Scale(max(len(chart.positions), 1), left, plot.width - 12)
    marks = _placed(chart.marks, along)
    top = plot.top + 10 + 15 * max((row + 1 for _, row in marks), default=0)
    bottom = top + plot.height
    upright = Scale(up[-1], bottom, top)
    lines = [
        *_shade(chart, along, top, plot.height),
        *_grid(plot, up, upright, left),
        *_bars_or_lines(chart, along, upright),
        *_events(marks, plot.top + 10, bottom),
        *_labels(chart, along, bottom + 18),
        *_along(chart.along, plot.width, bottom + 36),
    ]
    return lines, bottom + 44


def _highest(chart: Chart) -> float:
    if chart.is_percent:
        return 100.0
    columns = zip(*([value or 0 for value in one.values] for one in chart.series), strict=True)
    fold = sum if chart.kind is ChartKind.STACKED else max
    return max((float(fold(column)) for column in columns), default=1.0) or 1.0


def _shade(chart: Chart, along: Scale, top: float, height: int) -> Iterator[str]:
    if chart.shaded:
        wide = along(chart.shaded) - along(0)
        yield (
            f'<rect class="shade" x="{along(0):.1f}" y="{top:g}" width="{wide:.1f}"'
            f' height="{height}"/>'
        )


def _grid(plot: Plot, up: Sequence[int], upright: Scale, left: float) -> Iterator[str]:
    for value in up:
        y = upright(value)
        yield f'<path class="grid" d="M{left:g} {y:.1f}H{plot.width - 12}"/>'
        yield (
            f'<text class="soft" x="{left - 6:g}" y="{y + 4:.1f}" text-anchor="end">'
            f"{_text(plot.number(value))}</text>"
        )


def _bars_or_lines(chart: Chart, along: Scale, upright: Scale) -> Iterator[str]:
    if chart.kind is ChartKind.LINES:
        yield from _lines(chart, along, upright)
        return
    base = [0.0] * len(chart.positions)
    room = along(1) - along(0)
    for at, series in slotted(chart):
        for place, value in enumerate(series.values):
            if value:
                low, high = upright(base[place]), upright(base[place] + value)
                base[place] += value
                yield (
                    f'<rect class="s{at}" x="{along(place) + room * 0.1:.1f}" y="{high:.1f}"'
                    f' width="{room * 0.8:.1f}" height="{low - high:.2f}"/>'
                )


def _lines(chart: Chart, along: Scale, upright: Scale) -> Iterator[str]:
    for at, series in slotted(chart):
        points = [
            f"{along(place + 0.5):.1f} {upright(value):.1f}"
            for place, value in enumerate(series.values)
            if value is not None
        ]
        dash = f' stroke-dasharray="{_DASHES[at]}"' if _DASHES[at] else ""
        if points:
            yield f'<path class="line s{at}"{dash} d="M{"L".join(points)}"/>'


def slotted(chart: Chart) -> Iterator[tuple[int, Series]]:
    """Yield each series with the number of its color and dashes."""
    for at, series in enumerate(chart.series):
        yield (at if series.slot is None else series.slot), series


def swatch(chart: Chart, at: int, x: float, y: float) -> str:
    """Draw the key to one series as the field draws it: a line with its dashes, or a field."""
    if chart.kind is not ChartKind.LINES:
        return f'<rect class="s{at}" x="{x:g}" y="{y - 9:g}" width="11" height="11"/>'
    dash = f' stroke-dasharray="{_DASHES[at]}"' if _DASHES[at] else ""
    return f'<path class="line s{at}"{dash} d="M{x:g} {y - 4:g}h{_SWATCH}"/>'


def swatch_width(chart: Chart) -> int:
    """Return how wide a key is."""
    return _SWATCH if chart.kind is ChartKind.LINES else 11


def _placed(marks: Sequence[Mark], along: Scale) -> list[tuple[float, int]]:
    """Return place and row of each event's number, so that no two numbers touch."""
    ends: list[float] = []
    placed = []
    for at, mark in enumerate(marks):
        x, half = along(mark.at), width_of(str(at + 1), _SIZE) / 2 + 2
        row = next((row for row, end in enumerate(ends) if end <= x - half), len(ends))
        ends[row : row + 1] = [x + half]
        placed.append((x, row))
    return placed


def _events(marks: Sequence[tuple[float, int]], top: float, bottom: float) -> Iterator[str]:
    for at, (x, row) in enumerate(marks):
        y = top + 15 * row
        yield f'<path class="mark" d="M{x:.1f} {y + 5:g}V{bottom:g}"/>'
        yield f'<text class="soft" x="{x:.1f}" y="{y + 2:g}" text-anchor="middle">{at + 1}</text>'


def _labels(chart: Chart, along: Scale, y: float) -> Iterator[str]:
    """Name as many positions as there is room for, in the chart's own steps where it has some."""
    positions = chart.positions
    widest = max((width_of(one.name, _SIZE) for one in positions), default=0) + _BETWEEN
    every = max(1, -int(-widest // (along(1) - along(0))))
    every = next((step for step in chart.steps if step >= every), every)
    for place in range(0, len(positions), every):
        half = width_of(positions[place].name, _SIZE) / 2
        x = min(max(along(place + 0.5), half), along(len(positions)) + 12 - half)
        yield (
            f'<text class="soft" x="{x:.1f}" y="{y:g}" text-anchor="middle">'
            f"{_text(positions[place].name)}</text>"
        )


def _along(name: Position, width: int, y: float) -> Iterator[str]:
    yield (
        f'<text class="soft" x="{width - 12}" y="{y:g}" text-anchor="end">{_text(name.name)}</text>'
    )


def _text(words: str) -> str:
    return escape(visible(words), quote=True)
