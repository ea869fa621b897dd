"""Reads pages from the log, else from the Hub, and walks a listing to its end."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol
from urllib.parse import unquote

from lineage.errors import (
    AccessRefused,
    PageNotRecorded,
    QueryRefused,
    SourceError,
    SourceUnavailable,
    UnexpectedPage,
)
from lineage.http.bodies import Answer, describe_refused_http_request, printable_response_body
from lineage.http.client import HubClient, RequestTally, request_text
from lineage.http.network import RUN_AGAIN
from lineage.http.page_log import PageLog, RecordedPage, logged_headers
from lineage.http.transports import FindDoubt

ATTEMPTS_AT_AN_END = 3
_HIDDEN = frozenset({401, 403, 404})
_REDIRECTS = frozenset({301, 302, 307, 308})

_REFUSED_BY_HUB = (
    "The token may be wrong, expired, or without access to this repository. Without a token, the "
    "Hub says the same of a repository that does not exist."
)
_REFUSED = (
    "These are not the words of the Hub: somebody on the way, such as a CDN, a proxy or a "
    "firewall, refuses this address."
)

_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_HOST = re.compile(r"\A([a-z][a-z0-9+.-]*:)?//[^/]*", re.IGNORECASE)
_REL = re.compile(r';\s*rel\s*=\s*("[^"]*"?|[^\s",;]+)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing as it came."""

    request: str
    body: bytes
    next_cursor: str | None
    """What to ask for next; None on the last page."""
    replayed: bool
    """Whether it came from the log and cost no request."""
    headers: Mapping[str, str]
    """The kept ones, names in lower case; the same from log and network."""


class PageWalkCheck(Protocol):
    """What shows that a listing is whole, to who can read its rows."""

    def find_doubt(self, answer: Answer) -> str | None:
        """Return why a page just asked for is not believed; None where it is."""
        ...

    def is_end(self, page: Page) -> bool:
        """Say whether the listing ends with a page that names no next."""
        ...


