"""How a long run works: what it tells meanwhile, and a pause for the garbage collector."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


class Progress:
    """Hears of each step and shows nothing; also the base of those who show."""

    def begin(self, stage: str, total: int | None = None) -> None:
        """A stage begins; total is its number of steps (pages, rows), where it is known."""

    def step(self, done: int, note: str = "") -> None:
        """So many steps of the stage are done in all."""

    def waiting(self, seconds: float, why: str) -> None:
        """The run pauses for so many seconds."""

    def say(self, message: str) -> None:
        """Something happened that a user should know."""

    def end(self) -> None:
        """The stage is done."""


@contextmanager
def garbage_collector_paused() -> Iterator[None]:
    """Keep the collector off; leave it as it was found.

    It counts every new list and dict, and looks through all of them over and over: about an eighth
    of the time of a replay (docs/benchmarks.md).
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
