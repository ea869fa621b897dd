"""A box with faults between the Hub and a client, on demand: by script, or by seeded chance."""

import random
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.message import Message
from enum import StrEnum
from threading import Lock
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from lineage.demo.box import LISTING, RATE_LIMITED, BoxHandler, HubBox, Quotas, QuotaState
from lineage.demo.catalog import Row
from lineage.demo.listing import (
    BadQuery,
    ListingPage,
    list_box_models,
    project_box_row,
    read_box_query,
)
from lineage.demo.repo_answers import BoxAnswer, box_error, box_redirect
from lineage.domain.clock import Clock
from tests.fakes.live_catalog import LiveCatalog

HTML = "text/html; charset=utf-8"
BAD_TOKEN = "bad"
"""The one token that the box does not know."""
_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Wire:
    """How an answer is ill-treated on its way; the plain one is not."""

    stall_seconds: float = 0.0
    stall_in_body: bool = False
    """Stall when half of the body is out, not before the first byte."""
    keep: float = 1.0
    """The part of the encoded body that is sent at all."""
    honest_length: bool = False
    """Content-Length tells what is sent, not what would have been sent."""
    reset: bool = False
    """The connection ends with a reset instead of an orderly end."""


@dataclass(frozen=True, slots=True)
class FaultyAnswer(BoxAnswer):
    """An answer that something happens to on its way, or that hides the rate limit."""

    wire: Wire = Wire()
    tells_limits: bool = True


class FaultKind(StrEnum):
    """The ways a listing can go wrong."""

    STATUS = "status"
    """An error status, such as 500, 502, 503, 504 or 408, with an HTML body as proxies send it."""
    RESET = "reset"
    """The connection is reset when half of the body is out."""
    CUT = "cut"
    """Half of the body is missing; `Cut` says how."""
    SLOW = "slow"
    """Nothing comes for a while, or for ever: until the box closes."""
    REFUSE429 = "refuse429"
    """A 429 out of turn."""
    REPEAT = "repeat"
    """The last row of the page before comes again."""
    GARBAGE = "garbage row"
    """A row that is none."""
    HTML = "html"
    """200 with a page for people."""
    LOOP = "loop"
    """The next page is this page."""
    CURSOR = "cursor"
    """400: a cursor that was good once is taken no more."""
    REDIRECT = "redirect"
    """307 to another host."""


class Cut(StrEnum):
    """Where the missing half of a cut body can be noticed."""

    JSON = "json"
    """Only by reading the JSON: length and gzip are right for what is sent."""
    LENGTH = "length"
    """Content-Length promises more than comes."""
    GZIP = "gzip"
    """The gzip stream has no end; Content-Length is right. Plain bodies are cut as by JSON."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong once; the options belong to the kind named beside them."""

    kind: FaultKind
    status: int = 500
    """status"""
    cut: Cut = Cut.LENGTH
    """cut"""
    seconds: float = 30.0
    """slow: how long nothing comes; refuse429: the reset it names, in whole seconds"""
    in_body: bool = False
    """slow: half of the body comes before the stall"""
    headers: bool = True
    """refuse429: it comes with RateLimit headers"""
    remaining: int = 0
    """refuse429: r in them; more than 0 is what another limit of the Hub looks like"""
    html: bool = False
    """refuse429: the body is HTML"""
    variant: int = 0
    """garbage row: which; taken modulo their number"""
    replaces: bool = False
    """garbage row: it comes in place of a real row, and not beside it"""
    location: str = "https://elsewhere.invalid/api/models"
    """redirect"""


class Faults:
    """Decides which request meets which fault, and remembers what was done.

    Requests for the listing are counted from 1, those refused for their quota not; with
    `everywhere` all requests are counted and may meet a fault, but for those that spoil a page.
    """

    def __init__(
        self,
        script: Mapping[int, Fault] | None = None,
        *,
        odds: Mapping[Fault, float] | None = None,
        seed: int = 0,
        most: int | None = None,
        everywhere: bool = False,
        at: Mapping[str, Fault] | None = None,
    ) -> None:
        """Take in `at` what each request for a path meets, however often it is asked for."""
        self._at = dict(at or {})
        self._script = dict(script or {})
        self._odds = dict(odds or {})
        self._seed = seed
        self._most = most
        self._everywhere = everywhere
        self._lock = Lock()
        self._asked = 0
        self.applied: list[tuple[int, Fault]] = []
        """The number of each request that met a fault, and the fault."""

    def draw(self, path: str = "", *, listing: bool, first_page: bool) -> Fault | None:
        """Return the fault that the next request meets, None where it meets none."""
        if path in self._at:
            return self._at[path]
        if not (listing or self._everywhere):
            return None
        with self._lock:
            self._asked += 1
            fault = self._script.pop(self._asked, None) or self._by_chance(self._asked)
            if fault is None or not _can_happen(fault, listing, first_page):
                return None
            self.applied.append((self._asked, fault))
            return fault

    def _by_chance(self, number: int) -> Fault | None:
        if self._most is not None and len(self.applied) >= self._most:
            return None
        dice = random.Random(f"{self._seed}:{number}").random()
        for fault, probability in self._odds.items():
            dice -= probability
            if dice < 0:
                return fault
        return None


