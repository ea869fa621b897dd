"""What a trend report is made of: frozen numbers, before anyone decides how to word them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from lineage.analysis.growth.results import GrowthSeries, Moment, Timeline
from lineage.analysis.licenses.statements import Knowledge
from lineage.analysis.results import ComparisonStep
from lineage.analysis.subjects import ResolvedSubject
from lineage.domain.anomalies import Bounds
from lineage.domain.claims import Relation
from lineage.domain.definitions import Definition
from lineage.families.published import PublishedNumber


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
