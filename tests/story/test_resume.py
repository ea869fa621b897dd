"""Pages are asked for once: a run goes on where the last one stopped, or replays it offline."""

from pathlib import Path

import pytest

from lineage.domain.progress import Progress
from lineage.errors import PageNotRecorded, RequestLimitReached
from tests.story.conftest import Play
from tests.story.stage import Stage, a_world, sent_pages

WORLD = a_world(3500)
PAGES = 4 + 1
"""The newest model is asked for at the end."""


class ListProgress(Progress):
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, message: str) -> None:
        self.said.append(message)


def kept(stage: Stage) -> int:
    return len(list(stage.folder.glob("cache/pages/*/*.page")))


@pytest.mark.parametrize("most", range(PAGES))
def test_a_bounded_run_keeps_its_pages_and_the_next_asks_for_the_rest(
    play: Play, most: int
) -> None:
    box, stage = play(WORLD)
    with pytest.raises(RequestLimitReached) as stopped:
        stage.crawl(max_requests=most)
    assert stopped.value.exit_code == 3
    assert (len(box.requests), kept(stage), stage.published()) == (most, most, [])
    report = stage.crawl()
    assert (report.tally.sent, report.tally.replayed) == (PAGES - most, most)
    assert len(set(sent_pages(box))) == len(box.requests) == PAGES


def test_offline_gives_the_same_bytes_without_a_request(play: Play) -> None:
    box, stage = play(WORLD)
    first = stage.crawl().manifest.id
    asked = len(box.requests)
    report = stage.crawl(offline=True)
    assert (len(box.requests), report.tally.sent, report.tally.replayed) == (asked, 0, PAGES)
    assert report.manifest.id != first
    assert stage.tables(report.manifest.id) == stage.tables(first)


def test_offline_gives_the_same_bytes_in_a_store_of_its_own(play: Play, tmp_path: Path) -> None:
    _, stage = play(WORLD)
    first = stage.crawl().manifest.id
    other = Stage(tmp_path / "other", stage.endpoint)
    second = other.crawl(offline=True, cache=stage.settings().cache).manifest.id
    assert other.tables(second) == stage.tables(first)


def test_offline_without_any_walk_says_what_to_do(play: Play) -> None:
    box, stage = play(WORLD)
    with pytest.raises(PageNotRecorded, match="no recorded crawl") as missed:
        stage.crawl(offline=True)
    assert "--offline" in missed.value.hint
    assert box.requests == []


def test_offline_publishes_nothing_of_an_unfinished_walk(play: Play) -> None:
    box, stage = play(WORLD)
    with pytest.raises(RequestLimitReached):
        stage.crawl(max_requests=2)
    with pytest.raises(PageNotRecorded, match="not recorded") as missed:
        stage.crawl(offline=True)
    assert missed.value.exit_code == 4
    assert (len(box.requests), stage.published()) == (2, [])


def test_after_publishing_the_next_crawl_asks_anew(play: Play) -> None:
    box, stage = play(WORLD)
    stage.crawl()
    stage.clock.sleep(60)
    report = stage.crawl()
    assert (report.tally.sent, report.tally.replayed) == (PAGES, 0)
    assert len(box.requests) == 2 * PAGES
    assert len(stage.published()) == 2


def test_an_unfinished_walk_too_old_starts_anew_and_says_so(play: Play) -> None:
    _, stage = play(WORLD)
    stage.progress = heard = ListProgress()
    with pytest.raises(RequestLimitReached):
        stage.crawl(max_requests=2)
    stage.clock.sleep(24 * 3600 + 1)
    report = stage.crawl()
    assert (report.tally.sent, report.tally.replayed) == (PAGES, 0)
    assert any("too old" in message for message in heard.said)
    assert len(stage.logs()) == 1


def test_a_walk_young_enough_goes_on_and_says_nothing_of_age(play: Play) -> None:
    _, stage = play(WORLD)
    stage.progress = heard = ListProgress()
    with pytest.raises(RequestLimitReached):
        stage.crawl(max_requests=2)
    stage.clock.sleep(24 * 3600 - 1)
    assert stage.crawl().tally.replayed == 2
    assert heard.said == []


def test_closed_walks_but_the_last_two_are_deleted(play: Play) -> None:
    _, stage = play(WORLD)
    for _ in range(4):
        stage.crawl()
        stage.clock.sleep(60)
    assert len(stage.published()) == 4
    assert len(stage.logs()) == 2
    assert stage.crawl(offline=True).tally.replayed == PAGES


def test_a_page_damaged_on_disk_is_asked_for_again(play: Play) -> None:
    box, stage = play(WORLD)
    with pytest.raises(RequestLimitReached):
        stage.crawl(max_requests=3)
    page = sorted(stage.folder.glob("cache/pages/*/*.page"))[1]
    page.write_bytes(page.read_bytes()[:-20])
    report = stage.crawl()
    assert (report.tally.sent, report.tally.replayed) == (3, 2)
    assert len(box.requests) == 6
    assert report.manifest.models == len(WORLD)


def test_a_kill_between_publishing_and_closing_the_walk_publishes_nothing_twice(
    play: Play,
) -> None:
    box, stage = play(WORLD)
    first = stage.crawl().manifest
    (log,) = stage.logs()
    (log / "closed.json").unlink()
    report = stage.crawl()
    assert (report.manifest, report.tally.sent) == (first, 0)
    assert stage.published() == [first.id]
    assert (log / "closed.json").exists()
    stage.clock.sleep(60)
    assert stage.crawl().tally.sent == PAGES
    assert len(box.requests) == 2 * PAGES
