"""What can be saved of rows that no strict reader takes: broken text, deep nesting, odd types."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import fields

from lineage.sources.wire import MAX_TAGS, MAX_TEXT, Tags

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
    borders = list(_find_borders(body))
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
        value = json.loads(raw.decode("utf-8", "replace"), strict=False, parse_int=_read_number)
        text = json.dumps(value, ensure_ascii=False)
        return json.loads(text.encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def first_key(raw: bytes) -> str | None:
    """Return the `_id` that a row begins with, as the Hub's rows do, however odd the rest is."""
    found = _FIRST_KEY.match(raw)
    return None if found is None else found[1].decode()


def _find_borders(body: bytes) -> Iterator[int]:
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


def _read_number(digits: str) -> int | float:
    """Read a whole number, as infinity where it is absurd: Python refuses thousands of digits."""
    return int(digits) if len(digits) <= _DIGITS_OF_A_COUNT else math.inf


def what_fits(
    value: Mapping[str, Any], shape: type[Struct], unread: Counter[str], path: str = ""
) -> dict[str, Any]:
    """Return the fields of an object that fit a shape, those inside its objects included.

    What does not fit is left out and counted under its path; of a list of texts the texts are kept.
    """
    fitting: dict[str, Any] = {}
    for known in fields(shape):
        if known.encode_name not in value:
            continue
        said, name = value[known.encode_name], path + known.encode_name
        try:
            fitting[known.name] = msgspec.convert(said, known.type)
        except msgspec.MsgspecError:
            unread[name] += 1
            inner = _shape_of(known.type)
            if inner is not None and isinstance(said, dict):
                with suppress(TypeError):  # it lacks what its shape cannot do without
                    fitting[known.name] = inner(**what_fits(said, inner, unread, f"{name}."))
            elif known.type is Tags and isinstance(said, list):
                fitting[known.name] = [one for one in said[:MAX_TAGS] if _is_text(one)]
    return fitting


def _shape_of(kind: Any) -> type[Struct] | None:
    """Return the struct that a field holds, if it holds one."""
    for one in get_args(kind):
        if isinstance(one, type) and issubclass(one, Struct):
            return one
    return None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT
