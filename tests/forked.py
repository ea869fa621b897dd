"""Processes to be killed: forked off one that has loaded the program, which takes a second."""

import multiprocessing
import os
import sys
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["lineage.build.pipeline", "tests.story.crawl_process"])


def start_forked(
    target: Callable[..., int | None], *arguments: object, words: Path
) -> ForkServerProcess:
    """Start a process that ends with what the target returns; what it prints is in a file."""
    process = _FORKS.Process(target=_run_in_fork, args=(words, target, arguments))
    process.start()
    return process


def has_ended(process: ForkServerProcess, seconds: float | None = None) -> bool:
    """Wait for a process to end, at most so long; say whether it has."""
    process.join(seconds)
    return process.exitcode is not None


def _run_in_fork(
    words: Path, target: Callable[..., int | None], arguments: tuple[object, ...]
) -> None:
    file = os.open(words, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for printed in (1, 2):
        os.dup2(file, printed)
    sys.exit(target(*arguments))
