"""Repositories that the token alone may see are never stored, counted or named."""

from datetime import timedelta
from pathlib import Path

import pytest
import zstandard

from lineage.crawl.live import trace_live
from lineage.crawl.plan import CrawlMode
from lineage.errors import LineageError, UnknownModel
from tests.fakes.fake_clock import NOON, FakeClock
from tests.story.conftest import Play
from tests.unit.analysis.worlds import a_family
from tests.unit.demo.rows import a_child, a_row

ROOT = a_row(0)
CHILD = a_child(1, ROOT)
SECRET = a_child(2, ROOT) | {"id": "me/secret", "author": "me", "private": True}
OTHERS = [a_row(number) for number in range(3, 60)]
KIN = a_family({"Kin 1": [str(ROOT["id"])]})


def names_on_disk(folder: Path, word: bytes) -> list[str]:
    """Every file that holds a word; of the page log as it was before it was compressed."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".page" for path in files)
    return [path.name for path in files if word in read_plain(path)]


def read_plain(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix == ".page":
        head, frame = content.split(b"\n", 1)
        content = head + zstandard.ZstdDecompressor().decompress(frame)
    return content


@pytest.mark.parametrize("base", [None, str(ROOT["id"])])
def test_a_private_repository_is_in_no_file_of_a_crawl(play: Play, base: str | None) -> None:
    box, stage = play([ROOT, CHILD, SECRET])
    report = stage.crawl(base)
    assert report.manifest.models == 2
    assert report.manifest.bad_rows == 0
    assert names_on_disk(stage.folder, b"secret") == []
    assert "secret" not in str(box.requests)


def test_a_private_repository_is_as_unknown_live_and_below_as_one_that_is_not_there(
    play: Play,
) -> None:
    _, stage = play([ROOT, CHILD, SECRET])
    stage.crawl()
    with pytest.raises(UnknownModel):
        trace_live(stage.settings(), stage.store.snapshot(), "me/secret", KIN, [KIN])
    with pytest.raises(LineageError) as missing:
        stage.crawl("me/nothing")
    with pytest.raises(type(missing.value)):
        stage.crawl("me/secret")


def test_a_model_that_became_private_is_a_tombstone_as_one_that_is_gone(play: Play) -> None:
    box, stage = play([ROOT, CHILD, *OTHERS])
    stage.crawl()
    box.catalog.add(CHILD | {"private": True})
    stage.clock = FakeClock(NOON + timedelta(days=1))
    report = stage.crawl()
    (row,) = stage.store.snapshot(report.manifest.id).tombstones(["id"]).to_pylist()
    assert row["id"] == CHILD["id"]


def test_an_update_passes_a_private_repository_over(play: Play) -> None:
    box, stage = play([ROOT, CHILD, *OTHERS])
    stage.crawl()
    later = NOON + timedelta(days=1)
    box.catalog.add(SECRET | {"createdAt": "2026-11-22T06:00:00.000Z"})
    stage.clock = FakeClock(later)
    report = stage.crawl(mode=CrawlMode.UPDATE)
    assert report.manifest.models == 2 + len(OTHERS)
    assert names_on_disk(stage.folder, b"secret") == []


def test_pages_of_private_repositories_alone_end_no_walk(play: Play) -> None:
    secrets = [
        a_row(number, id=f"me/secret-{number}", author="me", private=True)
        for number in range(10, 2600)
    ]
    _, stage = play([ROOT, CHILD, *secrets, a_row(3000)])
    assert stage.crawl().manifest.models == 3
    assert names_on_disk(stage.folder, b"secret") == []
    assert stage.crawl(mode=CrawlMode.UPDATE).manifest.models == 3
