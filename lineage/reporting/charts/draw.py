"""A chart as an SVG or PNG of its own: headline, definition, field and source in one frame."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib import resources

from lineage.domain.escape import escape_markup
from lineage.errors import MissingExtra
from lineage.reporting.charts.chart import Chart, ChartKind, Series, edit_chart
from lineage.reporting.charts.field import Field, Room, largest_value
from lineage.reporting.charts.palette import Theme, chart_style
from lineage.reporting.charts.rows import (
    FONTS,
    balance_text,
    fit_text,
    flow_chart_words,
    lay_out_bars,
    lay_out_matrix,
    spell_letters,
    text_width,
    wrap_text,
)
from lineage.reporting.charts.upright import lay_out_upright
from lineage.reporting.language import Language, load_texts

WIDTH, PHONE = 1200, 390
"""Widths in pixels that pictures are laid out for; wider ones are enlarged."""
_PANEL = 250.0
"""The least width of one of several fields, where there is room for two."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """The measures of a picture in pixels."""

    page: float
    """Its width."""
    margin: float
    size: float
    """Of the letters of its field."""

    @property
    def inner_width(self) -> float:
        return self.page - 2 * self.margin


def draw_chart(
    chart: Chart, language: Language, theme: Theme | None = None, width: int = WIDTH
) -> str:
    """Draw a chart; without a theme it follows the scheme of the reader's screen."""
    page = min(max(width, PHONE), WIDTH)
    part = (page - PHONE) / (WIDTH - PHONE)
    headline, definition, size, source = (
        low + (high - low) * part for low, high in ((21, 32), (14.5, 19), (13, 17), (11.5, 15))
    )
    frame = _Frame(page, 16 + 12 * part, size)
    margin, inner, y = frame.margin, frame.inner_width, frame.margin
    body: list[str] = []
    headlines = balance_text(chart.headline, headline, inner, is_bold=True, most=4)
    for kind, rows, height in (
        ("ink strong", headlines, headline),
        ("soft", wrap_text(chart.definition, definition, inner, most=8), definition),
    ):
        for row in rows:
            y += height * 1.18
            body.append(_draw_chart_text(kind, row, margin, y - height * 0.2, height))
        y += height * 0.25
    lines, y = _draw_fields(edit_chart(chart, language), language, frame, y + size * 0.7)
    body += lines
    y += source * 0.9
    for line in wrap_text(chart.source, source, inner, most=4):
        y += source * 1.25
        body.append(_draw_chart_text("soft", line, margin, y, source))
    height = round(y + margin)
    scale = width / page
    name = escape_markup(chart.name)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="picture" role="img" width="{width}"'
            f' height="{round(height * scale)}" viewBox="0 0 {page} {height}"'
            f' aria-labelledby="{name}-title {name}-text">',
            f'<title id="{name}-title">{escape_markup(chart.headline)}</title>',
            f'<desc id="{name}-text">{escape_markup(chart.text)}</desc>',
            f"<style>{chart_style(theme)}</style>",
            f"<defs>{chart_hatch_pattern(chart.name)}</defs>",
            f'<rect class="paper" width="{page}" height="{height}"/>',
            *body,
            "</svg>",
        ]
    )


