"""Pictures as PNG: painted by resvg with the fonts of this package, the same on every machine."""

from contextlib import ExitStack
from importlib import resources

from lineage.errors import MissingExtra
from lineage.reporting.charts.chart import Chart
from lineage.reporting.charts.draw import WIDTH, draw_chart
from lineage.reporting.charts.letters import FONTS
from lineage.reporting.charts.palette import Theme
from lineage.reporting.language import Language


def can_paint() -> bool:
    """Say whether the extra that paints PNG pictures is installed."""
    try:
        import resvg_py  # noqa: F401
    except ImportError:
        return False
    return True


def paint_chart(
    chart: Chart, language: Language, theme: Theme = Theme.LIGHT, width: int = WIDTH
) -> bytes:
    """Paint a chart, as wide as that. The same version of resvg gives the same bytes."""
    return paint_svg(draw_chart(chart, language, theme, width))


def paint_svg(picture: str, zoom: float = 1.0) -> bytes:
    """Paint an SVG of this package, so many dots for each of its pixels.

    Raises MissingExtra where the extra `report` is not installed.
    """
    try:
        import resvg_py
    except ImportError as error:
        raise MissingExtra("PNG charts", "report") from error
    # Fonts of the system differ from machine to machine, and the same chart must be the same bytes.
    folder = resources.files("lineage.reporting.charts") / "font"
    with ExitStack() as stack:
        files = [str(stack.enter_context(resources.as_file(folder / it))) for it in FONTS.values()]
        return resvg_py.svg_to_bytes(
            svg_string=picture, skip_system_fonts=True, font_files=files, zoom=zoom
        )
