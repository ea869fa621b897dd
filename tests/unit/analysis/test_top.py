"""The bases with most descendants: as many counts as there are bases, sorted."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.domain.claims import Relation
from lineage.domain.definitions import Closure, Definition
from lineage.domain.families import Family
from lineage.errors import SettingsError
from lineage.store.reader import Snapshot
from tests.builders import published, row
from tests.questions import count_base, count_top
from tests.unit.analysis.conftest import World
from tests.unit.analysis.plain import Plain, closed, told
from tests.unit.analysis.worlds import DEFINITIONS, a_family, families

DEFAULT = Definition()
RULES = DEFINITIONS.map(lambda rule: replace(rule, mirrors=False))
Ranked = list[tuple[str, int]]


def ranked_slowly(plain: Plain, rule: Definition, family: Family | None = None) -> Ranked:
    """Every base counted by itself."""
    bases = {str(one["parent_key"]): str(one["parent"]) for one in plain.edges}
    if family is not None:
        roots = plain.keys_of(family.root_repo_ids())
        among = roots | closed(roots, plain.children(rule))
        bases = {key: id for key, id in bases.items() if key in among}
    totals = {id: len(plain.below({key}, rule)[1]) for key, id in bases.items()}
    found = [(id, total) for id, total in totals.items() if total]
    return sorted(found, key=lambda one: (-one[1], one[0]))


def ranked(
    snapshot: Snapshot, top: int, rule: Definition = DEFAULT, family: Family | None = None
) -> Ranked:
    return [(count.id, count.total) for count in count_top(snapshot, top, rule, family)]


@given(RULES, st.integers(1, 120))
@settings(max_examples=20, database=None)
def test_any_ranking_is_that_of_all_bases_counted_one_by_one(
    world: World, rule: Definition, top: int
) -> None:
    snapshot, plain = world
    assert ranked(snapshot, top, rule) == ranked_slowly(plain, rule)[:top]


@given(RULES, families())
@settings(max_examples=20, database=None)
def test_any_ranking_within_a_family_is_that_of_its_roots_and_members(
    world: World, rule: Definition, family: Family
) -> None:
    snapshot, plain = world
    assert ranked(snapshot, 100, rule, family) == ranked_slowly(plain, rule, family)


def test_the_stored_ranking_is_the_computed_one(world: World) -> None:
    snapshot, plain = world
    assert ranked(snapshot, 500) == ranked_slowly(plain, DEFAULT)


@given(RULES)
@settings(max_examples=20, database=None)
def test_who_is_ranked_has_the_numbers_of_a_count_by_the_definition_that_is_told(
    world: World, rule: Definition
) -> None:
    snapshot, _ = world
    for count in count_top(snapshot, 5, rule):
        again = count_base(snapshot, count.id, count.definition, ())
        assert told(count) == told(again)
        assert (count.key, count.undated) == (again.key, again.undated)
        assert count.definition == again.definition


def test_ties_are_ranked_by_id(tmp_path: Path) -> None:
    rows = [
        row(f"{owner}/child-{number}", [f"{owner}/base"])
        for owner in ("c", "a", "B")
        for number in (1, 2)
    ]
    rows.append(row("d/child", ["d/base"]))
    snapshot = published(rows, tmp_path)
    expected = [("B/base", 2), ("a/base", 2), ("c/base", 2)]
    assert ranked(snapshot, 3) == expected
    assert ranked(snapshot, 3, Definition(closure=Closure.DIRECT)) == expected


def test_a_base_that_is_its_own_only_child_is_not_ranked(tmp_path: Path) -> None:
    snapshot = published([row("a/self", ["a/self"]), row("a/child", ["a/base"])], tmp_path)
    assert ranked(snapshot, 9) == [("a/base", 1)]


def test_mirrors_cannot_join_a_ranking(world: World) -> None:
    with pytest.raises(SettingsError):
        count_top(world[0], 3, Definition(mirrors=True))


def test_nothing_is_ranked_where_the_filters_leave_nothing(tmp_path: Path) -> None:
    snapshot = published([row("a/child", ["a/base"])], tmp_path)
    assert ranked(snapshot, 9, Definition(relations=(Relation.MERGE,))) == []


def test_a_members_children_rank_it_also_where_only_children_are_counted(tmp_path: Path) -> None:
    """A member is who lies anywhere below the roots; what is ranked is its number of children."""
    rows = [row("a/1", ["o/base"]), row("a/2", ["a/1"]), row("a/3", ["a/2"]), row("a/4", ["a/2"])]
    family = a_family({"Kin": ["o/base"]})
    rule = Definition(closure=Closure.DIRECT)
    found = ranked(published(rows, tmp_path), 9, rule, family)
    assert found == [("a/2", 2), ("a/1", 1), ("o/base", 1)]
