"""What can be saved of JSON that no strict reader takes: broken text, endless nesting."""

import json
import math
import re
from collections.abc import Iterator

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{},]', re.DOTALL)
_CLOSES = {b"[": b"]", b"{": b"}"}
_FIRST_KEY = re.compile(rb'\s*\{\s*"_id"\s*:\s*"([0-9a-f]{24})"')
_DIGITS_OF_A_COUNT = 25


def cut_rows(body: bytes) -> list[bytes] | None:
    """Cut an array into its elements, which need not be JSON themselves; None if it is no array.

    Knows strings and brackets and nothing else, so that one row costs none of its neighbours; does
    not recurse, so that no nesting is too deep.
    """
    body = body.strip()
    borders = list(_borders(body))
    ends = body[:1] + body[-1:]
    if ends != b"[]" or not borders or borders[-1] != len(body) - 1:
        return None
    starts = [0, *borders[:-1]]
    rows = [body[a + 1 : b].strip() for a, b in zip(starts, borders, strict=True)]
    if rows == [b""]:
        return []
    return rows if all(rows) else None


def lenient_json(raw: bytes) -> object:
    """Read JSON with broken UTF-8, lone surrogates or control characters; None if it is none."""
    try:
        value = json.loads(raw.decode("utf-8", "replace"), strict=False, parse_int=_number)
        text = json.dumps(value, ensure_ascii=False)
        return json.loads(text.encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def first_key(raw: bytes) -> str | None:
    """Return the `_id` that a row begins with, as the Hub's rows do, however odd the rest is."""
    found = _FIRST_KEY.match(raw)
    return None if found is None else found[1].decode()


def _borders(body: bytes) -> Iterator[int]:
    """Yield where each element of the outermost array ends; nothing more once brackets mismatch."""
    open_brackets: list[bytes] = []
    for token in _TOKEN.finditer(body):
        text = token[0]
        if text in _CLOSES:
            open_brackets.append(text)
        elif text == b"," and len(open_brackets) == 1:
            yield token.start()
        elif text in {b"]", b"}"}:
            if not open_brackets or _CLOSES[open_brackets.pop()] != text:
                return
            if not open_brackets:
                yield token.start()
                return
        elif text == b'"':  # a string without an end
            return


def _number(digits: str) -> int | float:
    """Read a whole number, as infinity where it is absurd: Python refuses thousands of digits."""
    return int(digits) if len(digits) <= _DIGITS_OF_A_COUNT else math.inf
