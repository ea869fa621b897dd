"""What every question needs first: the snapshot, and the families laid over it."""

from collections.abc import Sequence
from datetime import date

from lineage.domain.families import Family
from lineage.domain.opt_outs import OptOuts
from lineage.families.registry import lazy_families
from lineage.settings import Settings, load_settings
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore


def open_store(store: str | None) -> ParquetStore:
    """Return the store that the flag or the settings name; no token is looked for."""
    settings = local_settings(store)
    return ParquetStore(settings.store, OptOuts.parse(settings.opt_outs))


def open_snapshot(store: str | None, id: str | None, as_of: date | None = None) -> Snapshot:
    """Return the snapshot that was named, else the witness of a day, else the latest."""
    opened = open_store(store)
    return opened.snapshot(id) if as_of is None or id is not None else opened.snapshot_at(as_of)


def opt_outs() -> OptOuts:
    """Return who asked to be left out."""
    return OptOuts.parse(local_settings(None).opt_outs)


def local_settings(store: str | None) -> Settings:
    """Return the settings of who asks no Hub."""
    return load_settings({"store": store}, with_token=False)


def known_families(families: str | None = None) -> Sequence[Family]:
    """Return the bundled families and those that the flag or the settings name."""
    path = load_settings({"families": families}, with_token=False).families
    return lazy_families(path)
