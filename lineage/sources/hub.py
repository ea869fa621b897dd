"""The Hub's listing as records: what is asked for, and how pages become rows."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from lineage.errors import UnexpectedPage
from lineage.http.pages import Page, PageReader
from lineage.sources.interface import RecordPage
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
    "sha",
    "tags",
)
"""What a row must carry; `config` doubles the bytes and is worth it for 120,000 adapters."""

_EXPAND = tuple(("expand[]", name) for name in FIELDS)
_Params = tuple[tuple[str, str], ...]


def _in_listing_order(sort: str, direction: str) -> _Params:
    return (("sort", sort), ("direction", direction), ("limit", str(PAGE_SIZE)), *_EXPAND)


# The only order that is stable while it is walked: the key is immutable.
FULL_PARAMS: Final = _in_listing_order("createdAt", "1")


class HubSource:
    """Every model of one Hub, from recorded pages where there are any."""

    def __init__(self, reader: PageReader) -> None:
        self._reader = reader

    def everything(self) -> Iterator[RecordPage]:
        return self._walk_listing_pages(FULL_PARAMS)

    def by_last_commit(self) -> Iterator[RecordPage]:
        return self._walk_listing_pages(_in_listing_order("lastModified", "-1"))

    def newest_first(self) -> Iterator[RecordPage]:
        return self._walk_listing_pages(_in_listing_order("createdAt", "-1"))

    def created_from(self, request: str) -> Iterator[RecordPage]:
        # Of the old request its cursor alone is taken: fields and page size are today's.
        cursor = dict(parse_qsl(urlsplit(request).query)).get("cursor")
        return self._walk_listing_pages(FULL_PARAMS + ((("cursor", cursor),) if cursor else ()))

    def children(self, id: str) -> Iterator[RecordPage]:
        return self._walk_listing_pages((("filter", f"base_model:{id}"), *FULL_PARAMS))

    def model(self, id: str) -> RecordPage | None:
        page = self._reader.find(f"{LISTING}/{quote(id, safe='/')}", _EXPAND)
        return None if page is None else next(self._read_listing_page(page, b"[%s]" % page.body))

    def _walk_listing_pages(self, params: _Params) -> Iterator[RecordPage]:
        for page in self._reader.walk(LISTING, params):
            yield from self._read_listing_page(page, page.body)

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
