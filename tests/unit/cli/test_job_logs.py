"""In the log of a job nothing that strangers wrote is a command to the runner."""

import logging
from pathlib import Path

import pytest
from rich.text import Text

from lineage.cli import logs
from lineage.cli.output import show
from lineage.domain.documents import to_json
from lineage.domain.escape import escape_invisible, escaped_csv_lines
from tests.hostile import HOSTILE, acting_in_a_log
from tests.unit.cli.conftest import Program


def test_no_line_of_a_table_is_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    show(Text("\n".join(f"  {escape_invisible(text)}" for text in HOSTILE)))
    shown = capsys.readouterr().out
    assert "\\x3a:error" in shown
    assert not acting_in_a_log(shown)


@pytest.mark.parametrize("format", logs.LogFormat)
def test_no_line_of_the_log_is_a_command(
    format: logs.LogFormat, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up_command_log(format, 2)
    for text in HOSTILE:
        logs.say(text)
        logging.getLogger("lineage.x").warning("%s", text, exc_info=ValueError(f"\n{text}"))
    shown = capsys.readouterr().err
    assert not acting_in_a_log(shown)
    assert shown.isascii() or not {"\x1b", "\u202e", "\u2028"} & set(shown)


def test_no_document_is_a_command() -> None:
    assert not acting_in_a_log(to_json({text: text for text in HOSTILE}))
    assert not acting_in_a_log("".join(escaped_csv_lines([{text: text for text in HOSTILE}])))


def test_no_sentence_of_an_error_is_a_command(program: Program, store: Path) -> None:
    told = program("count", "a\n::error::evil ##[error]evil", "--store", store)
    assert told.code in {2, 5}
    assert "evil" in told.err
    assert not acting_in_a_log(told.err)
