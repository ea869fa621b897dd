"""Who was missing for a while and came back: no later history counts it on the days between."""

from datetime import date

import pytest

from lineage.analysis.cut_tables import cut_tables_to_scope, list_whole_tables_of_scope
from lineage.crawl.plan import CrawlMode
from lineage.demo.catalog import Row, box_moment
from lineage.domain.definitions import Definition
from lineage.store import schema
from lineage.store.reader import Snapshot
from tests.fakes.fake_hub import FakeHub
from tests.fakes.live_catalog import LiveCatalog
from tests.questions import compare_base, count_base, family_columns, tree_of_base
from tests.story.conftest import Play
from tests.story.stage import Stage
from tests.unit.demo.rows import a_child, a_row

DAY = 24 * 3600
ROOT, KID = a_row(0), "owner/model-1"


def a_line() -> list[Row]:
    return [ROOT, a_child(1, ROOT), *(a_row(number) for number in range(2, 60))]


def crawled(stage: Stage, mode: CrawlMode = CrawlMode.FULL) -> Snapshot:
    stage.clock.sleep(DAY)
    # Each full crawl stands alone, so that those before it may be deleted.
    return stage.store.snapshot(stage.crawl(mode=mode, whole_every_days=0.0).manifest.id)


def on(snapshot: Snapshot, day: int, *, deleted: bool = False) -> int:
    rule = Definition(as_of=date(2026, 11, day), deleted=deleted)
    found = count_base(snapshot, ROOT["id"], rule, ()).total
    assert tree_of_base(snapshot, ROOT["id"], rule, ()).count.total == found
    return found


def away_from_23_to_25(
    play: Play, back: CrawlMode = CrawlMode.FULL
) -> tuple[FakeHub, Stage, Snapshot]:
    """Listed on the 22nd, missed on the 23rd, back on the 25th."""
    box, stage = play(a_line())
    crawled(stage)
    box.catalog.delete(KID)
    crawled(stage)
    crawled(stage)
    box.catalog.add(a_line()[1] | {"lastModified": box_moment(stage.clock.now())})
    return box, stage, crawled(stage, back)


@pytest.mark.parametrize("back", [CrawlMode.FULL, CrawlMode.UPDATE])
def test_a_comeback_ends_the_tombstone_and_keeps_the_absence(play: Play, back: CrawlMode) -> None:
    _, stage, last = away_from_23_to_25(play, back)
    first, second, *_ = (stage.store.snapshot(id) for id in stage.published())
    assert last.manifest.tombstones == 0
    assert last.absences().to_pylist() == [
        {
            "key": a_row(1)["_id"],
            "missed_at": second.manifest.origin.taken_at,
            "back_at": last.manifest.origin.taken_at,
            "last_seen_in": first.id,
        }
    ]
    assert crawled(stage).absences().equals(last.absences())
    assert crawled(stage, CrawlMode.UPDATE).absences().equals(last.absences())


def test_a_later_history_counts_no_model_on_the_days_of_its_absence(play: Play) -> None:
    _, stage, last = away_from_23_to_25(play)
    assert [on(last, day) for day in (22, 23, 24, 25, 26)] == [1, 0, 0, 1, 1]
    assert [on(last, day, deleted=True) for day in (22, 23, 24, 25)] == [1, 1, 1, 1]
    later = crawled(stage)
    for id in stage.published()[:-1]:
        stage.store.delete(id)
    assert [on(later, day) for day in (22, 23, 24, 25, 26)] == [1, 0, 0, 1, 1]


def test_who_goes_twice_was_away_twice(play: Play) -> None:
    box, stage, _ = away_from_23_to_25(play)
    box.catalog.delete(KID)
    later = crawled(stage)
    assert (later.manifest.tombstones, later.absences().num_rows) == (1, 1)
    assert [on(later, day) for day in (22, 23, 24, 25, 26)] == [1, 0, 0, 1, 0]
    box.catalog = LiveCatalog(a_line())
    back = crawled(stage)
    assert back.absences().num_rows == 2
    assert [on(back, day) for day in (22, 23, 24, 25, 26, 27)] == [1, 0, 0, 1, 0, 1]


def test_a_cut_out_snapshot_keeps_the_absences_of_its_models(play: Play) -> None:
    _, _, last = away_from_23_to_25(play)
    assert [piece.num_rows for piece in list_whole_tables_of_scope(last)[schema.ABSENCES_FILE]] == [
        1
    ]
    for base, rows in ((ROOT["id"], 1), ("owner/model-5", 0)):
        cut = family_columns(last, base, (), Definition())
        assert [one.num_rows for one in cut_tables_to_scope(cut)[schema.ABSENCES_FILE]] == [rows]


def test_the_comparison_of_a_day_tells_of_them_as_missed(play: Play) -> None:
    _, _, snapshot = away_from_23_to_25(play)
    days = (date(2026, 11, day) for day in (22, 24, 26))
    comparisons = [compare_base(snapshot, ROOT["id"], (), as_of=day) for day in days]
    assert [comparison.known_deleted for comparison in comparisons] == [0, 1, 0]
