"""SIGKILL at random moments of sweeps, updates, burials, publication and pruning: is anything lost?

`python -m benchmarks.kills [--kills N] [--seed S]`. Real processes against a Hub in a box. After
each kill every published snapshot must be as it was; when a run comes to its end at last, the
history must be that of a run that nobody disturbed. The first thing lost ends the benchmark.
"""

import argparse
import itertools
import json
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.killed_run import MARK, PRUNE
from lineage.demo.catalog import Row, box_moment
from lineage.domain.clock import SystemClock
from lineage.store import schema
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_hub import FakeHub
from tests.fakes.live_catalog import LiveCatalog
from tests.story.stage import PLENTY, Stage, a_world
from tests.unit.demo.rows import a_child, a_row

MODELS = 2200
DAYS = 12
"""Snapshots in the history that is pruned."""
KILLS_OF_A_STORY = 4
COMMITTED = box_moment(datetime(2026, 1, 1, tzinfo=UTC))
OF_THE_CLOCK = ("missed_at", "asked_at")
"""Columns that say when something ran."""
ROOT = a_row(0, id="meta-llama/Llama-2-7b-hf", author="meta-llama")


@dataclass(frozen=True, slots=True)
class Story:
    """One kind of run: where it starts, and what the Hub shows meanwhile."""

    name: str
    run: str
    history: Path | None
    catalog: Callable[[], LiveCatalog]


@dataclass(slots=True)
class Calm:
    """An undisturbed run: how it ended, and how long each of its phases took."""

    history: Mapping[str, Any]
    seconds: dict[str, float] = field(default_factory=dict)


def main() -> None:
    """Kill until there are enough, and print how many met which phase."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=300)
    arguments.add_argument("--seed", default="0")
    given = arguments.parse_args()
    dice, met, ends = random.Random(given.seed), Counter[tuple[str, str]](), Counter[str]()
    with (
        TemporaryDirectory() as folder,
        FakeHub(LiveCatalog(a_line()), quotas=PLENTY, clock=SystemClock()) as box,
    ):
        stories = prepared(Path(folder), box)
        calm = {story.name: undisturbed(story, Path(folder), box) for story in stories}
        for number, story in zip(itertools.count(), itertools.cycle(stories), strict=False):
            if met.total() >= given.kills:
                break
            stage = a_stage(story, Path(folder) / f"story-{number}", box)
            killed(stage, story, calm[story.name], dice, met)
            ends[story.name] += 1
            shutil.rmtree(stage.folder)
    report(met, ends)


def report(met: Counter[tuple[str, str]], ends: Counter[str]) -> None:
    """Print the table: kills by run and phase."""
    print("| run | killed while | kills |\n|---|---|--:|")
    for (name, phase), kills in sorted(met.items()):
        print(f"| {name} | {phase} | {kills:,} |")
    told = ", ".join(f"{number:,} of {name}" for name, number in sorted(ends.items()))
    print(f"\n{met.total():,} kills; runs that came to their end after them: {told}; nothing lost")


# What is played


def a_line() -> list[Row]:
    """A world whose first models are a family that the registry knows."""
    family = [ROOT, *(a_child(number, ROOT, id=f"kin/{number}") for number in range(1, 60))]
    return [*family, *a_world(MODELS)[len(family) :]]


def after_a_day() -> LiveCatalog:
    """The same Hub with commits and new models."""
    rows = a_line()
    changes = (
        a_child(number, rows[number // 2]) | {"lastModified": COMMITTED}
        for number in range(70, 2400, 7)
    )
    catalog = LiveCatalog(rows)
    for row in changes:
        catalog.add(row)
    return catalog


def after_deletions() -> LiveCatalog:
    """The same Hub without some models, members of the family and others."""
    catalog = LiveCatalog(a_line())
    for number in (*range(3, 40, 3), *range(100, 160, 2)):
        catalog.delete(f"kin/{number}" if number < 60 else f"owner/model-{number}")
    return catalog


def prepared(folder: Path, box: FakeHub) -> list[Story]:
    """Make the histories that runs start from, and return the stories."""
    now = SystemClock().now()
    one, many = folder / "one", folder / "many"
    Stage(one, box.url, FakeClock(now - timedelta(days=1))).crawl()
    for day in range(DAYS, 0, -1):
        Stage(many, box.url, FakeClock(now - timedelta(days=day))).crawl()
    plain, again = (lambda: LiveCatalog(a_line())), "sweep"
    return [
        Story("a first sweep", "sweep", None, plain),
        Story("an update", "update", one, after_a_day),
        Story("a sweep that buries", again, one, after_deletions),
        Story("prune", PRUNE, many, plain),
    ]


def a_stage(story: Story, folder: Path, box: FakeHub) -> Stage:
    """Return a fresh stage with the story's history."""
    box.catalog = story.catalog()
    if story.history is not None:
        shutil.copytree(story.history / "snapshots", folder / "snapshots")
    return Stage(folder, box.url, SystemClock())


