"""The shape of a listing row as the Hub sends it, as far as we read it.

Wide where authors write freely (`Any`), narrow where the Hub itself writes. A row that does not fit
is read again field by field in `lineage.sources.parse`; it never spoils its page.
Source: recorded answers of `GET /api/models` with `expand[]`, 2026-07 to 2026-10.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, get_args

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import fields

MAX_TEXT = 1000
"""The longest text kept of any field, in characters; a license link is the longest honest one."""
MAX_TAGS = 2000

Text = Annotated[str, Meta(max_length=MAX_TEXT)]
Moment = Annotated[datetime, Meta(tz=True)]
WireNumber = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Tags = Annotated[list[Text], Meta(max_length=MAX_TAGS)]


class WireParent(Struct):
    """One entry of `baseModels.models`."""

    key: Text = field(name="_id")
    id: Text


class WireBaseModels(Struct):
    """`baseModels`: one relation for the whole repository, several parents."""

    models: list[WireParent]
    relation: Text | None = None


class WireCard(Struct):
    """`cardData`: what the author wrote in the card's front matter."""

    base_model: Any = None
    base_model_relation: Any = None
    license: Any = None
    license_name: Any = None
    license_link: Any = None


class WirePeft(Struct):
    """`config.peft`: the Hub's extract of `adapter_config.json`."""

    base_model_name_or_path: Any = None


class WireConfig(Struct):
    """`config`: the Hub's extract of the model's own configuration."""

    model_type: Any = None
    name_or_path: Any = field(name="_name_or_path", default=None)
    peft: WirePeft | None = None
    adapter_config: WirePeft | None = None


class WireRow(Struct):
    """One row. Only `_id` and `id` are always there; an absent field is absent, not null."""

    key: Text = field(name="_id")
    id: Text
    author: Text | None = None
    created_at: Moment | None = field(name="createdAt", default=None)
    modified_at: Moment | None = field(name="lastModified", default=None)
    library: Text | None = field(name="library_name", default=None)
    pipeline: Text | None = field(name="pipeline_tag", default=None)
    tags: Tags = []
    gated: bool | Text | None = None
    sha: Text | None = None
    downloads: WireNumber | None = None
    downloads_all_time: WireNumber | None = field(name="downloadsAllTime", default=None)
    likes: WireNumber | None = None
    base_models: WireBaseModels | None = field(name="baseModels", default=None)
    card: WireCard | None = field(name="cardData", default=None)
    config: WireConfig | None = None


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
