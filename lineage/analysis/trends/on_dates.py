"""How many derivatives there were on a day, by each definition of the ladder."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from lineage.analysis.comparison import definitions_of_steps
from lineage.analysis.members import members_below
from lineage.analysis.results import Step
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import root_nodes
from lineage.analysis.trends import moments as times
from lineage.analysis.trends.findings import OnDate, OnDates, Passed
from lineage.domain.arrays import Int64s, Mask, Nodes
from lineage.domain.definitions import Definition
from lineage.domain.families import Family

CLAIM = 7000
"""What the press has said of Llama: more than so many derivatives."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the days are asked for."""

    as_of: date | None
    """The last day; None for the snapshot's own."""
    claim: int
    moments: Int64s
    """When each model with a record was created."""
    author: Nodes
    """A number for each of their authors."""
    least_downloads: int


@dataclass(frozen=True, slots=True)
class _Rung:
    """Who counts by one definition: when each was created."""

    step: Step
    definition: Definition
    moments: Int64s


def on_dates(scope: Scope, family: Family, asked: Asked) -> OnDates:
    """Count who was created by the end of each day that people quote.

    `ground` stands on the snapshot; each step lays its own definition over it.
    """
    taken = scope.snapshot.manifest.origin.taken_at.date()
    days = days_of(family, asked.as_of or taken)
    rungs = list(_rungs(scope, family, asked))
    end = times.end_of(days[-1][0])
    dated = [np.sort(rung.moments[rung.moments != times.UNDATED]) for rung in rungs]
    dated = [one[: np.searchsorted(one, end)] for one in dated]
    undated = [int((rung.moments == times.UNDATED).sum()) for rung in rungs]
    return OnDates(
        steps=[rung.step for rung in rungs],
        definitions=[rung.definition for rung in rungs],
        undated=undated,
        rows=[
            OnDate(day, names, [int(np.searchsorted(one, times.end_of(day))) for one in dated])
            for day, names in days
        ],
        claim=asked.claim,
        passed=[
            passed(one, unknown, asked.claim, days[0][0])
            for one, unknown in zip(dated, undated, strict=True)
        ],
    )


def passed(dated: Int64s, undated: int, claim: int, first: date) -> Passed:
    """Return between which days a number was exceeded; `dated` moments are in rising order.

    The undated may all be as old as the family, or as young as the last day.
    """
    surely = times.day_of(dated[claim]) if len(dated) > claim else None
    if undated > claim:
        return Passed(surely, first)
    at = claim - undated
    return Passed(surely, times.day_of(dated[at]) if len(dated) > at else None)


def days_of(family: Family, taken: date) -> list[tuple[date, tuple[str, ...]]]:
    """Return each release day, the end of each year since, and the last day itself."""
    days: dict[date, tuple[str, ...]] = {}
    for release in family.releases:
        days[release.released] = (*days.get(release.released, ()), release.name)
    first = min(days, default=taken)
    for year in range(first.year, taken.year):
        days.setdefault(date(year, 12, 31), ())
    days.setdefault(taken, ())
    return sorted((day, names) for day, names in days.items() if day <= taken)


def _rungs(like: Scope, family: Family, asked: Asked) -> Iterator[_Rung]:
    """Yield each step; `without the deleted` are those who were there then and still are."""
    counted: Mask = np.zeros(len(asked.moments), np.bool_)
    rule = Definition()
    official = tuple(id for release in family.releases for id in release.official)
    for step, definition in definitions_of_steps(asked.least_downloads):
        rule = definition
        scope = Scope.of(like.snapshot, rule, like.families, like)
        roots = root_nodes(scope, family.roots() if rule.mirrors else official)
        counted = members_below(scope, roots).counted[: len(asked.moments)]
        yield _Rung(step, rule, asked.moments[counted])
    own, when = asked.author[counted], asked.moments[counted]
    yield _Rung(Step.AUTHORS, rule, when[times.first_of_each(own, when)])
