"""Pages as one HTML file each, by Jinja templates that escape; their policy loads nothing."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from html import unescape
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import quote

from lineage.domain.escape import escape_invisible, escape_markup
from lineage.errors import MissingExtra
from lineage.reporting.charts.chart import Chart, ChartKind, edit_chart
from lineage.reporting.charts.draw import (
    chart_field_room,
    chart_fields_of,
    chart_has_numbers,
    chart_hatch_pattern,
    draw_hatches,
    draw_shapes,
    draw_words,
    key_series,
    lay_out_field,
)
from lineage.reporting.charts.field import Field, shorten_chart_name
from lineage.reporting.charts.palette import page_chart_style
from lineage.reporting.document import (
    NOTHING,
    Cell,
    Column,
    Document,
    FileLink,
    Inline,
    Table,
    chart_table,
    quote_address_in_report,
)
from lineage.reporting.language import Language, load_texts
from lineage.version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment

_WIDTHS = {"narrow": (340, 13, 2), "medium": (640, 14, 2), "wide": (960, 15, 4)}
"""The least width of a picture in pixels, the size of its letters, and fields side by side."""
_GAP = 20
"""Between fields side by side."""
_SCALE = 1000
_MOST_VALUES = 120
"""More stops than these no reader walks through; the table and the file have all."""


def inline_chart(chart: Chart, language: Language) -> str:
    """Return HTML that shows a chart without its words above and below, which the page writes."""
    edited, name = edit_chart(chart, language), escape_markup(chart.name)
    say = load_texts(language, "charts").say
    if not chart_has_numbers(edited):
        return f'<div class="picture"><p>{escape_markup(say("chart.nothing"))}</p></div>'
    lines = [f'<div class="picture" role="group" aria-label="{escape_markup(chart.headline)}">']
    if keyed := key_series(edited):
        lines.append('<ul class="key">')
        for line in keyed:
            square = f'<rect class="f{line.slot}" width="12" height="12"/>'
            if line.is_hatched:
                square += f'<rect fill="url(#{name}-0-hatch)" width="12" height="12"/>'
            square = f'<svg width="12" height="12" aria-hidden="true">{square}</svg>'
            lines.append(f"<li>{square} {escape_markup(shorten_chart_name(line.name))}</li>")
        lines.append("</ul>")
    lines.append(
        f'<p class="unseen">{escape_markup(chart.text)} {escape_markup(say("chart.keys"))}</p>'
    )
    fields = chart_fields_of(edited)
    lines.append('<div class="fields">' if len(fields) == 1 else '<div class="fields panels">')
    for at, (title, field) in enumerate(fields):
        lines.append("<div>")
        if title:
            lines.append(f"<p><strong>{escape_markup(shorten_chart_name(title))}</strong></p>")
        lines += _draw_page_field(edited, field, language, f"{name}-{at}", is_first=at == 0)
        lines.append("</div>")
    lines += ["</div>", '<p class="readout" hidden=""></p>', "</div>"]
    return "\n".join(lines)


def _draw_page_field(
    whole: Chart, chart: Chart, language: Language, name: str, *, is_first: bool
) -> Iterator[str]:
    """Draw one field between spacers as wide and high as the words around it."""
    height = chart_field_room(whole, _WIDTHS["narrow"][0], _WIDTHS["wide"][1], 0).height
    layouts: dict[str, tuple[Field, int]] = {}
    for tier, (width, size, across) in _WIDTHS.items():
        room = (width - _GAP * (across - 1)) / across if whole.panels else width
        room_of_field = replace(chart_field_room(whole, room, size, 0), height=height)
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
    yield f"<defs>{chart_hatch_pattern(name)}</defs>"
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
            f"<title>{escape_markup(it.text)}</title></rect>"
        )
    yield "</svg>"
    yield from space("right")
    yield "</div>"
    yield from space("bottom")


_POLICY = (
    "default-src 'none'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    # Names come from strangers; no text becomes HTML, whichever script tries it.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
)


_SERVED = {"form-action 'none'": "form-action 'self'"}
"""A page of the server may send its forms to the server, and ask it for names as one types."""


def can_make_report_pages() -> bool:
    """Say whether the extra that makes pages is installed."""
    try:
        import jinja2  # noqa: F401
    except ImportError:
        return False
    return True


def render_html(document: Document) -> str:
    """Spell a report as a page of its own: it works offline and needs no script to be read."""
    return fill_page_template(
        "report.html",
        document.language,
        title=document.title,
        reports=document.reports,
        document=document,
        picture_files=document.picture_files,
    )


def fill_page_template(
    template: str,
    language: Language,
    *,
    title: str,
    reports: Sequence[FileLink] = (),
    style: str = "",
    script: str = "",
    has_charts: bool = True,
    is_served: bool = False,
    **values: object,
) -> str:
    """Fill a template that extends `base.html`; the same values give the same text.

    `reports` are the other pages about the same, named without ending. `style` and `script` are
    code of this package that this page has beyond what all pages have. Values are escaped where
    the template writes them; what is markup already comes as `markupsafe.Markup`. Templates have
    `texts`, the words that all pages share. A page without charts has no room for their style.

    Raises MissingExtra where the extra `report` is not installed.
    """
    templates = _load_report_templates()
    from markupsafe import Markup

    charts = (page_chart_style(), read_report_template_file("picture.css")) if has_charts else ()
    style = "\n".join((*charts, read_report_template_file("page.css"), style))
    scripts = ("picture.js", "page.js") if has_charts else ("page.js",)
    script = "".join(map(read_report_template_file, scripts)) + script
    script = f'(() => {{\n"use strict";\n{script}}})();\n'
    allowed = [
        f"style-src {hash_report_page_block(style)}",
        f"script-src {hash_report_page_block(script)}",
    ]
    policy = list(_POLICY)
    if is_served:
        policy = [_SERVED.get(it, it) for it in policy]
        allowed.append("connect-src 'self'")
    return templates.get_template(template).render(
        {
            "title": title,
            "texts": load_texts(language, "page"),
            "policy": "; ".join((*policy, *allowed)),
            "style": Markup(style),
            "script": Markup(script),
            "version": __version__,
            "reports": reports,
            "picture_files": {},
            **values,
        }
    )


def policy_of_report_page(page: str) -> str:
    """Return what a page of `fill_page_template` may do, for a header that says the same."""
    _, _, below = page.partition('http-equiv="Content-Security-Policy" content="')
    return unescape(below.partition('"')[0])


def hash_report_page_block(block: str) -> str:
    """Return what a policy allows one style or script by: its own digest, and no other block."""
    digest = hashlib.sha256(block.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


@cache
def read_report_template_file(name: str) -> str:
    """Return a style or script that pages hold."""
    return (resources.files("lineage.reporting") / "templates" / name).read_text("utf-8")


@cache
def _load_report_templates() -> "Environment":
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
        from markupsafe import Markup
    except ImportError as error:
        raise MissingExtra("pages", "report") from error

    def show_invisible_in_report(value: object) -> object:
        # Escaping alone lets through what turns the direction of letters or hides among them.
        if isinstance(value, str) and not isinstance(value, Markup):
            return escape_invisible(value)
        return value

    def draw(chart: Chart, language: Language) -> Markup:
        return Markup(inline_chart(chart, language))

    def numbers(chart: Chart, language: Language) -> Table:
        return chart_table(chart, load_texts(language, "page"))

    templates = Environment(
        loader=PackageLoader("lineage.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=show_invisible_in_report,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.globals["nothing"] = NOTHING
    templates.filters |= {
        "kind": lambda value: type(value).__name__,
        "inlines": _render_report_inlines,
        "column_class": lambda column: Markup(_column_class(column)),
        "file_kind": lambda name: name.rpartition(".")[2].upper(),
        "file_address": quote,
        "web_address": quote_address_in_report,
        "draw": draw,
        "numbers": numbers,
    }
    return templates


def _render_report_inlines(cell: Cell) -> Sequence[Inline]:
    return [cell] if isinstance(cell, Inline) else cell


def _column_class(column: Column) -> str:
    if column.is_number:
        return ' class="number"'
    if column.is_roomy:
        return ' class="roomy"'
    return ' class="short"' if column.is_short else ""
