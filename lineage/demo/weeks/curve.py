"""How many derivatives each release of a family had, snapshot by snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lineage.analysis.comparing.family_totals import FamilyTotal, family_totals
from lineage.domain.families import Family
from lineage.store.manifest import Kind
from lineage.store.store import ParquetStore


@dataclass(frozen=True, slots=True)
class Curve:
    """One number a moment and release, counted as `count --family --by release` does."""

    moments: tuple[datetime, ...]
    sweeps: tuple[int, ...]
    """Places of the moments at which a sweep saw who was gone."""
    releases: tuple[tuple[str, tuple[int, ...]], ...]
    """In the registry's order, then `mixed` and `unknown`; without those that stay at 0."""
    totals: tuple[int, ...]


def curve(store: ParquetStore, family: Family, families: Sequence[Family]) -> Curve:
    """Count a family in each snapshot of a history; all families say which models are mixed."""
    origins = [one.origin for one in store.manifests()]
    snapshots = (store.snapshot(one.id) for one in store.manifests())
    found = [family_totals(snapshot, families)[family.id] for snapshot in snapshots]
    return Curve(
        tuple(one.taken_at for one in origins),
        tuple(at for at, one in enumerate(origins) if one.kind is Kind.SWEEP),
        tuple((name, tuple(one.releases.get(name, 0) for one in found)) for name in _names(found)),
        tuple(one.total for one in found),
    )


def _names(found: Sequence[FamilyTotal]) -> list[str]:
    """Return all names in an order that keeps each snapshot's own."""
    names: list[str] = []
    for one in found:
        at = 0
        for name in one.releases:
            if name not in names:
                names.insert(at, name)
            at = names.index(name) + 1
    return names
