"""`lineage count`: what is asked is what is counted, and what cannot be asked is said."""

import csv
import io
from pathlib import Path

import pytest

from tests.unit.cli.conftest import BASE, OTHER, Program


def test_a_base_is_counted_with_its_definition(program: Program, store: Path) -> None:
    (count,) = program("count", BASE, "--store", store, "--format", "json").json
    assert (count["subject"], count["direct"], count["total"]) == (BASE, 2, 4)
    assert count["by_relation"] == {"adapter": 1, "merge": 1, "quantized": 1, "finetune": 1}
    assert count["definition"]["roots"] == [BASE]


def test_bases_are_counted_in_the_order_asked(program: Program, store: Path) -> None:
    counts = program("count", OTHER, BASE, "--store", store, "--format", "json").json
    assert [count["subject"] for count in counts] == [OTHER, BASE]


def test_the_filters_reach_the_definition(program: Program, store: Path) -> None:
    flags = ["--relations", "merge,finetune", "--min-strength", "confirmed", "--min-downloads", 100]
    (count,) = program("count", BASE, *flags, "--store", store, "--format", "json").json
    rule = count["definition"]
    assert (rule["relations"], rule["min_strength"]) == (["merge", "finetune"], "confirmed")
    assert rule["min_downloads"] == 100
    assert count["total"] == 1


def test_direct_counts_children_alone(program: Program, store: Path) -> None:
    (count,) = program("count", BASE, "--direct", "--store", store, "--format", "json").json
    assert (count["direct"], count["total"]) == (2, 2)
    assert count["definition"]["closure"] == "direct"


def test_a_family_is_counted_by_release(program: Program, store: Path) -> None:
    asked = ["llama", "--by", "release"]
    (count,) = program("count", *asked, "--store", store, "--format", "json").json
    assert (count["id"], count["definition"]["mirrors"]) == ("family:llama", True)
    found = [(group["release"], group["total"]) for group in count["groups"]]
    assert found == [("Llama 2", 3), ("mixed", 1)]  # the merge has a Mistral above it too


def test_the_largest_bases_are_ranked(program: Program, store: Path) -> None:
    counts = program("count", "--top", 2, "--store", store, "--format", "json").json
    assert [(count["subject"], count["total"]) for count in counts] == [
        (BASE, 4),
        ("owner/tuned", 2),
    ]


def test_csv_has_a_row_for_each_group(program: Program, store: Path) -> None:
    told = program("count", BASE, "--by", "license", "--store", store, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(told.out)))
    assert {row["license"]: row["total"] for row in rows} == {
        "'=1+1": "1",
        "mit": "1",
        "unknown": "2",
    }


@pytest.mark.parametrize("width", ["80", "120"])
def test_a_table_fits_the_terminal(
    program: Program, store: Path, width: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    told = program("count", BASE, OTHER, "--store", store)
    assert told.code == 0
    assert max(map(len, told.out.splitlines())) <= int(width)
    assert "taken 2026-11-21 12:00 UTC from" in told.out


def test_a_narrow_terminal_costs_no_name_and_no_number(
    program: Program, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    told = program("count", "--top", 2, "--store", store).out
    assert BASE in told
    assert "…" not in told


def test_no_line_ends_in_spaces(program: Program, store: Path) -> None:
    lines = program("count", BASE, "--store", store).out.splitlines()
    assert lines == [line.rstrip() for line in lines]


def test_the_environment_may_name_the_store(
    program: Program, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEAGE_STORE", str(store))
    monkeypatch.setenv("LINEAGE_FORMAT", "json")
    assert program("count", BASE).json[0]["total"] == 4


def test_an_unknown_model_is_exit_code_5(program: Program, store: Path) -> None:
    told = program("count", "meta-llama/Llama-2-7b", "--store", store)
    assert (told.code, told.out) == (5, "")
    assert f"hint: did you mean {BASE}" in told.err


def test_the_known_subjects_are_answered_beside_an_unknown_one(
    program: Program, store: Path
) -> None:
    told = program("count", BASE, "owner/none", "--store", store, "--format", "json")
    assert told.code == 5
    assert [count["id"] for count in told.json] == [BASE]
    assert "'owner/none' is unknown to snapshot" in told.err


@pytest.mark.parametrize(
    ("typed", "now"),
    [
        (["--least", "inferred"], "unknown option --least; it is --min-strength now"),
        (["--family", "llama"], "unknown option --family; a family is a SUBJECT now"),
    ],
)
def test_an_old_option_is_answered_with_the_new_one(
    program: Program, store: Path, typed: list[str], now: str
) -> None:
    told = program("count", BASE, *typed, "--store", store)
    assert told.code == 2
    assert now in told.err


def test_an_unknown_family_is_exit_code_5_too(program: Program, store: Path) -> None:
    told = program("count", "family:gpt", "--store", store)
    assert told.code == 5
    assert "known families: bloom" in told.err


def test_an_unknown_name_cannot_take_over_the_terminal(program: Program, store: Path) -> None:
    told = program("count", "x\x1b[2J\u202e", "--store", store)
    assert told.err.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ([], "give a SUBJECT or --top N"),
        ([BASE, "--top", 3], "--top ranks the models of a family"),
        ([BASE, OTHER, "--top", 3], "--top ranks the models of one family, or all"),
        (["--top", 3, "--by", "month"], "--top and --by cannot be combined"),
        (
            [BASE, "--relations", "child"],
            "there are: adapter, merge, quantized, finetune, unspecified",
        ),
        ([BASE, "--relations", ","], "name at least one relation"),
        ([BASE, "--min-strength", "sure"], "'inferred', 'declared', 'confirmed'"),
        (
            [BASE, "--by", "country"],
            "'relation', 'release', 'month', 'library', 'license'",
        ),
        ([BASE, "--min-downloads", -1], "'-1' is not a whole number from 0"),
        ([BASE, "--explain-it"], "unknown option --explain-it; did you mean --explain?"),
        ([BASE, "--deny", "x"], "unknown option --deny\n"),
        ([BASE, "--sweep"], "unknown option --sweep\n"),
        ([BASE, "--min-strength", "guessed"], "guessed is inferred now"),
        ([BASE, "--min-strength", "Stated"], "stated is declared now"),
        ([BASE, "--relations", "unstated,merge"], "unstated is unspecified now"),
        ([BASE, "--as-of", "soon"], "not a date: use YYYY-MM-DD"),
    ],
)
def test_what_cannot_be_asked_is_exit_code_2(
    program: Program, store: Path, asked: list[str], says: str
) -> None:
    told = program("count", *asked, "--store", store)
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("error: ")
    assert says in told.err
