"""A report as one HTML file that loads nothing, runs nothing and sends nothing."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from importlib import resources
from urllib.parse import quote

from lineage.domain.escape import markup
from lineage.reporting.charts.old_svg import NARROW, WIDE, draw_chart
from lineage.reporting.document import (
    NOTHING,
    Block,
    Cell,
    Column,
    Document,
    Facts,
    Inline,
    Link,
    Notice,
    Outline,
    Picture,
    Section,
    Table,
    Word,
)
from lineage.reporting.language import Language

_DENSE = 9
"""A table with more columns stands closer, so that a wide screen shows it whole."""


def block_hash(block: str) -> str:
    """Return what a policy allows one style or script by: its own digest, and no other block."""
    digest = hashlib.sha256(block.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def render_html(document: Document) -> str:
    """Spell a report as a page of its own; its policy lets the one style act and nothing else."""
    style = (resources.files("lineage.reporting") / "report.css").read_text("utf-8")
    # What a stranger wrote stands in the page; should an escape ever fail, nothing in it can act.
    policy = f"default-src 'none'; style-src {block_hash(style)}; base-uri 'none'"
    policy += "; form-action 'none'"
    lines = [
        "<!DOCTYPE html>",
        f'<html lang="{document.language.value}">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{markup(document.title)}</title>",
        f"<style>{style}</style>",
        "</head>",
        "<body>",
        "<main>",
        f"<h1>{markup(document.title)}</h1>",
        *_write_blocks(document.lead, document.title, document.language),
        *(
            line
            for section in document.sections
            for line in _write_html_section(section, document.language)
        ),
        "</main>",
        f"<footer><p>{markup(document.footer)}</p></footer>",
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _write_html_section(section: Section, language: Language) -> Iterator[str]:
    yield '<section class="box">' if section.is_box else "<section>"
    yield f"<h2>{markup(section.heading)}</h2>"
    yield from _write_blocks(section.blocks, section.heading, language)
    yield "</section>"


def _write_blocks(blocks: Sequence[Block], heading: str, language: Language) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Picture):
            yield from _write_html_picture(block, language)
        else:
            yield from _write_html_block(block, heading)


def _write_html_picture(picture: Picture, language: Language) -> Iterator[str]:
    """Draw a chart twice: the style shows the one that the screen has room for."""
    # A style cannot lay out an SVG anew: scaled down to a phone its letters could not be read.
    chart = picture.chart
    yield "<figure>"
    yield f'<div class="for-wide">{draw_chart(chart, language, WIDE)}</div>'
    yield f'<div class="for-narrow">{draw_chart(chart, language, NARROW)}</div>'
    title = f"<strong>{markup(chart.title)}.</strong>"
    yield f"<figcaption>{title} {_render_html_cell(picture.files)}</figcaption>"
    yield f"<details><summary>{markup(picture.table_title)}</summary>"
    yield from _write_html_table(picture.table, chart.title)
    yield "</details>"
    yield "</figure>"


def _write_html_block(block: Block, heading: str) -> Iterator[str]:
    match block:
        case str():
            yield f"<p>{markup(block)}</p>"
        case Notice(words):
            yield f'<p class="warned" role="note">{markup(words)}</p>'
        case Facts(lines):
            yield "<dl>"
            for label, cell in lines:
                yield f"<dt>{markup(label)}</dt><dd>{_render_html_cell(cell)}</dd>"
            yield "</dl>"
        case Outline(lines):
            yield from _write_outline(lines)
        case Table():
            yield from _write_html_table(block, heading)


def _write_outline(lines: Sequence[tuple[int, Cell]]) -> Iterator[str]:
    # HTML wants the inner list within its item, so an item is closed when the next one is known.
    before = -1
    for depth, cell in lines:
        yield "<ul>" if depth > before else "</li>" + "</ul></li>" * (before - depth)
        yield f"<li>{_render_html_cell(cell)}"
        before = depth
    yield "</li></ul>" * (before + 1)


def _write_html_table(table: Table, heading: str) -> Iterator[str]:
    # A wide table scrolls by itself; it must be reachable with keys too.
    yield f'<div class="wide" role="group" tabindex="0" aria-label="{markup(heading)}">'
    yield '<table class="dense">' if len(table.columns) > _DENSE else "<table>"
    kinds = [_html_column_class(column) for column in table.columns]
    heads = [markup(column.name) for column in table.columns]
    labeled = zip(kinds, heads, strict=True)
    header = "".join(f'<th scope="col"{kind}>{name}</th>' for kind, name in labeled)
    yield f"<thead><tr>{header}</tr></thead>"
    yield "<tbody>"
    for row in table.rows:
        cells = zip(kinds, heads, map(_render_html_cell, row), strict=True)
        yield f"<tr>{''.join(_write_html_cell(*cell) for cell in cells)}</tr>"
    yield "</tbody></table></div>"


def _html_column_class(column: Column) -> str:
    if column.is_number:
        return ' class="number"'
    return ' class="short"' if column.is_short else ""


def _write_html_cell(kind: str, name: str, words: str) -> str:
    """Return a cell that can stand alone on a narrow screen, under its column's name."""
    kind = kind if words else ' class="empty"'
    return f'<td{kind} data-label="{name}"><span>{words}</span></td>'


def _render_html_cell(cell: Cell) -> str:
    inlines: Sequence[Inline] = [cell] if isinstance(cell, str | Word | Link) else cell
    return "".join(map(_render_html_inline, inlines))


def _render_html_inline(inline: Inline) -> str:
    match inline:
        case str():
            return markup(inline)
        case Word(words):
            return f"<code>{markup(words)}</code>" if words else NOTHING
        case Link(words, url):
            address = quote(url, safe=":/?=%-._~")
            return f'<a href="{markup(address)}" rel="noopener noreferrer">{markup(words)}</a>'
