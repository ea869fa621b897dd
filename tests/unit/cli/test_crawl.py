"""`lineage crawl` and `lineage doctor`, against a small Hub in a box."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lineage.domain.clock import ShiftedClock
from tests.builders import row
from tests.fakes.fake_hub import FakeHub
from tests.fakes.live_catalog import LiveCatalog
from tests.unit.cli.conftest import BASE, Program


def test_a_crawl_reports_as_promised(program: Program, box: FakeHub) -> None:
    told = program("crawl", "--endpoint", box.url, "--format", "json")
    assert list(told.json) == [
        *("snapshot", "kind", "models", "edges", "bad_rows", "tombstones", "requests", "seconds")
    ]
    assert (told.json["kind"], told.json["models"], told.json["edges"]) == ("full", 3, 2)
    assert list(told.json["requests"]) == ["sent", "replayed", "retried", "refused_429"]
    assert told.err == ""


def test_a_crawl_with_cards_says_its_plan_and_how_many_it_asked_for(
    program: Program, box: FakeHub
) -> None:
    told = program("crawl", "--cards", "--endpoint", box.url, "--format", "json")
    asked = sum("/resolve/" in path for _, path, _ in box.requests)
    assert told.json["cards"] == asked
    assert told.json["requests"]["sent"] == len(box.requests)
    assert told.err.startswith(f"cards: {asked} to ask, 0 known; up to {2 * asked} requests, ")


def test_a_crawl_of_a_box_bears_the_day_that_the_box_shows(program: Program) -> None:
    day = datetime(2025, 7, 2, tzinfo=UTC)
    with FakeHub(LiveCatalog([row(BASE)]), clock=ShiftedClock(day)) as box:
        told = program("crawl", "--endpoint", box.url, "--format", "json")
        assert told.json["requests"]["sent"] == len(box.requests)
    assert told.json["snapshot"].startswith("20250702T")
    assert "shows 2025-07-02: its snapshot bears that date" in told.err
    assert "taken 2025-07-02" in program("count", BASE).out
    # What was recorded is replayed at its own date, whatever the day is by now.
    again = program("crawl", "--endpoint", box.url, "--offline", "--store", "other")
    assert (again.code, "20250702T" in again.out) == (0, True)


def test_what_was_crawled_can_be_counted(program: Program, box: FakeHub) -> None:
    assert program("crawl", "--endpoint", box.url).code == 0
    assert program("count", BASE, "--format", "json").json[0]["total"] == 2


def test_a_walk_below_one_base_says_its_cost_first(program: Program, box: FakeHub) -> None:
    told = program("crawl", "--below", BASE, "--endpoint", box.url, "--format", "json")
    assert (told.json["kind"], told.json["models"]) == ("below", 3)
    assert told.err.startswith("Crawling below one model sends at least one request for each model")


def test_a_spent_bound_is_exit_code_3_and_goes_on(program: Program, box: FakeHub) -> None:
    assert program("crawl", "--endpoint", box.url, "--max-requests", 0).code == 3
    assert program("crawl", "--endpoint", box.url).code == 0


def test_offline_without_pages_would_not_be_helped_by_another_run(program: Program) -> None:
    told = program("crawl", "--offline", "--endpoint", "http://127.0.0.1:9")
    assert told.code == 4
    assert "hint: run once without --offline" in told.err


def test_an_unreadable_token_file_is_exit_code_2(program: Program, box: FakeHub) -> None:
    assert program("crawl", "--endpoint", box.url, "--token-file", "none").code == 2


def test_the_doctor_says_what_a_full_crawl_costs(program: Program, box: FakeHub) -> None:
    told = program("doctor", "--endpoint", box.url, "--format", "json").json
    assert list(told) == ["findings", "models_expected", "requests_needed", "minutes"]
    assert {k: told["findings"][1][k] for k in ("name", "ok")} == {"name": "store", "ok": True}
    assert "full crawl" in program("doctor", "--endpoint", box.url).out


def test_the_doctor_claims_nothing_of_a_hub_it_did_not_ask(program: Program) -> None:
    assert "duration unknown" in program("doctor", "--offline").out


def test_a_base_that_is_no_name_is_exit_code_2(program: Program, box: FakeHub) -> None:
    for name in ("", "two words", "https://huggingface.co/"):
        assert program("crawl", "--below", name, "--endpoint", box.url).code == 2


def test_a_base_may_be_pasted_as_an_address(program: Program, box: FakeHub) -> None:
    address = f"https://huggingface.co/{BASE}/"
    told = program("crawl", "--below", address, "--endpoint", box.url, "--format", "json")
    assert told.json["models"] == 3


def test_the_doctor_changes_nothing(program: Program, box: FakeHub) -> None:
    assert program("doctor", "--endpoint", box.url).code == 0
    assert program("snapshots", "list", "--format", "json").json == []


def test_a_dump_is_taken_as_a_snapshot(program: Program, tmp_path: Path) -> None:
    rows = {"_id": ["a" * 24], "id": ["owner/model"], "createdAt": ["2024-03-24T10:00:00Z"]}
    pq.write_table(pa.table(rows), tmp_path / "models.parquet")
    told = program("crawl", "--dump", "models.parquet", "--format", "json")
    assert (told.json["kind"], told.json["snapshot"]) == ("dump", "20240324T100000Z")
    assert told.err.startswith("models.parquet has 1 rows and lacks author, lastModified")
    dated = ("crawl", "--dump", "models.parquet", "--taken-at", "2025-06-01", "--format", "json")
    assert program(*dated).json["snapshot"] == "20250601T000000Z"
    shown = " ".join(program("snapshots", "show").out.split())
    assert "models.parquet, lacks author, lastModified" in shown
    assert "; parents are not known" in shown


def test_an_update_goes_on_from_the_last_snapshot(program: Program, box: FakeHub) -> None:
    asked = ("crawl", "--update", "--endpoint", box.url, "--format", "json")
    nothing = program(*asked)
    assert nothing.code == 4
    assert "take one with: lineage crawl" in nothing.err
    assert program("crawl", "--endpoint", box.url).code == 0
    told = program(*asked).json
    assert (told["kind"], told["models"], told["tombstones"]) == ("update", 3, 0)


def test_auto_is_a_full_crawl_where_there_is_none_and_an_update_then(
    program: Program, box: FakeHub
) -> None:
    asked = ("crawl", "--auto", "--endpoint", box.url, "--format", "json")
    assert [program(*asked).json["kind"] for _ in range(2)] == ["full", "update"]
    assert program("crawl", "--auto", "--below", BASE).code == 2


def test_a_dump_and_a_walk_exclude_each_other(program: Program) -> None:
    assert program("crawl", "--dump", "models.parquet", "--below", BASE).code == 2
    assert program("crawl", "--dump", "models.parquet", "--cards").code == 2
    assert program("crawl", "--taken-at", "2025-06-01").code == 2
