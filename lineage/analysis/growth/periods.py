"""When models were created, as months and days that can be counted column-wise."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.growth.results import GrowthSeries, Timeline
from lineage.domain.arrays import Int64s, Mask
from lineage.domain.clock import end_of
from lineage.domain.definitions import Definition
from lineage.store.reader import Snapshot

UNDATED = int(np.iinfo(np.int64).min)
DAY = 86_400_000_000
"""In microseconds."""


def read_creation_dates(snapshot: Snapshot) -> Int64s:
    """Return when each model was created, in microseconds; UNDATED where it is not known.

    As every column here, it has an element for each listed model, then for each deleted one.
    """
    moments = snapshot.record_column("created_at").combine_chunks()
    filled = pc.fill_null(moments.cast(pa.int64()), UNDATED)
    column: Int64s = filled.to_numpy(zero_copy_only=False)
    return column


def read_deletion_dates(snapshot: Snapshot) -> Int64s:
    """Return the moment of the first listing without each deleted model, in microseconds."""
    column = snapshot.tombstones(["missed_at"])["missed_at"].combine_chunks().cast(pa.int64())
    moments: Int64s = column.to_numpy(zero_copy_only=False)
    return moments


def day_number(day: date) -> int:
    """Return how many days a day lies after the first of 1970."""
    return (day - date(1970, 1, 1)).days


def day_of(moment: np.integer | int) -> date:
    """Return the day of a dated moment, in UTC."""
    return date(1970, 1, 1) + timedelta(days=int(moment) // DAY)


def end_of_day(day: date) -> int:
    """Return the first microsecond after a day, in UTC."""
    return (day_number(day) + 1) * DAY


def month_numbers(moments: Int64s) -> Int64s:
    """Return the months since January 1970 in which dated moments lie."""
    months: Int64s = moments.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    return months


def month_names(months: Int64s) -> list[str]:
    """Spell months since January 1970: `2025-03`."""
    return [str(month) for month in months.astype("datetime64[M]")]


def month_span(moments: Int64s) -> Int64s:
    """Return every month from the first to the last dated one."""
    dated = moments[moments != UNDATED]
    if not len(dated):
        return np.empty(0, np.int64)
    first, last = month_numbers(np.array([dated.min(), dated.max()]))
    return np.arange(first, last + 1, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Calendar:
    """In which of some months each model was created."""

    month: Int64s
    """The place of each model's month, -1 for models without a known date."""
    span: Int64s
    """The months that are covered, in order, in months since January 1970."""

    @classmethod
    def of(cls, moments: Int64s, span: Int64s) -> "Calendar":
        """Place every model; models that are counted later must lie in the span."""
        dated = moments != UNDATED
        month = np.full(len(moments), -1, np.int64)
        month[dated] = month_numbers(moments[dated]) - (span[0] if len(span) else 0)
        return cls(month, span)

    @property
    def months(self) -> list[str]:
        """`2025-03` for each month of the span."""
        return month_names(self.span)

    def count_by_month(self, key: str, which: Mask) -> GrowthSeries[int]:
        """Count some models by month."""
        month = self.month[which]
        dated = month[month >= 0]
        values = np.bincount(dated, minlength=len(self.span)).tolist()
        return GrowthSeries(key, values, len(month) - len(dated))

    def timeline_of(self, columns: Iterable[tuple[str, Mask]]) -> Timeline:
        """Count each column's models by month."""
        return Timeline(self.months, [self.count_by_month(key, which) for key, which in columns])


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
    def of(cls, snapshot: Snapshot, definition: Definition, moments: Int64s) -> "DayLimit":
        """Read a definition's day; without one, nothing is cut off."""
        every = np.ones(len(moments), np.bool_)
        if definition.as_of is None:
            return cls(definition, every, every)
        end = end_of_day(definition.as_of)
        possibly = (moments == UNDATED) | (moments < end)
        if not definition.deleted and snapshot.manifest.tombstones:
            possibly[snapshot.manifest.models :] &= read_deletion_dates(snapshot) >= end
        was_taken_by_then = snapshot.manifest.origin.taken_at < end_of(definition.as_of)
        surely = possibly if was_taken_by_then else possibly & (moments != UNDATED)
        return cls(replace(definition, as_of=None, deleted=True), possibly, surely)
