"""Definitions compared: each row is the count by its own definition, and says what changed."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from lineage.analysis.documents import comparison_document, comparison_rows
from lineage.analysis.results import ComparisonStep
from lineage.domain.definitions import Definition, Grouping
from lineage.errors import UnknownModel
from lineage.families.registry import all_families, family
from lineage.store.reader import Snapshot
from tests.builders import published, row
from tests.fakes.fake_clock import NOON
from tests.questions import compare_base, compare_family, count_base, count_family
from tests.unit.analysis.worlds import a_family, said

KIN = a_family(
    {"Kin 1": ["meta/kin-1"], "Kin 2": ["meta/kin-2"]},
    {"copy/kin-1": "meta/kin-1"},
    edges=[said("b/curated", "meta/kin-1")],
)
ROWS = (
    row("meta/kin-1"),
    row("meta/kin-2", ["meta/kin-1"]),
    row("copy/kin-1"),
    row("a/child", ["meta/kin-1"], downloads=500),
    row("a/grandchild", ["a/child"], downloads=3),
    row("b/merge", ["a/child", "meta/kin-2"], "merge", downloads=40),
    row("b/of-copy", ["copy/kin-1"], downloads=40, author=None),
    row("b/curated"),
    row("c/guess", config={"_name_or_path": "meta/kin-1"}),
)
ALL_STEPS = {
    ComparisonStep.DIRECT: 2,
    ComparisonStep.ALL_GENERATIONS: 3,
    ComparisonStep.MERGES: 4,
    ComparisonStep.MIRRORS: 5,
    ComparisonStep.CURATED: 6,
    ComparisonStep.DOWNLOADS: 3,
    ComparisonStep.AUTHORS: 2,
    ComparisonStep.DELETED: 6,
    ComparisonStep.INFERRED: 7,
}


@pytest.fixture(scope="module")
def kin(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return published(ROWS, tmp_path_factory.mktemp("kin"), families=[KIN])


def test_a_base_climbs_from_its_children_to_everything_and_back(kin: Snapshot) -> None:
    comparison = compare_base(kin, "meta/kin-1", [KIN])
    assert {line.step: line.number for line in comparison.steps} == ALL_STEPS


def test_every_row_of_a_base_is_the_count_by_its_definition(kin: Snapshot) -> None:
    for line in compare_base(kin, "meta/kin-1", [KIN]).steps:
        if line.step is ComparisonStep.AUTHORS:
            continue
        count = count_base(kin, "meta/kin-1", line.definition, [KIN])
        assert (line.number, line.direct) == (count.total, count.direct), line.step


def test_the_releases_of_a_family_add_up_on_every_row(kin: Snapshot) -> None:
    for line in compare_family(kin, KIN, [KIN]).steps:
        if line.step is not ComparisonStep.AUTHORS:
            assert sum(line.by_release.values()) == line.number
    merged = compare_family(kin, KIN, [KIN]).steps[2]
    assert merged.by_release == {"Kin 1": 2, "mixed": 1}


def test_nobody_is_no_author(kin: Snapshot) -> None:
    steps = {line.step: line for line in compare_base(kin, "meta/kin-1", [KIN]).steps}
    assert (
        steps[ComparisonStep.MIRRORS].authors == 3
    )  # meta, a, b; the child of the copy names none


def test_the_bound_on_downloads_can_be_chosen(kin: Snapshot) -> None:
    comparison = compare_base(kin, "meta/kin-1", [KIN], least_downloads=100)
    (downloads,) = (line for line in comparison.steps if line.step is ComparisonStep.DOWNLOADS)
    assert (downloads.number, downloads.definition.min_downloads) == (1, 100)


def test_every_row_stands_as_of_the_day(tmp_path: Path) -> None:
    late = {"createdAt": "2025-06-01T10:00:00.000Z"}
    rows = [*ROWS, row("z/late", ["meta/kin-1"], downloads=900, **late)]
    published(rows, tmp_path, families=[KIN])
    left = [one for one in rows if one["id"] != "a/child"]
    later = published(left, tmp_path, families=[KIN], taken_at=NOON + timedelta(days=1))
    before, dead, after = date(2025, 5, 31), NOON.date(), NOON.date() + timedelta(days=1)
    comparisons = {
        day: compare_base(later, "meta/kin-1", [KIN], as_of=day) for day in (before, dead, after)
    }
    for day, comparison in comparisons.items():
        for line in comparison.steps:
            assert line.definition.as_of == day
            if line.step is ComparisonStep.AUTHORS:
                continue
            count = count_base(later, "meta/kin-1", line.definition, [KIN])
            assert (line.number, line.direct) == (count.total, count.direct), line.step
    at = list(ComparisonStep).index(ComparisonStep.CURATED)
    assert [comparison.steps[at].number for comparison in comparisons.values()] == [6, 7, 6]
    assert [comparison.known_deleted for comparison in comparisons.values()] == [0, 0, 1]
    told = comparison_document(comparisons[after])
    assert "were found missing by 2026-11-22" in str(told["steps"])


def test_a_family_s_comparison_as_of_a_day_is_its_count_then(
    corpus_snapshot: Snapshot,
) -> None:
    llama, known, day = family("llama"), all_families(), date(2024, 6, 30)
    steps = {
        line.step: line for line in compare_family(corpus_snapshot, llama, known, 10, day).steps
    }
    count = count_family(corpus_snapshot, llama, Definition(as_of=day), known, Grouping.RELEASE)
    assert 0 < steps[ComparisonStep.CURATED].number == count.total
    assert steps[ComparisonStep.CURATED].by_release == {
        one.value: one.total for one in count.groups
    }


def test_an_unknown_base_has_no_comparison(kin: Snapshot) -> None:
    with pytest.raises(UnknownModel):
        compare_base(kin, "no/body", [KIN])


def test_every_row_has_a_reason_and_its_definition(kin: Snapshot) -> None:
    comparisons = [compare_family(kin, KIN, [KIN]), compare_base(kin, "a/child", [KIN])]
    for document in map(comparison_document, comparisons):
        steps = document["steps"]
        assert isinstance(steps, list)
        assert all(row["explanation"] and row["definition"] for row in steps)
        assert [row["unit"] for row in steps] == ["models"] * 6 + ["authors"] + ["models"] * 2
    rows = [row for comparison in comparisons for row in comparison_rows(comparison)]
    assert {"LLaMA", None} - {row["release"] for row in rows} == {"LLaMA"}
    assert len({tuple(row) for row in rows}) <= 2


def test_the_comparison_of_llama_on_the_corpus_ends_where_the_family_count_does(
    corpus_snapshot: Snapshot, tmp_path: Path
) -> None:
    llama, known = family("llama"), all_families()
    comparison = {line.step: line for line in compare_family(corpus_snapshot, llama, known).steps}
    count = count_family(corpus_snapshot, llama, Definition(), known, Grouping.RELEASE)
    curated = comparison[ComparisonStep.CURATED]
    assert (curated.number, curated.direct) == (count.total, count.direct)
    assert curated.by_release == {group.value: group.total for group in count.groups}
