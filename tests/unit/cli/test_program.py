"""The program as a process: what it loads, how it ends, and what it says while it works."""

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.fake_hub import FakeHub
from tests.unit.cli.conftest import BASE, Program

MAIN = [sys.executable, "-m", "lineage"]
HEAVY = {"httpx", "networkx", "huggingface_hub", "rich", "msgspec", "tenacity"}


def _loaded_by(*arguments: object) -> set[str]:
    """Return which packages one run loads, its own process asked at its end."""
    words = [str(one) for one in arguments]
    told = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        f"from lineage.cli.main import run\nrun({words!r})\n"
    )
    ended = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    return {name.partition(".")[0] for name in ended.stderr.split()}


def test_help_loads_nothing_heavy() -> None:
    assert not _loaded_by("--help") & (HEAVY | {"numpy", "pyarrow"})


def test_a_count_loads_nothing_of_the_crawl(store: Path) -> None:
    loaded = _loaded_by("count", BASE, "--store", store, "--format", "json")
    assert "pyarrow" in loaded
    assert not loaded & HEAVY


def test_every_command_has_help(program: Program) -> None:
    for command in ("crawl", "count", "tree", "snapshots", "doctor", "demo", "hub"):
        assert program(command, "--help").out.startswith(f"Usage: lineage {command}")


def test_nothing_asked_shows_the_help(program: Program) -> None:
    told = program()
    assert told.code == 2
    assert told.err.startswith("Usage: lineage")


def test_the_version_is_told(program: Program) -> None:
    assert program("--version").out == "lineage, version 0.1.0\n"


def test_a_reader_that_goes_away_is_no_error(store: Path) -> None:
    asked = [*MAIN, "count", BASE, "--by", "relation", "--store", str(store)]
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            asked, check=False, stdout=writing, stderr=subprocess.PIPE, text=True
        )
    finally:
        os.close(writing)
    assert ended.stderr == ""


HEEDING = [
    # What a shell's `&` does to its children, ignoring SIGINT, would reach these too.
    sys.executable,
    "-c",
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "runpy.run_module('lineage', run_name='__main__')",
]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_box_serves_until_it_is_asked_to_end(number: signal.Signals) -> None:
    with subprocess.Popen([*HEEDING, "hub"], stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        assert " models at http://127.0.0.1:" in served.stdout.readline()
        assert "HF_ENDPOINT=http://127.0.0.1:" in served.stdout.readline()
        served.send_signal(number)
        assert served.wait(timeout=30) == 0


def test_ctrl_c_ends_a_crawl_without_a_traceback(box: FakeHub, tmp_path: Path) -> None:
    crawl = [*HEEDING, "crawl", "--endpoint", box.url]
    with subprocess.Popen(crawl, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as crawling:
        box.on_request = lambda _: crawling.send_signal(signal.SIGINT)
        _, told = crawling.communicate(timeout=60)
        assert crawling.returncode == 130
    assert told.startswith("interrupted: what was recorded is kept")
    assert len(told.strip().splitlines()) == 1


def test_a_letter_that_the_locale_lacks_is_no_error(store: Path) -> None:
    asked = [*MAIN, "tree", BASE, "--min-size", "1", "--store", str(store)]
    latin = os.environ | {"PYTHONIOENCODING": "latin-1"}
    ended = subprocess.run(asked, check=True, env=latin, capture_output=True, encoding="latin-1")
    assert "|- owner/tuned" in ended.stdout


def test_a_full_disk_is_told_without_a_traceback(store: Path) -> None:
    asked = [*MAIN, "count", BASE, "--store", str(store)]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(asked, check=False, stdout=full, stderr=subprocess.PIPE, text=True)
    assert ended.returncode == 1
    assert ended.stderr == "error: the system refused: [Errno 28] No space left on device\n"


def test_a_closed_output_is_no_error(store: Path) -> None:
    asked = shlex.join([*MAIN, "count", BASE, "--store", str(store)])
    ended = subprocess.run(["sh", "-c", f"{asked} >&-"], check=False, stderr=subprocess.PIPE)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_what_ends_a_run_is_json_too_where_logs_are(program: Program) -> None:
    told = program("count", BASE, "--log-format", "json").err.splitlines()
    (line,) = map(json.loads, told)
    assert line["level"] == "error"
    assert line["message"] == "there is no snapshot in snapshots yet"
    assert line["hint"].startswith("take one with: lineage crawl")


def test_verbose_says_each_stage(program: Program, box: FakeHub) -> None:
    told = program("crawl", "--endpoint", box.url, "-v").err.splitlines()
    assert "info: read models" in told


def test_json_logs_are_an_object_a_line(program: Program) -> None:
    asked = ("crawl", "--below", BASE, "--offline", "--log-format", "json")
    first, *_ = program(*asked, "--endpoint", "http://127.0.0.1:9").err.splitlines()
    assert list(json.loads(first)) == ["at", "level", "logger", "message"]


def test_a_log_line_carries_its_facts_as_fields(program: Program, box: FakeHub) -> None:
    told = program("crawl", "--endpoint", box.url, "-v", "--log-format", "json")
    published = [json.loads(line) for line in told.err.splitlines() if "published" in line]
    assert [(line["snapshot"], line["models"]) for line in published] == [
        (told.json["snapshot"], 3)
    ]
