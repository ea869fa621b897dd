"""What `/api/models` answers: which rows, in which order, which fields of them, and what is next.

The endpoint is undocumented: its rules are read from recorded answers of 2026-07 to 2026-10.
"""

import base64
import binascii
import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from lineage.demo.catalog import Catalog, Row, rank_in_catalog, rank_of_box_row

LIST_FIELDS = (
    *("author", "baseModels", "cardData", "config", "createdAt", "disabled", "downloads"),
    *("downloadsAllTime", "evalResults", "gated", "inference", "inferenceProviderMapping"),
    *("lastModified", "library_name", "likes", "mask_token", "model-index", "pipeline_tag"),
    *("private", "safetensors", "sha", "siblings", "spaces", "tags", "transformersInfo"),
    *("trendingScore", "widgetData", "gguf", "resourceGroup", "xetEnabled"),
)
DETAIL_FIELDS = (*LIST_FIELDS, "childrenModelCount", "usedStorage")
DEFAULT_FIELDS = (
    *("likes", "trendingScore", "private", "downloads", "tags", "pipeline_tag"),
    *("library_name", "createdAt", "modelId"),
)
FULL_FIELDS = ("author", "gated", "lastModified", "sha", "siblings")
DESCENDING_ONLY = ("trendingScore", "downloads", "likes", "lastModified")
CREATED = "createdAt"
MOST_ROWS = 1000


class BadQuery(Exception):
    """A query that the Hub answers with 400 and these words."""


@dataclass(frozen=True, slots=True)
class CursorPosition:
    """The last row of the previous page: the cursor goes on after it."""

    key: str
    value: Any = None
    """Its value in the field that sorts; None where it has none, or where `_id` sorts."""


@dataclass(frozen=True, slots=True)
class ListingQuery:
    """One request for a page, read and found to be good."""

    fields: tuple[str, ...]
    sort: str
    ascending: bool
    limit: int
    position: CursorPosition | None
    tags: tuple[str, ...]
    equals: Mapping[str, str]
    search: str
    gated: bool | None

    @property
    def narrows_box_listing(self) -> bool:
        """Whether it filters; the Hub answers such queries from another index."""
        return bool(self.tags or self.equals or self.search or self.gated is not None)


@dataclass(slots=True)
class ListingPage:
    """One page: rows as they are sent, and the query string of the next page if there is one."""

    rows: list[Any]
    next: str | None


def read_box_query(query: str) -> ListingQuery:
    """Return what a query string asks for; raises `BadQuery`. Unknown parameters are ignored."""
    pairs = parse_qsl(query, keep_blank_values=True)
    last = dict(pairs)
    sort = last.get("sort", "trendingScore")
    direction = last.get("direction", "-1")
    if sort != CREATED and sort not in DESCENDING_ONLY:
        options = "|".join(f'"{field}"' for field in (CREATED, *DESCENDING_ONLY))
        raise BadQuery(f"Invalid option: expected one of {options} → at sort")
    if direction not in ("1", "-1"):
        raise BadQuery('"direction" must be one of [1, -1]')
    if direction == "1" and sort != CREATED:
        raise BadQuery(f"Ascending order is not supported for {sort}")
    text = last.get("limit", str(MOST_ROWS))
    if not (text.isascii() and text.isdigit()) or int(text) == 0:
        raise BadQuery('"limit" must be a positive number')
    return ListingQuery(
        fields=_read_box_fields(pairs, last),
        sort=sort,
        ascending=(direction == "1"),
        limit=min(int(text), MOST_ROWS),
        position=read_box_cursor(last["cursor"], sort) if "cursor" in last else None,
        tags=tuple(value for name, value in pairs if name == "filter"),
        equals={name: last[name] for name in ("author", "pipeline_tag") if name in last},
        search=last.get("search", "").casefold(),
        gated=_read_box_flag(last, "gated") if "gated" in last else None,
    )


def read_box_expand(pairs: Iterable[tuple[str, str]], allowed: Sequence[str]) -> tuple[str, ...]:
    """Return the fields asked for by `expand` or `expand[]`; raises `BadQuery` on others."""
    names = [value for name, value in pairs if name in ("expand", "expand[]")]
    for place, value in enumerate(names):
        if value not in allowed:
            options = "|".join(f'"{field}"' for field in allowed)
            raise BadQuery(f"Invalid option: expected one of {options} → at expand[{place}]")
    return tuple(dict.fromkeys(names))


def project_box_row(row: Row, fields: Iterable[str]) -> Row:
    """Return `_id`, `id` and those of the fields that the row has: absent is not null."""
    projected = {"_id": row["_id"], "id": row["id"]}
    for field in fields:
        if field in row:
            projected[field] = row[field]
        elif field == "modelId":
            projected[field] = row["id"]
        elif field == "model-index":
            projected[field] = None  # the one field that the Hub sends as null (recorded 2026-07)
    return projected


