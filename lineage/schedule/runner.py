"""Takes turns for years, in a process that does nothing else: made for containers."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Protocol

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from lineage.domain.clock import Clock
from lineage.domain.moments import iso, moment_of
from lineage.schedule.attempt import take_turn
from lineage.schedule.interval import first_turn
from lineage.store.store import ParquetStore

logger = logging.getLogger(__name__)

_LOOK_AROUND = timedelta(minutes=1)
"""The library sleeps until the next turn by a clock that stands still while a machine sleeps."""


class Crawl(Protocol):
    """What a turn runs."""

    def run(self) -> int:
        """Crawl; return the exit code."""
        ...

    def end(self) -> None:
        """End what runs, from another thread."""
        ...


class Runner:
    """Takes a turn at every interval, one at a time, until it is asked to end."""

    def __init__(
        self, crawl: Crawl, asked_to_end: Event, clock: Clock, say: Callable[[str], None]
    ) -> None:
        self._crawl = crawl
        self._asked_to_end = asked_to_end
        self._clock = clock
        self._say = say
        self._code = 0

    def every(self, interval: timedelta, last: datetime | None) -> None:
        """Take turns until asked to end; the first at once where one was missed since `last`."""
        due = first_turn(last, interval, self._clock.now())
        if last is not None:
            self._say(f"the last run was at {iso(last)}, the next is due at {iso(due)}")
        self._take(due=due, interval=interval, turn=self._turn)

    def once(self) -> int:
        """Take one turn now; return its last exit code."""
        self._take(due=self._clock.now(), interval=timedelta(days=1), turn=self._only_turn)
        return self._code

    def _take(self, due: datetime, interval: timedelta, turn: Callable[[], None]) -> None:
        scheduler = _scheduler()
        seconds = int(interval.total_seconds())
        scheduler.add_job(turn, "interval", seconds=seconds, start_date=due, next_run_time=due)
        look_around = int(_LOOK_AROUND.total_seconds())
        scheduler.add_job(_nothing, "interval", seconds=look_around, executor="looking")
        scheduler.start()
        try:
            self._asked_to_end.wait()
        finally:
            self._asked_to_end.set()  # also where something else ends the wait: no more pauses
            self._crawl.end()
            scheduler.shutdown(wait=True)

    def _turn(self) -> None:
        try:
            self._code = take_turn(self._crawl.run, self._asked_to_end.wait, self._say)
        except OSError as error:
            self._say(f"the crawl could not be started: {error}; the next turn tries again")
            self._code = 1

    def _only_turn(self) -> None:
        try:
            self._turn()
        finally:
            self._asked_to_end.set()


def last_run(store: ParquetStore) -> datetime | None:
    """Return when the newest run began that came to its end, refused drafts included.

    Walks below one base do not count: a schedule takes no such snapshot.
    """
    latest = store.latest_whole()
    began = [] if latest is None else [latest.manifest.origin.taken_at]
    refused = (moment_of(id) for id in store.refused())
    return max((*began, *(moment for moment in refused if moment is not None)), default=None)


def _scheduler() -> BackgroundScheduler:
    """Return one that never runs two turns at once, and makes up for missed ones by one alone."""
    return BackgroundScheduler(
        timezone=UTC,
        logger=logger,
        executors={"default": ThreadPoolExecutor(1), "looking": ThreadPoolExecutor(1)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )


def _nothing() -> None:
    """Let the library look at the time."""
