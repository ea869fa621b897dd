"""Pages as one HTML file each, by Jinja templates that escape; their policy loads nothing."""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from html import unescape
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import quote

from lineage.domain.escape import escape_invisible
from lineage.errors import MissingExtra
from lineage.reporting.charts.chart import Chart
from lineage.reporting.charts.inline import inline_chart
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
    quote_address,
)
from lineage.reporting.language import Language, load_texts
from lineage.version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment

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


def can_make_pages() -> bool:
    """Say whether the extra that makes pages is installed."""
    try:
        import jinja2  # noqa: F401
    except ImportError:
        return False
    return True


def render_html(document: Document) -> str:
    """Spell a report as a page of its own: it works offline and needs no script to be read."""
    return render_page(
        "report.html",
        document.language,
        title=document.title,
        reports=document.reports,
        document=document,
        picture_files=document.picture_files,
    )


def render_page(
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
    templates = _load_templates()
    from markupsafe import Markup

    charts = (page_chart_style(), read_template_file("picture.css")) if has_charts else ()
    style = "\n".join((*charts, read_template_file("page.css"), style))
    scripts = ("picture.js", "page.js") if has_charts else ("page.js",)
    script = "".join(map(read_template_file, scripts)) + script
    script = f'(() => {{\n"use strict";\n{script}}})();\n'
    allowed = [f"style-src {block_hash(style)}", f"script-src {block_hash(script)}"]
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


def policy_of_page(page: str) -> str:
    """Return what a page of `render_page` may do, for a header that says the same."""
    _, _, below = page.partition('http-equiv="Content-Security-Policy" content="')
    return unescape(below.partition('"')[0])


def block_hash(block: str) -> str:
    """Return what a policy allows one style or script by: its own digest, and no other block."""
    digest = hashlib.sha256(block.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


@cache
def read_template_file(name: str) -> str:
    """Return a style or script that pages hold."""
    return (resources.files("lineage.reporting") / "templates" / name).read_text("utf-8")


@cache
def _load_templates() -> "Environment":
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
        from markupsafe import Markup
    except ImportError as error:
        raise MissingExtra("pages", "report") from error

    def show_invisible(value: object) -> object:
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
        finalize=show_invisible,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.globals["nothing"] = NOTHING
    templates.filters |= {
        "kind": lambda value: type(value).__name__,
        "inlines": _list_inlines,
        "column_class": lambda column: Markup(_column_class(column)),
        "file_kind": lambda name: name.rpartition(".")[2].upper(),
        "file_address": quote,
        "web_address": quote_address,
        "draw": draw,
        "numbers": numbers,
    }
    return templates


def _list_inlines(cell: Cell) -> Sequence[Inline]:
    return [cell] if isinstance(cell, Inline) else cell


def _column_class(column: Column) -> str:
    if column.is_number:
        return ' class="number"'
    if column.is_roomy:
        return ' class="roomy"'
    return ' class="short"' if column.is_short else ""
