"""What every question needs first: the snapshot, and the families laid over it."""

from collections.abc import Sequence
from datetime import date

from lineage.domain.families import Family
from lineage.domain.opt_outs import OptOuts
from lineage.families.registry import lazy_families
from lineage.settings import Settings, load_settings
from lineage.store.manifest import Manifest
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore


def open_store(store: str | None) -> ParquetStore:
    """Return the store that the flag or the settings name; no token is looked for."""
    return ParquetStore(local_settings(store).store)


def open_snapshot(store: str | None, id: str | None, as_of: date | None = None) -> Snapshot:
    """Return the snapshot that was named, else the witness of a day, else the latest."""
    opened = open_store(store)
    found = opened.snapshot(id) if as_of is None or id is not None else opened.snapshot_at(as_of)
    return without_forgotten(found)


def opt_outs() -> OptOuts:
    """Return who asked to be left out."""
    return OptOuts.parse(local_settings(None).opt_outs)


def without_forgotten(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot as answers may show it: whoever asked for it is in none of them."""
    if not (who := opt_outs()):
        return snapshot
    from lineage.analysis import left_out  # a plain look-up need not load it

    return left_out.without_forgotten(snapshot, who)


def shown(manifest: Manifest) -> Manifest:
    """Return what may be shown of what a snapshot says of itself."""
    if not (who := opt_outs()):
        return manifest
    from lineage.analysis import left_out

    return left_out.manifest_without(manifest, who)


def local_settings(store: str | None) -> Settings:
    """Return the settings of who asks no Hub."""
    return load_settings({"store": store}, with_token=False)


def known_families(families: str | None = None) -> Sequence[Family]:
    """Return the bundled families and those that the flag or the settings name."""
    path = load_settings({"families": families}, with_token=False).families
    return lazy_families(path)
