"""A Hub that moves: who is listed in which week, and what its rows say then."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.demo.catalog import Catalog, Fact, Row, box_rows_of_facts, read_corpus_facts
from lineage.demo.replay import FIRST, WEEKS, DemoHistory, UndatedModels
from tests.unit.demo.facts import a_fact

NAMES = [f"owner/model-{number}" for number in range(6)]
DATES = st.none() | st.sampled_from([*WEEKS[:6], WEEKS[2] + timedelta(days=3)])


@st.composite
def some_facts(draw: st.DrawFn) -> list[Fact]:
    names = st.lists(st.sampled_from([*NAMES, "owner/nowhere"]), max_size=3, unique=True)
    return [
        a_fact(id, *draw(names), created_at=draw(DATES), deleted_at=draw(DATES)) for id in NAMES
    ]


def by_id(catalog: Catalog) -> dict[str, Row]:
    return {row["id"]: row for row in catalog.box_rows()}


def test_the_weeks_are_seventeen_wednesdays_up_to_the_second_of_july() -> None:
    assert {week.isoweekday() for week in WEEKS} == {3}
    assert (len(WEEKS), WEEKS[-1].date().isoformat()) == (17, "2025-07-02")


@given(facts=some_facts(), moments=st.lists(st.sampled_from(WEEKS[:7]), min_size=1, max_size=5))
def test_the_way_to_a_week_makes_no_difference(facts: list[Fact], moments: list[datetime]) -> None:
    moved = DemoHistory(facts)
    catalogs = [moved.box_catalog_at(moment) for moment in moments]
    assert by_id(catalogs[-1]) == by_id(DemoHistory(facts).box_catalog_at(moments[-1]))


def test_a_model_is_listed_from_its_first_list_up_to_the_one_that_lacks_it() -> None:
    history = DemoHistory([a_fact("a/b", created_at=WEEKS[2], deleted_at=WEEKS[4])])
    assert [len(history.box_catalog_at(week)) for week in WEEKS[:6]] == [0, 0, 1, 1, 0, 0]


def test_the_undated_are_listed_from_the_first_week_on() -> None:
    history = DemoHistory([a_fact("a/old"), a_fact("a/gone", deleted_at=WEEKS[1])])
    assert [sorted(by_id(history.box_catalog_at(week))) for week in WEEKS[:2]] == [
        ["a/gone", "a/old"],
        ["a/old"],
    ]


def test_a_parent_is_resolved_only_while_it_is_listed() -> None:
    parent = a_fact("a/parent", created_at=WEEKS[1], deleted_at=WEEKS[3])
    history = DemoHistory([a_fact("a/child", "a/parent"), parent])
    said = ["baseModels" in by_id(history.box_catalog_at(week))["a/child"] for week in WEEKS[:4]]
    assert said == [False, True, True, False]
    assert "base_model:a/parent" in by_id(history.box_catalog_at(WEEKS[3]))["a/child"]["tags"]


def test_whom_the_weeks_cannot_place_is_counted() -> None:
    facts = [
        a_fact("a/undated"),
        a_fact("a/later", created_at=WEEKS[-1] + timedelta(days=1)),
        a_fact("a/backwards", created_at=WEEKS[5], deleted_at=WEEKS[4]),
        a_fact("a/at-once", created_at=WEEKS[5], deleted_at=WEEKS[5]),
        a_fact("a/dated", created_at=FIRST),
    ]
    history = DemoHistory(facts)
    assert history.count_undated() == UndatedModels(undated=1, later=1, backwards=2)
    seen = {id for week in WEEKS for id in by_id(history.box_catalog_at(week))}
    assert seen == {"a/undated", "a/dated"}


@pytest.fixture(scope="module")
def facts() -> list[Fact]:
    return read_corpus_facts()


def test_in_a_week_the_corpus_is_what_it_is_at_that_moment(facts: list[Fact]) -> None:
    some = facts[::6]
    corpus = DemoHistory(some)
    corpus.box_catalog_at(FIRST)
    moved = by_id(corpus.box_catalog_at(WEEKS[5]))
    assert moved == {row["id"]: row for row in box_rows_of_facts(some, WEEKS[5])}
    assert max(str(row["lastModified"]) for row in moved.values()) == "2025-04-16T00:00:00.000Z"


def test_the_corpus_s_doubts_are_few_but_for_the_undated(facts: list[Fact]) -> None:
    assert DemoHistory(facts).count_undated() == UndatedModels(
        undated=17_847, later=1_571, backwards=35
    )
