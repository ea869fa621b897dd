"""The parts of a count: by release, month, author and the like; they add up to the whole."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.analysis.results import Count
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.families import Family
from lineage.store.reader import Snapshot
from tests.builders import Row, published, row
from tests.questions import count_base, count_family
from tests.unit.analysis.conftest import World
from tests.unit.analysis.plain import Plain, told
from tests.unit.analysis.worlds import DEFINITIONS, LISTED, OLD, a_family, families

DEFAULT = Definition()
COLUMNS = {
    Grouping.AUTHOR: "author",
    Grouping.LICENSE: "license",
    Grouping.LIBRARY: "library",
    Grouping.MONTH: "created_at",
    Grouping.RELATION: None,
}


def adds_up(count: Count) -> bool:
    by_relation: Counter[str] = Counter()
    for group in count.groups:
        assert sum(group.by_relation.values()) == group.total > 0
        by_relation.update(group.by_relation)
    parts = sum(group.direct for group in count.groups), sum(one.total for one in count.groups)
    return (*parts, dict(by_relation)) == told(count)


def values(plain: Plain, keys: set[str], by: Grouping) -> dict[str, str]:
    """Each model's group, from the tables."""
    if by is Grouping.RELATION:
        return {str(one["child_key"]): str(one["relation"]) for one in plain.edges}
    found = {key: str(plain.models[key][str(COLUMNS[by])] or "unknown") for key in keys}
    if by is Grouping.MONTH:
        return {key: said if said == "unknown" else said[:7] for key, said in found.items()}
    return found


@given(st.data())
@settings(max_examples=20, database=None)
def test_the_releases_of_any_family_are_those_of_a_walk_up_from_each_model(
    world: World, data: st.DataObject
) -> None:
    snapshot, plain = world
    rule, family = data.draw(DEFINITIONS), data.draw(families(curated=True))
    count = count_family(snapshot, family, rule, [family], Grouping.RELEASE)
    plain = plain.over([family], replace(rule, curated=True))
    direct, below = plain.below(plain.keys_of(family.root_repo_ids()), rule)
    met = {key: plain.release_of(key, [family], rule) for key in below}
    assert {group.value: group.total for group in count.groups} == Counter(met.values())
    assert {group.value: group.direct for group in count.groups if group.direct} == Counter(
        met[key] for key in direct
    )
    assert adds_up(count)
    assert "unknown" not in met.values()


@given(st.data())
@settings(max_examples=20, database=None)
def test_the_groups_of_any_base_are_those_of_the_tables(world: World, data: st.DataObject) -> None:
    snapshot, plain = world
    rule, name = data.draw(DEFINITIONS), data.draw(st.sampled_from(LISTED))
    by = data.draw(st.sampled_from(list(COLUMNS)))
    direct, below = plain.below(plain.keys_of([name]), rule)
    count = count_base(snapshot, name, rule, (), by)
    value = values(plain, below, by)
    for group in count.groups:
        of_it = {key for key in below if value[key] == group.value}
        assert told(group) == plain.numbers(direct & of_it, of_it, rule)
    assert adds_up(count)
    assert count.grouping is by


@given(st.data())
@settings(max_examples=20, database=None)
def test_a_named_base_is_divided_by_releases_that_lie_below_it_too(
    world: World, data: st.DataObject
) -> None:
    """A model that is itself a root has its own release."""
    snapshot, plain = world
    family, name = data.draw(families()), data.draw(st.sampled_from(LISTED[:20]))
    count = count_base(snapshot, name, DEFAULT, [family], Grouping.RELEASE)
    _, below = plain.below(plain.keys_of([name]), DEFAULT)
    met = Counter(plain.release_of(key, [family], DEFAULT) for key in below)
    assert {group.value: group.total for group in count.groups} == met
    assert adds_up(count)


# Releases, one by one


def by_release(rows: Sequence[Row], folder: Path, family: Family) -> dict[str, tuple[int, int]]:
    count = count_family(published(rows, folder), family, DEFAULT, [family], Grouping.RELEASE)
    assert adds_up(count)
    return {group.value: (group.direct, group.total) for group in count.groups}


@pytest.fixture
def kin() -> Family:
    return a_family(
        {"Kin 1": ["meta/1"], "Kin 2": ["meta/2"], "Kin 3": ["meta/3"]}, {"copy/1": "meta/1"}
    )


