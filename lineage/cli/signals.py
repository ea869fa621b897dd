"""How a process takes a request to end: Ctrl-C, or SIGTERM from its supervisor."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import NoReturn


class Terminated(SystemExit):
    """SIGTERM ended the work, with the exit code that shells give it."""


@contextmanager
def stop_requests() -> Iterator[Event]:
    """Give what is set when Ctrl-C or SIGTERM asks the process to end."""
    # An event and no exception: a runner finishes its bookkeeping before it ends.
    stop = Event()
    previous = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def sigterm_ends_at_once() -> Iterator[None]:
    """Let SIGTERM end the work as Ctrl-C does."""
    # The first process of a container has no default handler: it would not hear SIGTERM, and be
    # killed after the grace period.
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _terminate(number: int, _: FrameType | None) -> NoReturn:
    raise Terminated(128 + number)
