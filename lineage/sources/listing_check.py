"""Whether a page is what was asked for, and whether a listing ends where its last page says so."""

from collections.abc import Callable, Container, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

import msgspec

from lineage.domain.clock import parse_http_date
from lineage.domain.repo_ids import are_keys, is_key
from lineage.errors import UnexpectedPage
from lineage.http.bodies import Answer, printable_response_body
from lineage.http.pages import Page
from lineage.sources.listing_rows import cut_listing_rows, read_listing_row_leniently

BORDER_ROWS = 50
"""How many rows at a page border may be repeated."""
LEAST_SHARE_SEEN = 0.9
"""A listing of changes that is read to its end shows at least this part of the known models."""
_MOST_REPEATED_PAGES = 10
_MOST_EMPTY_PAGES = 10
_SHORT = "a short page in the midst"


class ListingOrder(StrEnum):
    """How a listing is sorted."""

    OLDEST_FIRST = "oldest first"
    NEWEST_FIRST = "newest first"
    LAST_COMMIT_FIRST = "last commit first"


class ListedRow(msgspec.Struct):
    """What places a row in a listing; every other field is passed over."""

    key: Any = msgspec.field(name="_id", default=None)
    created_at: Any = msgspec.field(name="createdAt", default=None)
    modified_at: Any = msgspec.field(name="lastModified", default=None)
    tags: Any = None

    def creation_of_listed_row(self) -> datetime:
        """Return when the model was created: as the row says, else as its key does."""
        try:
            return datetime.fromisoformat(self.created_at).astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            return datetime.fromtimestamp(int(self.key[:8], 16), UTC)


_ROWS = msgspec.json.Decoder(list[ListedRow])


FindNewest = Callable[[int, bool], list[ListedRow] | None]
"""Gives so many of the newest models, anew or as recorded; None where they cannot be asked for."""


def read_listed_rows(body: bytes) -> list[ListedRow] | None:
    """Return the rows of a page that have a key; None where it is no listing at all."""
    try:
        rows = _ROWS.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raws = cut_listing_rows(body)
        if raws is None:
            return None
        values = [
            value for value in map(read_listing_row_leniently, raws) if isinstance(value, dict)
        ]
        names = ("_id", "createdAt", "lastModified", "tags")
        fields = [[value.get(name) for name in names] for value in values]
        rows = [ListedRow(*row) for row in fields]
    keys = [row.key for row in rows if isinstance(row.key, str)]
    # All of a page at once: nearly always they are sound.
    is_sound = len(keys) == len(rows) and are_keys(keys)
    keyed = rows if is_sound else [it for it in rows if isinstance(it.key, str) and is_key(it.key)]
    # A page of errors is no page; one without rows may be.
    return None if rows and not keyed else keyed


def doubt_listing(answer: Answer) -> str | None:
    """Return why an answer is not believed to be a page of a listing; None where it is."""
    is_listing = read_listed_rows(answer.body) is not None
    return None if is_listing else "a page that is no listing of models"


def doubt_listed_model(path: str, answer: Answer) -> str | None:
    """Return why an answer is not believed to be the model that a path names; None where it is."""
    row = read_listing_row_leniently(answer.body)
    id = row.get("id") if isinstance(row, dict) else None
    if not isinstance(id, str) or not read_listed_rows(b"[%s]" % answer.body):
        return "an answer that is no model"
    asked = unquote(path).partition("/models/")[2]
    return (
        None
        if asked.casefold() == id.casefold()
        else f"an answer about another model, {printable_response_body(id)},"
    )


