"""The program as a process: what it loads, how it ends, and what it says while it works."""

import errno
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from lineage.cli import signals
from lineage.cli.main import explain, lineage
from lineage.cli.options import Command, CommandGroup
from lineage.errors import file_error
from tests.fakes.fake_hub import FakeHub
from tests.unit.cli.conftest import BASE, Program

MAIN = [sys.executable, "-m", "lineage"]
HEAVY = {"httpx", "networkx", "huggingface_hub", "rich", "msgspec", "tenacity"}


def _loaded_by(*arguments: object) -> set[str]:
    """Return which modules and packages one run loads, its own process asked at its end."""
    words = [str(one) for one in arguments]
    told = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        f"from lineage.cli.main import run_command_line as run\nrun({words!r})\n"
    )
    ended = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    modules = ended.stderr.split()
    return {*modules, *(name.partition(".")[0] for name in modules)}


def test_help_loads_nothing_heavy() -> None:
    assert not _loaded_by("--help") & (HEAVY | {"numpy", "pyarrow"})


def test_a_count_loads_nothing_of_the_crawl(store: Path) -> None:
    loaded = _loaded_by("count", BASE, "--store", store, "--format", "json")
    assert "pyarrow" in loaded
    # A manifest is read by its schema.
    assert not loaded & HEAVY - {"msgspec"}
    assert "lineage.cli.count" in loaded
    assert not loaded & {"lineage.cli.export", "lineage.cli.report", "lineage.analysis.verdicts"}


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
    assert (ended.returncode, ended.stderr) == (128 + signal.SIGPIPE, "")


HEEDING = [
    # What a shell's `&` does to its children, ignoring SIGINT, would reach these too.
    sys.executable,
    "-c",
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "runpy.run_module('lineage', run_name='__main__')",
]


