"""A subject as counted in each snapshot: what stands under a picture of growth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np

from lineage.analysis.groups import MIXED, UNKNOWN
from lineage.analysis.growth.curves import (
    CurveAnswer,
    Say,
    check_stored_trends,
    count_over_history,
    curve_of_base,
    find_renamed_roots_of_curve,
)
from lineage.analysis.growth.periods import end_of_day
from lineage.analysis.growth.results import (
    DayBasis,
    DayCount,
    GrowthSeries,
    Moment,
    Point,
    SubjectHistory,
)
from lineage.analysis.growth.stored import (
    FULL,
    count_growth_trends_in_scope,
    read_trends,
    registry_digest_for_trends,
    trend_slice_of_family,
    trend_slice_of_release,
    trend_totals_of_families,
)
from lineage.analysis.scope import DEFAULT, Scope
from lineage.analysis.subjects import ResolvedSubject
from lineage.domain.arrays import Int64s
from lineage.domain.claims import RELATIONS
from lineage.domain.clock import end_of_data
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.families import Release
from lineage.store.manifest import SnapshotKind, is_snapshot_below_base
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore


@dataclass(frozen=True, slots=True)
class _CountedHistory:
    moments: Sequence[Moment]
    whole: Sequence[Point]
    parts: Sequence[GrowthSeries[int]]
    families: Sequence[GrowthSeries[int]] = ()


def is_definition_stored(definition: Definition, subject: ResolvedSubject) -> bool:
    """Say whether numbers by a definition were stored at publication, whatever its day."""
    asked = replace(definition, as_of=None, roots=())
    # Mirrors and curated edges always join for a family or release, and never for a stored model.
    if subject.model is not None:
        return asked == DEFAULT
    return replace(asked, mirrors=True, curated=True) == FULL


def read_history(
    store: ParquetStore, scope: Scope, subject: ResolvedSubject, say: Say = lambda _: None
) -> SubjectHistory:
    """Return a subject in every snapshot up to the scope's, by the definition that is stored.

    Moments that cannot be compared with the scope's snapshot are left out: those that know no
    parents, and dumps beside crawls, which list other models. Of several on a day the last stands.
    """
    origin = scope.snapshot.manifest.origin
    end = end_of_data(origin.taken_at, scope.definition.as_of)
    whole = [it for it in store.manifests() if not is_snapshot_below_base(it)]
    # A single snapshot has nothing to be compared with, and is not counted a second time.
    if sum(it.origin.taken_at <= end for it in whole) < 2:
        return SubjectHistory()
    if subject.model is not None:
        counted = _count_model_history(store, scope, subject, say, end)
    else:
        counted = _count_family_history(store, scope, subject, say, end)
    by_day: dict[date, int] = {}
    for at, moment in enumerate(counted.moments):
        is_dump = moment.kind is SnapshotKind.DUMP
        if moment.parents_known and is_dump == (origin.kind is SnapshotKind.DUMP):
            by_day[moment.taken_at.date()] = at
    places = list(by_day.values())

    def choose_growth_series(lines: Sequence[GrowthSeries[int]]) -> list[GrowthSeries[int]]:
        cut = [GrowthSeries(line.key, [line.values[at] for at in places]) for line in lines]
        return [line for line in cut if any(line.values)]

    return SubjectHistory(
        moments=[counted.moments[at] for at in places],
        whole=[counted.whole[at].total for at in places],
        authors=[counted.whole[at].authors for at in places],
        known_deleted=[counted.whole[at].known_deleted for at in places],
        parts=choose_growth_series(counted.parts),
        families=choose_growth_series(counted.families),
    )


def _count_family_history(
    store: ParquetStore, scope: Scope, subject: ResolvedSubject, say: Say, end: datetime
) -> _CountedHistory:
    """Count a family by release, or a release by relation, and beside it every family."""
    family, release, families = subject.family, subject.release, scope.families
    assert family is not None
    # All families stand in one picture, so that all of them must rest on today's registry.
    overlay, renamed = (
        registry_digest_for_trends(families),
        find_renamed_roots_of_curve(store, scope, families),
    )
    reasons: set[str] = set()

    def count_snapshot(snapshot: Snapshot) -> CurveAnswer:
        stored = read_trends(snapshot, ["name"])
        table, reason = check_stored_trends(snapshot, stored, overlay, families, renamed)
        if reason is not None and reason not in reasons:
            reasons.add(reason)
            say(
                f"Snapshot {snapshot.id} holds {reason}: the families are counted in it now, and in"
                " every other one of which that is true."
            )
        counted = (
            count_growth_trends_in_scope(Scope(snapshot, families)) if table is None else table
        )
        if release is None:
            part = trend_slice_of_family(counted, family.id, Grouping.RELEASE)
            assert part is not None
        else:
            part = trend_slice_of_release(counted, family.id, release.name)
        return replace(part, families=trend_totals_of_families(counted)), table is not None

    moments, slices = count_over_history(store, count_snapshot, say, end)
    whole = [part.whole for part in slices]
    totals = [
        GrowthSeries(each.id, [part.families.get(each.id, 0) for part in slices])
        for each in families
    ]
    if release is not None:
        return _CountedHistory(moments, whole, _divide_by_relation(whole))
    names = [*dict.fromkeys(release.name for release in family.releases)]
    # A model that meets releases of several families may be counted under another family's release.
    names += sorted({name for part in slices for name in part.parts} - {*names, MIXED, UNKNOWN})
    parts = [
        GrowthSeries(name, [part.parts[name].total if name in part.parts else 0 for part in slices])
        for name in [*names, MIXED, UNKNOWN]
    ]
    return _CountedHistory(moments, whole, parts, totals)


def _count_model_history(
    store: ParquetStore, scope: Scope, subject: ResolvedSubject, say: Say, end: datetime
) -> _CountedHistory:
    assert subject.model is not None
    curve = curve_of_base(store, f"model:{subject.model.id}", scope.families, say=say, until=end)
    whole = curve.whole.values
    return _CountedHistory(curve.moments, whole, _divide_by_relation(whole))


def _divide_by_relation(points: Sequence[Point]) -> list[GrowthSeries[int]]:
    return [
        GrowthSeries(relation.value, [point.by_relation.get(relation, 0) for point in points])
        for relation in RELATIONS
    ]


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
