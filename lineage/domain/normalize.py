"""What a text spells once escapes, look-alike letters and separators are undone."""

import html
import re
import unicodedata
from urllib.parse import unquote

_LAYERS = 4
"""An address in JSON in JSON has three."""
# From the first of several backslashes alone: else thousands of them would take seconds.
_ESCAPED = re.compile(r"(?<!\\)\\+(?:[uU]([0-9a-fA-F]{4})|[xX]([0-9a-fA-F]{2})|(/))")
_SEPARATORS = re.compile(r"(?:[ \t]{0,4}(?:[/\\]|--|__)){1,9}[ \t]{0,4}")


def plain(text: str) -> str:
    r"""Return a text in lower case, with `/` for all that stands between an owner and a name.

    Undone are `%2F`, `\u002f`, `\/`, `&#47;`, full-width letters, invisible characters, `--` and
    `__` (`models--owner--name`) and backslashes; none of that can be told from the rest after.
    """
    for _ in range(_LAYERS):
        before, text = text, _folded(_unescaped(text))
        if text == before:
            break
    return _SEPARATORS.sub("/", text.lower())


def _unescaped(text: str) -> str:
    if "\\" in text:
        text = _ESCAPED.sub(_meant, text)
    return html.unescape(unquote(text))


def _folded(text: str) -> str:
    """Return the plain letters of wide and otherwise dressed ones, and no invisible ones."""
    if text.isascii():
        return text
    folded = unicodedata.normalize("NFKC", text)
    return "".join(one for one in folded if unicodedata.category(one) != "Cf")


def _meant(escape: re.Match[str]) -> str:
    code, byte, _ = escape.groups()
    digits = code or byte
    return chr(int(digits, 16)) if digits else "/"
