"""The duties of polite HTTP as stacked transports: pacing inside, retrying outside."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from lineage.domain.clock import Clock
from lineage.domain.progress import Progress
from lineage.errors import RequestLimitReached, SourceUnavailable, UnexpectedPage
from lineage.http.bodies import BodyBroken, BodyTooLarge, printable, read_body
from lineage.http.budget import Budget

MOST_ATTEMPTS = 6
MOST_REFUSALS = 8
LONGEST_PAUSE = 60.0
LONGEST_BODY = 300.0
"""Seconds for one whole body: a server that drips a byte a second never meets a read timeout."""

RETRIED_STATUSES = frozenset({408, 500, 502, 503, 504})
RUN_AGAIN = "Run the same command again: it goes on where it stopped."

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class RequestTally:
    """How the requests of a run went, counted as they happen."""

    sent: int = 0
    """Really sent, repeats and refused ones included."""
    replayed: int = 0
    """Answered from the page log instead."""
    retried: int = 0
    """Asked again after a fault."""
    refused_429: int = 0
    """Answered with 429."""


class PacedTransport(httpx.BaseTransport):
    """Waits as the budget says, counts every request, and never sends more than allowed."""

    def __init__(
        self,
        inner: httpx.BaseTransport,
        budget: Budget,
        clock: Clock,
        progress: Progress,
        tally: RequestTally,
        *,
        max_requests: int | None = None,
    ) -> None:
        self._inner = inner
        self._budget = budget
        self._clock = clock
        self._progress = progress
        self._tally = tally
        self._max_requests = max_requests

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._stop_at_the_limit()
        self._wait_for_budget()
        self._tally.sent += 1
        try:
            response = self._inner.handle_request(request)
        except httpx.TransportError:
            self._budget.observe_silence(self._clock.monotonic())
            raise
        self._budget.observe_answer(response.headers, response.status_code, self._clock.monotonic())
        logger.debug("%s %s", response.status_code, _describe_request(request))
        return response

    def close(self) -> None:
        self._inner.close()

    def _stop_at_the_limit(self) -> None:
        if self._max_requests is not None and self._tally.sent >= self._max_requests:
            raise RequestLimitReached(
                f"The limit of {self._max_requests} requests for this run is reached",
                "What was recorded is kept. " + RUN_AGAIN,
            )

    def _wait_for_budget(self) -> None:
        seconds = self._budget.seconds_to_wait(self._clock.monotonic())
        if seconds > 1:
            self._progress.waiting(seconds, "rate limit reached")
        if seconds > 0:
            self._clock.sleep(seconds)


class RetryingTransport(httpx.BaseTransport):
    """Returns answers that are read whole, asking again while a fault may pass.

    Raises SourceUnavailable when the attempts are spent and UnexpectedPage for a body over the
    cap. The body is read in here, since stalls, resets and cuts are met while reading.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport,
        clock: Clock,
        tally: RequestTally,
        max_body_bytes: int,
        *,
        is_whole: Callable[[bytes], bool],
        attempts: int = MOST_ATTEMPTS,
        random: Random | None = None,
    ) -> None:
        self._inner = inner
        self._attempts = attempts
        self._clock = clock
        self._tally = tally
        self._max_body_bytes = max_body_bytes
        self._is_whole = is_whole
        self._random = random or Random()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        retrying = Retrying(
            sleep=self._clock.sleep,
            stop=stop_after_attempt(self._attempts),
            wait=self._choose_pause,
            retry=retry_if_exception_type(_Fault),
            before_sleep=self._count_retry,
            reraise=True,
        )
        try:
            return retrying(self._ask_patiently, request)
        except _Fault as fault:
            raise SourceUnavailable(
                f"No proper answer to {_describe_request(request)} in {self._attempts} attempts; "
                f"the last: {fault}",
                RUN_AGAIN,
            ) from fault.__cause__

    def close(self) -> None:
        self._inner.close()

    def _ask_patiently(self, request: httpx.Request) -> httpx.Response:
        for _ in range(MOST_REFUSALS):
            response = self._answer_once(request)
            if response.status_code != 429:
                return response
            self._tally.refused_429 += 1
            logger.info("refused for the rate limit: %s", _describe_request(request))
        raise SourceUnavailable(
            f"The rate limit refused {_describe_request(request)} {MOST_REFUSALS} times in a row",
            "Others may share this address. Run the same command later: it goes on "
            "where it stopped; a token has a limit of its own.",
        )

    def _answer_once(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self._inner.handle_request(request)
            try:
                return self._read_response(request, response)
            finally:
                response.close()
        except (httpx.TransportError, httpx.DecodingError, BodyBroken) as error:
            cause = f"{type(error).__name__}: {printable(str(error))}"
            raise _Fault(cause) from error

    def _read_response(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if response.status_code == 429:
            return response
        if response.status_code in RETRIED_STATUSES:
            raise _Fault(f"status {response.status_code}")
        body = self._read_whole_body(request, response)
        if response.status_code == 200 and not self._is_whole(body):
            raise _Fault(f"a body of {len(body)} bytes that is not whole")
        return httpx.Response(
            response.status_code, headers=_without_framing(response), content=body, request=request
        )

    def _read_whole_body(self, request: httpx.Request, response: httpx.Response) -> bytes:
        # The bare stream: a Response made with content= has consumed its own raw iterator.
        assert isinstance(response.stream, httpx.SyncByteStream)
        encoding = response.headers.get("content-encoding", "")
        try:
            return read_body(self._limit_time(response.stream), encoding, self._max_body_bytes)
        except BodyTooLarge:
            raise UnexpectedPage(
                f"The answer to {_describe_request(request)} is over {self._max_body_bytes} bytes",
                "The cap is the setting max_page_bytes; no known listing comes near it.",
            ) from None

    def _limit_time(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        deadline = self._clock.monotonic() + LONGEST_BODY
        for chunk in chunks:
            if self._clock.monotonic() > deadline:
                raise httpx.ReadTimeout(f"the body took over {LONGEST_BODY:.0f} s")
            yield chunk

    def _choose_pause(self, state: RetryCallState) -> float:
        longest = min(LONGEST_PAUSE, 2.0**state.attempt_number)
        return longest * self._random.uniform(0.5, 1.0)

    def _count_retry(self, state: RetryCallState) -> None:
        self._tally.retried += 1
        fault = state.outcome.exception() if state.outcome else None
        logger.info("asking again (attempt %s failed): %s", state.attempt_number, fault)


class _Fault(Exception):
    """One attempt failed in a way that may pass."""


def _without_framing(response: httpx.Response) -> list[tuple[str, str]]:
    framing = {"content-encoding", "content-length", "transfer-encoding"}
    return [(name, value) for name, value in response.headers.multi_items() if name not in framing]


def _describe_request(request: httpx.Request) -> str:
    """Name a request in few words: its path, and where in a walk it stands; never its headers."""
    cursor = request.url.params.get("cursor")
    place = "" if cursor is None else f" at cursor {printable(cursor, 100)}"
    return f"GET {printable(request.url.path)}{place}"
