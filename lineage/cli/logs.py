"""What goes to standard error: log lines as text, or one JSON object a line."""

import json
import logging
from datetime import UTC, datetime
from enum import StrEnum

import click

from lineage.domain.escape import visible
from lineage.domain.moments import iso

_SAID = logging.getLogger("lineage.said")
"""What a user should know whatever the verbosity."""


class LogFormat(StrEnum):
    """How standard error is spelled."""

    TEXT = "text"
    JSON = "json"


def set_up(log_format: LogFormat, verbose: int) -> None:
    """Send the house's log to standard error: warnings, with 1 stages, with 2 every request."""
    handler = _ToStandardError()
    handler.setFormatter(_JsonLines() if log_format is LogFormat.JSON else _TextLines())
    house = logging.getLogger("lineage")
    house.handlers = [handler]
    house.propagate = False
    house.setLevel({0: logging.WARNING, 1: logging.INFO}.get(verbose, logging.DEBUG))
    _SAID.setLevel(logging.INFO)


def say(message: str) -> None:
    """Tell the user something that is no result."""
    _SAID.info("%s", message)


def in_json() -> bool:
    """Say whether standard error is to hold JSON lines alone."""
    handlers = logging.getLogger("lineage").handlers
    return any(isinstance(one.formatter, _JsonLines) for one in handlers)


def fail(message: str, hint: str) -> None:
    """Tell what ended the run, and what to do about it."""
    _SAID.error("%s", message, extra={"hint": hint})


class _ToStandardError(logging.Handler):
    """Asks for standard error at each line: a progress display may stand in for it."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(self.format(record), err=True)


class _TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        level = "" if record.name == _SAID.name else f"{record.levelname.lower()}: "
        return level + visible(record.getMessage())


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
        return json.dumps(line)
