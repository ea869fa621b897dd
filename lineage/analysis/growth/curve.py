"""What a curve is made of: frozen numbers of one thing in every snapshot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lineage.domain.claims import Relation
from lineage.domain.definitions import Definition, Grouping
from lineage.store.manifest import SnapshotKind


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


@dataclass(frozen=True, slots=True)
class Point:
    """Numbers in one snapshot."""

    total: int
    """Listed models, as `count` counts them."""
    by_relation: Mapping[Relation, int]
    """The models of `total`; relations without any are left out."""
    authors: int | None
    """Distinct authors of `total`; None where that was not stored."""
    known_gone: int | None
    """Models below it that are known to be gone; None where that was not stored."""
    gone: int | None = None
    """How many more are known to be gone than in the snapshot before; None in the first one."""
    new: int | None = None
    """Who joined since the snapshot before: the change of `total`, and who is gone beside that."""


NOTHING = Point(0, {}, 0, 0)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing in every snapshot."""

    name: str
    """The id of the family or base; or the release or month that it is divided by."""
    points: Sequence[Point]
    """One for each moment of the curve."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A family or base in every snapshot of a history, the oldest first."""

    base: str
    """`family:<id>`, or the name as asked."""
    id: str
    """The same, or its name now."""
    key: str | None
    definition: Definition
    moments: Sequence[Moment]
    whole: Line
    by: Grouping | None = None
    """RELEASE or MONTH of creation."""
    parts: Sequence[Line] = ()
    """In the registry's or in time's order, what nobody knows last; they add up to the whole."""