def spoil_page(fault: Fault, catalog: LiveCatalog, query: str) -> ListingPage:
    """Return the page that a query asks for with its rows or its next link spoiled."""
    if fault.kind is FaultKind.REPEAT:
        return _repeat_border(catalog, query)
    page = list_box_models(catalog, query)
    if fault.kind is FaultKind.LOOP:
        return ListingPage(page.rows, query)
    return ListingPage(_with_garbage(page.rows, fault), page.next)


def _repeat_border(catalog: LiveCatalog, query: str) -> ListingPage:
    """Return a page that begins with the last row of the page before, as after a moved border."""
    read = read_box_query(query)
    border = catalog.by_key(read.position.key) if read.position else None
    if border is None:
        return list_box_models(catalog, query)
    own = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != "limit"]
    shorter = urlencode([*own, ("limit", str(max(1, read.limit - 1)))])
    page = list_box_models(catalog, shorter)
    following = page.next
    if following is not None:
        pairs = parse_qsl(following, keep_blank_values=True)
        limits = [("limit", str(read.limit)) if name == "limit" else (name, v) for name, v in pairs]
        following = urlencode(limits)
    return ListingPage([project_box_row(border, read.fields), *page.rows], following)


PAGE_FAULTS = frozenset({FaultKind.REPEAT, FaultKind.LOOP, FaultKind.GARBAGE})


def spoil_answer(fault: Fault, answer: BoxAnswer) -> BoxAnswer:
    """Return what is sent instead of the answer, or the answer with its way over the wire."""
    return _sent_instead(fault) or _on_its_way(fault, answer)


def _faulty(answer: BoxAnswer, **more: Any) -> FaultyAnswer:
    return FaultyAnswer(answer.status, answer.body, answer.content_type, answer.headers, **more)


def _sent_instead(fault: Fault) -> BoxAnswer | None:
    match fault.kind:
        case FaultKind.STATUS:
            return BoxAnswer(fault.status, _html(f"{fault.status}"), HTML)
        case FaultKind.HTML:
            return BoxAnswer(200, _html("Be right back"), HTML)
        case FaultKind.CURSOR:
            return box_error(400, "Invalid cursor")
        case FaultKind.REDIRECT:
            return box_redirect(fault.location)
        case FaultKind.REFUSE429:
            return _refused(fault)
        case _:
            return None


def _on_its_way(fault: Fault, answer: BoxAnswer) -> BoxAnswer:
    match fault.kind:
        case FaultKind.RESET:
            return _faulty(answer, wire=Wire(keep=0.5, reset=True))
        case FaultKind.SLOW:
            return _faulty(answer, wire=Wire(fault.seconds, fault.in_body))
        case FaultKind.CUT:
            return _cut(fault.cut, answer)
        case _:
            return answer


def garbage(row: Row) -> Sequence[Any]:
    """Return everything a spoiled row can be; the real row lends its fields to some of them.

    None of them can be read as a model, or has the `_id` of the row and hides it.
    """
    other = row | {"_id": "f" * 24, "id": "garbage/row"}
    return (
        {field: value for field, value in other.items() if field != "id"},
        {field: value for field, value in other.items() if field != "_id"},
        other | {"_id": None, "id": None},
        other | {"downloads": 10**30, "id": 10**30},
        other | {"_id": 17, "tags": "not a list"},
        other | {"id": ["a", "list"], "cardData": [], "baseModels": "text"},
        other | {"id": {"an": "object"}, "createdAt": 0, "likes": "many"},
        other | {"id": "../escape", "trendingScore": 0.5},
        other | {"id": ""},
        {},
        [],
        None,
        3.5,
        "text",
    )


def _can_happen(fault: Fault, listing: bool, first_page: bool) -> bool:
    if fault.kind in (FaultKind.REPEAT, FaultKind.CURSOR):
        return listing and not first_page
    return listing or fault.kind not in (FaultKind.GARBAGE, FaultKind.LOOP)


def _with_garbage(rows: list[Any], fault: Fault) -> list[Any]:
    middle = len(rows) // 2
    kinds = garbage(rows[middle] if rows else {})
    spoiled = kinds[fault.variant % len(kinds)]
    return [*rows[:middle], spoiled, *rows[middle + 1 if fault.replaces else middle :]]


def _refused(fault: Fault) -> BoxAnswer:
    answer = refusal(html=fault.html)
    if not fault.headers:
        return _faulty(answer, tells_limits=False)
    said = f'"api";r={fault.remaining};t={int(fault.seconds)}'
    return replace(answer, headers={"RateLimit": said})


