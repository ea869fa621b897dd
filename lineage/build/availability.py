"""What became of deleted models: a bounded number of the important ones are asked for by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lineage.domain.availability import Asked
from lineage.domain.progress import Progress
from lineage.errors import RequestLimitReached, SourceError

MAX_FAILURES_IN_A_ROW = 2
"""Each is many attempts; a Hub in trouble is asked by the next full crawl."""


class AvailabilitySource(Protocol):
    """Where can be asked what became of a model."""

    def ask(self, key: str, id: str) -> Asked | None:
        """Return what is answered about the model that had this key and name; None: nothing."""
        ...


@dataclass(frozen=True, slots=True)
class AvailabilityChecks:
    """What asking about deleted models needs."""

    source: AvailabilitySource
    most: int
    """About how many models one full crawl may ask, recorded answers included."""


def ask_about(
    models: Sequence[tuple[str, str]], checks: AvailabilityChecks, progress: Progress
) -> Mapping[str, Asked]:
    """Return what is answered about models, given by key and name, by key.

    Never fails: a model without an answer is left out, and the next full crawl asks about it.
    """
    progress.begin("ask about deleted models", min(len(models), checks.most))
    answers: dict[str, Asked] = {}
    failures = 0
    for number, (key, id) in enumerate(models[: checks.most], 1):
        try:
            answer = checks.source.ask(key, id)
        except RequestLimitReached:
            break
        except SourceError:
            failures += 1
            if failures == MAX_FAILURES_IN_A_ROW:
                break
            continue
        failures = 0
        if answer is not None:
            answers[key] = answer
        progress.step(number)
    progress.end()
    if unanswered := len(models) - len(answers):
        progress.say(
            f"deleted models: {len(answers):,} asked about, "
            f"{unanswered:,} left to the next full crawl"
        )
    return answers
