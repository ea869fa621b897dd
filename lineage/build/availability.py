"""What became of the missing: those who matter are asked about by name, a bounded number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lineage.domain.availability import Asked
from lineage.domain.progress import Progress
from lineage.errors import RequestLimitReached, SourceError

MOST_FAILURES_IN_A_ROW = 2
"""Each is many attempts; a Hub in trouble is asked by the next sweep."""


class Standings(Protocol):
    """Where can be asked what became of a model."""

    def ask(self, key: str, id: str) -> Asked | None:
        """Return what is said of the model that had this key and name; None: nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Questions:
    """What asking about the missing needs."""

    source: Standings
    most: int
    """About how many models one sweep may ask, recorded answers included."""


def ask_about(
    wanted: Sequence[tuple[str, str]], questions: Questions, progress: Progress
) -> Mapping[str, Asked]:
    """Return what is said of models, given by key and name, by key.

    Never fails: where an answer does not come, or no request is left, who was not asked about is
    left out, and the next sweep asks.
    """
    some = wanted[: questions.most]
    progress.begin("ask about the missing", len(some))
    found: dict[str, Asked] = {}
    failures = 0
    for done, (key, id) in enumerate(some, 1):
        try:
            said = questions.source.ask(key, id)
        except RequestLimitReached:
            break
        except SourceError:
            failures += 1
            if failures == MOST_FAILURES_IN_A_ROW:
                break
            continue
        failures = 0
        if said is not None:
            found[key] = said
        progress.step(done)
    progress.end()
    if left := len(wanted) - len(found):
        progress.say(
            f"missing: {len(found):,} asked about, {left:,} left as not listed for the next sweep"
        )
    return found
