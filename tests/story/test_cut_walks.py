"""A walk that is cut deletes nobody: over bare sockets, from the first byte to the snapshot."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage.crawl.plan import CrawlMode
from lineage.errors import DraftRefused, SourceError
from tests.fakes.raw_hub import RawHub, reply
from tests.fakes.scripted_listing import Page, ScriptedListing
from tests.story.stage import Stage
from tests.unit.demo.rows import a_row

DAY = 24 * 3600
ROWS = [a_row(number) for number in range(197)]


class Scene:
    """A Hub whose listing a test can spoil, and a store with one whole snapshot of yesterday."""

    def __init__(self, folder: Path) -> None:
        self.listing = ScriptedListing(ROWS)
        self.left_over: dict[str, bytes] = {}
        """What follows the answer to a request that holds these letters."""
        self.hub = RawHub(answering=self._answer)
        self.stage = Stage(folder, self.hub.url)

    def _answer(self, target: str) -> bytes:
        more = next((sent for part, sent in self.left_over.items() if part in target), b"")
        return self.listing.send(target) + more

    def tombstones(self, mode: CrawlMode = CrawlMode.FULL) -> int:
        return self.stage.crawl(mode=mode).manifest.tombstones


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    with scene.hub:
        scene.stage.crawl()
        scene.stage.clock.sleep(DAY)
        yield scene


PAGE_18 = {
    "empty": lambda page: Page(()),
    "full, without a link": lambda page: Page(page.rows),
    "an error": lambda page: Page((), body=b'[{"error": "timeout"}]'),
    "short, without a link": lambda page: Page(page.rows[:4]),
}


@pytest.mark.parametrize("name", PAGE_18)
def test_page_18_of_20_is_asked_again_and_nobody_is_deleted(scene: Scene, name: str) -> None:
    scene.listing.spoiled = {17: PAGE_18[name]}
    assert scene.tombstones() == 0
    assert scene.listing.spoils == 1


def test_page_18_that_stays_cut_publishes_nothing_and_the_next_run_goes_on(scene: Scene) -> None:
    scene.listing.spoiled, scene.listing.times = {17: PAGE_18["empty"]}, 10**6
    with pytest.raises(SourceError, match="ends too early") as ended:
        scene.tombstones()
    assert ended.value.exit_code == 3
    assert len(scene.stage.published()) == 1
    scene.listing.times = 0
    before = len(scene.listing.asked)
    assert scene.tombstones() == 0
    assert len(scene.listing.asked) - before == 3


def test_a_hub_that_lists_less_and_shows_all_by_name_is_refused(scene: Scene) -> None:
    scene.listing.listed = lambda row: row["_id"] < ROWS[180]["_id"]
    with pytest.raises(DraftRefused, match=r"17 of 17 missing models .* are there") as refused:
        scene.tombstones()
    assert refused.value.exit_code == 4
    assert len(scene.stage.published()) == 1


@pytest.mark.parametrize("mode", [CrawlMode.FULL, CrawlMode.UPDATE])
def test_left_over_bytes_are_never_the_next_answer(scene: Scene, mode: CrawlMode) -> None:
    scene.left_over = {
        "cursor=30": scene.listing.send("/api/models?sort=createdAt&direction=1&limit=3")
    }
    scene.left_over |= {"cursor=60": reply([]), "cursor=90": b"HTTP/1.1 200 OK\r\nContent-Le"}
    scene.left_over |= {"cursor=100": reply({"error": "timeout"}), "cursor=190": b"\r\n"}
    assert scene.tombstones(mode) == 0
    assert scene.stage.store.manifests()[-1].models == len(ROWS)


def test_an_endless_listing_ends_and_nothing_is_published(scene: Scene) -> None:
    scene.listing.endless = True
    with pytest.raises(SourceError, match="goes in a circle"):
        scene.tombstones()
    assert len(scene.stage.published()) == 1
