from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.live_catalog import LiveCatalog
from tests.unit.demo.rows import a_catalog, a_child, a_row, ids

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@given(st.sets(st.integers(0, 99)), st.integers(0, 99), st.integers(0, 20))
def test_slices_are_those_of_the_sorted_keys(numbers: set[int], edge: int, most: int) -> None:
    catalog = LiveCatalog(a_row(number) for number in sorted(numbers, reverse=True))
    key = a_row(edge)["_id"]
    after = [a_row(n)["_id"] for n in sorted(numbers) if n > edge][:most]
    before = [a_row(n)["_id"] for n in sorted(numbers, reverse=True) if n < edge][:most]
    assert [row["_id"] for row in catalog.box_models_after(key, most)] == after
    assert [row["_id"] for row in catalog.box_models_before(key, most)] == before


def test_an_added_row_is_found_by_name_and_in_its_place() -> None:
    catalog = LiveCatalog([a_row(1), a_row(3)])
    catalog.add(a_row(2))
    assert ids(catalog.box_rows()) == ["owner/model-1", "owner/model-2", "owner/model-3"]
    assert catalog.box_model_at("owner/model-2") == a_row(2)


def test_adding_a_known_key_replaces_the_row() -> None:
    catalog = a_catalog(2)
    catalog.add(a_row(1, id="owner/other"))
    assert len(catalog) == 2
    assert catalog.box_model_at("owner/model-1") is None


def test_a_name_belongs_to_one_key() -> None:
    with pytest.raises(ValueError, match="owner/model-1"):
        a_catalog(2).add(a_row(5, id="owner/model-1"))


def test_a_rename_keeps_the_key_and_reaches_children_but_not_their_cards() -> None:
    parent = a_row(1)
    catalog = LiveCatalog([parent, a_child(2, parent), a_row(3, id="owner/model-1x")])
    catalog.rename("owner/model-1", "new/name")
    child = catalog.box_model_at("owner/model-2")
    renamed = catalog.box_model_at("new/name")
    assert child is not None
    assert renamed is not None
    assert renamed["_id"] == parent["_id"]
    assert renamed["author"] == "new"
    assert child["tags"] == ["base_model:new/name", "base_model:finetune:new/name"]
    assert child["baseModels"]["models"] == [{"_id": parent["_id"], "id": "new/name"}]
    assert child["cardData"] == {"base_model": "owner/model-1"}


def test_a_former_name_leads_to_the_newest_one() -> None:
    catalog = a_catalog(2)
    catalog.rename("owner/model-1", "a/b")
    catalog.rename("a/b", "c/d")
    assert catalog.box_name_now("owner/model-1") == catalog.box_name_now("a/b") == "c/d"
    assert catalog.box_name_now("owner/model-0") is None


def test_a_name_that_is_taken_back_no_longer_leads_on() -> None:
    catalog = a_catalog(1)
    catalog.rename("owner/model-0", "a/b")
    catalog.rename("a/b", "owner/model-0")
    assert catalog.box_name_now("owner/model-0") is None


def test_a_taken_name_cannot_be_given() -> None:
    with pytest.raises(ValueError, match="taken"):
        a_catalog(2).rename("owner/model-0", "owner/model-1")


def test_a_deleted_parent_stays_in_tag_and_card_only() -> None:
    parents = [a_row(1), a_row(2)]
    child = a_child(3, parents[0])
    both = [{"_id": parent["_id"], "id": parent["id"]} for parent in parents]
    merge = a_row(4, baseModels={"relation": "merge", "models": both})
    catalog = LiveCatalog([*parents, child, merge])
    catalog.delete("owner/model-1")
    left = catalog.box_model_at("owner/model-3")
    assert left is not None
    assert "baseModels" not in left
    assert left["tags"] == child["tags"]
    merged = catalog.box_model_at("owner/model-4")
    assert merged is not None
    assert merged["baseModels"]["models"] == both[1:]


def test_what_is_not_there_cannot_be_deleted_renamed_or_touched() -> None:
    catalog = a_catalog(1)
    with pytest.raises(KeyError):
        catalog.delete("no/one")
    with pytest.raises(KeyError):
        catalog.rename("no/one", "some/one")
    with pytest.raises(KeyError):
        catalog.touch("no/one", NOON)


def test_a_touched_row_has_a_new_moment_and_a_new_sha() -> None:
    catalog = a_catalog(1)
    catalog.touch("owner/model-0", NOON)
    row = catalog.box_model_at("owner/model-0")
    assert row is not None
    assert row["lastModified"] == "2026-11-21T12:00:00.000Z"
    assert len(row["sha"]) == 40
    assert row["sha"] != a_row(0)["sha"]


def test_children_are_found_by_tag_also_after_a_change() -> None:
    parent = a_row(1)
    catalog = LiveCatalog([parent, a_child(2, parent)])
    assert ids(catalog.tagged_box_models("base_model:owner/model-1")) == ["owner/model-2"]
    catalog.add(a_child(3, parent, "adapter"))
    assert ids(catalog.tagged_box_models("base_model:adapter:owner/model-1")) == ["owner/model-3"]
    catalog.delete("owner/model-2")
    assert ids(catalog.tagged_box_models("base_model:owner/model-1")) == ["owner/model-3"]


def test_an_order_puts_rows_without_a_value_last_and_equals_by_key() -> None:
    likes = [2, None, 7, 2, "many"]
    catalog = LiveCatalog(
        a_row(number, **({} if like is None else {"likes": like}))
        for number, like in enumerate(likes)
    )
    order = [row["id"][-1] for row in catalog.ordered_box_models("likes")]
    assert order == ["2", "0", "3", "1", "4"]
