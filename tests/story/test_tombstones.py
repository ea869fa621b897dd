"""What a full crawl no longer lists is kept: record, edges and name, and its children's path."""

from datetime import UTC, date, datetime

import pytest

from lineage.analysis.results import ComparisonStep
from lineage.analysis.verdicts import ModelOrigin, explain_trace
from lineage.demo.catalog import Row
from lineage.domain.anomalies import AnomalyKind
from lineage.domain.definitions import Definition, Grouping
from lineage.errors import DraftRefused
from lineage.families.registry import family
from lineage.store import schema
from lineage.store.reader import Snapshot
from tests.fakes.live_catalog import LiveCatalog
from tests.questions import compare_base, count_base, find_anomalies, trace, tree_of_base
from tests.questions import graph_of_family as family_graph
from tests.story.conftest import Play
from tests.story.stage import Stage
from tests.unit.demo.rows import a_child, a_row

DAY = 24 * 3600
ROOT, KID, GRANDKID, BY_CARD = a_row(0), "owner/model-1", "owner/model-2", "owner/model-3"
WITH_THE_DEAD = Definition(deleted=True)


def a_line() -> list[Row]:
    """A root, its child, and two of the next generation: one the Hub resolved, one by card."""
    kid = a_child(1, ROOT, "finetune", downloads=5)
    grandkid = a_child(2, kid, "quantized")
    by_card = a_row(3, cardData={"base_model": KID})
    return [ROOT, kid, grandkid, by_card, *(a_row(number) for number in range(4, 60))]


def full_crawl(stage: Stage) -> Snapshot:
    stage.clock.sleep(DAY)
    return stage.store.snapshot(stage.crawl().manifest.id)


def total(snapshot: Snapshot, name: str, rule: Definition | None = None) -> tuple[int, int]:
    count = count_base(snapshot, name, rule or Definition(), ())
    return count.direct, count.total


def deleted(snapshot: Snapshot) -> list[str]:
    return [str(id) for id in snapshot.tombstones(["id"])["id"].to_pylist()]


def test_who_is_listed_no_more_becomes_a_tombstone_with_its_last_record(play: Play) -> None:
    box, stage = play(a_line())
    first = full_crawl(stage)
    box.catalog.delete(KID)
    second = full_crawl(stage)
    (kept,) = second.tombstones().to_pylist()
    last = next(one for one in first.table(schema.MODELS_FILE).to_pylist() if one["id"] == KID)
    assert {name: kept[name] for name in last} == last
    assert kept["downloads"] == 5
    assert (kept["last_seen_in"], kept["missed_at"]) == (first.id, second.manifest.origin.taken_at)
    assert second.manifest.tombstones == 1
    assert second.manifest.models == first.manifest.models - 1


def test_children_of_the_dead_count_through_it_and_it_counts_only_when_asked(play: Play) -> None:
    box, stage = play(a_line())
    first = full_crawl(stage)
    assert total(first, ROOT["id"]) == (1, 3)
    box.catalog.delete(KID)
    second = full_crawl(stage)
    assert total(second, ROOT["id"]) == (0, 2)
    assert total(second, ROOT["id"], WITH_THE_DEAD) == (1, 3)
    assert total(second, KID) == (2, 2)
    assert total(second, ROOT["id"], Definition(deleted=True, min_downloads=5)) == (1, 1)


def test_a_card_that_names_the_dead_means_its_key(play: Play) -> None:
    box, stage = play(a_line())
    key = next(one["_id"] for one in box.catalog.box_rows() if one["id"] == KID)
    full_crawl(stage)
    box.catalog.delete(KID)
    late = a_row(70, cardData={"base_model": KID.upper()})
    box.catalog.add(late)
    second = full_crawl(stage)
    edges = second.table(schema.EDGES_FILE, ["child", "parent_key"]).to_pylist()
    meant = {one["child"]: one["parent_key"] for one in edges}
    assert (meant[BY_CARD], meant[late["id"]]) == (key, key)


