"""A clock that stands at a moment of the past, while seconds are those of the machine."""

from datetime import datetime

from lineage.domain.clock import SystemClock


class WeekClock(SystemClock):
    """Its date is the one it was set to; waits and durations are real.

    It stands still between two settings: a snapshot is named by the day it shows, however long
    the machine took.
    """

    def __init__(self, at: datetime) -> None:
        self._at = at

    def set_to(self, at: datetime) -> None:
        """Stand at this moment from now on."""
        self._at = at

    def now(self) -> datetime:
        return self._at
