"""The Hub changes while it is walked: every model once, and a listing is a walk, not a moment."""

from collections.abc import Callable

from lineage.demo.catalog import Row
from lineage.store import schema
from tests.fakes.fake_hub import Fault, FaultKind, Faults
from tests.story.conftest import Play
from tests.story.stage import PAGE, a_world, counted_slowly
from tests.unit.demo.rows import a_child, a_row

COUNT = 2500
FIRST, MIDDLE, LAST = 10, PAGE + 10, 2 * PAGE + 10
"""Numbers of rows on the first, second and third page."""


def plain(*special: Row) -> list[Row]:
    """So many models without parents, but for those given."""
    rows = {row["_id"]: row for row in [a_row(number) for number in range(COUNT)]}
    return list((rows | {row["_id"]: row for row in special}).values())


def before_request(number: int, change: Callable[[], None]) -> Callable[[int], None]:
    return lambda asked: change() if asked == number else None


def test_every_model_is_there_once_by_its_key_whatever_is_renamed_on_the_way(play: Play) -> None:
    rows = a_world(COUNT)
    box, stage = play(rows)
    names = [row["id"] for row in rows]

    def rename_some(asked: int) -> None:
        for number in range(asked, COUNT, 250):
            box.catalog.rename(names[number], f"other/new-{asked}-{number}")
            names[number] = f"other/new-{asked}-{number}"

    box.on_request = rename_some
    id = stage.crawl().manifest.id
    assert stage.column(id, schema.MODELS_FILE, "key") == [row["_id"] for row in rows]


def test_children_of_a_parent_renamed_after_it_was_listed_keep_one_parent(play: Play) -> None:
    parent = a_row(FIRST)
    early = a_child(FIRST + 1, parent)
    late = a_child(LAST, parent)
    box, stage = play(plain(parent, early, late))
    box.on_request = before_request(2, lambda: box.catalog.rename(parent["id"], "owner/renamed"))
    id = stage.crawl().manifest.id
    assert stage.parents(id, late["id"]) == stage.parents(id, early["id"]) == [parent["id"]]
    assert stage.counts(id) == {parent["id"]: (2, 2)}


def test_children_listed_before_their_parent_was_renamed_keep_one_parent(play: Play) -> None:
    parent = a_row(LAST)
    early = a_child(FIRST, parent)
    late = a_child(LAST + 1, parent)
    box, stage = play(plain(parent, early, late))
    box.on_request = before_request(2, lambda: box.catalog.rename(parent["id"], "owner/renamed"))
    id = stage.crawl().manifest.id
    assert stage.parents(id, early["id"]) == stage.parents(id, late["id"]) == ["owner/renamed"]
    assert stage.counts(id) == {"owner/renamed": (2, 2)}


def test_a_merge_of_two_parents_renamed_on_the_way_keeps_two_parents(play: Play) -> None:
    one, two = a_row(FIRST), a_row(LAST)
    tags = [f"base_model:merge:{parent['id']}" for parent in (one, two)]
    models = [{"_id": parent["_id"], "id": parent["id"]} for parent in (one, two)]
    said = {
        "tags": tags,
        "cardData": {"base_model": [one["id"], two["id"]]},
        "baseModels": {"relation": "merge", "models": models},
    }
    merges = [a_row(number, **said) for number in (FIRST + 1, MIDDLE, LAST + 1)]
    box, stage = play(plain(one, two, *merges))

    def rename_both() -> None:
        box.catalog.rename(one["id"], "owner/one")
        box.catalog.rename(two["id"], "owner/two")

    box.on_request = before_request(2, rename_both)
    id = stage.crawl().manifest.id
    for merge in merges:
        assert stage.parents(id, merge["id"]) == sorted([one["id"], "owner/two"])


def test_the_next_crawl_knows_a_renamed_model_by_its_key(play: Play) -> None:
    rows = a_world(COUNT)
    box, stage = play(rows)
    before = stage.counts(stage.crawl().manifest.id)
    for number in range(0, COUNT, 50):
        box.catalog.rename(rows[number]["id"], f"other/new-{number}")
    stage.clock.sleep(60)
    after = stage.counts(stage.crawl().manifest.id)
    new = {rows[number]["id"]: f"other/new-{number}" for number in range(0, COUNT, 50)}
    assert after == {new.get(id, id): counted for id, counted in before.items()}


def test_a_model_deleted_after_it_was_listed_is_still_there(play: Play) -> None:
    listed = a_row(FIRST)
    box, stage = play(plain(listed))
    box.on_request = before_request(2, lambda: box.catalog.delete(listed["id"]))
    report = stage.crawl()
    assert report.manifest.models == COUNT
    assert listed["id"] in stage.column(report.manifest.id, schema.MODELS_FILE, "id")


