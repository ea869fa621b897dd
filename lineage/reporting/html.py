"""A report as one HTML file that loads nothing, runs nothing and sends nothing."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources
from urllib.parse import quote

from lineage.domain.escape import visible
from lineage.reporting.charts.svg import NARROW, WIDE, svg
from lineage.reporting.document import (
    NOTHING,
    Block,
    Cell,
    Column,
    Document,
    Facts,
    Link,
    Outline,
    Part,
    Picture,
    Section,
    Table,
    Warned,
    Word,
)
from lineage.reporting.language import Language

_DENSE = 9
"""A table with more columns stands closer, so that a wide screen shows it whole."""


def html(document: Document) -> str:
    """Spell a report as a page of its own; its policy lets the one style act and nothing else."""
    style = (resources.files("lineage.reporting") / "report.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    lines = [
        "<!DOCTYPE html>",
        f'<html lang="{document.language.value}">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{text(document.title)}</title>",
        f"<style>{style}</style>",
        "</head>",
        "<body>",
        "<main>",
        f"<h1>{text(document.title)}</h1>",
        *_blocks(document.lead, document.title, document.language),
        *(line for section in document.sections for line in _section(section, document.language)),
        "</main>",
        f"<footer><p>{text(document.footer)}</p></footer>",
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def text(words: str) -> str:
    """Return words for a page: acting characters are shown, markup is letters."""
    return escape(visible(words), quote=True)


def _section(section: Section, language: Language) -> Iterator[str]:
    yield '<section class="box">' if section.is_box else "<section>"
    yield f"<h2>{text(section.heading)}</h2>"
    yield from _blocks(section.blocks, section.heading, language)
    yield "</section>"


def _blocks(blocks: Sequence[Block], heading: str, language: Language) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Picture):
            yield from _picture(block, language)
        else:
            yield from _block(block, heading)


def _picture(picture: Picture, language: Language) -> Iterator[str]:
    """Draw a chart twice: the style shows the one that the screen has room for."""
    chart = picture.chart
    yield "<figure>"
    yield f'<div class="for-wide">{svg(chart, language, WIDE)}</div>'
    yield f'<div class="for-narrow">{svg(chart, language, NARROW)}</div>'
    yield f"<figcaption><strong>{text(chart.title)}.</strong> {_cell(picture.files)}</figcaption>"
    yield f"<details><summary>{text(picture.says_numbers)}</summary>"
    yield from _table(picture.table, chart.title)
    yield "</details>"
    yield "</figure>"


def _block(block: Block, heading: str) -> Iterator[str]:
    match block:
        case str():
            yield f"<p>{text(block)}</p>"
        case Warned(words):
            yield f'<p class="warned" role="note">{text(words)}</p>'
        case Facts(lines):
            yield "<dl>"
            for label, cell in lines:
                yield f"<dt>{text(label)}</dt><dd>{_cell(cell)}</dd>"
            yield "</dl>"
        case Outline(lines):
            yield from _outline(lines)
        case Table():
            yield from _table(block, heading)


def _outline(lines: Sequence[tuple[int, Cell]]) -> Iterator[str]:
    before = -1
    for depth, cell in lines:
        yield "<ul>" if depth > before else "</li>" + "</ul></li>" * (before - depth)
        yield f"<li>{_cell(cell)}"
        before = depth
    yield "</li></ul>" * (before + 1)


def _table(table: Table, heading: str) -> Iterator[str]:
    # A wide table scrolls by itself; whoever uses keys must be able to reach it.
    yield f'<div class="wide" role="group" tabindex="0" aria-label="{text(heading)}">'
    yield '<table class="dense">' if len(table.columns) > _DENSE else "<table>"
    kinds = [_kind(column) for column in table.columns]
    heads = [text(column.name) for column in table.columns]
    shown = (f'<th scope="col"{kind}>{name}</th>' for kind, name in zip(kinds, heads, strict=True))
    yield f"<thead><tr>{''.join(shown)}</tr></thead>"
    yield "<tbody>"
    for row in table.rows:
        cells = zip(kinds, heads, map(_cell, row), strict=True)
        yield f"<tr>{''.join(_data(*cell) for cell in cells)}</tr>"
    yield "</tbody></table></div>"


def _kind(column: Column) -> str:
    if column.is_number:
        return ' class="number"'
    return ' class="short"' if column.is_short else ""


def _data(kind: str, name: str, words: str) -> str:
    """Return a cell that can stand alone on a narrow screen, under its column's name."""
    kind = kind if words else ' class="empty"'
    return f'<td{kind} data-label="{name}"><span>{words}</span></td>'


def _cell(cell: Cell) -> str:
    parts: Sequence[Part] = [cell] if isinstance(cell, str | Word | Link) else cell
    return "".join(map(_part, parts))


def _part(part: Part) -> str:
    match part:
        case str():
            return text(part)
        case Word(words):
            return f"<code>{text(words)}</code>" if words else NOTHING
        case Link(words, url):
            address = quote(url, safe=":/?=%-._~")
            return f'<a href="{text(address)}" rel="noopener noreferrer">{text(words)}</a>'
