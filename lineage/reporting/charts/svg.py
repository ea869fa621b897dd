"""A chart as SVG: without scripts, styles or addresses inside, so that any page may hold it."""

from dataclasses import dataclass
from html import escape

from lineage.domain.escape import visible
from lineage.reporting.chart_texts import Chart, ChartKind
from lineage.reporting.charts.bars import lying_bars
from lineage.reporting.charts.panels import side_by_side
from lineage.reporting.charts.plot import Plot, plotted, slotted, swatch, swatch_width
from lineage.reporting.charts.scale import rows_of, shortened, width_of
from lineage.reporting.language import Language

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
_COLORS = ("#0b62a4", "#d1690e", "#1a8563", "#b0408c", "#8a6d00", "#5b53c6", "#a83232", "#6b7280")
"""Told apart by who sees no red or no green, and dark enough on white."""
_DARK = ("#5eaee8", "#f39a4a", "#4fc79d", "#ea83c6", "#d8b62e", "#a9a2ff", "#f08080", "#a6adb9")


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a chart that is a file of its own."""

    footer: str
    """The snapshot, the definition and who made it: a picture travels alone."""


def svg(chart: Chart, language: Language, width: int = WIDE, frame: Frame | None = None) -> str:
    """Draw a chart; without a frame it takes its colors from the page that holds it."""
    chart = chart.drawn()
    heading = _heading(chart.title, width) if frame else []
    top = (_HEADING + 4) * len(heading) + 12 if frame else 4
    if chart.kind is ChartKind.BARS:
        body, bottom = lying_bars(chart, language, width, top)
    else:
        draw = side_by_side(chart, language, width, top) if chart.panels else None
        body, bottom = draw or plotted(Plot(chart, language, width, top))
        legend, bottom = _legend(chart, width, bottom + _SIZE)
        body = [*body, *legend]
    if frame:
        footer, bottom = _footer(frame.footer, width, bottom)
        body = [*heading, *body, *footer]
    height = round(bottom + _SIZE / 2)
    name = f"{chart.name}-{width}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" width="{width}"'
        f' height="{height}" viewBox="0 0 {width} {height}"'
        f' aria-labelledby="{name}-title {name}-text">',
        f'<title id="{name}-title">{text(chart.title)}</title>',
        f'<desc id="{name}-text">{text(chart.text)}</desc>',
        *([f"<style>{styles()}</style>"] if frame else []),
        *([f'<rect class="paper" width="{width}" height="{height}"/>'] if frame else []),
        *body,
        "</svg>",
    ]
    return "\n".join(lines)


def text(words: str) -> str:
    """Return words as letters of XML, whoever wrote them."""
    return escape(visible(words), quote=True)


def styles() -> str:
    """Return the colors of a picture that stands alone, in both schemes."""
    dark = "text { fill: #e9eaee } .soft, text.soft { fill: #a6adb9 } .paper { fill: #15171b }"
    dark = f"{dark} .grid {{ stroke: #363b44 }} .mark {{ stroke: #a6adb9 }}"
    return (
        f"{_PAPER}{_colored(_COLORS)}\n"
        f"@media (prefers-color-scheme: dark) {{ {dark} {_colored(_DARK)} }}"
    )


def light_styles() -> str:
    """Return the colors of a picture on white."""
    return f"{_PAPER}{_colored(_COLORS)}"


def _colored(colors: tuple[str, ...]) -> str:
    return " ".join(
        f".s{at} {{ fill: {color} }} .line.s{at} {{ fill: none; stroke: {color} }}"
        for at, color in enumerate(colors)
    )


def _heading(title: str, width: int) -> list[str]:
    return [
        f'<text class="title" x="4" y="{(_HEADING + 4) * (at + 1)}">{text(line)}</text>'
        for at, line in enumerate(_wrapped(title, width - 8, _HEADING))
    ]


def _legend(chart: Chart, width: int, top: float) -> tuple[list[str], float]:
    """Return the key to colors, then that to events, and where it ends."""
    key = swatch_width(chart) + 10
    names = [one.name for one in chart.series]
    names = [shortened(name, _SIZE, width - key - 10) for name in names]
    lines, bottom = [], top
    widths = [width_of(one, _SIZE) + key + 20 for one in names]
    slots = [slot for slot, _ in slotted(chart)]
    for at, (row, left) in enumerate(rows_of(widths, width)):
        y = top + 18 * row
        lines.append(swatch(chart, slots[at], left + 4, y))
        lines.append(f'<text x="{left + key:g}" y="{y:g}">{text(names[at])}</text>')
        bottom = y
    for at, line in enumerate(_wrapped(chart.shaded_text, width - 8)):
        bottom += 17 if at else 21
        lines.append(f'<text class="soft" x="4" y="{bottom:g}">{text(line)}</text>')
    return _events_told(chart, width, lines, bottom)


def _events_told(
    chart: Chart, width: int, lines: list[str], bottom: float
) -> tuple[list[str], float]:
    names = [f"{at + 1} \N{EN DASH} {mark.text}" for at, mark in enumerate(chart.marks)]
    if width < WIDE:
        names = [line for name in names for line in _wrapped(name, width - 8)]
    names = [shortened(name, _SIZE, width - 8) for name in names]
    top = bottom + 21
    for at, (row, left) in enumerate(rows_of([width_of(one, _SIZE) + 14 for one in names], width)):
        bottom = top + 17 * row
        lines.append(f'<text class="soft" x="{left + 4:g}" y="{bottom:g}">{text(names[at])}</text>')
    return lines, bottom


def _footer(words: str, width: int, bottom: float) -> tuple[list[str], float]:
    lines = []
    bottom += 6
    for line in _wrapped(words, width - 8):
        bottom += 17
        lines.append(f'<text class="soft" x="4" y="{bottom:g}">{text(line)}</text>')
    return lines, bottom


def _wrapped(words: str, room: float, size: int = _SIZE) -> list[str]:
    """Return lines that fit; a word that is too long is cut."""
    lines: list[str] = []
    for word in (shortened(one, size, room) for one in words.split(" ") if one):
        if lines and width_of(f"{lines[-1]} {word}", size) <= room:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines
