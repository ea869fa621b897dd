"""What single days can be asked for: derivatives by the end of a day, and days until deletion."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from lineage.analysis.comparison import definitions_of_steps
from lineage.analysis.growth.periods import (
    DAY,
    UNDATED,
    day_of,
    end_of_day,
    read_growth_creation_dates,
    read_growth_deletion_dates,
)
from lineage.analysis.growth.results import ClaimPassed, Deletions, GroupSize, OnDate, OnDates
from lineage.analysis.growth.variants import first_variant_upload_of_each
from lineage.analysis.members import members_below
from lineage.analysis.results import ComparisonStep
from lineage.analysis.scope import Scope
from lineage.domain.arrays import Int64s, Nodes
from lineage.domain.clock import end_of_day_utc
from lineage.domain.definitions import Definition
from lineage.domain.families import Family

CLAIM = 7000
"""What the press has said of Llama: more than so many derivatives."""
_DAYS = ((0, "0-6"), (7, "7-29"), (30, "30-89"), (90, "90-364"), (365, "365+"))
"""From how many days on a deleted model falls into a class."""


@dataclass(frozen=True, slots=True)
class DateQuestion:
    """What the days are asked for."""

    as_of: date | None
    """The last day; None for the snapshot's own."""
    claim: int
    moments: Int64s
    """When each model with a record was created."""
    author: Nodes
    """A number for each of their authors."""
    least_downloads: int


def count_on_dates(scope: Scope, family: Family, question: DateQuestion) -> OnDates:
    """Count what was created by the end of each day that people quote, by each definition.

    `scope` gives snapshot and registry; each step applies its own definition.
    """
    taken_at = scope.snapshot.manifest.origin.taken_at
    # Nothing is known of days after the data end, and there may be thousands of them.
    last_day = min(question.as_of or taken_at.date(), taken_at.date())
    # Every definition is counted on the same days, so that rows can be compared across columns.
    days = trend_days_of(family, last_day)
    steps, definitions, created = zip(*_count_date_steps(scope, family, question), strict=True)
    end = end_of_day(days[-1][0])
    dated = [np.sort(moments[moments != UNDATED]) for moments in created]
    dated = [moments[: np.searchsorted(moments, end)] for moments in dated]
    undated = [int((moments == UNDATED).sum()) for moments in created]
    rows = [
        OnDate(
            day,
            names,
            [int(np.searchsorted(moments, end_of_day(day))) for moments in dated],
            complete=end_of_day_utc(day) <= taken_at,
        )
        for day, names in days
    ]
    return OnDates(
        steps=list(steps),
        definitions=list(definitions),
        undated=undated,
        rows=rows,
        claim=question.claim,
        passed=[
            find_day_of_growth_past(moments, unknown, question.claim, days[0][0])
            for moments, unknown in zip(dated, undated, strict=True)
        ],
    )


def find_day_of_growth_past(dated: Int64s, undated: int, claim: int, first: date) -> ClaimPassed:
    """Return between which days a number was exceeded; `dated` moments are in rising order."""
    # The undated may all be as old as the family, or as young as the last day: two dates, not one.
    surely = day_of(dated[claim]) if len(dated) > claim else None
    if undated > claim:
        return ClaimPassed(surely, first)
    place = claim - undated
    return ClaimPassed(surely, day_of(dated[place]) if len(dated) > place else None)


def trend_days_of(family: Family, last_day: date) -> list[tuple[date, tuple[str, ...]]]:
    """Return each release day, the end of each year since, and the last day itself."""
    days: dict[date, tuple[str, ...]] = {}
    for release in family.releases:
        days[release.released] = (*days.get(release.released, ()), release.name)
    first = min(days, default=last_day)
    for year in range(first.year, last_day.year):
        days.setdefault(date(year, 12, 31), ())
    days.setdefault(last_day, ())
    return sorted((day, names) for day, names in days.items() if day <= last_day)


def _count_date_steps(
    scope: Scope, family: Family, question: DateQuestion
) -> Iterator[tuple[ComparisonStep, Definition, Int64s]]:
    """Yield when the models of each step were made; deleted ones are in the last two alone."""
    official = tuple(id for release in family.releases for id in release.official)
    for step, definition in definitions_of_steps(question.least_downloads):
        of_step = scope.under(definition)
        is_whole = definition.mirrors
        roots = of_step.tops_of(family) if is_whole else of_step.roots_of(official)
        counted = members_below(of_step, roots).counted[: len(question.moments)]
        created = question.moments[counted]
        yield step, definition, created
        if step is ComparisonStep.DOWNLOADS:
            authors = first_variant_upload_of_each(question.author[counted], created)
            yield ComparisonStep.AUTHORS, definition, created[authors]


def count_deletions(scope: Scope, family: Family, definition: Definition) -> Deletions | None:
    """Return what is known of a family's deleted models; None where the snapshot knows of none.

    As of a day, models found missing later still existed.
    """
    snapshot = scope.snapshot
    if not snapshot.manifest.tombstones:
        return None
    scope = scope.under(replace(definition, deleted=True))
    counted = members_below(scope, scope.tops_of(family)).counted
    listed = snapshot.manifest.models
    # The first listing without a model: it may have been deleted some days before.
    deleted_at = read_growth_deletion_dates(snapshot)
    deleted = counted[listed : snapshot.records]
    if definition.as_of is not None:
        deleted = deleted & (deleted_at < end_of_day(definition.as_of))
    created = read_growth_creation_dates(snapshot)[listed:][deleted]
    days = (deleted_at[deleted] - created)[created != UNDATED] // DAY
    starts = [start for start, _ in _DAYS]
    classes = Counter((np.searchsorted(starts, np.maximum(days, 0), "right") - 1).tolist())
    return Deletions(
        deleted=int(deleted.sum()),
        ever_known=int(counted[: snapshot.records].sum()),
        days_until_deletion=[
            GroupSize(name, classes[place]) for place, (_, name) in enumerate(_DAYS)
        ],
        undated=int((created == UNDATED).sum()),
    )
