"""How a process takes a request to end: Ctrl-C, or SIGTERM from its supervisor."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# How long the main thread may take to hear a signal: Python tells it between two of its own steps,
# and never while a library waits for a disk or a network.
_PATIENCE_SECONDS = 1.0
_HEARD = Event()
NOTHING_CHANGED = "nothing was changed; run the same command again"
# What an interrupted run leaves behind changes while it goes on, and another thread may ask.
_kept = [NOTHING_CHANGED]


class Interrupted(SystemExit):
    """Ctrl-C or SIGTERM ended the work; its code is the one that shells give the signal."""


def keep(sentence: str) -> None:
    """Set what an interruption from now on leaves behind, and how to go on."""
    _kept[0] = sentence


def kept() -> str:
    """Return what an interruption leaves behind now, and how to go on."""
    return _kept[0]


@contextmanager
def ends_on_signals(last_words: Callable[[], None]) -> Iterator[None]:
    """Raise Interrupted in the work at Ctrl-C and SIGTERM.

    The process ends after its last words where the work does not hear the signal, and at a second
    one. In other threads than the main one signals are the caller's.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _HEARD.clear()
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    watcher = Thread(target=_watch, args=(reading, last_words), daemon=True)
    watcher.start()
    former = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    try:
        with _handle(_interrupt):
            yield
    finally:
        signal.set_wakeup_fd(former)
        writing.close()
        watcher.join()
        reading.close()


@contextmanager
def stop_requests() -> Iterator[Event]:
    """Give what is set when Ctrl-C or SIGTERM asks the process to end."""
    # An event and no exception: a runner finishes its bookkeeping before it ends.
    stop = Event()

    def request(_: int, __: FrameType | None) -> None:
        _HEARD.set()
        stop.set()

    with _handle(request):
        yield stop


@contextmanager
def _handle(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    # A shell's `&` lets a command ignore Ctrl-C, which is meant for another one. The first process
    # of a container has no default handler: without ours it would not hear SIGTERM.
    former = {
        number: signal.signal(number, handler)
        for number in SIGNALS
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, before in former.items():
            signal.signal(number, before)


def _interrupt(number: int, _: FrameType | None) -> NoReturn:
    _HEARD.set()
    raise Interrupted(128 + number)


def _watch(signals: socket.socket, last_words: Callable[[], None]) -> None:
    """Wait for signals beside the main thread; end the process where that must not go on."""
    if not (first := signals.recv(1)):
        return
    signals.settimeout(_PATIENCE_SECONDS)
    try:
        second = signals.recv(1)
    except TimeoutError:
        second = b"again"
        if _HEARD.is_set():
            signals.settimeout(None)
            second = signals.recv(1)
    if second:
        last_words()
        os._exit(128 + first[0])
