"""Who asks for it is in no new table: not listed, not named, not buried, not counted."""

import pytest

from lineage.crawl.plan import CrawlMode
from lineage.demo.catalog import Row, box_moment
from lineage.domain.opt_outs import OptOuts
from lineage.errors import NamesOptedOut, NoSuchSnapshot
from lineage.store import schema
from lineage.store.manifest import SnapshotKind
from tests.story.conftest import Play
from tests.story.stage import Stage
from tests.unit.demo.rows import a_child, a_row

DAY = 24 * 3600
GONE = "owner/model-3"
TO_FORGET = "Shy, owner/MODEL-1 owner/model-3"


def a_hub() -> list[Row]:
    shy = a_row(2, id="shy/model", author="shy")
    named = a_row(1)
    return [
        a_row(0),
        named,
        shy,
        a_row(3),
        a_child(4, shy),
        a_child(5, named),
        a_child(6, a_row(3)),
        a_row(7, tags=["dataset:shy/words"], config={"_name_or_path": "shy/model"}),
        a_row(8, config={"peft": {"base_model_name_or_path": "owner/model-1"}}),
        *(a_row(number) for number in range(10, 60)),
    ]


def everything_told(stage: Stage, id: str) -> str:
    """Every text of every table."""
    snapshot = stage.store.snapshot(id)
    return "\n".join(str(snapshot.table(file).to_pylist()) for file in schema.TABLES)


def test_who_opted_out_are_in_no_table_of_a_new_snapshot(play: Play) -> None:
    box, stage = play(a_hub())
    before = stage.crawl().manifest
    assert "shy" in everything_told(stage, before.id)
    box.catalog.delete(GONE)
    stage.clock.sleep(DAY)
    stage.crawl()  # it becomes a tombstone
    stage.clock.sleep(DAY)
    after = stage.crawl(opt_outs=TO_FORGET).manifest
    told = everything_told(stage, after.id).lower()
    assert "owner/model-10'" in told
    assert "shy" not in told
    assert "owner/model-1'" not in told
    assert f"{GONE}'" not in told
    assert (after.models, after.tombstones) == (before.models - 3, 0)


def test_an_update_goes_on_from_no_snapshot_that_names_them(play: Play) -> None:
    _, stage = play(a_hub())
    stage.crawl()
    stage.clock.sleep(DAY)
    with pytest.raises(NoSuchSnapshot, match="on the opt-out list"):
        stage.crawl(mode=CrawlMode.UPDATE, opt_outs=TO_FORGET)
    swept = stage.crawl(mode=CrawlMode.AUTO, opt_outs=TO_FORGET).manifest
    stage.clock.sleep(DAY)
    updated = stage.crawl(mode=CrawlMode.AUTO, opt_outs=TO_FORGET).manifest
    assert [swept.origin.kind, updated.origin.kind] == [SnapshotKind.FULL, SnapshotKind.UPDATE]
    assert "shy" not in everything_told(stage, updated.id)


def test_who_moves_to_somebody_who_opted_out_is_left_out_though_a_snapshot_lists_the_old_name(
    play: Play,
) -> None:
    box, stage = play(a_hub())
    stage.crawl(opt_outs="quiet")
    for number, id in ((5, "quiet/model"), (60, "quiet/new")):
        stage.clock.sleep(DAY)
        at = {"lastModified": box_moment(stage.clock.now())}
        box.catalog.add(a_row(number, id=id, author="quiet", **at))
        if number == 5:
            with pytest.raises(NamesOptedOut, match="belongs to somebody"):
                stage.crawl(mode=CrawlMode.UPDATE, opt_outs="quiet")
        manifest = stage.crawl(mode=CrawlMode.AUTO, opt_outs="quiet").manifest
        assert manifest.origin.kind is (SnapshotKind.FULL if number == 5 else SnapshotKind.UPDATE)
        told = everything_told(stage, manifest.id)
        assert "quiet" not in told
        assert "owner/model-5'" not in told


def test_who_opts_out_by_one_name_takes_nobody_along() -> None:
    some = OptOuts.parse(" https://huggingface.co/Shy/Model , loud,")
    assert [some.covers(id) for id in ("shy/model", "SHY/model", "shy/other", "shy")] == [
        *(True, True, False, False)
    ]
    assert [some.covers(id) for id in ("loud/any", "loud", "aloud/any")] == [True, True, False]
    assert not OptOuts.parse(" , ")
