"""The Hub's listing as records: what is asked for, and how pages become rows."""

from collections.abc import Iterator
from functools import partial
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from lineage.errors import PageNotRecorded, UnexpectedPage
from lineage.http.pages import Page, PageLogReader
from lineage.sources.interface import RecordPage
from lineage.sources.listing_check import (
    ListedRow,
    ListingCheck,
    ListingOrder,
    doubt_listed_model,
    doubt_listing,
    read_listed_rows,
)
from lineage.sources.listing_pages import parse_batches

LISTING: Final = "/api/models"
PAGE_SIZE: Final = 1000
FIELDS: Final = (
    "author",
    "baseModels",
    "cardData",
    "config",
    "createdAt",
    "downloads",
    "downloadsAllTime",
    "gated",
    "lastModified",
    "library_name",
    "likes",
    "pipeline_tag",
    "private",
    "safetensors",
    "sha",
    "tags",
)
"""What a row must carry; `config` doubles the bytes and is worth it for 120,000 adapters.

`safetensors` adds about 5 %: 80 bytes (recorded 2026-07) to half of the rows. `gguf` is read where
a row carries it, and not asked for: chat templates of some thousand bytes come with it.
"""

_EXPAND = tuple(("expand[]", name) for name in FIELDS)
_Params = tuple[tuple[str, str], ...]


def _listing_order_parameters(order: ListingOrder) -> _Params:
    sort, direction = {
        ListingOrder.OLDEST_FIRST: ("createdAt", "1"),
        ListingOrder.NEWEST_FIRST: ("createdAt", "-1"),
        ListingOrder.LAST_COMMIT_FIRST: ("lastModified", "-1"),
    }[order]
    return (("sort", sort), ("direction", direction))


_PROJECTION = (("limit", str(PAGE_SIZE)), *_EXPAND)
# The only order that is stable while it is walked: the key is immutable.
FULL_PARAMS: Final = _listing_order_parameters(ListingOrder.OLDEST_FIRST) + _PROJECTION
MOST_CHECKED_FAMILIES: Final = 50
"""Of how many models with one page of children or none the end of their listing is checked.

A crawl below a base asks for the children of every member, and nearly all have none: to check each
would cost as much again.
"""


class HubSource:
    """Every model of one Hub, from recorded pages where there are any."""

    def __init__(self, reader: PageLogReader) -> None:
        self._reader = reader
        self._families = 0

    def list_everything_of_source(self) -> Iterator[RecordPage]:
        return self._walk_listing_pages(ListingOrder.OLDEST_FIRST)

    def by_last_commit(self, models: int) -> Iterator[RecordPage]:
        return self._walk_listing_pages(ListingOrder.LAST_COMMIT_FIRST, models=models)

    def newest_first(self, models: int) -> Iterator[RecordPage]:
        return self._walk_listing_pages(ListingOrder.NEWEST_FIRST, models=models)

    def created_from(self, request: str, newest_key: str) -> Iterator[RecordPage]:
        # Of the old request its cursor alone is taken: fields and page size are today's.
        cursor = dict(parse_qsl(urlsplit(request).query)).get("cursor")
        start = (("cursor", cursor),) if cursor else ()
        return self._walk_listing_pages(
            ListingOrder.OLDEST_FIRST, start=start, newest_key=newest_key
        )

    def list_children_from_source(self, id: str) -> Iterator[RecordPage]:
        filter = (("filter", f"base_model:{id}"),)
        self._families += 1
        return self._walk_listing_pages(ListingOrder.OLDEST_FIRST, filter=filter)

    def read_model_from_source(self, id: str) -> RecordPage | None:
        page = self._reader.find_logged_page(
            f"{LISTING}/{quote(id, safe='/')}", _EXPAND, doubt_listed_model
        )
        return None if page is None else next(self._read_listing_page(page, b"[%s]" % page.body))

    def _walk_listing_pages(
        self,
        order: ListingOrder,
        *,
        filter: _Params = (),
        start: _Params = (),
        models: int = 0,
        newest_key: str = "",
    ) -> Iterator[RecordPage]:
        check = ListingCheck(
            order,
            PAGE_SIZE,
            self._reader.started_at,
            partial(self._find_newest, filter),
            models=models,
            newest_key=newest_key,
            tag=next((value for _, value in filter), ""),
            trusts_one_page=bool(filter) and self._families > MOST_CHECKED_FAMILIES,
        )
        params = filter + _listing_order_parameters(order) + _PROJECTION + start
        for page in self._reader.walk_pages(LISTING, params, check):
            yield from self._read_listing_page(page, page.body)
            # Private rows have their places, too, though they are not read.
            keys = [row.key for row in read_listed_rows(page.body) or ()]
            try:
                check.note_listing_page(page, keys)
            except UnexpectedPage:
                self._reader.set_aside(page)
                raise

    def _find_newest(self, filter: _Params, rows: int, anew: bool) -> list[ListedRow] | None:
        """Return the newest models that a listing has; None where the network is off."""
        params = (
            *(*filter, *_listing_order_parameters(ListingOrder.NEWEST_FIRST)),
            *(("limit", str(rows)), ("expand[]", "createdAt"), ("expand[]", "private")),
        )
        try:
            page = self._reader.read_page_of_answer(LISTING, params, doubt_listing, anew=anew)
        except PageNotRecorded:
            return None
        return read_listed_rows(page.body) or []

    def _read_listing_page(self, page: Page, rows: bytes) -> Iterator[RecordPage]:
        date = page.headers.get("date")
        for part in parse_batches(rows):
            if part.problem is not None:
                self._reader.set_aside(page)
                raise UnexpectedPage(
                    f"{page.request[:200]} is no listing: {part.problem}",
                    "run again; if it stays so, the Hub has changed: see lineage doctor",
                )
            yield RecordPage(part.records, part.bad_rows, part.unread_fields, page.request, date)
