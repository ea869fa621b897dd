"""When models were created, as months and days that can be counted column-wise."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.trends.findings import Line, Timeline
from lineage.domain.arrays import Indices, Int64s, Mask, Nodes
from lineage.store.reader import Snapshot

UNDATED = int(np.iinfo(np.int64).min)
DAY = 86_400_000_000
"""In microseconds."""


def created(snapshot: Snapshot) -> Int64s:
    """Return when each model was created, in microseconds; UNDATED where nobody knows.

    As every column here, it has an element for each listed model, then for each that is gone.
    """
    moments = snapshot.record_column("created_at").combine_chunks()
    known = pc.fill_null(moments.cast(pa.int64()), UNDATED)
    found: Int64s = known.to_numpy(zero_copy_only=False)
    return found


def day_number(day: date) -> int:
    """Return how many days a day lies after the first of 1970."""
    return (day - date(1970, 1, 1)).days


def day_of(moment: np.integer | int) -> date:
    """Return the day of a dated moment, in UTC."""
    return date(1970, 1, 1) + timedelta(days=int(moment) // DAY)


def end_of(day: date) -> int:
    """Return the first microsecond after a day, in UTC."""
    return (day_number(day) + 1) * DAY


def months_of(moments: Int64s) -> Int64s:
    """Return the months since January 1970 in which dated moments lie."""
    found: Int64s = moments.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    return found


@dataclass(frozen=True, slots=True)
class Calendar:
    """In which of some months each model was created."""

    month: Int64s
    """The place of each model's month, -1 for who has no known date."""
    span: Int64s
    """The months that are shown, in order, in months since January 1970."""

    @classmethod
    def of(cls, moments: Int64s, span: Int64s) -> "Calendar":
        """Place every model; whoever is asked for must lie in the months that are shown."""
        dated = moments != UNDATED
        month = np.full(len(moments), -1, np.int64)
        month[dated] = months_of(moments[dated]) - (span[0] if len(span) else 0)
        return cls(month, span)

    @property
    def months(self) -> list[str]:
        """`2025-03` for each month that is shown."""
        return [str(np.datetime64(int(one), "M")) for one in self.span]

    def line(self, key: str, which: Mask) -> Line:
        """Count some models by month."""
        month = self.month[which]
        dated = month[month >= 0]
        values = np.bincount(dated, minlength=len(self.span)).tolist()
        return Line(key, values, len(month) - len(dated))

    def timeline(self, columns: Iterable[tuple[str, Mask]]) -> Timeline:
        """Count each column's models by month."""
        return Timeline(self.months, [self.line(key, which) for key, which in columns])


def span_of(moments: Int64s) -> Int64s:
    """Return every month from the first to the last dated one."""
    dated = moments[moments != UNDATED]
    if not len(dated):
        return np.empty(0, np.int64)
    first, last = months_of(np.array([dated.min(), dated.max()]))
    return np.arange(first, last + 1, dtype=np.int64)


def first_of_each(codes: Indices, moments: Int64s) -> Mask:
    """Mark the first dated model of each author, or one undated where none of theirs is dated.

    A code below 0 is nobody.
    """
    when = np.where(moments == UNDATED, np.iinfo(np.int64).max, moments)
    order = np.lexsort((np.arange(len(codes)), when, codes))
    ordered = codes[order]
    is_first = np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)] & (ordered >= 0)
    mask = np.zeros(len(codes), np.bool_)
    mask[order[is_first]] = True
    return mask


def authors(snapshot: Snapshot) -> Nodes:
    """Return a number for each model's author, -1 where nobody is named."""
    names = snapshot.record_column("author").combine_chunks().dictionary_encode()
    codes: Nodes = pc.fill_null(names.indices, -1).to_numpy(zero_copy_only=False)
    return codes


def labels(codes: Indices, names: Sequence[str]) -> list[tuple[str, Mask]]:
    """Return a column for each name that some code stands for."""
    return [(name, codes == at) for at, name in enumerate(names) if (codes == at).any()]
