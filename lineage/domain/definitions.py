"""What exactly was counted: the part of a number that makes it believable."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from lineage.domain.claims import RELATIONS, Relation, Strength

Word = TypeVar("Word", bound=StrEnum)


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
    """The rule a number was counted by; travels with every number.

    Words may be given as strings, relations also divided by commas, a day as `2025-05-01`.

    Raises:
        ValueError: a value is none of those allowed; the message names them.
    """

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
    """Models known to be deleted are counted too."""
    as_of: date | None = None
    min_downloads: int = 0
    """Chooses among the models reached; never cuts a path."""
    roots: tuple[str, ...] = field(default=())
    """Whose descendants are counted: ids, filled in when the subject is found."""

    def __post_init__(self) -> None:
        # A wrong word must end here: further on it would count something else in silence.
        values: dict[str, object] = {
            "relations": _parse_definition_relations(self.relations),
            "closure": read_definition_word(Closure, self.closure, "closure"),
            "min_strength": read_definition_word(Strength, self.min_strength, "min_strength"),
            "as_of": _parse_definition_day(self.as_of),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        for name in ("mirrors", "curated", "deleted"):
            if not isinstance(getattr(self, name), bool):
                # A caller is promised one kind of error, whatever is wrong.
                raise ValueError(f"{name} is True or False, got {getattr(self, name)!r}")  # noqa: TRY004
        # No column holds a larger number.
        if type(self.min_downloads) is not int or not 0 <= self.min_downloads <= 10**12:
            raise ValueError(f"min_downloads is a whole number from 0, got {self.min_downloads!r}")


def read_definition_word(words: type[Word], value: object, name: str) -> Word:
    """Return a word of a closed set by its value; ValueError names those there are."""
    if isinstance(value, words):
        return value
    allowed = [word.value for word in words]
    if isinstance(value, str) and value in allowed:
        return words(value)
    raise ValueError(f"{name} is one of {', '.join(allowed)}; got {value!r}")


def _parse_definition_relations(value: object) -> tuple[Relation, ...]:
    if value is RELATIONS:
        return RELATIONS
    words = [word.strip() for word in value.split(",")] if isinstance(value, str) else value
    if not isinstance(words, Iterable):
        raise ValueError(  # noqa: TRY004
            f"relations are some of {', '.join(RELATIONS)}; got {value!r}"
        )
    relations = tuple(
        dict.fromkeys(read_definition_word(Relation, word, "a relation") for word in words)
    )
    if not relations:
        raise ValueError(f"relations are at least one of {', '.join(RELATIONS)}")
    return relations


def _parse_definition_day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as error:
        raise ValueError(f"as_of is a day, YYYY-MM-DD; got {value!r}") from error
