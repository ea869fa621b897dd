"""SIGKILL while tombstones are made, asked about and pruned: none is lost or asked about twice.

STORY_KILLS sets how often at least a process is killed, as for a full crawl.
"""

import json
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from lineage.domain.clock import SystemClock
from lineage.store import schema
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_hub import FakeHub
from tests.fakes.live_catalog import LiveCatalog
from tests.forked import has_ended, start_forked
from tests.story.crawl_process import crawl_in_process, prune_in_process
from tests.story.stage import PLENTY, Stage, asked_targets
from tests.unit.demo.rows import a_child, a_row

ROOT = a_row(0, id="meta-llama/Llama-2-7b-hf", author="meta-llama")
WORLD = [ROOT, *(a_child(number, ROOT) for number in range(1, 1200))]
DEAD = [row["id"] for row in WORLD[1:1000:25]]
KILLS = max(4, int(os.environ.get("STORY_KILLS", "30")) // 8)
MOST_KILLS_OF_ONE = 6
DAYS = 6
OF_THE_CLOCK = ("missed_at", "asked_at")


def killed_after(seconds: float | None, stage: Stage, target: Callable[..., int | None]) -> bool:
    words = stage.folder / "words"
    flags = {name: getattr(stage.settings(), name) for name in ("store", "cache", "endpoint")}
    process = start_forked(target, json.dumps(flags), words=words)
    is_killed = not has_ended(process, seconds)
    if is_killed:
        process.kill()
    assert has_ended(process)
    assert process.exitcode in ({0, -9} if is_killed else {0}), words.read_text()
    return process.exitcode != 0


def seconds_of(stage: Stage, target: Callable[..., int | None]) -> float:
    clock = SystemClock()
    began = clock.monotonic()
    assert not killed_after(None, stage, target)
    return clock.monotonic() - began


def told(stage: Stage) -> tuple[dict[str, str], list[Any]]:
    """The newest snapshot, but for what the clock of its run says of the dead."""
    snapshot = stage.store.snapshot()
    dead = snapshot.tombstones().drop_columns(list(OF_THE_CLOCK)).to_pylist()
    tables = stage.tables(snapshot.id)
    return {name: tables[name] for name in sorted(set(tables) - {schema.TOMBSTONES_FILE})}, dead


def with_history_of(earlier: Stage, folder: Path) -> Stage:
    shutil.copytree(earlier.folder / "snapshots", folder / "snapshots")
    return replace(earlier, folder=folder, clock=SystemClock())


def is_over(stage: Stage) -> bool:
    return any((log / "closed.json").exists() for log in stage.logs())


def test_tombstones_made_by_a_killed_crawl_are_those_of_an_undisturbed_one(tmp_path: Path) -> None:
    dice, kills = random.Random(os.environ.get("STORY_SEED", "0")), 0
    with FakeHub(LiveCatalog(WORLD), quotas=PLENTY) as box:
        yesterday = FakeClock(SystemClock().now() - timedelta(days=1))
        first = Stage(tmp_path / "first", box.url, yesterday)
        older = first.crawl().manifest.id
        for id in DEAD:
            box.catalog.delete(id)
        calm = with_history_of(first, tmp_path / "calm")
        seconds, expected = seconds_of(calm, crawl_in_process), told(calm)
        assert {row["standing"] for row in expected[1]} == {"gone"}
        for story in range(5 * KILLS):
            stage = with_history_of(first, tmp_path / f"story-{story}")
            since, here = len(asked_targets(box)), 0
            while not is_over(stage):
                # Who was killed often enough is left in peace, however slow the machine became.
                patience = dice.uniform(0.2, 1.1) * seconds if here < MOST_KILLS_OF_ONE else None
                here += killed_after(patience, stage, crawl_in_process)
                assert all(not stage.store.find_damage(id) for id in stage.published())
                assert stage.tables(older) == first.tables(older)
            assert told(stage) == expected
            asked = Counter(asked_targets(box)[since:])
            assert len(asked) == 3 + len(DEAD)  # two pages of the listing, and the newest
            assert asked.total() <= len(asked) + here
            kills += here
            if kills >= KILLS:
                break
    assert kills


def test_a_pruning_killed_at_any_moment_is_finished_by_the_next(tmp_path: Path) -> None:
    dice = random.Random(os.environ.get("STORY_SEED", "0"))
    with FakeHub(LiveCatalog(WORLD[:200]), quotas=PLENTY) as box:
        many = Stage(tmp_path / "many", box.url, FakeClock())
        for _ in range(DAYS):
            many.crawl()
            many.clock.sleep(24 * 3600)
    ids = many.published()
    kept = [ids[0], ids[-1]]
    calm = with_history_of(many, tmp_path / "calm")
    seconds = seconds_of(calm, prune_in_process)
    assert calm.published() == kept
    for story in range(KILLS // 2):
        stage = with_history_of(many, tmp_path / f"story-{story}")
        killed_after(dice.uniform(0, 1.1) * seconds, stage, prune_in_process)
        assert set(kept) <= set(stage.published()) <= set(ids)
        assert all(stage.tables(id) == many.tables(id) for id in stage.published())
        killed_after(None, stage, prune_in_process)
        assert (stage.published(), stage.store.damaged()) == (kept, {})
        assert all(stage.tables(id) == many.tables(id) for id in kept)
