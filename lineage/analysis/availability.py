"""What became of who is missing, in words that say no more than the Hub's answer does."""

from collections.abc import Mapping

from lineage.domain.availability import Asked, Availability

NOT_LISTED = "not_listed"
"""Who was never asked about."""

_TOLD: Mapping[Availability, str] = {
    Availability.GONE: "deleted or private, which look alike",
    Availability.HIDDEN: "it exists, and the Hub shows it to nobody like us",
    Availability.RENAMED: "its name leads to another one now",
    Availability.REPLACED: "another model bears its name now",
    Availability.UNLISTED: "it was there for who asked by name, though not listed",
}


def told(asked: Asked | None) -> str:
    """Return one sentence about a model that a sweep missed."""
    if asked is None:
        return "The Hub was not asked by name what became of it."
    day, what = f"{asked.asked_at:%Y-%m-%d}", _TOLD[asked.standing]
    return f"Asked by name on {day}, the Hub answered {asked.status}: {what}."


def counted(found: Mapping[Availability | None, int]) -> dict[str, int]:
    """Return how many models each answer was given about, the most telling first."""
    numbers = {standing.value: found.get(standing, 0) for standing in Availability}
    return numbers | {NOT_LISTED: found.get(None, 0)}


def in_short(found: Mapping[Availability | None, int]) -> str:
    """Return those numbers that are some, `2 gone, 1 hidden, 40 not listed`."""
    some = ((name.replace("_", " "), n) for name, n in counted(found).items() if n)
    return ", ".join(f"{n:,} {name}" for name, n in some)
