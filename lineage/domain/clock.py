"""Time as a part that can be swapped, and moments as the Hub and the store spell them."""

import calendar
import time
from datetime import UTC, date, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the time is, and a way to let it pass."""

    def now(self) -> datetime:
        """Return the moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class ShiftedClock(SystemClock):
    """The machine's own clock, whole days off: how a Hub in a box shows the day of its data."""

    def __init__(self, day: datetime) -> None:
        """Show this day from now on, at the time of day that it is."""
        self._days = timedelta(days=(day.date() - super().now().date()).days)

    def now(self) -> datetime:
        return super().now() + self._days


def parse_http_date(text: str) -> datetime | None:
    """Return the moment of a `Date` or `Retry-After` header; None where it spells none."""
    # Only crawls read headers, and this import takes a twentieth of a question's time.
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


UNKNOWN_CREATION = datetime(2022, 3, 2, 23, 29, 4, tzinfo=UTC)
"""What the Hub shows for every repository older than its creation-date storage: not a date."""
UNKNOWN_CREATIONS = (UNKNOWN_CREATION, UNKNOWN_CREATION + timedelta(seconds=2))
"""From when, and until when: the constant was written over two seconds."""


def is_creation_known(moment: datetime) -> bool:
    """Say whether a creation is a date and not the Hub's constant."""
    first, last = UNKNOWN_CREATIONS
    return not first <= moment < last


def snapshot_id(moment: datetime) -> str:
    """Spell a moment as a snapshot's id, `20261121T060000Z`, to the second, UTC."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def moment_of_snapshot_id(id: str) -> datetime | None:
    """Return the moment that an id spells; None where it is no id of a snapshot."""
    # `strptime` takes half a dozen modules to load, and every look-up would wait for them.
    try:
        moment = datetime.fromisoformat(id)
    except ValueError:
        return None
    return moment if moment.tzinfo == UTC and snapshot_id(moment) == id else None


def spell_day_of_moment(moment: datetime) -> str:
    """Spell the day of a moment for people, `2 July 2025`."""
    return f"{moment.day} {moment:%B %Y}"


def end_of_day_utc(day: date) -> datetime:
    """Return the moment at which a day is over, UTC: the first that lies no more in it."""
    if day == date.max:  # the next day is none that a date can spell
        return datetime.max.replace(tzinfo=UTC)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


def end_of_month_utc(month: str) -> datetime:
    """Return the moment at which a month, `2025-03`, is over, UTC."""
    year, _, number = month.partition("-")
    first = date(int(year), int(number), 1)
    last_day = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    return end_of_day_utc(last_day)


def end_of_data(taken_at: datetime, as_of: date | None) -> datetime:
    """Return the moment up to which a snapshot tells of a day; periods that end later are cut."""
    return taken_at if as_of is None else min(taken_at, end_of_day_utc(as_of))


ISO = "%Y-%m-%dT%H:%M:%SZ"


def iso(moment: datetime) -> str:
    """Spell a moment as ISO 8601 in UTC to the second, `2026-11-21T06:00:00Z`."""
    return moment.astimezone(UTC).strftime(ISO)
