"""The program `lineage`: its commands, and what is said when an error ends a run."""

import errno
import io
import logging
import os
import sys
from collections import UserDict
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

import click

from lineage.cli import logs, options, signals
from lineage.cli.options import RENAMED, CommandGroup
from lineage.domain.escape import escape_invisible, escape_log_lines
from lineage.errors import LineageError, SettingsError, SourceError, StoreError, file_error
from lineage.version import __version__

_LOG = logging.getLogger(__name__)
# How much of a name must be alike for the other to be offered.
_CLOSE = 0.65
_PATHS = (str, bytes)

_MODULE_BY_COMMAND = {
    "crawl": "crawl",
    "count": "count",
    "tree": "descent",
    "trace": "descent",
    "check": "check",
    "anomalies": "quality",
    "evaluate": "quality",
    "export": "export",
    "report": "report",
    "recount": "recount",
    "publish": "publish",
    "serve": "serve",
    "snapshots": "snapshots",
    "families": "families",
    "schedule": "schedule",
    "doctor": "crawl",
    "demo": "demo",
    "hub": "demo",
}


class CommandsByName(UserDict[str, Any]):
    """Every command, imported when it is asked for."""

    # A look-up must not pay for the options of all commands. What a command needs it imports
    # when it runs: help must not pay for pyarrow, httpx or rich.
    def __getitem__(self, name: str) -> click.Command:
        command: str | click.Command = super().__getitem__(name)
        if not isinstance(command, str):
            return command
        loaded: click.Command = getattr(import_module(f"lineage.cli.{command}"), name)
        self.data[name] = loaded
        return loaded


@click.group(
    cls=CommandGroup,
    commands=CommandsByName(_MODULE_BY_COMMAND),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="lineage")
def lineage() -> None:
    """Which model descends from which on the Hugging Face Hub.

    `lineage demo` shows all of it, offline. `lineage crawl` takes a snapshot of the Hub; the
    other commands answer from snapshots, never from the network.
    """


def run_command_line(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0, or the code of the error that ended it (see errors.py)."""
    # Closed by the shell (`>&-`), the number of a stream would go to the next file that is opened,
    # and a command that is started would write into it.
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(handle, True)
    os.close(handle)
    for stream in (sys.stdout, sys.stderr):
        # A letter that the locale lacks is printed as an escape; it must not end a run.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    logs.set_up_command_log(logs.LogFormat.TEXT, verbose=0)
    sys.exit(_run_click_command(arguments))


def _run_click_command(arguments: Sequence[str] | None) -> int:
    """Run one command; every fault ends here, in one sentence and an exit code."""
    try:
        with signals.ends_on_signals(_print_interrupted):
            outcome = lineage.main(arguments, prog_name="lineage", standalone_mode=False)
        return outcome if isinstance(outcome, int) else 0
    except SystemExit as ended:
        if isinstance(ended, signals.Interrupted):
            return _end_interrupted_command(ended)
        if ended.code == options.READER_LEFT:
            _drop_unprinted_output()
        return ended.code if isinstance(ended.code, int) else LineageError.exit_code
    except click.ClickException as error:
        if isinstance(error, click.exceptions.NoArgsIsHelpError):
            error.show()
        else:
            context = error.ctx if isinstance(error, click.UsageError) else None
            _print_error_to_terminal(
                _print_usage_message(error),
                f"{context.command_path} --help" if context is not None else "",
                error.exit_code,
            )
        return error.exit_code
    except Exception as error:
        # Python itself, and some libraries, make another error of one that is raised within them.
        if (interruption := signals.find_command_interruption()) is not None:
            return _end_interrupted_command(interruption)
        ended_by = explain(error)
        _print_error_to_terminal(ended_by.message, ended_by.hint, ended_by.exit_code)
        return ended_by.exit_code


def explain(error: Exception) -> LineageError:
    """Return what ended a run as an error with a sentence and a code, whatever it was."""
    match error:
        case LineageError():
            return error
        case MemoryError():
            # Arrow's own is one too. What was recorded is kept, and running again may have room.
            return SourceError("there is not enough memory", "run it again with more of it free")
        case OSError():
            # A full disk, or what no room has a sentence of its own for.
            _drop_unprinted_output()
            if error.errno == errno.ENOENT and error.filename is None:
                return SettingsError("the current folder was deleted", "change to another one")
            place = f" {os.fsdecode(error.filename)}" if isinstance(error.filename, _PATHS) else ""
            refused = file_error(f"the system refused{place}", error)
            is_named = bool(place) or isinstance(refused, StoreError)
            return refused if is_named else LineageError(refused.message)
        case _:
            # A traceback is of no use to who works with the program, only to who mends it.
            _LOG.info("where it happened", exc_info=error)
            return LineageError(
                f"a fault of lineage itself: {type(error).__name__}: {error}",
                "please report it, with what the same command says with -v",
            )


def _end_interrupted_command(interruption: signals.Interrupted) -> int:
    _print_interrupted()
    return int(str(interruption.code))


def _print_interrupted() -> None:
    with suppress(OSError):
        logs.say(f"interrupted: {signals.describe_interrupted_command_outcome()}")


def _drop_unprinted_output() -> None:
    """Drop what could not be written: some Pythons try again at the end, and exit with 120."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_error_to_terminal(message: str, hint: str, exit_code: int) -> None:
    if logs.is_command_log_json():
        logs.fail(message, hint, exit_code)
        return
    for label, text in (("error", message), ("hint", hint)):
        if text:
            lines = [escape_invisible(line) for line in text.splitlines()]
            # The exit code says it too where standard error cannot be written.
            with suppress(OSError):
                click.echo(escape_log_lines(f"{label}: " + "\n".join(lines)), err=True)


def _print_usage_message(error: click.ClickException) -> str:
    if isinstance(error, click.NoSuchOption):
        kind, name = "option", error.option_name
    elif isinstance(error, click.exceptions.NoSuchCommand):
        kind, name = "command", error.command_name
    else:
        return error.format_message()
    if now := RENAMED.get(name):
        return f"unknown option {name}; {now}"
    from difflib import get_close_matches

    # click offers whatever shares some letters: --by for --deny.
    words = {it.lstrip("-"): it for it in error.possibilities or ()}
    close = get_close_matches(name.lstrip("-"), words, 3, _CLOSE)
    offer = f"; did you mean {' or '.join(words[it] for it in close)}?" if close else ""
    return f"unknown {kind} {name}{offer}"
