"""Several fields of one chart side by side, each with a name and a scale of its own."""

from collections.abc import Sequence
from dataclasses import replace
from html import escape

from lineage.domain.escape import visible
from lineage.reporting.chart_texts import Chart, Panel
from lineage.reporting.charts.plot import Plot, plotted
from lineage.reporting.language import Language

_HEIGHT = 150
_NAME = 18
_BETWEEN = 24
_LEAST_WIDTH = 320
"""A narrower field says too little."""


def side_by_side(
    chart: Chart, language: Language, width: int, top: float
) -> tuple[list[str], float]:
    """Draw as many fields in a row as there is room for; return where the last row ends."""
    across = max(1, width // _LEAST_WIDTH)
    room = (width - _BETWEEN * (across - 1)) // across
    lines: list[str] = []
    for first in range(0, len(chart.panels), across):
        row = chart.panels[first : first + across]
        bottom = top
        for at, panel in enumerate(row):
            drawn, bottom = _field(chart, panel, language, room, top)
            lines += [f'<g transform="translate({at * (room + _BETWEEN)} 0)">', *drawn, "</g>"]
        top = bottom + 6
    return lines, top


def _field(
    chart: Chart, panel: Panel, language: Language, width: int, top: float
) -> tuple[Sequence[str], float]:
    alone = replace(chart, series=panel.series, shaded=panel.shaded, panels=(), marks=())
    drawn, bottom = plotted(Plot(alone, language, width, top + _NAME, _HEIGHT))
    name = f'<text x="4" y="{top + 13:g}">{escape(visible(panel.name), quote=True)}</text>'
    return [name, *drawn], bottom
