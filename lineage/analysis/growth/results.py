"""What curves are made of: frozen numbers, one a snapshot or one a month."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import accumulate
from typing import Generic, TypeVar

from lineage.analysis.licenses.statements import Knowledge
from lineage.analysis.results import ComparisonStep
from lineage.analysis.subjects import ResolvedSubject
from lineage.domain.anomalies import Bounds
from lineage.domain.claims import Relation
from lineage.domain.definitions import Definition, Grouping
from lineage.families.published import PublishedNumber
from lineage.store.manifest import SnapshotKind

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class GrowthSeries(Generic[Value]):
    """One subject counted again and again: in each month, by each day, or in each snapshot."""

    key: str
    """A stable handle: a release's name, a relation, a family's id, `mixed`, a variant."""
    values: Sequence[Value]
    undated: int = 0
    """Models assigned to no month, as their creation date is not known."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One snapshot of the history."""

    snapshot: str
    kind: SnapshotKind
    taken_at: datetime
    endpoint: str
    registry: str | None
    """Version of the family's registry that its numbers rest on; None for a base."""
    stored: bool
    """Whether the numbers were stored at publication, and not counted just now."""
    parents_known: bool = True
    """False for a dump without any column that names parents: then 0 says nothing."""
    opted_out: int = 0
    """How many models the whole snapshot is read without, whatever they come from."""


@dataclass(frozen=True, slots=True)
class Point:
    """Numbers in one snapshot."""

    total: int
    """Listed models, as `count` counts them."""
    by_relation: Mapping[Relation, int]
    """The models of `total`; relations without any are left out."""
    authors: int | None
    """Distinct authors of `total`; None where that was not stored."""
    known_deleted: int | None
    """Models below it that are known to be deleted; None where that was not stored."""
    deleted: int | None = None
    """How many more are known to be deleted than one snapshot earlier; None in the first one."""
    new: int | None = None
    """Models that joined since the previous snapshot: the change of `total`, plus `deleted`."""
    complete: bool | None = None
    """Of a month: False where it was not over when the snapshot was taken; else None."""


NOTHING = Point(0, {}, 0, 0)


@dataclass(frozen=True, slots=True)
class Curve:
    """A family or base in every snapshot of a history, the oldest first."""

    subject: str
    """`family:<id>`, or the name as asked."""
    id: str
    """The same, or its name now."""
    key: str | None
    definition: Definition
    moments: Sequence[Moment]
    whole: GrowthSeries[Point]
    """One point for each moment, as in `parts`."""
    by: Grouping | None = None
    """RELEASE or MONTH of creation."""
    parts: Sequence[GrowthSeries[Point]] = ()
    """In the registry's or in time's order, what is not known last; they add up to the whole."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Series over the same months."""

    months: Sequence[str]
    """`2025-03`, in UTC, without gaps from the first to the last with a dated model."""
    lines: Sequence[GrowthSeries[int]]
    incomplete: int = 0
    """So many months at the end are not over in the data: their numbers will grow."""
    few: int = 0
    """By the end of so many months at the beginning fewer models are dated than undated."""

    def line(self, key: str) -> GrowthSeries[int]:
        """Return the series of that key; StopIteration where there is none."""
        return next(line for line in self.lines if line.key == key)

    def sums(self) -> list[int]:
        """Return each month's sum over all series."""
        return [sum(column) for column in zip(*(line.values for line in self.lines), strict=True)]

    @property
    def undated(self) -> int:
        """Models of all series together that are assigned to no month."""
        return sum(line.undated for line in self.lines)

    def since(self, day: date) -> "Timeline":
        """Return the months from that of a day on."""
        first = sum(month < f"{day:%Y-%m}" for month in self.months)
        lines = [replace(line, values=line.values[first:]) for line in self.lines]
        months = self.months[first:]
        incomplete = min(self.incomplete, len(months))
        return Timeline(months, lines, incomplete, max(self.few - first, 0))

    def added_up(self) -> "Timeline":
        """Return how many there were by the end of each month."""
        lines = [replace(line, values=list(accumulate(line.values))) for line in self.lines]
        return replace(self, lines=lines)


@dataclass(frozen=True, slots=True)
class SubjectHistory:
    """A subject as counted in each snapshot, by one definition, the oldest first; a day once."""

    moments: Sequence[Moment] = ()
    whole: Sequence[int] = ()
    authors: Sequence[int | None] = ()
    known_deleted: Sequence[int | None] = ()
    parts: Sequence[GrowthSeries[int]] = ()
    """Of a family its releases, `mixed` and `unknown`; else relations. They add up to the whole."""
    families: Sequence[GrowthSeries[int]] = ()
    """Every family with any, by id, each counted alone; for a release or a model none."""

    def since(self, day: date) -> "SubjectHistory":
        """Return the part from a day on."""
        first = sum(moment.taken_at.date() < day for moment in self.moments)

        def cut(lines: Sequence[GrowthSeries[int]]) -> list[GrowthSeries[int]]:
            return [GrowthSeries(line.key, line.values[first:]) for line in lines]

        return SubjectHistory(
            self.moments[first:],
            self.whole[first:],
            self.authors[first:],
            self.known_deleted[first:],
            cut(self.parts),
            cut(self.families),
        )


