"""What a crawl publishes is right, cheap, and the same each time it is read."""

from dataclasses import replace
from pathlib import Path

from tests.story.conftest import Play
from tests.story.stage import a_world, counted_slowly, timeless

WORLD = a_world(3500)


def test_every_base_is_counted_exactly(play: Play) -> None:
    _, stage = play(WORLD)
    report = stage.crawl()
    assert report.manifest.models == len(WORLD)
    assert stage.counts(report.manifest.id) == counted_slowly(WORLD)


def test_two_crawls_of_one_hub_give_the_same_bytes(play: Play, tmp_path: Path) -> None:
    _, stage = play(WORLD)
    other = replace(stage, folder=tmp_path / "other")
    first = stage.crawl().manifest
    stage.clock.sleep(100)
    second = other.crawl().manifest
    assert first.id != second.id
    assert stage.tables(first.id) == other.tables(second.id)
    assert timeless(first) == timeless(second)
