"""Which definition gives a number that somebody has published."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow.compute as pc

from lineage.analysis.comparison import (
    LEAST_DOWNLOADS,
    default_comparison_step,
    definitions_of_steps,
    members_of_comparison_step,
)
from lineage.analysis.growth.periods import DAY, UNDATED, creation_dates_for_growth, end_of_day
from lineage.analysis.growth.results import DayBasis, PublishedCheck, StepCount
from lineage.analysis.members import find_countable
from lineage.analysis.results import ComparisonStep
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import ResolvedSubject, find_subject
from lineage.domain.anomalies import Bounds
from lineage.domain.arrays import Indices, Int64s, Mask, Nodes
from lineage.errors import UnknownModel
from lineage.families.published import PublishedNumber, Qualifier
from lineage.graph.cycles_and_bursts import find_sibling_bursts_in_graph
from lineage.store.manifest import SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore

# A number alone invites the reading that suits: half of a family may be one author's quantized
# copies of a week, so no series is reported without its three more careful counts beside it.
VARIANTS = ("all", "authors", "no_bursts", "downloads")


@dataclass(frozen=True, slots=True)
class VariantColumns:
    """What each way of counting needs of every model."""

    author: Nodes
    moments: Int64s
    in_burst: Mask
    is_used: Mask

    @classmethod
    def growth_variant_columns_of(
        cls, scope: Scope, counted: Mask, moments: Int64s, bounds: Bounds, least_downloads: int
    ) -> "VariantColumns":
        """Read the columns; `counted` are all models of which some will be counted."""
        author = read_variant_authors(scope.snapshot)
        definition = replace(scope.definition, min_downloads=least_downloads)
        return cls(
            author,
            moments,
            _mark_variant_bursts(scope, counted, author, moments, bounds),
            find_countable(scope.under(definition)).possibly[: len(moments)],
        )

    def all_of(self, which: Mask) -> Sequence[tuple[str, Mask]]:
        """Return some models by variant, an element for each model with a record."""
        return tuple((key, self.models_of(key, which)) for key in VARIANTS)

    def models_of(self, key: str, which: Mask) -> Mask:
        """Return some models in one of the four ways; each author's first one stands for all."""
        match key:
            case "authors":
                first = np.zeros(len(which), np.bool_)
                first[which] = mark_first_variant_of_each_author(
                    self.author[which], self.moments[which]
                )
                return first
            case "no_bursts":
                return which & ~self.in_burst
            case "downloads":
                return which & self.is_used
            case _:
                return which


def mark_first_variant_of_each_author(codes: Indices, moments: Int64s) -> Mask:
    """Mark the first dated model of each author, or one undated where none of theirs is dated.

    A code below 0 is no author.
    """
    created = np.where(moments == UNDATED, np.iinfo(np.int64).max, moments)
    # The row breaks ties, so that the same snapshot always picks the same model of an author.
    order = np.lexsort((np.arange(len(codes)), created, codes))
    ordered = codes[order]
    is_first = np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)] & (ordered >= 0)
    mask = np.zeros(len(codes), np.bool_)
    mask[order[is_first]] = True
    return mask


def read_variant_authors(snapshot: Snapshot) -> Nodes:
    """Return a number for each model's author, -1 where none is named."""
    names = snapshot.record_column("author").combine_chunks().dictionary_encode()
    codes: Nodes = pc.fill_null(names.indices, -1).to_numpy(zero_copy_only=False)
    return codes


def _mark_variant_bursts(
    scope: Scope, counted: Mask, author: Indices, moments: Int64s, bounds: Bounds
) -> Mask:
    """Mark counted models of a burst, by the rule of the anomaly `upload_burst`."""
    edges = scope.edges
    has_record = edges.child < len(counted)
    child, parent = edges.child[has_record], edges.parent[has_record]
    rows = counted[child] & (author[child] >= 0) & (moments[child] != UNDATED) & (child != parent)
    child, parent = child[rows], parent[rows]
    bursts = find_sibling_bursts_in_graph(
        child,
        parent,
        author[child],
        moments[child],
        least=bounds.burst_models,
        within=bounds.burst_days * DAY,
    )
    mask = np.zeros(len(counted), np.bool_)
    for start, stop in bursts.ranges:
        mask[bursts.child[start:stop]] = True
    return mask


ROUNDED = 0.05
"""A rounded number is given by what is at most this part of it away."""


@dataclass(frozen=True, slots=True)
class _CreatedByStep:
    """When the models of each step were created."""

    subject: ResolvedSubject
    created: Mapping[ComparisonStep, Int64s]


