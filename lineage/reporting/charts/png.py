"""A chart as PNG: its SVG painted with the font of this package and no other."""

from importlib import resources

from lineage.errors import MissingExtra
from lineage.reporting.charts.chart import Chart
from lineage.reporting.charts.svg import Frame, draw_chart, light_styles, screen_styles
from lineage.reporting.language import Language

_SHARP = 2.0
"""Dots for each pixel of the SVG: sharp on paper and on screens of today."""


def can_paint() -> bool:
    """Say whether the extra that paints PNG pictures is installed."""
    try:
        import resvg_py  # noqa: F401
    except ImportError:
        return False
    return True


def paint_chart(chart: Chart, language: Language, frame: Frame) -> bytes:
    """Paint a chart on white. The same version of resvg gives the same bytes."""
    return paint_svg(
        draw_chart(chart, language, frame=frame).replace(screen_styles(), light_styles())
    )


def paint_svg(picture: str) -> bytes:
    """Paint an SVG of this package twice as sharp as it is.

    Raises MissingExtra where the extra `report` is not installed.
    """
    try:
        import resvg_py
    except ImportError as error:
        raise MissingExtra("PNG charts", "report") from error
    font = resources.files("lineage.reporting.charts") / "font" / "DejaVuSans.ttf"
    # Fonts of the system differ from machine to machine, and the same chart must be the same bytes.
    with resources.as_file(font) as file:
        return resvg_py.svg_to_bytes(
            svg_string=picture, skip_system_fonts=True, font_files=[str(file)], zoom=_SHARP
        )
