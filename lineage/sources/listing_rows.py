"""The shape of a listing row as the Hub sends it, as far as we read it.

Wide where authors write freely (`Any`), narrow where the Hub itself writes. A row that does not fit
is read again field by field in `lineage.sources.listing_pages`; it never spoils its page.
Source: recorded answers of `GET /api/models` with `expand[]`, 2026-07 to 2026-10.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import fields

MAX_TEXT = 1000
"""The longest text kept of any field, in characters; a license link is the longest honest one."""
MAX_TAGS = 2000
_READ_TAGS = ("base_model:", "license:")

Text = Annotated[str, Meta(max_length=MAX_TEXT)]
Moment = Annotated[datetime, Meta(tz=True)]
WholeNumber = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Tags = Annotated[list[Text], Meta(max_length=MAX_TAGS)]


class ParentEntry(Struct):
    """One entry of `baseModels.models`."""

    id: Text
    key: Text | None = field(name="_id", default=None)


class BaseModels(Struct):
    """`baseModels`: one relation for the whole repository, several parents."""

    models: list[ParentEntry]
    relation: Text | None = None


class CardData(Struct):
    """`cardData`: what the author wrote in the card's front matter."""

    base_model: Any = None
    base_model_relation: Any = None
    license: Any = None
    license_name: Any = None
    license_link: Any = None


class AdapterConfig(Struct):
    """`config.peft`: the Hub's extract of `adapter_config.json`."""

    base_model_name_or_path: Any = None


class ModelConfig(Struct):
    """`config`: the Hub's extract of the model's own configuration."""

    model_type: Any = None
    name_or_path: Any = field(name="_name_or_path", default=None)
    peft: AdapterConfig | None = None
    adapter_config: AdapterConfig | None = None


class Weights(Struct):
    """`safetensors`: how many parameters of each type the files hold; of `gguf` the total alone."""

    total: WholeNumber | None = None
    parameters: dict[Text, WholeNumber] | None = None


class ListingRow(Struct):
    """One row. Only `_id` and `id` are always there; an absent field is absent, not null."""

    key: Text = field(name="_id")
    id: Text
    private: bool | None = None
    """True where the token alone may see the row."""
    author: Text | None = None
    created_at: Moment | None = field(name="createdAt", default=None)
    modified_at: Moment | None = field(name="lastModified", default=None)
    library: Text | None = field(name="library_name", default=None)
    pipeline: Text | None = field(name="pipeline_tag", default=None)
    tags: Tags = []
    gated: bool | Text | None = None
    sha: Text | None = None
    downloads: WholeNumber | None = None
    downloads_all_time: WholeNumber | None = field(name="downloadsAllTime", default=None)
    likes: WholeNumber | None = None
    base_models: BaseModels | None = field(name="baseModels", default=None)
    card: CardData | None = field(name="cardData", default=None)
    config: ModelConfig | None = None
    safetensors: Weights | None = None
    gguf: Weights | None = None


_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{},]', re.DOTALL)
_CLOSES = {b"[": b"]", b"{": b"}"}
_FIRST_KEY = re.compile(rb'\s*\{\s*"_id"\s*:\s*"([0-9a-f]{24})"')
_DIGITS_OF_A_COUNT = 25


def cut_listing_rows(body: bytes) -> list[bytes] | None:
    """Cut an array into its elements, which need not be JSON themselves; None if it is no array.

    Knows strings and brackets and nothing else, so that one row costs none of its neighbours; does
    not recurse, so that no nesting is too deep.
    """
    body = body.strip()
    borders = list(_find_listing_row_borders(body))
    ends = body[:1] + body[-1:]
    if ends != b"[]" or not borders or borders[-1] != len(body) - 1:
        return None
    starts = [0, *borders[:-1]]
    rows = [body[a + 1 : b].strip() for a, b in zip(starts, borders, strict=True)]
    if rows == [b""]:
        return []
    return rows if all(rows) else None


def read_listing_row_leniently(raw: bytes) -> object:
    """Read JSON with broken UTF-8, lone surrogates or control characters; None if it is none."""
    try:
        value = json.loads(
            raw.decode("utf-8", "replace"), strict=False, parse_int=_read_listing_row_number
        )
        text = json.dumps(value, ensure_ascii=False)
        return json.loads(text.encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def first_listing_row_key(raw: bytes) -> str | None:
    """Return the `_id` that a row begins with, as the Hub's rows do, however odd the rest is."""
    match = _FIRST_KEY.match(raw)
    return None if match is None else match[1].decode()


def _find_listing_row_borders(body: bytes) -> Iterator[int]:
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


def _read_listing_row_number(digits: str) -> int | float:
    """Read a whole number, as infinity where it is absurd: Python refuses thousands of digits."""
    return int(digits) if len(digits) <= _DIGITS_OF_A_COUNT else math.inf


def keep_fitting_row(
    value: Mapping[str, Any], shape: type[Struct], unread: Counter[str], path: str = ""
) -> dict[str, Any]:
    """Return the fields of an object that fit a shape, and of those inside it what fits there.

    What does not fit is dropped and counted under its path; it costs neither the other fields of
    its object nor the other entries of its list.
    """
    fitting: dict[str, Any] = {}
    for field_info in fields(shape):
        if field_info.encode_name in value:
            name = path + field_info.encode_name
            part = _fit_listing_row_part(
                value[field_info.encode_name], field_info.type, unread, name
            )
            if part is not _UNFIT:
                fitting[field_info.name] = part
    return fitting


_UNFIT = object()


def _fit_listing_row_part(value: object, kind: Any, unread: Counter[str], name: str) -> Any:
    try:
        return msgspec.convert(value, kind)
    except (msgspec.MsgspecError, RecursionError):
        unread[name] += 1
    for shape in _list_listing_field_types(kind):
        if get_origin(shape) is list and isinstance(value, list):
            inside = Counter[str]()  # the list itself is counted, once
            parts = [
                _fit_listing_row_part(entry, get_args(shape)[0], inside, name) for entry in value
            ]
            return _shorten_listing_row_list([part for part in parts if part is not _UNFIT])
        if isinstance(shape, type) and issubclass(shape, Struct) and isinstance(value, dict):
            with suppress(TypeError):  # it lacks what its shape cannot do without
                return shape(**keep_fitting_row(value, shape, unread, f"{name}."))
    return _UNFIT


def _list_listing_field_types(kind: Any) -> list[Any]:
    """Return the types that a field may have, without what limits them."""
    if get_origin(kind) is Annotated:
        return _list_listing_field_types(get_args(kind)[0])
    if get_origin(kind) in {Union, UnionType}:
        return [shape for part in get_args(kind) for shape in _list_listing_field_types(part)]
    return [kind]


def _shorten_listing_row_list(parts: list[Any]) -> list[Any]:
    """Return the first parts; tags that are read go before, since the Hub lists them last."""
    if len(parts) <= MAX_TAGS:
        return parts
    return sorted(
        parts, key=lambda part: not (isinstance(part, str) and part.startswith(_READ_TAGS))
    )[:MAX_TAGS]
