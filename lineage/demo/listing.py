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

from lineage.demo.catalog import Catalog, Row, rank, rank_of

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
class Mark:
    """The last row of the page before: the cursor goes on after it."""

    key: str
    value: Any = None
    """Its value in the field that sorts; None where it has none, or where `_id` sorts."""


@dataclass(frozen=True, slots=True)
class Query:
    """One request for a page, read and found to be good."""

    fields: tuple[str, ...]
    sort: str
    ascending: bool
    limit: int
    mark: Mark | None
    tags: tuple[str, ...]
    equals: Mapping[str, str]
    search: str
    gated: bool | None

    @property
    def narrows(self) -> bool:
        """Whether some rows are left out; the Hub answers such queries from another index."""
        return bool(self.tags or self.equals or self.search or self.gated is not None)


@dataclass(slots=True)
class Page:
    """One page: rows as they are sent, and the query string of the next page if there is one."""

    rows: list[Any]
    next: str | None


def read_query(query: str) -> Query:
    """Return what a query string asks for; raises `BadQuery`. Unknown parameters are ignored."""
    pairs = parse_qsl(query, keep_blank_values=True)
    last = dict(pairs)
    sort = last.get("sort", "trendingScore")
    return Query(
        fields=_list_fields(pairs, last),
        sort=sort,
        ascending=_ascending(sort, last.get("direction", "-1")),
        limit=_limit(last.get("limit", str(MOST_ROWS))),
        mark=read_cursor(last["cursor"], sort) if "cursor" in last else None,
        tags=tuple(value for name, value in pairs if name == "filter"),
        equals={name: last[name] for name in ("author", "pipeline_tag") if name in last},
        search=last.get("search", "").casefold(),
        gated=_flag(last, "gated") if "gated" in last else None,
    )


def expanded(pairs: Iterable[tuple[str, str]], allowed: Sequence[str]) -> tuple[str, ...]:
    """Return the fields asked for by `expand` or `expand[]`; raises `BadQuery` on others."""
    asked = [value for name, value in pairs if name in ("expand", "expand[]")]
    for place, value in enumerate(asked):
        if value not in allowed:
            options = "|".join(f'"{field}"' for field in allowed)
            raise BadQuery(f"Invalid option: expected one of {options} → at expand[{place}]")
    return tuple(dict.fromkeys(asked))


def project(row: Row, fields: Iterable[str]) -> Row:
    """Return `_id`, `id` and those of the fields that the row has: absent is not null."""
    sent = {"_id": row["_id"], "id": row["id"]}
    for field in fields:
        if field in row:
            sent[field] = row[field]
        elif field == "modelId":
            sent[field] = row["id"]
        elif field == "model-index":
            sent[field] = None  # the one field that the Hub sends as null (recorded 2026-07)
    return sent


def list_models(catalog: Catalog, query_string: str, *, repeat_border: bool = False) -> Page:
    """Return the page that a query string asks for; raises `BadQuery`.

    With `repeat_border` the last row of the page before comes again, as after a moved border.
    """
    query = read_query(query_string)
    again = catalog.by_key(query.mark.key) if repeat_border and query.mark else None
    most = query.limit - 1 if again and query.limit > 1 else query.limit
    rows = _rows_after(catalog, query, most + 1)
    more, rows = len(rows) > most, rows[:most]
    following = _with_cursor(query_string, _cursor(query, rows[-1])) if more else None
    sent = [again, *rows] if again else rows
    return Page([project(row, query.fields) for row in sent], following)


def read_cursor(cursor: str, sort: str) -> Mark:
    """Return the mark in a cursor, with or without its padding; raises `BadQuery`."""
    try:
        said = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4)))
        first = said["$or"][0] if "$or" in said else said
        place = first["_id"]
        key = place["$gt"] if "$gt" in place else place["$lt"]
        return Mark(str(key), None if sort == CREATED else first[sort])
    except (binascii.Error, ValueError, LookupError, TypeError) as fault:
        raise BadQuery("Invalid cursor") from fault


