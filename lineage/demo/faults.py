"""What may go wrong between the Hub and a client, on demand: by script, or by seeded chance."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Lock
from typing import Any

from lineage.demo.answers import HTML, Answer, Wire, error, redirect
from lineage.demo.catalog import Row
from lineage.demo.limits import refusal
from lineage.demo.listing import Page


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


def spoil_page(fault: Fault, page: Page, query_string: str) -> Page:
    """Return the page with its rows or its next link spoiled, if that is what the fault does."""
    if fault.kind is FaultKind.GARBAGE:
        return Page(_with_garbage(page.rows, fault), page.next)
    if fault.kind is FaultKind.LOOP:
        return Page(page.rows, query_string)
    return page


def spoil_answer(fault: Fault, answer: Answer) -> Answer:
    """Return what is sent instead of the answer, or the answer with its way over the wire."""
    return _sent_instead(fault) or _on_its_way(fault, answer)


def _sent_instead(fault: Fault) -> Answer | None:
    match fault.kind:
        case FaultKind.STATUS:
            return Answer(fault.status, _html(f"{fault.status}"), HTML)
        case FaultKind.HTML:
            return Answer(200, _html("Be right back"), HTML)
        case FaultKind.CURSOR:
            return error(400, "Invalid cursor")
        case FaultKind.REDIRECT:
            return redirect(fault.location)
        case FaultKind.REFUSE429:
            return _refused(fault)
        case _:
            return None


def _on_its_way(fault: Fault, answer: Answer) -> Answer:
    match fault.kind:
        case FaultKind.RESET:
            return replace(answer, wire=Wire(keep=0.5, reset=True))
        case FaultKind.SLOW:
            return replace(answer, wire=Wire(fault.seconds, fault.in_body))
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


def _refused(fault: Fault) -> Answer:
    answer = refusal(html=fault.html)
    if not fault.headers:
        return replace(answer, tells_limits=False)
    said = f'"api";r={fault.remaining};t={int(fault.seconds)}'
    return replace(answer, headers={"RateLimit": said})


def _cut(cut: Cut, answer: Answer) -> Answer:
    if cut is Cut.JSON:
        return replace(answer, body=answer.body[: len(answer.body) // 2])
    return replace(answer, wire=Wire(keep=0.5, honest_length=cut is Cut.GZIP))


def _html(words: str) -> bytes:
    return f"<!DOCTYPE html><html><body><h1>{words}</h1></body></html>".encode()
