"""The total of every family and of its releases at once: the same numbers as counting each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lineage.analysis.growth.subjects import Counted, families_and_releases
from lineage.analysis.scope import Scope
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.store.reader import Snapshot

_FULL = Definition(mirrors=True, curated=True)


@dataclass(frozen=True, slots=True)
class FamilyTotal:
    """The derivatives of a family; the parts add up to the whole."""

    total: int
    releases: Mapping[str, int]
    """By name of the release in the registry's order, then `mixed` and `unknown`; no zeros."""


def family_totals(snapshot: Snapshot, families: Sequence[Family]) -> dict[str, FamilyTotal]:
    """Count every family as `count_family` does by release, and read the snapshot once."""
    whole, parts = families_and_releases(Scope.of(snapshot, _FULL, families))
    releases: dict[str, dict[str, int]] = {family.id: {} for family in families}
    for one, n in zip(parts.subjects, _listed(parts, snapshot), strict=True):
        if n:  # others are gone, all of them
            releases[one.family.id][one.name] = n
    totals = zip(whole.subjects, _listed(whole, snapshot), strict=True)
    return {one.family.id: FamilyTotal(n, releases[one.family.id]) for one, n in totals}


def _listed(counted: Counted, snapshot: Snapshot) -> list[int]:
    """Return how many listed models each subject counts."""
    listed = counted.subject[counted.node < snapshot.manifest.models]
    return list(np.bincount(listed, minlength=len(counted.subjects)).tolist())
