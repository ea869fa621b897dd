"""What curves are made of: frozen numbers, one a snapshot or one a month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import accumulate
from typing import Generic, TypeVar

from lineage.domain.claims import Relation
from lineage.domain.definitions import Definition, Grouping
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
