"""One run at a time: a lock that says who holds it and is let go when its holder dies.

The lock is the operating system's (flock) on the file `lock` beside the snapshots, not the file
itself: a kill lets it go, so that nothing ever has to be deleted by hand. What the file says is for
people alone. Readers never ask for it: a snapshot is there whole or not at all.
"""

import errno
import fcntl
import json
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from lineage.domain.clock import iso
from lineage.errors import StoreError, StoreLocked

FILE = "lock"
_NO_LOCKS_HERE = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})
"""What a file system without locks answers: some network file systems."""
_LONGEST_FACTS = 4096


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a store."""

    host: str
    pid: int
    command: str
    since: str
    """The moment, ISO 8601 in UTC."""

    @classmethod
    def this_process(cls, command: str, now: datetime) -> "Holder":
        """Return what is said of this process; the command must hold no secret."""
        return cls(socket.gethostname(), os.getpid(), command, iso(now))

    def __str__(self) -> str:
        return f"{self.command} (process {self.pid} on {self.host}), since {self.since}"


@contextmanager
def hold(folder: Path, holder: Holder) -> Iterator[bool]:
    """Hold the folder's lock; give False where its file system has none, so nothing is held.

    Raises StoreLocked, which names the holder, at once where another process has it.
    """
    handle = _open_lease(folder)
    try:
        locked = _try_to_lock_lease(handle, folder)
        if locked:
            _write_lease_holder(handle, holder)
        yield locked
    finally:
        os.close(handle)  # lets the lock go; the file stays, for who may wait for it already


def _open_lease(folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Neither followed nor waited for: a link or a pipe of that name is somebody's trap.
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        handle = os.open(folder / FILE, flags, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _say_foreign_lease(folder, "is a link") from error
        raise StoreError(
            f"{folder / FILE} cannot be written: {error.strerror}",
            "free space or rights there, or name another store with --store",
        ) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise _say_foreign_lease(folder, "is no regular file")
    return handle


def _say_foreign_lease(folder: Path, what: str) -> StoreError:
    return StoreError(f"{folder / FILE} {what}: not a lock of lineage", "delete it")


def _try_to_lock_lease(handle: int, folder: Path) -> bool:
    # Never waited for: a scheduler starts the next run anyway, and the message says who is at work.
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        # Between its lock and its words the file says nothing.
        raise StoreLocked(
            f"{folder} is being written by {_read_lease_holder(handle) or 'another process'}",
            "wait until it has ended, or end it: what it has read is kept",
        ) from error
    except OSError as error:
        if error.errno in _NO_LOCKS_HERE:
            return False
        raise
    return True


def _write_lease_holder(handle: int, holder: Holder) -> None:
    # Over older words of ours alone, and nothing is cut off: by a hard link the file may be another
    # one of its owner's. Then it is a lock all the same, and whose it is stays unsaid.
    status = os.fstat(handle)
    size = status.st_size
    if status.st_nlink > 1 or (size and _read_lease_holder(handle) is None):
        return
    try:
        os.pwrite(handle, json.dumps(asdict(holder)).encode().ljust(size), 0)
    except OSError as error:
        raise StoreError(
            f"the store's {FILE} cannot be written: {error.strerror}",
            "free space there, or name another store with --store",
        ) from error


def _read_lease_holder(handle: int) -> Holder | None:
    return read_holder(os.pread(handle, _LONGEST_FACTS, 0))


def read_holder(words: bytes) -> Holder | None:
    """Return the holder that a lease names, None where its words are none of ours."""
    try:
        facts = json.loads(words[:_LONGEST_FACTS])
        names = ("host", "pid", "command", "since")
        host, pid, command, since = (facts[name] for name in names)
        return Holder(str(host), int(pid), str(command), str(since))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
