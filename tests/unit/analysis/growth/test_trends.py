"""How a subject grew: what is placed in a month, what never is, and what each day can tell."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.analysis.growth import periods
from lineage.analysis.growth.published import mark_first_variant_of_each_author
from lineage.analysis.growth.results import DayBasis, TrendFindings
from lineage.analysis.growth.trends import TrendQuestion
from lineage.analysis.growth.trends import find_trends as ask
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import find_subject
from lineage.build.checks import Limits
from lineage.build.pipeline import build_snapshot
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import SettingsError
from lineage.families.registry import all_families, family
from lineage.store.manifest import SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore
from tests.builders import Row, origin, pages, publication, published, row
from tests.fakes.fake_clock import NOON
from tests.questions import count_family, find_trends

LLAMA_2, LLAMA_3 = "meta-llama/Llama-2-7b-hf", "meta-llama/Meta-Llama-3-8B"
MISTRAL = "mistralai/Mistral-7B-v0.1"
UNKNOWN_DATE = "2022-03-02T23:29:04.000Z"
ROOTS = [row(LLAMA_2), row(LLAMA_3), row(MISTRAL)]


def child(id: str, parent: str = LLAMA_2, on: str = "2023-08-01", **fields: object) -> Row:
    when = UNKNOWN_DATE if on == "" else f"{on}T12:00:00.000Z"
    return row(id, [parent], **{"createdAt": when, **fields})  # type: ignore[arg-type]


def trends(rows: list[Row], folder: Path, definition: Definition | None = None) -> TrendFindings:
    snapshot = published([*ROOTS, *rows], folder, families=all_families())
    return find_trends(snapshot, family("llama"), definition or Definition(), all_families())


def take(rows: Sequence[Row], folder: Path, hours: int, kind: SnapshotKind | None = None) -> None:
    """Publish rows, so many hours after noon."""
    into = publication(folder, all_families(), limits=Limits(min_kept_share=0))
    ordered = sorted([*ROOTS, *rows], key=lambda it: str(it["_id"]))
    taken_at = NOON + timedelta(hours=hours)
    build_snapshot(pages(ordered), origin(kind or SnapshotKind.FULL, taken_at=taken_at), into)


def history(folder: Path, *days: Sequence[Row]) -> None:
    """Publish rows on one day after the other."""
    for at, rows in enumerate(days):
        take(rows, folder, 24 * at)


def ask_about(
    subject: str, folder: Path, question: TrendQuestion | None = None, **filters: Any
) -> TrendFindings:
    store = ParquetStore(str(folder), NO_OPT_OUTS)
    definition = Definition(**filters)
    scope = Scope(store.snapshot(), all_families(), definition)
    return ask(store, scope, find_subject(scope, subject), question or TrendQuestion())


# By dates of creation


def test_the_undated_are_in_no_month_and_months_have_no_gaps(tmp_path: Path) -> None:
    rows = [child("a/one"), child("a/two", on="2023-10-30"), child("a/undated", on="")]
    found = trends(rows, tmp_path)
    line = found.growth.line("Llama 2")
    assert found.growth.months == ["2023-08", "2023-09", "2023-10"]
    assert (line.values, line.undated, found.undated, found.models) == ([1, 1, 2], 1, 1, 3)


def test_where_nothing_is_dated_there_is_no_month(tmp_path: Path) -> None:
    found = trends([child("a/one", on="")], tmp_path)
    assert (found.growth.months, found.models, found.authors) == ([], 1, 1)


def test_four_ways_of_counting_the_same_models(tmp_path: Path) -> None:
    burst = [child(f"a/{at}", on=f"2023-08-{1 + at % 5:02}", downloads=at) for at in range(20)]
    rows = [*burst, child("a/later", on="2023-10-01"), child("b/one")]
    found = trends(rows, tmp_path)
    told = {line.key: list(line.values) for line in found.variants.lines}
    assert told == {
        "all": [21, 21, 22],
        "authors": [2, 2, 2],
        "no_bursts": [1, 1, 2],
        "downloads": [10, 10, 10],
    }
    assert found.authors == 2
    nineteen = trends([child(f"a/{at}") for at in range(19)], tmp_path / "fewer")
    assert nineteen.variants.line("no_bursts").values == [19]


def test_a_model_of_two_families_is_in_neither_share(tmp_path: Path) -> None:
    merge = row("a/both", [LLAMA_2, MISTRAL], "merge", createdAt="2023-10-01T00:00:00.000Z")
    found = trends([merge, child("a/one"), child("b/one", MISTRAL)], tmp_path)
    told = {line.key: sum(line.values) for line in found.shares.lines}
    assert told == {"llama": 1, "mistral": 1, "mixed": 1}


def test_months_that_are_not_over_are_counted_as_such(tmp_path: Path) -> None:
    rows = [child("a/one", on="2026-10-31"), child("a/two", on="2026-11-21")]
    snapshot = published([*ROOTS, *rows], tmp_path, families=all_families())
    for day, months, incomplete in (
        (None, ["2026-10", "2026-11"], 1),
        (date(2026, 10, 31), ["2026-10"], 0),
        (date.max, ["2026-10", "2026-11"], 1),
    ):
        found = find_trends(snapshot, family("llama"), Definition(as_of=day), all_families())
        assert (found.growth.months, found.growth.incomplete) == (months, incomplete)
        assert found.shares.incomplete == incomplete


def test_releases_are_compared_where_nearly_all_of_both_is_dated(tmp_path: Path) -> None:
    old = [child(f"a/{at}", on="2023-07-25") for at in range(60)]
    new = [child(f"b/{at}", LLAMA_3, on="2024-04-25") for at in range(60)]
    since = trends([*old, *new], tmp_path).since_release
    ends = {line.key: (line.values[0], line.values[1]) for line in since.lines}
    assert ends == {"Llama 2": (0, 60), "Llama 3": (0, 60)}
    assert since.days[:3] == [0, 7, 14]
    undated = [child(f"c/{at}", LLAMA_3, on="") for at in range(10)]
    found = trends([*old, *new, *undated], tmp_path / "undated").since_release
    assert (found.lines, found.excluded) == ((), ["Llama 3"])


def test_a_release_of_times_without_dates_is_not_compared(tmp_path: Path) -> None:
    rows = [child(f"a/{at}", on="2026-06-01") for at in range(60)]
    rows += [child(f"b/{at}", LLAMA_3, on="2026-06-01") for at in range(60)]
    undated = [
        row(f"c/{at}", [LLAMA_2, LLAMA_3], "merge", createdAt=UNKNOWN_DATE) for at in range(99)
    ]
    assert len(trends(rows, tmp_path).since_release.lines) == 2
    assert trends([*rows, *undated], tmp_path / "few").since_release.lines == ()


def test_relations_add_up_to_the_count_by_release(corpus_snapshot: Snapshot) -> None:
    found = find_trends(corpus_snapshot, family("llama"), Definition(), all_families())
    counted = count_family(
        corpus_snapshot, family("llama"), by=Grouping.RELEASE, families=all_families()
    )
    assert {mix.key: mix.models for mix in found.mixes} == {
        group.value: group.total for group in counted.groups
    }
    assert sum(found.growth.sums()[-1:]) + found.undated == found.models == counted.total
    by_family = {line.key: sum(line.values) for line in found.shares.lines}
    assert by_family["llama"] + by_family.get("mixed", 0) >= found.growth.sums()[-1]


def test_of_a_day_it_is_what_count_counts(corpus_snapshot: Snapshot) -> None:
    for day in (date(2024, 12, 31), date(2025, 4, 30), date(2026, 11, 21)):
        of_day = Definition(as_of=day)
        found = find_trends(corpus_snapshot, family("llama"), of_day, all_families())
        counted = count_family(corpus_snapshot, family("llama"), of_day, all_families())
        assert found.models == counted.total
        assert sum(mix.models for mix in found.mixes) == counted.total


# Over the history


def test_a_family_is_counted_at_each_snapshot_with_all_others_beside_it(tmp_path: Path) -> None:
    first = [child("a/one"), child("b/one", MISTRAL)]
    history(tmp_path, first, [*first, child("a/two", LLAMA_3), child("a/three")])
    found = ask_about("llama", tmp_path).history
    assert found.whole == [1, 3]
    parts = {line.key: line.values for line in found.parts}
    assert parts == {"Llama 2": [1, 2], "Llama 3": [0, 1]}
    assert {line.key: line.values for line in found.families} == {
        "llama": [1, 3],
        "mistral": [1, 1],
    }


@pytest.mark.parametrize("subject", ["llama-2", LLAMA_2])
def test_a_release_and_a_model_are_divided_by_relation(tmp_path: Path, subject: str) -> None:
    adapter = row("a/adapter", [LLAMA_2], "adapter")
    history(tmp_path, [child("a/one")], [child("a/one"), adapter, child("b/one", LLAMA_3)])
    found = ask_about(subject, tmp_path)
    assert found.history.whole == [1, 2]
    parts = {line.key: line.values for line in found.history.parts}
    assert parts == {"adapter": [0, 1], "finetune": [1, 1]}
    assert (found.shares.lines, found.since_release.lines, len(found.mixes)) == ((), (), 1)
    assert found.models == 2


def test_history_ends_with_the_day_asked_and_begins_with_since(tmp_path: Path) -> None:
    rows = [child(f"a/{at}") for at in range(3)]
    history(tmp_path, rows[:1], rows[:2], rows)
    day = NOON.date()
    assert ask_about("llama", tmp_path, as_of=day + timedelta(days=1)).history.whole == [1, 2]
    since = TrendQuestion(since=day + timedelta(days=1))
    found = ask_about("llama", tmp_path, since)
    assert (found.history.whole, found.first_snapshot) == ([2, 3], day)
    assert (found.growth.months, [it.day for it in found.days]) == (
        [],
        [day + timedelta(days=1), day + timedelta(days=2)],
    )
    with pytest.raises(SettingsError, match="is after the data, which end on 2026-11-23"):
        ask_about("llama", tmp_path, TrendQuestion(since=day + timedelta(days=3)))


def test_a_definition_that_was_not_stored_has_no_history(tmp_path: Path) -> None:
    history(tmp_path, [child("a/one")], [child("a/one")])
    filters: list[dict[str, Any]] = [
        {"min_downloads": 1},
        {"deleted": True},
        {"closure": "direct"},
        {"relations": "finetune"},
        {"min_strength": "confirmed"},
    ]
    for asked in filters:
        found = ask_about("llama", tmp_path, **asked)
        assert (found.is_stored, found.history.moments) == (False, ())
    assert ask_about("llama", tmp_path, mirrors=True).is_stored
    assert not ask_about(LLAMA_2, tmp_path, mirrors=True).is_stored


def test_a_dump_beside_crawls_and_an_earlier_one_of_the_day_are_no_growth(tmp_path: Path) -> None:
    rows = [child("a/one"), child("a/two")]
    take(rows, tmp_path, 0, SnapshotKind.DUMP)
    for hours, listed in ((24, rows[:1]), (25, rows), (48, rows)):
        take(listed, tmp_path, hours)
    found = ask_about("llama", tmp_path).history
    assert [it.taken_at.date().day for it in found.moments] == [22, 23]
    assert found.whole == [2, 2]


# On a day


def test_a_day_is_answered_as_counted_then_or_by_creation(tmp_path: Path) -> None:
    rows = [child("a/one", on="2023-08-01"), child("a/two", on="2024-02-01"), child("a/x", on="")]
    history(tmp_path, rows, [*rows, child("a/new", on="2026-11-22")])
    first = NOON.date()
    days = (date(2023, 12, 31), date(2023, 7, 18), first, first + timedelta(days=9))
    before, then, beyond = ask_about("llama", tmp_path, TrendQuestion(days=days)).days[1:]
    assert (before.models, before.at_most, before.basis) == (1, 2, DayBasis.CREATION)
    assert (then.models, then.basis, then.taken_on) == (3, DayBasis.SNAPSHOT, first)
    assert (beyond.models, beyond.taken_on) == (4, first + timedelta(days=1))
    released = ask_about("llama", tmp_path, TrendQuestion(days=days)).days[0]
    assert (released.events, released.models) == (["Llama 2"], 0)


def test_days_that_are_chosen_can_be_answered(tmp_path: Path) -> None:
    found = trends([child("a/one"), child("a/two", on="2024-02-01")], tmp_path)
    assert [(it.day.isoformat(), it.models) for it in found.days] == [
        ("2023-12-31", 1),
        ("2024-12-31", 2),
        ("2025-12-31", 2),
        ("2026-11-21", 2),
    ]
    undated = [child(f"b/{at}", on="") for at in range(5)]
    few = trends([child("a/one"), *undated], tmp_path / "few")
    assert [it.day for it in few.days] == [NOON.date()]


def test_a_day_ends_at_midnight_utc(tmp_path: Path) -> None:
    rows = [
        child("a/in", createdAt="2023-12-31T23:59:59.000Z"),
        child("a/out", createdAt="2024-01-01T00:00:00.000Z"),
    ]
    assert trends(rows, tmp_path).days[0].models == 1


# Kernels


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 9))))
def test_each_author_has_one_first_upload(pairs: list[tuple[int, int]]) -> None:
    codes = np.array([code for code, _ in pairs], np.int32)
    moments = np.array([periods.UNDATED if day < 0 else day for _, day in pairs], np.int64)
    first = mark_first_variant_of_each_author(codes, moments)
    assert sorted(codes[first].tolist()) == sorted({code for code, _ in pairs if code >= 0})
    for code in {code for code, _ in pairs if code >= 0}:
        dated = [day for it, day in pairs if it == code and day >= 0]
        (chosen,) = moments[first & (codes == code)]
        assert chosen == (min(dated) if dated else periods.UNDATED)
