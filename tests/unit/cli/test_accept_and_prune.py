"""`lineage snapshots accept` and `prune`, and a list that one damaged manifest does not end."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from lineage.build.pipeline import build_snapshot
from lineage.errors import DraftRefused
from tests.builders import origin, pages, publication, published, row
from tests.fakes.fake_clock import NOON
from tests.unit.cli.conftest import Program
from tests.updates import updated

ROWS = [row(f"owner/model-{number}") for number in range(20)]
IDS = [f"202611{day}T120000Z" for day in (21, 22, 23)]


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """A store with three days."""
    for day in range(3):
        published(ROWS, tmp_path / "store", taken_at=NOON + timedelta(days=day))
    return tmp_path / "store"


def test_prune_says_what_goes_and_why_the_rest_stays(program: Program, three: Path) -> None:
    asked = ("snapshots", "prune", "--keep", "1 daily", "--store", three, "--format", "json")
    dry = program(*asked, "--dry-run").json
    assert [one["outcome"] for one in dry["snapshots"]] == ["kept", "would be deleted", "kept"]
    assert len(program("snapshots", "list", "--store", three, "--format", "json").json) == 3
    told = program(*asked).json
    assert (told["keep"], told["dry_run"]) == ("1 daily", False)
    assert [one["reason"] for one in told["snapshots"]] == [
        "the first one",
        "no part of the rule keeps it",
        "the newest",
    ]
    listed = program("snapshots", "list", "--store", three, "--format", "json").json
    assert [one["id"] for one in listed] == [IDS[0], IDS[2]]
    assert "kept" in program("snapshots", "prune", "--store", three).out


def test_prune_keeps_what_a_kept_update_builds_on(program: Program, tmp_path: Path) -> None:
    store = tmp_path / "store"
    days = [published(ROWS, store)]
    for number in range(3):
        days.append(updated(days[-1], ROWS[number : number + 1], store))
    published(ROWS, store, taken_at=NOON + timedelta(days=9))
    published(ROWS, store, taken_at=NOON - timedelta(days=9))
    asked = ("snapshots", "prune", "--keep", "2 daily", "--store", store, "--format", "json")
    told = {one["id"]: (one["outcome"], one["reason"]) for one in program(*asked).json["snapshots"]}
    assert told[days[0].id] == ("kept", f"{days[3].id} builds on it")
    assert [told[one.id][0] for one in days] == ["kept", "deleted", "deleted", "kept"]
    listed = program("snapshots", "list", "--store", store, "--format", "json").json
    assert {one["id"]: one["builds_on"] for one in listed}[days[3].id] == days[0].id
    assert program("snapshots", "verify", days[3].id, "--store", store).code == 0


def test_a_rule_that_cannot_be_read_is_exit_code_2(program: Program, three: Path) -> None:
    told = program("snapshots", "prune", "--keep", "some", "--store", three)
    assert told.code == 2
    assert "example: 30 daily" in told.err


def test_a_refused_draft_is_accepted_by_its_id(program: Program, three: Path) -> None:
    into = publication(three)
    few = sorted(ROWS, key=lambda one: str(one["_id"]))[:5]
    with pytest.raises(DraftRefused):
        build_snapshot(pages(few), origin(taken_at=NOON + timedelta(days=9)), into)
    (id,) = into.store.refused()
    told = program("snapshots", "accept", id, "--store", three)
    assert told.code == 0
    assert "accepted" in told.out
    listed = program("snapshots", "list", "--store", three, "--format", "json").json
    assert (listed[-1]["id"], listed[-1]["tombstones"]) == (id, 15)
    assert program("snapshots", "accept", id, "--store", three).code == 5


def test_the_list_shows_the_others_beside_a_damaged_manifest(program: Program, three: Path) -> None:
    (three / IDS[1] / "manifest.json").write_text("{", "utf-8")
    told = program("snapshots", "list", "--store", three)
    assert told.code == 4
    assert IDS[0] in told.out
    assert IDS[2] in told.out
    assert IDS[1] in told.err
    shutil.rmtree(three / IDS[1])
    assert program("snapshots", "list", "--store", three).code == 0
