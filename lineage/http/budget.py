"""Answers how long to wait before the next request, from what the server says of its limits."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lineage.domain.clock import parse_http_date
from lineage.errors import SettingsError

LONGEST_WAIT = 3600.0
"""Seconds; whatever a server names, a run does not sleep longer without asking again."""

DOUBLING_WAITS = (30.0, 60.0, 120.0, 240.0, 300.0)
"""Seconds after the first, second, ... refusal in a row that names no moment."""

ROUNDING = 1.0
"""Seconds added to a named reset: it is given in whole seconds and may be rounded down."""

_ITEM = re.compile(r'(?:"[^"]*"|[^,"])+')
_QUOTED = re.compile(r'"([^"]{1,64})"')


@dataclass(frozen=True, slots=True)
class RateLimit:
    """One limit as the server named it, at the moment of its answer."""

    bucket: str
    remaining: int
    reset_seconds: int
    quota: int | None = None
    """Requests in a window, where the policy was given."""
    window: int | None = None
    """Seconds of a window, where the policy was given."""


class Budget:
    """Spends a share of each window at full speed, then waits for the reset that was named.

    Moments are seconds on one monotonic scale, given by the caller. A share outside (0, 1] is a
    SettingsError; whatever a server sends raises nothing.
    """

    def __init__(self, share: float) -> None:
        if not 0 < share <= 1:
            raise SettingsError(f"The share of the rate limit is {share}, not above 0 and up to 1")
        self._share = share
        self._last: RateLimit | None = None
        self._last_at = 0.0
        self._refusals = 0
        self._resume_at = 0.0

    @property
    def latest_limit(self) -> RateLimit | None:
        """The limit of the latest answer that named one; None before that."""
        return self._last

    def observe_answer(self, headers: Mapping[str, str], status: int, now: float) -> None:
        """Take in an answer: its headers (names in any case), its status, when it came."""
        values = {name.lower(): value for name, value in headers.items()}
        limit = self._remember_rate_limit(read_rate_limit(values), now)
        wait = self._wait_after_answer(status, limit, _read_retry_after(values))
        self._resume_at = max(self._resume_at, now + min(wait, LONGEST_WAIT))

    def observe_unanswered_request(self, now: float) -> None:
        """Take in a request without an answer: the server may have counted it, so we do."""
        if self._last is None:
            return
        elapsed = int(now - self._last_at)
        if elapsed <= self._last.reset_seconds:
            spent = replace(
                self._last,
                remaining=max(0, self._last.remaining - 1),
                reset_seconds=self._last.reset_seconds - elapsed,
            )
            self._remember_rate_limit(spent, now)
            wait = min(self._wait_for_rate_limit_reset(spent), LONGEST_WAIT)
            self._resume_at = max(self._resume_at, now + wait)

    def seconds_until_request(self, now: float) -> float:
        """Return the seconds to wait before the next request, 0 when it may go at once."""
        return max(0.0, self._resume_at - now)

    def _remember_rate_limit(self, limit: RateLimit | None, now: float) -> RateLimit | None:
        if limit is None:
            return None
        previous = self._last
        if limit.quota is None and previous is not None and previous.bucket == limit.bucket:
            limit = replace(limit, quota=previous.quota, window=previous.window)
        self._last, self._last_at = limit, now
        return limit

    def _wait_after_answer(
        self, status: int, limit: RateLimit | None, retry_after: float | None
    ) -> float:
        if status == 429:
            self._refusals += 1
            doubling = DOUBLING_WAITS[min(self._refusals, len(DOUBLING_WAITS)) - 1]
            if limit is not None and limit.remaining > 0:
                # The window has room, so another limit refused, and the named reset is not its own.
                return max(limit.reset_seconds + ROUNDING, retry_after or 0.0, doubling)
            named_seconds = retry_after if limit is None else limit.reset_seconds + ROUNDING
            if named_seconds is None:
                return doubling
            # A server that names no time to speak of again and again must not be hammered.
            return max(named_seconds, 2.0 ** min(self._refusals - 1, 12))
        if status < 500:
            self._refusals = 0
        named_wait = retry_after if status == 503 and retry_after else 0.0
        return max(named_wait, self._wait_for_rate_limit_reset(limit))

    def _wait_for_rate_limit_reset(self, limit: RateLimit | None) -> float:
        if limit is None:
            return 0.0
        # Without the hair 500 * (1 - 0.9) is 49.99... and one request too many is spent.
        reserve = (limit.quota or 0) * (1 - self._share) + 1e-6
        return limit.reset_seconds + ROUNDING if limit.remaining <= reserve else 0.0


def read_rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """Return the tightest limit that headers (lower-case names) name; None where there is none.

    The form is that of draft-ietf-httpapi-ratelimit-headers-09, `"api";r=489;t=189` with the
    policy `"fixed window";"api";q=500;w=300`. What has another form counts as absent.
    """
    policies = _ITEM.findall(headers.get("ratelimit-policy", ""))
    limits = (
        _read_header_item(item, policies) for item in _ITEM.findall(headers.get("ratelimit", ""))
    )
    return min((limit for limit in limits if limit), key=lambda it: it.remaining, default=None)


def _read_header_item(item: str, policies: list[str]) -> RateLimit | None:
    remaining, reset = _read_rate_limit_header(item, "r"), _read_rate_limit_header(item, "t")
    if remaining is None or reset is None:
        return None
    quoted = _QUOTED.search(item)
    bucket = (quoted.group(1) if quoted else item.partition(";")[0].strip()[:64]).lower()
    policy = next((p for p in policies if bucket in map(str.lower, _QUOTED.findall(p))), "")
    if not policy and len(policies) == 1:
        policy = policies[0]
    return RateLimit(
        bucket,
        remaining,
        reset,
        _read_rate_limit_header(policy, "q"),
        _read_rate_limit_header(policy, "w"),
    )


def _read_rate_limit_header(item: str, name: str) -> int | None:
    match = re.search(rf";\s*{name}\s*=\s*([0-9]{{1,15}})(?![0-9])", item, re.IGNORECASE)
    return int(match.group(1)) if match else None


def _read_retry_after(headers: Mapping[str, str]) -> float | None:
    values = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,15}", values):
        return float(values)
    until, sent_at = parse_http_date(values), parse_http_date(headers.get("date", ""))
    # Only the server's own clock can be compared with the server's moment.
    return max(0.0, (until - sent_at).total_seconds()) if until and sent_at else None
