"""A chart inside a page: drawn once, legible at every width, its values at hand for every reader.

The field is stretched to the room there is; its words stand in percent of it and keep their size.
They are laid out for three widths, of which the style shows the one that fits.
"""

from collections.abc import Iterator
from dataclasses import replace

from lineage.domain.escape import markup
from lineage.reporting.charts.chart import Chart, ChartKind
from lineage.reporting.charts.draw import (
    draw_hatches,
    draw_shapes,
    draw_words,
    field_room,
    fields_of,
    has_numbers,
    hatch_pattern,
    key_series,
    lay_out_field,
)
from lineage.reporting.charts.field import Field, shorten_name
from lineage.reporting.charts.series import edit_chart
from lineage.reporting.language import Language, load_texts

_WIDTHS = {"narrow": (340, 13, 2), "medium": (640, 14, 2), "wide": (960, 15, 4)}
"""The least width of a picture in pixels, the size of its letters, and fields side by side."""
_GAP = 20
"""Between fields side by side."""
_SCALE = 1000
_MOST_VALUES = 120
"""More stops than these no reader walks through; the table and the file have all."""


def inline_chart(chart: Chart, language: Language) -> str:
    """Return HTML that shows a chart without its words above and below, which the page writes."""
    edited, name = edit_chart(chart, language), markup(chart.name)
    say = load_texts(language, "charts").say
    if not has_numbers(edited):
        return f'<div class="picture"><p>{markup(say("chart.nothing"))}</p></div>'
    lines = [f'<div class="picture" role="group" aria-label="{markup(chart.headline)}">']
    if keyed := key_series(edited):
        lines.append('<ul class="key">')
        for line in keyed:
            square = f'<rect class="f{line.slot}" width="12" height="12"/>'
            square = f'<svg width="12" height="12" aria-hidden="true">{square}</svg>'
            lines.append(f"<li>{square} {markup(shorten_name(line.name))}</li>")
        lines.append("</ul>")
    lines.append(f'<p class="unseen">{markup(chart.text)} {markup(say("chart.keys"))}</p>')
    fields = fields_of(edited)
    lines.append('<div class="fields">' if len(fields) == 1 else '<div class="fields panels">')
    for at, (title, field) in enumerate(fields):
        lines.append("<div>")
        if title:
            lines.append(f"<p><strong>{markup(shorten_name(title))}</strong></p>")
        lines += _draw_page_field(edited, field, language, f"{name}-{at}", is_first=at == 0)
        lines.append("</div>")
    lines += ["</div>", '<p class="readout" hidden=""></p>', "</div>"]
    return "\n".join(lines)


def _draw_page_field(
    whole: Chart, chart: Chart, language: Language, name: str, *, is_first: bool
) -> Iterator[str]:
    """Draw one field between spacers as wide and high as the words around it."""
    height = field_room(whole, _WIDTHS["narrow"][0], _WIDTHS["wide"][1], 0).height
    layouts: dict[str, tuple[Field, int]] = {}
    for tier, (width, size, across) in _WIDTHS.items():
        room = (width - _GAP * (across - 1)) / across if whole.panels else width
        room_of_field = replace(field_room(whole, room, size, 0), height=height)
        layouts[tier] = lay_out_field(chart, language, room_of_field), size

    def space(side: str) -> Iterator[str]:
        for tier, (layout, _) in layouts.items():
            length = round(getattr(layout, side) + 0.5)
            wide, high = (length, 1) if side in {"left", "right"} else (1, length)
            yield f'<svg class="space {tier}" width="{wide}" height="{high}" aria-hidden="true"/>'

    narrow = layouts["narrow"][0]
    yield from space("top")
    yield '<div class="row">'
    yield from space("left")
    kind = "plot rows" if chart.kind in {ChartKind.BARS, ChartKind.MATRIX} else "plot"
    yield f'<svg class="{kind}" width="100%" height="{height:g}">'
    yield f"<defs>{hatch_pattern(name)}</defs>"
    yield f'<svg width="100%" height="100%" viewBox="0 0 {_SCALE} {_SCALE}"'
    yield ' preserveAspectRatio="none" class="shapes" aria-hidden="true">'
    yield from draw_shapes(narrow, _SCALE, _SCALE)
    yield "</svg>"
    yield from draw_hatches(narrow, name)
    for tier, (layout, size) in layouts.items():
        yield f'<g class="{tier}" aria-hidden="true">'
        yield from draw_words(layout, size)
        yield "</g>"
    step = -(-len(narrow.values) // _MOST_VALUES)
    for at, it in enumerate(narrow.values[::-1][:: max(1, step)][::-1]):
        # One stop for the key that goes from part to part; arrows go on from there.
        index = 0 if is_first and at == 0 else -1
        yield (
            f'<rect class="value" role="img" tabindex="{index}" x="{it.x0:.2%}" y="{it.y0:.2%}"'
            f' width="{it.x1 - it.x0:.2%}" height="{it.y1 - it.y0:.2%}">'
            f"<title>{markup(it.text)}</title></rect>"
        )
    yield "</svg>"
    yield from space("right")
    yield "</div>"
    yield from space("bottom")
