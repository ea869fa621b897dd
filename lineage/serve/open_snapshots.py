"""The snapshots that answers come from: the latest is always open, others when they are asked for.

A new one is noticed while the server runs. A request takes one OpenSnapshot and keeps it.
"""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import Event, RLock
from typing import Any, Generic, TypeVar

from lineage.analysis.scope import Scope
from lineage.analysis.subjects import full_scope, lists_subject
from lineage.domain.documents import convert_to_document, to_json
from lineage.domain.families import Family
from lineage.errors import LineageError, NoSuchSnapshot, SnapshotPruned
from lineage.store.column_cache import release_unused_memory
from lineage.store.manifest import FILE
from lineage.store.reader import Snapshot
from lineage.store.store import LATEST, ParquetStore
from lineage.version import __version__

Value = TypeVar("Value")

_LOG = logging.getLogger("lineage.serve")
_MOST_OPEN = 3
"""Besides the latest: each holds the columns that were asked for."""
_NEWEST_WATCHED = 5
_LISTS_HELD = 32
_ANSWERS_HELD = 128


class Recent(Generic[Value]):
    """The values that were used last, at most so many."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, RLock()
        self._values: OrderedDict[Hashable, Value] = OrderedDict()

    def get_recent_answer(self, key: Hashable) -> Value | None:
        """Return a value that is still held."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put_recent_answer(self, key: Hashable, value: Value) -> Value:
        """Hold a value; the one that was used longest ago goes."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value

    def clear_recent_answers(self) -> None:
        """Hold nothing any more."""
        with self._lock:
            self._values.clear()


@dataclass(frozen=True, slots=True)
class OpenSnapshot:
    """One snapshot with everything that was read of it."""

    scope: Scope
    """By the default definition."""
    version: str
    """Of any answer: another snapshot, registry, list of opt-outs or program gives another."""
    lists: Recent[Any] = field(default_factory=lambda: Recent(_LISTS_HELD))
    """Lists of derivatives that pages are cut from."""
    answers: Recent[bytes] = field(default_factory=lambda: Recent(_ANSWERS_HELD))
    """Answers that take long to find, such as curves."""

    def lists_of(self, key: Hashable, find: Callable[[], Any]) -> Any:
        """Return what was found for a key before, else find it now."""
        value = self.lists.get_recent_answer(key)
        return self.lists.put_recent_answer(key, find()) if value is None else value

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot itself."""
        return self.scope.snapshot


class OpenSnapshots:
    """Opens snapshots of one store, and keeps the latest and a few others open."""

    def __init__(
        self, store: ParquetStore, families: Sequence[Family], opt_outs_digest: str
    ) -> None:
        self.store = store
        self._families = families
        registry = to_json(convert_to_document(tuple(families)), indent=None)
        decisive = "\n".join((registry, opt_outs_digest, __version__))
        self._version = hashlib.sha256(decisive.encode()).hexdigest()[:12]
        self._lock = RLock()
        self._latest: OpenSnapshot | None = None
        self._others: Recent[OpenSnapshot] = Recent(_MOST_OPEN)
        self._ids: Recent[str] = Recent(_ANSWERS_HELD)
        """Which snapshot answers for a name or a day."""
        self._folders: tuple[object, ...] = ()

    @property
    def latest_served_snapshot(self) -> OpenSnapshot | None:
        """The latest snapshot of everything; None where there is none yet."""
        return self._latest

    def find_served_snapshot(
        self, name: str | None, day: date | None, subject: str | None
    ) -> OpenSnapshot:
        """Return the snapshot that a question is asked of, as the commands choose it."""
        name = None if name == LATEST else name
        if name is None and day is None and self._latest is not None:
            return self._latest

        def holds(candidate: Snapshot) -> bool:
            return subject is not None and lists_subject(Scope(candidate, self._families), subject)

        with self._lock:
            # In a store of single families the answer depends on the subject.
            key = (name, day, None if self._latest is not None else subject)
            id = self._ids.get_recent_answer(key)
            if id is not None and (opened := self._opened_to_serve(id)) is not None:
                return opened
            if name is not None or day is None:
                snapshot = self.store.snapshot(name, holds)
            else:
                snapshot = self.store.snapshot_at(day, holds)
            self._ids.put_recent_answer(key, snapshot.id)
            return self._opened_to_serve(snapshot.id) or self._others.put_recent_answer(
                snapshot.id, self._open_to_serve(snapshot)
            )

    def refresh_served_snapshots(self) -> None:
        """Open the latest snapshot where it is another by now; what was pruned is let go."""
        names = self.store.files.folders()
        # What is accepted by hand gets its manifest long after its folder.
        newest = sorted(names)[-_NEWEST_WATCHED:]
        published = [self.store.files.exists(f"{name}/{FILE}") for name in newest]
        if (folders := (*names, *published)) == self._folders:
            return
        try:
            snapshot: Snapshot | None = self.store.snapshot()
        except NoSuchSnapshot:
            snapshot = None
        latest = self._latest
        if snapshot is None:
            self._latest = None
        elif latest is None or latest.snapshot.manifest != snapshot.manifest:
            opened = self._open_to_serve(snapshot)
            if latest is not None:  # the first one is read while it answers already
                warm_served_snapshot(opened)
            # One assignment: a request that has begun goes on with the one before.
            self._latest = opened
            _LOG.info("answers come from snapshot %s now", snapshot.id)
        self._ids.clear_recent_answers()
        self._others.clear_recent_answers()
        self._folders = folders
        del latest
        release_unused_memory()

    def watch_served_snapshots(self, stop: Event, seconds: float) -> None:
        """Look for new snapshots until asked to stop; what fails is tried again."""
        if self._latest is not None:
            warm_served_snapshot(self._latest)
        while not stop.wait(seconds):
            try:
                self.refresh_served_snapshots()
            except LineageError as error:
                _LOG.warning("the store cannot be looked at: %s", error.message)

    def _opened_to_serve(self, id: str) -> OpenSnapshot | None:
        latest = self._latest
        return latest if latest and latest.snapshot.id == id else self._others.get_recent_answer(id)

    def _open_to_serve(self, snapshot: Snapshot) -> OpenSnapshot:
        snapshot.hold_in_memory()
        scope = Scope(snapshot, self._families)
        return OpenSnapshot(scope, f"{snapshot.id}-{self._version}")


def warm_served_snapshot(opened: OpenSnapshot) -> None:
    """Read what most questions need, so that none has to wait for it."""
    snapshot, scope = opened.snapshot, opened.scope
    try:
        for name in ("key", "created_at"):
            snapshot.record_column(name)
        for each in (scope, full_scope(scope)):
            each.graph.rows()
            each.roots_of([root for family in scope.families for root in family.root_repo_ids()])
        for part in (snapshot, snapshot.unredacted):
            if part is not None and part.index is not None and part.index.record_ids is None:
                part.index.add_records(part.record_column("id"))
    except SnapshotPruned:
        _LOG.info("snapshot %s was pruned before it was read", snapshot.id)
