"""How a family grew: what is placed in a month, what never is, and what each day can tell."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.analysis.growth import periods, variants
from lineage.analysis.growth.dates import find_day_of_growth_past
from lineage.analysis.growth.results import TrendFindings
from lineage.analysis.results import ComparisonStep
from lineage.domain.definitions import Closure, Definition, Grouping
from lineage.families.registry import all_families, family
from lineage.store.reader import Snapshot
from tests.builders import Row, published, row
from tests.fakes.fake_clock import NOON
from tests.questions import compare_family, count_family, find_trends

LLAMA_2 = "meta-llama/Llama-2-7b-hf"
MISTRAL = "mistralai/Mistral-7B-v0.1"
UNKNOWN_DATE = "2022-03-02T23:29:04.000Z"


def child(id: str, parent: str = LLAMA_2, on: str = "2023-08-01", **fields: object) -> Row:
    when = UNKNOWN_DATE if on == "" else f"{on}T12:00:00.000Z"
    return row(id, [parent], **{"createdAt": when, **fields})  # type: ignore[arg-type]


def trends(rows: list[Row], folder: Path, definition: Definition | None = None) -> TrendFindings:
    roots = [row(LLAMA_2), row(MISTRAL)]
    snapshot = published([*roots, *rows], folder, families=all_families())
    return find_trends(snapshot, family("llama"), definition or Definition(), all_families())


@pytest.fixture(scope="module")
def corpus(corpus_snapshot: Snapshot) -> TrendFindings:
    return find_trends(corpus_snapshot, family("llama"), Definition(), all_families())


def test_the_undated_stand_in_no_month(tmp_path: Path) -> None:
    found = trends([child("a/one"), child("a/two", on="")], tmp_path)
    line = found.by_release.line("Llama 2")
    assert (line.values, line.undated, found.undated) == ([1], 1, 1)


def test_months_have_no_gaps(tmp_path: Path) -> None:
    found = trends([child("a/one"), child("a/two", on="2023-11-30")], tmp_path)
    assert found.by_release.months == ["2023-08", "2023-09", "2023-10", "2023-11"]
    assert found.by_release.line("Llama 2").values == [1, 0, 0, 1]


def test_where_nobody_is_dated_there_is_no_month(tmp_path: Path) -> None:
    found = trends([child("a/one", on="")], tmp_path)
    assert (found.by_release.months, found.models) == ([], 1)


def test_of_an_author_the_first_model_alone_counts(tmp_path: Path) -> None:
    rows = [child("a/one"), child("a/two", on="2023-09-01"), child("b/one", on="2023-09-02")]
    assert trends(rows, tmp_path).variants.line("authors").values == [1, 1]


def test_a_burst_is_left_out_whole_and_nobody_else(tmp_path: Path) -> None:
    many = [child(f"a/{at}", on=f"2023-08-{1 + at % 5:02}") for at in range(20)]
    found = trends([*many, child("a/later", on="2023-10-01"), child("b/one")], tmp_path)
    assert found.variants.line("no_bursts").values == [1, 0, 1]
    assert found.burst_models == 20


def test_nineteen_are_no_burst(tmp_path: Path) -> None:
    found = trends([child(f"a/{at}") for at in range(19)], tmp_path)
    assert found.burst_models == 0


def test_who_has_no_known_downloads_has_not_enough(tmp_path: Path) -> None:
    found = trends([child("a/one", downloads=10), child("a/two", downloads=9)], tmp_path)
    assert found.variants.line("downloads").values == [1]


def test_a_merge_of_two_families_stands_once_as_mixed(tmp_path: Path) -> None:
    merge = row("a/both", [LLAMA_2, MISTRAL], "merge", createdAt="2023-10-01T00:00:00.000Z")
    found = trends([merge, child("a/one"), child("b/one", MISTRAL)], tmp_path)
    told = {line.key: sum(line.values) for line in found.rivals.lines}
    assert told == {"llama": 1, "mistral": 1, "mixed": 1}


def test_a_day_ends_at_midnight_utc(tmp_path: Path) -> None:
    rows = [
        child("a/in", createdAt="2023-12-31T23:59:59.000Z"),
        child("a/out", createdAt="2024-01-01T00:00:00.000Z"),
    ]
    found = trends(rows, tmp_path).dates
    year = next(one for one in found.rows if one.day == date(2023, 12, 31))
    assert year.numbers[found.steps.index(ComparisonStep.CURATED)] == 1


def test_a_day_with_more_undated_than_dated_cannot_be_told(tmp_path: Path) -> None:
    found = trends([child("a/one"), child("a/two", on=""), child("a/three", on="")], tmp_path).dates
    step = found.steps.index(ComparisonStep.CURATED)
    assert (found.undated[step], found.is_reliable(found.rows[-1], step)) == (2, False)


def test_growth_begins_at_the_release_day(tmp_path: Path) -> None:
    rows = [child("a/early", on="2023-07-18"), child("a/week", on="2023-07-25"), child("a/end")]
    since = trends(rows, tmp_path).since_release
    assert (since.days, list(since.lines[0].values)) == ([0, 7, 14], [1, 2, 3])


def test_without_deleted_models_there_are_no_deletions(corpus: TrendFindings) -> None:
    assert corpus.deletions is None


def test_deleted_models_are_counted_by_days_until_deletion(tmp_path: Path) -> None:
    stay = [row(LLAMA_2), *(child(f"a/{at}") for at in range(300))]
    gone = [child("b/short", on="2026-11-20"), child("b/long"), child("b/undated", on="")]
    published([*stay, *gone], tmp_path, families=all_families())
    later = NOON + timedelta(days=1)
    snapshot = published(stay, tmp_path, families=all_families(), taken_at=later)
    found = find_trends(snapshot, family("llama"), Definition(), all_families())
    assert found.deletions is not None
    lived = {part.key: part.models for part in found.deletions.days_until_deletion if part.models}
    assert (found.deletions.deleted, found.deletions.undated) == (3, 1)
    assert lived == {"0-6": 1, "365+": 1}
    assert found.models == 300


def test_the_corpus_adds_up_to_the_count(corpus: TrendFindings, corpus_snapshot: Snapshot) -> None:
    by = count_family(
        corpus_snapshot, family("llama"), Definition(), all_families(), Grouping.MONTH
    )
    months = {group.value: group.total for group in by.groups}
    lines = corpus.by_release, corpus.by_relation
    for line in lines:
        told = dict(zip(line.months, line.sums(), strict=True))
        assert {month: n for month, n in told.items() if n} | {"unknown": line.undated} == months
    assert sum(part.models for part in corpus.generations) == by.total
    assert sum(part.models for part in corpus.children) == by.total


def test_the_last_day_is_the_comparison(corpus: TrendFindings, corpus_snapshot: Snapshot) -> None:
    comparison = compare_family(corpus_snapshot, family("llama"), all_families())
    last = zip(corpus.dates.rows[-1].numbers, corpus.dates.undated, strict=True)
    assert [dated + undated for dated, undated in last] == [row.number for row in comparison.steps]


def test_a_filter_of_count_filters_every_line(tmp_path: Path) -> None:
    rows = [child("a/one"), child("a/two", "a/one")]
    deep = trends(rows, tmp_path / "deep")
    flat = trends(rows, tmp_path / "flat", Definition(closure=Closure.DIRECT))
    assert [part.models for part in deep.generations] == [1, 1]
    assert [part.models for part in flat.generations] == [1]
    assert (deep.rivals.sums(), flat.rivals.sums()) == ([2], [1])


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 5)), max_size=30))
def test_each_author_has_one_first_model(told: list[tuple[int, int]]) -> None:
    codes = np.array([code for code, _ in told], np.int32)
    moments = np.array([when or periods.UNDATED for _, when in told], np.int64)
    first = variants.first_variant_upload_of_each(codes, moments)
    assert sorted(codes[first]) == sorted({code for code, _ in told if code >= 0})
    for at in np.flatnonzero(first):
        dated = [when for code, when in told if code == codes[at] and when]
        assert moments[at] == (min(dated) if dated else periods.UNDATED)


# In four ways, as of a day, against a claim


def test_each_release_grows_in_four_ways(tmp_path: Path) -> None:
    many = [child(f"a/{at}", on="2023-08-02", downloads=at) for at in range(20)]
    found = trends([*many, child("b/one", on="2023-09-02")], tmp_path)
    months = {key: side.by_release.line("Llama 2").values for key, side in found.by_variant.items()}
    assert months == {
        "all": [20, 1],
        "authors": [1, 1],
        "no_bursts": [0, 1],
        "downloads": [10, 0],
    }
    ends = {key: side.since_release.lines for key, side in found.by_variant.items()}
    weeks = (date(2023, 9, 2) - date(2023, 7, 18)).days // 7
    assert {len(line.values) for lines in ends.values() for line in lines} == {weeks + 1}


def test_of_a_day_the_undated_are_told_apart_and_not_counted(tmp_path: Path) -> None:
    rows = [child("a/one"), child("a/late", on="2024-06-01"), child("a/undated", on="")]
    found = trends(rows, tmp_path, Definition(as_of=date(2023, 12, 31)))
    assert (found.models, found.undated, found.undated_count) == (1, 1, False)
    assert [row.day for row in found.dates.rows][-1] == date(2023, 12, 31)
    step = found.dates.steps.index(ComparisonStep.CURATED)
    assert (found.dates.rows[-1].numbers[step], found.dates.undated[step]) == (1, 1)
    assert [part.models for part in found.generations] == [1]


def test_of_the_last_day_it_is_what_is_counted(corpus_snapshot: Snapshot) -> None:
    for day in (date(2025, 4, 30), date(2026, 11, 21)):
        of_day = Definition(as_of=day)
        found = find_trends(corpus_snapshot, family("llama"), of_day, all_families())
        counted = count_family(corpus_snapshot, family("llama"), of_day, all_families())
        assert found.models == counted.total


def test_a_model_found_missing_after_a_day_existed_on_it(tmp_path: Path) -> None:
    stay = [row(LLAMA_2), *(child(f"a/{at}") for at in range(300))]
    published([*stay, child("b/gone")], tmp_path, families=all_families())
    later = NOON + timedelta(days=3)
    snapshot = published(stay, tmp_path, families=all_families(), taken_at=later)

    def found(definition: Definition) -> TrendFindings:
        return find_trends(snapshot, family("llama"), definition, all_families())

    before = found(Definition(as_of=NOON.date()))
    assert (before.models, found(Definition()).models) == (301, 300)
    assert before.deletions is not None
    assert (before.deletions.deleted, before.deletions.ever_known) == (0, 301)
    assert found(Definition(deleted=True)).models == 301


def test_known_licenses_stand_by_month_and_release(tmp_path: Path) -> None:
    rows = [
        child("a/one", tags=["license:mit"]),
        child("a/two", tags=["license:mit"], on="2023-09-01"),
        child("a/three", tags=["license:llama2"], on=""),
        child("a/four"),
    ]
    mix = trends(rows, tmp_path).license_mix
    told = {line.key: (line.values, line.undated) for line in mix.by_month.lines}
    assert told == {"mit": ([1, 1], 0), "llama2": ([0, 0], 1)}
    assert (mix.none.values, mix.none.undated) == ([1, 0], 0)
    (release,) = mix.by_release
    assert (release.release, release.tags, release.none) == ("Llama 2", [2, 1], 1)


@given(st.lists(st.integers(0, 40)), st.integers(0, 30), st.integers(1, 40))
def test_a_claim_is_sure_when_the_dated_alone_exceed_it(
    days: list[int], undated: int, claim: int
) -> None:
    dated = np.sort(np.array(days, np.int64)) * periods.DAY
    first = date(1970, 1, 1)
    found = find_day_of_growth_past(dated, undated, claim, first)

    def by(day: int, more: int) -> bool:
        return sum(one <= day for one in days) + more > claim

    sure = [day for day in range(41) if by(day, 0)]
    may = [day for day in range(41) if by(day, undated)]
    assert found.surely == (first + timedelta(days=sure[0]) if sure else None)
    assert found.earliest == (first + timedelta(days=may[0]) if may else None)
