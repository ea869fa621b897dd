"""How often: `24h` as a duration, and as the calendars of cron and systemd."""

import re
from datetime import UTC, datetime, timedelta

from lineage.errors import SettingsError

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
_DURATION = re.compile(r"([1-9][0-9]{0,4})([mhdw])")

# Away from the full hour, when everybody's schedules begin.
_HOUR, _MINUTE = 4, 17
# A calendar repeats every day: other numbers of hours would leave a shorter gap at midnight.
_HOURS_OF_A_DAY = (1, 2, 3, 4, 6, 8, 12)


def parse_duration(text: str) -> timedelta:
    """Read `90m`, `24h`, `1d` or `1w`; ValueError where it is none of them."""
    if (match := _DURATION.fullmatch(text.strip().lower())) is None:
        raise ValueError(f"not a duration: {text!r}; use one like 90m, 24h, 1d or 1w")
    number, unit = match.groups()
    return timedelta(**{_UNITS[unit]: int(number)})


def spell_cron(interval: timedelta) -> str:
    """Return the five fields of a crontab; SettingsError where there are none."""
    days, hours = _split_interval(interval)
    hour = "*" if hours == 1 else str(_HOUR) if hours == 24 else f"*/{hours}"
    return f"{_MINUTE} {hour} * * {0 if days == 7 else '*'}"


def spell_calendar_event(interval: timedelta) -> str:
    """Return what systemd's OnCalendar= takes; SettingsError where there is nothing."""
    days, hours = _split_interval(interval)
    hour = "*" if hours == 1 else f"{_HOUR:02}" if hours == 24 else f"00/{hours}"
    return f"{'Sun ' if days == 7 else ''}*-*-* {hour}:{_MINUTE}:00 UTC"


def first_run(last: datetime | None, interval: timedelta, now: datetime) -> datetime:
    """Return when the first run is due: now where there was none yet, or one was missed."""
    if last is None:
        return now
    # By a clock that was set back the last run lies in the future: it must not hold up the next
    # one for longer than an interval.
    return max(now, min(last, now) + interval).astimezone(UTC)


def _split_interval(interval: timedelta) -> tuple[int, int]:
    """Return the days and hours between two runs."""
    if interval == timedelta(weeks=1):
        return 7, 24
    for hours in (*_HOURS_OF_A_DAY, 24):
        if interval == timedelta(hours=hours):
            return 1, hours
    possible = ", ".join(f"{hours}h" for hours in _HOURS_OF_A_DAY)
    raise SettingsError(
        f"cron and systemd cannot run every {_spell_duration(interval)}",
        f"they can every {possible}, 24h and 7d; `lineage schedule run` takes any",
    )


def _spell_duration(interval: timedelta) -> str:
    """Spell a duration in the largest unit that it is a whole number of."""
    for unit in _UNITS.values():
        number, remainder = divmod(interval, timedelta(**{unit: 1}))
        if not remainder:
            return f"{number} {unit}"
    return str(interval)
