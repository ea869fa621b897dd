"""Answers how long to wait before the next request, from what the server says of its limits."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from lineage.errors import SettingsError

LONGEST_WAIT = 3600.0
"""Seconds; whatever a server names, a run does not sleep longer without asking again."""

DOUBLING_WAITS = (30.0, 60.0, 120.0, 240.0, 300.0)
"""Seconds after the first, second, ... refusal in a row that names no moment."""

ROUNDING = 1.0
"""Seconds added to a named reset: it is told in whole seconds and may be rounded down."""

_ITEM = re.compile(r'(?:"[^"]*"|[^,"])+')
_QUOTED = re.compile(r'"([^"]{1,64})"')


@dataclass(frozen=True, slots=True)
class RateLimit:
    """One limit as the server told it, at the moment of its answer."""

    bucket: str
    remaining: int
    reset_seconds: int
    quota: int | None = None
    """Requests in a window, where the policy was told."""
    window: int | None = None
    """Seconds of a window, where the policy was told."""


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
    def last(self) -> RateLimit | None:
        """The limit as last told; None while no answer has told one."""
        return self._last

    def observe(self, headers: Mapping[str, str], status: int, now: float) -> None:
        """Take in an answer: its headers (names in any case), its status, when it came."""
        said = {name.lower(): value for name, value in headers.items()}
        limit = self._remember(read_rate_limit(said), now)
        wait = self._wait_after(status, limit, _retry_after(said))
        self._resume_at = max(self._resume_at, now + min(wait, LONGEST_WAIT))

    def unanswered(self, now: float) -> None:
        """Take in a request without an answer: the server may have counted it, so we do."""
        if self._last is None:
            return
        gone_by = int(now - self._last_at)
        if gone_by <= self._last.reset_seconds:
            spent = replace(
                self._last,
                remaining=max(0, self._last.remaining - 1),
                reset_seconds=self._last.reset_seconds - gone_by,
            )
            self._remember(spent, now)
            wait = min(self._wait_for_reset(spent), LONGEST_WAIT)
            self._resume_at = max(self._resume_at, now + wait)

    def delay(self, now: float) -> float:
        """Return the seconds to wait before the next request, 0 when it may go at once."""
        return max(0.0, self._resume_at - now)

    def _remember(self, limit: RateLimit | None, now: float) -> RateLimit | None:
        if limit is None:
            return None
        known = self._last
        if limit.quota is None and known is not None and known.bucket == limit.bucket:
            limit = replace(limit, quota=known.quota, window=known.window)
        self._last, self._last_at = limit, now
        return limit

    def _wait_after(self, status: int, limit: RateLimit | None, retry_after: float | None) -> float:
        if status == 429:
            self._refusals += 1
            return self._wait_after_refusal(limit, retry_after)
        if status < 500:
            self._refusals = 0
        asked = retry_after if status == 503 and retry_after else 0.0
        return max(asked, self._wait_for_reset(limit))

    def _wait_after_refusal(self, limit: RateLimit | None, retry_after: float | None) -> float:
        doubling = DOUBLING_WAITS[min(self._refusals, len(DOUBLING_WAITS)) - 1]
        if limit is not None and limit.remaining > 0:
            # The window has room, so another limit refused, and the named reset is not its own.
            return max(limit.reset_seconds + ROUNDING, retry_after or 0.0, doubling)
        named = retry_after if limit is None else limit.reset_seconds + ROUNDING
        if named is None:
            return doubling
        # A server that names no time to speak of again and again must not be hammered.
        return max(named, 2.0 ** min(self._refusals - 1, 12))

    def _wait_for_reset(self, limit: RateLimit | None) -> float:
        if limit is None:
            return 0.0
        # Without the hair 500 * (1 - 0.9) is 49.99... and one request too many is spent.
        reserve = (limit.quota or 0) * (1 - self._share) + 1e-6
        return limit.reset_seconds + ROUNDING if limit.remaining <= reserve else 0.0


def read_rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """Return the tightest limit that headers (lower-case names) tell; None where none is told.

    The form is that of draft-ietf-httpapi-ratelimit-headers-09, `"api";r=489;t=189` with the
    policy `"fixed window";"api";q=500;w=300`. What does not read so counts as not said.
    """
    policies = _ITEM.findall(headers.get("ratelimit-policy", ""))
    told = (_read_item(item, policies) for item in _ITEM.findall(headers.get("ratelimit", "")))
    return min((limit for limit in told if limit), key=lambda it: it.remaining, default=None)


def _read_item(item: str, policies: list[str]) -> RateLimit | None:
    remaining, reset = _number(item, "r"), _number(item, "t")
    if remaining is None or reset is None:
        return None
    quoted = _QUOTED.search(item)
    bucket = (quoted.group(1) if quoted else item.partition(";")[0].strip()[:64]).lower()
    policy = next((p for p in policies if bucket in map(str.lower, _QUOTED.findall(p))), "")
    if not policy and len(policies) == 1:
        policy = policies[0]
    return RateLimit(bucket, remaining, reset, _number(policy, "q"), _number(policy, "w"))


def _number(item: str, name: str) -> int | None:
    found = re.search(rf";\s*{name}\s*=\s*([0-9]{{1,15}})(?![0-9])", item, re.IGNORECASE)
    return int(found.group(1)) if found else None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    said = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,15}", said):
        return float(said)
    until, sent = _http_date(said), _http_date(headers.get("date", ""))
    # Only the server's own clock can be compared with the server's moment.
    return max(0.0, (until - sent).total_seconds()) if until and sent else None


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
