"""How often: `24h` as a duration, and as what calendars can say."""

import re
from datetime import UTC, datetime, timedelta

from lineage.errors import SettingsError

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPELLED = re.compile(r"([1-9][0-9]{0,4})([mhdw])")

_HOUR, _MINUTE = 4, 17
"""Away from the full hour, when everybody's schedules begin."""
_OF_A_DAY = (1, 2, 3, 4, 6, 8, 12)


def duration(text: str) -> timedelta:
    """Read `90m`, `24h`, `1d` or `1w`; ValueError where it is none of them."""
    if (match := _SPELLED.fullmatch(text.strip().lower())) is None:
        raise ValueError(f"{text!r} is no duration; it is spelled like 90m, 24h, 1d or 1w")
    number, unit = match.groups()
    return timedelta(**{_UNITS[unit]: int(number)})


def as_cron(every: timedelta) -> str:
    """Return the five fields of a crontab; SettingsError where they cannot say it."""
    days, hours = _as_calendar(every)
    hour = "*" if hours == 1 else str(_HOUR) if hours == 24 else f"*/{hours}"
    return f"{_MINUTE} {hour} * * {0 if days == 7 else '*'}"


def as_calendar_event(every: timedelta) -> str:
    """Return what systemd's OnCalendar= takes; SettingsError where it cannot say it."""
    days, hours = _as_calendar(every)
    hour = "*" if hours == 1 else f"{_HOUR:02}" if hours == 24 else f"00/{hours}"
    return f"{'Sun ' if days == 7 else ''}*-*-* {hour}:{_MINUTE}:00 UTC"


def first_turn(last: datetime | None, every: timedelta, now: datetime) -> datetime:
    """Return when the first turn is due: now where there was none yet, or one was missed.

    A last run in the future, by a clock that was set back, holds up nothing for longer than
    one interval.
    """
    if last is None:
        return now
    return max(now, min(last, now) + every).astimezone(UTC)


def _as_calendar(every: timedelta) -> tuple[int, int]:
    """Return days and hours between two turns, where each day or week looks like the other."""
    if every == timedelta(weeks=1):
        return 7, 24
    for hours in (*_OF_A_DAY, 24):
        if every == timedelta(hours=hours):
            return 1, hours
    known = ", ".join(f"{hours}h" for hours in _OF_A_DAY)
    raise SettingsError(
        f"calendars cannot say every {every}",
        f"they know {known}, 24h and 7d; `lineage schedule run` takes any",
    )
