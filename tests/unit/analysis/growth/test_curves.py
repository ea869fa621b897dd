"""The curve of a family or base: one point a snapshot, stored or counted now, never mixed."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.analysis.growth.curves import curve_of_base, curve_of_family
from lineage.analysis.growth.results import Curve, Point
from lineage.analysis.growth.stored import registry_digest_for_trends
from lineage.build.checks import Limits
from lineage.build.pipeline import build_snapshot
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.families import Family
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import NoSuchSnapshot, UnknownModel
from lineage.store.manifest import SnapshotKind
from lineage.store.store import ParquetStore
from tests.builders import Row, key_of, origin, pages, publication, row
from tests.fakes.fake_clock import NOON
from tests.questions import count_base, count_family
from tests.unit.analysis.worlds import a_family, a_world, families, said

ROOT = "kin/root"
KIN = a_family({"Kin 1": [ROOT], "Kin 2": ["kin/second"]})
CHILD, OTHER = row("a/child", [ROOT]), row("b/other", [ROOT], "adapter")


def history(folder: Path, *days: Sequence[Row], known: Sequence[Family] = (KIN,)) -> ParquetStore:
    """A sweep a day."""
    for number, rows in enumerate(days):
        _take(folder, rows, number, known)
    return ParquetStore(str(folder), NO_OPT_OUTS)


def _take(
    folder: Path,
    rows: Sequence[Row],
    day: int,
    known: Sequence[Family] = (KIN,),
    kind: SnapshotKind = SnapshotKind.FULL,
) -> str:
    into = publication(folder, known, limits=Limits(min_kept_share=0))
    ordered = sorted(rows, key=lambda one: str(one["_id"]))
    moment = NOON + timedelta(days=day)
    return build_snapshot(pages(ordered), origin(kind, taken_at=moment), into).id


def totals(curve: Curve) -> list[int]:
    return [point.total for point in curve.whole.values]


def test_a_family_has_a_point_for_each_snapshot(tmp_path: Path) -> None:
    store = history(tmp_path, [row(ROOT), CHILD], [row(ROOT), CHILD, OTHER])
    heard: list[str] = []
    curve = curve_of_family(store, KIN, [KIN], say=heard.append)
    assert totals(curve) == [1, 2]
    assert [one.snapshot for one in curve.moments] == ["20261121T120000Z", "20261122T120000Z"]
    assert all(one.stored and one.registry == KIN.version for one in curve.moments)
    assert heard == []
    assert curve.definition.roots == KIN.root_repo_ids()


def test_a_point_tells_what_came_and_what_went(tmp_path: Path) -> None:
    grandchild = row("c/grandchild", ["b/other"])
    store = history(tmp_path, [row(ROOT), CHILD, OTHER], [row(ROOT), OTHER, grandchild])
    first, second = curve_of_family(store, KIN, [KIN]).whole.values
    assert (first.total, first.new, first.deleted) == (2, None, None)
    assert (second.total, second.new, second.deleted, second.known_deleted) == (2, 1, 1, 1)
    assert second.authors == 2


def test_who_comes_back_is_not_new(tmp_path: Path) -> None:
    whole = [row(ROOT), CHILD, OTHER]
    store = history(tmp_path, whole, whole[:2], whole)
    back = curve_of_family(store, KIN, [KIN]).whole.values[-1]
    assert (back.total, back.new, back.deleted) == (2, 0, -1)


def test_releases_come_in_their_order_and_add_up(tmp_path: Path) -> None:
    second = row("c/later", ["kin/second"])
    merge = row("d/both", [ROOT, "kin/second"], "merge")
    roots = [row(ROOT), row("kin/second")]
    store = history(tmp_path, [*roots, second], [*roots, second, merge, CHILD])
    curve = curve_of_family(store, KIN, [KIN], Grouping.RELEASE)
    assert [line.key for line in curve.parts] == ["Kin 1", "Kin 2", "mixed"]
    assert [[point.total for point in line.values] for line in curve.parts] == [
        [0, 1],
        [1, 1],
        [0, 1],
    ]
    assert curve.parts[0].values[1].new == 1


def test_months_of_creation_come_in_order_and_the_undated_last(tmp_path: Path) -> None:
    late = row("c/late", [ROOT], createdAt="2025-01-01T00:00:00.000Z")
    undated = row("c/undated", [ROOT], createdAt="2022-03-02T23:29:04.000Z")
    store = history(tmp_path, [row(ROOT), undated, late, CHILD])
    curve = curve_of_family(store, KIN, [KIN], Grouping.MONTH)
    assert [line.key for line in curve.parts] == ["2024-03", "2025-01", "unknown"]


def test_a_snapshot_that_another_registry_counted_is_counted_anew(tmp_path: Path) -> None:
    world = [row(ROOT), CHILD, row("c/silent")]
    store = history(tmp_path, world)
    today = replace(KIN, version="2026-12-01", edges=(said("c/silent", ROOT),))
    heard: list[str] = []
    curve = curve_of_family(store, today, [today], say=heard.append)
    assert totals(curve) == [2]
    (moment,) = curve.moments
    assert (moment.stored, moment.registry) == (False, "2026-12-01")
    assert "another registry" in heard[0]


def test_as_stored_takes_what_the_other_registry_counted_and_names_it(tmp_path: Path) -> None:
    store = history(tmp_path, [row(ROOT), CHILD, row("c/silent")])
    today = replace(KIN, version="2026-12-01", edges=(said("c/silent", ROOT),))
    curve = curve_of_family(store, today, [today], as_stored=True)
    assert totals(curve) == [1]
    assert (curve.moments[0].stored, curve.moments[0].registry) == (True, KIN.version)


def test_a_registry_that_only_tells_more_counts_alike(tmp_path: Path) -> None:
    store = history(tmp_path, [row(ROOT), CHILD])
    today = replace(KIN, version="2026-12-01", organization="Kin & Co")
    assert registry_digest_for_trends([today]) == registry_digest_for_trends([KIN])
    (moment,) = curve_of_family(store, today, [today]).moments
    assert (moment.stored, moment.registry) == (True, KIN.version)


def test_a_family_that_was_unknown_then_is_counted_now(tmp_path: Path) -> None:
    store = history(tmp_path, [row(ROOT), CHILD], known=[])
    curve = curve_of_family(store, KIN, [KIN])
    assert (totals(curve), curve.moments[0].stored) == ([1], False)


def test_what_lies_below_one_base_is_no_part_of_the_history(tmp_path: Path) -> None:
    store = history(tmp_path, [row(ROOT), CHILD, OTHER])
    _take(tmp_path, [row(ROOT), CHILD], 1, kind=SnapshotKind.BELOW)
    assert totals(curve_of_family(store, KIN, [KIN])) == [2]


@pytest.mark.parametrize("file", ["trends.parquet", "manifest.json"])
def test_a_damaged_day_is_left_out_and_named(tmp_path: Path, file: str) -> None:
    store = history(tmp_path, [row(ROOT), CHILD], [row(ROOT), CHILD, OTHER])
    damaged = tmp_path / "20261121T120000Z" / file
    damaged.write_bytes(damaged.read_bytes()[:40])
    heard: list[str] = []
    curve = curve_of_family(store, KIN, [KIN], say=heard.append)
    assert totals(curve) == [2]
    assert [f"20261121T120000Z/{file}" in one for one in heard] == [True]


def test_a_store_without_a_snapshot_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoSuchSnapshot, match="no snapshot"):
        curve_of_family(ParquetStore(str(tmp_path), NO_OPT_OUTS), KIN, [KIN])


def test_an_official_base_has_all_its_numbers(tmp_path: Path) -> None:
    store = history(tmp_path, [row(ROOT), CHILD, OTHER], [row(ROOT), CHILD])
    curve = curve_of_base(store, ROOT, [KIN])
    first, second = curve.whole.values
    assert (first.total, first.authors) == (2, 2)
    assert (second.total, second.new, second.deleted, second.authors) == (1, 0, 1, 1)
    assert (curve.id, curve.key, curve.definition) == (
        ROOT,
        key_of(ROOT),
        Definition(roots=(ROOT,)),
    )


def test_any_other_base_has_the_totals_that_were_stored(tmp_path: Path) -> None:
    below = row("c/grandchild", ["a/child"])
    store = history(tmp_path, [row(ROOT), CHILD], [row(ROOT), CHILD, below])
    curve = curve_of_base(store, "a/child", [KIN])
    assert totals(curve) == [0, 1]
    assert (curve.whole.values[1].authors, curve.whole.values[1].new) == (None, None)


def test_months_of_any_other_base_are_counted_now(tmp_path: Path) -> None:
    below = row("c/grandchild", ["a/child"])
    store = history(tmp_path, [row(ROOT), CHILD, below])
    heard: list[str] = []
    curve = curve_of_base(store, "a/child", [KIN], Grouping.MONTH, say=heard.append)
    assert [(line.key, line.values[0].total) for line in curve.parts] == [("2024-03", 1)]
    assert "no months of a/child" in heard[0]


@pytest.mark.parametrize("base", [ROOT, "a/child"])
def test_a_renamed_base_is_followed(tmp_path: Path, base: str) -> None:
    below = row("c/grandchild", ["a/child"])
    moved = row("kin/moved", _id=key_of(base))
    whole = [row(ROOT), CHILD, below]
    left = [one for one in whole if one["id"] != base]
    store = history(tmp_path, whole, [*left, moved])
    curve = curve_of_base(store, "kin/moved", [KIN])
    assert totals(curve)[0] == (2 if base == ROOT else 1)
    assert curve_of_base(store, base, [KIN]).whole == curve.whole


def test_a_base_that_was_not_listed_at_first_has_its_children_all_along(tmp_path: Path) -> None:
    child = row("c/child", cardData={"base_model": "x/base"})
    store = history(tmp_path, [child], [child, row("x/base")])
    assert totals(curve_of_base(store, "x/base", [KIN])) == [1, 1]


@pytest.mark.parametrize("base", ["kin/root", "new/root"])
@pytest.mark.parametrize("known", [[KIN], []])
def test_a_base_that_was_not_listed_at_first_is_followed_through_a_later_rename(
    tmp_path: Path, base: str, known: list[Family]
) -> None:
    child = {name: said for name, said in CHILD.items() if name != "baseModels"}
    renamed = row("new/root", _id=key_of(ROOT))
    days = ([child], [row(ROOT), child], [renamed, child])
    store = history(tmp_path, *days, known=known)
    assert totals(curve_of_base(store, base, known)) == [1, 1, 1]


def test_another_model_of_the_same_name_is_not_the_same_base(tmp_path: Path) -> None:
    anew = row("a/child", _id="a" * 24)
    below = row("c/grandchild", ["a/child"])
    store = history(tmp_path, [row(ROOT), CHILD, below], [row(ROOT), anew])
    assert totals(curve_of_base(store, "a/child", [KIN])) == [0, 0]


def test_a_base_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel):
        curve_of_base(history(tmp_path, [row(ROOT)]), "who/knows", [KIN])


@settings(max_examples=8)
@given(seed=st.integers(0, 10**6), made=families(30, curated=True), stored=st.booleans())
def test_every_point_is_what_count_says_of_its_snapshot(
    seed: int, made: Family, stored: bool
) -> None:
    dice, world = random.Random(seed), a_world(seed, 30)
    days = [[one for one in world if dice.random() < 0.8] for _ in range(3)]
    with TemporaryDirectory() as folder:
        store = history(Path(folder), *days, known=[made] if stored else [])
        curve = curve_of_family(store, made, [made], Grouping.RELEASE)
        for at, moment in enumerate(curve.moments):
            snapshot = store.snapshot(moment.snapshot)
            count = count_family(snapshot, made, Definition(), [made], Grouping.RELEASE)
            parts = {line.key: line.values[at] for line in curve.parts}
            assert curve.whole.values[at].total == count.total
            assert {name: one.total for name, one in parts.items() if one.total} == {
                group.value: group.total for group in count.groups
            }
            assert moment.stored is stored
        base = made.releases[0].official[0]
        _is_what_count_says(store, base, [made])


def _is_what_count_says(store: ParquetStore, base: str, known: Sequence[Family]) -> None:
    try:
        curve = curve_of_base(store, base, known)
    except UnknownModel:
        return
    for moment, point in zip(curve.moments, curve.whole.values, strict=True):
        try:
            count = count_base(store.snapshot(moment.snapshot), base, Definition(), known)
        except UnknownModel:
            assert point == Point(0, {}, 0, 0, point.deleted, point.new)
            continue
        assert (point.total, point.by_relation) == (count.total, count.by_relation)


def test_a_curve_by_month_says_which_were_over_at_each_snapshot(tmp_path: Path) -> None:
    born = ["2026-10-31", "2026-11-01", "2026-11-20"]
    rows = [
        row(f"kid/{at}", [ROOT], createdAt=f"{day}T01:00:00.000Z") for at, day in enumerate(born)
    ]
    store = history(tmp_path, *[[row(ROOT), *rows]] * 11)
    curve = curve_of_base(store, ROOT, [KIN], Grouping.MONTH)
    over = {line.key: [point.complete for point in line.values] for line in curve.parts}
    assert over == {"2026-10": [True] * 11, "2026-11": [False] * 10 + [True]}