def test_a_model_deleted_before_its_page_is_absent_and_still_a_base(play: Play) -> None:
    parent = a_row(LAST)
    early, late = a_child(FIRST, parent), a_child(LAST + 1, parent)
    box, stage = play(plain(parent, early, late))
    box.on_request = before_request(2, lambda: box.catalog.delete(parent["id"]))
    report = stage.crawl()
    assert report.manifest.models == COUNT - 1
    assert parent["id"] not in stage.column(report.manifest.id, schema.MODELS_FILE, "id")
    assert stage.counts(report.manifest.id) == {parent["id"]: (2, 2)}


def test_the_row_at_a_page_border_may_be_deleted_while_the_next_page_is_asked_for(
    play: Play,
) -> None:
    box, stage = play(plain())
    border = f"owner/model-{PAGE - 1}"
    box.on_request = before_request(2, lambda: box.catalog.delete(border))
    report = stage.crawl()
    assert report.manifest.models == COUNT
    assert len(set(stage.column(report.manifest.id, schema.MODELS_FILE, "key"))) == COUNT


def test_new_models_are_met_at_the_end_of_the_walk(play: Play) -> None:
    box, stage = play(plain())
    fresh = a_child(COUNT, a_row(FIRST))
    box.on_request = before_request(3, lambda: box.catalog.add(fresh))
    report = stage.crawl()
    assert report.manifest.models == COUNT + 1
    assert stage.counts(report.manifest.id) == {f"owner/model-{FIRST}": (1, 1)}


def test_models_added_behind_the_walk_are_left_to_the_next_one(play: Play) -> None:
    rows = plain()
    late = rows.pop(FIRST)
    box, stage = play(rows)
    box.on_request = before_request(2, lambda: box.catalog.add(late))
    assert stage.crawl().manifest.models == COUNT - 1
    assert stage.crawl().manifest.models == COUNT


def test_of_a_row_repeated_at_a_page_border_the_later_wins(play: Play) -> None:
    box, stage = play(plain(), faults=Faults({2: Fault(FaultKind.REPEAT)}))
    border = f"owner/model-{PAGE - 1}"
    box.on_request = before_request(2, lambda: box.catalog.rename(border, "owner/renamed"))
    report = stage.crawl()
    ids = stage.column(report.manifest.id, schema.MODELS_FILE, "id")
    assert (len(ids), ids[PAGE - 1], border in ids) == (COUNT, "owner/renamed", False)


def test_a_name_taken_over_by_another_model_belongs_to_who_bears_it(play: Play) -> None:
    parent, other = a_row(FIRST), a_row(LAST)
    children = [a_child(MIDDLE, parent), a_child(LAST + 1, other)]
    box, stage = play(plain(parent, other, *children))

    def swap() -> None:
        box.catalog.rename(parent["id"], "owner/aside")
        box.catalog.rename(other["id"], parent["id"])

    box.on_request = before_request(3, swap)
    id = stage.crawl().manifest.id
    keys = stage.store.snapshot(id).table(schema.EDGES_FILE, ["child_key", "parent_key"])
    assert {(row["child_key"], row["parent_key"]) for row in keys.to_pylist()} >= {
        (children[0]["_id"], parent["_id"]),
        (children[1]["_id"], other["_id"]),
    }


def test_a_hub_that_changes_at_every_request_is_counted_as_it_was_listed(play: Play) -> None:
    rows = a_world(COUNT)
    old_names = {row.get("cardData", {}).get("base_model") for row in rows if _says_former(row)}
    resolved = [row for row in rows if row["id"].replace("owner/", "former/") not in old_names]
    box, stage = play(rows)
    listed: dict[str, Row] = {}
    borders = [""]

    def delete_and_add(asked: int) -> None:
        if asked > -(-COUNT // PAGE):
            return  # the newest model alone is asked for
        for row in resolved[asked * 7 :: 400]:
            if box.catalog.box_model_at(row["id"]) is not None:
                box.catalog.delete(row["id"])
        box.catalog.add(a_row(COUNT + asked))
        page = box.catalog.box_models_after(borders[-1], PAGE)
        borders.append(page[-1]["_id"])
        listed.update((row["_id"], row) for row in page)

    box.on_request = delete_and_add
    report = stage.crawl()
    assert stage.column(report.manifest.id, schema.MODELS_FILE, "key") == sorted(listed)
    assert stage.counts(report.manifest.id) == counted_slowly(listed.values())


def _says_former(row: Row) -> bool:
    return str(row.get("cardData", {}).get("base_model")).startswith("former/")
