"""A curve under any definition: snapshots of the history counted again, each one a task of its own.

A task is plain values alone, so that it can run in this process, in another one, or anywhere that
reads the store.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from threading import Thread

from lineage.analysis.counts import count_subject
from lineage.analysis.growth.results import Curve, GrowthSeries, Moment, Point
from lineage.analysis.results import Count
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import ModelNode, ResolvedSubject, find_subject
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.families import Family
from lineage.domain.opt_outs import OptOuts, count_opt_out_marks
from lineage.domain.subjects import Subject, SubjectKind
from lineage.errors import (
    LineageError,
    SnapshotDamaged,
    SnapshotPruned,
    UnknownModel,
    UnknownSnapshot,
)
from lineage.store.manifest import Manifest, is_snapshot_below_base
from lineage.store.reader import Snapshot
from lineage.store.retention import Rhythm
from lineage.store.store import ParquetStore

Say = Callable[[str], None]
RecountOutcome = list[Count | None] | str
"""The count of each subject, None where it is not known; or why a snapshot cannot be counted."""


@dataclass(frozen=True, slots=True)
class RecountSubject:
    """A subject that is followed through the history: a model by its key, whatever its name."""

    id: str
    """As `count` prints it: a model's name now, `family:llama`, `release:llama-3.1`."""
    key: str | None


@dataclass(frozen=True, slots=True)
class RecountTask:
    """One snapshot, and what is to be counted in it."""

    store: str
    """Folder or address, as given by --store."""
    opt_outs: OptOuts
    cache: str
    families: Sequence[Family]
    snapshot: str
    subjects: tuple[RecountSubject, ...]
    definition: Definition
    by: Grouping | None


RecountEngine = Callable[[Sequence[RecountTask]], Iterable[RecountOutcome]]
"""Runs `recount_snapshot` on each task, wherever that may be, and gives its outcomes in order."""


def recount_curves(
    task: RecountTask,
    subjects: Sequence[ResolvedSubject],
    rhythm: Rhythm,
    run_tasks: RecountEngine,
    say: Say,
) -> list[Curve]:
    """Return the curve of each subject over the newest snapshot of each period.

    Counted is by the task's definition, as `count` counts; a model that a snapshot lacks is 0 in
    it. `say` is called for each snapshot that is damaged or was pruned meanwhile: it is left out.
    """
    followed = tuple(
        RecountSubject(it.id, None if it.model is None else it.model.key) for it in subjects
    )
    store = ParquetStore(task.store, task.opt_outs, task.cache)
    manifests = select_newest_of_periods(store.manifests(), rhythm)
    tasks = [replace(task, snapshot=it.id, subjects=followed) for it in manifests]
    moments, counts = [], []
    outcomes = run_tasks(tasks) if subjects else ()
    for manifest, outcome in zip(manifests, outcomes, strict=False):
        if isinstance(outcome, str):
            say(f"Left out: {outcome}.")
            continue
        origin = manifest.origin
        left_out = count_opt_out_marks(manifest.left_out)
        facts = (manifest.id, origin.kind, origin.taken_at, origin.endpoint)
        moments.append(Moment(*facts, None, False, origin.parents_known, left_out))
        counts.append(outcome)
    return [
        _make_recounted_curve(subject, task.by, moments, [each[at] for each in counts])
        for at, subject in enumerate(subjects)
    ]


def select_newest_of_periods(manifests: Sequence[Manifest], rhythm: Rhythm) -> list[Manifest]:
    """Return the newest snapshot of everything in each period that has one, the oldest first."""
    whole = [manifest for manifest in manifests if not is_snapshot_below_base(manifest)]
    ordered = sorted(whole, key=lambda it: (it.origin.taken_at, it.id))
    return list({rhythm.period(it.origin.taken_at): it for it in ordered}.values())


def recount_snapshot(task: RecountTask) -> RecountOutcome:
    """Return the count of each subject in one snapshot, None where it is not known there.

    Where the snapshot is damaged or gone, why.
    """
    try:
        store = ParquetStore(task.store, task.opt_outs, task.cache)
        snapshot = store.snapshot(task.snapshot)
        scope = Scope(snapshot, task.families, task.definition)
        return [_count_followed(scope, snapshot, it, task.by) for it in task.subjects]
    except (SnapshotDamaged, SnapshotPruned, UnknownSnapshot) as error:
        return error.message


def _count_followed(
    scope: Scope, snapshot: Snapshot, subject: RecountSubject, by: Grouping | None
) -> Count | None:
    if subject.key is not None and (found := snapshot.node_of_key(subject.key)) is not None:
        node, id = found
        model = ResolvedSubject(subject.id, ModelNode(id, subject.key, node))
        return count_subject(scope, model, by)
    try:
        # While it was not listed it had no key of its own, and only a name leads to its numbers.
        kind = None if subject.key is None else SubjectKind.MODEL
        name = subject.id if kind is None else Subject(subject.id, kind)
        return count_subject(scope, find_subject(scope, name), by)
    except UnknownModel:
        return None


def recount_here(tasks: Sequence[RecountTask], workers: int) -> Iterator[RecountOutcome]:
    """Yield the outcome of each task, counted in this process or in so many others at once.

    Raises LineageError where one of them is killed.
    """
    if workers == 1 or len(tasks) < 2:
        yield from map(recount_snapshot, tasks)
        return
    # Not by fork: Arrow's threads do not survive it.
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    try:
        with ProcessPoolExecutor(
            min(workers, len(tasks)), mp_context=context, initializer=_end_with_parent
        ) as pool:
            futures = [pool.submit(recount_snapshot, task) for task in tasks]
            try:
                yield from (future.result() for future in futures)
            except BaseException:
                # The pool would wait for what is being counted, which is not wanted any more.
                for process in set(multiprocessing.active_children()) - others:
                    process.terminate()
                raise
    except BrokenProcessPool as error:
        raise LineageError(
            "a process that counted ended before its answer, perhaps for want of memory",
            "run it again with fewer --workers",
        ) from error


def _end_with_parent() -> None:
    """Let this process end at Ctrl-C without a word, and as soon as its parent is no more."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(LineageError.exit_code)


def _make_recounted_curve(
    subject: ResolvedSubject,
    by: Grouping | None,
    moments: Sequence[Moment],
    counts: Sequence[Count | None],
) -> Curve:
    points = [
        Point(0, {}, None, None) if it is None else Point(it.total, it.by_relation, None, None)
        for it in counts
    ]
    groups = [{group.value: group for group in it.groups or ()} if it else {} for it in counts]
    names = dict.fromkeys(name for each in reversed(groups) for name in each)
    parts = [
        GrowthSeries(
            name,
            tuple(
                Point(each[name].total, each[name].by_relation, None, None)
                if name in each
                else Point(0, {}, None, None)
                for each in groups
            ),
        )
        for name in names
    ]
    definition = next((it.definition for it in reversed(counts) if it), Definition())
    whole = GrowthSeries(subject.id, tuple(points))
    return Curve(subject.spelling, subject.id, subject.key, definition, moments, whole, by, parts)
