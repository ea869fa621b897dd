"""A chart as SVG: without scripts, styles or addresses inside, so that any page may hold it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import resources

from lineage.domain.escape import escape_invisible, markup
from lineage.errors import MissingExtra
from lineage.reporting.charts.old_chart import Chart, ChartKind
from lineage.reporting.charts.old_plot import (
    Plot,
    Scale,
    draw_plot,
    draw_swatch,
    estimate_text_width,
    flow_legend_rows,
    series_slots,
    shorten_chart_text,
    swatch_width,
    wrap_estimated_text,
)
from lineage.reporting.language import Language, load_texts

WIDE, NARROW = 760, 340
"""Widths in pixels: for a page, and for a phone."""
_SIZE = 12
_HEADING = 16
_PAPER = """\
text { font: 12px "DejaVu Sans", system-ui, sans-serif; fill: #1d1f24 }
.title { font-size: 16px } .soft { fill: #565d69 } .paper { fill: #ffffff }
.grid { stroke: #d9dce2 } .mark { stroke: #565d69; stroke-dasharray: 3 3 }
.shade { fill: #8a9099; fill-opacity: .18 } .line { fill: none; stroke-width: 2 }
"""
# Distinguishable without red or without green, and dark enough on white; on black the same hues
# have to be lighter.
_COLORS = ("#0b62a4", "#d1690e", "#1a8563", "#b0408c", "#8a6d00", "#5b53c6", "#a83232", "#6b7280")
_DARK = ("#5eaee8", "#f39a4a", "#4fc79d", "#ea83c6", "#d8b62e", "#a9a2ff", "#f08080", "#a6adb9")

_BAR = 22
"""Height of a horizontal bar with its room."""
_NAMES = 0.38
"""GroupSize of the width that the names of bars may take."""

_PANEL_HEIGHT = 150
_PANEL_NAME = 18
_PANEL_GAP = 24
_LEAST_PANEL = 320
"""A narrower field says too little."""

Drawing = tuple[list[str], float]
"""Lines of SVG, and the height at which they end."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a chart that is a file of its own."""

    footer: str
    """The snapshot, the definition and who made it: a picture travels alone."""


def draw_chart(
    chart: Chart, language: Language, width: int = WIDE, frame: Frame | None = None
) -> str:
    """Draw a chart; without a frame it takes its colors from the page that holds it."""
    chart = chart.without_skipped()
    heading = list(_draw_heading(chart.title, width)) if frame else []
    top = (_HEADING + 4) * len(heading) + 12 if frame else 4
    if chart.kind is ChartKind.BARS:
        body, bottom = _draw_bars(chart, language, width, top)
    else:
        if chart.panels:
            body, bottom = _draw_panels(chart, language, width, top)
        else:
            body, bottom = draw_plot(Plot(chart, language, width, top))
        legend, bottom = _draw_legend(chart, width, bottom + _SIZE)
        body = [*body, *legend]
    if frame:
        footer = wrap_estimated_text(frame.footer, width - 8, _SIZE)
        lines = [_soft_line(line, bottom + 23 + 17 * at) for at, line in enumerate(footer)]
        body, bottom = [*heading, *body, *lines], bottom + 6 + 17 * len(footer)
    height = round(bottom + _SIZE / 2)
    # A page holds a chart in two widths, and ids must be unique in it.
    name = f"{chart.name}-{width}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" width="{width}"'
        f' height="{height}" viewBox="0 0 {width} {height}"'
        f' aria-labelledby="{name}-title {name}-text">',
        f'<title id="{name}-title">{markup(chart.title)}</title>',
        f'<desc id="{name}-text">{markup(chart.text)}</desc>',
        *([f"<style>{screen_styles()}</style>"] if frame else []),
        *([f'<rect class="paper" width="{width}" height="{height}"/>'] if frame else []),
        *body,
        "</svg>",
    ]
    return "\n".join(lines)


def screen_styles() -> str:
    """Return the colors of a picture that stands alone, in both schemes."""
    dark = "text { fill: #e9eaee } .soft, text.soft { fill: #a6adb9 } .paper { fill: #15171b }"
    dark = f"{dark} .grid {{ stroke: #363b44 }} .mark {{ stroke: #a6adb9 }}"
    return (
        f"{light_styles()}\n@media (prefers-color-scheme: dark) {{ {dark} {_slot_styles(_DARK)} }}"
    )


def light_styles() -> str:
    """Return the colors of a picture on white."""
    return f"{_PAPER}{_slot_styles(_COLORS)}"


def _slot_styles(colors: tuple[str, ...]) -> str:
    return " ".join(
        f".s{at} {{ fill: {color} }} .line.s{at} {{ fill: none; stroke: {color} }}"
        for at, color in enumerate(colors)
    )


def _draw_heading(title: str, width: int) -> Iterator[str]:
    for at, line in enumerate(wrap_estimated_text(title, width - 8, _HEADING)):
        yield f'<text class="title" x="4" y="{(_HEADING + 4) * (at + 1)}">{markup(line)}</text>'


def _soft_line(words: str, y: float, x: float = 4) -> str:
    return f'<text class="soft" x="{x:g}" y="{y:g}">{markup(words)}</text>'


def _draw_bars(chart: Chart, language: Language, width: int, top: float) -> Drawing:
    """Draw a name, a bar and its number on each line."""
    (series,) = chart.series
    spell = load_texts(language).number
    numbers = [spell(round(value or 0)) for value in series.values]
    names = [
        shorten_chart_text(escape_invisible(position.name), _SIZE, width * _NAMES - 12)
        for position in chart.positions
    ]
    x0 = max((estimate_text_width(name, _SIZE) for name in names), default=0) + 12
    x1 = max((estimate_text_width(number, _SIZE) for number in numbers), default=0) + 10
    along = Scale(max((value or 0 for value in series.values), default=1) or 1, x0, width - x1)
    lines = []
    for at, (name, value, number) in enumerate(zip(names, series.values, numbers, strict=True)):
        y, end = top + 4 + _BAR * at, along(value or 0)
        bar = (
            f'<rect class="s0" x="{x0:g}" y="{y + 2:g}" width="{max(end - x0, 0.5):.1f}"'
            f' height="{_BAR - 6}"/>'
        )
        lines += [
            f'<text class="soft" x="{x0 - 8:g}" y="{y + 13:g}" text-anchor="end">'
            f"{markup(name)}</text>",
            *([bar] if value else []),
            f'<text x="{end + 6:.1f}" y="{y + 13:g}">{markup(number)}</text>',
        ]
    return lines, top + 4 + _BAR * len(names)


def _draw_panels(chart: Chart, language: Language, width: int, top: float) -> Drawing:
    """Draw as many fields in a row as there is room for, each with a scale of its own."""
    across = max(1, width // _LEAST_PANEL)
    room = (width - _PANEL_GAP * (across - 1)) // across
    lines: list[str] = []
    for first in range(0, len(chart.panels), across):
        bottom = top
        for at, panel in enumerate(chart.panels[first : first + across]):
            field = replace(chart, series=panel.series, shaded=panel.shaded, panels=(), marks=())
            plot = Plot(field, language, room, top + _PANEL_NAME, _PANEL_HEIGHT)
            body, bottom = draw_plot(plot)
            lines += [
                f'<g transform="translate({at * (room + _PANEL_GAP)} 0)">',
                f'<text x="4" y="{top + 13:g}">{markup(panel.name)}</text>',
                *body,
                "</g>",
            ]
        top = bottom + 6
    return lines, top


def _draw_legend(chart: Chart, width: int, top: float) -> Drawing:
    """Draw the key to colors, then that to events."""
    # Colors: one entry for each series, laid out like words.
    key = swatch_width(chart) + 10
    names = [shorten_chart_text(series.name, _SIZE, width - key - 10) for series in chart.series]
    slots = [slot for slot, _ in series_slots(chart)]
    widths = [estimate_text_width(name, _SIZE) + key + 20 for name in names]
    lines, bottom = [], top
    for at, (row, x0) in enumerate(flow_legend_rows(widths, width)):
        bottom = top + 18 * row
        lines.append(draw_swatch(chart, slots[at], x0 + 4, bottom))
        lines.append(f'<text x="{x0 + key:g}" y="{bottom:g}">{markup(names[at])}</text>')
    # What the shade and the pale end mean.
    for text in (chart.shaded_text, chart.incomplete_text):
        for at, line in enumerate(wrap_estimated_text(text, width - 8, _SIZE)):
            bottom += 17 if at else 21
            lines.append(_soft_line(line, bottom))
    # Events by their number; on a phone each takes as many lines as it needs.
    events = [f"{at + 1} \N{EN DASH} {mark.text}" for at, mark in enumerate(chart.marks)]
    if width < WIDE:
        events = [line for event in events for line in wrap_estimated_text(event, width - 8, _SIZE)]
    events = [shorten_chart_text(event, _SIZE, width - 8) for event in events]
    first = bottom + 21
    widths = [estimate_text_width(event, _SIZE) + 14 for event in events]
    for at, (row, x0) in enumerate(flow_legend_rows(widths, width)):
        bottom = first + 17 * row
        lines.append(_soft_line(events[at], bottom, x0 + 4))
    return lines, bottom


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
