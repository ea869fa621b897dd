"""A scheduled run: attempted again where running again helps, and nowhere else."""

from collections.abc import Iterator

import pytest

from lineage.schedule.runner import MOST_ATTEMPTS, PAUSE, run_scheduled_attempts


class Run:
    """One run of crawls that end as told."""

    def __init__(self, *codes: int, ended_in_pause: int | None = None) -> None:
        self._codes: Iterator[int] = iter(codes)
        self._ended_in_pause = ended_in_pause
        self.attempts = 0
        self.pauses: list[float] = []
        self.said: list[str] = []
        self.code = run_scheduled_attempts(self._attempt, self._pause, self.said.append)

    def _attempt(self) -> int:
        self.attempts += 1
        return next(self._codes)

    def _pause(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        return len(self.pauses) == self._ended_in_pause


@pytest.mark.parametrize("code", [0, 1, 2, 4, 5, 130, 137])
def test_what_another_run_would_not_change_is_run_once(code: int) -> None:
    run = Run(code)
    assert (run.code, run.attempts, run.pauses, len(run.said)) == (code, 1, [], 1)


def test_a_hub_that_could_not_be_read_is_asked_again_after_a_pause() -> None:
    run = Run(3, 3, 0)
    assert (run.code, run.attempts, run.pauses) == (0, 3, [PAUSE.total_seconds()] * 2)


def test_what_needs_a_look_ends_the_retries() -> None:
    assert (run := Run(3, 4)).code == 4
    assert "somebody should look" in run.said[-1]


def test_retries_come_to_an_end() -> None:
    run = Run(*[3] * 99)
    assert (run.code, run.attempts, len(run.pauses)) == (3, MOST_ATTEMPTS, MOST_ATTEMPTS - 1)


def test_a_request_to_end_during_a_pause_is_heard() -> None:
    run = Run(3, 3, 3, ended_in_pause=2)
    assert (run.code, run.attempts) == (3, 2)


def test_a_killed_crawl_is_told_by_its_signal() -> None:
    assert "ended by signal 9" in Run(137).said[0]