def _draw_fields(
    chart: Chart, language: Language, frame: _Frame, y: float
) -> tuple[list[str], float]:
    """Draw key and fields of an edited chart from a height on; return where they end."""
    size = frame.size
    if not chart_has_numbers(chart):
        words = spell_letters(load_texts(language, "charts").say("chart.nothing"))
        return [_draw_chart_text("ink", words, frame.margin, y + size * 2, size)], y + size * 3
    body, y = _draw_key(chart, frame, y)
    fields = chart_fields_of(chart)
    least = _PANEL if frame.page > 600 else _PANEL / 2
    across = min(len(fields), max(1, int(frame.inner_width / least)))
    width = (frame.inner_width - (across - 1) * size) / across
    room = chart_field_room(chart, width, size, frame.page)
    for first in range(0, len(fields), across):
        bottom = y
        for at, (name, field) in enumerate(fields[first : first + across]):
            x, top = frame.margin + at * (width + size), y
            if name:
                words = fit_text(spell_letters(name), size, width, is_bold=True)
                body.append(_draw_chart_text("ink strong", words, x, y + size * 1.2, size))
                top += size * 1.7
            layout = lay_out_field(field, language, room)
            inside = max(width - layout.left - layout.right, 1)
            body += [
                f'<svg x="{x + layout.left:.1f}" y="{top + layout.top:.1f}" width="{inside:.1f}"'
                f' height="{room.height:g}" overflow="visible">',
                *draw_shapes(layout, inside, room.height),
                *draw_hatches(layout, chart.name),
                *draw_words(layout, size, inside, room.height),
                "</svg>",
            ]
            bottom = max(bottom, top + layout.top + room.height + layout.bottom)
        y = bottom
    return body, y


def lay_out_field(chart: Chart, language: Language, room: Room) -> Field:
    """Lay out an edited chart without its panels."""
    ways = {ChartKind.BARS: lay_out_bars, ChartKind.MATRIX: lay_out_matrix}
    return ways.get(chart.kind, lay_out_upright)(chart, load_texts(language, "charts"), room)


def chart_has_numbers(chart: Chart) -> bool:
    """Say whether there is anything to draw."""
    series = [line for _, field in chart_fields_of(chart) for line in field.series]
    return any(value is not None for line in series for value in line.values)


def key_series(chart: Chart) -> list[Series]:
    """Return the series whose colors are explained above the field instead of at its ends."""
    is_keyed = chart.kind is ChartKind.BARS or bool(chart.panels)
    is_keyed = is_keyed and chart.kind is not ChartKind.MATRIX and len(chart.series) > 1
    return [line for line in chart.series if is_keyed and line.slot is not None]


def chart_fields_of(chart: Chart) -> list[tuple[str, Chart]]:
    """Return name and chart of each field side by side, or the one field without a name."""
    panels = [(it.name, replace(chart, series=it.series, panels=())) for it in chart.panels]
    return panels or [("", chart)]


def chart_field_room(chart: Chart, width: float, size: float, page: float) -> Room:
    """Return the room of one field as wide as that; rows need the height of their words."""
    if chart.kind is ChartKind.BARS:
        return Room(width, len(chart.positions) * size * 2.2, size)
    if chart.kind is ChartKind.MATRIX:
        return Room(width, len(chart.series) * size * 2.4, size)
    if not chart.panels:
        return Room(width, 300 + (page - PHONE) * 0.12, size)
    most = max(largest_value(field) for _, field in chart_fields_of(chart))
    return Room(width, 110 + width * 0.35, size, most)


def chart_hatch_pattern(name: str) -> str:
    """Return the strokes over what is not over in the data; `name` keeps ids apart in a page."""
    return (
        f'<pattern id="{escape_markup(name)}-hatch" width="7" height="7"'
        ' patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><path class="hatch" d="M0 3.5h7"/></pattern>'
    )


def draw_hatches(layout: Field, name: str) -> Iterator[str]:
    """Draw the strokes over what is not over, in percent: they are not stretched with the field."""
    for (x0, y0), (x1, y1) in layout.hatches:
        yield (
            f'<rect fill="url(#{escape_markup(name)}-hatch)" x="{x0:.2%}" y="{y0:.2%}"'
            f' width="{x1 - x0:.2%}" height="{y1 - y0:.2%}"/>'
        )