def undisturbed(story: Story, folder: Path, box: FakeHub) -> Calm:
    """Run to the end, and note when each phase began."""
    stage = a_stage(story, folder / f"calm {story.name}", box)
    marks: list[tuple[str, float]] = []
    with running(stage, story) as process:
        assert process.stdout is not None
        marks += ((phase, time.monotonic()) for phase in phases_in(process.stdout))
        marks.append(("end", time.monotonic()))
    assert process.returncode == 0
    calm = Calm(history_of(stage))
    for (phase, began), (_, ended) in itertools.pairwise(marks):
        calm.seconds[phase] = ended - began
    return calm


# Killing


def running(stage: Stage, story: Story) -> "subprocess.Popen[str]":
    """Start a run that tells its phases."""
    flags = {name: getattr(stage.settings(), name) for name in ("store", "cache", "endpoint")}
    command = [sys.executable, "-m", "benchmarks.killed_run", json.dumps(flags), story.run]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def killed(
    stage: Stage, story: Story, calm: Calm, dice: random.Random, met: Counter[tuple[str, str]]
) -> None:
    """Kill runs on one stage until one ends in peace; look at the history after each."""
    before = history_of(stage)
    for attempt in itertools.count():
        phase = dice.choice(list(calm.seconds))
        moment = dice.uniform(0, 1.2 * calm.seconds[phase])
        last = attempt == KILLS_OF_A_STORY
        found = killed_in(stage, story, None if last else phase, moment)
        if found is not None:
            met[story.name, found] += 1
        is_unharmed(stage, before if story.run != PRUNE else calm.history)
        if found is None and (last or is_over(stage, story)):
            break
    assert history_of(stage) == calm.history, f"{story.name} did not end as if undisturbed"


def killed_in(stage: Stage, story: Story, phase: str | None, seconds: float) -> str | None:
    """Run, kill so long after a phase began; return the phase met, None where it had ended."""
    with running(stage, story) as process:
        assert process.stdout is not None
        last = ""
        for last in phases_in(process.stdout):
            if last == phase:
                break
        try:
            process.wait(None if phase is None else seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        last = [last, *phases_in(process.stdout)][-1]
    assert process.returncode in {0, -9}, f"{story.name} ended with {process.returncode}"
    return last if process.returncode else None


def phases_in(lines: Iterable[str]) -> Iterator[str]:
    """Yield the phases that a run tells, as it tells them."""
    for line in lines:
        if line.startswith(MARK) and line.endswith("\n"):
            yield line.removeprefix(MARK).strip()


def is_over(stage: Stage, story: Story) -> bool:
    """Whether a run had come to its very end, so that the next one would begin anew."""
    return story.run == PRUNE or any((log / "closed.json").exists() for log in stage.logs())


# Looking


def is_unharmed(stage: Stage, before: Mapping[str, Any]) -> None:
    """Check that the store reads, and that what was published before is there as it was."""
    assert stage.store.damaged() == {}
    assert all(not stage.store.find_damage(id) for id in stage.published())
    now = history_of(stage)
    if number := len(before):
        assert [now[id] for id in itertools.islice(before, number)] == list(before.values())
        assert stage.store.snapshot().base(ROOT["id"]) is not None


def history_of(stage: Stage) -> dict[str, Any]:
    """What every snapshot holds, by its id; of the last one, whose id is a moment, by `new`."""
    ids = stage.published() if (stage.folder / "snapshots").exists() else []
    return {name_of(stage, id): contents(stage, id) for id in ids}


def name_of(stage: Stage, id: str) -> str:
    """Return the id of an older snapshot, `new` for one that was begun just now."""
    began = stage.store.snapshot(id).manifest.origin.taken_at
    return "new" if SystemClock().now() - began < timedelta(hours=12) else id


def contents(stage: Stage, id: str) -> dict[str, Any]:
    """The tables of a snapshot by their bytes; of the dead their rows, but for the clock's."""
    found: dict[str, Any] = stage.tables(id)
    dead: pa.Table = pq.read_table(
        stage.folder / "snapshots" / id / schema.TOMBSTONES_FILE
    ).drop_columns(list(OF_THE_CLOCK))
    return found | {schema.TOMBSTONES_FILE: dead.to_pylist()}


if __name__ == "__main__":
    main()
