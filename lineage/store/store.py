"""The history: every published snapshot in one place, and the drafts that were set aside."""

import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial

from lineage.domain.clock import end_of_day_utc, iso, snapshot_id
from lineage.domain.opt_outs import OptOuts
from lineage.errors import (
    NoSuchSnapshot,
    SchemaTooNew,
    SettingsError,
    SnapshotDamaged,
    SnapshotPruned,
    StoreError,
    UnknownSnapshot,
)
from lineage.store import inventory, schema
from lineage.store.files import open_files
from lineage.store.inventory import (
    MARK,
    State,
    compare_tables_with_manifest,
    discard,
    is_snapshot_id,
    read_manifest,
    remove_snapshot_folder_mark,
    snapshot_base_of,
    snapshot_folders,
    snapshot_state_of,
)
from lineage.store.lease import Holder
from lineage.store.manifest import (
    FILE,
    REFUSAL_FILE,
    CheckResult,
    Manifest,
    Origin,
    SnapshotKind,
    is_snapshot_below_base,
)
from lineage.store.merged_tables import tables_of
from lineage.store.reader import Snapshot

ABANDONED_AFTER = timedelta(days=2)
"""An unfinished draft this old belongs to no run that could still go on."""

LATEST = "latest"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

_A_HUMAN_KNOWS = ("few_bad_rows", "no_sudden_loss", "missing_are_gone")
"""The checks that warn of what may be true all the same."""


