"""What a human decides about the history: a refused draft taken after all, older days let go."""

from datetime import date

import pytest

from lineage.crawl.plan import CrawlMode
from lineage.errors import DraftRefused, SnapshotDamaged, StoreError, StoreLocked, UnknownSnapshot
from lineage.store import schema
from lineage.store.lease import Holder
from lineage.store.manifest import SnapshotKind
from tests.fakes.live_catalog import LiveCatalog
from tests.story.conftest import Play
from tests.story.stage import Stage, a_world

WORLD = a_world(2500)
HALF = WORLD[: len(WORLD) // 2]
DAY = 24 * 3600


def refused(stage: Stage) -> str:
    stage.clock.sleep(DAY)
    with pytest.raises(DraftRefused):
        stage.crawl()
    return stage.store.refused()[-1]


def test_a_refused_draft_is_taken_after_all_with_its_tombstones(play: Play) -> None:
    box, stage = play(WORLD)
    first = stage.crawl().manifest.id
    box.catalog = LiveCatalog(HALF)
    id = refused(stage)
    manifest = stage.store.accept(id, stage.clock.now())
    assert (manifest.models, manifest.tombstones) == (len(HALF), len(WORLD) - len(HALF))
    assert (manifest.previous, manifest.checks[-1].name) == (first, "accepted")
    assert stage.published() == [first, id]
    assert stage.store.refused() == []
    assert stage.store.find_damage(id) == []
    stage.clock.sleep(DAY)
    assert stage.crawl(mode=CrawlMode.UPDATE).manifest.previous == id


def test_a_draft_that_was_never_set_aside_cannot_be_accepted(play: Play) -> None:
    _, stage = play(WORLD)
    id = stage.crawl().manifest.id
    for name in (id, "20200101T000000Z", "../elsewhere"):
        with pytest.raises(UnknownSnapshot):
            stage.store.accept(name, stage.clock.now())


def test_a_draft_older_than_the_last_snapshot_cannot_be_accepted(play: Play) -> None:
    box, stage = play(WORLD)
    stage.crawl()
    box.catalog = LiveCatalog(HALF)
    id = refused(stage)
    box.catalog = LiveCatalog(WORLD)
    stage.clock.sleep(DAY)
    stage.crawl()
    with pytest.raises(StoreError, match="neither knows of the other"):
        stage.store.accept(id, stage.clock.now())


def test_of_two_refused_drafts_one_alone_can_be_accepted(play: Play) -> None:
    box, stage = play(WORLD)
    stage.crawl()
    box.catalog = LiveCatalog(HALF)
    first = refused(stage)
    stage.clock.sleep(DAY)
    with pytest.raises(DraftRefused):
        stage.crawl()
    second = stage.store.refused()[-1]
    stage.store.accept(first, stage.clock.now())
    with pytest.raises(StoreError, match="neither knows of the other"):
        stage.store.accept(second, stage.clock.now())


def test_a_draft_whose_files_changed_cannot_be_accepted(play: Play) -> None:
    box, stage = play(WORLD)
    stage.crawl()
    box.catalog = LiveCatalog(HALF)
    id = refused(stage)
    path = stage.folder / "snapshots" / id / schema.EDGES_FILE
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(SnapshotDamaged):
        stage.store.accept(id, stage.clock.now())


def test_a_hub_without_models_is_never_accepted(play: Play) -> None:
    _, stage = play([])
    id = refused(stage)
    with pytest.raises(StoreError, match="not_empty"):
        stage.store.accept(id, stage.clock.now())


# Damage


def test_a_damaged_manifest_hides_no_other_snapshot(play: Play) -> None:
    box, stage = play(WORLD)
    first = stage.crawl().manifest.id
    stage.clock.sleep(DAY)
    second = stage.crawl().manifest.id
    (stage.folder / "snapshots" / second / "manifest.json").write_text("{", "utf-8")
    assert stage.published() == [first]
    (told,) = stage.store.damaged().values()
    assert second in told
    with pytest.raises(SnapshotDamaged):
        stage.store.snapshot()
    box.catalog.delete(WORLD[7]["id"])
    stage.clock.sleep(DAY)
    third = stage.crawl().manifest
    assert (third.previous, third.tombstones) == (first, 1)


def test_a_full_crawl_stands_beside_the_newest_snapshot_that_is_whole(play: Play) -> None:
    _, stage = play(WORLD)
    first = stage.crawl().manifest.id
    stage.clock.sleep(DAY)
    second = stage.crawl().manifest.id
    path = stage.folder / "snapshots" / second / schema.CHANGES[schema.MODELS_FILE]
    path.write_bytes(path.read_bytes()[:-9])
    stage.clock.sleep(DAY)
    assert stage.crawl().manifest.previous == first


# Letting go


def test_a_deleted_snapshot_is_gone_and_the_others_answer(play: Play) -> None:
    _, stage = play(WORLD)
    ids = []
    for _ in range(3):
        ids.append(stage.crawl().manifest.id)
        stage.clock.sleep(DAY)
    stage.store.delete(ids[1])
    assert stage.published() == [ids[0], ids[2]]
    assert not (stage.folder / "snapshots" / ids[1]).exists()
    assert stage.store.snapshot_at(date(2026, 11, 22)).id == ids[0]
    assert all(stage.store.find_damage(id) == [] for id in stage.published())


def test_a_full_crawl_after_an_update_still_builds_its_tombstones(play: Play) -> None:
    box, stage = play(WORLD)
    stage.crawl()
    stage.clock.sleep(DAY)
    stage.crawl(mode=CrawlMode.UPDATE)
    stage.store.delete(stage.published()[0])
    box.catalog.delete(WORLD[3]["id"])
    stage.clock.sleep(DAY)
    swept = stage.crawl().manifest
    assert (swept.origin.kind, swept.tombstones) == (SnapshotKind.FULL, 1)


def test_nobody_decides_while_a_crawl_is_at_work(play: Play) -> None:
    _, stage = play(WORLD)
    holder = Holder.this_process("lineage crawl", stage.clock.now())
    with (
        stage.store.lock(holder),
        pytest.raises(StoreLocked, match="lineage crawl"),
        stage.store.lock(holder),
    ):
        pass
