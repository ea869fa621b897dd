"""What became of deleted models, in words that say no more than the Hub's answer does."""

from collections.abc import Mapping

from lineage.domain.availability import Asked, Availability

NOT_LISTED = "not_listed"
"""Models that the Hub was never asked about by name."""

_TOLD: Mapping[Availability, str] = {
    Availability.GONE: "deleted or private, which look alike",
    Availability.HIDDEN: "it exists, and the Hub does not show it",
    Availability.RENAMED: "its name redirects to another one",
    Availability.REPLACED: "another model has its name now",
    Availability.UNLISTED: "it answers by name, though it is not listed",
}


def describe_availability(asked: Asked | None) -> str:
    """Return one sentence about a model that a full crawl found missing."""
    if asked is None:
        return "The Hub was not asked about it by name."
    day, what = f"{asked.asked_at:%Y-%m-%d}", _TOLD[asked.standing]
    return f"Asked by name on {day}, the Hub answered {asked.status}: {what}."


def count_availability(found: Mapping[Availability | None, int]) -> dict[str, int]:
    """Return how many models each answer was given about, the most telling first."""
    numbers = {standing.value: found.get(standing, 0) for standing in Availability}
    return numbers | {NOT_LISTED: found.get(None, 0)}


def summarize_availability(found: Mapping[Availability | None, int]) -> str:
    """Return the numbers above 0, `2 gone, 1 hidden, 40 not listed`."""
    some = ((name.replace("_", " "), n) for name, n in count_availability(found).items() if n)
    return ", ".join(f"{n:,} {name}" for name, n in some)
