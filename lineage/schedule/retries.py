"""One scheduled run: an attempt, and more where another attempt helps."""

from collections.abc import Callable
from datetime import timedelta

from lineage.errors import SourceError, StoreError

MOST_ATTEMPTS = 4
# Twice the window of the Hub's rate limit, so that a spent window is over when it is tried again.
PAUSE = timedelta(minutes=10)

# Above it shells count which signal ended a process.
_SIGNALS = 128
_MEANINGS = {
    0: "it is done",
    SourceError.exit_code: "the Hub could not be read to its end; what was read is kept",
    StoreError.exit_code: "somebody should look; the next run tries again",
}


def run_attempts(
    attempt: Callable[[], int],
    pause: Callable[[float], bool],
    say: Callable[[str], None],
) -> int:
    """Attempt again while exit code 3 says that this helps; return the last exit code.

    `attempt` returns an exit code; `pause` waits so many seconds, and returns whether the schedule
    was asked to end meanwhile.
    """
    for more_attempts in reversed(range(MOST_ATTEMPTS)):
        code = attempt()
        if code != SourceError.exit_code or not more_attempts:
            break
        minutes = PAUSE.seconds // 60
        say(f"{_explain_code(code)}; again in {minutes} minutes, {more_attempts} times at most")
        if pause(PAUSE.total_seconds()):
            return code
    say(_explain_code(code))
    return code


def _explain_code(code: int) -> str:
    if code > _SIGNALS:
        return f"the crawl was ended by signal {code - _SIGNALS}; the next run goes on"
    meaning = _MEANINGS.get(code, "its own lines say why; the next run tries again")
    return f"the crawl ended with exit code {code}: {meaning}"
