"""Which definition gives a published number, and at which snapshot it is asked."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.analysis.growth.published import (
    compare_published_numbers_with_counts,
    find_nearest_comparison_step,
)
from lineage.analysis.growth.results import DayBasis, PublishedCheck, StepCount
from lineage.analysis.results import ComparisonStep
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import find_subject
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import UnknownModel
from lineage.families.published import PublishedNumber, Qualifier
from lineage.families.registry import all_families
from lineage.store.store import ParquetStore
from tests.builders import published, row
from tests.fakes.fake_clock import NOON

LLAMA_2 = "meta-llama/Llama-2-7b-hf"
OLD, NEW = "2023-08-01T12:00:00.000Z", "2026-11-22T12:00:00.000Z"


def number(
    models: int,
    day: date,
    subject: str = "llama",
    qualifier: Qualifier = Qualifier.EXACTLY,
    *,
    is_own: bool = False,
) -> PublishedNumber:
    return PublishedNumber(
        subject, models, qualifier, day.isoformat(), day, "derivatives", None, None, None, is_own
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ParquetStore:
    """Two days: three models, of which one has no date, then a merge more."""
    folder = tmp_path_factory.mktemp("published")
    rows = [
        row(LLAMA_2),
        row("a/one", [LLAMA_2], createdAt=OLD),
        row("a/two", ["a/one"], createdAt=OLD),
        row("b/undated", [LLAMA_2], createdAt="2022-03-02T23:29:04.000Z"),
    ]
    merge = row("c/merge", [LLAMA_2, "a/one"], "merge", createdAt=NEW)
    for at, listed in enumerate((rows, [*rows, merge])):
        moment = NOON + timedelta(days=at)
        published(listed, folder, families=all_families(), taken_at=moment)
    return ParquetStore(str(folder), NO_OPT_OUTS)


def check(store: ParquetStore, subject: str, *numbers: PublishedNumber) -> list[PublishedCheck]:
    scope = Scope(store.snapshot(), all_families())
    return list(
        compare_published_numbers_with_counts(store, scope, find_subject(scope, subject), numbers)
    )


def test_a_number_is_held_against_the_snapshot_nearest_to_its_day(store: ParquetStore) -> None:
    first, later = NOON.date(), NOON.date() + timedelta(days=40)
    numbers = number(2, first), number(3, first), number(4, later)
    direct, then, now = check(store, "llama", *numbers)
    assert (then.taken_on, now.taken_on) == (first, first + timedelta(days=1))
    assert {it.basis for it in (direct, then, now)} == {DayBasis.SNAPSHOT}
    assert all(it.is_match for it in (direct, then, now))
    # Of several definitions that give it the subject's own is named.
    assert direct.nearest.step is ComparisonStep.DIRECT
    assert then.nearest.step is now.nearest.step is ComparisonStep.CURATED
    steps = {it.step: it.models for it in now.steps}
    assert (steps[ComparisonStep.DIRECT], steps[ComparisonStep.AUTHORS]) == (2, 0)


def test_before_the_first_snapshot_creation_dates_answer_with_a_range(store: ParquetStore) -> None:
    (found,) = check(store, "llama", number(3, date(2023, 9, 30)))
    assert (found.basis, found.taken_on, found.is_match) == (
        DayBasis.CREATION,
        NOON.date(),
        False,
    )
    assert (found.nearest.models, found.nearest.at_most) == (2, 3)


def test_of_the_known_numbers_those_about_the_subject_are_taken(store: ParquetStore) -> None:
    numbers = [
        number(1, NOON.date(), subject)
        for subject in ("llama", "llama-2", LLAMA_2, "qwen", "nobody/nothing", "a/one")
    ]

    def about(subject: str) -> list[str]:
        return [it.published.subject for it in check(store, subject, *numbers)]

    assert about("llama") == ["llama", "llama-2", LLAMA_2]
    assert about("llama-2") == ["llama-2", LLAMA_2]
    assert about(LLAMA_2) == [LLAMA_2]
    assert about("a/one") == ["a/one"]


def test_a_user_s_number_is_always_asked_and_its_subject_must_be_known(store: ParquetStore) -> None:
    own = number(1, NOON.date(), "a/one", is_own=True)
    (found,) = check(store, "qwen", own)
    assert (found.subject, found.nearest.models, found.is_match) == ("a/one", 1, True)
    with pytest.raises(UnknownModel):
        check(store, "llama", number(1, NOON.date(), "nobody/nothing", is_own=True))


@given(
    st.integers(0, 40),
    st.sampled_from(Qualifier),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5)), min_size=1, max_size=4),
)
def test_no_step_comes_nearer_than_the_nearest(
    wanted: int, qualifier: Qualifier, numbers: list[tuple[int, int]]
) -> None:
    names = list(ComparisonStep)
    steps = [StepCount(names[at], low, low + more) for at, (low, more) in enumerate(numbers)]
    nearest, is_match = find_nearest_comparison_step(
        number(wanted, date(2025, 1, 1), qualifier=qualifier), steps
    )

    def distance(step: StepCount) -> int:
        return min(abs(value - wanted) for value in range(step.models, step.at_most + 1))

    if qualifier is Qualifier.MORE_THAN:
        above = [step.models for step in steps if step.models > wanted]
        assert is_match == bool(above)
        assert nearest.models == min(above) if above else True
        return
    assert distance(nearest) == min(map(distance, steps))
    ends = (nearest.models, nearest.at_most)
    slack = 0 if qualifier is Qualifier.EXACTLY else wanted / 20
    assert is_match == all(abs(end - wanted) <= slack for end in ends)