def draw_shapes(layout: Field, width: float, height: float) -> Iterator[str]:
    """Draw the shapes of a field that is so large."""
    for shape in layout.shapes:
        points = [(x * width, y * height) for x, y in shape.points]
        kind = f' class="{shape.kind}"'
        if shape.form == "box":
            (x0, y0), (x1, y1) = points
            yield (
                f'<rect{kind} x="{x0:.1f}" y="{y0:.1f}" width="{max(x1 - x0, 0):.1f}"'
                f' height="{max(y1 - y0, 0):.1f}"/>'
            )
        else:
            way = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
            # A line of one point is a dot.
            end = "h0" if len(points) == 1 else "z" if shape.form == "outline" else ""
            yield f'<path{kind} d="M{way}{end}"/>'


def draw_words(layout: Field, size: float, width: float = 0, height: float = 0) -> Iterator[str]:
    """Write the words of a field that is so large; without a width they lie in percent of it."""

    def place(x: float, y: float) -> tuple[str, str]:
        return (f"{x * width:.1f}", f"{y * height:.1f}") if width else (f"{x:.2%}", f"{y:.2%}")

    for (x0, y0), at_end in layout.leaders:
        (x, y), (end, end_y) = place(x0, y0), place(1, at_end)
        yield f'<line class="leader" x1="{x}" y1="{y}" x2="{end}" y2="{end_y}"/>'
    for slot, at_end in layout.swatches:
        x, y = place(1, at_end)
        side = size * 0.68
        # A square of its own viewport: half its side cannot be taken from percent.
        yield (
            f'<svg x="{x}" y="{y}" overflow="visible"><rect class="f{slot}" x="{size * 0.35:.1f}"'
            f' y="{-side / 2:.1f}" width="{side:.1f}" height="{side:.1f}"/></svg>'
        )
    for it in layout.words:
        x, y = place(it.x, it.y)
        more = f' text-anchor="{it.anchor}"' if it.anchor != "start" else ""
        if it.is_upright:
            yield (
                f'<svg x="{x}" y="{y}" overflow="visible"><text class="{it.kind}"'
                f' font-size="{size:g}" x="{-it.dy:.1f}" y="{it.dx:.1f}" transform="rotate(-90)">'
                f"{escape_markup(it.text)}</text></svg>"
            )
            continue
        yield (
            f'<text class="{it.kind}" font-size="{size * it.scale:.1f}" x="{x}" y="{y}"'
            f' dx="{it.dx:.1f}" dy="{it.dy:.1f}"{more}>{escape_markup(it.text)}</text>'
        )


def _draw_key(chart: Chart, frame: _Frame, y0: float) -> tuple[list[str], float]:
    """Draw a square and a name for each color, laid out like words; return where that ends."""
    series, size, side = key_series(chart), frame.size, frame.size * 0.75
    room, x0 = frame.inner_width, frame.margin
    names = [fit_text(spell_letters(line.name), size, room - size * 2) for line in series]
    widths = [text_width(name, size) + size * 2.5 for name in names]
    lines, y = [], y0
    for line, name, (row, x) in zip(series, names, flow_chart_words(widths, room), strict=True):
        y = y0 + size * (1 + 1.5 * row)
        square = f'x="{x0 + x:.1f}" y="{y - side:.1f}" width="{side:.1f}" height="{side:.1f}"/>'
        lines.append(f'<rect class="f{line.slot}" {square}')
        if line.is_hatched:
            lines.append(f'<rect fill="url(#{escape_markup(chart.name)}-hatch)" {square}')
        lines.append(_draw_chart_text("ink", name, x0 + x + size * 1.15, y, size))
    return lines, y + size * 0.6 * bool(lines)


def _draw_chart_text(kind: str, text: str, x: float, y: float, size: float) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:.1f}"'
    return f'<text class="{kind}" {place}>{escape_markup(text)}</text>'


def can_paint_charts() -> bool:
    """Say whether the extra that paints PNG pictures is installed."""
    try:
        import resvg_py  # noqa: F401
    except ImportError:
        return False
    return True


def paint_chart_svg(picture: str, zoom: float = 1.0) -> bytes:
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
