"""The runner: when it runs, that it runs one at a time, and that it ends when asked to."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from lineage.build.checks import Limits
from lineage.build.pipeline import build_snapshot
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import DraftRefused
from lineage.schedule.runner import (
    ENDED,
    MOST_ATTEMPTS,
    PAUSE,
    CrawlProcess,
    Runner,
    last_scheduled_run,
)
from lineage.store.manifest import SnapshotKind
from lineage.store.store import ParquetStore
from tests.builders import origin, pages, publication, published, row
from tests.fakes.fake_clock import NOON, FakeClock

IN_TIME = 30.0
DAY = timedelta(days=1)


class FakeCrawl:
    """Ends as told, as soon as `before` has returned."""

    def __init__(self, code: int = 0, before: Callable[[], object] = lambda: None) -> None:
        self._code = code
        self._before = before
        self.runs = 0
        self.ends = 0

    def run_scheduled_crawl(self) -> int:
        self.runs += 1
        self._before()
        return self._code

    def end_scheduled_crawl(self) -> None:
        self.ends += 1


def unheard(_: str) -> None:
    """Drop a message."""


class UnstartableCrawl(FakeCrawl):
    def run_scheduled_crawl(self) -> int:
        raise OSError("no memory")


def test_once_is_one_run_with_the_exit_code_of_its_crawl() -> None:
    crawl = FakeCrawl(4)
    assert Runner(crawl, Event(), FakeClock(), unheard).run_once() == 4
    assert (crawl.runs, crawl.ends) == (1, 1)


def test_a_crawl_that_cannot_be_started_is_reported() -> None:
    messages: list[str] = []
    assert Runner(UnstartableCrawl(), Event(), FakeClock(), messages.append).run_once() == 1
    assert "no memory" in messages[0]


def test_a_missed_run_is_made_up_for_at_once_and_once() -> None:
    end_request = Event()
    crawl = FakeCrawl(before=end_request.set)
    Runner(crawl, end_request, FakeClock(), unheard).run_every(DAY, last=NOON - 9 * DAY)
    assert crawl.runs == 1


def test_before_its_time_nothing_runs() -> None:
    end_request, messages = Event(), list[str]()
    crawl = FakeCrawl()

    def say(message: str) -> None:
        messages.append(message)
        end_request.set()

    Runner(crawl, end_request, FakeClock(), say).run_every(DAY, last=NOON - DAY / 2)
    assert crawl.runs == 0
    assert "the next is due at" in messages[0]


def starts_of(
    number: int, lasts: timedelta, interval: timedelta, last: datetime | None = None
) -> list[datetime]:
    """When so many runs begin, each of which lasts so long."""
    end_request, clock, starts = Event(), FakeClock(), list[datetime]()

    def crawl_for_a_while() -> None:
        starts.append(clock.now())
        clock.sleep(lasts.total_seconds())
        if len(starts) == number:
            end_request.set()

    crawl = FakeCrawl(before=crawl_for_a_while)
    Runner(crawl, end_request, clock, unheard).run_every(interval, last)
    return starts


HOUR = timedelta(hours=1)


def test_runs_begin_an_interval_apart_however_long_they_last() -> None:
    assert starts_of(3, HOUR / 2, HOUR) == [NOON, NOON + HOUR, NOON + 2 * HOUR]


def test_the_first_run_is_an_interval_after_the_last() -> None:
    assert starts_of(1, HOUR / 2, HOUR, NOON - HOUR / 4) == [NOON + HOUR * 3 / 4]


def test_runs_that_fall_due_while_one_lasts_are_skipped() -> None:
    assert starts_of(2, 2.5 * HOUR, HOUR) == [NOON, NOON + 3 * HOUR]


def test_after_a_sleep_of_the_machine_one_run_makes_up_for_all() -> None:
    end_request, starts = Event(), list[datetime]()

    class SuspendedClock(FakeClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds + (5 * DAY).total_seconds())

    clock = SuspendedClock()

    def note_start() -> None:
        starts.append(clock.now())
        end_request.set()

    crawl = FakeCrawl(before=note_start)
    Runner(crawl, end_request, clock, unheard).run_every(DAY, last=NOON)
    assert starts == [NOON + 5 * DAY + timedelta(seconds=1)]


def test_a_request_to_end_reaches_the_crawl_that_runs() -> None:
    end_request, ended = Event(), Event()

    class LongCrawl(FakeCrawl):
        def run_scheduled_crawl(self) -> int:
            end_request.set()
            assert ended.wait(IN_TIME)
            return ENDED

        def end_scheduled_crawl(self) -> None:
            ended.set()

    Runner(LongCrawl(), end_request, FakeClock(), unheard).run_every(DAY, None)
    assert ended.is_set()


def test_a_request_to_end_is_noticed_in_the_pause_before_a_retry() -> None:
    end_request = Event()
    crawl = FakeCrawl(3, before=end_request.set)
    Runner(crawl, end_request, FakeClock(), unheard).run_every(DAY, None)
    assert crawl.runs == 1


def test_a_run_that_is_tried_again_waits_for_a_pause() -> None:
    clock = FakeClock()
    assert Runner(FakeCrawl(3), Event(), clock, unheard).run_once() == 3
    assert clock.now() == NOON + (MOST_ATTEMPTS - 1) * PAUSE


# When the last run was


def test_an_empty_store_knows_no_last_run(tmp_path: Path) -> None:
    assert last_scheduled_run(ParquetStore(str(tmp_path), NO_OPT_OUTS)) is None


def test_the_last_run_is_the_newest_snapshot_of_everything(tmp_path: Path) -> None:
    for days in (0, 1):
        published([row()], tmp_path, taken_at=NOON + days * DAY)
    below = origin(SnapshotKind.BELOW, taken_at=NOON + 2 * DAY)
    build_snapshot(pages([row()], 1000), below, publication(tmp_path))
    assert last_scheduled_run(ParquetStore(str(tmp_path), NO_OPT_OUTS)) == NOON + DAY


def test_a_refused_draft_was_a_run_too(tmp_path: Path) -> None:
    published([row(f"owner/{number}") for number in range(9)], tmp_path)
    nearly_empty = pages([row("owner/0")], 1000)
    with suppress(DraftRefused):
        later = origin(taken_at=NOON + DAY)
        build_snapshot(nearly_empty, later, publication(tmp_path, limits=Limits(0.01, 0.9)))
    assert last_scheduled_run(ParquetStore(str(tmp_path), NO_OPT_OUTS)) == NOON + DAY


def test_a_folder_that_names_no_moment_was_no_run(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "refused.json").write_text(json.dumps({}), "utf-8")
    assert last_scheduled_run(ParquetStore(str(tmp_path), NO_OPT_OUTS)) is None


# The process


def test_a_crawl_is_a_process_that_ends_with_its_own_code() -> None:
    assert CrawlProcess(["crawl", "--no-such-flag"]).run_scheduled_crawl() == 2


def test_a_publication_follows_a_crawl_that_ended_well_and_its_code_is_the_runs() -> None:
    assert CrawlProcess(["--version"], then=["publish", "no-address"]).run_scheduled_crawl() == 2
    assert CrawlProcess(["trace", "--no-such-flag"], then=["--version"]).run_scheduled_crawl() == 2


def test_nothing_is_started_after_the_end() -> None:
    crawl = CrawlProcess(["--version"])
    crawl.end_scheduled_crawl()
    assert crawl.run_scheduled_crawl() == ENDED
