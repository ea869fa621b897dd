"""A report as Markdown; strangers' words stand in code spans, where nothing acts."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from lineage.domain.escape import escape_invisible
from lineage.reporting.document import (
    NOTHING,
    Block,
    Cell,
    Document,
    Facts,
    FileLink,
    Inline,
    Link,
    Notice,
    Outline,
    Picture,
    Quote,
    Section,
    Table,
    Word,
    chart_table,
    quote_address_in_report,
)
from lineage.reporting.language import load_texts

_SPECIAL = re.compile(r"([\\`*_}\[\]>#|~&@$]|:(?=//))")
# Site generators read `{{`, `{%`, `{!` or `<%` before Markdown is read, in code spans and behind a
# backslash too: there these signs stand as entities, and in code spans they are spelled out.
_ACTING_IN_CODE = re.compile(r"[|{]|<(?=[%?#])")
# A span that begins with it is a program to R Markdown.
_PROGRAM = ("r ", "r#")
_TICKS = re.compile(r"`+")


def render_markdown(document: Document) -> str:
    """Spell a report as GitHub's Markdown, one line a paragraph."""
    texts = load_texts(document.language, "page")
    lines = [f"# {escape_markdown(document.headline)}"]
    if document.title != document.headline:
        lines += ["", escape_markdown(document.title)]
    if document.picture:
        lines += ["", *_write_markdown_picture(document, document.picture)]
    else:
        lines += ["", escape_markdown(document.definition), "", escape_markdown(document.source)]
    for block in document.lead:
        lines += ["", *_write_markdown_block(document, block)]
    for section in document.sections:
        lines += ["", *_write_markdown_section(document, section)]
    if document.picture:
        lines += ["", f"## {escape_markdown(texts.say('page.numbers'))}", ""]
        lines += _write_markdown_table(chart_table(document.picture.chart, texts))
    for section in document.more:
        lines += ["", *_write_markdown_section(document, section)]
    for key, cells in (
        ("reports", [FileLink(f"{report.name}.md", report.text) for report in document.reports]),
        ("files", [FileLink(name, name) for name in document.files]),
        ("cite", [document.citation]),
    ):
        if cells:
            title = escape_markdown(texts.say(f"page.{key}"))
            lines += ["", f"## {title}", "", " · ".join(map(_render_markdown_cell, cells))]
    return "\n".join([*lines, "", "---", "", escape_markdown(document.footer), ""])


def _write_markdown_picture(document: Document, picture: Picture) -> Iterator[str]:
    chart, files = picture.chart, document.picture_files[picture.chart.name]
    shown = next(name for name in files if name.endswith(".svg"))
    links = [f"[{name.rpartition('.')[2].upper()}]({quote(name)})" for name in files]
    yield f"![{escape_markdown(chart.text)}]({quote(shown)})"
    yield from ("", escape_markdown(chart.definition))
    yield from ("", f"{escape_markdown(chart.source)} {' · '.join(links)}")
    if picture.note:
        yield from ("", escape_markdown(picture.note))


def escape_markdown(text: str) -> str:
    """Return text with every letter that Markdown would act on made harmless."""
    text = _SPECIAL.sub(r"\\\1", escape_invisible(text)).replace("www.", "www\\.")
    return text.replace("{", "&#123;").replace("<", "&lt;")


def markdown_code_span(text: str) -> str:
    """Return a stranger's words as a code span.

    Spelled out is what would end a table's cell or begin a template's expression.
    """
    visible_text = _ACTING_IN_CODE.sub(
        lambda sign: f"\\x{ord(sign[0]):02x}", escape_invisible(text)
    )
    if not visible_text:
        return NOTHING
    fence = "`" * (1 + max((len(run) for run in _TICKS.findall(visible_text)), default=0))
    needs_pad = visible_text[0] in "` " or visible_text[-1] in "` "
    pad = " " if needs_pad or visible_text.startswith(_PROGRAM) else ""
    return f"{fence}{pad}{visible_text}{pad}{fence}"


def _write_markdown_section(document: Document, section: Section) -> Iterator[str]:
    yield f"## {escape_markdown(section.heading)}"
    for block in section.blocks:
        yield ""
        yield from _write_markdown_block(document, block)


def _write_markdown_block(document: Document, block: Block) -> Iterator[str]:
    match block:
        case Notice(text):
            yield f"> **{escape_markdown(text)}**"
        case Facts(lines):
            yield from (
                f"- **{escape_markdown(label)}**: {_render_markdown_cell(cell)}"
                for label, cell in lines
            )
        case Outline(lines):
            yield from (f"{'  ' * depth}- {_render_markdown_cell(cell)}" for depth, cell in lines)
        case Table():
            yield from _write_markdown_table(block)
        case Picture():
            yield f"### {escape_markdown(block.chart.headline)}"
            yield from ("", *_write_markdown_picture(document, block), "")
            texts = load_texts(document.language, "page")
            yield from _write_markdown_table(chart_table(block.chart, texts))
        case _:
            yield _render_markdown_cell(block)


def _write_markdown_table(table: Table) -> Iterator[str]:
    yield _markdown_table_row([escape_markdown(column.name) for column in table.columns])
    yield _markdown_table_row(["--:" if column.is_number else "---" for column in table.columns])
    for row in table.rows:
        yield _markdown_table_row([_render_markdown_cell(cell) for cell in row])


def _markdown_table_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _render_markdown_cell(cell: Cell) -> str:
    inlines: Sequence[Inline] = [cell] if isinstance(cell, Inline) else cell
    return "".join(map(_render_markdown_inline, inlines))


def _render_markdown_inline(inline: Inline) -> str:
    match inline:
        case str():
            return escape_markdown(inline)
        case Word(text):
            return markdown_code_span(text)
        case Link(text, url):
            return f"[{markdown_code_span(text)}]({quote_address_in_report(url)})"
        case Quote(text):
            return f"“{escape_markdown(text)}”"
        case FileLink(name, text):
            return f"[{escape_markdown(text)}]({quote(name)})"
