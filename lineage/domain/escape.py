"""Text from outside, made harmless for a terminal, a page or a spreadsheet; rows as CSV."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape

from lineage.domain.documents import Document

_ACTING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that steer instead of show: controls, bidi and other invisible format
characters, lone surrogates, private and unassigned characters, line and paragraph separators."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def visible(text: str) -> str:
    r"""Return the text with every acting character spelled out, `\x1b`, `\u202e`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(one) if unicodedata.category(one) in _ACTING else one for one in text)


def markup(text: str) -> str:
    """Return text as HTML or SVG that shows it and does nothing; fit for an attribute's value."""
    return escape(visible(text), quote=True)


def cell(text: str) -> str:
    """Return the text for a CSV cell: visible, and no formula when a spreadsheet opens it.

    Source: OWASP, CSV Injection.
    """
    return ("'" if text.startswith(_FORMULA) else "") + visible(text)


def _spelled(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def csv_table(rows: Sequence[Document]) -> str:
    """Spell flat documents; the columns are those of all rows, in the order they are met.

    Lists are joined by spaces, which no id holds; what is not known is empty.
    """
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([cell(name) for name in columns])
    writer.writerows([_spell_value(row.get(name)) for name in columns] for row in rows)
    return text.getvalue()


def _spell_value(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            return cell(value)
        case Iterable():
            return cell(" ".join(str(one) for one in value))
        case _:
            raise TypeError(f"a cell cannot hold {type(value).__name__}")
