"""Tables and lists of a page as HTML; whatever came from the Hub is escaped here."""

from collections.abc import Iterable, Sequence
from html import escape

from lineage.domain.escape import visible

Cell = tuple[str, str]
"""A class, and text as it came."""


def shown(text: str) -> str:
    """Return text as HTML that shows it and does nothing; also fit for an attribute's value."""
    return escape(visible(text))


def table(
    head: Sequence[Cell], rows: Iterable[Sequence[Cell]], last: Sequence[Cell] = (), kind: str = ""
) -> str:
    """Return a table; `last` is a row that sums up, `kind` a class of the table."""
    lines = [_row("th", head, ' scope="col"')]
    body = [_row("td", row) for row in rows]
    body += [_row("td", last).replace("<tr>", '<tr class="whole">', 1)] if last else []
    classes = f' class="{kind}"' if kind else ""
    return f"<table{classes}><thead>{''.join(lines)}</thead><tbody>{''.join(body)}</tbody></table>"


def definitions(lines: Iterable[tuple[str, str]]) -> str:
    """Return what stands in a list of definitions: a label, and what it says."""
    return "".join(f"<dt>{shown(label)}</dt><dd>{shown(said)}</dd>" for label, said in lines)


def link(address: str | None, text: str) -> str:
    """Return a link where the address is one of the web, else its text alone."""
    if address is None or not address.startswith("https://") or visible(address) != address:
        return shown(text)
    return f'<a href="{escape(address)}" rel="noreferrer noopener">{shown(text)}</a>'


def _row(tag: str, cells: Sequence[Cell], attributes: str = "") -> str:
    return f"<tr>{''.join(_cell(tag, kind, text, attributes) for kind, text in cells)}</tr>"


def _cell(tag: str, kind: str, text: str, attributes: str) -> str:
    classes = f' class="{kind}"' if kind else ""
    return f"<{tag}{classes}{attributes}>{shown(text)}</{tag}>"
