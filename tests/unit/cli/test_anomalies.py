"""`lineage anomalies`: what is odd, counted, as table, JSON and CSV."""

import csv
import io
from pathlib import Path

import pytest

from lineage.domain.anomalies import AnomalyKind
from tests.builders import published, row
from tests.unit.cli.conftest import BASE, Program

HOSTILE = "\x1b[2J\u202eevil [bold]"


@pytest.fixture(scope="module")
def odd_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-parent, two circles (one of Llama's), and words that are no ids as parents."""
    folder = tmp_path_factory.mktemp("odd")
    rows = [
        row(BASE),
        row("owner/self", ["owner/self"]),
        row("owner/a", ["owner/b"]),
        row("owner/b", ["owner/a"]),
        row("owner/c", ["owner/d", BASE]),
        row("owner/d", ["owner/c"]),
        row("owner/evil", tags=[], cardData={"base_model": [HOSTILE, "nobody/first"]}),
        row("owner/formula", tags=[], cardData={"base_model": ["=1+1", "nobody/second"]}),
    ]
    published(rows, folder)
    return folder


def test_every_kind_is_counted_with_its_rule(program: Program, odd_store: Path) -> None:
    told = program("anomalies", "--store", odd_store, "--format", "json").json
    assert [one["kind"] for one in told["anomalies"]] == list(AnomalyKind)
    assert told["family"] is None
    assert told["bounds"] == {"burst_models": 20, "burst_days": 7, "many_parents": 20}
    counts = {one["kind"]: one["count"] for one in told["anomalies"]}
    assert (counts["self_parent"], counts["cycle"], counts["unknown_parent"]) == (1, 2, 2)
    assert all(one["meaning"] and one["severity"] in ("note", "odd") for one in told["anomalies"])


def test_each_example_stands_for_itself(program: Program, odd_store: Path) -> None:
    told = program("anomalies", "--store", odd_store, "--format", "json").json
    assert told["anomalies"][0]["examples"] == [
        {
            "kind": "self_parent",
            "severity": "odd",
            "size": 1,
            "models": ["owner/self"],
            "detail": "owner/self is given as its own parent",
        }
    ]


def test_one_kind_is_told_whole(program: Program, odd_store: Path) -> None:
    asked = ("anomalies", "--kind", "cycle", "--store", odd_store, "--format", "json")
    (found,) = program(*asked).json["anomalies"]
    assert (found["count"], len(found["examples"])) == (2, 2)
    (fewer,) = program(*asked, "--examples", 1).json["anomalies"]
    assert (fewer["count"], len(fewer["examples"])) == (2, 1)


def test_a_family_is_told_alone(program: Program, odd_store: Path) -> None:
    asked = ("anomalies", "llama", "--kind", "cycle", "--store", odd_store)
    (found,) = program(*asked, "--format", "json").json["anomalies"]
    assert [sorted(one["models"]) for one in found["examples"]] == [["owner/c", "owner/d"]]
    assert "family llama" in program(*asked).out


def test_bounds_are_settable_and_told(program: Program, odd_store: Path) -> None:
    asked = ("anomalies", "--kind", "many_parents", "--many-parents", 1, "--store", odd_store)
    told = program(*asked).out
    assert "a model with more than 1 parents" in told
    assert "owner/c has 2 parents: " in told


def test_a_csv_row_is_an_example_and_no_kind_is_lost(program: Program, odd_store: Path) -> None:
    told = program("anomalies", "--store", odd_store, "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(told)))
    assert {one["kind"] for one in rows} == set(AnomalyKind)
    circles = [one for one in rows if one["kind"] == "cycle"]
    assert [one["count"] for one in circles] == ["2", "2"]
    (empty,) = (one for one in rows if one["kind"] == "case_twins")
    assert (empty["count"], empty["models"], empty["detail"]) == ("0", "", "")


@pytest.mark.parametrize("columns", [80, 120])
def test_the_table_fits_and_nothing_hostile_acts(
    columns: int, program: Program, odd_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    told = program("anomalies", "--store", odd_store).out
    assert max(map(len, told.splitlines())) <= columns
    assert told.replace("\n", "").isprintable()
    assert "nobody/first is a parent" in told


def test_a_cell_starts_no_formula(program: Program, odd_store: Path) -> None:
    asked = ("anomalies", "--kind", "unknown_parent", "--store", odd_store, "--format", "csv")
    told = program(*asked).out
    assert '"nobody/second owner/formula"' in told
    assert not {"\x1b", "=1+1"} & set(told.split())


def test_a_kind_that_there_is_none_of_is_refused(program: Program, odd_store: Path) -> None:
    told = program("anomalies", "--kind", "ghosts", "--store", odd_store)
    assert told.code == 2
    assert "self_parent" in told.err


def test_a_family_that_nobody_knows_is_refused(program: Program, odd_store: Path) -> None:
    assert program("anomalies", "none", "--store", odd_store).code == 5
