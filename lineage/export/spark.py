"""Recounts on Spark: each snapshot a task, which an executor counts with this package's own code.

The session is the user's: its master, memory and credentials come from spark-submit, SPARK_REMOTE
or Spark's own settings. Executors read the store themselves; only counts come back.
"""

import os
import pickle
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import pyarrow as pa

from lineage.analysis.growth.recount import RecountOutcome, RecountTask, Say, recount_snapshot
from lineage.analysis.results import Count
from lineage.domain.files import expand_home_in_path
from lineage.errors import LineageError, MissingExtra, NoSuchSnapshot, SettingsError
from lineage.version import __version__

PATIENCE_SECONDS = 600.0
"""How long no executor may be at work: clusters that grow on demand take some minutes."""
_NOTICE_SECONDS = 60.0
_SCHEMA = pa.schema([("position", pa.int64()), ("answer", pa.string())])
_NO_JAVA = "apt-get install openjdk-17-jre-headless, or set JAVA_HOME; SPARK_REMOTE needs none here"


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """An error that ended a task on an executor: again would not help."""

    message: str
    hint: str
    exit_code: int


@contextmanager
def open_spark_session() -> Iterator[Any]:
    """Give the user's session, and stop it where this made it.

    Raises MissingExtra without pyspark, SettingsError without Java or a package of Spark Connect,
    LineageError for whatever else Spark says.
    """
    try:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("pyspark", "py4j"):
            raise
        raise MissingExtra("recounts on Spark", "spark") from error
    _require_java()
    session = None
    is_ours = SparkSession.getActiveSession() is None
    try:
        with _keep_handler_from_spark():
            session = SparkSession.builder.appName("lineage recount").getOrCreate()
        _choose_spark_python(session)
        yield session
    except (ImportError, PySparkException, Py4JError, ConnectionError) as error:
        raise _explain_spark_error(error, has_started=session is not None) from error
    finally:
        if session is not None and is_ours:
            session.stop()


def recount_on_spark(
    tasks: Sequence[RecountTask],
    say: Say,
    open_session: Callable[[], AbstractContextManager[Any]] = open_spark_session,
) -> Iterator[RecountOutcome]:
    """Yield the outcome of each task, counted by the executors of the user's Spark session.

    Spark runs a lost executor's tasks again. Raises LineageError where it gives up, where no
    executor works for PATIENCE_SECONDS, and for what ended a task.
    """
    if not tasks:
        return
    store = tasks[0].store
    if "://" not in store:  # an executor works in a folder of its own
        store = str(expand_home_in_path(store).absolute())
    content = pickle.dumps([replace(task, store=store) for task in tasks])
    function = partial(recount_spark_batches, __version__, content)
    with open_session() as session:
        numbers = session.range(0, len(tasks), 1, len(tasks))
        frame = numbers.mapInArrow(function, "position LONG, answer STRING")
        answers = collect_spark_answers(frame.toArrow, partial(_read_spark_progress, session), say)
    yield from read_spark_answers(answers, len(tasks))