def test_a_new_model_of_the_dead_one_s_name_bears_it(play: Play) -> None:
    box, stage = play(a_line())
    full_crawl(stage)
    box.catalog.delete(KID)
    box.catalog.add(a_row(80, id=KID))
    second = full_crawl(stage)
    assert total(second, KID) == (2, 2)
    edges = second.table(schema.EDGES_FILE, ["child", "parent_key"]).to_pylist()
    meant = {one["parent_key"] for one in edges if one["child"] in (BY_CARD, GRANDKID)}
    assert meant == {a_row(80)["_id"]}


def test_tombstones_stay_with_the_first_full_crawl_that_missed_the_model(play: Play) -> None:
    box, stage = play(a_line())
    full_crawl(stage)
    box.catalog.delete(KID)
    second, third = full_crawl(stage), full_crawl(stage)
    assert third.tombstones().equals(second.tombstones())
    for file in (schema.EVIDENCE_FILE, schema.EDGES_FILE, schema.COUNTS_FILE):
        assert third.table(file).equals(second.table(file))


def test_who_comes_back_is_a_model_again(play: Play) -> None:
    rows = a_line()
    box, stage = play(rows)
    first = full_crawl(stage)
    box.catalog.delete(KID)
    full_crawl(stage)
    box.catalog = LiveCatalog(rows)
    third = full_crawl(stage)
    assert deleted(third) == []
    assert third.table(schema.EVIDENCE_FILE).equals(first.table(schema.EVIDENCE_FILE))
    assert total(third, ROOT["id"]) == (1, 3)


def test_who_comes_back_under_another_name_answers_to_both(play: Play) -> None:
    rows = a_line()
    box, stage = play(rows)
    full_crawl(stage)
    box.catalog.delete(KID)
    full_crawl(stage)
    box.catalog = LiveCatalog(rows)
    box.catalog.rename(KID, "owner/back")
    third = full_crawl(stage)
    assert total(third, KID) == total(third, "owner/back") == (2, 2)


def test_a_renamed_model_is_not_gone(play: Play) -> None:
    box, stage = play(a_line())
    full_crawl(stage)
    box.catalog.rename(KID, "owner/renamed")
    second = full_crawl(stage)
    assert deleted(second) == []
    assert total(second, KID) == total(second, "owner/renamed") == (2, 2)


def test_a_row_that_cannot_be_read_is_present(play: Play) -> None:
    box, stage = play(a_line())
    full_crawl(stage)
    kid = next(one for one in box.catalog.box_rows() if one["id"] == KID)
    box.catalog.delete(KID)
    box.catalog.add(kid | {"id": "../../no-name"})
    second = full_crawl(stage)
    assert second.manifest.bad_rows == 1
    assert deleted(second) == []


def test_a_crawl_below_one_base_proves_no_model_missing(play: Play) -> None:
    box, stage = play(a_line())
    full_crawl(stage)
    box.catalog.delete(GRANDKID)
    stage.clock.sleep(DAY)
    small = stage.store.snapshot(stage.crawl(base=ROOT["id"]).manifest.id)
    assert (small.manifest.tombstones, small.manifest.models) == (0, 2)
    assert deleted(full_crawl(stage)) == [GRANDKID]


def test_a_refused_draft_makes_no_tombstone(play: Play) -> None:
    rows = a_line()
    box, stage = play(rows)
    full_crawl(stage)
    box.catalog = LiveCatalog(rows[:20])
    with pytest.raises(DraftRefused):
        full_crawl(stage)
    box.catalog = LiveCatalog(rows)
    assert deleted(full_crawl(stage)) == []


def test_a_trace_of_the_dead_says_when_it_was_missed(play: Play) -> None:
    box, stage = play(a_line())
    first = full_crawl(stage)
    box.catalog.delete(KID)
    found = trace(full_crawl(stage), KID, family("llama"), ())
    assert found.origin is ModelOrigin.TOMBSTONE
    assert found.paths[0][0].parent == ROOT["id"]
    assert f"last seen in snapshot {first.id}, found missing on 2026-11-23" in explain_trace(found)