def _cut(cut: Cut, answer: BoxAnswer) -> BoxAnswer:
    if cut is Cut.JSON:
        return replace(answer, body=answer.body[: len(answer.body) // 2])
    return _faulty(answer, wire=Wire(keep=0.5, honest_length=cut is Cut.GZIP))


def _html(words: str) -> bytes:
    return f"<!DOCTYPE html><html><body><h1>{words}</h1></body></html>".encode()


def refusal(*, html: bool = False, retry_after: int | None = None) -> BoxAnswer:
    """Return a 429, as HTML if so wished (recorded once), without the limits' own headers."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if html:
        page = f"<!DOCTYPE html><html><body><h1>429</h1><p>{RATE_LIMITED}</p></body></html>"
        return BoxAnswer(429, page.encode(), HTML, headers)
    answer = box_error(429, RATE_LIMITED)
    answer.headers.update(headers)
    return answer


class _FaultyHandler(BoxHandler):
    """Ill-treats answers on their way over the wire."""

    def send_answer(self, answer: BoxAnswer, body: bytes, encoding: str | None) -> None:
        wire = answer.wire if isinstance(answer, FaultyAnswer) else Wire()
        sent = body[: int(len(body) * wire.keep)]
        if not wire.stall_in_body:
            self._stall(wire.stall_seconds)
        self.send_head(answer, len(sent if wire.honest_length else body), encoding)
        if self.command != "HEAD":
            half = len(sent) // 2 if wire.stall_in_body else 0
            self.wfile.write(sent[:half])
            if wire.stall_in_body:
                self.wfile.flush()
                self._stall(wire.stall_seconds)
            self.wfile.write(sent[half:])
        self.wfile.flush()
        if wire.reset:
            # Lingering for no time turns the orderly end of the connection into a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.connection.close()
        if wire.reset or (len(sent) < len(body) and not wire.honest_length):
            self.close_connection = True

    def _stall(self, seconds: float) -> None:
        if seconds and self.server.box.closing.wait(seconds):
            raise ConnectionAbortedError("the box closes")


class FakeHub(HubBox):
    """Serves like the demo's box; everything a test asks about or turns is an attribute.

    Any token but "bad" is good. Closing ends stalled answers too.
    """

    handler: ClassVar[type[BoxHandler]] = _FaultyHandler

    def __init__(
        self,
        catalog: LiveCatalog,
        *,
        quotas: Quotas | None = None,
        window_seconds: int = 300,
        faults: Faults | None = None,
        clock: Clock | None = None,
        gzip: bool = True,
        port: int = 0,
    ) -> None:
        super().__init__(
            catalog, quotas=quotas, window_seconds=window_seconds, clock=clock, port=port
        )
        self.catalog: LiveCatalog = catalog
        self.faults = faults or Faults()
        self.gzip = gzip
        self.html_refusals = False
        """A 429 has an HTML body, as recorded once, instead of a JSON one."""
        self.retry_after = False
        """A 429 carries `Retry-After` too."""
        self.requests: list[tuple[str, str, int]] = []
        """Method, path with query, and status of each answer, in the order they were given."""
        self.on_request: Callable[[int], None] | None = None
        """Called with n, from 1, before the n-th request is answered."""
        self._lock = Lock()
        self._arrived = 0

    def answer_box_request(
        self, method: str, target: str, headers: Message, address: str
    ) -> BoxAnswer:
        with self._lock:
            self._arrived += 1
            number = self._arrived
        if self.on_request is not None:
            self.on_request(number)
        answer = super().answer_box_request(method, target, headers, address)
        self.requests.append((method, target, answer.status))
        return answer

    def refuse_box_request(self, quota_state: QuotaState) -> BoxAnswer:
        wait = quota_state.reset_seconds if self.retry_after else None
        return refusal(html=self.html_refusals, retry_after=wait)

    def serve(self, method: str, target: str, token: str | None) -> BoxAnswer:
        if token == BAD_TOKEN:
            return box_error(401, "Invalid username or password.")
        parts = urlsplit(target)
        listing = parts.path == LISTING
        first_page = "cursor=" not in parts.query
        fault = self.faults.draw(parts.path, listing=listing, first_page=first_page)
        if fault is None:
            return super().serve(method, target, token)
        if not listing or fault.kind not in PAGE_FAULTS:
            return spoil_answer(fault, super().serve(method, target, token))
        try:
            return self.send_box_page(spoil_page(fault, self.catalog, parts.query))
        except BadQuery as bad_query:
            return box_error(400, str(bad_query))

    def add_box_rate_limits(self, answer: BoxAnswer, quota_state: QuotaState) -> BoxAnswer:
        if isinstance(answer, FaultyAnswer) and not answer.tells_limits:
            return answer
        return super().add_box_rate_limits(answer, quota_state)
