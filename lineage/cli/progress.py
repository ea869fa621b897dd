"""How a run's progress is shown: a line that lives on a terminal, silence elsewhere."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from rich.console import Console
from rich.progress import Progress as Display
from rich.progress import ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from lineage.cli import logs
from lineage.domain.clock import Clock, SystemClock
from lineage.domain.progress import Progress

_LOG = logging.getLogger(__name__)


class SilentTerminalProgress(Progress):
    """Shows no progress, says what a user should know, and logs each stage and wait."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._logged: tuple[str, float] | None = None
        self._done = 0

    def begin(self, stage: str, total: int | None = None) -> None:
        self._log_progress_end()
        self._logged, self._done = (stage, self._clock.monotonic()), 0
        expected = {} if total is None else {"expected": total}
        _LOG.info("%s", stage, extra={"facts": {"stage": stage, **expected}})

    def step(self, done: int, note: str = "") -> None:
        self._done = done

    def waiting(self, seconds: float, why: str) -> None:
        # Said on a terminal by the display; a log shows why nothing happens for minutes.
        facts = {"waiting_for": why, "seconds": round(seconds, 3)}
        _LOG.info("%s, waiting %.0f s", why, seconds, extra={"facts": facts})

    def say(self, message: str) -> None:
        logs.say(message)

    def end(self) -> None:
        self._log_progress_end()

    def _log_progress_end(self) -> None:
        if self._logged is None:
            return
        (stage, began), self._logged = self._logged, None
        seconds = round(self._clock.monotonic() - began, 3)
        facts: dict[str, object] = {"stage": stage, "done": self._done, "seconds": seconds}
        _LOG.info("%s: done in %.1f s", stage, seconds, extra={"facts": facts})


class TerminalProgress(SilentTerminalProgress):
    """Shows the stage, how far it is, and what it waits for; cleared at the end."""

    def __init__(self, console: Console, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self._display = Display(
            SpinnerColumn(style="dim"),
            TextColumn("{task.description}", markup=False),
            _TerminalSteps(),
            TimeElapsedColumn(),
            _TimeLeft(),
            _Note(self._clock),
            console=console,
            get_time=self._clock.monotonic,
            # Cleared at the end: what stays in the terminal are results, not waits.
            transient=True,
        )
        self._stage: TaskID | None = None

    def __enter__(self) -> Self:
        self._display.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._display.stop()

    def begin(self, stage: str, total: int | None = None) -> None:
        self.end()
        super().begin(stage, total)
        self._stage = self._display.add_task(stage, total=total, note="", until=None)

    def step(self, done: int, note: str = "") -> None:
        super().step(done, note)
        if self._stage is not None:
            self._display.update(self._stage, completed=done, note=note, until=None)

    def waiting(self, seconds: float, why: str) -> None:
        super().waiting(seconds, why)
        if self._stage is None:
            self.begin("wait")
        if self._stage is not None:
            # A moment, not a duration: the column counts down by itself at every redraw.
            until = self._clock.monotonic() + seconds
            self._display.update(self._stage, note=why, until=until)

    def refresh(self) -> None:
        """Draw now what is drawn ten times a second anyway."""
        self._display.refresh()

    def end(self) -> None:
        super().end()
        if self._stage is not None:
            self._display.remove_task(self._stage)
            self._stage = None


@contextmanager
def show_progress() -> Iterator[Progress]:
    """Give a display where standard error is a terminal, a silent progress elsewhere."""
    # In a log file or a mail of cron, a line that is redrawn ten times a second is noise.
    if sys.stderr is None or not sys.stderr.isatty():
        yield SilentTerminalProgress()
        return
    with TerminalProgress(Console(stderr=True, highlight=False)) as display:
        yield display


class _TerminalSteps(ProgressColumn):
    """How many steps are done, of how many where that is known."""

    def render(self, task: Task) -> Text:
        if not task.completed and task.total is None:
            return Text()
        of = "" if task.total is None else f" of {task.total:,.0f}"
        share = f", {task.percentage:.0f} %" if _is_progress_on_the_way(task) else ""
        return Text(f"{task.completed:,.0f}{of}{share}")


class _TimeLeft(ProgressColumn):
    """How long the stage will go on at its pace so far, where its size is known."""

    def render(self, task: Task) -> Text:
        is_waiting = task.fields["until"] is not None
        if is_waiting or not _is_progress_on_the_way(task) or task.total is None:
            return Text()
        # Over all of it: the pace of the last steps alone would forget the waits between windows
        # of the rate limit.
        pace = (task.elapsed or 0.0) / task.completed
        seconds = int(pace * (task.total - task.completed))
        for unit, length in (("h", 3600), ("min", 60)):
            if seconds >= 2 * length:
                return Text(f"about {seconds // length} {unit} left")
        return Text(f"about {seconds} s left")


def _is_progress_on_the_way(task: Task) -> bool:
    # A size may be an estimate, which the steps can pass.
    return task.total is not None and 0 < task.completed <= task.total


class _Note(ProgressColumn):
    """What the stage says of itself; of a wait, how long it still lasts."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def render(self, task: Task) -> Text:
        until, note = task.fields["until"], str(task.fields["note"])
        if until is None:
            return Text(note, style="dim")
        seconds = max(0.0, until - self._clock.monotonic())
        return Text(f"{note}, waiting {seconds:,.0f} s", style="yellow")
