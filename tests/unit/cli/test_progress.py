"""Progress on a terminal: stages, steps and waits; silence and plain sentences elsewhere."""

import io
import json

import pytest
from rich.console import Console

from lineage.cli import logs
from lineage.cli.progress import SilentTerminalProgress, TerminalProgress, show_progress
from tests.fakes.fake_clock import FakeClock


def _console() -> tuple[Console, io.StringIO]:
    told = io.StringIO()
    return Console(file=told, force_terminal=True, width=100, color_system=None), told


def test_stages_steps_and_waits_are_shown() -> None:
    console, told = _console()
    clock = FakeClock()
    with TerminalProgress(console, clock) as progress:
        progress.begin("read [b]models[/b]", 3_000_000)
        progress.step(1_000)
        progress.waiting(189, "rate limit reached")
        clock.pass_time(9)
        progress.refresh()
    assert "read [b]models[/b] 1,000 of 3,000,000, 0 %" in told.getvalue()
    assert "rate limit reached, waiting 180 s" in told.getvalue()


def test_a_step_ends_a_wait() -> None:
    console, told = _console()
    with TerminalProgress(console, FakeClock()) as progress:
        progress.begin("read models")
        progress.waiting(5, "a pause")
        progress.step(2)
        told.truncate(0)
        progress.refresh()
    assert "waiting" not in told.getvalue()


def test_a_wait_needs_no_stage() -> None:
    console, told = _console()
    with TerminalProgress(console, FakeClock()) as progress:
        progress.step(1)
        progress.waiting(5, "a pause")
        progress.refresh()
        progress.end()
        progress.end()
    assert "a pause, waiting 5 s" in told.getvalue()


def test_no_terminal_no_display(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up_command_log(logs.LogFormat.TEXT, 0)
    with show_progress() as progress:
        assert type(progress) is SilentTerminalProgress
        progress.begin("read models")
        progress.step(1)
        progress.say("An old walk was begun anew\x1b[2J.")
        progress.end()
    assert capsys.readouterr().err == "An old walk was begun anew\\x1b[2J.\n"


def test_the_share_and_the_time_left_are_shown_where_the_size_is_known() -> None:
    console, told = _console()
    clock = FakeClock()
    with TerminalProgress(console, clock) as progress:
        progress.begin("read models", 1_000)
        for done in (100, 200, 300, 400):
            progress.step(done)
            clock.pass_time(60)
        progress.refresh()
        assert "400 of 1,000, 40 %" in told.getvalue()
        assert "about 6 min left" in told.getvalue()
        told.truncate(0)
        progress.step(1_200)
        progress.refresh()
    assert "1,200 of 1,000" in told.getvalue()
    assert "left" not in told.getvalue()


def test_a_log_line_of_a_stage_or_a_wait_carries_its_facts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.set_up_command_log(logs.LogFormat.JSON, 1)
    clock = FakeClock()
    progress = SilentTerminalProgress(clock)
    progress.begin("read models", 100)
    progress.step(7)
    progress.waiting(189, "rate limit reached")
    clock.pass_time(2)
    progress.end()
    began, waits, ended = map(json.loads, capsys.readouterr().err.splitlines())
    assert (began["stage"], began["expected"]) == ("read models", 100)
    assert (waits["waiting_for"], waits["seconds"]) == ("rate limit reached", 189)
    assert (ended["stage"], ended["done"], ended["seconds"]) == ("read models", 7, 2.0)
    assert waits["message"] == "rate limit reached, waiting 189 s"