class ParquetStore:
    """Snapshots as folders of Parquet files below one root, local or by URL.

    Readers and manifests that it hands out name none of `opt_outs`, in any answer. What makes,
    judges or deletes snapshots must see all of them, and says so by opening it with NO_OPT_OUTS.
    """

    def __init__(self, location: str, opt_outs: OptOuts, cache: str = "cache") -> None:
        self.files = open_files(location, cache)
        self.location = self.files.location
        """Where it lies, as it is shown: without secrets."""
        self._opt_outs = opt_outs

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.location}>"

    def __iter__(self) -> Iterator[Snapshot]:
        """Yield every snapshot that can be read, oldest first."""
        return (self.snapshot(manifest.id) for manifest in self.manifests())

    def manifests(self) -> list[Manifest]:
        """Return the manifest of every snapshot, oldest first; `damaged` tells of the others."""
        return [self._shown_store(manifest) for manifest in self._readable_snapshot()]

    def damaged(self) -> dict[str, str]:
        """Return by id what is wrong with the snapshots that cannot be read, oldest first.

        A manifest that is damaged or lost, or no more of what an update builds on.
        """
        entries = inventory.read_all(self.files) | inventory.list_lost_snapshots(self.files)
        ordered = [(id, entries[id]) for id in sorted(entries)]
        return {id: it.message for id, it in ordered if isinstance(it, SnapshotDamaged)}

    def history(self, tell: Callable[[str], None]) -> Iterator[Snapshot]:
        """Yield every snapshot of more than one base's family, oldest first.

        `tell` is called with what is wrong with each one that cannot be read.
        """
        for entry in inventory.read_all(self.files).values():
            try:
                if isinstance(entry, SnapshotDamaged):
                    raise entry
                snapshot = None if is_snapshot_below_base(entry) else self._open_snapshot(entry)
            except SnapshotDamaged as error:
                tell(error.message)
                continue
            if snapshot is not None:
                yield snapshot

    def refused(self) -> list[str]:
        """Return the ids of the drafts that were set aside, oldest first."""
        folders = snapshot_folders(self.files)
        return [
            folder for folder in folders if snapshot_state_of(self.files, folder) is State.REFUSED
        ]

    def snapshot(
        self, name: str | None = None, holds: Callable[[Snapshot], bool] | None = None
    ) -> Snapshot:
        """Return a snapshot by its ID, `latest`, or a date: the newest one up to that day's end.

        Without a name the latest. Latest, and up to a date, is the newest that holds everything; in
        a store of single families alone the newest that `holds` says yes of.
        """
        if name is None or name == LATEST:
            return self._newest_snapshot(None, holds)
        if _DATE.fullmatch(name):
            return self._newest_snapshot(_parse_snapshot_lookup_date(name), holds)
        return self._open_snapshot(self._read_own_manifest(name))

    def snapshot_at(self, day: date, holds: Callable[[Snapshot], bool] | None = None) -> Snapshot:
        """Return the newest snapshot that was begun by the end of a day, UTC, else the first one.

        The first one answers for every day before it: creation dates reach further back.
        """
        manifests = sorted(self._readable_snapshot(), key=_manifest_sort_key)
        whole = [manifest for manifest in manifests if not is_snapshot_below_base(manifest)]
        if whole and whole[0].origin.taken_at >= end_of_day_utc(day):
            return self._open_snapshot(whole[0])
        try:
            return self._newest_snapshot(day, holds)
        except NoSuchSnapshot:
            # In a store of single families the first one that holds the subject is its first.
            for snapshot in map(self._open_snapshot, [] if whole else manifests):
                if holds is not None and holds(snapshot):
                    return snapshot
            raise

    def latest_whole(self) -> Snapshot | None:
        """Return the latest snapshot of everything, if there is one."""
        newest = next(self._newest_snapshots_first(), None)
        return None if newest is None else self._open_snapshot(newest)

    def latest_crawl(self) -> Snapshot | None:
        """Return the latest full crawl or update, if there is one."""
        crawls = (
            manifest
            for manifest in self._newest_snapshots_first()
            if manifest.origin.kind is not SnapshotKind.DUMP
        )
        newest = next(crawls, None)
        return None if newest is None else self._open_snapshot(newest)

    def previous_of(self, origin: Origin) -> Iterator[Manifest]:
        """Yield the snapshots that a draft of this origin may learn from, the newest first.

        A dump may be older than what is here: it learns from what was there before it.
        """
        until = snapshot_id(origin.taken_at) if origin.kind is SnapshotKind.DUMP else None
        return self._newest_snapshots_first(until)

    def accept(self, id: str, now: datetime) -> Manifest:
        """Publish a draft that was set aside; StoreError where that would tell an untruth."""
        if id not in self.refused():
            raise UnknownSnapshot(
                f"no draft {id!r} was set aside in {self.location}",
                f"there are: {', '.join(self.refused()) or 'none'}",
            )
        manifest = read_manifest(self.files, id, REFUSAL_FILE)
        self._refuse_untrue_snapshot(manifest)
        accepted = CheckResult("accepted", True, f"published after all at {iso(now)}, by hand")
        manifest = replace(manifest, published_at=now, checks=(*manifest.checks, accepted))
        self.files.publish(f"{id}/{FILE}", manifest.to_json())
        self.files.delete_file(f"{id}/{REFUSAL_FILE}")
        return manifest

    def delete(self, *ids: str) -> None:
        """Delete snapshots, the newest first; each is none any more before its tables go.

        StoreError where one that stays builds on one of them.
        """
        builders = inventory.list_snapshots_built_on(self.files)
        for id in ids:
            if upon := [other for other in builders.get(id, ()) if other not in ids]:
                raise StoreError(
                    f"{', '.join(upon)} {'builds' if len(upon) == 1 else 'build'} on {id}",
                    "without it they could not be read: delete them first",
                )
        # The newest first, as an update must never be seen without what it builds on.
        for id in sorted(ids, reverse=True):
            discard(self.files, id)

    @contextmanager
    def lock(self, holder: Holder) -> Iterator[bool]:
        """Keep other runs out meanwhile; StoreLocked names the run that is at work there already.

        Gives False where nothing can be locked: on file systems without locks.
        """
        with self.files.hold(holder) as is_locked:
            yield is_locked

    def begin_draft(self, taken_at: datetime) -> str:
        """Return the id of a new draft's folder, which a mark keeps from passing for a snapshot.

        It is named by the moment its run began; what a killed run left there is deleted.
        """
        self._delete_abandoned(taken_at - ABANDONED_AFTER)
        moment = taken_at
        while not self._claim_snapshot(snapshot_id(moment)):
            moment += timedelta(seconds=1)
        return snapshot_id(moment)

    def find_damage(self, id: str, *, in_values: bool = False) -> list[str]:
        """Return what is wrong with a snapshot's files beside its manifest; empty = unharmed.

        The tables that an update builds on are looked at as well, and every value on demand.
        """
        manifest = self._read_own_manifest(id)
        if problems := self._manifest_differences(manifest):
            if not self.files.exists(f"{id}/{FILE}"):
                raise SnapshotPruned(id)
            return problems
        # The files are what was published, and that may be none of our tables all the same.
        tables = tables_of(self.files, manifest)
        for file in schema.TABLES:
            try:
                if in_values and (file in manifest.files or file in schema.CHANGES):
                    deque(tables.batches(file), maxlen=0)
                elif file in manifest.files:
                    with tables.open(file):
                        pass
            except SnapshotDamaged as error:
                problems.append(error.message)
        return problems

    def damaged_dependents(self, id: str) -> list[str]:
        """Return what builds on damaged tables: of this snapshot, or of the one it builds on."""
        manifest = self._read_own_manifest(id)
        if manifest.builds_on is not None and (
            below := self.damaged_dependents(manifest.builds_on.id)
        ):
            return below
        damaged = {
            name
            for name in schema.CHANGES
            if compare_tables_with_manifest(self.files, manifest, manifest.files_read_for([name]))
        }
        upon, harmed = inventory.list_snapshots_built_on(self.files) if damaged else {}, set[str]()
        dependents = [
            it
            for it in upon.get(id, [])
            if damaged.intersection(self._read_own_manifest(it).builds_on_files)
        ]
        while dependents:
            harmed.add(base := dependents.pop())
            dependents += [it for it in upon.get(base, []) if it not in harmed]
        return sorted(harmed)

    def _open_snapshot(self, manifest: Manifest) -> Snapshot:
        """Return the reader of a snapshot: the one place where any is made of a published one."""
        snapshot = Snapshot(self.files, manifest)
        if self._opt_outs:
            # Imported late: a look-up of milliseconds must not pay for what most stores never need.
            from lineage.store.redaction import redact_snapshot

            snapshot = redact_snapshot(snapshot, self._opt_outs)
        snapshot.list_teachers = partial(self._list_teachers, manifest)
        return snapshot

    def _list_teachers(self, manifest: Manifest, thorough: bool) -> Iterator[Snapshot]:
        """Yield the snapshots that know names which one could not know when it was made."""
        # The newest has collected the renames since.
        newest = self._latest_snapshot()
        if newest is not None and newest.id > manifest.id:
            yield self._open_snapshot(newest)
        # A dump that was imported later and dated back knows names that no crawl has seen.
        for each in self._readable_snapshot() if thorough else ():
            is_later = each.published_at > manifest.published_at and each != newest
            if each.origin.kind is SnapshotKind.DUMP and is_later and each.id != manifest.id:
                yield self._open_snapshot(each)

    def _shown_store(self, manifest: Manifest) -> Manifest:
        if not self._opt_outs:
            return manifest
        from lineage.store.redaction import redact_manifest

        return redact_manifest(manifest, self._opt_outs)

    def _read_own_manifest(self, id: str) -> Manifest:
        """Return the manifest of a published snapshot by its ID, as it was published."""
        entry = inventory.read_manifest_or_damage(self.files, id) if is_snapshot_id(id) else None
        if isinstance(entry, SnapshotDamaged):
            raise entry
        if entry is None:
            if lost := inventory.lost_manifest_error(self.files, id):
                raise lost
            if not inventory.read_all(self.files):
                raise self._no_snapshot_yet()
            raise UnknownSnapshot(
                f"there is no snapshot {id!r} in {self.location}",
                "see which there are with: lineage snapshots list",
            )
        return entry

    def _readable_snapshot(self) -> list[Manifest]:
        """Return every readable manifest as it was published, oldest first."""
        entries = inventory.read_all(self.files).values()
        return [entry for entry in entries if isinstance(entry, Manifest)]

    def _newest_snapshot(
        self, until: date | None, holds: Callable[[Snapshot], bool] | None
    ) -> Snapshot:
        """Return the newest snapshot of everything up to a day, else of what is asked about."""
        if until is None and (latest := self._latest_snapshot()) is not None:
            return self._open_snapshot(latest)
        manifests = sorted(self._readable_snapshot(), key=_manifest_sort_key, reverse=True)
        by_then = [
            manifest
            for manifest in manifests
            if until is None or manifest.origin.taken_at < end_of_day_utc(until)
        ]
        if whole := [manifest for manifest in by_then if not is_snapshot_below_base(manifest)]:
            return self._open_snapshot(whole[0])
        if holds is not None and all(map(is_snapshot_below_base, manifests)):
            for snapshot in map(self._open_snapshot, by_then):
                if holds(snapshot):
                    return snapshot
        raise self._no_snapshot_yet(until)

    def _manifest_differences(self, manifest: Manifest) -> list[str]:
        problems = compare_tables_with_manifest(self.files, manifest)
        while manifest.builds_on is not None:
            id, files = manifest.id, manifest.builds_on.files
            try:
                manifest = snapshot_base_of(self.files, id, manifest.builds_on)
            except SnapshotDamaged as error:
                return [*problems, error.message]
            read = manifest.files_read_for(files)
            below = compare_tables_with_manifest(self.files, manifest, read)
            problems += [f"{problem}; {id} builds on it" for problem in below]
        return problems

    def _refuse_untrue_snapshot(self, manifest: Manifest) -> None:
        id = manifest.id
        if failed := {check.name for check in manifest.checks if not check.passed} - set(
            _A_HUMAN_KNOWS
        ):
            raise StoreError(
                f"{id} failed {', '.join(sorted(failed))}, which no human can know better",
                f"what can be taken after all failed {' or '.join(_A_HUMAN_KNOWS)} alone",
            )
        if since := self._published_since(manifest):
            raise StoreError(
                f"{since} was published since {id} was taken: neither knows of the other",
                "its own draft is the one to look at, or a new crawl",
            )
        if problems := self._manifest_differences(manifest):
            raise SnapshotDamaged(
                f"{id} is not as it was written: {problems[0]}",
                "take a new snapshot: lineage crawl",
            )

    def _published_since(self, draft: Manifest) -> str | None:
        """Return a snapshot that a draft which was set aside does not know, None where none is."""
        whole = list(self._newest_snapshots_first())
        for manifest in whole:
            # Dated back, it may be older than the draft, and published after it.
            if manifest.published_at > draft.published_at or manifest.id > draft.id:
                return manifest.id
        if draft.origin.kind is SnapshotKind.UPDATE:
            whole = [earlier for earlier in whole if earlier.origin.kind is not SnapshotKind.DUMP]
        return whole[0].id if whole and whole[0].id != draft.previous else None

    def _latest_snapshot(self) -> Manifest | None:
        """Return the latest that holds more than one family."""
        for folder in reversed(snapshot_folders(self.files)):
            entry = inventory.read_manifest_or_damage(self.files, folder)
            if isinstance(entry, SnapshotDamaged):
                raise entry
            if entry is not None and not is_snapshot_below_base(entry):
                return entry
        return None

    def _newest_snapshots_first(self, until: str | None = None) -> Iterator[Manifest]:
        """Yield those of more than one family that can be read, up to an id where one is given."""
        for id, entry in reversed(inventory.read_all(self.files).items()):
            if isinstance(entry, SchemaTooNew):
                # Who makes snapshots must know the newest: it holds what later ones go on from.
                raise entry
            if isinstance(entry, SnapshotDamaged) or is_snapshot_below_base(entry):
                continue
            if until is None or id <= until:
                yield entry

    def _no_snapshot_yet(self, until: date | None = None) -> NoSuchSnapshot:
        manifests = self._readable_snapshot()
        whole = [manifest for manifest in manifests if not is_snapshot_below_base(manifest)]
        if until is not None and whole:
            return NoSuchSnapshot(
                f"no snapshot in {self.location} was taken by {until}",
                f"the first one is {min(whole, key=_manifest_sort_key).id}",
            )
        if manifests:
            return NoSuchSnapshot(
                f"the snapshots in {self.location} hold one base's family each, none all",
                f"ask one of them by name: --snapshot {manifests[-1].id}",
            )
        return NoSuchSnapshot(
            f"there is no snapshot in {self.location} yet",
            "take one with: lineage crawl (or try: lineage demo)",
        )

    def _delete_abandoned(self, before: datetime) -> None:
        """Delete drafts that a kill left unfinished so long ago that no run goes on with them."""
        for folder in snapshot_folders(self.files):
            state = snapshot_state_of(self.files, folder)
            if state in (State.SNAPSHOT, State.REFUSED):
                remove_snapshot_folder_mark(
                    self.files, folder
                )  # a kill right after its manifest was written
            elif state is State.UNFINISHED and folder < snapshot_id(before):
                discard(self.files, folder)

    def _claim_snapshot(self, id: str) -> bool:
        """Make a draft's folder and say whether that was done: a snapshot may have the id."""
        if snapshot_state_of(self.files, id) is not State.UNFINISHED:
            return False
        if self.files.folder is not None:
            discard(self.files, id)
        return self.files.claim(f"{id}/{MARK}")


def _parse_snapshot_lookup_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{text!r} is not a date: use YYYY-MM-DD") from error


def _manifest_sort_key(manifest: Manifest) -> tuple[datetime, str]:
    return manifest.origin.taken_at, manifest.id
