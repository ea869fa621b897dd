"""What curves and trends are made of: frozen numbers, before anyone decides how to word them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

from lineage.analysis.licenses.statements import Knowledge
from lineage.analysis.results import ComparisonStep
from lineage.domain.anomalies import Bounds
from lineage.domain.claims import Relation
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.families import Family
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


# Curves: one point a snapshot


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


# Trends: one snapshot, its models placed by their date of creation


@dataclass(frozen=True, slots=True)
class Timeline:
    """Series over the same months."""

    months: Sequence[str]
    """`2025-03`, in UTC, without gaps from the first to the last with a dated model."""
    lines: Sequence[GrowthSeries[int]]
    incomplete: int = 0
    """So many months at the end are not over in the data: their numbers will grow."""

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


@dataclass(frozen=True, slots=True)
class SinceRelease:
    """How many models of each release existed so many days after its release day."""

    days: Sequence[int]
    """Ends of weeks: 0, 7, 14 ...; each a day that is over in the data."""
    lines: Sequence[GrowthSeries[int]]
    """Shorter than `days` where the dated models of the snapshot end earlier."""
    earlier: int
    """Dated models that are older than the release they stem from; they count from day 0."""


@dataclass(frozen=True, slots=True)
class VariantCounts:
    """The models of one group by four definitions, dated or not."""

    key: str
    all: int
    authors: int
    no_bursts: int
    downloads: int


@dataclass(frozen=True, slots=True)
class VariantSeries:
    """Every series in one of the four ways of counting; months and days are those of all."""

    by_release: Timeline
    """`mixed` and `unknown` come last. An author has a first model in each release."""
    by_relation: Timeline
    rivals: Timeline
    """By family; models that stem from several are in `mixed` alone."""
    since_release: SinceRelease


@dataclass(frozen=True, slots=True)
class GroupSize:
    """One part of a whole that is divided once."""

    key: str
    models: int


@dataclass(frozen=True, slots=True)
class ReleaseLicenses:
    """What the models of one release declare."""

    release: str
    tags: Sequence[int]
    """Models by tag, in the order of the mix."""
    none: int
    """Models of which no tag is known: none was declared, or a sample does not know it."""


@dataclass(frozen=True, slots=True)
class LicenseMix:
    """Known license tags, which are words of strangers, by month and by release."""

    tags: Sequence[str]
    """The most frequent first."""
    by_month: Timeline
    """A series for each tag, in that order."""
    none: GrowthSeries[int]
    """Models of which no tag is known, by month."""
    by_release: Sequence[ReleaseLicenses]


@dataclass(frozen=True, slots=True)
class OnDate:
    """What existed at the end of a day, in UTC, by each of the compared definitions."""

    day: date
    releases: Sequence[str]
    """Names of the releases that came out on it; none for the end of a year."""
    numbers: Sequence[int]
    """Dated models, or authors of dated models, in the order of the steps."""
    complete: bool
    """Whether the day is over in the data; a snapshot's own day seldom is."""


@dataclass(frozen=True, slots=True)
class ClaimPassed:
    """When a claimed number was passed, by one definition."""

    surely: date | None
    """By the end of this day the dated models alone were more; None where they never are."""
    earliest: date | None
    """No earlier day is possible, whenever the undated were made; None for never."""


@dataclass(frozen=True, slots=True)
class OnDates:
    """The compared definitions on one day after the other."""

    steps: Sequence[ComparisonStep]
    definitions: Sequence[Definition]
    undated: Sequence[int]
    """By step: models, or authors, assigned to no day as no model of theirs is dated."""
    rows: Sequence[OnDate]
    claim: int
    """A number that somebody claims to be exceeded."""
    passed: Sequence[ClaimPassed]
    """When it was, by step."""

    def is_reliable(self, row: OnDate, step: int) -> bool:
        """Say whether a number means anything: at least as many are dated by then as undated."""
        return row.numbers[step] >= self.undated[step]


@dataclass(frozen=True, slots=True)
class Deletions:
    """What is known of the models of a family that were deleted."""

    deleted: int
    ever_known: int
    """Models of the family in any snapshot so far, the deleted ones among them."""
    days_until_deletion: Sequence[GroupSize]
    """By the number of days between creation and the first listing without it; dated ones."""
    undated: int


@dataclass(frozen=True, slots=True)
class TrendFindings:
    """How one family grew, by one definition."""

    snapshot: str
    family: Family
    definition: Definition
    """With mirrors and curated edges, as every family is counted."""
    models: int
    """As `count` counts them: of a day in the past without the undated first seen since."""
    undated: int
    undated_count: bool
    """Whether the undated are among the models; else each of them may have existed or not."""
    knowledge: Knowledge
    """Whether it is a sample, by the rule of the license report."""
    by_variant: Mapping[str, VariantSeries]
    """`all`, `authors`, `no_bursts`, `downloads`: every series in each way of counting."""
    variants: Timeline
    """The whole family in the same four ways."""
    by_release_in_variants: Sequence[VariantCounts]
    rivals_in_variants: Sequence[VariantCounts]
    generations: Sequence[GroupSize]
    """By the length of the shortest path up to a root."""
    children: Sequence[GroupSize]
    """By how many members name a model as their parent: `0`, `1`, `2-9` ..."""
    licenses: Sequence[GroupSize]
    """Known tags, the most frequent first; models without any are not in it."""
    license_mix: LicenseMix
    dates: OnDates
    deletions: Deletions | None
    """None where the snapshot knows of no deleted model."""
    bounds: Bounds
    least_downloads: int
    opted_out: int = 0
    """By how much `models` is smaller since models opted out."""

    @property
    def burst_models(self) -> int:
        """How many dated models were left out as parts of bursts."""
        every, without = self.variants.line("all"), self.variants.line("no_bursts")
        return sum(every.values) - sum(without.values)

    @property
    def by_release(self) -> Timeline:
        """All models by month and release."""
        return self.by_variant["all"].by_release

    @property
    def by_relation(self) -> Timeline:
        """All models by month and relation."""
        return self.by_variant["all"].by_relation

    @property
    def rivals(self) -> Timeline:
        """All models of all families by month and family."""
        return self.by_variant["all"].rivals

    @property
    def since_release(self) -> SinceRelease:
        """All models by days since the release they stem from."""
        return self.by_variant["all"].since_release
