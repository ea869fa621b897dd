"""SIGKILL at any moment costs at most a page, and never the truth.

STORY_KILLS sets how often at least a process is killed; a benchmark run asks for many hundred.
"""

import json
import os
import random
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import wait as wait_for_any
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from lineage.domain.clock import SystemClock
from tests.fakes.fake_hub import FakeHub
from tests.fakes.live_catalog import LiveCatalog
from tests.forked import has_ended, start_forked
from tests.story.crawl_process import crawl_in_process
from tests.story.stage import PAGE, PLENTY, Stage, a_world, asked_targets, sent_pages

WORLD = a_world(4100)
PAGES = -(-len(WORLD) // PAGE) + 1
KILLS = int(os.environ.get("STORY_KILLS", "10"))
KILLS_OF_ONE_CRAWL = 4
IN_TIME = 60.0


@dataclass(frozen=True, slots=True)
class Moment:
    """So many seconds after so many requests of one run; a request is met before its answer."""

    requests: int
    seconds: float


@contextmanager
def crawling(stage: Stage) -> Iterator[ForkServerProcess]:
    flags = {name: getattr(stage.settings(), name) for name in ("store", "cache", "endpoint")}
    stage.folder.mkdir(exist_ok=True)
    process = start_forked(crawl_in_process, json.dumps(flags), words=stage.folder / "words")
    try:
        yield process
    finally:
        process.kill()
        process.join()


def killed_at(stage: Stage, box: FakeHub, moment: Moment) -> bool:
    """Run the crawl and kill it; False if it had ended in peace before its moment came."""
    come = threading.Event()
    first = len(asked_targets(box))

    def hear(_: int) -> None:
        if len(asked_targets(box)) - first + 1 >= moment.requests:
            come.set()

    box.on_request = hear if moment.requests else None
    with crawling(stage) as process:

        def wait() -> None:
            wait_for_any([process.sentinel])
            come.set()

        waiting_until_it_ends = threading.Thread(target=wait)
        waiting_until_it_ends.start()
        if moment.requests:
            assert come.wait(IN_TIME)
        if not has_ended(process, moment.seconds):
            process.kill()
        waiting_until_it_ends.join()
        assert has_ended(process)
        box.on_request = None
        assert process.exitcode in {0, -9}, (stage.folder / "words").read_text()
        return process.exitcode != 0


def finish(stage: Stage) -> None:
    with crawling(stage) as process:
        assert has_ended(process, IN_TIME)
        assert process.exitcode == 0, (stage.folder / "words").read_text()


def is_published(stage: Stage) -> bool:
    """Whether the killed run had come to its very end, so that the next one would ask anew."""
    return any((log / "closed.json").exists() for log in stage.logs())


def holds_whole_snapshots_alone(stage: Stage) -> bool:
    return all(not stage.store.find_damage(id) for id in stage.published())


def progress_of(stage: Stage) -> str:
    """How far the crawl had come when it was killed."""
    pages = sum(len(list(log.glob("*.page"))) for log in stage.logs())
    return "walk" if pages < PAGES else "end" if is_published(stage) else "publication"


def test_a_crawl_killed_at_any_moment_ends_in_the_bytes_of_an_undisturbed_one(
    tmp_path: Path,
) -> None:
    dice = random.Random(os.environ.get("STORY_SEED", "0"))
    met: Counter[str] = Counter()
    with FakeHub(LiveCatalog(WORLD), quotas=PLENTY) as box:
        calm = Stage(tmp_path / "calm", box.url, SystemClock())
        expected, seconds = undisturbed(calm, box)
        for story in range(20 * KILLS):
            if met.total() >= KILLS and min(met["walk"], met["publication"]) > KILLS // 10:
                break
            stage = replace(calm, folder=tmp_path / f"story-{story}")
            older = stage_with_history(stage, calm) if story % 2 else []
            before, here = len(asked_targets(box)), 0
            while here < KILLS_OF_ONE_CRAWL and not is_published(stage):
                missing = PAGES + here - (len(asked_targets(box)) - before)
                if killed_at(stage, box, a_moment(dice, missing, seconds)):
                    here += 1
                    met[progress_of(stage)] += 1
                assert holds_whole_snapshots_alone(stage)
            if not is_published(stage):
                finish(stage)
            assert len(sent_pages(box)) == len(asked_targets(box))
            assert len(asked_targets(box)) - before <= PAGES + here
            assert stage.published()[:-1] == older
            assert stage.tables(stage.store.snapshot().id) == expected
    assert min(met["walk"], met["publication"]) > KILLS // 10, met


def stage_with_history(stage: Stage, earlier: Stage) -> list[str]:
    """Give a stage the snapshots of an earlier one; a crawl stands beside them."""
    shutil.copytree(earlier.folder / "snapshots", stage.folder / "snapshots")
    return stage.published()


def undisturbed(stage: Stage, box: FakeHub) -> tuple[dict[str, str], float]:
    """The tables of a calm run, and the seconds from its last request to its last file."""
    asked_at: list[float] = []
    box.on_request = lambda _: asked_at.append(stage.clock.now().timestamp())
    finish(stage)
    (log,) = stage.logs()
    return stage.tables(stage.store.snapshot().id), (
        log / "closed.json"
    ).stat().st_mtime - asked_at[-1]


def a_moment(dice: random.Random, missing: int, seconds: float) -> Moment:
    """Somewhere in the walk, or after its last page: while tables are derived and published."""
    if missing <= 0:
        return Moment(0, dice.uniform(0, 4 * seconds))
    if dice.random() < 0.5:
        return Moment(missing, dice.uniform(0, 1.2 * seconds))
    return Moment(dice.randint(1, missing), dice.uniform(0, 0.03))
