"""How many there were on chosen days: as counted then, else by today's models' creation dates."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from lineage.analysis.growth.findings import DayBasis, DayCount, SubjectHistory
from lineage.analysis.growth.periods import end_of_day
from lineage.domain.arrays import Int64s
from lineage.domain.families import Release

_MOST_SNAPSHOTS = 5
_MOST_EARLIER = 3


@dataclass(frozen=True, slots=True)
class DayNumbers:
    """What days can be counted from."""

    snapshot: str
    taken_on: date
    last_day: date
    """The last day that the data tell of."""
    models: int
    at_most: int
    """The subject as the snapshot itself counts it on the last day."""
    dated: Int64s
    """Creation moments of its dated models, in rising order."""
    undated: int
    history: SubjectHistory
    releases: Sequence[Release]

    def count_day(self, day: date) -> DayCount:
        """Count one day; days after the data are answered by their last one."""
        events = [release.name for release in self.releases if release.released == day]
        points = list(zip(self.history.moments, self.history.whole, strict=True))
        answer = next((it for it in reversed(points) if it[0].taken_at.date() <= day), None)
        if answer is not None:
            moment, models = answer
            on = moment.taken_at.date()
            return DayCount(day, models, models, DayBasis.SNAPSHOT, moment.snapshot, on, events)
        if not points and day >= self.taken_on:
            basis = DayBasis.SNAPSHOT
            models, at_most = self.models, self.at_most
        else:
            basis = DayBasis.CREATION
            models = int(np.searchsorted(self.dated, end_of_day(day)))
            at_most = models + self.undated
        return DayCount(day, models, at_most, basis, self.snapshot, self.taken_on, events)

    def choose_days(self) -> Iterator[date]:
        """Yield days worth a row: ends of years that dates can answer, then of the snapshots some.

        Years are those before the first snapshot, and the day itself where there is one alone.
        """
        counted = [moment.taken_at.date() for moment in self.history.moments]
        first = counted[0] if counted else self.last_day
        begin = min((release.released for release in self.releases), default=first)
        if len(self.dated):
            begin = min(begin, date(1970, 1, 1) + timedelta(microseconds=int(self.dated[0])))
        years = [date(year, 12, 31) for year in range(begin.year, first.year)]
        answers = [self.count_day(day) for day in years]
        reliable = [answer.day for answer in answers if answer.is_reliable and answer.models]
        yield from reliable[-_MOST_EARLIER:]
        if not counted:
            yield self.last_day
            return
        places = np.linspace(0, len(counted) - 1, min(len(counted), _MOST_SNAPSHOTS))
        yield from (counted[place] for place in dict.fromkeys(np.rint(places).astype(int).tolist()))
