"""`lineage crawl --on-publish` as a shell sees it: its own result, its own exit code."""

import json
import shlex
import sys
from pathlib import Path

from tests.fakes.fake_hub import FakeHub
from tests.unit.cli.conftest import Program


def python(code: str) -> str:
    """A command line that runs some Python."""
    return shlex.join([sys.executable, "-c", code])


def test_a_crawl_tells_its_command_and_prints_its_own_result_alone(
    program: Program, box: FakeHub, tmp_path: Path
) -> None:
    heard = tmp_path / "heard"
    command = python(f"import sys; open({str(heard)!r}, 'w').write(input()); print('hello')")
    asked = ("crawl", "--endpoint", box.url, "--format", "json", "--on-publish", command)
    told = program(*asked)
    assert (told.code, told.err) == (0, "")
    document = json.loads(heard.read_text("utf-8"))
    assert (document["after"], document["before"]) == (told.json["snapshot"], None)


def test_a_command_that_fails_leaves_the_crawl_its_exit_code(
    program: Program, box: FakeHub
) -> None:
    hostile = python("import sys; print(chr(27) + '[31mred'); sys.exit(3)")
    told = program("crawl", "--endpoint", box.url, "--on-publish", hostile)
    assert told.code == 0
    assert "ended with exit code 3" in told.err
    assert "\x1b" not in told.err


def test_a_refused_crawl_tells_nobody(program: Program, box: FakeHub, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    command = python(f"open({str(heard)!r}, 'w')")
    asked = ("crawl", "--endpoint", box.url, "--on-publish", command, "--max-requests", 0)
    assert program(*asked).code == 3
    assert not heard.exists()
