"""Recounts on Spark, as far as they need no Spark: tasks in, rows of Arrow out, and errors."""

import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from lineage.analysis.growth.recount import RecountSubject, RecountTask, recount_here
from lineage.domain.claims import Relation
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import LineageError
from lineage.export.spark import (
    collect_spark_answers,
    read_spark_answers,
    recount_on_spark,
    recount_spark_batches,
)
from lineage.families.registry import all_families
from lineage.store.store import ParquetStore
from lineage.version import __version__
from tests.builders import published, row
from tests.fakes.fake_clock import NOON

LLAMA = "meta-llama/Llama-3.1-8B"
ArrowFunction = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]


@dataclass
class FakeFrame:
    """As a frame of Spark: each number a partition, and functions travel as bytes."""

    numbers: range
    function: ArrowFunction | None = None

    def mapInArrow(self, function: ArrowFunction, schema: str) -> "FakeFrame":
        return replace(self, function=pickle.loads(pickle.dumps(function)))

    def toArrow(self) -> pa.Table:
        assert self.function is not None
        batches = [pa.RecordBatch.from_pydict({"id": [number]}) for number in self.numbers]
        # Executors end in any order.
        return pa.Table.from_batches(
            [answer for batch in reversed(batches) for answer in self.function(iter([batch]))]
        )


class FakeSession:
    def range(self, start: int, end: int, step: int, partitions: int) -> FakeFrame:
        assert partitions == end
        return FakeFrame(range(start, end, step))


@contextmanager
def open_fake_session() -> Iterator[FakeSession]:
    yield FakeSession()


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> list[RecountTask]:
    folder = tmp_path_factory.mktemp("spark")
    rows = [row(LLAMA), row("a/child", [LLAMA]), row("a/more", ["a/child"], "adapter")]
    aside = [row(f"aside/{number}") for number in range(20)]
    for number in (2, 3):
        moment = NOON.replace(day=NOON.day + number)
        published([*rows[:number], *aside], folder, families=all_families(), taken_at=moment)
    store = ParquetStore(str(folder), NO_OPT_OUTS)
    subjects = (RecountSubject("family:llama", None), RecountSubject("a/unknown", "no-such-key"))
    definition = Definition(relations=(Relation.FINETUNE, Relation.ADAPTER))
    task = RecountTask(
        *(str(folder), NO_OPT_OUTS, "cache", all_families(), "", subjects, definition),
        Grouping.RELEASE,
    )
    return [replace(task, snapshot=it.id) for it in store.manifests()]


def test_answers_are_those_of_this_process(tasks: list[RecountTask]) -> None:
    answers = list(recount_on_spark(tasks, pytest.fail, open_fake_session))
    assert answers == list(recount_here(tasks, workers=1))
    totals = [answer[0].total for answer in answers if isinstance(answer, list) and answer[0]]
    assert totals == [1, 2]


def test_a_snapshot_that_was_pruned_meanwhile_is_left_out(tasks: list[RecountTask]) -> None:
    days = [tasks[0], replace(tasks[0], snapshot="20200101T000000Z")]
    first, second = recount_on_spark(days, pytest.fail, open_fake_session)
    assert isinstance(first, list)
    assert isinstance(second, str)
    assert "20200101T000000Z" in second


def test_an_executor_that_cannot_see_the_store_is_said(
    tasks: list[RecountTask], tmp_path: Path
) -> None:
    blind = [replace(tasks[0], store=str(tmp_path / "elsewhere"))]
    with pytest.raises(LineageError, match="on an executor there is no snapshot") as raised:
        list(recount_on_spark(blind, pytest.fail, open_fake_session))
    assert "s3://bucket/history" in raised.value.hint
    assert raised.value.exit_code == 4


def test_an_executor_of_another_version_counts_nothing(tasks: list[RecountTask]) -> None:
    batch = pa.RecordBatch.from_pydict({"id": [0]})
    (answer,) = recount_spark_batches("0.0.1", b"of a later version", iter([batch]))
    with pytest.raises(LineageError, match=f"has lineage {__version__}, and 0.0.1 asks") as raised:
        list(read_spark_answers(pa.Table.from_batches([answer]), 1))
    assert raised.value.exit_code == 2


def test_a_missing_answer_is_no_silence() -> None:
    none = pa.table({"position": pa.array([], pa.int64()), "answer": pa.array([], pa.string())})
    with pytest.raises(LineageError, match="fewer answers than tasks"):
        list(read_spark_answers(none, 1))


def test_a_cluster_that_gives_no_executor_is_not_waited_for_forever() -> None:
    notices: list[str] = []
    stopped = threading.Event()
    collect = partial(
        collect_spark_answers,
        stopped.wait,
        say=notices.append,
        notice_seconds=0.01,
        patience_seconds=0.1,
    )
    with pytest.raises(LineageError, match="no executor took a task for"):
        collect(progress=lambda: (0, 0))
    stopped.set()
    assert notices
    assert all(notice.startswith("Waiting for Spark") for notice in notices)


def test_tasks_that_run_or_end_are_waited_for() -> None:
    states = iter([(0, 0), (0, 2), (0, 2), (1, 0), (2, 0)])
    ended = threading.Event()

    def progress() -> tuple[int, int] | None:
        state = next(states, None)
        if state is None:
            ended.set()
        return state

    def collect() -> str:
        ended.wait()
        return "answers"

    notices: list[str] = []
    assert (
        collect_spark_answers(
            collect, progress, notices.append, notice_seconds=0.01, patience_seconds=0.001
        )
        == "answers"
    )
    assert notices == []


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import sys; sys.modules['pyspark'] = None", "recounts on Spark need the extra spark"),
        (
            "import os, sys; from unittest.mock import MagicMock as Fake; os.environ['PATH'] = '/';"
            " os.environ.pop('JAVA_HOME', 0); sys.modules |= dict.fromkeys(('pyspark', 'py4j',"
            " 'pyspark.errors', 'pyspark.sql', 'py4j.protocol'), Fake())",
            "Spark needs Java 17 or newer, and there is none here",
        ),
    ],
)
def test_what_misses_is_one_sentence(tasks: list[RecountTask], code: str, sentence: str) -> None:
    words = ["--store", tasks[0].store, "recount", "--every", "day", "--engine", "spark"]
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"{code}; from lineage.cli.main import run_command_line as run; sys.exit(run({words}))",
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
