"""Text from outside, made harmless for a terminal, page or spreadsheet: shown, not acted on."""

import unicodedata
from html import escape

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
