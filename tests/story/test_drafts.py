"""A draft that looks wrong is set aside; the snapshots before it stay what they were."""

import json
from pathlib import Path

import pytest

from lineage.build.pipeline import build_snapshot
from lineage.demo.catalog import Row
from lineage.errors import DraftRefused
from lineage.sources.interface import RecordPage
from lineage.store import schema
from tests.builders import origin, publication, record
from tests.fakes.fake_hub import Fault, FaultKind, Faults
from tests.fakes.live_catalog import LiveCatalog
from tests.story.conftest import Play
from tests.story.stage import Stage, a_world

WORLD = a_world(2500)
HALF = WORLD[: len(WORLD) // 2]


def unreadable(count: int) -> list[Row]:
    """So many rows whose ids no repository can have."""
    return [
        {"_id": f"{0x70000000 + n:08x}{n:016x}", "id": f"../../escape-{n}", "tags": []}
        for n in range(count)
    ]


def reasons(stage: Stage, id: str) -> list[str]:
    """The checks that a draft set aside has failed."""
    said = json.loads((stage.folder / "snapshots" / id / "refused.json").read_bytes())
    return [check["name"] for check in said["checks"] if not check["passed"]]


def test_a_hub_that_suddenly_lists_half_its_models_is_not_believed(play: Play) -> None:
    box, stage = play(WORLD)
    good = stage.crawl().manifest
    kept = stage.tables(good.id)
    box.catalog = LiveCatalog(HALF)
    stage.clock.sleep(3600)
    with pytest.raises(DraftRefused, match=f"{len(HALF)} models") as refused:
        stage.crawl()
    assert refused.value.exit_code == 4
    assert stage.published() == [good.id]
    assert stage.store.snapshot().id == good.id
    assert stage.tables(good.id) == kept
    (aside,) = stage.store.refused()
    assert aside in refused.value.message
    assert reasons(stage, aside) == ["no_sudden_loss"]


def test_after_a_refused_draft_the_next_crawl_asks_anew(play: Play) -> None:
    box, stage = play(WORLD)
    first = stage.crawl().manifest.id
    box.catalog = LiveCatalog(HALF)
    stage.clock.sleep(3600)
    with pytest.raises(DraftRefused):
        stage.crawl()
    box.catalog = LiveCatalog(WORLD)
    stage.clock.sleep(3600)
    report = stage.crawl()
    assert (report.tally.sent, report.tally.replayed) == (4, 0)
    assert stage.tables(report.manifest.id) == stage.tables(first)
    assert report.manifest.previous == first


def test_who_believes_a_refused_draft_publishes_it_without_asking_again(play: Play) -> None:
    box, stage = play(WORLD)
    stage.crawl()
    box.catalog = LiveCatalog(HALF)
    stage.clock.sleep(3600)
    with pytest.raises(DraftRefused):
        stage.crawl()
    asked = len(box.requests)
    report = stage.crawl(offline=True, min_kept_share=0.4)
    assert (report.manifest.models, len(box.requests)) == (len(HALF), asked)


def test_losing_a_few_models_is_a_usual_day(play: Play) -> None:
    box, stage = play(WORLD)
    stage.crawl()
    box.catalog = LiveCatalog(WORLD[: int(len(WORLD) * 0.91)])
    stage.clock.sleep(3600)
    assert stage.crawl().manifest.models == int(len(WORLD) * 0.91)


def test_another_hub_has_no_place_in_this_history(play: Play) -> None:
    _, stage = play(WORLD)
    good = stage.crawl().manifest.id
    other, _ = play(WORLD)
    stage.clock.sleep(3600)
    with pytest.raises(DraftRefused, match=other.url):
        stage.crawl(endpoint=other.url)
    assert other.requests == []  # known before anything is asked
    assert stage.published() == [good]
    assert stage.store.refused() == []
    stage.clock.sleep(3600)
    assert stage.crawl().manifest.previous == good


def test_a_slash_more_or_less_makes_no_other_hub(play: Play) -> None:
    _, stage = play(WORLD)
    stage.crawl()
    stage.clock.sleep(3600)
    stage.crawl(endpoint=f"{stage.endpoint}/")
    assert len(stage.published()) == 2


def test_too_many_bad_rows_refuse_the_draft(play: Play) -> None:
    _, stage = play([*WORLD, *unreadable(26)])
    with pytest.raises(DraftRefused, match="26 of 2526") as refused:
        stage.crawl()
    assert refused.value.exit_code == 4
    assert stage.published() == []
    assert reasons(stage, stage.store.refused()[0]) == ["few_bad_rows"]


def test_a_few_bad_rows_are_published_and_kept_word_for_word(play: Play) -> None:
    bad = unreadable(25)
    _, stage = play([*WORLD, *bad])
    manifest = stage.crawl().manifest
    assert (manifest.models, manifest.bad_rows) == (len(WORLD), 25)
    kept = stage.column(manifest.id, schema.BAD_ROWS_FILE, "raw")
    assert [json.loads(raw)["id"] for raw in kept] == [row["id"] for row in bad]
    assert stage.column(manifest.id, schema.BAD_ROWS_FILE, "key") == [row["_id"] for row in bad]


def test_ten_bad_rows_never_refuse_a_small_hub(play: Play) -> None:
    _, stage = play([*WORLD[:20], *unreadable(10)])
    assert stage.crawl().manifest.bad_rows == 10
    _, other = play([*WORLD[:20], *unreadable(11)])
    other.folder = stage.folder / "other"
    with pytest.raises(DraftRefused):
        other.crawl()


def test_a_model_that_cannot_be_read_is_a_bad_row_and_no_other_suffers(play: Play) -> None:
    spoiled = Fault(FaultKind.GARBAGE, variant=3, replaces=True)
    _, stage = play(WORLD, faults=Faults({1: spoiled}))
    manifest = stage.crawl().manifest
    assert (manifest.models, manifest.bad_rows) == (len(WORLD) - 1, 1)


def test_a_first_full_crawl_of_the_hub_that_ends_early_is_not_believed(tmp_path: Path) -> None:
    into = publication(tmp_path)
    walk = [RecordPage([record(f"a/{n}", key=f"{n:024x}") for n in range(1000)])]
    with pytest.raises(DraftRefused, match="3117871 are known from before"):
        build_snapshot(walk, origin(endpoint="https://huggingface.co"), into)


def test_a_hub_without_a_single_model_makes_no_snapshot(play: Play) -> None:
    _, stage = play([])
    with pytest.raises(DraftRefused, match="not_empty"):
        stage.crawl()
    assert stage.published() == []