def test_a_root_declared_below_another_release_keeps_its_own_children(
    tmp_path: Path, kin: Family
) -> None:
    rows = [row("meta/1"), row("meta/2", ["meta/1"]), row("a/1", ["meta/2"]), row("a/2", ["a/1"])]
    assert by_release(rows, tmp_path, kin) == {"Kin 2": (1, 2)}


def test_a_mirror_is_a_root_of_its_release(tmp_path: Path, kin: Family) -> None:
    rows = [row("meta/2"), row("copy/1", ["meta/2"]), row("a/1", ["copy/1"])]
    assert by_release(rows, tmp_path, kin) == {"Kin 1": (1, 1)}


def test_a_model_of_several_releases_is_mixed_and_counted_in_one_row(
    tmp_path: Path, kin: Family
) -> None:
    rows = [
        *(row("meta/1"), row("meta/2", ["meta/1"]), row("meta/3")),
        *(row("a/1", ["meta/1"]), row("a/3", ["meta/3"])),
        row("a/both", ["a/1", "a/3"], "merge"),
        row("a/below-both", ["a/both"]),
        row("a/two-ways-to-one", ["a/1", "meta/1"], "merge"),
    ]
    found = by_release(rows, tmp_path, kin)
    assert found == {"Kin 1": (2, 2), "Kin 3": (1, 1), "mixed": (0, 2)}


def test_two_roots_of_one_release_are_not_mixed(tmp_path: Path, kin: Family) -> None:
    rows = [row("meta/1"), row("copy/1"), row("a/1", ["meta/1", "copy/1"], "merge")]
    assert by_release(rows, tmp_path, kin) == {"Kin 1": (1, 1)}


def test_releases_come_in_the_familys_order_and_mixed_after_them(
    tmp_path: Path, kin: Family
) -> None:
    rows = [
        *(row("a/3", ["meta/3"]), row("b/3", ["meta/3"]), row("a/1", ["meta/1"])),
        row("a/both", ["a/1", "a/3"], "merge"),
    ]
    assert list(by_release(rows, tmp_path, kin)) == ["Kin 1", "Kin 3", "mixed"]


def test_a_way_through_a_removed_edge_leads_to_no_release(tmp_path: Path, kin: Family) -> None:
    rows = [
        row("a/3", ["meta/3"], tags=[], baseModels=None),
        row("a/both", ["meta/1", "a/3"], "finetune"),
    ]
    snapshot = published(rows, tmp_path)
    hub_alone = Definition(relations=DEFAULT.relations[:4])
    (group,) = count_family(snapshot, kin, hub_alone, [kin], Grouping.RELEASE).groups
    assert (group.value, group.total) == ("Kin 1", 1)


# Months, authors, licenses, libraries


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    tagged = ["license:mit"]
    rows = [
        row("b/1", ["o/base"], createdAt="2024-02-29T23:59:59.999Z", library_name="peft"),
        row("b/2", ["o/base"], createdAt="2023-12-01T00:00:00.000Z", library_name="peft"),
        row("a/3", ["b/1"], createdAt=OLD, cardData={"base_model": "b/1", "license": "llama2"}),
        row("bare", ["b/1"], author=None, createdAt="2024-02-01T00:00:00.000Z", tags=tagged),
    ]
    return published(rows, tmp_path_factory.mktemp("several"))


def groups(snapshot: Snapshot, by: Grouping) -> list[tuple[str, int, int]]:
    count = count_base(snapshot, "o/base", DEFAULT, (), by)
    assert adds_up(count)
    return [(group.value, group.direct, group.total) for group in count.groups]


def test_months_come_in_times_order_and_the_undated_last(several: Snapshot) -> None:
    assert groups(several, Grouping.MONTH) == [
        ("2023-12", 1, 1),
        ("2024-02", 1, 2),
        ("unknown", 0, 1),
    ]


def test_other_groups_come_by_size_and_the_unknown_last(several: Snapshot) -> None:
    assert groups(several, Grouping.LIBRARY) == [("peft", 2, 2), ("unknown", 0, 2)]
    assert groups(several, Grouping.LICENSE) == [
        ("llama2", 0, 1),
        ("mit", 0, 1),
        ("unknown", 2, 2),
    ]
    assert groups(several, Grouping.AUTHOR) == [("b", 2, 2), ("a", 0, 1), ("unknown", 0, 1)]


def test_no_derivatives_make_no_groups(several: Snapshot) -> None:
    for by in Grouping:
        assert count_base(several, "a/3", DEFAULT, (), by).groups == ()
