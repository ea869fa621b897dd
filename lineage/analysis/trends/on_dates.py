"""How many derivatives there were on a day, by each definition of the ladder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from lineage.analysis.ground import Ground
from lineage.analysis.ladders import definitions_of_steps
from lineage.analysis.members import members_below
from lineage.analysis.results import Step
from lineage.analysis.scope import root_nodes
from lineage.analysis.trends import moments as times
from lineage.analysis.trends.findings import OnDate, OnDates
from lineage.analysis.trends.moments import Int64s, Mask
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.store.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class _Rung:
    """Who counts by one definition: when each was created."""

    step: Step
    definition: Definition
    moments: Int64s


def on_dates(
    snapshot: Snapshot,
    family: Family,
    families: Sequence[Family],
    moments: Int64s,
    least_downloads: int,
) -> OnDates:
    """Count who was created by the end of each day that people quote."""
    rungs = list(_rungs(snapshot, family, families, moments, least_downloads))
    dated = [np.sort(rung.moments[rung.moments != times.UNDATED]) for rung in rungs]
    return OnDates(
        steps=[rung.step for rung in rungs],
        definitions=[rung.definition for rung in rungs],
        undated=[int((rung.moments == times.UNDATED).sum()) for rung in rungs],
        rows=[
            OnDate(day, names, [int(np.searchsorted(one, times.end_of(day))) for one in dated])
            for day, names in days_of(family, snapshot.manifest.origin.taken_at.date())
        ],
    )


def days_of(family: Family, taken: date) -> list[tuple[date, tuple[str, ...]]]:
    """Return each release day, the end of each year since, and the snapshot's own day."""
    days: dict[date, tuple[str, ...]] = {}
    for release in family.releases:
        days[release.released] = (*days.get(release.released, ()), release.name)
    first = min(days, default=taken)
    for year in range(first.year, taken.year):
        days.setdefault(date(year, 12, 31), ())
    days.setdefault(taken, ())
    return sorted((day, names) for day, names in days.items() if day <= taken)


def _rungs(
    snapshot: Snapshot,
    family: Family,
    families: Sequence[Family],
    moments: Int64s,
    least_downloads: int,
) -> Iterator[_Rung]:
    """Yield each step; `without the deleted` are those who were there then and still are."""
    author = times.authors(snapshot)
    counted: Mask = np.zeros(len(moments), np.bool_)
    rule = Definition()
    official = tuple(id for release in family.releases for id in release.official)
    for step, definition in definitions_of_steps(least_downloads):
        rule = definition
        ground = Ground.of(snapshot, rule, families)
        roots = root_nodes(ground, family.roots() if rule.mirrors else official)
        counted = members_below(ground, roots).counted[: len(moments)]
        yield _Rung(step, rule, moments[counted])
    own, when = author[counted], moments[counted]
    yield _Rung(Step.AUTHORS, rule, when[times.first_of_each(own, when)])
