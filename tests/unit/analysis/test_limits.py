"""What a number cannot say: the undated, days outside the data, parents unknown, opt-outs."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from lineage.analysis.counts import count_subject
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import find_subject
from lineage.analysis.tree.prune import build_tree
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.opt_outs import NO_OPT_OUTS, OptOuts
from lineage.store.manifest import Manifest, Origin, SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore
from tests.builders import published, row
from tests.fakes.fake_clock import NOON
from tests.questions import compare_base, count_base, count_top, trace
from tests.unit.analysis.worlds import a_family

ROOT = "base/a"
UNDATED = "2022-03-02T23:29:04.000Z"
BEFORE, ON_THE_DAY = date(2024, 6, 30), NOON.date()
ROWS = [
    row(ROOT, createdAt=UNDATED),
    row("kid/old", [ROOT], createdAt="2024-05-01T00:00:00.000Z", downloads=50),
    row("kid/young", [ROOT], createdAt="2026-11-02T00:00:00.000Z", downloads=50),
    row("kid/undated", [ROOT], "adapter", createdAt=UNDATED, downloads=50),
    row("kid/little", [ROOT], createdAt=UNDATED, downloads=1),
    row("grand/undated", ["kid/young"], createdAt="2022-03-02T23:29:05.000Z", downloads=50),
]
RANGE = (1, 4)
KIN = a_family({"Kin": [ROOT]})


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return published(ROWS, tmp_path_factory.mktemp("limits"))


def test_a_day_before_the_first_snapshot_is_answered_with_a_range(snapshot: Snapshot) -> None:
    count = count_base(snapshot, ROOT, Definition(as_of=BEFORE))
    assert (count.total, count.at_most, count.undated, count.direct) == (*RANGE, 3, 1)
    first, second = count.notes
    assert first.startswith("2024-06-30 is before the first snapshot, taken 2026-11-21 ")
    assert first.endswith("models deleted before the first snapshot are not known")
    assert second == "between 1 and 4: 3 have no known date"


def test_the_undated_of_a_range_are_those_with_enough_downloads(snapshot: Snapshot) -> None:
    count = count_base(snapshot, ROOT, Definition(as_of=BEFORE, min_downloads=10))
    assert (count.total, count.at_most, count.undated) == (1, 3, 2)


@pytest.mark.parametrize("day", [None, ON_THE_DAY, date(2027, 1, 1), date.max])
def test_whoever_is_in_a_snapshot_of_the_day_existed_dated_or_not(
    snapshot: Snapshot, day: date | None
) -> None:
    count = count_base(snapshot, ROOT, Definition(as_of=day))
    assert (count.total, count.at_most, count.undated) == (5, 5, 3)


@pytest.mark.parametrize(
    ("day", "note"),
    [
        (date(2027, 1, 1), "the data end 2026-11-21 12:00 UTC, before 2027-01-01 is over"),
        (date.max, "the data end 2026-11-21 12:00 UTC, before 9999-12-31 is over"),
    ],
)
def test_a_day_after_the_last_snapshot_says_when_the_data_end(
    snapshot: Snapshot, day: date, note: str
) -> None:
    assert count_base(snapshot, ROOT, Definition(as_of=day)).notes == (note,)


def test_the_first_day_there_is_counts_the_undated_alone(snapshot: Snapshot) -> None:
    count = count_base(snapshot, ROOT, Definition(as_of=date.min))
    assert (count.total, count.at_most, count.undated, count.by_relation) == (0, 3, 3, {})


@pytest.mark.parametrize("day", [None, BEFORE, ON_THE_DAY, date.max])
@pytest.mark.parametrize("direct", [False, True])
def test_a_ranking_has_the_range_of_the_count(
    snapshot: Snapshot, day: date | None, *, direct: bool
) -> None:
    definition = Definition(as_of=day, closure="direct" if direct else "all")  # type: ignore[arg-type]
    for ranked in count_top(snapshot, 9, definition):
        single = count_base(snapshot, ranked.id, definition)
        assert (ranked.total, ranked.at_most, ranked.undated) == (
            *(single.total, single.at_most, single.undated),
        )
        assert (ranked.by_relation, ranked.notes) == (single.by_relation, single.notes)


def test_a_base_of_which_all_is_undated_is_ranked_behind_those_of_known_age(
    snapshot: Snapshot,
) -> None:
    ranked = count_top(snapshot, 9, Definition(as_of=BEFORE))
    assert [(each.id, each.total, each.at_most) for each in ranked] == [
        (ROOT, *RANGE),
        ("kid/young", 0, 1),
    ]


def test_definitions_compared_have_a_range_each(snapshot: Snapshot) -> None:
    comparison = compare_base(snapshot, ROOT, (), as_of=BEFORE)
    by_step = {row.step.value: (row.number, row.at_most) for row in comparison.steps}
    assert by_step["direct"] == (1, 3)
    assert by_step["with merges"] == RANGE
    assert by_step["with downloads"] == (1, 3)
    assert by_step["distinct authors"] == (1, 2)
    assert comparison.undated == 3
    assert comparison.notes[0].startswith("2024-06-30 is before the first snapshot")


def test_tree_and_trace_say_what_the_count_says(snapshot: Snapshot) -> None:
    scope = Scope(snapshot, (), Definition(as_of=BEFORE))
    subject = find_subject(scope, ROOT)
    assert build_tree(scope, subject).count == count_subject(scope, subject)


def test_a_month_that_ends_after_the_snapshot_is_incomplete(snapshot: Snapshot) -> None:
    count = count_base(snapshot, ROOT, by=Grouping.MONTH)
    assert {group.value: group.complete for group in count.groups} == {
        "2024-05": True,
        "2026-11": False,
        "unknown": None,
    }
    cut = count_base(snapshot, ROOT, Definition(as_of=date(2024, 5, 30)), by=Grouping.MONTH)
    assert [group.complete for group in cut.groups] == [False]
    whole = count_base(snapshot, ROOT, Definition(as_of=date(2024, 5, 31)), by=Grouping.MONTH)
    assert [group.complete for group in whole.groups] == [True]


@pytest.mark.parametrize(
    ("missing", "is_known"),
    [
        ("author, baseModels, tags, cardData, config", False),
        ("baseModels, cardData, config", True),
        ("", True),
    ],
)
def test_an_older_manifest_of_a_dump_is_read_by_the_columns_that_it_lacked(
    snapshot: Snapshot, missing: str, *, is_known: bool
) -> None:
    dump = Origin(SnapshotKind.DUMP, "https://hub.example", NOON, dump={"missing": missing})
    written = json.loads(replace(snapshot.manifest, origin=dump).to_json())
    del written["origin"]["parents_known"]
    read = Manifest.from_json(json.dumps(written).encode(), "here")
    assert read.origin.parents_known is is_known


# Who asked to be left out

HIDDEN: Sequence[tuple[str, int, int]] = [
    ("shy", 2, 3),  # a leaf and one in between, with the grandchild that comes through it alone
    ("nobody", 5, 0),
    ("other", 5, 0),
]
SHY_ROWS = [
    row(ROOT),
    row("kid/a", [ROOT]),
    row("kid/b", [ROOT]),
    row("shy/leaf", [ROOT]),
    row("shy/between", [ROOT]),
    row("grand/child", ["shy/between"]),
    row("other/model"),
]


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("shy")
    published(SHY_ROWS, folder)
    return str(folder)


@pytest.mark.parametrize(("names", "total", "opted_out"), HIDDEN)
def test_an_answer_says_by_how_many_it_is_smaller_since_models_opted_out(
    location: str, names: str, total: int, opted_out: int
) -> None:
    snapshot = ParquetStore(location, OptOuts.parse(names)).snapshot()
    for definition in (Definition(), Definition(min_strength="confirmed")):  # type: ignore[arg-type]
        count = count_base(snapshot, ROOT, definition)
        assert (count.total, count.opted_out) == (total, opted_out)
        (ranked,) = (each for each in count_top(snapshot, 9, definition) if each.id == ROOT)
        assert ranked.opted_out == opted_out
    assert compare_base(snapshot, ROOT, ()).opted_out == opted_out
    assert all("shy" not in note for note in count.notes)


def test_the_undated_of_a_range_may_be_left_out_too(tmp_path: Path) -> None:
    published([*ROWS, row("shy/undated", [ROOT], createdAt=UNDATED)], tmp_path)
    snapshot = ParquetStore(str(tmp_path), OptOuts.parse("shy")).snapshot()
    count = count_base(snapshot, ROOT, Definition(as_of=BEFORE))
    assert (count.total, count.at_most, count.opted_out) == (*RANGE, 1)


def test_a_trace_says_how_many_of_its_ancestors_opted_out(location: str) -> None:
    seen = ParquetStore(location, OptOuts.parse("shy")).snapshot()
    answer = trace(seen, "grand/child", KIN, (KIN,))
    assert (answer.opted_out, answer.paths) == (2, ())
    whole = ParquetStore(location, NO_OPT_OUTS).snapshot()
    assert trace(whole, "grand/child", KIN, (KIN,)).opted_out == 0


def test_whom_a_crawl_left_out_is_in_the_number_of_every_answer(tmp_path: Path) -> None:
    snapshot = published(SHY_ROWS, tmp_path, opt_outs=OptOuts.parse("shy"))
    count = count_base(snapshot, ROOT)
    assert (count.total, count.opted_out) == (2, 2)
    assert count.notes == ("2 are left out: they, or what they come from, asked for it",)
