"""What lies in a store: of each folder its manifest, or why the snapshot cannot be read."""

from lineage.errors import SnapshotDamaged
from lineage.store.bases import broken, manifest_in
from lineage.store.files import Files
from lineage.store.folders import State, state_of
from lineage.store.manifest import FILE, Manifest


def read_all(files: Files) -> dict[str, Manifest | SnapshotDamaged]:
    """Return by id, oldest first, each snapshot's manifest, or why the snapshot cannot be read."""
    found = {folder: readable(files, folder) for folder in files.folders()}
    read = {id: one for id, one in found.items() if one is not None}
    whole = {id: one for id, one in read.items() if isinstance(one, Manifest)}
    return read | broken(whole)


def readable(files: Files, folder: str) -> Manifest | SnapshotDamaged | None:
    """Return a folder's manifest or why it cannot be read, None where it is no snapshot."""
    if not files.exists(f"{folder}/{FILE}"):
        return None
    try:
        return manifest_in(files, folder)
    except SnapshotDamaged as error:
        return error


def builders(files: Files) -> dict[str, list[str]]:
    """Return by id who builds on each snapshot, oldest first, whether it can be read or not."""
    found: dict[str, list[str]] = {}
    for folder in files.folders():
        manifest = readable(files, folder)
        if isinstance(manifest, Manifest) and manifest.builds_on is not None:
            found.setdefault(manifest.builds_on.id, []).append(folder)
    return found


def lost_ones(files: Files) -> dict[str, SnapshotDamaged]:
    """Return by id what to say of the snapshots whose manifests are lost."""
    found = {folder: lost(files, folder) for folder in files.folders()}
    return {id: error for id, error in found.items() if error is not None}


def lost(files: Files, folder: str) -> SnapshotDamaged | None:
    """Return what to say of a snapshot whose manifest is lost, None of any other folder."""
    if "/" in folder or state_of(files, folder) is not State.LOST:
        return None
    return SnapshotDamaged(
        f"{folder} has tables and no {FILE}: it was lost",
        "restore it from a copy; if there is none, delete the folder: nothing reads it",
    )
