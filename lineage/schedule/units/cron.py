"""A crontab for cron as Debian has it (crontab(5))."""

from collections.abc import Mapping

from lineage.errors import SettingsError
from lineage.schedule.attempt import MOST_RUNS
from lineage.schedule.interval import as_cron
from lineage.schedule.plan import Plan
from lineage.version import __version__

_RUN = 'cd "$LINEAGE_FOLDER" && "$LINEAGE_PROGRAM" schedule run --once 2>&1 | logger -t lineage'
_LONGEST_LINE = 990
"""Debian's cron cuts a variable's line at 1,000 bytes."""


def crontab(plan: Plan) -> Mapping[str, str]:
    """Spell a plan as lineage.cron."""
    variables = {
        "LINEAGE_PROGRAM": plan.program,
        "LINEAGE_FOLDER": plan.folder,
        **plan.environment(plan.absolute_store(), plan.at_home(plan.cache)),
    }
    given = "\n".join(_variable(name, value) for name, value in variables.items())
    return {"lineage.cron": _text(plan, given)}


def _text(plan: Plan, variables: str) -> str:
    return f"""\
# lineage {__version__}: a crawl, up to {MOST_RUNS} runs of it where the Hub is not read to its end.
# Put these lines at the end of your crontab (crontab -e): a variable holds for all lines below it.
# Checked before: crontab -n FILE. What it did: journalctl -t lineage, or the system's log.
# One run at a time: the store has a lock; who comes second says who works, and leaves.

# These stand here, since a percent sign or a backslash means something in a line that runs.
{variables}
{_token(plan)}

# The time is that of the machine. A turn that was missed, as the machine was off, is not made up
# for: systemd's timers and `lineage schedule run` do that.
{as_cron(plan.every)} {_RUN}
"""


def _token(plan: Plan) -> str:
    if plan.token_file is not None:
        return _variable("LINEAGE_TOKEN_FILE", plan.at_home(plan.token_file))
    return (
        "# A token doubles the pace. Put it into a file that you alone can read, and uncomment:\n"
        "#LINEAGE_TOKEN_FILE=/path/of/a/file"
    )


def _variable(name: str, value: str) -> str:
    """Spell a variable: unquoted it is taken as it stands, but for a quote at its beginning."""
    spelled = value
    if value.startswith(("'", '"')):
        around = '"' if value[0] == "'" else "'"
        spelled = f"{around}{value}{around}"
        if around in value:
            raise _unspeakable(value, "begin it with another word than a quoted one")
    line = f"{name}={spelled}"
    if len(line.encode()) > _LONGEST_LINE:
        raise _unspeakable(value, "shorten it: rename a folder, or name a script")
    return line


def _unspeakable(value: str, hint: str) -> SettingsError:
    return SettingsError(f"cron takes no such value: {value}", hint)
