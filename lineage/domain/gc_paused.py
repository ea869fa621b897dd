"""Pausing the garbage collector where many objects are made that never form cycles.

It counts every new list and dict, and looks through all of them over and over: about an eighth of
the time of a replay (docs/benchmarks.md).
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """Keep the collector off; leave it as it was found."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
