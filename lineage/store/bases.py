"""What a snapshot builds on: where an update keeps changes alone, the whole one below them."""

from collections.abc import Collection, Mapping

from lineage.errors import SnapshotDamaged
from lineage.store import schema
from lineage.store.files import Files
from lineage.store.manifest import FILE, BuildsOn, Manifest

_HINT = "restore it from a copy, or take a sweep, which stands alone: lineage crawl"


def manifest_in(files: Files, folder: str) -> Manifest:
    """Return a folder's manifest; FileNotFoundError where there is none."""
    path = f"{folder}/{FILE}"
    manifest = Manifest.from_json(files.read(path), path)
    if manifest.id != folder:
        raise SnapshotDamaged(f"{path} says it is {manifest.id!r}", "was a folder renamed?")
    return manifest


def as_base(manifest: Manifest) -> BuildsOn:
    """Return how an update names a whole snapshot that it builds on."""
    return BuildsOn(manifest.id, {name: manifest.files[name].sha256 for name in schema.KEYS})


def base_of(files: Files, id: str, builds_on: BuildsOn) -> Manifest:
    """Return the manifest of what a snapshot builds on.

    Raises SnapshotDamaged where it is not there, or is another one by now.
    """
    try:
        base = manifest_in(files, builds_on.id)
    except FileNotFoundError:
        base = None
    said = what_is_wrong(id, builds_on, base)
    if base is None or said is not None:
        raise SnapshotDamaged(said or "", _HINT)
    return base


def differences(files: Files, manifest: Manifest, of: Collection[str] | None = None) -> list[str]:
    """Return which of a snapshot's tables, or of some, are not what its manifest says."""
    found = []
    for name in sorted(manifest.files if of is None else of):
        path, facts = f"{manifest.id}/{name}", manifest.files[name]
        try:
            size, digest = files.size_and_digest(path)
        except OSError as error:
            found.append(f"{path}: cannot be read ({type(error).__name__})")
            continue
        if size != facts.bytes:
            found.append(f"{path}: {size} bytes, the manifest says {facts.bytes}")
        elif digest != facts.sha256:
            found.append(f"{path}: its content is not what was published (SHA-256 differs)")
    return found


def what_is_wrong(id: str, builds_on: BuildsOn, base: Manifest | None) -> str | None:
    """Return why a snapshot cannot be read for want of the one below it; None where it can."""
    if base is None:
        return f"{id} builds on {builds_on.id}, which is not there"
    if any(name not in base.files for name in builds_on.files) or as_base(base) != builds_on:
        return f"{id} builds on another {builds_on.id} than the one that is there now"
    return None


def broken(manifests: Mapping[str, Manifest]) -> dict[str, SnapshotDamaged]:
    """Return by id which of all readable snapshots cannot be read for want of the one below."""
    found = {}
    for id, one in manifests.items():
        if one.builds_on is not None:
            base = manifests.get(one.builds_on.id)
            if said := what_is_wrong(id, one.builds_on, base):
                found[id] = SnapshotDamaged(said, _HINT)
    return found
