"""SIGKILL at any moment of an update: the history stays whole, and running again ends the same.

STORY_KILLS sets how often at least a process is killed, as for a sweep.
"""

import itertools
import json
import os
import random
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from lineage.demo.catalog import box_moment
from lineage.domain.clock import SystemClock
from tests.fakes.fake_hub import FakeHub
from tests.fakes.live_catalog import LiveCatalog
from tests.forked import has_ended, start_forked
from tests.story.crawl_process import crawl_in_process
from tests.story.stage import PLENTY, Stage, a_world
from tests.unit.demo.rows import a_child

WORLD = a_world(4100)
KILLS = max(6, int(os.environ.get("STORY_KILLS", "10")) // 3)
MOST_KILLS_OF_ONE = 6
IN_TIME = 60.0


def updating(stage: Stage) -> ForkServerProcess:
    flags = {name: getattr(stage.settings(), name) for name in ("store", "cache", "endpoint")}
    words = stage.folder / "words"
    return start_forked(crawl_in_process, json.dumps(flags), "update", words=words)


def finish(stage: Stage) -> float:
    """Run an update to its end; return the seconds it took."""
    clock = SystemClock()
    began = clock.monotonic()
    process = updating(stage)
    assert has_ended(process, IN_TIME)
    assert process.exitcode == 0, (stage.folder / "words").read_text()
    return clock.monotonic() - began


def killed_after(stage: Stage, seconds: float) -> bool:
    process = updating(stage)
    if not has_ended(process, seconds):
        process.kill()
    assert has_ended(process)
    assert process.exitcode in {0, -9}, (stage.folder / "words").read_text()
    return process.exitcode != 0


def test_an_update_killed_at_any_moment_ends_in_the_bytes_of_an_undisturbed_one(
    tmp_path: Path,
) -> None:
    dice, kills = random.Random(os.environ.get("STORY_SEED", "0")), 0
    with FakeHub(LiveCatalog(WORLD), quotas=PLENTY) as box:
        first = Stage(tmp_path / "first", box.url, SystemClock())
        older = first.crawl().manifest.id
        at = datetime(2026, 1, 1, tzinfo=UTC)
        for number in [*range(0, 4100, 40), *range(4100, 4200)]:
            fresh = a_child(number, WORLD[number // 2])
            box.catalog.add(fresh | {"lastModified": box_moment(at)})
        calm = with_history_of(first, tmp_path / "calm")
        seconds = finish(calm)
        expected = calm.tables(calm.store.snapshot().id)
        kept = calm.stored(calm.store.snapshot().id)
        assert "models.changes.parquet" in kept
        for story in itertools.count():
            if kills >= KILLS:
                break
            stage = with_history_of(first, tmp_path / f"story-{story}")
            here = 0
            while not is_over(stage):
                # On a machine that became slow no run might end in the time of a calm one.
                here += 1
                if here > MOST_KILLS_OF_ONE:
                    finish(stage)
                    break
                kills += killed_after(stage, dice.uniform(0, 1.2 * seconds))
                assert all(not stage.store.find_damage(id) for id in stage.published())
                assert stage.tables(older) == first.tables(older)
            assert stage.published()[0] == older
            assert stage.tables(stage.store.snapshot().id) == expected
            assert stage.stored(stage.store.snapshot().id) == kept
            assert len(stage.published()) == 2  # published once, however often it was killed


def is_over(stage: Stage) -> bool:
    """Whether a run had come to its very end, so that the next one would ask anew."""
    return any((log / "closed.json").exists() for log in stage.logs())


def with_history_of(earlier: Stage, folder: Path) -> Stage:
    shutil.copytree(earlier.folder / "snapshots", folder / "snapshots")
    return replace(earlier, folder=folder)
