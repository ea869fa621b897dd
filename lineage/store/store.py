"""The history: every published snapshot in one place, and the drafts that were set aside."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta

from lineage.domain.moments import end_of, iso, snapshot_id
from lineage.errors import NoSuchSnapshot, SnapshotDamaged, StoreError
from lineage.store import inventory, schema
from lineage.store.bases import base_of, differences, manifest_in
from lineage.store.files import Files
from lineage.store.folders import State, discard, mark, state_of, unmark
from lineage.store.lease import Holder, hold
from lineage.store.manifest import FILE, REFUSAL_FILE, CheckResult, Manifest, Origin, SnapshotKind
from lineage.store.reader import Snapshot

ABANDONED_AFTER = timedelta(days=2)
"""An unfinished draft this old belongs to no walk that could still go on."""

_A_HUMAN_KNOWS = ("few_bad_rows", "no_sudden_loss")
"""The checks that warn of what may be true all the same."""


class ParquetStore:
    """Snapshots as folders of Parquet files below one root, local or by URL."""

    def __init__(self, location: str) -> None:
        self.location = location
        self.files = Files(location)

    def manifests(self) -> list[Manifest]:
        """Return the manifest of every snapshot, oldest first; `damaged` tells of the others."""
        found = inventory.read_all(self.files)
        return [one for one in found.values() if isinstance(one, Manifest)]

    def damaged(self) -> list[str]:
        """Return what is wrong with the snapshots that cannot be read, oldest first.

        A manifest that is damaged or lost, or no more of what an update builds on.
        """
        found = inventory.read_all(self.files) | inventory.lost_ones(self.files)
        errors = (found[id] for id in sorted(found))
        return [one.message for one in errors if isinstance(one, SnapshotDamaged)]

    def history(self, tell: Callable[[str], None]) -> Iterator[Snapshot]:
        """Yield every snapshot of more than one base's family, oldest first.

        `tell` hears what is wrong with those whose manifest cannot be read.
        """
        for one in inventory.read_all(self.files).values():
            if isinstance(one, SnapshotDamaged):
                tell(one.message)
            elif not is_below(one):
                yield Snapshot(self.files, one)

    def refused(self) -> list[str]:
        """Return the ids of the drafts that were set aside, oldest first."""
        folders = self.files.folders()
        return [one for one in folders if state_of(self.files, one) is State.REFUSED]

    def snapshot(self, id: str | None = None) -> Snapshot:
        """Return one snapshot; without an id the latest that holds more than one base's family."""
        if id is not None:
            if "/" in id or not self.files.exists(f"{id}/{FILE}"):
                raise inventory.lost(self.files, id) or NoSuchSnapshot(
                    f"there is no snapshot {id!r} in {self.location}",
                    "see which there are with: lineage snapshots list",
                )
            return Snapshot(self.files, manifest_in(self.files, id))
        if (latest := self._latest()) is None:
            raise self._nothing_yet()
        return Snapshot(self.files, latest)

    def snapshot_at(self, day: date) -> Snapshot:
        """Return the newest snapshot that was begun by the end of a day, UTC, else the first one.

        Those that hold one base's family alone are no witness of the whole.
        """
        manifests = [one for one in self.manifests() if not is_below(one)]
        if not manifests:
            raise self._nothing_yet()
        by_then = [one for one in manifests if one.origin.taken_at < end_of(day)]
        chosen = max(by_then, key=_when) if by_then else min(manifests, key=_when)
        return Snapshot(self.files, chosen)

    def latest_sweep(self) -> Snapshot | None:
        """Return the latest snapshot of everything, if there is one."""
        found = next(self._newest_first(), None)
        return None if found is None else Snapshot(self.files, found)

    def latest_walk(self) -> Snapshot | None:
        """Return the latest sweep or update, if there is one."""
        walks = (one for one in self._newest_first() if one.origin.kind is not SnapshotKind.DUMP)
        found = next(walks, None)
        return None if found is None else Snapshot(self.files, found)

    def beside(self, origin: Origin) -> Iterator[Manifest]:
        """Yield the snapshots that a draft of this origin may stand beside, the newest first.

        A dump may be older than what is here: it stands beside what was there before it.
        """
        return self._newest_first(_until(origin))

    def accept(self, id: str, now: datetime) -> Manifest:
        """Publish a draft that was set aside; StoreError where that would tell an untruth."""
        if "/" in id or id not in self.refused():
            raise NoSuchSnapshot(
                f"no draft {id!r} was set aside in {self.location}",
                f"there are: {', '.join(self.refused()) or 'none'}",
            )
        path = f"{id}/{REFUSAL_FILE}"
        manifest = Manifest.from_json(self.files.read(path), path)
        self._refuse_untruth(manifest)
        taken = CheckResult("accepted", True, f"published after all at {iso(now)}, by hand")
        manifest = replace(manifest, published_at=now, checks=(*manifest.checks, taken))
        self.files.write_whole(f"{id}/{FILE}", manifest.to_json())
        self.files.delete_file(path)
        return manifest

    def delete(self, *ids: str) -> None:
        """Delete snapshots, the newest first; each is none any more before its tables go.

        StoreError where one that stays builds on one of them.
        """
        builders = inventory.builders(self.files)
        for id in ids:
            if upon := [other for other in builders.get(id, ()) if other not in ids]:
                raise StoreError(
                    f"{', '.join(upon)} {'builds' if len(upon) == 1 else 'build'} on {id}",
                    "without it they could not be read: delete them first",
                )
        for id in sorted(ids, reverse=True):
            discard(self.files, id)

    @contextmanager
    def held(self, holder: Holder) -> Iterator[bool]:
        """Keep other runs out meanwhile; StoreLocked names who is at work there already.

        Gives False where nothing can be held: on object stores, and file systems without locks.
        """
        if (folder := self.files.folder) is None:
            yield False
            return
        with hold(folder, holder) as held:
            yield held

    def begin_folder(self, taken_at: datetime) -> str:
        """Return the id of a new draft's folder, which a mark keeps from passing for a snapshot.

        It is named by the moment its walk began; what a killed run left there is deleted.
        """
        id = self._free_id(taken_at)
        discard(self.files, id)
        self._delete_abandoned(taken_at - ABANDONED_AFTER)
        mark(self.files, id)
        return id

    def problems(self, id: str) -> list[str]:
        """Return what is wrong with a snapshot's files beside its manifest; empty = unharmed.

        The tables that an update builds on are looked at as well.
        """
        return self._differences(self.snapshot(id).manifest)

    def built_on(self, id: str) -> list[str]:
        """Return the ids of the snapshots that build on one, oldest first."""
        return inventory.builders(self.files).get(id, [])

    def harmed(self, id: str) -> list[str]:
        """Return who builds on damaged tables: of this snapshot, or of the one it builds on."""
        manifest = self.snapshot(id).manifest
        if manifest.builds_on is not None:
            return self.harmed(manifest.builds_on.id)
        shared = [name for name in schema.KEYS if name in manifest.files]
        return self.built_on(id) if differences(self.files, manifest, shared) else []

    def _differences(self, manifest: Manifest) -> list[str]:
        found = differences(self.files, manifest)
        if manifest.builds_on is None:
            return found
        try:
            base = base_of(self.files, manifest.id, manifest.builds_on)
        except SnapshotDamaged as error:
            return [*found, error.message]
        below = differences(self.files, base, list(manifest.builds_on.files))
        return [*found, *(f"{said}; {manifest.id} builds on it" for said in below)]

    def _refuse_untruth(self, manifest: Manifest) -> None:
        id = manifest.id
        if failed := {one.name for one in manifest.checks if not one.passed} - set(_A_HUMAN_KNOWS):
            raise StoreError(
                f"{id} failed {', '.join(sorted(failed))}, which nobody can know better",
                f"what can be taken after all failed {' or '.join(_A_HUMAN_KNOWS)} alone",
            )
        if since := self._published_since(manifest):
            raise StoreError(
                f"{since} was published since {id} was taken: neither knows of the other",
                "its own draft is the one to look at, or a new crawl",
            )
        if found := self._differences(manifest):
            raise SnapshotDamaged(
                f"{id} is not as it was written: {found[0]}", "take a new snapshot: lineage crawl"
            )

    def _published_since(self, draft: Manifest) -> str | None:
        """Return a snapshot that a draft which was set aside does not know, None where none is."""
        for one in self._newest_first():
            # Dated back, it may be older than the draft, and published after it.
            if one.published_at > draft.published_at or one.id > draft.id:
                return one.id
        onto_walk = draft.origin.kind is SnapshotKind.UPDATE
        newest = self.latest_walk() if onto_walk else self.latest_sweep()
        return newest.id if newest is not None and newest.id != draft.previous else None

    def _latest(self) -> Manifest | None:
        """Return the latest that holds more than one family."""
        for folder in reversed(self.files.folders()):
            if self.files.exists(f"{folder}/{FILE}"):
                manifest = manifest_in(self.files, folder)
                if not is_below(manifest):
                    return manifest
        return None

    def _newest_first(self, until: str | None = None) -> Iterator[Manifest]:
        """Yield those of more than one family that can be read, up to an id where one is given."""
        for manifest in reversed(self.manifests()):
            if not is_below(manifest) and (until is None or manifest.id <= until):
                yield manifest

    def _nothing_yet(self) -> NoSuchSnapshot:
        if below := [manifest.id for manifest in self.manifests()]:
            return NoSuchSnapshot(
                f"the snapshots in {self.location} hold one base's family each, none all",
                f"ask one of them by name: --snapshot {below[-1]}",
            )
        return NoSuchSnapshot(
            f"there is no snapshot in {self.location} yet",
            "take one with: lineage crawl (or try: lineage demo)",
        )

    def _delete_abandoned(self, before: datetime) -> None:
        """Delete drafts that a kill left unfinished so long ago that no walk goes on with them."""
        for folder in self.files.folders():
            state = state_of(self.files, folder)
            if state in (State.SNAPSHOT, State.REFUSED):
                unmark(self.files, folder)  # a kill right after its manifest was written
            elif state is State.UNFINISHED and folder < snapshot_id(before):
                discard(self.files, folder)

    def _free_id(self, taken_at: datetime) -> str:
        """Return an id that no snapshot and no refused draft has, at or right after a moment."""
        moment, free = taken_at, (State.UNFINISHED, State.FOREIGN)
        while state_of(self.files, snapshot_id(moment)) not in free:
            moment += timedelta(seconds=1)
        return snapshot_id(moment)


def is_below(manifest: Manifest) -> bool:
    """Say whether a snapshot holds one base's family alone."""
    return manifest.origin.kind is SnapshotKind.BELOW


def _when(manifest: Manifest) -> tuple[datetime, str]:
    return manifest.origin.taken_at, manifest.id


def _until(origin: Origin) -> str | None:
    return snapshot_id(origin.taken_at) if origin.kind is SnapshotKind.DUMP else None
