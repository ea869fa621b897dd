"""Text from outside, made harmless for a terminal, a page or a spreadsheet; rows as CSV."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

_ACTING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that steer instead of show: controls, bidi and other invisible format
characters, lone surrogates, private and unassigned characters, line and paragraph separators."""

# Quotes alone do not help: a spreadsheet in German splits at semicolons, and then a quote within a
# field is a letter like others. So no formula begins where any separator could begin a field,
# whatever blanks, quotes or marks lie between. What stands inside ids, addresses, dates and numbers
# separates nothing.
_FORMULA = re.compile(
    r"(^|[^\w./=+@-])(?=[=+@\-\uff1d\uff0b\uff20\uff0d\ufe66\ufe62\ufe6b\ufe63\u2212])"
)
"""Where a formula could begin; spreadsheets take the wide and small signs of Asian texts too."""


# In the log of a job GitHub and Azure obey `##[error]` and `##vso[...]` wherever they stand, and
# GitHub a line that begins with `::error::`.
_COMMAND = re.compile(r"#(?=#\w*\[)")
_COMMAND_LINE = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)


def escape_invisible(text: str) -> str:
    r"""Return the text with all that acts spelled out: `\x1b`, `\u202e`, `\x23#[error]`."""
    if not (text.isascii() and text.isprintable()):
        letters = (
            _escape_characters(it) if unicodedata.category(it) in _ACTING else it for it in text
        )
        text = "".join(letters)
    return _COMMAND.sub(r"\\x23", text) if "##" in text else text


def escape_log_lines(text: str) -> str:
    """Return lines of visible text of which a job's log takes none for a command to itself."""
    return _COMMAND_LINE.sub(r"\1\\x3a", text) if "::" in text else text


def escaped_json_text(text: str) -> str:
    """Return JSON in which no word acts in a job's log; it means the same."""
    # Two of these signs stand nowhere in JSON but in its strings.
    return _COMMAND.sub(r"\\u0023", text) if "##" in text else text


def escape_markup(text: str) -> str:
    """Return text as HTML or SVG that shows it and does nothing; fit for an attribute's value."""
    return escape(escape_invisible(text), quote=True)


def escape_csv_cell(text: str) -> str:
    """Return text as it may stand in a CSV file: visible, and no formula under any separator.

    An apostrophe makes a formula text. Source: OWASP, CSV Injection.
    """
    text = escape_invisible(text)
    return _FORMULA.sub(r"\1'", text) if _FORMULA.search(text) else text


def _escape_characters(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def escaped_csv_lines(
    rows: Iterable[Mapping[str, object]], columns: Sequence[str] = ()
) -> Iterator[str]:
    """Yield a header and a line for each flat document, every field in quotes.

    Columns that are not given are those of all rows, in the order they are met. Lists are joined by
    spaces, which no id holds; what is not known is empty.
    """
    if not columns:
        rows = list(rows)
        columns = list(dict.fromkeys(name for row in rows for name in row))
    yield _escape_csv_line(columns)
    yield from (_escape_csv_line([row.get(name) for name in columns]) for row in rows)


def _escape_csv_line(values: Iterable[object]) -> str:
    fields = (_escape_value(value).replace('"', '""') for value in values)
    return ",".join([f'"{field}"' for field in fields]) + "\n"


def _escape_value(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            return escape_csv_cell(value)
        case Iterable():
            return escape_csv_cell(" ".join(str(part) for part in value))
        case _:
            raise TypeError(f"a cell cannot hold {type(value).__name__}")