def _cursor(query: Query, row: Row) -> str:
    key = row["_id"]
    said: Row
    if query.sort == CREATED:
        said = {"_id": {"$gt" if query.ascending else "$lt": key}}
    elif (value := row.get(query.sort)) is None:
        said = {query.sort: None, "_id": {"$gt": key}}
    else:
        after_equals = {query.sort: value, "_id": {"$gt": key}}
        said = {"$or": [after_equals, {query.sort: {"$lt": value}}, {query.sort: None}]}
    if query.narrows:
        said["searchSequenceToken"] = base64.b64encode(bytes.fromhex(key)).decode()
    return base64.b64encode(json.dumps(said, separators=(",", ":")).encode()).decode()


def _with_cursor(query_string: str, cursor: str) -> str:
    pairs = parse_qsl(query_string, keep_blank_values=True)
    return urlencode([pair for pair in pairs if pair[0] != "cursor"] + [("cursor", cursor)])


def _rows_after(catalog: Catalog, query: Query, most: int) -> list[Row]:
    key = query.mark.key if query.mark else None
    if query.sort != CREATED:
        rows = _in_order(catalog, query)
        mark = query.mark and rank_of(query.mark.value, query.mark.key)
        start = bisect_right(rows, mark, key=lambda row: rank(row, query.sort)) if mark else 0
        return rows[start : start + most]
    if query.narrows:
        rows = _matching(catalog, query)
        if query.ascending:
            return [row for row in rows if key is None or row["_id"] > key][:most]
        return [row for row in reversed(rows) if key is None or row["_id"] < key][:most]
    return catalog.after(key or "", most) if query.ascending else catalog.before(key, most)


def _in_order(catalog: Catalog, query: Query) -> list[Row]:
    if not query.narrows:
        return catalog.ordered(query.sort)
    return sorted(_matching(catalog, query), key=lambda row: rank(row, query.sort))


def _matching(catalog: Catalog, query: Query) -> list[Row]:
    base = next((tag for tag in query.tags if tag.startswith("base_model:")), None)
    rows = catalog.rows() if base is None else catalog.tagged(base)
    return [row for row in rows if _matches(row, query)]


def _matches(row: Row, query: Query) -> bool:
    return (
        all(tag in row.get("tags", ()) for tag in query.tags)
        and all(row.get(field) == value for field, value in query.equals.items())
        and query.search in row["id"].casefold()
        and (query.gated is None or query.gated == bool(row.get("gated")))
    )


def _list_fields(pairs: list[tuple[str, str]], last: Mapping[str, str]) -> tuple[str, ...]:
    if fields := expanded(pairs, LIST_FIELDS):
        return fields
    fields = DEFAULT_FIELDS + (FULL_FIELDS if _flag(last, "full") else ())
    return fields + tuple(name for name in ("config", "cardData") if _flag(last, name))


def _flag(last: Mapping[str, str], name: str) -> bool:
    said = last.get(name, "false").lower()
    if said not in ("true", "false"):
        raise BadQuery(f'"{name}" must be a boolean')
    return said == "true"


def _ascending(sort: str, direction: str) -> bool:
    if sort != CREATED and sort not in DESCENDING_ONLY:
        options = "|".join(f'"{field}"' for field in (CREATED, *DESCENDING_ONLY))
        raise BadQuery(f"Invalid option: expected one of {options} → at sort")
    if direction not in ("1", "-1"):
        raise BadQuery('"direction" must be one of [1, -1]')
    if direction == "1" and sort != CREATED:
        raise BadQuery(f"Ascending order is not supported for {sort}")
    return direction == "1"


def _limit(said: str) -> int:
    if not (said.isascii() and said.isdigit()) or int(said) == 0:
        raise BadQuery('"limit" must be a positive number')
    return min(int(said), MOST_ROWS)
