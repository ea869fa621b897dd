"""Quotas in fixed windows, for each client and bucket, told in every answer as the Hub tells them.

Source: the Hub's documentation of its rate limits, as of September 2025.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock

from lineage.demo.answers import HTML, JSON, Answer, error_body
from lineage.domain.clock import Clock, SystemClock


class Bucket(StrEnum):
    """What a request is counted under."""

    API = "api"
    RESOLVERS = "resolvers"
    PAGES = "pages"


@dataclass(frozen=True, slots=True)
class Quota:
    """Requests allowed in one window, for each bucket."""

    api: int
    resolvers: int = 3000
    pages: int = 100

    def of(self, bucket: Bucket) -> int:
        """Return what this bucket allows."""
        return {"api": self.api, "resolvers": self.resolvers, "pages": self.pages}[bucket]


ANONYMOUS = Quota(500, 3000, 100)
FREE = Quota(1000, 5000, 200)

ROUNDING = 1e-6
"""Seconds: a wait to the very end of a window may fall short by this much in floating point."""

Quotas = Mapping[str | None, Quota]
"""The quota of each token that has its own; None stands for who comes without one."""


@dataclass(frozen=True, slots=True)
class Availability:
    """Where a client stands in its window after a request."""

    bucket: Bucket
    quota: int
    window_seconds: int
    remaining: int
    reset_seconds: int
    refused: bool

    def headers(self) -> dict[str, str]:
        """Return both headers, in the form of draft-ietf-httpapi-ratelimit-headers-09."""
        return {
            "RateLimit": f'"{self.bucket}";r={self.remaining};t={self.reset_seconds}',
            "RateLimit-Policy": (
                f'"fixed window";"{self.bucket}";q={self.quota};w={self.window_seconds}'
            ),
        }


class Limits:
    """Counts requests; a window begins with a client's first request in a bucket."""

    def __init__(
        self, quotas: Quotas | None = None, window_seconds: int = 300, clock: Clock | None = None
    ) -> None:
        self._quotas: Quotas = quotas or {}
        self._window_seconds = window_seconds
        self._clock = clock or SystemClock()
        self._windows: dict[tuple[str, Bucket], tuple[float, int]] = {}
        self._lock = Lock()
        self.html_refusals = False
        """A 429 has an HTML body, as recorded once, instead of a JSON one."""
        self.retry_after = False
        """A 429 carries `Retry-After` too."""

    def spend(self, address: str, token: str | None, bucket: Bucket) -> Availability:
        """Count one request of a token, or of an address without one."""
        quota = self._quota(token).of(bucket)
        client = (f"address {address}" if token is None else f"token {token}", bucket)
        with self._lock:
            now = self._clock.monotonic()
            start, spent = self._windows.get(client, (now, 0))
            left_seconds = self._window_seconds - (now - start)
            if left_seconds < ROUNDING:
                start, spent, left_seconds = now, 0, self._window_seconds
            refused = spent >= quota
            self._windows[client] = (start, spent if refused else spent + 1)
            left = max(0, quota - spent - 1)
            reset = math.ceil(left_seconds)
            return Availability(bucket, quota, self._window_seconds, left, reset, refused)

    def refusal(self, standing: Availability) -> Answer:
        """Return the 429 for a client whose window is spent."""
        wait = standing.reset_seconds if self.retry_after else None
        return refusal(html=self.html_refusals, retry_after=wait)

    def _quota(self, token: str | None) -> Quota:
        return self._quotas.get(token, ANONYMOUS if token is None else FREE)


def refusal(*, html: bool = False, retry_after: int | None = None) -> Answer:
    """Return a 429 without the standing, which comes with the headers of every answer."""
    message = "We had to rate limit you. Wait for the reset that the headers name."
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if html:
        page = f"<!DOCTYPE html><html><body><h1>429</h1><p>{message}</p></body></html>"
        return Answer(429, page.encode(), HTML, headers)
    return Answer(429, error_body(message), JSON, headers)
