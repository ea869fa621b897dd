"""Two crawls started together on one store: one works, the other says who does and leaves."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage.domain.clock import SystemClock
from tests.fakes.fake_hub import FakeHub
from tests.fakes.live_catalog import LiveCatalog
from tests.story.stage import PLENTY, Stage, a_world

IN_TIME = 60.0


def a_crawl(stage: Stage) -> "subprocess.Popen[str]":
    asked = stage.settings()
    flags = ["--store", asked.store, "--cache", asked.cache, "--endpoint", asked.endpoint]
    command = [sys.executable, "-m", "lineage", "crawl", *flags, "--format", "json"]
    return subprocess.Popen(
        command, cwd=stage.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def answers_held_back(box: FakeHub) -> tuple[threading.Event, threading.Event]:
    """Give what is set when the box is asked, and what lets it answer."""
    asked, go_on = threading.Event(), threading.Event()

    def hold_back(_: int) -> None:
        asked.set()
        go_on.wait(IN_TIME)

    box.on_request = hold_back
    return asked, go_on


@pytest.fixture
def box() -> Iterator[FakeHub]:
    with FakeHub(LiveCatalog(a_world(300)), quotas=PLENTY) as opened:
        yield opened


@pytest.fixture
def stage(tmp_path: Path, box: FakeHub) -> Stage:
    return Stage(tmp_path, box.url, SystemClock())


def test_of_two_crawls_one_works_and_the_other_says_who(stage: Stage, box: FakeHub) -> None:
    asked, go_on = answers_held_back(box)
    with a_crawl(stage) as first:
        try:
            assert asked.wait(IN_TIME)
            with a_crawl(stage) as second:
                _, said = second.communicate(timeout=IN_TIME)
            assert second.returncode == 3, said
            assert f"lineage crawl (process {first.pid} on " in said
        finally:
            go_on.set()
        _, said = first.communicate(timeout=IN_TIME)
        assert first.returncode == 0, said
    assert len(stage.published()) == 1
    assert not stage.store.find_damage(stage.published()[0])


def test_readers_never_wait_for_a_crawl(stage: Stage, box: FakeHub) -> None:
    stage.crawl()
    asked, go_on = answers_held_back(box)
    with a_crawl(stage) as crawling:
        try:
            assert asked.wait(IN_TIME)
            assert stage.counts(stage.published()[0])
        finally:
            go_on.set()
        assert crawling.communicate(timeout=IN_TIME)[1] == ""


def test_a_crawl_that_was_killed_leaves_no_obstacle(stage: Stage, box: FakeHub) -> None:
    asked, go_on = answers_held_back(box)
    with a_crawl(stage) as first:
        assert asked.wait(IN_TIME)
        first.kill()
    go_on.set()
    assert (stage.folder / "snapshots" / "lock").read_text("utf-8")
    with a_crawl(stage) as second:
        _, said = second.communicate(timeout=IN_TIME)
    assert second.returncode == 0, said
