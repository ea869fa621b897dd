"""What became of a missing model: what the Hub answers when it is asked by name."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Availability(StrEnum):
    """What can be told from one answer; who was never asked about has none: not listed."""

    GONE = "gone"
    """401 without a token, 404 with one: deleted and private look alike."""
    HIDDEN = "hidden"
    """It exists, and the Hub says so: disabled, or behind a gate."""
    RENAMED = "renamed"
    """The Hub redirects its name to another one."""
    REPLACED = "replaced"
    """Another model bears its name now."""
    UNLISTED = "unlisted"
    """The Hub shows it to who asks by name, and did not list it: back since, or kept out."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One answer of the Hub about one model."""

    standing: Availability
    status: int
    """The HTTP status of the answer."""
    asked_at: datetime
