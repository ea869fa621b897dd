"""Takes the run's own token out of whatever a server sends, however it is spelled there."""

import base64
import re
from collections.abc import Callable

MASK = b"[token]"
SHORTEST_TOKEN = 8
"""A shorter word would be found in texts that hold no token, and be no secret."""

# Each begins with the one letter that it is looked for by: over whole pages that is a hundred times
# as fast as one pattern for all.
_ESCAPES = (
    (b"\\", re.compile(rb"\\\\*(?:u0{6}|u00|[ux]\{0*|x)([0-7][0-9a-f])\}?", re.IGNORECASE), 16),
    (b"\\", re.compile(rb"\\\\*([01][0-7]{2})"), 8),
    (b"=", re.compile(rb"=([2-7][0-9A-F])"), 16),
    (b"%", re.compile(rb"%(?:25)*([0-7][0-9a-f])", re.IGNORECASE), 16),
    (b"&#", re.compile(rb"&#x0*([0-7][0-9a-f]);?", re.IGNORECASE), 16),
    (b"&#", re.compile(rb"&#0*([0-9]{2,3});?"), 10),
)
_ESCAPED_BREAK = rb"\\\\*(?:u(?:00a[0d]|200[b-f]|2060|feff)|[nrtbf])"
_ESCAPED_BREAKS = re.compile(_ESCAPED_BREAK, re.IGNORECASE)
_INVISIBLE = re.compile(rb"\xe2\x80[\x8b-\x8f]|\xc2[\xa0\xad]|\xe2\x81\xa0|\xef\xbb\xbf")
_INVISIBLE_STARTS = (b"\xe2\x80", b"\xc2\xa0", b"\xc2\xad", b"\xe2\x81\xa0", b"\xef\xbb\xbf")
_BETWEEN = b" \t\r\n\"'+,:\\"
_MOST_NESTING = 3
"""How often an escaped text may have been escaped again."""


def make_token_mask(token: str | None) -> Callable[[bytes], bytes]:
    """Return what masks a token in a text: plain, escaped, encoded, or broken by escapes.

    The returned function raises ValueError for a text that still spells the token afterwards.
    """
    if token is None or len(token) < SHORTEST_TOKEN:
        return bytes
    needles = _list_token_encodings(token.encode())
    bare_needles = [_strip_token(needle) for needle in needles]
    pattern: re.Pattern[bytes] | None = None

    def mask(text: bytes) -> bytes:
        nonlocal pattern
        if not _spells_token(text, bare_needles):
            return text
        # Made and used where there is a token alone: slow, as it reads every spelling in place.
        pattern = pattern or re.compile(b"|".join(map(_token_spelling_of, needles)), re.IGNORECASE)
        masked = pattern.sub(MASK, text)
        if _spells_token(masked, bare_needles):
            raise ValueError("the token is spelled in a way that cannot be masked")
        return masked

    return mask


def _list_token_encodings(token: bytes) -> list[bytes]:
    """Return the token, and how it reads in hexadecimal digits and in the midst of base64."""
    encodings = [token, token.hex().encode()]
    for lead, skipped in ((0, 0), (1, 2), (2, 3)):
        # What stands before and after it decides the first and the last letters.
        whole = base64.b64encode(bytes(lead) + token)
        inner = whole[skipped : len(whole) - (0, 3, 2)[(lead + len(token)) % 3]]
        encodings += {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
    return encodings


def _spells_token(text: bytes, bare_needles: list[bytes]) -> bool:
    """Say whether a text holds one of them once its escapes are undone."""
    if any(start in text for start in _INVISIBLE_STARTS):
        text = _INVISIBLE.sub(b"", text)
    for _ in range(_MOST_NESTING):
        unbroken = _ESCAPED_BREAKS.sub(b"", text) if b"\\" in text else text
        for bare in {_strip_token(text), _strip_token(unbroken)}:
            if any(needle in bare for needle in bare_needles):
                return True
        escaped = text
        for sign, pattern, base in _ESCAPES:
            if sign in text:
                text = pattern.sub(lambda escape, base=base: _unescape_for_mask(escape, base), text)  # type: ignore[misc]
        if text == escaped:
            return False
    return False


def _strip_token(text: bytes) -> bytes:
    return text.translate(None, _BETWEEN).lower()


def _unescape_for_mask(escape: re.Match[bytes], base: int) -> bytes:
    code = int(escape[1], base)
    return bytes([code]) if code < 128 else escape[0]


def _token_spelling_of(needle: bytes) -> bytes:
    """Return the pattern of a text whose every letter may be escaped, with breaks between."""
    breaks = rb"(?:%s|%s|[ \t\r\n\"'+,:\\]|%%(?:25)*(?:0[9ad]|20)){0,8}"
    breaks %= (_ESCAPED_BREAK, _INVISIBLE.pattern)
    escaped = rb"\\+(?:u0{6}|u00|[ux]\{0*|x)%02x\}?|\\+%03o|=%02x"
    escaped += rb"|(?:%%|\\+u0025)(?:25)*%02x|&#x0*%02x;?|&#0*%d;?"
    letters = [
        rb"(?:%s|%s)" % (re.escape(bytes([code])), escaped % ((code,) * 6)) for code in needle
    ]
    return breaks.join(letters)
