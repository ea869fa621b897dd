"""How often: durations as they are typed, and as calendars spell them."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.errors import SettingsError
from lineage.schedule.plan import (
    first_run,
    parse_schedule_interval,
    spell_calendar_event,
    spell_cron,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MOMENTS = st.timedeltas(timedelta(0), timedelta(weeks=999)).map(lambda passed: NOW + passed)
DURATIONS = st.timedeltas(timedelta(minutes=1), timedelta(weeks=52))


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("90m", 90), ("24h", 1440), ("1d", 1440), (" 2W ", 20160), ("99999m", 99999)],
)
def test_a_duration_is_a_number_with_a_unit(text: str, minutes: int) -> None:
    assert parse_schedule_interval(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "0h", "-1h", "24", "h", "1.5h", "1h30m", "1s", "\u0661h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_schedule_interval(text)


@given(st.text())
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert parse_schedule_interval(text) >= timedelta(minutes=1)


@pytest.mark.parametrize(
    ("every", "cron", "event"),
    [
        ("1h", "17 * * * *", "*-*-* *:17:00 UTC"),
        ("6h", "17 */6 * * *", "*-*-* 00/6:17:00 UTC"),
        ("1d", "17 4 * * *", "*-*-* 04:17:00 UTC"),
        ("7d", "17 4 * * 0", "Sun *-*-* 04:17:00 UTC"),
    ],
)
def test_calendars_spell_what_fits_a_day_or_a_week(every: str, cron: str, event: str) -> None:
    assert (
        spell_cron(parse_schedule_interval(every)),
        spell_calendar_event(parse_schedule_interval(every)),
    ) == (
        cron,
        event,
    )


@pytest.mark.parametrize(
    ("every", "words"),
    [
        ("5h", "5 hours"),
        ("36h", "36 hours"),
        ("90m", "90 minutes"),
        ("48h", "2 days"),
        ("2w", "2 weeks"),
    ],
)
def test_what_calendars_have_no_spelling_for_is_refused(every: str, words: str) -> None:
    for spell in (spell_cron, spell_calendar_event):
        with pytest.raises(SettingsError, match=f"cron and systemd cannot run every {words}"):
            spell(parse_schedule_interval(every))


def test_the_first_run_of_all_is_at_once() -> None:
    assert first_run(None, DAY, NOW) == NOW


def test_a_run_that_was_missed_is_made_up_for_at_once() -> None:
    assert first_run(NOW - 3 * DAY, DAY, NOW) == NOW


def test_a_run_that_is_not_due_waits() -> None:
    assert first_run(NOW - DAY / 4, DAY, NOW) == NOW + DAY * 3 / 4


@given(MOMENTS, DURATIONS, MOMENTS)
def test_a_clock_that_was_set_back_holds_up_nothing_for_longer_than_one_interval(
    last: datetime, every: timedelta, now: datetime
) -> None:
    assert now <= first_run(last, every, now) <= now + every
