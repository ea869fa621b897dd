"""Recounts on a small cluster of Spark, whose executors read an object store; needs Java 17."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lineage.build.pipeline import build_snapshot
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.families.registry import all_families
from lineage.store.store import ParquetStore
from tests.builders import origin, pages, publication, row
from tests.fakes.fake_clock import NOON
from tests.fakes.object_store import BUCKET, Fault, ObjectStore

pytestmark = pytest.mark.slow

Actions = dict[str, Callable[[], None]]

LLAMA = "meta-llama/Llama-3.1-8B"
DAYS = 6
IN_TIME = 1200.0
CLUSTER = {
    "MASTER": "local-cluster[2,1,1024]",
    "SPARK_LOCAL_IP": "127.0.0.1",
    "PYSPARK_SUBMIT_ARGS": "--conf spark.ui.enabled=false "
    "--conf spark.ui.showConsoleProgress=false pyspark-shell",
}
EVERY_DAY = ("recount", "llama", "a/new-name", "--every", "day", "--format", "json")
FINETUNES = (*EVERY_DAY, "--relations", "finetune", "--by", "release")
KILLED, PRUNED = "an executor is killed", "a day is pruned"
RUNS: dict[str, tuple[str, ...]] = {
    # A cache of its own: the executors ask for every table anew.
    KILLED: (*FINETUNES, "--engine", "spark", "--cache", "first"),
    "local": (*FINETUNES, "--workers", "2"),
    "default": (*EVERY_DAY, "--engine", "spark", "--cache", "first"),
    "default local": EVERY_DAY,
    "stored llama": ("snapshots", "trend", "llama", "--format", "json"),
    "stored a/new-name": ("snapshots", "trend", "a/new-name", "--format", "json"),
    PRUNED: (*FINETUNES, "--engine", "spark", "--cache", "second"),
    "local without it": FINETUNES,
}
CHILD = """
import json, sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from lineage.cli.main import run_command_line as run
if __name__ == "__main__":
    from pyspark.sql import SparkSession
    session = SparkSession.builder.getOrCreate()
    outcomes = {}
    for name, words in json.loads(sys.argv[1]).items():
        print("RUN:", name, file=sys.stderr, flush=True)
        with redirect_stdout(StringIO()) as output, redirect_stderr(StringIO()) as errors:
            try:
                run(["--store", sys.argv[2], *words])
            except SystemExit as ended:
                code = ended.code
        outcomes[name] = code, output.getvalue(), errors.getvalue()
    print(json.dumps(outcomes))
    session.stop()
