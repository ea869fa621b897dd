"""A report as Markdown; strangers' words stand in code spans, where nothing acts."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from lineage.domain.escape import visible
from lineage.reporting.document import (
    NOTHING,
    Block,
    Cell,
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

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&@]|:(?=//))")
_TICKS = re.compile(r"`+")


def markdown(document: Document) -> str:
    """Spell a report as GitHub's Markdown, one line a paragraph."""
    lines = [f"# {plain(document.title)}"]
    for block in document.lead:
        lines += ["", *_block(block)]
    for section in document.sections:
        lines += ["", *_section(section)]
    return "\n".join([*lines, "", "---", "", plain(document.footer), ""])


def plain(text: str) -> str:
    """Return text with every letter that Markdown would act on made harmless."""
    return _SPECIAL.sub(r"\\\1", visible(text)).replace("www.", "www\\.")


def code(text: str) -> str:
    """Return a stranger's words as a code span; a bar is spelled out, as it would end a cell."""
    shown = visible(text).replace("|", "\\x7c")
    if not shown:
        return NOTHING
    fence = "`" * (1 + max((len(run) for run in _TICKS.findall(shown)), default=0))
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _section(section: Section) -> Iterator[str]:
    yield f"## {plain(section.heading)}"
    for block in section.blocks:
        yield ""
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case str():
            yield plain(block)
        case Warned(text):
            yield f"> **{plain(text)}**"
        case Facts(lines):
            yield from (f"- **{plain(label)}**: {_cell(cell)}" for label, cell in lines)
        case Outline(lines):
            yield from (f"{'  ' * depth}- {_cell(cell)}" for depth, cell in lines)
        case Table():
            yield from _table(block)
        case Picture():
            yield f"![{plain(block.chart.text)}]({quote(block.picture_file)})"
            yield from ("", f"**{plain(block.chart.title)}.** {_cell(block.files)}")
            yield ""
            yield from _table(block.table)


def _table(table: Table) -> Iterator[str]:
    yield _row([plain(column.name) for column in table.columns])
    yield _row(["--:" if column.is_number else "---" for column in table.columns])
    for row in table.rows:
        yield _row([_cell(cell) for cell in row])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    parts: Sequence[Part] = [cell] if isinstance(cell, str | Word | Link) else cell
    return "".join(map(_part, parts))


def _part(part: Part) -> str:
    match part:
        case str():
            return plain(part)
        case Word(text):
            return code(text)
        case Link(text, url):
            return f"[{code(text)}]({quote(url, safe=':/?=%-._~')})"
