"""Runs crawls for years, in a process that does nothing else: made for containers."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from typing import Protocol

from lineage.domain.clock import Clock, iso, moment_of_snapshot_id
from lineage.errors import SourceError, StoreError
from lineage.schedule.plan import first_run
from lineage.store.store import ParquetStore

MOST_ATTEMPTS = 4
# Twice the window of the Hub's rate limit, so that a spent window is over when it is tried again.
PAUSE = timedelta(minutes=10)

# Above it shells count which signal ended a process.
_SIGNALS = 128
_MEANINGS = {
    0: "it is done",
    SourceError.exit_code: "the Hub did not take part to the end; what was read or sent is kept",
    StoreError.exit_code: "somebody should look; the next run tries again",
}


def run_scheduled_attempts(
    attempt: Callable[[], int],
    pause: Callable[[float], bool],
    say: Callable[[str], None],
) -> int:
    """Attempt again while exit code 3 says that this helps; return the last exit code.

    `attempt` returns an exit code; `pause` waits so many seconds, and returns whether the schedule
    was asked to end meanwhile.
    """
    for more_attempts in reversed(range(MOST_ATTEMPTS)):
        code = attempt()
        if code != SourceError.exit_code or not more_attempts:
            break
        minutes = PAUSE.seconds // 60
        say(
            f"{_explain_scheduled_exit_code(code)}; again in {minutes} minutes,"
            f" {more_attempts} times at most"
        )
        if pause(PAUSE.total_seconds()):
            return code
    say(_explain_scheduled_exit_code(code))
    return code


def _explain_scheduled_exit_code(code: int) -> str:
    if code > _SIGNALS:
        return f"the crawl was ended by signal {code - _SIGNALS}; the next run goes on"
    meaning = _MEANINGS.get(code, "its own lines say why; the next run tries again")
    return f"the crawl ended with exit code {code}: {meaning}"


# How long a crawl may take to end when asked; a kill loses no more than the page in flight.
PATIENCE_SECONDS = 20.0
# As shells count a process that SIGTERM ended.
ENDED = 143
# How soon a request to end is noticed; waking up costs nothing.
_LONGEST_SLEEP = 1.0


class Crawl(Protocol):
    """What a run starts."""

    def run_scheduled_crawl(self) -> int:
        """Crawl; return the exit code."""
        ...

    def end_scheduled_crawl(self) -> None:
        """End the crawl that runs, from another thread; no further one starts."""
        ...


class Runner:
    """Crawls at every interval, one crawl at a time, until it is asked to end."""

    def __init__(
        self, crawl: Crawl, end_request: Event, clock: Clock, say: Callable[[str], None]
    ) -> None:
        self._crawl = crawl
        self._end_request = end_request
        self._clock = clock
        self._say = say

    def run_every(self, interval: timedelta, last: datetime | None) -> None:
        """Run until asked to end; the first time at once where a run was missed since `last`."""
        due = first_run(last, interval, self._clock.now())
        if last is not None:
            self._say(f"the last run was at {iso(last)}, the next is due at {iso(due)}")
        with _Ending(self._crawl, self._end_request):
            while not self._wait_until_scheduled_time(due):
                self._run_scheduled_crawl()
                # Runs that fell due while this one lasted are skipped: one crawl makes up for all.
                due += interval * max(1, -((due - self._clock.now()) // interval))

    def run_once(self) -> int:
        """Run now; return the last exit code."""
        with _Ending(self._crawl, self._end_request):
            return self._run_scheduled_crawl()

    def _run_scheduled_crawl(self) -> int:
        try:
            return run_scheduled_attempts(
                self._crawl.run_scheduled_crawl, self._pause_schedule, self._say
            )
        except OSError as error:
            self._say(f"the crawl could not be started: {error}; the next run tries again")
            return 1

    def _pause_schedule(self, seconds: float) -> bool:
        return self._wait_until_scheduled_time(self._clock.now() + timedelta(seconds=seconds))

    def _wait_until_scheduled_time(self, moment: datetime) -> bool:
        """Let time pass until a moment; return whether the end was requested meanwhile."""
        # One long sleep would go by a clock that stands still while a machine is suspended, and
        # waiting for the event itself could deadlock with the signal handler that sets it.
        while not self._end_request.is_set():
            seconds = (moment - self._clock.now()).total_seconds()
            if seconds <= 0:
                return False
            self._clock.sleep(min(seconds, _LONGEST_SLEEP))
        return True


class _Ending:
    """Ends a crawl as soon as the end is requested, and when the block ends."""

    def __init__(self, crawl: Crawl, end_request: Event) -> None:
        self._end_request = end_request
        # The main thread waits for the crawl, so another one must hear the request.
        self._listener = Thread(target=self._listen_for_schedule_end, args=(crawl,), daemon=True)

    def __enter__(self) -> None:
        self._listener.start()

    def __exit__(self, *_: object) -> None:
        self._end_request.set()
        self._listener.join()

    def _listen_for_schedule_end(self, crawl: Crawl) -> None:
        self._end_request.wait()
        crawl.end_scheduled_crawl()


class CrawlProcess:
    """Runs one crawl at a time, as a process; may be ended from another thread, for good."""

    # A process of its own, so that the memory of a full crawl goes back to the system when it
    # ends, and a crash ends one run and not the schedule.

    def __init__(
        self,
        arguments: Sequence[str],
        variables: Mapping[str, str] | None = None,
        then: Sequence[str] = (),
    ) -> None:
        """Take the words after `lineage`, and more variables; nothing is started yet.

        Where there is a second command, `then`, it runs once the first one has ended with 0.
        """
        self._environment = {**os.environ, **(variables or {})}
        self._commands = [words for words in (arguments, then) if words]
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ended = False

    def run_scheduled_crawl(self) -> int:
        """Crawl; return the exit code, as shells count it where a signal ended it."""
        code = 0
        for words in self._commands:
            with self._lock:
                if self._is_ended:
                    return ENDED
                self._process = process = subprocess.Popen(
                    [sys.executable, "-m", "lineage", *words],
                    stdin=subprocess.DEVNULL,
                    env=self._environment,
                )
            if code := process.wait():
                break
        return code if code >= 0 else 128 - code

    def end_scheduled_crawl(self) -> None:
        """End what runs, and start nothing more; returns when it has ended."""
        with self._lock:
            self._is_ended, process = True, self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def last_scheduled_run(store: ParquetStore) -> datetime | None:
    """Return when the newest run began that came to its end, refused drafts included.

    Snapshots below one base are not looked at: a schedule takes no such snapshot.
    """
    latest = store.latest_whole()
    starts = [] if latest is None else [latest.manifest.origin.taken_at]
    refused = (moment_of_snapshot_id(id) for id in store.refused())
    return max((*starts, *(moment for moment in refused if moment is not None)), default=None)
