"""History goes forwards: no clock set back, and no walk begun long ago, publishes behind it."""

from datetime import timedelta

import pytest

from lineage.crawl.dump import crawl_dump
from lineage.crawl.plan import CrawlMode
from lineage.errors import RequestLimitReached, StoreError
from lineage.store.manifest import SnapshotKind
from tests.fakes.fake_clock import NOON, FakeClock
from tests.story.conftest import Play
from tests.story.stage import Stage, a_world
from tests.story.test_dumps import a_dump

WORLD = a_world(2500)
DAY = 24 * 3600


def set_back(stage: Stage, days: int) -> Stage:
    return Stage(stage.folder, stage.endpoint, FakeClock(stage.clock.now() - timedelta(days=days)))


@pytest.mark.parametrize("mode", list(CrawlMode))
def test_a_clock_set_back_is_refused_before_the_first_request(play: Play, mode: CrawlMode) -> None:
    box, stage = play(WORLD)
    first = stage.crawl().manifest.id
    asked = len(box.requests)
    with pytest.raises(StoreError, match="the clock says 2026-11-18T12:00:00Z") as refused:
        set_back(stage, 3).crawl(mode=mode)
    assert first in refused.value.message
    assert "set the clock right" in refused.value.hint
    assert (refused.value.exit_code, len(box.requests), stage.published()) == (4, asked, [first])
    assert len(stage.logs()) == 1


def test_once_the_clock_is_right_again_history_goes_on(play: Play) -> None:
    _, stage = play(WORLD)
    first = stage.crawl().manifest.id
    with pytest.raises(StoreError):
        set_back(stage, 3).crawl()
    assert stage.crawl().manifest.previous == first  # the same second is early enough


def test_what_lies_below_one_base_and_dumps_of_the_past_may_be_taken_all_the_same(
    play: Play,
) -> None:
    _, stage = play(WORLD)
    stage.crawl()
    early = set_back(stage, 3)
    assert early.crawl(base=WORLD[0]["id"]).manifest.origin.kind is SnapshotKind.BELOW
    place = a_dump(WORLD, stage.folder / "dumps")
    at = NOON - timedelta(days=9)
    taken = crawl_dump(early.settings(), place, taken_at=at, clock=early.clock).manifest
    assert taken.id == "20261112T120000Z"


def test_a_walk_that_history_went_past_is_begun_anew(play: Play) -> None:
    _, stage = play(WORLD)
    stage.crawl()
    stage.clock.sleep(3600)
    with pytest.raises(RequestLimitReached):
        stage.crawl(max_requests=1)
    stage.clock.sleep(3600)
    update = stage.crawl(mode=CrawlMode.UPDATE).manifest.id
    stage.clock.sleep(3600)
    report = stage.crawl()
    assert (report.tally.sent, report.tally.replayed) == (4, 0)
    assert stage.published()[-2:] == [update, report.manifest.id]
    assert report.manifest.tombstones == 0


def test_a_recorded_walk_is_not_replayed_behind_what_came_after_it(play: Play) -> None:
    _, stage = play(WORLD)
    stage.crawl()
    stage.clock.sleep(DAY)
    stage.crawl(mode=CrawlMode.UPDATE)
    with pytest.raises(StoreError, match="knows nothing of what happened since") as refused:
        stage.crawl(offline=True)
    assert "--store" in refused.value.hint
    other = Stage(stage.folder / "other", stage.endpoint)
    assert other.crawl(offline=True, cache=stage.settings().cache).manifest.models == len(WORLD)
