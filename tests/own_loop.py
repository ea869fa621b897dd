"""Asynchronous calls of tests, each in a thread and a loop of its own."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from anyio.from_thread import start_blocking_portal

Answer = TypeVar("Answer")


def run_in_own_loop(ask: Callable[..., Awaitable[Answer]], *arguments: object) -> Answer:
    """Call and wait: where a browser is open, its loop runs in the thread of the tests already."""
    with start_blocking_portal() as portal:
        return portal.call(ask, *arguments)
