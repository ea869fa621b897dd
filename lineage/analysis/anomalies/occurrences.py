"""What a rule returns: how often something odd occurs, and each occurrence in a sentence."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

MOST_MODELS = 20
"""Of more models than these only the first are named."""
MOST_IN_A_SENTENCE = 3


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One odd thing as a rule describes it; names stay raw, the outputs escape them."""

    models: Sequence[str]
    detail: str
    size: int = 0
    """How many models are involved, where not all of them are in `models`."""


@dataclass(frozen=True, slots=True)
class Occurrences:
    """All that one rule finds."""

    count: int
    each: Iterator[Occurrence]
    """The most telling first."""
    # An iterator, as looking up names costs far more than counting: most callers read three.


def join_names(names: Iterable[str], size: int, most: int = MOST_MODELS) -> str:
    """Return `a, b and 7 more`; `size` is how many names there are in all."""
    first = list(islice(names, most))
    more = size - len(first)
    return ", ".join(first) + (f" and {more:,} more" if more else "")


def format_duration(microseconds: int) -> str:
    """Return a length of time in days, in hours below two days."""
    hours = microseconds / 3_600_000_000
    if hours < 1:
        return "less than an hour"
    return plural(int(hours), "hour") if hours < 48 else plural(int(hours // 24), "day")


def plural(number: int, word: str) -> str:
    """Return `1 day`, `2 days`."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
