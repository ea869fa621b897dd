"""The history: every published snapshot in one place, and the drafts that were set aside."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta

from lineage.domain.moments import end_of, iso, snapshot_id
from lineage.errors import NoSuchSnapshot, SnapshotDamaged, StoreError
from lineage.store.draft import Draft
from lineage.store.files import Files
from lineage.store.lock import Holder, hold
from lineage.store.manifest import FILE, REFUSAL_FILE, CheckResult, Kind, Manifest, Origin
from lineage.store.snapshot import Snapshot

ABANDONED_AFTER = timedelta(days=2)
"""An unfinished draft this old belongs to no walk that could still go on."""

_A_HUMAN_KNOWS = ("few_bad_rows", "no_sudden_loss")
"""The checks that warn of what may be true all the same."""

_DRAFT = re.compile(r"\d{8}T\d{6}Z")


class ParquetStore:
    """Snapshots as folders of Parquet files below one root, local or by URL."""

    def __init__(self, location: str) -> None:
        self.location = location
        self._files = Files(location)

    def manifests(self) -> list[Manifest]:
        """Return the manifest of every snapshot, oldest first; `damaged` tells of the others."""
        read = ((folder, self._readable(folder)) for folder in self._files.folders())
        return [manifest for _, manifest in read if isinstance(manifest, Manifest)]

    def damaged(self) -> list[str]:
        """Return what is wrong with the manifests that cannot be read, oldest first."""
        read = (self._readable(folder) for folder in self._files.folders())
        return [error.message for error in read if isinstance(error, SnapshotDamaged)]

    def history(self, tell: Callable[[str], None]) -> Iterator[Snapshot]:
        """Yield every snapshot of more than one base's family, oldest first.

        `tell` hears what is wrong with those whose manifest cannot be read.
        """
        for folder in self._files.folders():
            manifest = self._readable(folder)
            if isinstance(manifest, SnapshotDamaged):
                tell(manifest.message)
            elif manifest is not None and manifest.origin.kind is not Kind.BELOW:
                yield Snapshot(self._files, manifest)

    def refused(self) -> list[str]:
        """Return the ids of the drafts that were set aside, oldest first."""
        return [
            name
            for name in self._files.folders()
            if self._files.exists(f"{name}/{REFUSAL_FILE}")
            and not self._files.exists(f"{name}/{FILE}")  # a kill while it was accepted
        ]

    def snapshot(self, id: str | None = None) -> Snapshot:
        """Return one snapshot; without an id the latest that holds more than one base's family."""
        if id is not None:
            if "/" in id or not self._files.exists(f"{id}/{FILE}"):
                raise NoSuchSnapshot(
                    f"there is no snapshot {id!r} in {self.location}",
                    "see which there are with: lineage snapshots list",
                )
            return Snapshot(self._files, self._manifest(id))
        if (latest := self._latest()) is None:
            raise self._nothing_yet()
        return Snapshot(self._files, latest)

    def snapshot_at(self, day: date) -> Snapshot:
        """Return the newest snapshot that was begun by the end of a day, UTC, else the first one.

        Those that hold one base's family alone are no witness of the whole.
        """
        manifests = [one for one in self.manifests() if one.origin.kind is not Kind.BELOW]
        if not manifests:
            raise self._nothing_yet()
        by_then = [one for one in manifests if one.origin.taken_at < end_of(day)]
        chosen = max(by_then, key=_moment) if by_then else min(manifests, key=_moment)
        return Snapshot(self._files, chosen)

    def latest_sweep(self) -> Snapshot | None:
        """Return the latest snapshot of everything, if there is one."""
        return next(self._newest_first(), None)

    def beside(self, origin: Origin) -> Iterator[Snapshot]:
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
        manifest = Manifest.from_json(self._files.read(path), path)
        self._refuse_untruth(manifest)
        taken = CheckResult("accepted", True, f"published after all at {iso(now)}, by hand")
        manifest = replace(manifest, published_at=now, checks=(*manifest.checks, taken))
        self._files.write_whole(f"{id}/{FILE}", manifest.to_json())
        self._files.delete_file(path)
        return manifest

    def delete(self, id: str) -> None:
        """Delete a snapshot: first it is none any more, then its tables go."""
        self._files.delete_file(f"{id}/{FILE}")
        self._files.delete_folder(id)

    @contextmanager
    def held(self, holder: Holder) -> Iterator[bool]:
        """Keep other runs out meanwhile; StoreLocked names who is at work there already.

        Gives False where nothing can be held: on object stores, and file systems without locks.
        """
        if (folder := self._files.folder) is None:
            yield False
            return
        with hold(folder, holder) as held:
            yield held

    def begin(self, origin: Origin) -> Draft:
        """Begin a draft named by the moment its walk began; what a killed run left there goes."""
        id = self._free_id(origin.taken_at)
        self._files.delete_folder(id)
        self._delete_abandoned(origin.taken_at - ABANDONED_AFTER)
        return Draft(self._files, id, origin)

    def problems(self, id: str) -> list[str]:
        """Return what is wrong with a snapshot's files beside its manifest; empty = unharmed."""
        return self._differences(self.snapshot(id).manifest)

    def _differences(self, manifest: Manifest) -> list[str]:
        found, id = [], manifest.id
        for name, facts in sorted(manifest.files.items()):
            path = f"{id}/{name}"
            try:
                size, digest = self._files.size_and_digest(path)
            except OSError as error:
                found.append(f"{path}: cannot be read ({type(error).__name__})")
                continue
            if size != facts.bytes:
                found.append(f"{path}: {size} bytes, the manifest says {facts.bytes}")
            elif digest != facts.sha256:
                found.append(f"{path}: its content is not what was published (SHA-256 differs)")
        return found

    def _refuse_untruth(self, manifest: Manifest) -> None:
        id = manifest.id
        if failed := {one.name for one in manifest.checks if not one.passed} - set(_A_HUMAN_KNOWS):
            raise StoreError(
                f"{id} failed {', '.join(sorted(failed))}, which nobody can know better",
                f"what can be taken after all failed {' or '.join(_A_HUMAN_KNOWS)} alone",
            )
        newest = self.latest_sweep()
        if newest is not None and (newest.id > id or newest.id != manifest.previous):
            raise StoreError(
                f"{newest.id} was published since {id} was taken: neither knows of the other",
                "its own draft is the one to look at, or a new crawl",
            )
        if found := self._differences(manifest):
            raise SnapshotDamaged(
                f"{id} is not as it was written: {found[0]}", "take a new snapshot: lineage crawl"
            )

    def _latest(self) -> Manifest | None:
        """Return the latest that holds more than one family."""
        for folder in reversed(self._files.folders()):
            if self._files.exists(f"{folder}/{FILE}"):
                manifest = self._manifest(folder)
                if manifest.origin.kind is not Kind.BELOW:
                    return manifest
        return None

    def _newest_first(self, until: str | None = None) -> Iterator[Snapshot]:
        """Yield those of more than one family that can be read, up to an id where one is given."""
        for folder in reversed(self._files.folders()):
            manifest = None if until is not None and folder > until else self._readable(folder)
            if isinstance(manifest, Manifest) and manifest.origin.kind is not Kind.BELOW:
                yield Snapshot(self._files, manifest)

    def _readable(self, folder: str) -> Manifest | SnapshotDamaged | None:
        """Return a folder's manifest or why it cannot be read, None where it is no snapshot."""
        if not self._files.exists(f"{folder}/{FILE}"):
            return None
        try:
            return self._manifest(folder)
        except SnapshotDamaged as error:
            return error

    def _manifest(self, folder: str) -> Manifest:
        path = f"{folder}/{FILE}"
        manifest = Manifest.from_json(self._files.read(path), path)
        if manifest.id != folder:
            raise SnapshotDamaged(f"{path} says it is {manifest.id!r}", "was a folder renamed?")
        return manifest

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
        for folder in self._files.folders():
            ended = any(self._files.exists(f"{folder}/{name}") for name in (FILE, REFUSAL_FILE))
            # Only folders named as drafts are: a store may lie beside other things.
            if not ended and _DRAFT.fullmatch(folder) and folder < snapshot_id(before):
                self._files.delete_folder(folder)

    def _free_id(self, taken_at: datetime) -> str:
        """Return an id that no snapshot and no refused draft has, at or right after a moment."""
        moment = taken_at
        while any(
            self._files.exists(f"{snapshot_id(moment)}/{name}") for name in (FILE, REFUSAL_FILE)
        ):
            moment += timedelta(seconds=1)
        return snapshot_id(moment)


def _moment(manifest: Manifest) -> datetime:
    return manifest.origin.taken_at


def _until(origin: Origin) -> str | None:
    return snapshot_id(origin.taken_at) if origin.kind is Kind.BULK else None
