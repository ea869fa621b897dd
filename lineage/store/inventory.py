"""The folders of a store: which are snapshots, what they build on, and what is wrong with them."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from enum import Enum, auto

from lineage.domain.clock import moment_of_snapshot_id
from lineage.domain.files import is_temporary
from lineage.errors import SnapshotDamaged, StoreError
from lineage.store import schema
from lineage.store.files import Files
from lineage.store.manifest import FILE, MOST_BYTES, REFUSAL_FILE, BuildsOn, Manifest

MARK = "unfinished"
_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_OWN_NAMES = frozenset({FILE, REFUSAL_FILE, MARK, *schema.TABLES, *schema.UPDATE_TABLES})


# A draft bears a mark from before its first table until after its manifest. So a folder that has
# tables and neither lost its manifest: what a kill left behind is never taken for a snapshot.


class State(Enum):
    """What a folder is."""

    SNAPSHOT = auto()
    REFUSED = auto()
    UNFINISHED = auto()
    """A draft that is being written, or that a kill left."""
    LOST = auto()
    """A snapshot whose manifest is lost."""
    FOREIGN = auto()
    """Nothing of ours: a store may lie beside other things."""


def is_snapshot_id(name: str) -> bool:
    """Say whether a name is spelled as a snapshot's id: nothing else is ever one, or is deleted."""
    return _ID.fullmatch(name) is not None and moment_of_snapshot_id(name) is not None


def is_snapshot_file_name(name: str) -> bool:
    """Say whether a file's name is one that a snapshot, a draft or a kill of its run leaves."""
    return name.removeprefix(".") in _OWN_NAMES or is_temporary(name)


def snapshot_state_of(files: Files, folder: str) -> State:
    """Say what a folder is."""
    if not is_snapshot_id(folder) or files.is_link(folder):
        return State.FOREIGN
    names = files.names(folder)
    for name, state in (
        (FILE, State.SNAPSHOT),
        (REFUSAL_FILE, State.REFUSED),
        (MARK, State.UNFINISHED),
    ):
        if name in names:
            return state
    tables = [name for name in names if name in schema.TABLES]
    if not all(files.is_link(f"{folder}/{name}") for name in tables):
        return State.LOST
    # What deletion could not touch is somebody else's; a killed run leaves nothing but its own.
    return State.UNFINISHED if all(map(is_snapshot_file_name, names)) else State.FOREIGN


def mark_unfinished_folder(files: Files, folder: str) -> None:
    """Say of a folder that it is no snapshot, as long as it has no manifest."""
    files.write_whole(f"{folder}/{MARK}", b"")


def remove_snapshot_folder_mark(files: Files, folder: str) -> None:
    """Take the mark off a folder that has its manifest; left there, it would do no harm."""
    # On an object store it stays: the id is claimed by it, and each deletion costs a request.
    with suppress(OSError):
        if files.folder is not None and files.exists(f"{folder}/{MARK}"):
            files.delete_file(f"{folder}/{MARK}")


def discard(files: Files, folder: str) -> None:
    """Delete a snapshot or draft; killed meanwhile, it is no snapshot and bears its mark.

    Only its own files go: what somebody else put there stays, and what links lead to.
    """
    if snapshot_state_of(files, folder) in (State.SNAPSHOT, State.UNFINISHED) and files.exists(
        folder
    ):
        mark_unfinished_folder(files, folder)
        if files.exists(f"{folder}/{FILE}"):
            files.delete_file(f"{folder}/{FILE}")
        files.delete_folder(folder, is_snapshot_file_name, last=MARK)


_HINT = "restore it from a copy, or make a full crawl, which stands alone: lineage crawl"


def read_manifest(files: Files, folder: str, name: str = FILE) -> Manifest:
    """Return what a folder's manifest or refusal says; FileNotFoundError where there is none."""
    path = f"{folder}/{name}"
    manifest = Manifest.from_json(files.read(path, MOST_BYTES), path)
    if manifest.id != folder:
        raise SnapshotDamaged(f"{path} says it is {manifest.id!r}", "was a folder renamed?")
    return manifest


def as_base(manifest: Manifest, tables: Iterable[str] = schema.CHANGES) -> BuildsOn:
    """Return how a snapshot names another one that it builds some tables on."""
    stored = {name: manifest.stored_name(name) for name in tables}
    digests = {name: manifest.files[it].sha256 for name, it in stored.items()}
    return BuildsOn(manifest.id, digests)


def snapshot_base_of(files: Files, id: str, builds_on: BuildsOn) -> Manifest:
    """Return the manifest of what a snapshot builds on.

    Raises SnapshotDamaged where it is not there, or is another one by now.
    """
    try:
        base = read_manifest(files, builds_on.id)
    except FileNotFoundError:
        base = None
    problem = describe_snapshot_damage(id, builds_on, base)
    if base is None or problem is not None:
        raise SnapshotDamaged(problem or "", _HINT)
    return base


