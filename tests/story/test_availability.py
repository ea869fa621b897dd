"""What became of the missing is asked of the Hub by name: members of families first, so many."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from lineage.analysis.diffs import diff_snapshots
from lineage.analysis.documents import diff_rows, trace_document
from lineage.analysis.verdicts import (
    count_availability,
    explain_trace,
    summarize_verdict_availability,
)
from lineage.crawl.plan import CrawlMode
from lineage.demo.catalog import Row
from lineage.domain.documents import convert_to_document
from lineage.domain.records import Availability
from lineage.errors import DraftRefused
from lineage.families.registry import family
from lineage.store import schema
from lineage.store.reader import Snapshot, stored_availability_counts
from tests.fakes.fake_hub import FakeHub, Fault, FaultKind, Faults
from tests.fakes.live_catalog import LiveCatalog
from tests.questions import trace
from tests.story.conftest import Play
from tests.story.stage import Stage
from tests.unit.demo.rows import a_child, a_row

DAY = 24 * 3600
BLINK = 1.0
ROOT = a_row(0, id="meta-llama/Llama-2-7b-hf", author="meta-llama")
DELETED, PRIVATE, DISABLED, RENAMED, REPLACED, GATED = (
    a_child(number, ROOT, id=f"owner/{name}")
    for number, name in enumerate(
        ("deleted", "private", "disabled", "renamed", "replaced", "gated"), start=1
    )
)
BELOW = a_child(7, DELETED)
STRANGER = a_row(8, id="owner/stranger")
OTHERS = [a_row(number) for number in range(20, 120)]
FAMILY = [ROOT, DELETED, PRIVATE, DISABLED, RENAMED, REPLACED, GATED, BELOW]
ROWS = [*FAMILY, STRANGER, *OTHERS]
MEMBERS = 6
"""So many members go; the stranger is asked about after them."""


def everything_happens(box: FakeHub) -> None:
    catalog = box.catalog
    for row in (DELETED, STRANGER, REPLACED):
        catalog.delete(row["id"])
    catalog.hide(PRIVATE["id"])
    catalog.add(DISABLED | {"_disabled": True})
    catalog.hide(DISABLED["id"], private=False)
    catalog.rename(RENAMED["id"], "owner/moved-on")
    catalog.hide("owner/moved-on")
    catalog.add(a_row(200, id=REPLACED["id"]))
    catalog.add(GATED | {"_gate": "manual"})
    catalog.hide(GATED["id"], private=False)


def swept(stage: Stage, **more: Any) -> Snapshot:
    stage.clock.sleep(DAY)
    return stage.store.snapshot(stage.crawl(**more).manifest.id)


def standings(snapshot: Snapshot) -> dict[str, tuple[str | None, int | None]]:
    rows = snapshot.tombstones(["id", "standing", "hub_status"]).to_pylist()
    return {row["id"]: (row["standing"], row["hub_status"]) for row in rows}


def asked(box: FakeHub, since: int = 0) -> list[str]:
    """The names that were asked for, in order."""
    paths = [target.partition("?")[0] for _, target, _ in box.requests[since:]]
    return [path.removeprefix("/api/models/") for path in paths if path != "/api/models"]


def test_each_answer_tells_what_it_can(play: Play) -> None:
    box, stage = play(ROWS)
    swept(stage)
    everything_happens(box)
    second = swept(stage, max_availability_requests=MEMBERS)
    assert standings(second) == {
        DELETED["id"]: ("gone", 401),
        PRIVATE["id"]: ("gone", 401),
        DISABLED["id"]: ("hidden", 403),
        RENAMED["id"]: ("renamed", 307),
        REPLACED["id"]: ("replaced", 200),
        GATED["id"]: ("unlisted", 200),
        STRANGER["id"]: (None, None),
    }
    at = set(second.tombstones(["asked_at"])["asked_at"].to_pylist()) - {None}
    assert at == {second.manifest.origin.taken_at}
    assert stored_availability_counts(second)[Availability.GONE] == 2


def test_with_a_token_missing_and_private_answer_404_alike(play: Play) -> None:
    box, stage = play(ROWS)
    swept(stage, token="hf_good")
    everything_happens(box)
    found = standings(swept(stage, token="hf_good"))
    assert found[DELETED["id"]] == found[PRIVATE["id"]] == ("gone", 404)


def test_members_of_families_are_asked_about_first_those_with_most_below_foremost(
    play: Play,
) -> None:
    box, stage = play(ROWS)
    swept(stage)
    assert asked(box) == []  # nobody is missing in a first sweep
    for row in (GATED, STRANGER, DELETED):
        box.catalog.delete(row["id"])
    swept(stage)
    assert asked(box) == [DELETED["id"], GATED["id"], STRANGER["id"]]


def test_a_vanished_root_is_asked_about_too(play: Play) -> None:
    box, stage = play(ROWS)
    swept(stage)
    box.catalog.delete(ROOT["id"])
    assert standings(swept(stage)) == {ROOT["id"]: ("gone", 401)}


def test_who_was_answered_is_asked_about_no_more(play: Play) -> None:
    box, stage = play(ROWS)
    swept(stage)
    everything_happens(box)
    second = swept(stage)
    before = len(box.requests)
    third = swept(stage)
    assert asked(box, before) == []
    assert third.tombstones().equals(second.tombstones())


def test_who_comes_back_and_goes_again_is_asked_about_again(play: Play) -> None:
    box, stage = play(ROWS)
    swept(stage)
    box.catalog.delete(GATED["id"])
    swept(stage)
    box.catalog.add(GATED)
    assert standings(swept(stage)) == {}
    box.catalog.delete(GATED["id"])
    swept(stage)
    assert asked(box) == [GATED["id"], GATED["id"]]


def test_an_update_asks_about_nobody_and_keeps_the_answers(play: Play) -> None:
    box, stage = play(ROWS)
    swept(stage)
    everything_happens(box)
    second = swept(stage, max_availability_requests=2)
    before = len(box.requests)
    third = swept(stage, mode=CrawlMode.UPDATE)
    assert asked(box, before) == []
    assert standings(third) == standings(second)


# So many


def test_the_bound_leaves_the_rest_to_the_next_full_crawl(play: Play) -> None:
    box, stage = play(ROWS)
    swept(stage)
    everything_happens(box)
    told = []
    for _ in range(4):
        snapshot = swept(stage, max_availability_requests=2)
        told.append(stored_availability_counts(snapshot)[None])
    assert told == [5, 3, 1, 1]  # the stranger stays
    assert asked(box)[0] == DELETED["id"]


def test_with_a_bound_of_nothing_nobody_is_asked_about(play: Play) -> None:
    box, stage = play(ROWS)
    swept(stage)
    everything_happens(box)
    assert stored_availability_counts(swept(stage, max_availability_requests=0))[None] == 7
    assert asked(box) == []


def test_questions_count_in_max_requests_and_in_the_tally(play: Play) -> None:
    box, stage = play(ROWS)
    swept(stage)
    everything_happens(box)
    stage.clock.sleep(DAY)
    before = len(box.requests)
    report = stage.crawl(max_requests=4)
    assert report.tally.sent == len(box.requests) - before == 4
    assert stored_availability_counts(stage.store.snapshot(report.manifest.id))[None] == 7 - 2


def test_a_refused_draft_asks_about_nobody(play: Play) -> None:
    box, stage = play(ROWS)
    swept(stage)
    for row in (*FAMILY, *OTHERS[:40]):
        box.catalog.delete(row["id"])
    with pytest.raises(DraftRefused):
        swept(stage)
    assert asked(box) == []


# What is said of it


def test_a_trace_says_what_the_hub_said_and_no_more(play: Play) -> None:
    box, stage = play(ROWS)
    swept(stage)
    everything_happens(box)
    second = swept(stage, max_availability_requests=MEMBERS)

    def said(row: Row) -> str:
        return explain_trace(trace(second, row["id"], family("llama"), ()))

    assert "on 2026-11-23, the Hub answered 401: deleted or private, which look alike" in said(
        DELETED
    )
    assert said(PRIVATE) == said(DELETED)
    assert "answered 403: it exists" in said(DISABLED)
    assert "answered 307: its name redirects to another one" in said(RENAMED)
    assert "answered 200: it answers by name" in said(GATED)
    assert "The Hub was not asked about it by name" in said(STRANGER)
    gone = trace_document(trace(second, DISABLED["id"], family("llama"), ()))["deletion"]
    assert isinstance(gone, dict)
    answer = gone["asked"]
    assert (answer["standing"], answer["status"]) == ("hidden", 403)
    assert str(answer["asked_at"]).startswith("2026-11-23")


def test_a_diff_says_what_became_of_the_removed(play: Play) -> None:
    box, stage = play(ROWS)
    first = swept(stage)
    everything_happens(box)
    diff = diff_snapshots(first, swept(stage, max_availability_requests=MEMBERS), ())
    assert set(diff.removed) >= {DELETED["id"], STRANGER["id"], DISABLED["id"]}
    told = convert_to_document(diff)["availability"]
    assert isinstance(told, dict)
    assert STRANGER["id"] not in told
    assert (told[DELETED["id"]], told[DISABLED["id"]]) == ("gone", "hidden")
    rows = {row["name"]: row for row in diff_rows(diff) if row["change"] == "removed"}
    assert (rows[DELETED["id"]]["availability"], rows[STRANGER["id"]]["availability"]) == (
        "gone",
        None,
    )


def test_a_snapshot_shows_how_many_were_told_what(play: Play) -> None:
    box, stage = play(ROWS)
    swept(stage)
    everything_happens(box)
    found = stored_availability_counts(swept(stage, max_availability_requests=MEMBERS))
    assert count_availability(found) == {
        "gone": 2,
        "hidden": 1,
        "renamed": 1,
        "replaced": 1,
        "unlisted": 1,
        "not_listed": 1,
    }
    assert summarize_verdict_availability(found).startswith("2 gone, 1 hidden")
    assert summarize_verdict_availability({}) == ""


# Faults, kills, replays


def test_a_fault_of_the_hub_loses_no_full_crawl(play: Play) -> None:
    box, stage = play(ROWS)
    swept(stage)
    everything_happens(box)
    broken = f"/api/models/{DELETED['id']}"
    stage.clock.sleep(DAY)
    with_trouble(box, {broken})
    second = stage.store.snapshot(stage.crawl(max_availability_requests=MEMBERS).manifest.id)
    assert standings(second)[DELETED["id"]] == (None, None)
    assert stored_availability_counts(second)[None] == 2
    box.faults = Faults()
    assert standings(swept(stage))[DELETED["id"]] == ("gone", 401)


def test_a_hub_in_trouble_is_asked_no_more(play: Play) -> None:
    box, stage = play(ROWS)
    swept(stage)
    everything_happens(box)
    stage.clock.sleep(DAY)
    with_trouble(box, {f"/api/models/{row['id']}" for row in FAMILY})
    second = stage.store.snapshot(stage.crawl().manifest.id)
    assert stored_availability_counts(second)[None] == second.manifest.tombstones == 7
    assert len(set(asked(box))) == 2


def with_trouble(box: FakeHub, paths: set[str]) -> None:
    box.faults = Faults(at=dict.fromkeys(paths, Fault(FaultKind.STATUS, status=503)))


def test_what_was_asked_is_replayed_and_not_asked_again(play: Play, tmp_path: Path) -> None:
    box, stage = play(ROWS)
    first = swept(stage)
    everything_happens(box)
    second = swept(stage)
    shutil.rmtree(stage.folder / "snapshots" / second.id)
    before = len(box.requests)
    again = stage.store.snapshot(stage.crawl(offline=True).manifest.id)
    assert (again.id, again.manifest.previous) == (second.id, first.id)
    assert again.tombstones().equals(second.tombstones())
    assert len(box.requests) == before


def test_answers_are_kept_from_snapshot_to_snapshot_of_older_versions(
    play: Play, tmp_path: Path
) -> None:
    box, stage = play(ROWS)
    swept(stage)
    everything_happens(box)
    second = swept(stage, whole_every_days=0.0)  # as those versions stored it
    without_the_answers(stage.folder / "snapshots" / second.id)
    assert stage.store.find_damage(second.id) == []
    older = stage.store.snapshot(second.id)
    assert set(standings(older).values()) == {(None, None)}
    assert stored_availability_counts(swept(stage))[Availability.GONE] == 2


def without_the_answers(folder: Path) -> None:
    """Make the snapshot one of schema 2, without availability, with a former column."""
    import pyarrow.parquet as pq

    said = json.loads((folder / "manifest.json").read_text())
    said["schema_version"] = 2
    for file in (schema.TOMBSTONES_FILE, schema.COUNTS_FILE, schema.TRENDS_FILE):
        table = pq.read_table(folder / file)
        former = {"unspecified": "unstated"}
        table = table.rename_columns([former.get(name, name) for name in table.schema.names])
        new = {"standing", "hub_status", "asked_at"} & set(table.schema.names)
        pq.write_table(table.drop(sorted(new)), folder / file)
        content = (folder / file).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        said["files"][file] |= {"bytes": len(content), "sha256": digest, "footer": None}
    (folder / "manifest.json").write_text(json.dumps(said))


def test_the_rest_of_a_catalog_stays_listed() -> None:
    catalog = LiveCatalog(ROWS)
    catalog.hide(PRIVATE["id"])
    assert len(catalog) == len(ROWS) - 1
    catalog.add(PRIVATE)
    assert len(catalog) == len(ROWS)
    assert [row["_id"] for row in catalog.box_rows()] == sorted(row["_id"] for row in ROWS)


# Most of the missing answer: then the listing was cut


def test_a_listing_without_models_that_are_there_is_refused_and_may_be_accepted(
    play: Play,
) -> None:
    box, stage = play(ROWS)
    first = swept(stage)
    for row in (*FAMILY[5:], *OTHERS[:5]):
        box.catalog.hide(row["id"], private=False)
    with pytest.raises(DraftRefused, match=r"8 of 8 missing models .* are there") as refused:
        swept(stage)
    assert refused.value.exit_code == 4
    assert stage.published() == [first.id]
    (draft,) = stage.store.refused()
    accepted = stage.store.accept(draft, stage.clock.now())
    assert accepted.tombstones == 8


@pytest.mark.parametrize(("there", "published"), [(2, True), (3, False)])
def test_of_very_few_models_that_are_there_nothing_is_concluded(
    play: Play, there: int, published: bool
) -> None:
    box, stage = play(ROWS)
    swept(stage)
    for row in OTHERS[:there]:
        box.catalog.hide(row["id"], private=False)
    if published:
        assert swept(stage).manifest.tombstones == there
    else:
        with pytest.raises(DraftRefused):
            swept(stage)


def test_models_that_are_gone_are_no_cut_listing(play: Play) -> None:
    box, stage = play(ROWS)
    swept(stage)
    for row in OTHERS[:4]:
        box.catalog.delete(row["id"])
    for row in OTHERS[4:8]:
        box.catalog.hide(row["id"], private=False)
    assert swept(stage).manifest.tombstones == 8


def test_of_many_that_are_missing_fifty_are_asked_about_the_same_in_a_replay(play: Play) -> None:
    box, stage = play([*ROWS, *[a_row(number) for number in range(2000, 2900)]])
    swept(stage)
    for number in range(2000, 2070):
        box.catalog.delete(a_row(number)["id"])
    second = swept(stage)
    assert len(set(asked(box))) == 50
    assert stored_availability_counts(second) == {Availability.GONE: 50, None: 20}
    before = len(box.requests)
    shutil.rmtree(stage.folder / "snapshots" / second.id)
    again = stage.store.snapshot(stage.crawl(offline=True).manifest.id)
    assert again.tombstones().equals(second.tombstones())
    assert len(box.requests) == before
