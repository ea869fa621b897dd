"""What a trend report is made of: frozen numbers, before anyone decides how to say them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from lineage.analysis.licenses import Knowledge
from lineage.analysis.results import Step
from lineage.domain.anomalies import Bounds
from lineage.domain.definitions import Definition
from lineage.domain.families import Family


@dataclass(frozen=True, slots=True)
class Line:
    """One thing counted again and again: so many new models in each month, or by each day."""

    key: str
    """A stable handle: a release's name, a relation, a family's id, `mixed`, a variant."""
    values: Sequence[int]
    undated: int
    """Models that stand in no month, as nobody knows when they were created."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Lines over the same months."""

    months: Sequence[str]
    """`2025-03`, in UTC, without gaps from the first to the last with a dated model."""
    lines: Sequence[Line]

    def line(self, key: str) -> Line:
        """Return the line of that key; StopIteration where there is none."""
        return next(line for line in self.lines if line.key == key)

    def sums(self) -> list[int]:
        """Return each month's sum over all lines."""
        return [sum(column) for column in zip(*(line.values for line in self.lines), strict=True)]

    @property
    def undated(self) -> int:
        """Models of all lines together that stand in no month."""
        return sum(line.undated for line in self.lines)


@dataclass(frozen=True, slots=True)
class SinceRelease:
    """How many models of each release existed so many days after its release day."""

    days: Sequence[int]
    """Ends of weeks: 0, 7, 14 ..."""
    lines: Sequence[Line]
    """Shorter than `days` where the dated models of the snapshot end earlier."""
    earlier: int
    """Dated models that are older than the release they stem from; they count from day 0."""


@dataclass(frozen=True, slots=True)
class Variants:
    """The same models counted in four ways, dated or not."""

    key: str
    all: int
    authors: int
    no_bursts: int
    downloads: int


@dataclass(frozen=True, slots=True)
class Side:
    """Every series in one of the four ways of counting; months and days are those of all."""

    by_release: Timeline
    """`mixed` and `unknown` stand last. An author has a first model in each release."""
    by_relation: Timeline
    rivals: Timeline
    """By family; who stems from several stands in `mixed` alone."""
    since_release: SinceRelease


@dataclass(frozen=True, slots=True)
class Part:
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
    """A line for each tag, in that order."""
    none: Line
    """Models of which no tag is known, by month."""
    by_release: Sequence[ReleaseLicenses]


@dataclass(frozen=True, slots=True)
class OnDate:
    """What was there at the end of a day, in UTC, by each definition of the ladder."""

    day: date
    releases: Sequence[str]
    """Names of the releases that came out on it; none for the end of a year."""
    numbers: Sequence[int]
    """Dated models, or authors of dated models, in the order of the steps."""


@dataclass(frozen=True, slots=True)
class Passed:
    """When a claimed number was passed, by one definition."""

    surely: date | None
    """By the end of this day the dated models alone were more; None where they never are."""
    earliest: date | None
    """Before this day it cannot have been, whenever the undated were made; None for never."""


@dataclass(frozen=True, slots=True)
class OnDates:
    """The ladder of definitions on one day after the other."""

    steps: Sequence[Step]
    definitions: Sequence[Definition]
    undated: Sequence[int]
    """By step: models, or authors, that stand on no day as no model of theirs is dated."""
    rows: Sequence[OnDate]
    claim: int
    """A number that somebody claims to be exceeded."""
    passed: Sequence[Passed]
    """When it was, by step."""

    def can_tell(self, row: OnDate, step: int) -> bool:
        """Say whether a number means anything: at least as many are dated by then as undated."""
        return row.numbers[step] >= self.undated[step]


@dataclass(frozen=True, slots=True)
class Survival:
    """What became of the models of a family that are gone."""

    gone: int
    known: int
    """Models of the family that were ever seen, the gone among them."""
    lived: Sequence[Part]
    """By the number of days between creation and the first listing without it; all dated ones."""
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
    """Whether the undated are among the models; else they may have been there or not."""
    knowledge: Knowledge
    """Whether it is a sample, by the rule of the license report."""
    sides: Mapping[str, Side]
    """`all`, `authors`, `no_bursts`, `downloads`: every series in each way of counting."""
    variants: Timeline
    """The whole family in the same four ways."""
    by_release_in_variants: Sequence[Variants]
    rivals_in_variants: Sequence[Variants]
    generations: Sequence[Part]
    """By the length of the shortest way up to a root."""
    children: Sequence[Part]
    """By how many members name a model as their parent: `0`, `1`, `2-9` ..."""
    licenses: Sequence[Part]
    """Known tags, the most frequent first; who has none is not here."""
    license_mix: LicenseMix
    dates: OnDates
    survival: Survival | None
    """None where the snapshot knows of nobody who is gone."""
    bounds: Bounds
    least_downloads: int

    @property
    def burst_models(self) -> int:
        """How many dated models were left out as parts of bursts."""
        everyone, without = self.variants.line("all"), self.variants.line("no_bursts")
        return sum(everyone.values) - sum(without.values)

    @property
    def by_release(self) -> Timeline:
        """All models by month and release."""
        return self.sides["all"].by_release

    @property
    def by_relation(self) -> Timeline:
        """All models by month and relation."""
        return self.sides["all"].by_relation

    @property
    def rivals(self) -> Timeline:
        """All models of all families by month and family."""
        return self.sides["all"].rivals

    @property
    def since_release(self) -> SinceRelease:
        """All models by days since the release they stem from."""
        return self.sides["all"].since_release
