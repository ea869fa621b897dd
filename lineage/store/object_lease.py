"""One run at a time on an object store: a lease object that expires unless it is renewed.

It is taken and renewed by writing over the version that was read and no other, and it expires by
the server's clock alone: two machines need not agree on the time.
"""

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from lineage.domain.clock import iso
from lineage.errors import LineageError, StoreLocked
from lineage.store.lease import FILE, Holder, read_holder

if TYPE_CHECKING:
    from lineage.store.object_files import ObjectFiles

EXPIRES_AFTER = timedelta(minutes=5)
RENEWED_EVERY = timedelta(minutes=1)


@contextmanager
def hold_object_lease(
    files: "ObjectFiles",
    holder: Holder,
    *,
    expires_after: timedelta = EXPIRES_AFTER,
    renewed_every: timedelta = RENEWED_EVERY,
) -> Iterator[bool]:
    """Hold the store's lease, renewed by a thread; publishing stops where another has taken it.

    Raises StoreLocked, which names the holder and when its lease expires, where it is held.
    """
    lease = _Lease(files, holder, expires_after, renewed_every)
    lease.take()
    ended = threading.Event()
    renewer = threading.Thread(target=lease.renew_until, args=(ended,), daemon=True)
    renewer.start()
    files.confirm_lease = lease.confirm
    try:
        yield True
    finally:
        files.confirm_lease = lambda: None
        ended.set()
        renewer.join()
        lease.release()


class _Lease:
    """The lease object of one store, as this process has written it last."""

    def __init__(
        self,
        files: "ObjectFiles",
        holder: Holder,
        expires_after: timedelta,
        renewed_every: timedelta,
    ) -> None:
        # Different each time: a version is told by its content on some servers.
        self._words = {**asdict(holder), "token": secrets.token_hex(8)}
        self._files = files
        self._expires_after, self._renewed_every = expires_after, renewed_every
        self._version: str | None = None
        self._renewed_at = time.monotonic()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Take the lease; StoreLocked where somebody's is not over."""
        if self._write(None):
            return
        if (lease := self._files.read_version(FILE)) is None:
            raise self._say_held(b"", None)
        expires = lease.written_at + self._expires_after
        if self._files.read_server_time() < expires or not self._write(lease.version):
            raise self._say_held(lease.content, expires)

    def confirm(self) -> None:
        """Raise StoreLocked where the lease is not surely ours any more."""
        with self._lock:
            # The thread renews it each minute; after a suspended process, or a network that was
            # away, the server is asked.
            age = time.monotonic() - self._renewed_at
            is_fresh = age < self._expires_after.total_seconds() / 2
            if self._version is not None and (is_fresh or self._write(self._version)):
                return
        raise StoreLocked(
            f"another run took over {self._files.location} while this one did not renew its lease",
            "nothing was published; run it again",
        )

    def renew_until(self, ended: threading.Event) -> None:
        """Renew the lease again and again; an answer that does not come is asked for again."""
        while not ended.wait(self._renewed_every.total_seconds()):
            with self._lock:
                if self._version is None:
                    return
                with suppress(LineageError):  # the network is away: the lease holds a while longer
                    self._write(self._version)

    def release(self) -> None:
        """Delete the lease; where it may be another's by now, or nothing answers, it expires."""
        with self._lock, suppress(LineageError):
            age = time.monotonic() - self._renewed_at
            if self._version is not None and age < self._expires_after.total_seconds() / 2:
                self._files.delete_file(FILE)

    def _write(self, version: str | None) -> bool:
        """Write the lease over one version of it, or where none is; say whether that was done."""
        self._words["written"] = secrets.token_hex(4)
        content = json.dumps(self._words).encode()
        started = time.monotonic()
        self._version = self._files.replace_version(FILE, content, version)
        if self._version is not None:
            self._renewed_at = started
        return self._version is not None

    def _say_held(self, content: bytes, expires: datetime | None) -> StoreLocked:
        holder = read_holder(content)
        until = "" if expires is None else f"; its lease expires at {iso(expires)} if it has died"
        return StoreLocked(
            f"{self._files.location} is being written by {holder or 'another process'}{until}",
            "wait until it has ended, or end it: what it has read is kept",
        )