class ListingCheck:
    """What one walk has shown so far, and what that says of its next page and of its end."""

    # The absence of a link proves nothing: a gateway in trouble sends an empty page, an error or a
    # page without its link with status 200, and left-over bytes look like a page of another walk.

    def __init__(
        self,
        order: ListingOrder,
        page_size: int,
        started_at: datetime,
        find_newest: FindNewest,
        *,
        models: int = 0,
        newest_key: str = "",
        tag: str = "",
        trusts_one_page: bool = False,
    ) -> None:
        """Take what is known from before: how many models there are, and the newest of them.

        A listing of the models with a `tag` may be empty.
        With `trusts_one_page` the end is looked at closely only where it comes later.
        """
        self._order = order
        self._page_size = self._most_rows = page_size
        self._started_at = started_at
        self._find_newest = find_newest
        self._models = models
        self._newest_key = newest_key
        self._tag = tag.casefold()
        self._trusts_one_page = trusts_one_page
        self._least_seen = ""
        self._ends = self._pages = self._empty_pages = self._rows = self._repeats = (
            self._longest
        ) = 0
        self._seen: set[str] = set()
        self._last_doubt: tuple[str, list[str]] | None = None
        self._believed: set[str] = set()

    def find_doubt(self, answer: Answer) -> str | None:
        rows = read_listed_rows(answer.body)
        if rows is None:
            return doubt_listing(answer)
        has_next = "next" in answer.headers.get("link", "")
        full = min(self._longest or self._page_size, self._page_size)
        keys = [row.key for row in rows]
        doubt = None
        if not rows:
            is_childless = bool(self._tag) and not self._pages and not has_next
            doubt = None if is_childless else "an empty page"
        elif not has_next and len(rows) >= full:
            doubt = "a full page without a next one"
        elif has_next and self._count_repeated_listing_rows(keys) > min(
            BORDER_ROWS, len(keys) // 2
        ):
            doubt = "a page of models that came before"
        elif has_next and len(rows) < full:
            doubt = self._unless_listing_page_stays(_SHORT, keys)
        elif not self._are_listing_rows_in_order(rows):
            doubt = self._unless_listing_page_stays("a page in another order", keys)
        elif not self._are_listing_rows_tagged(rows):
            doubt = self._unless_listing_page_stays("a page of another listing", keys)
        return doubt

    def is_end(self, page: Page) -> bool:
        rows = read_listed_rows(page.body)
        if rows is None:
            # Of what is no list at all its reader says what is wrong.
            return page.body.lstrip()[:1] != b"["
        if self._trusts_one_page and not self._pages:
            return True
        if self._order is not ListingOrder.OLDEST_FIRST:
            return self._rows + len(rows) >= LEAST_SHARE_SEEN * self._models
        keys = {row.key for row in rows}
        self._ends, anew = self._ends + 1, self._ends > 0
        newest = self._find_newest(1, anew)
        if newest is None or (not newest and not keys and not self._rows):
            return True
        if not newest or not self._is_known_to_listing(newest[0].key, keys):
            # Private, and so kept from us, or created since: then the newest of those that were
            # there before must have been listed.
            is_old = bool(newest) and newest[0].creation_of_listed_row() < self._started_at
            newest = newest if is_old else self._find_newest(self._most_rows, anew) or []
            newest = [row for row in newest if row.creation_of_listed_row() < self._started_at]
        return all(self._is_known_to_listing(row.key, keys) for row in newest)

    def note_listing_page(self, page: Page, keys: Sequence[str]) -> None:
        """Take in a page that was read; UnexpectedPage where the listing goes in a circle."""
        if (
            not self._pages
            and (moment := parse_http_date(page.headers.get("date", ""))) is not None
        ):
            self._started_at = moment
        repeats = self._count_repeated_listing_rows(keys)
        self._pages, self._rows = self._pages + 1, self._rows + len(keys) - repeats
        self._repeats += repeats
        self._longest = max(self._longest, len(keys))
        self._seen.update(keys)
        if self._order is ListingOrder.OLDEST_FIRST:
            # The last keys alone, as all that came before are smaller; not the greatest one, so
            # that no odd row makes every page after it look like a repeated one.
            self._seen = set(sorted(self._seen)[-BORDER_ROWS:])
            self._least_seen = min(self._seen, default="")
        # All models of a page may be private, and so kept from us.
        self._empty_pages += not keys
        is_circle = (
            (repeats == len(keys) > 0)
            or self._repeats > self._rows + _MOST_REPEATED_PAGES * self._page_size
            or self._empty_pages > _MOST_EMPTY_PAGES
        )
        if page.next_cursor is not None and is_circle:
            raise UnexpectedPage(
                "the listing goes in a circle: its cursors are new, and its models came before",
                "The last page is set aside; running again asks for it anew.",
            )

    def _unless_listing_page_stays(self, doubt: str, keys: list[str]) -> str | None:
        """Return a doubt; None once the same page came twice: then the Hub answers so."""
        if self._last_doubt == (doubt, keys):
            if doubt == _SHORT and not self._pages:
                self._page_size = len(keys)  # a Hub whose pages are smaller than was asked for
                return None
            self._believed.add(doubt)
        self._last_doubt = (doubt, keys)
        return None if doubt in self._believed else doubt

    def _is_known_to_listing(self, key: str, keys: Container[str]) -> bool:
        return (
            key <= self._newest_key or key in keys or self._count_repeated_listing_rows([key]) > 0
        )

    def _count_repeated_listing_rows(self, keys: Sequence[str]) -> int:
        new = {key for key in keys if key >= self._least_seen and key not in self._seen}
        return len(keys) - len(new)

    def _are_listing_rows_in_order(self, rows: Sequence[ListedRow]) -> bool:
        """Say whether nine of ten neighbours stand as asked: an odd row disturbs no page."""
        if self._order is ListingOrder.LAST_COMMIT_FIRST:
            # As the Hub spells moments they are in order of their letters too.
            values = [row.modified_at for row in rows if isinstance(row.modified_at, str)]
        else:
            values = [row.key for row in rows]
        if self._order is not ListingOrder.OLDEST_FIRST:
            values.reverse()
        return 10 * sum(a > b for a, b in pairwise(values)) <= len(values)

    def _are_listing_rows_tagged(self, rows: Sequence[ListedRow]) -> bool:
        """Say whether nine of ten rows bear the tag of which a listing is asked."""
        tags = [row.tags if isinstance(row.tags, list) else () for row in rows]
        untagged = [it for it in tags if self._tag not in {str(tag).casefold() for tag in it}]
        return not self._tag or 10 * len(untagged) <= len(rows)
