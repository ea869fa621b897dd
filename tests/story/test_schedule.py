"""The runner as a container has it: real processes, a Hub in a box, SIGTERM."""

import json
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lineage.domain.clock import SystemClock
from tests.fakes.fake_hub import FakeHub
from tests.fakes.live_catalog import LiveCatalog
from tests.story.stage import PLENTY, Stage, a_world, sent_pages

IN_TIME = 60.0
WORLD = a_world(2500)


@contextmanager
def a_runner(stage: Stage, *more: str) -> Iterator["subprocess.Popen[str]"]:
    asked = stage.settings()
    flags = ["--store", asked.store, "--cache", asked.cache, "--endpoint", asked.endpoint, *more]
    command = [sys.executable, "-m", "lineage", "schedule", "run", *flags]
    with subprocess.Popen(command, cwd=stage.folder, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def ended_by_sigterm(process: "subprocess.Popen[str]") -> tuple[int, str]:
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=IN_TIME)
    return process.returncode, said


def heard(process: "subprocess.Popen[str]", words: str) -> str:
    """Read what it says up to the line that holds these words."""
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return line
    raise AssertionError(f"it never said {words!r}")


@pytest.fixture
def box() -> Iterator[FakeHub]:
    with FakeHub(LiveCatalog(WORLD), quotas=PLENTY) as opened:
        yield opened


@pytest.fixture
def stage(tmp_path: Path, box: FakeHub) -> Stage:
    return Stage(tmp_path, box.url, SystemClock())


def test_sigterm_ends_a_runner_with_its_crawl_and_the_next_one_goes_on(
    stage: Stage, box: FakeHub
) -> None:
    second_page, go_on = threading.Event(), threading.Event()

    def hold_back_the_second(_: int) -> None:
        if len(sent_pages(box)) == 1:
            second_page.set()
            go_on.wait(IN_TIME)

    box.on_request = hold_back_the_second
    with a_runner(stage) as runner:
        assert second_page.wait(IN_TIME)
        code, said = ended_by_sigterm(runner)
    go_on.set()
    assert code == 0, said
    assert not stage.published()
    box.on_request = None
    with a_runner(stage) as runner:
        heard(runner, "exit code 0: it is done")
        assert ended_by_sigterm(runner)[0] == 0
    assert len(stage.published()) == 1
    first_page = [
        target for target in sent_pages(box) if "cursor" not in target and "direction=1" in target
    ]
    assert len(first_page) == 1


def test_what_is_not_due_is_not_asked(stage: Stage, box: FakeHub) -> None:
    stage.crawl()
    before = len(box.requests)
    with a_runner(stage, "--every", "24h", "--log-format", "json") as runner:
        line = heard(runner, "the next is due at")
        code, said = ended_by_sigterm(runner)
        assert code == 0
        assert "an unfinished crawl goes on when the schedule is started again" in said
    due = stage.store.manifests()[0].origin.taken_at + timedelta(days=1)
    assert due > datetime.now(UTC)
    assert f"{due:%Y-%m-%dT%H:%M:%SZ}" in line
    assert len(box.requests) == before


def test_once_takes_one_turn_and_ends_as_its_crawl_did(stage: Stage) -> None:
    with a_runner(stage, "--once") as runner:
        _, said = runner.communicate(timeout=IN_TIME)
    assert runner.returncode == 0, said
    assert len(stage.published()) == 1
    with a_runner(stage, "--once", "--endpoint", "not an address") as runner:
        runner.communicate(timeout=IN_TIME)
    assert runner.returncode == 2


def test_a_crawl_alone_ends_on_sigterm_too(stage: Stage, box: FakeHub) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def hold_back(_: int) -> None:
        asked.set()
        go_on.wait(IN_TIME)

    box.on_request = hold_back
    flags = stage.settings()
    command = [sys.executable, "-m", "lineage", "crawl", "--store", flags.store]
    command += ["--cache", flags.cache, "--endpoint", flags.endpoint]
    with subprocess.Popen(command, cwd=stage.folder, stderr=subprocess.PIPE, text=True) as crawl:
        assert asked.wait(IN_TIME)
        code, said = ended_by_sigterm(crawl)
        go_on.set()
    assert code == 143
    assert said.startswith("interrupted: what was recorded is kept")


def test_each_crawl_of_a_runner_tells_the_command_it_was_given(stage: Stage) -> None:
    heard_it = stage.folder / "heard"
    code = f"import sys; open({str(heard_it)!r}, 'w').write(sys.stdin.read())"
    command = shlex.join([sys.executable, "-c", code])
    with a_runner(stage, "--once", "--on-publish", command) as runner:
        _, said = runner.communicate(timeout=IN_TIME)
    assert runner.returncode == 0, said
    assert json.loads(heard_it.read_text("utf-8"))["after"] == stage.published()[0]
