"""A dump between two walks hides nobody: who vanished or was renamed behind it is learned of."""

from datetime import date, datetime, timedelta

import pytest

from lineage.crawl.dump import crawl_dump
from lineage.crawl.plan import CrawlMode, why_full_crawl
from lineage.demo.catalog import Row
from lineage.domain.definitions import Definition
from lineage.store import schema
from lineage.store.reader import Snapshot
from lineage.store.retention import snapshots_kept_by
from tests.fakes.fake_clock import NOON
from tests.questions import count_base
from tests.story.conftest import Play
from tests.story.stage import Stage
from tests.story.test_dumps import a_dump
from tests.unit.demo.rows import a_child, a_row

DAY = 24 * 3600
ROOT, KID = a_row(0), "owner/model-1"
GONE = Definition(deleted=True)


def a_line() -> list[Row]:
    kid = a_child(1, ROOT)
    return [ROOT, kid, a_child(2, kid), *(a_row(number) for number in range(3, 60))]


def crawled(stage: Stage, mode: CrawlMode = CrawlMode.FULL) -> Snapshot:
    stage.clock.sleep(DAY)
    return stage.store.snapshot(stage.crawl(mode=mode).manifest.id)


def dumped(stage: Stage, rows: list[Row], *leave_out: str, at: datetime | None = None) -> Snapshot:
    stage.clock.sleep(DAY)
    place = a_dump(rows, stage.folder / "dumps", *leave_out)
    at = at or stage.clock.now()
    report = crawl_dump(stage.settings(), place, taken_at=at, clock=stage.clock)
    return stage.store.snapshot(report.manifest.id)


def gone(snapshot: Snapshot) -> dict[str, tuple[str, datetime]]:
    rows = snapshot.tombstones(["id", "last_seen_in", "missed_at"]).to_pylist()
    return {row["id"]: (row["last_seen_in"], row["missed_at"]) for row in rows}


@pytest.mark.parametrize("leave_out", [(), ("_id",)])
def test_who_vanished_between_a_full_crawl_and_a_dump_gets_a_tombstone_from_the_next_full_crawl(
    play: Play, leave_out: tuple[str, ...]
) -> None:
    box, stage = play(a_line())
    first = crawled(stage)
    box.catalog.delete(KID)
    box.catalog.rename("owner/model-5", "owner/new")
    dumped(stage, box.catalog.box_rows(), *leave_out)
    second = crawled(stage)
    assert gone(second) == {KID: (first.id, second.manifest.origin.taken_at)}
    assert count_base(second, ROOT["id"], GONE, ()).total == 2
    assert count_base(second, "owner/model-5", Definition(), ()).id == "owner/new"


def test_who_a_dump_alone_showed_gets_a_tombstone_from_the_next_full_crawl(play: Play) -> None:
    _, stage = play(a_line())
    crawled(stage)
    brief = a_child(80, ROOT)
    bulk = dumped(stage, [*a_line(), brief])
    second = crawled(stage)
    assert gone(second) == {brief["id"]: (bulk.id, second.manifest.origin.taken_at)}
    assert count_base(second, ROOT["id"], GONE, ()).total == 3


def test_several_dumps_hide_no_walk_between_them(play: Play) -> None:
    box, stage = play(a_line())
    crawled(stage)
    dumped(stage, a_line()[:30])
    box.catalog.add(a_child(80, ROOT))
    update = crawled(stage, CrawlMode.UPDATE)
    box.catalog.delete("owner/model-80")
    dumped(stage, a_line()[:20])
    assert gone(crawled(stage))["owner/model-80"][0] == update.id


def test_an_update_goes_on_from_the_last_walk_and_not_from_a_part_of_the_hub(play: Play) -> None:
    _, stage = play(a_line())
    first = crawled(stage)
    dumped(stage, a_line()[:10])
    assert "a dump" in str(why_full_crawl(stage.store, stage.clock.now(), timedelta(days=7)))
    update = crawled(stage, CrawlMode.UPDATE)
    assert update.manifest.previous == first.id
    assert stage.tables(update.id) == stage.tables(first.id)


def test_a_walk_that_a_dump_hides_is_never_pruned(play: Play) -> None:
    _, stage = play(a_line())
    crawled(stage)
    update = crawled(stage, CrawlMode.UPDATE)
    dumped(stage, a_line()[:10])
    kept = snapshots_kept_by((), stage.store.manifests())
    assert kept[update.id] == "the next full crawl learns from it"


# Dated back


def test_a_dump_dated_back_teaches_who_is_gone_and_what_was_renamed_since(play: Play) -> None:
    box, stage = play(a_line())
    past = [*a_line(), a_child(80, ROOT)]
    box.catalog.rename("owner/model-5", "owner/new")
    first = crawled(stage)
    bulk = dumped(stage, past, at=NOON - timedelta(days=30))
    assert bulk.manifest.previous is None
    second = crawled(stage)
    assert gone(second) == {"owner/model-80": (bulk.id, first.manifest.origin.taken_at)}
    assert count_base(second, "owner/model-5", Definition(), ()).id == "owner/new"
    assert count_base(second, ROOT["id"], GONE, ()).total == 3
    assert crawled(stage).tombstones().equals(second.tombstones())


def test_a_dump_dated_back_gives_one_who_is_gone_its_former_name(play: Play) -> None:
    box, stage = play(a_line())
    past = box.catalog.box_rows()
    box.catalog.rename(KID, "owner/new")
    crawled(stage)
    box.catalog.delete("owner/new")
    crawled(stage)
    dumped(stage, past, at=NOON - timedelta(days=30))
    assert count_base(crawled(stage), KID, Definition(), ()).id == "owner/new"


def test_an_update_learns_of_a_dump_dated_back_what_a_full_crawl_would(
    play: Play,
) -> None:
    _, stage = play(a_line())
    crawled(stage)
    dumped(stage, [*a_line(), a_child(80, ROOT)], at=NOON - timedelta(days=30))
    update = crawled(stage, CrawlMode.UPDATE)
    sweep = crawled(stage)
    for file in set(schema.TABLES) - {schema.TOMBSTONES_FILE}:
        assert stage.tables(update.id)[file] == stage.tables(sweep.id)[file]
    assert gone(update) == gone(sweep)
    assert "owner/model-80" in gone(update)


def test_a_dump_without_keys_says_of_nobody_that_they_are_gone(play: Play) -> None:
    _, stage = play(a_line())
    crawled(stage)
    dumped(stage, [*a_line(), a_child(80, ROOT)], "_id", at=NOON - timedelta(days=30))
    assert gone(crawled(stage)) == {}


def test_a_day_before_the_history_is_asked_of_the_dump_that_was_dated_back(play: Play) -> None:
    _, stage = play(a_line())
    crawled(stage)
    bulk = dumped(stage, [*a_line(), a_child(80, ROOT)], at=NOON - timedelta(days=30))
    assert stage.store.snapshot_at(date(2026, 11, 1)).id == bulk.id
