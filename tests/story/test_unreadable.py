"""A row that cannot be read is present, not missing: its model stays as it was last read."""

from datetime import timedelta
from typing import Any

import pytest

from lineage.analysis.diffs import diff_snapshots
from lineage.crawl.plan import CrawlMode
from lineage.demo.catalog import Row, box_moment
from lineage.domain.definitions import Definition
from lineage.store import schema
from lineage.store.reader import Snapshot
from tests.questions import count_base
from tests.story.conftest import Play
from tests.story.stage import Stage
from tests.unit.demo.rows import a_child, a_row

DAY = 24 * 3600
ROOT, KID, BROKEN = a_row(0), "owner/model-1", "../../no-name"
MODES = pytest.mark.parametrize("mode", [CrawlMode.FULL, CrawlMode.UPDATE])


def a_line() -> list[Row]:
    kid = a_child(1, ROOT, "merge", downloads=7)
    return [ROOT, kid, a_child(2, kid), *(a_row(number) for number in range(3, 60))]


def crawled(stage: Stage, mode: CrawlMode = CrawlMode.FULL, **more: Any) -> Snapshot:
    stage.clock.sleep(DAY)
    return stage.store.snapshot(stage.crawl(mode=mode, **more).manifest.id)


def broken(stage: Stage, kid: Row, **more: object) -> Row:
    """The same row as it cannot be read, with a commit that an update meets."""
    later = stage.clock.now() + timedelta(hours=2)
    return kid | {"id": BROKEN, "lastModified": box_moment(later), "likes": 99} | more


def gone(snapshot: Snapshot) -> list[str]:
    return [str(id) for id in snapshot.tombstones(["id"])["id"].to_pylist()]


@MODES
def test_it_keeps_its_last_record_its_numbers_and_its_words(play: Play, mode: CrawlMode) -> None:
    box, stage = play(a_line())
    first = crawled(stage)
    box.catalog.add(broken(stage, a_line()[1]))
    second = crawled(stage, mode)
    assert (second.manifest.bad_rows, gone(second)) == (1, [])
    for file in (schema.MODELS_FILE, schema.METRICS_FILE, schema.EVIDENCE_FILE, schema.EDGES_FILE):
        assert stage.tables(second.id)[file] == stage.tables(first.id)[file]
    diff = diff_snapshots(first, second, ())
    assert (diff.added, diff.removed, diff.edges_removed) == ((), (), 0)
    assert count_base(second, ROOT["id"], Definition(), ()).total == 2


@MODES
def test_what_vanishes_unreadable_becomes_a_tombstone_all_the_same(
    play: Play, mode: CrawlMode
) -> None:
    box, stage = play(a_line())
    first = crawled(stage)
    box.catalog.add(broken(stage, a_line()[1]))
    second = crawled(stage, mode)
    box.catalog.delete(BROKEN)
    third = crawled(stage)
    (kept,) = third.tombstones().to_pylist()
    assert (kept["id"], kept["downloads"], kept["last_seen_in"]) == (KID, 7, second.id)
    assert count_base(third, ROOT["id"], Definition(deleted=True), ()).total == 2
    listed = first.table(schema.MODELS_FILE).to_pylist()
    assert {name: kept[name] for name in listed[1]} == listed[1]


@MODES
def test_the_dead_stay_dead_where_nobody_could_read_that_they_are_back(
    play: Play, mode: CrawlMode
) -> None:
    box, stage = play(a_line())
    crawled(stage)
    box.catalog.delete(KID)
    second = crawled(stage)
    box.catalog.add(broken(stage, a_line()[1]))
    third = crawled(stage, mode)
    assert third.tombstones().equals(second.tombstones())
    assert (third.manifest.bad_rows, third.absences().num_rows) == (1, 0)
    box.catalog.delete(BROKEN)
    assert gone(crawled(stage)) == [KID]


@MODES
def test_who_was_never_read_is_a_bad_row_and_no_model(play: Play, mode: CrawlMode) -> None:
    box, stage = play(a_line())
    crawled(stage)
    box.catalog.add(broken(stage, a_row(80)))
    second = crawled(stage, mode)
    assert (second.manifest.models, second.manifest.bad_rows) == (60, 1)
    box.catalog.delete(BROKEN)
    assert gone(crawled(stage)) == []


@MODES
def test_who_names_somebody_who_opted_out_in_a_row_that_cannot_be_read_is_not_missing(
    play: Play, mode: CrawlMode
) -> None:
    box, stage = play(a_line())
    first = crawled(stage, opt_outs="shy")
    box.catalog.add(broken(stage, a_line()[1], tags=["base_model:shy/model"]))
    second = crawled(stage, mode, opt_outs="shy")
    assert (second.manifest.models, second.manifest.bad_rows, gone(second)) == (60, 0, [])
    for file in (schema.MODELS_FILE, schema.EVIDENCE_FILE, schema.EDGES_FILE):
        assert stage.tables(second.id)[file] == stage.tables(first.id)[file]


def test_a_later_full_crawl_reads_it_again(play: Play) -> None:
    box, stage = play(a_line())
    crawled(stage)
    box.catalog.add(broken(stage, a_line()[1]))
    crawled(stage)
    box.catalog.add(a_child(1, a_row(5), "adapter"))
    third = crawled(stage)
    assert third.manifest.bad_rows == 0
    assert stage.parents(third.id, KID) == ["owner/model-5"]


def test_an_update_counts_a_row_that_both_lists_show_once(play: Play) -> None:
    """A new one stands among the changed and among those created since."""
    box, stage = play(a_line())
    crawled(stage)
    born = box_moment(stage.clock.now())
    box.catalog.add(broken(stage, a_row(80, createdAt=born)))
    assert [crawled(stage, CrawlMode.UPDATE).manifest.bad_rows for _ in range(3)] == [1, 1, 1]


def test_whoever_opted_out_is_not_kept_for_a_row_that_cannot_be_read(play: Play) -> None:
    shy = a_row(90, id="shy/model")
    box, stage = play([*a_line(), shy])
    crawled(stage)
    box.catalog.add(broken(stage, shy))
    second = crawled(stage, opt_outs="shy/model")
    assert second.manifest.models == 60
    assert "shy/model" not in str([second.table(file).to_pylist() for file in schema.TABLES])