class PageLogReader:
    """Serves pages from a log and asks the client for the rest; without a client it is offline.

    `redact` takes from a body what must not be kept.
    """

    def __init__(
        self,
        client: HubClient | None,
        log: PageLog,
        tally: RequestTally,
        redact: Callable[[bytes], bytes] = bytes,
    ) -> None:
        self._client = client
        self._redact = redact
        self._log = log
        self._tally = tally

    @property
    def started_at(self) -> datetime:
        """When the run began whose pages these are."""
        return self._log.started_at

    def read_page_of_answer(
        self,
        path: str,
        params: Sequence[tuple[str, str]] = (),
        find_doubt: FindDoubt = lambda answer: None,
        *,
        anew: bool = False,
    ) -> Page:
        """Return the page, recorded before anything is read from it; `anew` in place of another.

        One just asked for is asked for again while `find_doubt` finds a reason, a few times; what
        is recorded was judged before. Raises PageNotRecorded when offline, AccessRefused for 401
        and 403, QueryRefused for other 4xx, UnexpectedPage for every other answer that is no 200
        or names its next page unreadably.
        """
        request = request_text(path, params)
        recorded = None if anew and self._client is not None else self._log.get_logged_page(request)
        if recorded is not None:
            self._tally.replayed += 1
            return self._make_page(request, recorded.body, recorded.headers, replayed=True)
        if self._client is None:
            raise PageNotRecorded(
                f"The page {printable_response_body(request, 300)} is not recorded, and the "
                "network is off",
                "Run once without --offline: it asks for what is missing.",
            )
        answer = self._client.get(path, params, find_doubt=find_doubt)
        return self._record_http_answer(request, answer)

    def find_logged_page(
        self,
        path: str,
        params: Sequence[tuple[str, str]] = (),
        find_doubt: Callable[[str, Answer], str | None] = lambda path, answer: None,
    ) -> Page | None:
        """Return the page of one thing by its name, following one rename on the same Hub.

        `find_doubt` takes the path that was asked for. None where the Hub shows nothing (401, 403,
        404): deleted and private look alike there. Raises UnexpectedPage where a doubt stays.
        """
        request = request_text(path, params)
        recorded = self._log.get_logged_page(request)
        if self._client is None or (recorded is not None and recorded.body):
            page = self.read_page_of_answer(path, params)
            return page if page.body else None
        asked = path
        answer = self._client.get(asked, params, find_doubt=partial(find_doubt, asked))
        if answer.status in _REDIRECTS and not _redirect_leads_elsewhere(answer, path):
            # Only the path is taken: no answer can lead the request, or the token, to another host.
            asked = _redirect_path_of_response(
                answer.headers.get("location", ""), self._client.endpoint
            )
            if not asked:
                raise self._make_refusal(request, answer)
            answer = self._client.get(asked, params, find_doubt=partial(find_doubt, asked))
        if answer.status in _HIDDEN and answer.is_answer_of_hub:
            # Only for a replay offline: a run with another token asks again.
            self._log.put_logged_page(request, logged_headers(answer.headers), b"")
            return None
        if answer.status == 200 and (reason := find_doubt(asked, answer)) is not None:
            raise UnexpectedPage(f"{reason} came for {printable_response_body(path)}", RUN_AGAIN)
        page = self._record_http_answer(request, answer)
        return page if page.body else None

    def look_for_page(
        self,
        path: str,
        params: Sequence[tuple[str, str]] = (),
        find_doubt: FindDoubt = lambda answer: None,
    ) -> RecordedPage | None:
        """Return the answer about one thing, whatever the Hub says; a redirect is one too.

        Recorded like any page. None where it is not and the network is off; raises what the
        client's `get` raises, and AccessRefused for a refusal by somebody on the way to the Hub.
        """
        request = request_text(path, params)
        recorded = self._log.get_logged_page(request)
        if recorded is not None:
            self._tally.replayed += 1
            return recorded
        if self._client is None:
            return None
        answer = self._client.get(path, params, find_doubt=find_doubt)
        is_elsewhere = answer.status in _REDIRECTS and _redirect_leads_elsewhere(answer, path)
        if is_elsewhere or (answer.status in _HIDDEN and not answer.is_answer_of_hub):
            raise self._make_refusal(request, answer)
        headers = logged_headers(answer.headers)
        return self._log.put_logged_page(request, headers, answer.body, answer.status)

    def walk_pages(
        self, path: str, params: Sequence[tuple[str, str]] = (), check: PageWalkCheck | None = None
    ) -> Iterator[Page]:
        """Yield the pages in order, each asked for when it is wanted, until none names a next.

        Raises what read raises, UnexpectedPage for a cursor that leads back into the walk, and
        SourceUnavailable where `check` does not take the last page for the end.
        """
        # A gateway in trouble answers 200 with an empty page, with an error, or without the link
        # to the next page: taken for the end of the listing, each would delete what comes after.
        own = tuple(params)
        cursors = {value for name, value in own if name == "cursor"}
        page = self._read_pages_to_end(path, own, check)
        yield page
        while page.next_cursor is not None:
            if page.next_cursor in cursors:
                self.set_aside(page)
                raise UnexpectedPage(
                    f"The listing {printable_response_body(path)} goes in a circle: its cursor "
                    f"{printable_response_body(page.next_cursor)} came before",
                    "The last page is set aside; running again asks for it anew.",
                )
            cursors.add(page.next_cursor)
            page = self._read_pages_to_end(
                path,
                (*(pair for pair in own if pair[0] != "cursor"), ("cursor", page.next_cursor)),
                check,
            )
            yield page

    def set_aside(self, page: Page) -> None:
        """Have a recorded page asked for again: it came whole, and is not what was asked for."""
        self._log.set_aside(page.request)

    def _read_pages_to_end(
        self, path: str, params: tuple[tuple[str, str], ...], check: PageWalkCheck | None
    ) -> Page:
        """Return a page; one that names no next only where the listing ends there."""
        if check is None:
            return self.read_page_of_answer(path, params)
        for _ in range(ATTEMPTS_AT_AN_END):
            page = self.read_page_of_answer(path, params, check.find_doubt)
            if page.next_cursor is not None or check.is_end(page):
                return page
            self.set_aside(page)
        raise SourceUnavailable(
            f"the listing {printable_response_body(path)} ends too early: there are models behind "
            "its end",
            "Something on the way to the Hub cuts it; nothing was published. " + RUN_AGAIN,
        )

    def _record_http_answer(self, request: str, answer: Answer) -> Page:
        if answer.status != 200:
            raise self._make_refusal(request, answer)
        headers, body = logged_headers(answer.headers), self._redact(answer.body)
        self._log.put_logged_page(request, headers, body)
        return self._make_page(request, body, headers, replayed=False)

    def _make_page(
        self, request: str, body: bytes, headers: Mapping[str, str], *, replayed: bool
    ) -> Page:
        try:
            cursor = next_cursor(headers.get("link", ""))
        except UnexpectedPage:
            # Kept, it would stop every later run at the same place.
            self._log.set_aside(request)
            raise
        return Page(request, body, cursor, replayed, headers)

    def _make_refusal(self, request: str, answer: Answer) -> SourceError:
        endpoint = "" if self._client is None else self._client.endpoint.partition("://")[2]
        message = describe_refused_http_request(answer, f"{endpoint}{request.partition('?')[0]}")
        if answer.status in {401, 403}:
            return AccessRefused(message, _REFUSED_BY_HUB if answer.is_answer_of_hub else _REFUSED)
        if 400 <= answer.status < 500:
            return QueryRefused(message)
        target = printable_response_body(answer.headers.get("location", ""))
        return UnexpectedPage(
            message, f"It points to {target}; redirects are not followed." if target else ""
        )


def next_cursor(link: str) -> str | None:
    """Return the decoded cursor of the Link header's next page; None if there is no next page.

    Only the cursor is taken, so that no answer can lead the walk to another host or query. Raises
    UnexpectedPage for a next page without one, which would else look like the end.
    """
    targets = [
        target for target, parameters in _LINK.findall(link) if _is_next_link_header(parameters)
    ]
    if not targets:
        if _is_next_link_header(link):
            raise _unreadable_link_header(link)
        return None
    query = targets[0].partition("#")[0].partition("?")[2]
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if unquote(name) == "cursor" and value:
            # Not unquote_plus: in base64 a plus is a plus.
            return unquote(value)
    raise _unreadable_link_header(link)


def _is_next_link_header(parameters: str) -> bool:
    return any("next" in rel.strip('"').lower().split() for rel in _REL.findall(parameters))


def _redirect_leads_elsewhere(answer: Answer, path: str) -> bool:
    """Say whether a redirect is no rename: that stays below the same path, unlike a login page."""
    parent = "/".join(path.split("/")[:3])
    return f"{parent}/" not in answer.headers.get("location", "")


def _redirect_path_of_response(location: str, endpoint: str) -> str:
    # By hand, since urlsplit raises on a host that is none, and the host does not matter here.
    own = location.partition("#")[0].partition("?")[0].removeprefix(endpoint)
    path = _HOST.sub("", own)
    return unquote(path) if path.startswith("/") else ""


def _unreadable_link_header(link: str) -> UnexpectedPage:
    return UnexpectedPage(
        f"The listing names a next page without a cursor: {printable_response_body(link)}",
        "The Hub may have changed its paging; lineage doctor shows what it answers.",
    )
