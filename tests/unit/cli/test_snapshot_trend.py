"""`lineage snapshots trend`: a family or base in every snapshot, as a table, JSON or CSV."""

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest

from lineage.families.registry import all_families, family
from tests.builders import key_of, published, row
from tests.fakes.fake_clock import NOON
from tests.unit.cli.conftest import BASE, OTHER, Program

FIRST, SECOND = "20261121T120000Z", "20261122T120000Z"
POINT = {"total", "new", "deleted", "known_deleted", "authors", "by_relation", "complete"}
MOMENT = ["snapshot", "kind", "taken_at", "endpoint", "registry", "stored"]
MOMENT += ["parents_known", "opted_out"]


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of one family: one model went, two came."""
    folder = tmp_path_factory.mktemp("days")
    stays = [row(BASE), row(OTHER), row("owner/tuned", [BASE])]
    gone = row("owner/gone", [BASE], "adapter")
    merge = row("owner/merge", ["owner/tuned", OTHER], "merge")
    new = row("other/new", [BASE], "quantized")
    # More than half must stay, else it looks like an outage.
    others = [row(f"aside/{number}") for number in range(20)]
    published([*stays, *others, gone], folder, families=all_families())
    later = NOON + timedelta(days=1)
    rows = [*stays, *others, new, merge]
    published(rows, folder, families=all_families(), taken_at=later)
    return folder


def test_a_curve_is_a_document_with_its_definition(program: Program, days: Path) -> None:
    told = program("snapshots", "trend", "--store", days, "--format", "json")
    assert list(told.json) == [
        *("subject", "id", "key", "definition", "moments", "whole", "by", "parts")
    ]
    assert (told.json["subject"], told.json["key"]) == ("family:llama", None)
    assert told.json["definition"]["curated"] is True
    moments, (first, second) = told.json["moments"], told.json["whole"]["values"]
    assert [list(moments[0]), set(first)] == [MOMENT, POINT]
    assert (moments[0]["snapshot"], first["total"], first["new"]) == (FIRST, 2, None)
    assert (second["total"], second["new"], second["deleted"], second["authors"]) == (3, 2, 1, 2)
    assert second["by_relation"] == {"finetune": 1, "merge": 1, "quantized": 1}
    assert (moments[1]["registry"], moments[1]["stored"]) == (family("llama").version, True)
    assert told.err == ""


def test_releases_are_parts_of_the_curve(program: Program, days: Path) -> None:
    told = program("snapshots", "trend", "--store", days, "--by", "release", "--format", "json")
    assert told.json["by"] == "release"
    totals = {part["key"]: part["values"][1]["total"] for part in told.json["parts"]}
    assert totals == {"Llama 2": 2, "mixed": 1}


def test_csv_has_a_row_for_each_snapshot_and_group(program: Program, days: Path) -> None:
    told = program("snapshots", "trend", "--store", days, "--by", "month", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(told.out)))
    assert [(one["snapshot"], one["month"], one["total"], one["deleted"]) for one in rows] == [
        (FIRST, "2024-03", "2", ""),
        (SECOND, "2024-03", "3", "1"),
    ]
    assert (rows[1]["merge"], rows[1]["adapter"], rows[1]["known_deleted"]) == ("1", "0", "1")


@pytest.mark.parametrize(("width", "relations"), [(80, []), (120, ["0", "1", "1", "1"])])
def test_a_table_has_a_row_for_each_snapshot_and_the_rule(
    width: int,
    relations: list[str],
    program: Program,
    days: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    told = program("snapshots", "trend", "--store", days)
    lines = [line.split() for line in told.out.splitlines()]
    assert [SECOND, "3", "2", "1", "2", *relations] in lines
    assert ("in a wider terminal" in told.out) is (not relations)
    assert "mirrors among the roots, curated links" in told.out
    assert f"2, {FIRST} to {SECOND}" in told.out
    assert family("llama").version in told.out


def test_a_table_by_release_has_days_side_by_side(program: Program, days: Path) -> None:
    told = program("snapshots", "trend", "--store", days, "--by", "release")
    lines = [line.split() for line in told.out.splitlines()]
    assert ["release", "2026-11-21", "2026-11-22", "change"] in lines
    assert ["Llama", "2", "2", "2", "+0"] in lines
    assert ["all", "2", "3", "+1"] in lines


def test_a_base_is_followed_under_its_name_and_key(program: Program, days: Path) -> None:
    told = program("snapshots", "trend", BASE, "--store", days, "--format", "json")
    assert (told.json["id"], told.json["key"]) == (BASE, key_of(BASE))
    assert [point["total"] for point in told.json["whole"]["values"]] == [2, 3]
    assert told.json["moments"][0]["registry"] is None


def test_what_must_be_counted_is_said(program: Program, store: Path) -> None:
    told = program("snapshots", "trend", "--store", store, "--format", "json")
    assert told.json["moments"][0]["stored"] is False
    assert f"Snapshot {FIRST} holds no curves" in told.err


def test_a_family_of_ones_own_is_counted_too(program: Program, days: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(
        '[family]\nid = "mine"\nname = "Mine"\nversion = "2026-11-22"\n'
        '[[release]]\nid = "mine-1"\nname = "Mine 1"\nreleased = 2024-01-01\n'
        'source = "its page"\nofficial = ["owner/tuned"]\n'
    )
    asked = ["snapshots", "trend", "--store", days, "mine", "--families", mine]
    told = program(*asked, "--format", "csv")
    assert [one["total"] for one in csv.DictReader(io.StringIO(told.out))] == ["0", "1"]
    assert told.err.count("another registry") == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((BASE, "llama"), "unexpected extra argument"),
        ((BASE, "--by", "release"), "a model has no releases"),
        (("--by", "author"), "is not one of"),
    ],
)
def test_what_has_no_answer_is_refused(
    program: Program, days: Path, arguments: tuple[str, ...], says: str
) -> None:
    told = program("snapshots", "trend", *arguments, "--store", days)
    assert told.code == 2
    assert says in told.err
