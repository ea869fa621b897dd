"""What goes to standard error: log lines as text, or one JSON object a line."""

import json
import logging
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum

import click

from lineage.domain.clock import iso
from lineage.domain.escape import escape_invisible, escape_log_lines, escaped_json_text

_MESSAGES = logging.getLogger("lineage.message")
"""What a user should know whatever the verbosity."""


class LogFormat(StrEnum):
    """How standard error is printed."""

    TEXT = "text"
    JSON = "json"


def set_up_command_log(log_format: LogFormat, verbose: int) -> None:
    """Send the house's log to standard error: warnings, with 1 stages, with 2 every request."""
    handler = _ToStandardError()
    handler.setFormatter(_JsonLines() if log_format is LogFormat.JSON else _TextLines())
    house = logging.getLogger("lineage")
    house.handlers = [handler]
    # Not to the root logger as well: a program that embeds this one would print every line twice.
    house.propagate = False
    house.setLevel({0: logging.WARNING, 1: logging.INFO}.get(verbose, logging.DEBUG))
    _MESSAGES.setLevel(logging.INFO)


def say(message: str) -> None:
    """Tell the user something besides the result."""
    _MESSAGES.info("%s", message)


def is_command_log_json() -> bool:
    """Say whether standard error holds JSON lines only."""
    handlers = logging.getLogger("lineage").handlers
    return any(isinstance(handler.formatter, _JsonLines) for handler in handlers)


def fail(message: str, hint: str, exit_code: int) -> None:
    """Tell what ended the run, and what to do about it."""
    _MESSAGES.error("%s", message, extra={"hint": hint, "facts": {"exit_code": exit_code}})


class _ToStandardError(logging.Handler):
    """Writes lines to standard error as it is at that moment."""

    # A progress display replaces the stream while it is shown; a handler that kept the first one
    # would write into the middle of its line.

    def emit(self, record: logging.LogRecord) -> None:
        # A log that cannot be written (a full disk, a reader that left) must not end the work.
        with suppress(OSError):
            click.echo(self.format(record), err=True)


class _TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        level = "" if record.name == _MESSAGES.name else f"{record.levelname.lower()}: "
        lines = [level + escape_invisible(record.getMessage())]
        if record.exc_info is not None:
            lines += map(escape_invisible, self.formatException(record.exc_info).splitlines())
        return escape_log_lines("\n".join(lines))


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": iso(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if hint := getattr(record, "hint", ""):
            line["hint"] = hint
        if record.exc_info is not None:
            line["traceback"] = self.formatException(record.exc_info)
        # Facts as fields: no reader has to take numbers out of a sentence.
        return escaped_json_text(json.dumps(line | getattr(record, "facts", {})))
