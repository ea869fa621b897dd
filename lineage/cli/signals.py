"""How a process takes a request to end: Ctrl-C, or SIGTERM from its supervisor."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# How long the main thread may take to hear a signal: Python tells it between two of its own steps,
# and never while a library waits for a disk or a network.
_PATIENCE_SECONDS = 1.0
# How long the work may take to end once it has heard; what a kill leaves is cleared by later runs.
_LONGEST_END_SECONDS = 15.0
NOTHING_CHANGED = "nothing was changed; run the same command again"


class Interrupted(SystemExit):
    """Ctrl-C or SIGTERM ended the work; its code is the one that shells give the signal."""


@dataclass(slots=True)
class _State:
    """Of the one command that runs, as handlers of signals and the watching thread share it."""

    outcome: str = NOTHING_CHANGED
    is_heard: bool = False
    interruption: Interrupted | None = None


_state = _State()


def find_command_interruption() -> Interrupted | None:
    """Return what was raised in the work: who caught it may have made another error of it."""
    return _state.interruption


def set_interrupted_command_outcome(sentence: str) -> None:
    """Set what an interruption from now on leaves behind, and how to go on."""
    _state.outcome = sentence


def describe_interrupted_command_outcome() -> str:
    """Return what an interruption leaves behind now, and how to go on."""
    return _state.outcome


@contextmanager
def ends_on_signals(last_words: Callable[[], None]) -> Iterator[None]:
    """Raise Interrupted in the work at Ctrl-C and SIGTERM.

    The process ends after its last words where the work does not hear the signal, and at a second
    one. In other threads than the main one signals are the caller's.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _state.is_heard, _state.interruption = False, None
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    watcher = Thread(target=_watch_signals, args=(reading, last_words), daemon=True)
    watcher.start()
    former = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    try:
        with _handle_signal(_interrupt_command):
            yield
    finally:
        signal.set_wakeup_fd(former)
        writing.close()
        watcher.join()
        reading.close()


@contextmanager
def stop_signal_requests() -> Iterator[Event]:
    """Give what is set when Ctrl-C or SIGTERM asks the process to end."""
    # An event and no exception: a runner finishes its bookkeeping before it ends.
    stop = Event()

    def request_command_stop(_: int, __: FrameType | None) -> None:
        _state.is_heard = True
        stop.set()

    with _handle_signal(request_command_stop):
        yield stop


@contextmanager
def _handle_signal(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
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


def _interrupt_command(number: int, _: FrameType | None) -> NoReturn:
    _state.is_heard, _state.interruption = True, Interrupted(128 + number)
    raise _state.interruption


def _watch_signals(signals: socket.socket, last_words: Callable[[], None]) -> None:
    """Wait for signals beside the main thread; end the process where that must not go on."""
    if not (first := signals.recv(1)):
        return
    event = _next_signal_event(signals, _PATIENCE_SECONDS)
    if event is None and _state.is_heard:
        # Who asked for an event, and gets no exception, has bookkeeping that takes its time.
        is_request = _state.interruption is None
        event = _next_signal_event(signals, None if is_request else _LONGEST_END_SECONDS)
    if event != b"":
        last_words()
        os._exit(128 + first[0])


def _next_signal_event(signals: socket.socket, seconds: float | None) -> bytes | None:
    """Return the next signal, nothing where the work has ended, None where time is up."""
    signals.settimeout(seconds)
    try:
        return signals.recv(1)
    except TimeoutError:
        return None
