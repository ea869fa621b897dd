"""The duties of polite HTTP: pacing, and around it reading whole answers with retries."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from lineage.domain.clock import Clock
from lineage.domain.progress import Progress
from lineage.errors import RequestLimitReached, SourceUnavailable, UnexpectedPage
from lineage.http.bodies import (
    Answer,
    BodyBroken,
    BodyTooLarge,
    describe_refused_http_request,
    printable_response_body,
    read_body,
)
from lineage.http.budget import Budget
from lineage.http.network import RUN_AGAIN

MOST_ATTEMPTS = 6
MOST_REFUSALS = 8
LONGEST_PAUSE = 60.0
ATTEMPTS_AT_A_DOUBT = 3
"""Fewer than at a fault: an odd answer that stays may be the truth, and who asked decides."""

RETRIED_STATUSES = frozenset({408, 500, 502, 503, 504})
_FRAMING = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_MOST_BYTES_OF_WORDS = 64 * 1024

FindDoubt = Callable[[Answer], str | None]
"""Says of a whole 200 why it is asked for again; None where it is believed."""

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
        if self._max_requests is not None and self._tally.sent >= self._max_requests:
            raise RequestLimitReached(
                f"The limit of {self._max_requests} requests for this run is reached",
                "What was recorded is kept. " + RUN_AGAIN,
            )
        seconds = self._budget.seconds_until_request(self._clock.monotonic())
        if seconds > 1:
            self._progress.waiting(seconds, "rate limit reached")
        if seconds > 0:
            self._clock.sleep(seconds)
        self._tally.sent += 1
        try:
            response = self._inner.handle_request(request)
        except httpx.TransportError:
            self._budget.observe_unanswered_request(self._clock.monotonic())
            raise
        self._budget.observe_answer(response.headers, response.status_code, self._clock.monotonic())
        logger.debug("%s %s", response.status_code, _describe_http_request(request))
        return response

    def close(self) -> None:
        self._inner.close()


class AnswerReader:
    """Returns answers that are read whole, asking again while a fault may pass.

    Raises SourceUnavailable when the attempts are spent and UnexpectedPage for a body over the
    cap. The body is read in here, since stalls, resets and cuts are met while reading.
    """

    def __init__(
        self,
        transport: httpx.BaseTransport,
        clock: Clock,
        tally: RequestTally,
        max_body_bytes: int,
        *,
        is_whole: Callable[[bytes], bool],
        mask: Callable[[bytes], bytes],
        attempts: int = MOST_ATTEMPTS,
        random: Random | None = None,
    ) -> None:
        self._transport = transport
        self._attempts = attempts
        self._clock = clock
        self._tally = tally
        self._max_body_bytes = max_body_bytes
        self._is_whole = is_whole
        self._mask = mask
        self._random = random or Random()

    def ask_for_http_answer(self, request: httpx.Request, find_doubt: FindDoubt) -> Answer:
        """Return the answer to a request; one with a doubt only when it stays after asking again.

        `find_doubt` says of a whole 200 why it is not believed, None where it is.
        """
        retrying = Retrying(
            sleep=self._clock.sleep,
            stop=self._are_request_attempts_spent,
            wait=self._choose_retry_pause,
            retry=retry_if_exception_type(_Fault),
            before_sleep=self._count_request_retry,
            reraise=True,
        )
        try:
            return retrying(self._ask_patiently, request, find_doubt)
        except _Fault as fault:
            if fault.doubtful_answer is not None:
                return fault.doubtful_answer
            raise SourceUnavailable(
                f"{fault} (no proper answer to {_describe_http_request(request)} "
                f"in {self._attempts} attempts)",
                RUN_AGAIN,
            ) from None  # what h11 quotes of an answer is not masked

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _ask_patiently(self, request: httpx.Request, find_doubt: FindDoubt) -> Answer:
        for _ in range(MOST_REFUSALS):
            answer = self._ask_once(request)
            if answer.status != 429:
                if answer.status == 200 and (reason := find_doubt(answer)) is not None:
                    raise _Fault(reason, answer)
                return answer
            self._tally.refused_429 += 1
            logger.info("refused for the rate limit: %s", _describe_http_request(request))
        raise SourceUnavailable(
            f"status 429: the rate limit refused {_describe_http_request(request)} "
            f"{MOST_REFUSALS} times in a row",
            "Others may share this address. Run the same command later: it goes on "
            "where it stopped; a token has a limit of its own.",
        )

    def _ask_once(self, request: httpx.Request) -> Answer:
        try:
            response = self._transport.handle_request(request)
            try:
                return self._read_http_response(request, response)
            finally:
                response.close()
        except (httpx.TransportError, httpx.DecodingError, BodyBroken) as error:
            words = printable_response_body(self._hide_token(str(error).encode("utf-8", "replace")))
            raise _Fault(f"{type(error).__name__}: {words}") from None

    def _read_http_response(self, request: httpx.Request, response: httpx.Response) -> Answer:
        status, headers = response.status_code, self._read_headers(response)
        if status == 429:
            return Answer(status, headers, b"")
        if status in RETRIED_STATUSES:
            words = Answer(status, headers, self._peek_at_body(response, headers))
            raise _Fault(
                describe_refused_http_request(words, _describe_http_request(request, verb=""))
            )
        body = self._read_whole_body(request, response, headers)
        if status == 200 and not self._is_whole(body):
            raise _Fault(f"a body of {len(body)} bytes that is not whole")
        unframed = {name: value for name, value in headers.items() if name not in _FRAMING}
        return Answer(status, unframed, body)

    def _read_headers(self, response: httpx.Response) -> dict[str, str]:
        """Return the headers in lower case, several of one name joined; any bytes are taken."""
        headers: dict[str, str] = {}
        for raw_name, raw_value in response.headers.raw:
            name = raw_name.decode("latin-1").lower()
            try:
                value = self._hide_token(raw_value).decode()
            except UnicodeDecodeError:
                value = self._hide_token(raw_value).decode("latin-1")  # which reads any byte
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return headers

    def _read_whole_body(
        self, request: httpx.Request, response: httpx.Response, headers: Mapping[str, str]
    ) -> bytes:
        # The bare stream: a Response made with content= has consumed its own raw iterator.
        assert isinstance(response.stream, httpx.SyncByteStream)
        encoding = headers.get("content-encoding", "")
        try:
            return self._hide_token(read_body(response.stream, encoding, self._max_body_bytes))
        except BodyTooLarge:
            raise UnexpectedPage(
                f"the answer to {_describe_http_request(request)}"
                f" is over {self._max_body_bytes} bytes",
                "The cap is the setting max_page_bytes; no known listing comes near it.",
            ) from None

    def _peek_at_body(self, response: httpx.Response, headers: Mapping[str, str]) -> bytes:
        """Return the body of a refusal for its words; empty where it does not come whole."""
        assert isinstance(response.stream, httpx.SyncByteStream)
        encoding = headers.get("content-encoding", "")
        try:
            return self._hide_token(read_body(response.stream, encoding, _MOST_BYTES_OF_WORDS))
        except (httpx.TransportError, httpx.DecodingError, BodyBroken, BodyTooLarge):
            return b""

    def _hide_token(self, text: bytes) -> bytes:
        try:
            return self._mask(text)
        except ValueError as error:
            raise UnexpectedPage(
                f"an answer is not kept: {error}", "Somebody on the way to the Hub repeats it."
            ) from None

    def _are_request_attempts_spent(self, state: RetryCallState) -> bool:
        fault = state.outcome.exception() if state.outcome else None
        is_doubt = isinstance(fault, _Fault) and fault.doubtful_answer is not None
        attempts = min(self._attempts, ATTEMPTS_AT_A_DOUBT) if is_doubt else self._attempts
        return state.attempt_number >= attempts

    def _choose_retry_pause(self, state: RetryCallState) -> float:
        longest = min(LONGEST_PAUSE, 2.0**state.attempt_number)
        return longest * self._random.uniform(0.5, 1.0)

    def _count_request_retry(self, state: RetryCallState) -> None:
        # What was not as it should be may be an answer to somebody else: a new connection is clean.
        self._transport.close()
        self._tally.retried += 1
        fault = state.outcome.exception() if state.outcome else None
        logger.info("asking again (attempt %s failed): %s", state.attempt_number, fault)


class _Fault(Exception):
    """One attempt failed in a way that may pass."""

    def __init__(self, reason: str, doubtful_answer: Answer | None = None) -> None:
        super().__init__(reason)
        self.doubtful_answer = doubtful_answer


def _describe_http_request(request: httpx.Request, verb: str = "GET ") -> str:
    """Name a request in few words, host and path; never its headers, and not its long query."""
    return f"{verb}{printable_response_body(request.url.host + request.url.path)}"
