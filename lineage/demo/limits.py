"""Quotas in fixed windows, for each client and bucket, named in every answer as the Hub does.

Source: the Hub's documentation of its rate limits, as of September 2025.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock

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
"""The quota of each token that has its own; None is the quota without a token."""


@dataclass(frozen=True, slots=True)
class QuotaState:
    """What a client has left of its window after a request."""

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


class QuotaWindows:
    """Counts requests; a window begins with a client's first request in a bucket."""

    def __init__(
        self, quotas: Quotas | None = None, window_seconds: int = 300, clock: Clock | None = None
    ) -> None:
        self._quotas: Quotas = quotas or {}
        self._window_seconds = window_seconds
        self._clock = clock or SystemClock()
        self._windows: dict[tuple[str, Bucket], tuple[float, int]] = {}
        self._lock = Lock()

    def spend(self, address: str, token: str | None, bucket: Bucket) -> QuotaState:
        """Count one request of a token, or of an address without one."""
        quota = self._quotas.get(token, ANONYMOUS if token is None else FREE).of(bucket)
        client = (f"address {address}" if token is None else f"token {token}", bucket)
        with self._lock:
            now = self._clock.monotonic()
            start, spent = self._windows.get(client, (now, 0))
            seconds_left = self._window_seconds - (now - start)
            if seconds_left < ROUNDING:
                start, spent, seconds_left = now, 0, self._window_seconds
            refused = spent >= quota
            self._windows[client] = (start, spent if refused else spent + 1)
            remaining = max(0, quota - spent - 1)
            reset = math.ceil(seconds_left)
            return QuotaState(bucket, quota, self._window_seconds, remaining, reset, refused)
