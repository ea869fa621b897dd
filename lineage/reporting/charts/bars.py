"""A chart of lying bars: a name, a bar and its number on each line."""

from html import escape

from lineage.domain.escape import visible
from lineage.reporting.chart_texts import Chart
from lineage.reporting.charts.scale import Scale, shortened, width_of
from lineage.reporting.language import Language, texts

_SIZE = 12
_LINE = 22
_NAMES = 0.38
"""Part of the width that names may take."""


def lying_bars(chart: Chart, language: Language, width: int, top: float) -> tuple[list[str], float]:
    """Draw one bar a line; return the lines with the place where the last one ends."""
    (series,) = chart.series
    spell = texts(language).number
    numbers = [spell(round(value or 0)) for value in series.values]
    names = [shortened(visible(one.name), _SIZE, width * _NAMES - 12) for one in chart.positions]
    left = max((width_of(name, _SIZE) for name in names), default=0) + 12
    right = max((width_of(one, _SIZE) for one in numbers), default=0) + 10
    along = Scale(max((value or 0 for value in series.values), default=1) or 1, left, width - right)
    lines = []
    for at, (name, value, number) in enumerate(zip(names, series.values, numbers, strict=True)):
        y, end = top + 4 + _LINE * at, along(value or 0)
        bar = (
            f'<rect class="s0" x="{left:g}" y="{y + 2:g}" width="{max(end - left, 0.5):.1f}"'
            f' height="{_LINE - 6}"/>'
        )
        lines += [
            f'<text class="soft" x="{left - 8:g}" y="{y + 13:g}" text-anchor="end">'
            f"{escape(name)}</text>",
            *([bar] if value else []),
            f'<text x="{end + 6:.1f}" y="{y + 13:g}">{escape(number)}</text>',
        ]
    return lines, top + 4 + _LINE * len(names)
