"""A chart as PNG: its SVG painted with the font of this package and no other."""

from importlib import resources

import resvg_py

from lineage.reporting.chart_texts import Chart
from lineage.reporting.charts.svg import Frame, light_styles, styles, svg
from lineage.reporting.language import Language

_SHARP = 2.0
"""Dots for each pixel of the SVG: sharp on paper and on screens of today."""


def png(chart: Chart, language: Language, frame: Frame) -> bytes:
    """Paint a chart on white. The same version of resvg gives the same bytes."""
    return painted(svg(chart, language, frame=frame).replace(styles(), light_styles()))


def painted(drawn: str) -> bytes:
    """Paint an SVG of this package twice as sharp as it is."""
    font = resources.files("lineage.reporting.charts") / "font" / "DejaVuSans.ttf"
    with resources.as_file(font) as file:
        return resvg_py.svg_to_bytes(
            svg_string=drawn, skip_system_fonts=True, font_files=[str(file)], zoom=_SHARP
        )
