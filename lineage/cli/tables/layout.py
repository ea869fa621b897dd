"""What every table shares: harmless text, aligned facts, headings, and one look of columns."""

from collections.abc import Sequence

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lineage.analysis.definition_text import Line
from lineage.domain.escape import escape_invisible
from lineage.domain.subjects import SubjectKind

INDENT = (0, 0, 0, 2)


def quote_for_terminal(text: str, style: str = "") -> Text:
    """Return text from outside for a terminal: harmless, and never read as markup."""
    # Names, licenses and quotes are written by strangers: an escape sequence in one could move the
    # cursor, and brackets would be styles.
    return Text(escape_invisible(text), style=style)


def indent_terminal_lines(picture: RenderableType) -> RenderableType:
    """Return a picture set in by the margin that all of them have."""
    return Padding(picture, INDENT, expand=False)


def terminal_table_of_facts(facts: Sequence[Line]) -> RenderableType:
    """Return labels and what they say, aligned and quiet."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in facts:
        grid.add_row(Text(label, style="dim"), quote_for_terminal(text))
    return indent_terminal_lines(grid)


def terminal_heading(text: str) -> RenderableType:
    """Return a line that begins a part."""
    return Stack(Text(), Text(text, style="bold underline"))


def new_table(
    *texts: str,
    fixed: Sequence[str] = (),
    numbers: Sequence[str] = (),
    tail: str | None = None,
    min_width: int | None = None,
) -> Table:
    """Return a table without rows: fixed columns, texts, numbers, and a last text.

    `min_width` is that of the first text.
    """
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    for name in fixed:
        table.add_column(name, no_wrap=True)
    # Where the terminal is narrow a text is folded; a number cut in two would be another number.
    for position, name in enumerate(texts):
        table.add_column(name, overflow="fold", min_width=None if position else min_width)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    if tail is not None:
        table.add_column(tail, overflow="fold")
    return table


def terminal_title_of_subject(id: str, subject: str) -> Text:
    """Return the name that a table is about, and the name it was asked under."""
    kind, _, name = id.partition(":")
    if kind in (SubjectKind.FAMILY, SubjectKind.RELEASE):
        return Text(f"{kind} ").append_text(quote_for_terminal(name, "bold"))
    title = quote_for_terminal(id, "bold")
    return (
        title
        if subject == id
        else title.append_text(quote_for_terminal(f"  asked as {subject}", "dim"))
    )
