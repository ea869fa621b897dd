"""The program `lineage`: its commands, and how whatever ends a run is told."""

import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import click

from lineage.cli import logs
from lineage.cli.anomalies import anomalies
from lineage.cli.count import count
from lineage.cli.crawl import crawl
from lineage.cli.demo import demo
from lineage.cli.doctor import doctor
from lineage.cli.evaluate import evaluate
from lineage.cli.export import export
from lineage.cli.families import families
from lineage.cli.hub import hub
from lineage.cli.report import report
from lineage.cli.report_licenses import licenses
from lineage.cli.report_trend import trend
from lineage.cli.schedule import schedule
from lineage.cli.snapshots import snapshots
from lineage.cli.trace import trace
from lineage.cli.tree import tree
from lineage.domain.escape import visible
from lineage.errors import LineageError
from lineage.version import __version__

INTERRUPTED = 130
"""As shells count a process that Ctrl-C ended."""

COMMANDS = (
    crawl,
    count,
    tree,
    trace,
    anomalies,
    evaluate,
    export,
    report,
    snapshots,
    families,
    schedule,
    doctor,
    demo,
    hub,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lineage")
def lineage() -> None:
    """Which model descends from which on the Hugging Face Hub.

    `lineage demo` shows all of it, offline. `lineage crawl` takes a snapshot of the Hub; the
    other commands answer from snapshots, never from the network.
    """


for _command in COMMANDS:
    lineage.add_command(_command)
report.add_command(licenses)
report.add_command(trend)


def run(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0, or the code of the error that ended it (see errors.py)."""
    logs.set_up(logs.LogFormat.TEXT, verbose=0)
    _spell_out_what_the_terminal_lacks()
    try:
        outcome = lineage.main(arguments, prog_name="lineage", standalone_mode=False)
    except LineageError as error:
        _tell(error.message, error.hint)
        sys.exit(error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        _tell(error.format_message(), _where_help_is(error))
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except OSError as error:
        _tell(f"the system refused: {error}", "")
        _let_go_of_output()
        sys.exit(LineageError.exit_code)
    sys.exit(outcome if isinstance(outcome, int) else 0)


def _spell_out_what_the_terminal_lacks() -> None:
    """Let no letter that a locale cannot show end a run: it is spelled as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _let_go_of_output() -> None:
    """Drop what could not be written: some Pythons try again at the end, and exit with 120."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell(message: str, hint: str) -> None:
    if logs.in_json():
        logs.fail(message, hint)
        return
    for label, text in (("error", message), ("hint", hint)):
        if text:
            lines = [visible(line) for line in text.splitlines()]
            click.echo(f"{label}: " + "\n".join(lines), err=True)


def _where_help_is(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{context.command_path} --help" if context is not None else ""


if __name__ == "__main__":
    run()
