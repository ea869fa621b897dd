"""`lineage trace` and `lineage count --explain`: the verdict, its reason, every format."""

import csv
import io
from pathlib import Path

import pytest

from tests.unit.cli.conftest import BASE, OTHER, Program


def test_a_verdict_has_its_way_and_words(program: Program, store: Path) -> None:
    (told,) = program("trace", "owner/tuned", "--store", store, "--format", "json").json
    assert (told["descends"], told["roots"][0]["root"]) == (True, BASE)
    assert told["roots"][0]["release"] == "Llama 2"
    (step,) = told["paths"][0]
    assert (step["child"], step["parent"], step["strength"]) == ("owner/tuned", BASE, "confirmed")
    claim = {"rule": "card", "quote": f"base_model: {BASE}", "source": None, "url": None}
    assert claim in step["evidence"]
    assert told["explanation"].startswith("It comes from Llama 2")


def test_another_familys_root_is_a_no(program: Program, store: Path) -> None:
    (told,) = program("trace", OTHER, "--store", store, "--format", "json").json
    assert told["descends"] is False


def test_another_family_can_be_named(program: Program, store: Path) -> None:
    asked = ["trace", OTHER, "--family", "mistral", "--store", store, "--format", "json"]
    assert program(*asked).json[0]["descends"] is True


def test_an_unknown_name_ends_with_exit_5_and_close_spellings(
    program: Program, store: Path
) -> None:
    told = program("trace", "owner/tund", "--store", store)
    assert told.code == 5
    assert "owner/tuned" in told.err


def test_several_are_traced_and_the_unknown_ones_named(
    program: Program, store: Path, tmp_path: Path
) -> None:
    (tmp_path / "models.txt").write_text(f"# mine\n\nowner/tuned\n {OTHER}\n", "utf-8")
    asked = ("trace", "owner/none", "--from", "models.txt", "--store", store, "--format", "json")
    told = program(*asked)
    assert told.code == 5
    assert [trace["model"] for trace in told.json] == ["owner/tuned", OTHER]
    assert "'owner/none' is unknown to snapshot" in told.err


def test_no_model_at_all_is_exit_code_2(program: Program, store: Path) -> None:
    told = program("trace", "--store", store)
    assert told.code == 2
    assert "give a MODEL or --from FILE" in told.err


def test_a_trace_as_csv_has_a_row_for_each_claim(program: Program, store: Path) -> None:
    told = program("trace", "owner/tuned", "--store", store, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(told.out)))
    assert {one["rule"] for one in rows} == {"hub", "card"}
    assert {one["descends"] for one in rows} == {"true"}


@pytest.mark.parametrize("width", ["80", "120"])
@pytest.mark.parametrize(
    "asked",
    [
        ["trace", "owner/tuned"],
        ["trace", "lmsys/vicuna-7b-v1.3"],
        ["trace", "databricks/dolly-v2-12b"],
        ["count", BASE, "--explain"],
        ["count", "llama", "--explain"],
    ],
)
def test_a_table_fits_the_terminal(
    program: Program, store: Path, asked: list[str], width: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    told = program(*asked, "--store", store)
    assert told.code == 0
    assert max(map(len, told.out.splitlines())) <= int(width)


@pytest.mark.parametrize("width", ["80", "100"])
def test_the_reasons_of_a_comparison_are_folded_and_not_cut(
    program: Program, store: Path, width: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    out = program("count", BASE, "--explain", "--as-of", "2026-11-21", "--store", store).out
    words = "".join(line[60:] for line in out.splitlines()).replace(" ", "")
    assert "andeverythingmadefromthose,eachmodelonce" in words
    assert "modelswithoutaknowncountareexcluded" in words


def test_a_comparison_is_one_document_a_base(program: Program, store: Path) -> None:
    told = program("count", BASE, OTHER, "--explain", "--store", store, "--format", "json").json
    assert [one["subject"] for one in told] == [BASE, OTHER]
    assert [row["step"] for row in told[0]["steps"]][:2] == ["direct", "all generations"]


@pytest.mark.parametrize("flags", [["--top", 2], ["--direct"], ["--by", "month"], ["--mirrors"]])
def test_a_comparison_takes_no_other_definition(
    program: Program, store: Path, flags: list[object]
) -> None:
    bases = [] if "--top" in flags else [BASE]
    told = program("count", *bases, "--explain", *flags, "--store", store)
    assert told.code == 2
    assert "--explain" in told.err


@pytest.mark.parametrize("asked", [[BASE], ["llama"]])
def test_a_comparison_as_of_a_day_names_its_snapshot(
    program: Program, store: Path, asked: list[str]
) -> None:
    flags = ("--explain", "--as-of", "2024-03-23", "--store", store)
    (told,) = program("count", *asked, *flags, "--format", "json").json
    assert told["snapshot"] == "20261121T120000Z"
    assert {row["definition"]["as_of"] for row in told["steps"]} == {"2024-03-23"}
    assert {row["number"] for row in told["steps"]} == {0}
    out = program("count", *asked, *flags).out
    assert "the end of 2024-03-23, UTC" in out
    assert "20261121T120000Z" in out


@pytest.mark.parametrize(
    "asked", [["--top", "3"], [BASE, "--by", "month"], [BASE, "--by", "release"]]
)
def test_a_day_of_the_past_can_be_ranked_and_divided(
    program: Program, store: Path, asked: list[str]
) -> None:
    flags = ("--store", store, "--format", "json", "--as-of")
    now = program("count", *asked, *flags, "2026-11-21").json
    then = program("count", *asked, *flags, "2024-03-23").json
    assert sum(one["total"] for one in now) > sum(one["total"] for one in then) == 0
