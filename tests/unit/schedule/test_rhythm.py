"""How often: durations as they are spelled, and as calendars say them."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.errors import SettingsError
from lineage.schedule.interval import as_calendar_event, as_cron, duration, first_turn

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MOMENTS = st.timedeltas(timedelta(0), timedelta(weeks=999)).map(lambda passed: NOW + passed)
DURATIONS = st.timedeltas(timedelta(minutes=1), timedelta(weeks=52))


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("90m", 90), ("24h", 1440), ("1d", 1440), (" 2W ", 20160), ("99999m", 99999)],
)
def test_a_duration_is_a_number_with_a_unit(text: str, minutes: int) -> None:
    assert duration(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "0h", "-1h", "24", "h", "1.5h", "1h30m", "1s", "\u0661h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        duration(text)


@given(st.text())
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert duration(text) >= timedelta(minutes=1)


@pytest.mark.parametrize(
    ("every", "cron", "event"),
    [
        ("1h", "17 * * * *", "*-*-* *:17:00 UTC"),
        ("6h", "17 */6 * * *", "*-*-* 00/6:17:00 UTC"),
        ("1d", "17 4 * * *", "*-*-* 04:17:00 UTC"),
        ("7d", "17 4 * * 0", "Sun *-*-* 04:17:00 UTC"),
    ],
)
def test_calendars_say_what_fits_a_day_or_a_week(every: str, cron: str, event: str) -> None:
    assert (as_cron(duration(every)), as_calendar_event(duration(every))) == (cron, event)


@pytest.mark.parametrize("every", ["5h", "36h", "90m", "2d", "2w"])
def test_what_calendars_cannot_say_is_refused(every: str) -> None:
    for spelled in (as_cron, as_calendar_event):
        with pytest.raises(SettingsError, match="calendars cannot say"):
            spelled(duration(every))


def test_the_first_turn_of_all_is_at_once() -> None:
    assert first_turn(None, DAY, NOW) == NOW


def test_a_turn_that_was_missed_is_made_up_for_at_once() -> None:
    assert first_turn(NOW - 3 * DAY, DAY, NOW) == NOW


def test_a_turn_that_is_not_due_waits() -> None:
    assert first_turn(NOW - DAY / 4, DAY, NOW) == NOW + DAY * 3 / 4


@given(MOMENTS, DURATIONS, MOMENTS)
def test_a_clock_that_was_set_back_holds_up_nothing_for_longer_than_one_interval(
    last: datetime, every: timedelta, now: datetime
) -> None:
    assert now <= first_turn(last, every, now) <= now + every