def recount_spark_batches(
    version: str, tasks: bytes, batches: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """Yield a row with the answer to each task that the batches name by its position.

    Runs on the executors. `tasks` are pickled by the `version` of lineage that asks: another one
    could neither read them nor be trusted to count alike.
    """
    for batch in batches:
        for position in batch.column(0).to_pylist():
            answer = msgspec.json.encode(_answer_spark_task(version, tasks, position)).decode()
            yield pa.RecordBatch.from_pylist([{"position": position, "answer": answer}], _SCHEMA)


def _answer_spark_task(version: str, tasks: bytes, position: int) -> RecountOutcome | TaskFailure:
    if version != __version__:
        message = f"an executor has lineage {__version__}, and {version} asks"
        return TaskFailure(message, "install the same version in both places", 2)
    task = pickle.loads(tasks)[position]
    try:
        return recount_snapshot(task)
    except NoSuchSnapshot as error:
        hint = "name a store that every executor can read, such as s3://bucket/history"
        return TaskFailure(f"on an executor {error.message}", hint, error.exit_code)
    except LineageError as error:
        return TaskFailure(f"on an executor: {error.message}", error.hint, error.exit_code)


def read_spark_answers(answers: pa.Table, tasks: int) -> Iterator[RecountOutcome]:
    """Yield the outcomes in the tasks' order; LineageError where one failed or is missing."""
    decoder = msgspec.json.Decoder(list[Count | None] | str | TaskFailure)
    by_position = dict(zip(*(column.to_pylist() for column in answers.columns), strict=True))
    for position in range(tasks):
        if position not in by_position:
            raise LineageError("Spark gave fewer answers than tasks", "run it again")
        outcome = decoder.decode(by_position[position])
        if isinstance(outcome, TaskFailure):
            failure = LineageError(outcome.message, outcome.hint)
            failure.exit_code = outcome.exit_code
            raise failure
        yield outcome


def collect_spark_answers(
    collect: Callable[[], pa.Table],
    progress: Callable[[], tuple[int, int] | None],
    say: Say,
    *,
    notice_seconds: float = _NOTICE_SECONDS,
    patience_seconds: float = PATIENCE_SECONDS,
) -> pa.Table:
    """Return what `collect` gives, and end where no executor is at work for too long.

    `progress` says how many tasks are done and how many run; None where that cannot be known.
    """
    pool = ThreadPoolExecutor(1)
    try:
        future = pool.submit(collect)
        worked_at, before = monotonic(), None
        while not _wait_for_spark(future, notice_seconds):
            state = progress()
            if state is None or state[1] or state != before:
                worked_at, before = monotonic(), state
                continue
            idle = monotonic() - worked_at
            if idle >= patience_seconds:
                raise LineageError(
                    f"no executor took a task for {idle:,.0f} s: Spark waits for a cluster that"
                    " gives it none",
                    "see the master's page; ask for less with spark.executor.memory and .cores",
                )
            say(f"Waiting for Spark: no executor has taken a task for {idle:,.0f} s.")
        return future.result()
    finally:
        # Not waited for: when the session stops, so does what collects.
        pool.shutdown(wait=False, cancel_futures=True)


def _wait_for_spark(future: "Future[pa.Table]", seconds: float) -> bool:
    try:
        future.exception(seconds)
    except TimeoutError:
        return False
    return True


def _read_spark_progress(session: Any) -> tuple[int, int] | None:
    """Return how many tasks are done and how many run; None of a session over Spark Connect."""
    context = getattr(session, "sparkContext", None)
    if context is None:
        return None
    tracker = context.statusTracker()
    stages = [tracker.getStageInfo(id) for id in tracker.getActiveStageIds()]
    return (
        sum(stage.numCompletedTasks for stage in stages if stage),
        sum(stage.numActiveTasks for stage in stages if stage),
    )


@contextmanager
def _keep_handler_from_spark() -> Iterator[None]:
    """Undo what Spark does with Ctrl-C: it would raise what no command expects."""
    former = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, former)


def _require_java() -> None:
    remote = os.environ.get("SPARK_REMOTE", "local")
    if not remote.startswith("local") or "PYSPARK_GATEWAY_PORT" in os.environ:
        return
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home, "bin")) if home else None)
    if java is None:
        where = f"in JAVA_HOME, {home}" if home else "here"
        raise SettingsError(f"Spark needs Java 17 or newer, and there is none {where}", _NO_JAVA)


def _choose_spark_python(session: Any) -> None:
    """Let executors on this machine run this very Python, where the user names no other."""
    context = getattr(session, "sparkContext", None)
    if context is None or "PYSPARK_PYTHON" in os.environ:  # over Spark Connect the server chooses
        return
    if context.master.startswith("local"):
        context.pythonExec = sys.executable


def _explain_spark_error(error: Exception, *, has_started: bool) -> LineageError:
    # The last line of a traceback, else the first line: Spark's words go on for pages
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("An error occurred while calling")]
    errors = [line for line in lines if line.partition(":")[0].endswith("Error")]
    words = (errors or lines or [type(error).__name__])[0][:300]
    if isinstance(error, ImportError):
        hint = "pip install 'pyspark[connect]' brings what SPARK_REMOTE needs"
        return SettingsError(f"Spark lacks a package here: {words}", hint)
    if not has_started:
        if "JAVA_GATEWAY_EXITED" in str(error):
            message = "Java ended before Spark had started; its own words stand above"
            return SettingsError(message, f"Spark needs Java 17 or newer: {_NO_JAVA}")
        return LineageError(f"Spark could not be started: {words}", "see Spark's log above")
    if "No module named" in str(error) or "PYTHON_VERSION_MISMATCH" in str(error):
        return SettingsError(
            f"an executor's Python cannot count: {words}",
            "name one with lineage of this version by PYSPARK_PYTHON; see docs/counting.md",
        )
    return LineageError(
        f"Spark gave up: {words}",
        "its log above says why; for want of memory set spark.executor.memoryOverhead higher",
    )