"""


@dataclass
class Outcomes:
    """What all runs gave in one session of Spark: exit code, output and messages of each."""

    runs: dict[str, tuple[int, str, str]]
    spark_log: str
    pruned: str

    def curves(self, name: str) -> list[dict[str, Any]]:
        code, output, messages = self.runs[name]
        assert code == 0, messages
        parsed = json.loads(output)
        return parsed if isinstance(parsed, list) else [parsed]

    def totals(self, name: str) -> list[list[int]]:
        return [[it["total"] for it in curve["whole"]["values"]] for curve in self.curves(name)]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcomes]:
    """Six days in a bucket, counted by a cluster while an executor dies and a day is pruned."""
    folder = tmp_path_factory.mktemp("spark")
    script, log = folder / "child.py", folder / "log"
    script.write_text(CHILD)
    with ObjectStore() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        address = f"s3://{BUCKET}/days"
        store = ParquetStore(address, NO_OPT_OUTS, str(folder / "cache"))
        publish_days(store)
        *_, pruned, newest = (it.id for it in store.manifests())
        actions: Actions = {KILLED: kill_executor, PRUNED: lambda: store.delete(pruned)}
        server.fault = disturb_runs(actions, newest, log)
        variables = CLUSTER | {
            "SPARK_WORKER_DIR": str(folder / "work"),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        with log.open("wb") as messages:
            done = subprocess.run(
                [sys.executable, str(script), json.dumps(RUNS), address],
                check=False,
                stdout=subprocess.PIPE,
                stderr=messages,
                cwd=folder,
                timeout=IN_TIME,
                env=os.environ | variables,
            )
        assert done.returncode == 0, log.read_text()
        assert not actions
        yield Outcomes(json.loads(done.stdout), log.read_text(), pruned)


def publish_days(store: ParquetStore) -> None:
    """Models come, one is renamed, and one is away for a day."""
    aside = [row(f"aside/{number}") for number in range(40)]
    root, child = row(LLAMA), row("a/child", [LLAMA])
    for day in range(DAYS):
        renamed = child | {"id": "a/new-name"} if day > 2 else child
        # They name it as it was called; the key that comes with the name is its own.
        more = [row(f"b/{number}", ["a/child"]) for number in range(day)]
        adapter = [row("c/adapter", [LLAMA], "adapter")] if day != 4 else []
        rows = sorted([root, renamed, *more, *adapter, *aside], key=lambda it: str(it["_id"]))
        context = replace(publication(Path("unused"), families=all_families()), store=store)
        build_snapshot(pages(rows), origin(taken_at=NOON + timedelta(days=day)), context)


def disturb_runs(actions: Actions, newest: str, log: Path) -> Fault:
    """Do what belongs to the run at hand when an executor asks for its first table.

    Of days before the newest the driver reads no table. No executor is answered before it is done.
    """
    lock = threading.Lock()

    def disturb(number: int, method: str, path: str) -> None:
        if method == "GET" and path.endswith(".parquet") and newest not in path:
            with lock:
                name = re.findall(r"RUN: (.*)", log.read_text())[-1:]
                actions.pop("".join(name), lambda: None)()

    return disturb


def kill_executor() -> None:
    """Kill an executor of this process's own Spark."""
    parents, executors = {}, []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            status = (process / "stat").read_text().rpartition(")")[2]
        except OSError:  # it ended
            continue
        parents[int(process.name)] = int(status.split()[1])
        if b"CoarseGrainedExecutorBackend" in command and b"java" in command.partition(b"\0")[0]:
            executors.append(int(process.name))

    def is_ours(process: int) -> bool:
        while process not in (0, os.getpid()):
            process = parents.get(process, 0)
        return process == os.getpid()

    os.kill(next(filter(is_ours, executors)), signal.SIGKILL)


def test_a_dead_executor_changes_no_number(outcomes: Outcomes) -> None:
    assert "Lost executor" in outcomes.spark_log
    assert outcomes.curves(KILLED) == outcomes.curves("local")
    assert outcomes.totals(KILLED)[0] == [1, 2, 3, 4, 5, 6]


def test_the_default_definition_gives_what_is_stored(outcomes: Outcomes) -> None:
    assert outcomes.curves("default") == outcomes.curves("default local")
    stored = outcomes.totals("stored llama") + outcomes.totals("stored a/new-name")
    assert outcomes.totals("default") == stored == [[2, 3, 4, 5, 5, 7], [0, 1, 2, 3, 4, 5]]


def test_a_day_that_is_pruned_meanwhile_is_left_out_and_named(outcomes: Outcomes) -> None:
    messages = outcomes.runs[PRUNED][2]
    assert "Left out: " in messages
    assert outcomes.pruned in messages
    assert outcomes.curves(PRUNED) == outcomes.curves("local without it")
    assert len(outcomes.totals(PRUNED)[0]) == DAYS - 1


@pytest.mark.parametrize("has_java", [True, False])
def test_without_a_java_that_starts_one_sentence_says_what_misses(
    has_java: bool, tmp_path: Path
) -> None:
    context = publication(tmp_path / "store", families=all_families())
    build_snapshot(pages([row(LLAMA), row("a/child", [LLAMA])]), origin(), context)
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    if has_java:
        java.write_text("#!/bin/sh\necho too old >&2; exit 1\n")
        java.chmod(0o755)
    words = ("--store", context.store.location, "recount", "--every", "day", "--engine", "spark")
    done = subprocess.run(
        [sys.executable, "-m", "lineage", *words],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"JAVA_HOME": str(tmp_path)},
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert ("Java ended before Spark" if has_java else "Spark needs Java 17") in done.stderr
    assert "openjdk-17-jre-headless" in done.stderr
    assert "Traceback" not in done.stderr