def list_box_models(catalog: Catalog, query_string: str) -> ListingPage:
    """Return the page that a query string asks for; raises `BadQuery`."""
    query = read_box_query(query_string)
    # One row more than is sent: the Hub names a next page where there is one and no other time.
    rows = _select_box_rows(catalog, query, query.limit + 1)
    more, rows = len(rows) > query.limit, rows[: query.limit]
    next_query = (
        _with_box_cursor(query_string, _write_box_cursor(query, rows[-1])) if more else None
    )
    return ListingPage([project_box_row(row, query.fields) for row in rows], next_query)


def read_box_cursor(cursor: str, sort: str) -> CursorPosition:
    """Return the position in a cursor; raises `BadQuery`."""
    try:
        # The Hub takes a cursor with or without its padding.
        decoded = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4)))
        first = decoded["$or"][0] if "$or" in decoded else decoded
        place = first["_id"]
        key = place["$gt"] if "$gt" in place else place["$lt"]
        return CursorPosition(str(key), None if sort == CREATED else first[sort])
    except (binascii.Error, ValueError, LookupError, TypeError) as fault:
        raise BadQuery("Invalid cursor") from fault


def _write_box_cursor(query: ListingQuery, row: Row) -> str:
    key = row["_id"]
    position: Row
    if query.sort == CREATED:
        position = {"_id": {"$gt" if query.ascending else "$lt": key}}
    elif (value := row.get(query.sort)) is None:
        position = {query.sort: None, "_id": {"$gt": key}}
    else:
        after_equals = {query.sort: value, "_id": {"$gt": key}}
        position = {"$or": [after_equals, {query.sort: {"$lt": value}}, {query.sort: None}]}
    if query.narrows_box_listing:
        position["searchSequenceToken"] = base64.b64encode(bytes.fromhex(key)).decode()
    return base64.b64encode(json.dumps(position, separators=(",", ":")).encode()).decode()


def _with_box_cursor(query_string: str, cursor: str) -> str:
    pairs = parse_qsl(query_string, keep_blank_values=True)
    return urlencode([pair for pair in pairs if pair[0] != "cursor"] + [("cursor", cursor)])


def _select_box_rows(catalog: Catalog, query: ListingQuery, most: int) -> list[Row]:
    key = query.position.key if query.position else None
    if query.sort != CREATED:
        rows = _sort_box_rows(catalog, query)
        last = query.position and rank_of_box_row(query.position.value, query.position.key)
        start = (
            bisect_right(rows, last, key=lambda row: rank_in_catalog(row, query.sort))
            if last
            else 0
        )
        return rows[start : start + most]
    if query.narrows_box_listing:
        rows = _filter_box_rows(catalog, query)
        if query.ascending:
            return [row for row in rows if key is None or row["_id"] > key][:most]
        return [row for row in reversed(rows) if key is None or row["_id"] < key][:most]
    return (
        catalog.box_models_after(key or "", most)
        if query.ascending
        else catalog.box_models_before(key, most)
    )


def _sort_box_rows(catalog: Catalog, query: ListingQuery) -> list[Row]:
    if not query.narrows_box_listing:
        return catalog.ordered_box_models(query.sort)
    return sorted(
        _filter_box_rows(catalog, query), key=lambda row: rank_in_catalog(row, query.sort)
    )


def _filter_box_rows(catalog: Catalog, query: ListingQuery) -> list[Row]:
    base = next((tag for tag in query.tags if tag.startswith("base_model:")), None)
    rows = catalog.box_rows() if base is None else catalog.tagged_box_models(base)
    return [row for row in rows if _matches_box_query(row, query)]


def _matches_box_query(row: Row, query: ListingQuery) -> bool:
    return (
        all(tag in row.get("tags", ()) for tag in query.tags)
        and all(row.get(field) == value for field, value in query.equals.items())
        and query.search in row["id"].casefold()
        and (query.gated is None or query.gated == bool(row.get("gated")))
    )


def _read_box_fields(pairs: list[tuple[str, str]], last: Mapping[str, str]) -> tuple[str, ...]:
    if fields := read_box_expand(pairs, LIST_FIELDS):
        return fields
    fields = DEFAULT_FIELDS + (FULL_FIELDS if _read_box_flag(last, "full") else ())
    return fields + tuple(name for name in ("config", "cardData") if _read_box_flag(last, name))


def _read_box_flag(last: Mapping[str, str], name: str) -> bool:
    text = last.get(name, "false").lower()
    if text not in ("true", "false"):
        raise BadQuery(f'"{name}" must be a boolean')
    return text == "true"