@pytest.mark.parametrize(("number", "form"), [(signal.SIGINT, "table"), (signal.SIGTERM, "csv")])
def test_the_box_says_that_it_starts_and_listens_and_serves_until_it_is_asked_to_end(
    number: signal.Signals, form: str
) -> None:
    hub = [*HEEDING, "hub", "--format", form]
    with subprocess.Popen(hub, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        assert served.stderr is not None
        assert served.stderr.readline().startswith("starting")
        first, second = served.stdout.readline(), served.stdout.readline()
        if form == "table":
            assert " models of 2 July 2025 at http://127.0.0.1:" in first
            assert "HF_ENDPOINT=http://127.0.0.1:" in second
        else:
            assert first == '"url","models","day"\n'
            assert second.startswith('"http://127.0.0.1:')
        served.send_signal(number)
        assert served.wait(timeout=30) == 0
        assert served.stderr.read().startswith("stopped: the box keeps nothing")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_crawl_with_one_line_of_what_is_kept_and_how_to_go_on(
    number: signal.Signals, box: FakeHub, tmp_path: Path
) -> None:
    crawl = [*HEEDING, "crawl", "--endpoint", box.url]
    with subprocess.Popen(crawl, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as crawling:
        box.on_request = lambda _: crawling.send_signal(number)
        _, told = crawling.communicate(timeout=60)
        assert crawling.returncode == 128 + number
    kept = "what was recorded is kept; run the same command again to go on"
    assert told == f"interrupted: {kept}\n"


# A lock that is held already is waited for as Arrow waits for a disk: none of Python's own steps is
# taken, so its handlers of signals do not run.
DEAF = """
import ctypes, signal, sys, threading, time
from lineage.cli import signals
signal.signal(signal.SIGINT, signal.default_int_handler)
def wait_deaf():
    lock, libc = ctypes.create_string_buffer(64), ctypes.CDLL(None)
    threading.Timer(0.2, print, ["waiting"], {"flush": True}).start()
    libc.pthread_mutex_lock(lock), libc.pthread_mutex_lock(lock)
def last_words():
    print(signals.describe_interrupted_command_outcome(), file=sys.stderr, flush=True)
with signals.ends_on_signals(last_words):
    try:
        print("working", flush=True)
        time.sleep(0 if sys.argv[1] == "deaf" else 60)
    finally:
        wait_deaf()
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("work", ["deaf", "busy"])
def test_a_signal_ends_what_does_not_hear_it_and_a_second_one_ends_at_once(
    work: str, number: signal.Signals, code: int
) -> None:
    words = [sys.executable, "-c", DEAF, work]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        if work == "busy":
            process.send_signal(number)
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(number)
        try:
            _, told = process.communicate(timeout=30)
        finally:
            process.kill()  # the end of the block waits for it, however the test ends
    assert (process.returncode, told) == (code, "nothing was changed; run the same command again\n")


def test_an_interruption_that_became_another_error_is_still_one(program: Program) -> None:
    class Raising:
        def __set_name__(self, *_: object) -> None:
            signal.raise_signal(signal.SIGTERM)

    @click.command("broken", cls=Command)
    def broken(**_: object) -> None:
        type("Made", (), {"field": Raising()})

    lineage.add_command(broken)
    try:
        told = program("broken")
    finally:
        del lineage.commands["broken"]
    assert (told.code, told.err) == (143, f"interrupted: {signals.NOTHING_CHANGED}\n")


def test_every_command_that_writes_says_what_an_interruption_leaves() -> None:
    groups = [it for it in lineage.commands.values() if isinstance(it, CommandGroup)]
    commands = [(it, group) for group in (lineage, *groups) for it in group.commands.values()]
    assert {
        f"{group.name} {it.name}"
        for it, group in commands
        if isinstance(it, Command) and it.outcome != signals.NOTHING_CHANGED
    } == {
        *("lineage crawl", "lineage demo", "lineage hub", "lineage serve", "schedule run"),
        "lineage publish",
        "snapshots prune",
        *("report family-tree", "report trend", "report licenses"),
        *("export parquet", "export iceberg"),
    }


def test_a_fault_of_the_program_is_one_sentence_and_its_traceback_is_for_who_mends_it(
    program: Program, store: Path
) -> None:
    @click.command("broken", cls=Command)
    def broken(**_: object) -> None:
        raise ZeroDivisionError("x")

    lineage.add_command(broken)
    try:
        short, full = program("broken"), program("broken", "-v")
    finally:
        del lineage.commands["broken"]
    assert short.code == full.code == 1
    assert short.err.startswith("error: a fault of lineage itself: ZeroDivisionError: x\nhint: ")
    assert "Traceback" in full.err
    assert "Traceback" not in short.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError(), 3),
        (PermissionError(errno.EACCES, "Permission denied"), 4),
        (OSError(errno.EROFS, "Read-only file system"), 4),
        (OSError(errno.ENOSPC, "No space left on device"), 4),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), 4),
        (IsADirectoryError(errno.EISDIR, "Is a directory"), 2),
    ],
)
def test_one_cause_has_one_code(error: Exception, code: int) -> None:
    if isinstance(error, OSError):
        assert file_error("x cannot be written", error).exit_code == code
    if code != 2:
        assert explain(error).exit_code == code


def test_a_letter_that_the_locale_lacks_is_no_error(store: Path) -> None:
    asked = [*MAIN, "tree", BASE, "--min-size", "1", "--store", str(store)]
    latin = os.environ | {"PYTHONIOENCODING": "latin-1"}
    ended = subprocess.run(asked, check=True, env=latin, capture_output=True, encoding="latin-1")
    assert "|- owner/tuned" in ended.stdout


def test_a_full_disk_is_told_without_a_traceback(store: Path) -> None:
    asked = [*MAIN, "count", BASE, "--store", str(store)]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(asked, check=False, stdout=full, stderr=subprocess.PIPE, text=True)
    assert ended.returncode == 4
    assert ended.stderr == "error: the system refused: No space left on device\n"


def test_a_folder_whose_name_no_system_takes_is_wrong_use(tmp_path: Path) -> None:
    refused = OSError(errno.ENAMETOOLONG, "File name too long", str(tmp_path / "long"))
    ended_by = explain(refused)
    assert (ended_by.exit_code, ended_by.message.count("long: File name too long")) == (2, 1)


@pytest.mark.parametrize("command", ["count", "export csv"])
@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_error(store: Path, command: str, closed: str) -> None:
    asked = shlex.join([*MAIN, *command.split(), BASE, "--store", str(store)])
    ended = subprocess.run(["sh", "-c", f"{asked} {closed}"], check=False, stderr=subprocess.PIPE)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_full_standard_error_changes_no_exit_code(store: Path) -> None:
    asked = [*MAIN, "count", "owner/none", "--store", str(store)]
    with Path("/dev/full").open("w") as full:
        assert subprocess.run(asked, check=False, stderr=full).returncode == 5


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


@pytest.mark.parametrize(
    "words",
    [
        "snapshots list --store {}",
        "snapshots prune --store {}",
        "schedule print cron --store {}",
        "crawl --store {} --endpoint http://127.0.0.1:9 --max-requests 0",
        "crawl --dump {}",
        "crawl --endpoint {}",
        "snapshots check-against {} --store here",
        "export csv llama --out {} --store here",
        "report licenses --out {} --store here",
    ],
)
@pytest.mark.parametrize("address", ["foo://user:SESAME@host/x", "s3://b/x?secret_key=SESAME"])
def test_a_secret_in_an_address_is_never_shown(
    program: Program, store: Path, tmp_path: Path, words: str, address: str
) -> None:
    (tmp_path / "here").symlink_to(store)
    told = program(*words.format(address).split(), "-vv")
    assert told.code in {2, 4}
    assert "SESAME" not in told.err + told.out
    assert "Traceback" not in told.err
