"""What exactly was counted: the part of a number that makes it believable."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from lineage.domain.claims import RELATIONS, Relation, Strength


class Closure(StrEnum):
    """How far below the base is counted."""

    ALL = "all"
    DIRECT = "direct"


class Grouping(StrEnum):
    """What a total can be divided by."""

    RELATION = "relation"
    RELEASE = "release"
    MONTH = "month"
    LIBRARY = "library"
    LICENSE = "license"
    AUTHOR = "author"


@dataclass(frozen=True, slots=True)
class Definition:
    """The rule a number was counted by; travels with every number."""

    relations: tuple[Relation, ...] = RELATIONS
    """Edges of other relations are removed before the closure."""
    closure: Closure = Closure.ALL
    min_strength: Strength = Strength.DECLARED
    """Weaker edges are removed before the closure."""
    mirrors: bool = False
    """Mirrors of the base join the roots."""
    curated: bool = False
    """Edges of the family registry are laid over the snapshot's."""
    deleted: bool = False
    """Models known to be gone are counted too."""
    as_of: date | None = None
    min_downloads: int = 0
    """Chooses among the models reached; never cuts a path."""
    roots: tuple[str, ...] = field(default=())
    """Whose descendants are counted: ids, filled in when the base is settled."""
