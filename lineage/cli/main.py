"""The program `lineage`: its commands, and what is said when an error ends a run."""

import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import click

from lineage.cli import logs
from lineage.cli.count import count
from lineage.cli.crawl import crawl, doctor
from lineage.cli.demo import demo, hub
from lineage.cli.descent import trace, tree
from lineage.cli.export import export
from lineage.cli.families import families
from lineage.cli.options import RENAMED, CommandGroup
from lineage.cli.quality import anomalies, evaluate
from lineage.cli.report import report
from lineage.cli.schedule import schedule
from lineage.cli.snapshots import snapshots
from lineage.domain.escape import visible
from lineage.errors import LineageError
from lineage.version import __version__

# 128 + SIGINT, as shells count it: a supervisor takes 1 for a failure, 130 for a request to end.
INTERRUPTED = 130

# Commands import what they need when they run: help must not pay for pyarrow, httpx or rich.
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


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lineage")
def lineage() -> None:
    """Which model descends from which on the Hugging Face Hub.

    `lineage demo` shows all of it, offline. `lineage crawl` takes a snapshot of the Hub; the
    other commands answer from snapshots, never from the network.
    """


for _command in COMMANDS:
    lineage.add_command(_command)


def run(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0, or the code of the error that ended it (see errors.py)."""
    logs.set_up(logs.LogFormat.TEXT, verbose=0)
    for stream in (sys.stdout, sys.stderr):
        # A letter that the locale lacks is printed as an escape; it must not end a run.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        outcome = lineage.main(arguments, prog_name="lineage", standalone_mode=False)
    except LineageError as error:
        _print_error(error.message, error.hint)
        sys.exit(error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        _print_error(_usage_message(error), _help_command(error))
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except OSError as error:
        # A full disk, or a pipe whose reader left: one line says it, a traceback would not help.
        _print_error(f"the system refused: {error}", "")
        _drop_output()
        sys.exit(LineageError.exit_code)
    sys.exit(outcome if isinstance(outcome, int) else 0)


def _drop_output() -> None:
    """Drop what could not be written: some Pythons try again at the end, and exit with 120."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_error(message: str, hint: str) -> None:
    if logs.in_json():
        logs.fail(message, hint)
        return
    for label, text in (("error", message), ("hint", hint)):
        if text:
            lines = [visible(line) for line in text.splitlines()]
            click.echo(f"{label}: " + "\n".join(lines), err=True)


def _usage_message(error: click.ClickException) -> str:
    if isinstance(error, click.NoSuchOption) and (now := RENAMED.get(error.option_name)):
        return f"unknown option {error.option_name}; {now}"
    return error.format_message()


def _help_command(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{context.command_path} --help" if context is not None else ""
