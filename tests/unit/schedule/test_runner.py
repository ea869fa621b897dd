"""The runner: when it runs, that it runs one at a time, and that it ends when asked to."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

from lineage.build.checks import Limits
from lineage.build.pipeline import publish
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import DraftRefused
from lineage.schedule.crawl_process import ENDED, CrawlProcess
from lineage.schedule.runner import Runner, last_run
from lineage.store.manifest import SnapshotKind
from lineage.store.store import ParquetStore
from tests.builders import origin, pages, publication, published, row
from tests.fakes.fake_clock import NOON, FakeClock

IN_TIME = 30.0
DAY = timedelta(days=1)


class FakeCrawl:
    """Ends as told, as soon as `before` has returned in the thread of the turn."""

    def __init__(self, code: int = 0, before: Callable[[], object] = lambda: None) -> None:
        self._code = code
        self._before = before
        self.runs = 0
        self.ends = 0

    def run(self) -> int:
        self.runs += 1
        self._before()
        return self._code

    def end(self) -> None:
        self.ends += 1


def unheard(_: str) -> None:
    """Nobody listens."""


class UnstartableCrawl(FakeCrawl):
    def run(self) -> int:
        raise OSError("no memory")


class Now(FakeClock):
    """A clock that stands still at this very moment: the library reads the machine's own."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC))


def test_once_is_one_turn_with_the_exit_code_of_its_crawl() -> None:
    crawl = FakeCrawl(4)
    assert Runner(crawl, Event(), Now(), unheard).once() == 4
    assert (crawl.runs, crawl.ends) == (1, 1)


def test_a_crawl_that_cannot_be_started_is_told() -> None:
    said: list[str] = []
    assert Runner(UnstartableCrawl(), Event(), Now(), said.append).once() == 1
    assert "no memory" in said[0]


def test_a_missed_turn_is_taken_at_once_and_once() -> None:
    asked = Event()
    crawl = FakeCrawl(before=asked.set)
    Runner(crawl, asked, Now(), unheard).every(DAY, last=Now().now() - 9 * DAY)
    assert crawl.runs == 1


def test_before_its_time_nothing_runs() -> None:
    asked, said, clock = Event(), list[str](), Now()
    crawl = FakeCrawl()

    def say(message: str) -> None:
        said.append(message)
        asked.set()

    Runner(crawl, asked, clock, say).every(DAY, last=clock.now() - DAY / 2)
    assert crawl.runs == 0
    assert "the next is due at" in said[0]


def test_a_request_to_end_reaches_the_crawl_that_runs() -> None:
    asked, ended = Event(), Event()

    class LongCrawl(FakeCrawl):
        def run(self) -> int:
            asked.set()
            assert ended.wait(IN_TIME)
            return ENDED

        def end(self) -> None:
            ended.set()

    runner = Thread(
        target=Runner(LongCrawl(), asked, Now(), unheard).every, args=(DAY, None), daemon=True
    )
    runner.start()
    runner.join(IN_TIME)
    assert not runner.is_alive()


def test_a_request_to_end_is_heard_in_the_pause_before_a_retry() -> None:
    asked = Event()
    crawl = FakeCrawl(3, before=asked.set)
    Runner(crawl, asked, Now(), unheard).every(DAY, None)
    assert crawl.runs == 1


# When the last run was


def test_an_empty_store_knows_no_last_run(tmp_path: Path) -> None:
    assert last_run(ParquetStore(str(tmp_path), NO_OPT_OUTS)) is None


def test_the_last_run_is_the_newest_snapshot_of_everything(tmp_path: Path) -> None:
    for days in (0, 1):
        published([row()], tmp_path, taken_at=NOON + days * DAY)
    below = origin(SnapshotKind.BELOW, taken_at=NOON + 2 * DAY)
    publish(pages([row()], 1000), below, publication(tmp_path))
    assert last_run(ParquetStore(str(tmp_path), NO_OPT_OUTS)) == NOON + DAY


def test_a_refused_draft_was_a_run_too(tmp_path: Path) -> None:
    published([row(f"owner/{number}") for number in range(9)], tmp_path)
    nearly_empty = pages([row("owner/0")], 1000)
    with suppress(DraftRefused):
        later = origin(taken_at=NOON + DAY)
        publish(nearly_empty, later, publication(tmp_path, limits=Limits(0.01, 0.9)))
    assert last_run(ParquetStore(str(tmp_path), NO_OPT_OUTS)) == NOON + DAY


def test_a_folder_that_names_no_moment_was_no_run(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "refused.json").write_text(json.dumps({}), "utf-8")
    assert last_run(ParquetStore(str(tmp_path), NO_OPT_OUTS)) is None


# The process


def test_a_crawl_is_a_process_that_ends_with_its_own_code() -> None:
    assert CrawlProcess(["crawl", "--no-such-flag"]).run() == 2


def test_nothing_is_started_after_the_end() -> None:
    crawl = CrawlProcess(["--version"])
    crawl.end()
    assert crawl.run() == ENDED
