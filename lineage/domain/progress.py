"""What a run tells while it works: a reporter with empty methods, overridden by who shows it."""


class Progress:
    """Hears of each step and shows nothing; also the base of those who show."""

    def begin(self, stage: str, total: int | None = None) -> None:
        """A stage begins; total is its number of steps (pages, rows), where it is known."""

    def step(self, done: int, note: str = "") -> None:
        """So many steps of the stage are done in all."""

    def waiting(self, seconds: float, why: str) -> None:
        """The run pauses for so many seconds."""

    def say(self, message: str) -> None:
        """Something happened that a user should know."""

    def end(self) -> None:
        """The stage is done."""
