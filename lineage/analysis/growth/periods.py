"""When models were created, as months and days that can be counted column-wise."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import accumulate

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.growth.results import GrowthSeries, Timeline
from lineage.analysis.members import find_countable
from lineage.analysis.scope import Scope
from lineage.domain.arrays import Int64s, Mask
from lineage.domain.definitions import Definition
from lineage.store.reader import Snapshot

UNDATED = int(np.iinfo(np.int64).min)
DAY = 86_400_000_000
"""In microseconds."""


def creation_dates_for_growth(snapshot: Snapshot) -> Int64s:
    """Return when each model was created, in microseconds; UNDATED where it is not known.

    As every column here, it has an element for each listed model, then for each deleted one.
    """
    moments = snapshot.record_column("created_at").combine_chunks()
    filled = pc.fill_null(moments.cast(pa.int64()), UNDATED)
    column: Int64s = filled.to_numpy(zero_copy_only=False)
    return column


def day_number_of_growth(day: date) -> int:
    """Return how many days a day lies after the first of 1970."""
    return (day - date(1970, 1, 1)).days


def end_of_day(day: date) -> int:
    """Return the first microsecond after a day, in UTC."""
    return (day_number_of_growth(day) + 1) * DAY


def month_numbers(moments: Int64s) -> Int64s:
    """Return the months since January 1970 in which dated moments lie."""
    months: Int64s = moments.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    return months


def spell_growth_months(months: Int64s) -> list[str]:
    """Spell months since January 1970: `2025-03`."""
    return [str(month) for month in months.astype("datetime64[M]")]


def span_of_growth_months(moments: Int64s) -> Int64s:
    """Return every month from the first to the last dated one."""
    dated = moments[moments != UNDATED]
    if not len(dated):
        return np.empty(0, np.int64)
    # Months without any model count too: a curve that skipped them would look steeper.
    first, last = month_numbers(np.array([dated.min(), dated.max()]))
    return np.arange(first, last + 1, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Calendar:
    """In which of some months each model was created."""

    month: Int64s
    """The place of each model's month, -1 for models without a known date."""
    span: Int64s
    """The months that are covered, in order, in months since January 1970."""
    incomplete: int
    """How many of them, at the end, are not over in the data."""

    @classmethod
    def of(cls, moments: Int64s, span: Int64s, end_of_data: datetime) -> "Calendar":
        """Place every model; models that are counted later must lie in the span."""
        dated = moments != UNDATED
        month = np.full(len(moments), -1, np.int64)
        month[dated] = month_numbers(moments[dated]) - (span[0] if len(span) else 0)
        # Dates in the future, which some models have, lie in months that are not over either.
        running = 12 * (end_of_data.year - 1970) + end_of_data.month - 1
        return cls(month, span, int((span >= running).sum()))

    @property
    def months(self) -> list[str]:
        """`2025-03` for each month of the span."""
        return spell_growth_months(self.span)

    def count_by_month(self, key: str, which: Mask) -> GrowthSeries[int]:
        """Count some models by month."""
        month = self.month[which]
        dated = month[month >= 0]
        values = np.bincount(dated, minlength=len(self.span)).tolist()
        return GrowthSeries(key, values, len(month) - len(dated))

    def growth_timeline_of(self, columns: Iterable[tuple[str, Mask]], every: Mask) -> Timeline:
        """Count each column's models by month; `every` are those of all columns together."""
        lines = [self.count_by_month(key, which) for key, which in columns]
        whole = self.count_by_month("", every)
        few = sum(dated < whole.undated for dated in accumulate(whole.values))
        return Timeline(self.months, lines, self.incomplete, few)


@dataclass(frozen=True, slots=True)
class DayLimit:
    """What a definition's day cuts off."""

    definition: Definition
    """For the graph: without the day, with the models that were deleted since."""
    possibly: Mask
    """Models with a record that existed by then, or are undated and may have."""
    surely: Mask
    """Those that `count --as-of` counts: of the undated those in a snapshot by then."""

    # The undated are counted separately instead of dropped: of a big family they are a third, and
    # a curve without them would look as if nothing had happened before the Hub stored dates.

    @classmethod
    def of(cls, scope: Scope) -> "DayLimit":
        """Read the day of a scope's definition; without one, nothing is cut off."""
        definition = scope.definition
        if definition.as_of is None:
            every = np.ones(scope.snapshot.records, np.bool_)
            return cls(definition, every, every)
        countable = find_countable(scope.under(replace(definition, min_downloads=0)))
        definition = replace(definition, as_of=None, deleted=True)
        return cls(definition, countable.possibly, countable.surely)