def test_a_comparison_counts_deleted_models_in_its_last_rows_alone(play: Play) -> None:
    box, stage = play(a_line())
    full_crawl(stage)
    box.catalog.delete(KID)
    steps = {row.step: row for row in compare_base(full_crawl(stage), ROOT["id"], ()).steps}
    assert [row.number for row in steps.values() if not row.definition.deleted][2:5] == [2, 2, 2]
    deleted, inferred = (steps[name] for name in (ComparisonStep.DELETED, ComparisonStep.INFERRED))
    assert (deleted.number, inferred.number) == (3, 3)
    assert list(steps)[-2:] == [ComparisonStep.DELETED, ComparisonStep.INFERRED]
    assert deleted.definition.deleted
    assert inferred.definition.deleted


def test_trees_graphs_and_anomalies_know_the_dead(play: Play) -> None:
    box, stage = play(a_line())
    full_crawl(stage)
    box.catalog.delete(KID)
    second = full_crawl(stage)
    assert tree_of_base(second, ROOT["id"], Definition(), ()).count.total == 2
    assert tree_of_base(second, ROOT["id"], WITH_THE_DEAD, ()).count.total == 3
    graph = family_graph(second, ROOT["id"], (), WITH_THE_DEAD)
    assert set(graph.successors(KID)) == {GRANDKID, BY_CARD}
    assert graph.nodes[KID]["author"] == "owner"
    found = {one.kind: one for one in find_anomalies(second, examples=None).anomalies}
    (unknown,) = found[AnomalyKind.UNKNOWN_PARENT].examples
    assert unknown.models[0] == KID


def test_groups_tell_the_dead_apart_like_the_living(play: Play) -> None:
    box, stage = play(a_line())
    full_crawl(stage)
    box.catalog.delete(KID)
    second = full_crawl(stage)
    for by in (Grouping.AUTHOR, Grouping.MONTH, Grouping.RELATION):
        count = count_base(second, ROOT["id"], WITH_THE_DEAD, (), by)
        assert sum(group.total for group in count.groups) == 3


# The past


def test_a_day_of_the_past_is_answered_by_the_snapshot_of_that_day(play: Play) -> None:
    box, stage = play(a_line())
    first = full_crawl(stage)  # 22 November
    box.catalog.delete(KID)
    second = full_crawl(stage)  # 23 November
    day = Definition(as_of=date(2026, 11, 22))
    claim = stage.store.snapshot_at(date(2026, 11, 22))
    assert claim.id == first.id
    assert total(claim, ROOT["id"], day) == (1, 3)
    after = stage.store.snapshot_at(date(2027, 1, 1))
    assert after.id == second.id
    assert total(after, ROOT["id"], Definition(as_of=date(2027, 1, 1))) == (0, 2)


def test_before_the_first_snapshot_who_was_created_by_then_is_counted(play: Play) -> None:
    new = datetime(2025, 6, 1, tzinfo=UTC)
    young = a_child(90, ROOT, createdAt=f"{new:%Y-%m-%dT%H:%M:%S}.000Z")
    undated = a_child(91, ROOT, createdAt="2022-03-02T23:29:04.000Z")
    _, stage = play([*a_line(), young, undated])
    first = full_crawl(stage)
    for day, expected in ((date(2025, 5, 31), 3), (date(2025, 6, 1), 4), (date(2026, 11, 22), 5)):
        assert stage.store.snapshot_at(day).id == first.id
        assert total(first, ROOT["id"], Definition(as_of=day))[1] == expected


def test_who_was_missed_after_the_day_was_there_on_it(play: Play) -> None:
    """Older snapshots may have been pruned: the first that is left knows when it missed whom."""
    box, stage = play(a_line())
    full_crawl(stage)
    box.catalog.delete(KID)
    second = full_crawl(stage)
    assert total(second, ROOT["id"], Definition(as_of=date(2026, 11, 22))) == (1, 3)
    assert total(second, ROOT["id"], Definition(as_of=date(2026, 11, 23))) == (0, 2)
