"""What every question needs first: the snapshot, and the families laid over it."""

from lineage.domain.families import Family
from lineage.families.registry import load_families
from lineage.settings import Settings, load_settings
from lineage.store.snapshot import Snapshot
from lineage.store.store import ParquetStore


def open_store(store: str | None) -> ParquetStore:
    """Return the store that the flag or the settings name; no token is looked for."""
    return ParquetStore(local_settings(store).store)


def open_snapshot(store: str | None, id: str | None) -> Snapshot:
    """Return the snapshot that was named, else the latest of everything."""
    return open_store(store).snapshot(id)


def local_settings(store: str | None) -> Settings:
    """Return the settings of who asks no Hub."""
    return load_settings({"store": store}, with_token=False)


def known_families(families: str | None = None) -> tuple[Family, ...]:
    """Return the bundled families and those that the flag or the settings name."""
    return load_families(load_settings({"families": families}, with_token=False).families)
