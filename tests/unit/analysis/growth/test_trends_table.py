"""What is stored at publication is what `count` answers: any families, any graph, the corpus."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.analysis.results import Count, Group
from lineage.build.checks import Limits
from lineage.build.pipeline import build_snapshot
from lineage.domain.claims import Relation
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.families import Family
from lineage.families.registry import all_families, family
from lineage.store.reader import Snapshot
from tests.builders import Row, origin, pages, publication, row, rows_of
from tests.fakes.fake_clock import NOON
from tests.questions import count_base, count_family
from tests.unit.analysis.worlds import a_family, a_world, families

PLAIN = Definition()
WITH_THE_DEAD = Definition(deleted=True)
KIN = a_family({"Kin 1": ["kin/root"]})


def stored(snapshot: Snapshot, of: str, name: str) -> dict[str | None, Row]:
    """The rows of one subject by month."""
    rows = rows_of(snapshot, "trends.parquet")
    return {row["month"]: row for row in rows if (row["of"], row["name"]) == (of, name)}  # type: ignore[misc]


def numbers(one: Count | Group) -> tuple[int, dict[Relation, int]]:
    return one.total, dict(one.by_relation)


def told(row: Row) -> tuple[int, dict[Relation, int]]:
    """The same numbers, as they were stored."""
    by_relation = {word: int(str(row[word])) for word in Relation if row[word]}
    return int(str(row["total"])), by_relation


def published_in_turn(
    days: Sequence[Sequence[Row]], folder: Path, known: Sequence[Family]
) -> Snapshot:
    """Publish one sweep after the other: who is missing in a later one is gone."""
    into = publication(folder, known, limits=Limits(min_kept_share=0))
    for number, rows in enumerate(days):
        ordered = sorted(rows, key=lambda one: str(one["_id"]))
        moment = origin(taken_at=NOON + number * timedelta(days=1))
        manifest = build_snapshot(pages(ordered), moment, into)
    return into.store.snapshot(manifest.id)


def by_value(count: Count) -> Mapping[str, Group]:
    return {group.value: group for group in count.groups}


def is_what_count_says(snapshot: Snapshot, one: Family, known: Sequence[Family]) -> None:
    """Compare all rows of a family with `count llama`, the dead with `--deleted`."""
    for by, of, name in (
        (Grouping.RELEASE, "release", None),
        (Grouping.MONTH, "family", one.id),
    ):
        count = count_family(snapshot, one, PLAIN, known, by)
        all_of_them = count_family(snapshot, one, WITH_THE_DEAD, known, by)
        rows = _parts(snapshot, one, of, name)
        groups, ever = by_value(count), by_value(all_of_them)
        assert rows.keys() == ever.keys()
        for value, it in rows.items():
            assert told(it) == (numbers(groups[value]) if value in groups else (0, {}))
            assert int(str(it["gone"])) + int(str(it["total"])) == ever[value].total
        whole = stored(snapshot, "family", one.id)["all"]
        assert told(whole) == numbers(count)
        assert whole["gone"] == all_of_them.total - count.total
    authors = count_family(snapshot, one, PLAIN, known, Grouping.AUTHOR)
    assert whole["authors"] == len([it for it in authors.groups if it.value != "unknown"])


def _parts(snapshot: Snapshot, one: Family, of: str, name: str | None) -> dict[str, Row]:
    """The stored parts of a family under the words that `count` has for them."""
    rows = [it for it in rows_of(snapshot, "trends.parquet") if it["family"] == one.id]
    if of == "release":
        return {str(it["name"]): it for it in rows if it["of"] == of and it["month"] == "all"}
    own = [it for it in rows if it["of"] == of and it["name"] == name and it["month"] != "all"]
    return {str(it["month"] or "unknown"): it for it in own}


def bases_are_what_count_says(snapshot: Snapshot, known: Sequence[Family]) -> Iterable[str]:
    """Compare each stored base with `count BASE`; return their names."""
    rows = [it for it in rows_of(snapshot, "trends.parquet") if it["of"] == "base"]
    names = sorted({str(it["name"]) for it in rows})
    for name in names:
        count = count_base(snapshot, name, PLAIN, known, Grouping.MONTH)
        ever = count_base(snapshot, name, WITH_THE_DEAD, known, Grouping.MONTH)
        own = stored(snapshot, "base", name)
        assert (own["all"]["key"], told(own.pop("all"))) == (count.key, numbers(count))
        groups = by_value(count)
        assert {it or "unknown" for it in own} == by_value(ever).keys()
        for month, it in own.items():
            value = month or "unknown"
            assert told(it) == (numbers(groups[value]) if value in groups else (0, {}))
            assert int(str(it["gone"])) + int(str(it["total"])) == by_value(ever)[value].total
    return names


@settings(max_examples=10)
@given(
    seed=st.integers(0, 10**6),
    made=families(40, curated=True),
    other=families(40),
    kept=st.sets(st.integers(0, 39), min_size=20),
)
def test_any_families_are_stored_as_they_are_counted(
    seed: int, made: Family, other: Family, kept: set[int]
) -> None:
    both = [made, replace(other, id="other")]
    world = a_world(seed, 40)
    left = [one for at, one in enumerate(world) if at in kept]
    with TemporaryDirectory() as folder:
        snapshot = published_in_turn([world, left], Path(folder), both)
        for one in both:
            is_what_count_says(snapshot, one, both)
        bases_are_what_count_says(snapshot, both)


@pytest.mark.parametrize("name", ["llama", "qwen", "mistral"])
def test_a_family_of_the_corpus_is_stored_as_it_is_counted(
    corpus_snapshot: Snapshot, name: str
) -> None:
    is_what_count_says(corpus_snapshot, family(name), all_families())


def test_the_numbers_of_a_release_are_those_of_its_months(corpus_snapshot: Snapshot) -> None:
    rows = stored(corpus_snapshot, "release", "Llama 3.1")
    whole = rows.pop("all")
    assert sum(int(str(one["total"])) for one in rows.values()) == whole["total"]
    # Who is active in several months is an author in each of them, and one in the whole.
    assert sum(int(str(one["authors"])) for one in rows.values()) > int(str(whole["authors"]))


def test_a_base_is_stored_by_its_default_definition(tmp_path: Path) -> None:
    rows = [row("kin/root"), row("a/child", ["kin/root"]), row("b/grandchild", ["a/child"])]
    snapshot = published_in_turn([rows], tmp_path, [KIN])
    assert list(bases_are_what_count_says(snapshot, [KIN])) == ["kin/root"]
    assert stored(snapshot, "base", "kin/root")["all"]["total"] == 2


def test_who_cannot_be_dated_stands_in_a_month_that_is_null(tmp_path: Path) -> None:
    undated = row("a/child", ["kin/root"], createdAt="2022-03-02T23:29:04.000Z")
    snapshot = published_in_turn([[row("kin/root"), undated]], tmp_path, [KIN])
    assert stored(snapshot, "family", "kin").keys() == {"all", None}


def test_the_dead_stand_in_the_month_of_their_creation(tmp_path: Path) -> None:
    world = [row("kin/root"), row("a/child", ["kin/root"]), row("a/other", ["kin/root"])]
    snapshot = published_in_turn([world, world[:2]], tmp_path, [KIN])
    month = stored(snapshot, "family", "kin")["2024-03"]
    assert (month["total"], month["gone"], month["authors"]) == (1, 1, 1)


def test_a_family_without_any_model_has_a_row_of_zeros(tmp_path: Path) -> None:
    rows = stored(published_in_turn([[row("a/alone")]], tmp_path, [KIN]), "family", "kin")
    assert rows.keys() == {"all"}
    assert (rows["all"]["total"], rows["all"]["gone"], rows["all"]["authors"]) == (0, 0, 0)
    assert rows["all"]["registry"] == KIN.version
