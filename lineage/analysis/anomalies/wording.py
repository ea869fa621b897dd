"""How an odd thing is put into a sentence; names stay as they are, the exits escape them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

MOST_NAMED = 20
"""Of more models than these only the first are named."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One odd thing as a rule saw it."""

    models: Sequence[str]
    detail: str
    size: int = 0
    """How many models are involved, where not all of them are in `models`."""


@dataclass(frozen=True, slots=True)
class Sightings:
    """All that one rule saw: their number, and each in words, the most telling first."""

    count: int
    each: Iterator[Sighting]
    """Put into words one by one, as far as anyone wants to read."""


def listed(names: Iterable[str], size: int, most: int = MOST_NAMED) -> str:
    """Return `a, b and 7 more`; `size` is how many names there are in all."""
    shown = list(islice(names, most))
    rest = size - len(shown)
    return ", ".join(shown) + (f" and {rest:,} more" if rest else "")


def duration(microseconds: int) -> str:
    """Return a length of time in days, in hours below two days."""
    hours = microseconds / 3_600_000_000
    if hours < 1:
        return "less than an hour"
    return plural(int(hours), "hour") if hours < 48 else plural(int(hours // 24), "day")


def plural(number: int, word: str) -> str:
    """Return `1 day`, `2 days`."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