def compare_published_numbers_with_counts(
    store: ParquetStore | None,
    scope: Scope,
    subject: ResolvedSubject,
    numbers: Sequence[PublishedNumber],
) -> Iterator[PublishedCheck]:
    """Hold numbers against every definition at the snapshot nearest to their day.

    Of the bundled ones those about the subject, its releases or its roots; a user's own all.
    Days before the first snapshot are answered by the first one's creation dates.

    Raises:
        UnknownModel: the subject of a user's number is unknown.
    """
    candidates = _list_snapshots_to_compare(store, scope.snapshot)
    # Several numbers share a subject and a snapshot: eight graphs are walked once for all of them.
    counted: dict[tuple[str, str], _CreatedByStep] = {}
    for number in numbers:
        if not number.is_own and not _is_number_about_counted_subject(scope, subject, number):
            continue
        day = number.last_day
        snapshot = min(candidates, key=lambda it: abs((_day_of(it) - day).days))
        key = snapshot.id, number.subject
        if key not in counted:
            try:
                counted[key] = _find_growth_dates_by_step(
                    scope.of_snapshot(snapshot), number.subject
                )
            except UnknownModel:
                if number.is_own:
                    raise
                continue
        is_before = day < _day_of(candidates[0])
        steps = _count_comparison_steps_by_day(counted[key], day if is_before else None)
        nearest, is_match = find_nearest_comparison_step(number, steps)
        yield PublishedCheck(
            published=number,
            subject=counted[key].subject.id,
            snapshot=snapshot.id,
            taken_on=_day_of(snapshot),
            basis=DayBasis.CREATION if is_before else DayBasis.SNAPSHOT,
            steps=steps,
            nearest=nearest,
            is_match=is_match,
        )


def find_nearest_comparison_step(
    published: PublishedNumber, steps: Sequence[StepCount]
) -> tuple[StepCount, bool]:
    """Return the step that gives a number, else the one that comes nearest, and whether it does.

    More than N is given by what is greater; of several steps the one nearest to N is named.
    """
    number = published.number

    def distance(step: StepCount) -> int:
        return max(step.models - number, number - step.at_most, 0)

    if published.qualifier is Qualifier.MORE_THAN:
        if greater := [step for step in steps if step.models > number]:
            return min(greater, key=lambda it: (it.models, not it.is_default)), True
        return min(steps, key=lambda it: (distance(it), not it.is_default)), False
    nearest = min(steps, key=lambda it: (distance(it), it.at_most - it.models, not it.is_default))
    if published.qualifier is Qualifier.EXACTLY:
        return nearest, nearest.models == nearest.at_most == number
    # A range that holds the number says that it is possible, and no more.
    most = max(abs(nearest.models - number), abs(nearest.at_most - number))
    return nearest, most <= ROUNDED * number


def _list_snapshots_to_compare(store: ParquetStore | None, newest: Snapshot) -> list[Snapshot]:
    """Return the snapshots up to one that can be asked, the oldest first; at least that one."""
    until = newest.manifest.origin.taken_at
    is_dump = newest.manifest.origin.kind is SnapshotKind.DUMP
    history = () if store is None else store.history(lambda _: None)
    origins = [(snapshot, snapshot.manifest.origin) for snapshot in history]
    return [
        snapshot
        for snapshot, origin in origins
        if origin.taken_at <= until
        and origin.parents_known
        and (origin.kind is SnapshotKind.DUMP) == is_dump
    ] or [newest]


def _day_of(snapshot: Snapshot) -> date:
    return snapshot.manifest.origin.taken_at.date()


def _is_number_about_counted_subject(
    scope: Scope, subject: ResolvedSubject, number: PublishedNumber
) -> bool:
    """Say whether a number is about a subject, or about a release or a root of it."""
    try:
        other = find_subject(scope, number.subject)
    except UnknownModel:
        return False
    if subject.model is not None:
        return other.id == subject.id
    registered = subject.release or subject.family
    assert registered is not None
    if other.model is not None:
        return other.model.node in scope.roots_of(registered.root_repo_ids())
    return other.id == subject.id if subject.release else other.family == subject.family


def _find_growth_dates_by_step(scope: Scope, spelling: str) -> _CreatedByStep:
    subject = find_subject(scope, spelling)
    moments = creation_dates_for_growth(scope.snapshot)
    author = read_variant_authors(scope.snapshot)
    created: dict[ComparisonStep, Int64s] = {}
    for step, definition in definitions_of_steps(LEAST_DOWNLOADS):
        _, members = members_of_comparison_step(scope.under(definition), subject)
        counted = members.counted[: len(moments)]
        created[step] = np.sort(moments[counted])
        if step is ComparisonStep.DOWNLOADS:
            first = mark_first_variant_of_each_author(author[counted], moments[counted])
            created[ComparisonStep.AUTHORS] = np.sort(moments[counted][first])
    return _CreatedByStep(subject, created)


def _count_comparison_steps_by_day(
    counted: _CreatedByStep, created_by: date | None
) -> list[StepCount]:
    """Count every step whole, or those created by the end of a day and the undated."""
    steps = []
    default = default_comparison_step(counted.subject)
    for step, moments in counted.created.items():
        is_default = step is default
        if created_by is None:
            steps.append(StepCount(step, len(moments), len(moments), is_default))
            continue
        undated = int(np.searchsorted(moments, UNDATED, side="right"))
        by_then = int(np.searchsorted(moments, end_of_day(created_by))) - undated
        steps.append(StepCount(step, by_then, by_then + undated, is_default))
    return steps