# Trends: one snapshot, its models placed by their date of creation


@dataclass(frozen=True, slots=True)
class SinceRelease:
    """How many models of each release existed so many days after its release day."""

    days: Sequence[int]
    """Ends of weeks: 0, 7, 14 ...; each a day that is over in the data."""
    lines: Sequence[GrowthSeries[int]]
    """Releases of which enough is dated; shorter than `days` where the data end earlier."""
    excluded: Sequence[str] = ()
    """Names of releases of which too few models are dated."""


@dataclass(frozen=True, slots=True)
class RelationMix:
    """The models of one release, or of one subject, by relation; dated or not."""

    key: str
    """Name of a release, `mixed` or `unknown`."""
    by_relation: Mapping[Relation, int]
    """Every relation, those without any model too."""

    @property
    def models(self) -> int:
        """All models together."""
        return sum(self.by_relation.values())


class DayBasis(StrEnum):
    """What a number of a day rests on."""

    SNAPSHOT = "snapshot"
    """As counted then, in the newest snapshot up to the day's end."""
    CREATION = "creation"
    """Of the models of the snapshot asked, those created by then; who was deleted is missing."""


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many there were at the end of a day, in UTC."""

    day: date
    models: int
    at_most: int
    """And the undated, who may have existed; the same where a snapshot answers."""
    basis: DayBasis
    snapshot: str
    """The one that was counted."""
    taken_on: date
    events: Sequence[str] = ()
    """Names of the releases of that day."""

    @property
    def is_reliable(self) -> bool:
        """Whether the number means anything: at least as many are dated by then as undated."""
        return self.models >= self.at_most - self.models


@dataclass(frozen=True, slots=True)
class StepCount:
    """What one of the compared definitions gives."""

    step: ComparisonStep
    models: int
    """Or authors; before the first snapshot the dated ones alone."""
    at_most: int
    """And the undated, who may have existed on the day; the same where a snapshot answers."""
    is_default: bool = False
    """Whether it is the subject's default number."""


@dataclass(frozen=True, slots=True)
class PublishedCheck:
    """A published number beside what each definition gives at the nearest snapshot."""

    published: PublishedNumber
    subject: str
    """Its name or id now, as `count` gives it."""
    snapshot: str
    taken_on: date
    basis: DayBasis
    steps: Sequence[StepCount]
    nearest: StepCount
    """The step that gives the number, or comes nearest."""
    is_match: bool
    """Whether it gives it: to the model where it is exact, to a twentieth where it is rounded."""


@dataclass(frozen=True, slots=True)
class TrendFindings:
    """How a subject grew, by one definition."""

    snapshot: str
    subject: ResolvedSubject
    definition: Definition
    """Of a family or release with mirrors and curated edges, as it is always counted."""
    models: int
    """As `count` counts them: of a day in the past without the undated first seen since."""
    undated: int
    undated_count: bool
    """Whether the undated are among the models; else each of them may have existed or not."""
    knowledge: Knowledge
    """Whether it is a sample, by the rule of the license report."""
    is_stored: bool
    """Whether numbers by this definition are stored: without them there is no history."""
    history: SubjectHistory
    first_snapshot: date | None
    """The day of the first one in the history, whatever is shown of it."""
    growth: Timeline
    """Models created by the end of each month, parts as in the history."""
    shares: Timeline
    """New models of all families in each month, by family; of a release or model nothing."""
    mixes: Sequence[RelationMix]
    inferred: Mapping[str, int]
    """Of a family: how many of its models are there by inferred links alone, by release. Empty
    where those are not counted, as by default."""
    since_release: SinceRelease
    authors: int
    """Distinct authors of the models, those of unknown date too."""
    variants: Timeline
    """The whole by the end of each month by variant: `all`, `authors`, `no_bursts`, `downloads`."""
    days: Sequence[DayCount]
    published: Sequence[PublishedCheck]
    left_out: int
    """So many published numbers are known, and a sample says nothing about them."""
    bounds: Bounds
    least_downloads: int
    opted_out: int = 0
    """By how much `models` is smaller since models opted out."""
    since: date | None = None
    """The day from which on time is shown."""

    def since_day(self, since: date | None, days_asked: Collection[date]) -> "TrendFindings":
        """Return the same with time from a day on, and the days that were asked for by name."""
        if since is None:
            return self
        return replace(
            self,
            since=since,
            history=self.history.since(since),
            growth=self.growth.since(since),
            shares=self.shares.since(since),
            variants=self.variants.since(since),
            days=[it for it in self.days if it.day >= since or it.day in days_asked],
        )

    @property
    def has_history(self) -> bool:
        """Whether there are two snapshots to compare."""
        return len(self.history.moments) > 1
