"""A turn: run again where running again helps, and nowhere else."""

from collections.abc import Iterator

import pytest

from lineage.schedule.attempt import MOST_RUNS, PAUSE, take_turn


class Turn:
    """One turn over crawls that end as told."""

    def __init__(self, *codes: int, ended_in_pause: int | None = None) -> None:
        self._codes: Iterator[int] = iter(codes)
        self._ended_in_pause = ended_in_pause
        self.runs = 0
        self.pauses: list[float] = []
        self.said: list[str] = []
        self.code = take_turn(self._run, self._pause, self.said.append)

    def _run(self) -> int:
        self.runs += 1
        return next(self._codes)

    def _pause(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        return len(self.pauses) == self._ended_in_pause


@pytest.mark.parametrize("code", [0, 1, 2, 4, 5, 130, 137])
def test_what_another_run_would_not_change_is_run_once(code: int) -> None:
    turn = Turn(code)
    assert (turn.code, turn.runs, turn.pauses, len(turn.said)) == (code, 1, [], 1)


def test_a_hub_that_could_not_be_read_is_asked_again_after_a_pause() -> None:
    turn = Turn(3, 3, 0)
    assert (turn.code, turn.runs, turn.pauses) == (0, 3, [PAUSE.total_seconds()] * 2)


def test_what_needs_a_look_ends_the_retries() -> None:
    assert (turn := Turn(3, 4)).code == 4
    assert "somebody should look" in turn.said[-1]


def test_retries_come_to_an_end() -> None:
    turn = Turn(*[3] * 99)
    assert (turn.code, turn.runs, len(turn.pauses)) == (3, MOST_RUNS, MOST_RUNS - 1)


def test_a_request_to_end_during_a_pause_is_heard() -> None:
    turn = Turn(3, 3, 3, ended_in_pause=2)
    assert (turn.code, turn.runs) == (3, 2)


def test_a_killed_crawl_is_told_by_its_signal() -> None:
    assert "ended by signal 9" in Turn(137).said[0]
