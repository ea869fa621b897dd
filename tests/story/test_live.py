"""Asking the Hub about a model that no snapshot knows: one request each, the same verdicts."""

import pytest

from lineage.analysis.verdicts import ModelOrigin, VerdictReason
from lineage.crawl.live import MOST_LOOKED_UP, trace_live
from lineage.errors import UnknownModel
from tests.story.conftest import Play
from tests.unit.analysis.worlds import a_family, said
from tests.unit.demo.rows import a_child, a_row

ROOT = a_row(0)
CHILD = a_child(1, ROOT)
NEW = a_child(2, CHILD)
NEWER = a_child(3, NEW, "adapter")
ALONE = a_row(4)
KIN = a_family({"Kin 1": [str(ROOT["id"])]}, edges=[said("old/alpaca", str(ROOT["id"]))])


def test_a_model_of_the_snapshot_costs_no_request(play: Play) -> None:
    box, stage = play([ROOT, CHILD])
    stage.crawl()
    asked = len(box.requests)
    snapshot = stage.store.snapshot()
    found = trace_live(stage.settings(), snapshot, str(CHILD["id"]), KIN, [KIN])
    assert (found.descends, found.origin) == (True, ModelOrigin.SNAPSHOT)
    assert len(box.requests) == asked


def test_a_model_that_the_registry_knows_costs_no_request(play: Play) -> None:
    box, stage = play([ROOT])
    stage.crawl()
    asked = len(box.requests)
    found = trace_live(stage.settings(), stage.store.snapshot(), "old/alpaca", KIN, [KIN])
    assert (found.descends, found.origin) == (True, ModelOrigin.REGISTRY)
    assert len(box.requests) == asked


def test_a_new_model_and_its_new_parent_cost_a_request_each(play: Play) -> None:
    box, stage = play([ROOT, CHILD, NEW, NEWER, ALONE])
    stage.crawl(str(CHILD["id"]), max_requests=None)
    small = stage.store.snapshot(stage.published()[-1])
    box_requests = len(box.requests)
    found = trace_live(stage.settings(), small, str(ALONE["id"]), KIN, [KIN])
    assert (found.descends, found.reason) == (None, VerdictReason.NOTHING_DECLARED)
    assert found.origin is ModelOrigin.LIVE
    assert len(box.requests) == box_requests + 1


def test_the_ways_of_a_new_model_lead_into_the_snapshot(play: Play) -> None:
    old_box, stage = play([ROOT, CHILD])
    stage.crawl()
    assert old_box.requests
    box, _ = play([ROOT, CHILD, NEW, NEWER])
    settings = stage.settings(endpoint=box.url)
    found = trace_live(settings, stage.store.snapshot(), str(NEWER["id"]), KIN, [KIN])
    assert (found.descends, found.origin) == (True, ModelOrigin.LIVE)
    (path,) = found.paths
    line = [str(one["id"]) for one in (NEWER, NEW, CHILD, ROOT)]
    assert [step.child for step in path] + [path[-1].parent] == line
    assert {voice.rule for voice in path[0].evidence} >= {"hub"}
    assert all(f"asked at {box.url}" == voice.source for voice in path[0].evidence)
    assert len(box.requests) == 2


def test_names_settle_live_as_in_a_crawl(play: Play) -> None:
    _, stage = play([ROOT, CHILD])
    stage.crawl()
    root, child = str(ROOT["id"]), str(CHILD["id"])
    cased = a_row(5) | {"cardData": {"base_model": child.upper()}}
    path = a_row(6) | {"config": {"peft": {"base_model_name_or_path": root}}}
    lost = a_row(7) | {"config": {"peft": {"base_model_name_or_path": "output/checkpoint-5"}}}
    box, _ = play([ROOT, CHILD, cased, path, lost])
    settings = stage.settings(endpoint=box.url)
    verdicts = {
        number: trace_live(settings, stage.store.snapshot(), str(one["id"]), KIN, [KIN]).descends
        for number, one in enumerate((cased, path, lost))
    }
    assert verdicts == {0: True, 1: True, 2: None}


def test_a_name_beside_the_hubs_key_is_no_parent_of_its_own(play: Play) -> None:
    """The card writes what the parent was called before; the root is called so now."""
    parent = a_row(8, id="renamed/parent")
    child = a_child(9, parent, cardData={"base_model": ROOT["id"]}, tags=[])
    merge = a_row(10, cardData={"base_model": [ROOT["id"], ALONE["id"]]}, tags=[])
    models = [{"_id": one["_id"], "id": one["id"]} for one in (parent, ALONE)]
    merge["baseModels"] = {"relation": "merge", "models": models}
    listed = [ROOT, ALONE, parent]
    _, stage = play(listed)
    stage.crawl()
    box, _ = play([*listed, child, merge])
    settings = stage.settings(endpoint=box.url)
    for one, parents in ((child, {parent["id"]}), (merge, {parent["id"], ALONE["id"]})):
        found = trace_live(settings, stage.store.snapshot(), str(one["id"]), KIN, [KIN])
        assert found.descends is None
        assert {edge.parent for path in found.paths for edge in path} == parents


def test_a_known_model_is_followed_to_a_parent_that_the_snapshot_lacks(play: Play) -> None:
    _, stage = play([ROOT, NEWER])
    stage.crawl()
    snapshot = stage.store.snapshot()
    box, _ = play([ROOT, CHILD, NEW, NEWER])
    settings = stage.settings(endpoint=box.url)
    found = trace_live(settings, snapshot, str(NEWER["id"]), KIN, [KIN])
    assert (found.descends, found.origin) == (True, ModelOrigin.SNAPSHOT)
    assert len(found.paths[0]) == 3
    assert len(box.requests) == 2


def test_a_line_without_end_is_followed_for_twenty_requests(play: Play) -> None:
    _, stage = play([ROOT])
    stage.crawl()
    line = [a_row(100)]
    for number in range(101, 130):
        line.append(a_child(number, line[-1]))
    box, _ = play(line)
    settings = stage.settings(endpoint=box.url)
    found = trace_live(settings, stage.store.snapshot(), str(line[-1]["id"]), KIN, [KIN])
    assert found.reason is VerdictReason.DEAD_ENDS
    assert len(box.requests) == MOST_LOOKED_UP


def test_a_name_that_neither_side_knows_ends_with_exit_5(play: Play) -> None:
    box, stage = play([ROOT])
    stage.crawl()
    asked = len(box.requests)
    with pytest.raises(UnknownModel) as caught:
        trace_live(stage.settings(), stage.store.snapshot(), "no/body", KIN, [KIN])
    assert caught.value.exit_code == 5
    assert len(box.requests) == asked + 1


def test_what_is_no_repository_id_is_never_asked_for(play: Play) -> None:
    box, stage = play([ROOT])
    stage.crawl()
    asked = len(box.requests)
    with pytest.raises(UnknownModel):
        trace_live(stage.settings(), stage.store.snapshot(), "../../etc", KIN, [KIN])
    assert len(box.requests) == asked
