"""A crawl as a process of its own.

So the memory of a sweep goes back to the system when it ends, a crash ends a turn and not the
schedule, and a request to end reaches a crawl wherever it is.
"""

import subprocess
import sys
from collections.abc import Sequence
from threading import Lock

PATIENCE_SECONDS = 20.0
"""How long a crawl may take to end when asked; a kill loses no more than the page in flight."""
ENDED = 143
"""As shells count a process that SIGTERM ended."""


class CrawlProcess:
    """Runs one crawl at a time; may be ended from another thread, for good."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Take the words after `lineage`; nothing is started yet."""
        self._command = [sys.executable, "-m", "lineage", *arguments]
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False

    def run(self) -> int:
        """Crawl; return the exit code, as shells count it where a signal ended it."""
        with self._lock:
            if self._ended:
                return ENDED
            self._process = process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)
        code = process.wait()
        return code if code >= 0 else 128 - code

    def end(self) -> None:
        """End what runs, and start nothing more; returns when it has ended."""
        with self._lock:
            self._ended, process = True, self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
