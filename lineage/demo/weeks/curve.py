"""How many derivatives each release of a family had, snapshot by snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lineage.analysis.curves import curve_of_family
from lineage.analysis.curves.curve import Line
from lineage.domain.definitions import Grouping
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
    """Read a family's stored numbers of each snapshot; all families say which models are mixed."""
    found = curve_of_family(store, family, families, Grouping.RELEASE)
    return Curve(
        tuple(one.taken_at for one in found.moments),
        tuple(at for at, one in enumerate(found.moments) if one.kind is Kind.SWEEP),
        tuple((line.name, _totals(line)) for line in found.parts if any(_totals(line))),
        _totals(found.whole),
    )


def _totals(line: Line) -> tuple[int, ...]:
    return tuple(point.total for point in line.points)
