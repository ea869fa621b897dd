"""A service and its timer for systemd (systemd.service, systemd.timer, systemd.syntax)."""

from collections.abc import Mapping
from datetime import timedelta

from lineage.errors import SettingsError, SourceError
from lineage.schedule.attempt import MOST_RUNS, PAUSE
from lineage.schedule.interval import as_calendar_event
from lineage.schedule.plan import CRAWL, Plan
from lineage.version import __version__

_NOT_AGAIN = "1 2 4 5"
_NOT_IN_A_PROGRAM = frozenset("\"'\\")


def service_and_timer(plan: Plan) -> Mapping[str, str]:
    """Spell a plan as lineage.service and lineage.timer."""
    if _NOT_IN_A_PROGRAM.intersection(plan.program):
        raise SettingsError(
            f"systemd runs no program with quotes or backslashes in its path: {plan.program}",
            "install lineage elsewhere",
        )
    return {"lineage.service": _service(plan), "lineage.timer": _timer(plan)}


def _service(plan: Plan) -> str:
    half, pause = plan.every / 2, min(PAUSE, plan.every / 12)
    return f"""\
# lineage {__version__}: one crawl, as lineage.timer starts it.
# Put both files into /etc/systemd/system, then:
#   systemctl daemon-reload
#   systemctl enable --now lineage.timer
# What it did:      journalctl -u lineage.service
# One at once:      systemctl start lineage.service
# One run at a time: systemd starts no second one, and the store has a lock of its own.

[Unit]
Description=A snapshot of the Hugging Face Hub
Wants=network-online.target
After=network-online.target
# So many starts at most in half a turn: then it is left to the next turn.
StartLimitIntervalSec={_seconds(half)}
StartLimitBurst={MOST_RUNS}

[Service]
Type=oneshot
User={_percents(plan.user)}
WorkingDirectory={_percents(plan.folder)}
# Log lines go into the journal, as JSON.
{_environment(plan)}
{_token(plan)}
ExecStart={_quoted(plan.program)} {" ".join(CRAWL)} -v
# {SourceError.exit_code}: the Hub could not be read to its end; run again, it goes on where it was.
# {_NOT_AGAIN.replace(" ", ", ")}: somebody should look; it is not tried again before the next turn.
Restart=on-failure
RestartSec={_seconds(pause)}
RestartPreventExitStatus={_NOT_AGAIN}
NoNewPrivileges=yes
ProtectSystem=full
"""


def _timer(plan: Plan) -> str:
    return f"""\
# lineage {__version__}: when lineage.service runs.

[Unit]
Description=When a snapshot of the Hugging Face Hub is taken

[Timer]
OnCalendar={as_calendar_event(plan.every)}
# A turn that was missed, as the machine was off, is made up for.
Persistent=true
RandomizedDelaySec=5min

[Install]
WantedBy=timers.target
"""


def _environment(plan: Plan) -> str:
    variables = plan.environment(plan.absolute_store(), plan.at_home(plan.cache))
    return "\n".join(
        f"Environment={_quoted(f'{name}={value}')}" for name, value in variables.items()
    )


def _token(plan: Plan) -> str:
    path = "/etc/lineage/hf_token" if plan.token_file is None else plan.at_home(plan.token_file)
    lines = [
        f"LoadCredential=hf_token:{_percents(path)}",
        "Environment=LINEAGE_TOKEN_FILE=%d/hf_token",
    ]
    if plan.token_file is not None:
        said = "# The token: only root need be able to read the file; the service sees a copy."
        return "\n".join([said, *lines])
    said = "# A token doubles the pace. Put it into a file that root alone can read, and uncomment:"
    return "\n".join([said, *(f"#{line}" for line in lines)])


def _seconds(duration: timedelta) -> str:
    return f"{int(duration.total_seconds())}s"


def _percents(text: str) -> str:
    """Spell a text where systemd takes a line as it is, but for its specifiers."""
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """Spell one word. In the path of a program and in Environment= a `$` means itself."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_percents(escaped)}"'
