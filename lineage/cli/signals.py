"""How a process takes a request to end: Ctrl-C, or SIGTERM from whoever supervises it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import NoReturn


@contextmanager
def asked_to_end() -> Iterator[Event]:
    """Give what is set when Ctrl-C or SIGTERM asks the process to end."""
    asked = Event()
    before = {
        number: signal.signal(number, lambda *_: asked.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def sigterm_ends_at_once() -> Iterator[None]:
    """Let SIGTERM end the work as Ctrl-C does, with the exit code that shells give it.

    The first process of a container is deaf to it otherwise, and would be killed.
    """
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(number: int, _: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