def list_snapshot_bases(manifest: Manifest, find: Callable[[str], Manifest]) -> list[Manifest]:
    """Return all that a snapshot is read from beside itself, its own base first."""
    below: list[Manifest] = []
    while manifest.builds_on is not None:
        below.append(manifest := find(manifest.builds_on.id))
    return below


def compare_tables_with_manifest(
    files: Files, manifest: Manifest, of: Collection[str] | None = None
) -> list[str]:
    """Return which of a snapshot's tables, or of some, are not what its manifest says."""
    problems = []
    for name in sorted(manifest.files if of is None else of):
        path, facts = f"{manifest.id}/{name}", manifest.files[name]
        try:
            size, digest = files.size_and_digest(path)
        except OSError as error:
            problems.append(f"{path}: cannot be read ({type(error).__name__})")
            continue
        except StoreError as error:
            problems.append(error.message)
            continue
        if size != facts.bytes:
            problems.append(f"{path}: {size} bytes, the manifest says {facts.bytes}")
        elif digest != facts.sha256:
            problems.append(f"{path}: its content is not what was published (SHA-256 differs)")
    return problems


def describe_snapshot_damage(id: str, builds_on: BuildsOn, base: Manifest | None) -> str | None:
    """Return why a snapshot cannot be read for want of the one below it; None where it can."""
    if base is None:
        return f"{id} builds on {builds_on.id}, which is not there"
    if any(base.stored_name(name) not in base.files for name in builds_on.files) or (
        as_base(base, builds_on.files) != builds_on
    ):
        return f"{id} builds on another {builds_on.id} than the one that is there now"
    return None


def find_snapshots_with_broken_base(
    manifests: Mapping[str, Manifest],
) -> dict[str, SnapshotDamaged]:
    """Return by id which of all readable snapshots cannot be read for want of the one below."""
    errors: dict[str, SnapshotDamaged] = {}
    for id, manifest in sorted(manifests.items()):  # a base is older than what builds on it
        if manifest.builds_on is not None:
            base = manifests.get(manifest.builds_on.id)
            if problem := describe_snapshot_damage(id, manifest.builds_on, base):
                errors[id] = SnapshotDamaged(problem, _HINT)
            elif (below := errors.get(manifest.builds_on.id)) is not None:
                errors[id] = SnapshotDamaged(f"{below.message}; {id} builds on it", _HINT)
    return errors


def read_all(files: Files) -> dict[str, Manifest | SnapshotDamaged]:
    """Return by id, oldest first, each snapshot's manifest, or why the snapshot cannot be read."""
    entries = {folder: read_manifest_or_damage(files, folder) for folder in snapshot_folders(files)}
    snapshots = {id: entry for id, entry in entries.items() if entry is not None}
    whole = {id: entry for id, entry in snapshots.items() if isinstance(entry, Manifest)}
    return snapshots | find_snapshots_with_broken_base(whole)


def snapshot_folders(files: Files) -> list[str]:
    """Return the names of what may be snapshots or drafts, oldest first."""
    return [name for name in files.folders() if is_snapshot_id(name)]


def read_manifest_or_damage(files: Files, folder: str) -> Manifest | SnapshotDamaged | None:
    """Return a folder's manifest or why it cannot be read, None where it is no snapshot."""
    try:
        return read_manifest(files, folder)
    except FileNotFoundError:
        return None
    except SnapshotDamaged as error:
        return error
    except StoreError as error:
        # One file that may not be read says nothing of the others; a network may be down for all.
        if files.folder is None:
            raise
        return SnapshotDamaged(error.message, error.hint)


def list_snapshots_built_on(files: Files) -> dict[str, list[str]]:
    """Return by id who builds on each snapshot, oldest first, whether it can be read or not."""
    folders_by_base: dict[str, list[str]] = {}
    for folder in snapshot_folders(files):
        manifest = read_manifest_or_damage(files, folder)
        if isinstance(manifest, Manifest) and manifest.builds_on is not None:
            folders_by_base.setdefault(manifest.builds_on.id, []).append(folder)
    return folders_by_base


def list_lost_snapshots(files: Files) -> dict[str, SnapshotDamaged]:
    """Return by id what to say of the snapshots whose manifests are lost."""
    errors = {folder: lost_manifest_error(files, folder) for folder in snapshot_folders(files)}
    return {id: error for id, error in errors.items() if error is not None}


def lost_manifest_error(files: Files, folder: str) -> SnapshotDamaged | None:
    """Return what to say of a snapshot whose manifest is lost, None of any other folder."""
    if snapshot_state_of(files, folder) is not State.LOST:
        return None
    return SnapshotDamaged(
        f"{folder} has tables and no {FILE}: it was lost",
        "restore it from a copy; if there is none, delete the folder: nothing reads it",
    )
