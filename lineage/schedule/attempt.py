"""One turn of a schedule: a run, and more where running again helps."""

from collections.abc import Callable
from datetime import timedelta

from lineage.errors import SourceError, StoreError

MOST_RUNS = 4
"""In one turn: the first, and three more."""
PAUSE = timedelta(minutes=10)
"""Between two of them: twice the window of the Hub's rate limit."""

_SIGNALS = 128
"""Above it shells count which signal ended a process."""
_MEANINGS = {
    0: "it is done",
    SourceError.exit_code: "the Hub could not be read to its end; what was read is kept",
    StoreError.exit_code: "somebody should look; the next turn tries again",
}


def take_turn(
    run: Callable[[], int],
    pause: Callable[[float], bool],
    say: Callable[[str], None],
) -> int:
    """Run, again and again while exit code 3 says that this helps; return the last exit code.

    `run` returns an exit code; `pause` waits so many seconds, and returns whether the schedule was
    asked to end meanwhile.
    """
    for left in reversed(range(MOST_RUNS)):
        code = run()
        if code != SourceError.exit_code or not left:
            break
        say(f"{_told(code)}; again in {PAUSE.seconds // 60} minutes, {left} times at most")
        if pause(PAUSE.total_seconds()):
            return code
    say(_told(code))
    return code


def _told(code: int) -> str:
    if code > _SIGNALS:
        return f"the crawl was ended by signal {code - _SIGNALS}; the next turn goes on"
    meaning = _MEANINGS.get(code, "its own lines say why; the next turn tries again")
    return f"the crawl ended with exit code {code}: {meaning}"
