"""`lineage evaluate`: how often guessed parents are right."""

import csv
import io
from pathlib import Path

import pytest

from tests.builders import published, row
from tests.unit.cli.conftest import Program

CHAT = "meta-llama/Llama-3.1-8B-Instruct"
RIGHT = "me/Llama-3.1-8B-Instruct-cats"
WRONG = "me/Llama-3.1-8B-Instruct-dogs"


@pytest.fixture(scope="module")
def guessed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guessed")
    published([row(CHAT), row(RIGHT, [CHAT]), row(WRONG, ["other/model"])], folder)
    return folder


def test_json_holds_scores_with_intervals_and_mistakes(program: Program, guessed: Path) -> None:
    found = program("evaluate", "--store", guessed, "--format", "json").json
    assert (found["family"], found["hidden_by"], found["crossings"]) == ("llama", "declared", 1)
    whole = found["scores"][-1]
    assert (whole["family"], whole["hidden"], whole["inferred"]) == ("all", 2, 2)
    assert whole["line"] == {"value": 0.5, "interval": [0.0945, 0.9055], "hits": 1, "tries": 2}
    assert [(one["child"], one["inferred"], one["declared"]) for one in found["mistakes"]] == [
        (WRONG, CHAT, ["other/model"])
    ]
    assert "card_text" in found["unmeasured"]
    both: dict[str, object] = {"fired": 2, "exact": 1, "release": 1, "family": 1, "precision": 0.5}
    both |= {"interval": [0.0945, 0.9055], "recall": 0.5}
    assert found["rules"] == [{"rule": "all", **both}, {"rule": "name", **both}]
    right = {"fired": 1, "exact": 1, "release": 1, "family": 1, "precision": 1.0, "recall": 1.0}
    assert [{**row, "interval": None} for row in found["by_family"]] == [
        {"id": "llama", **right, "interval": None}
    ]
    assert [(row["year"], row["fired"]) for row in found["by_year"]] == [("2024", 2)]


def test_csv_has_a_row_a_family_rule_and_pattern(program: Program, guessed: Path) -> None:
    told = program("evaluate", "--store", guessed, "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(told)))
    columns = ("family", "rule", "pattern", "hidden", "inferred")
    assert [[row[name] for name in columns] for row in rows] == [
        [family, rule, pattern, hidden, guesses]
        for family, hidden, guesses in (
            ("llama", "1", "1"),
            ("others", "1", "1"),
            ("all", "2", "2"),
        )
        for rule, pattern in (("all", "all"), ("name", "prefix"))
    ]
    assert {"hidden_by", "parent_value", "parent_interval", "recall_value"} <= set(rows[0])


def test_a_table_says_what_the_numbers_mean(program: Program, guessed: Path) -> None:
    told = program("evaluate", "--store", guessed)
    assert told.code == 0
    assert "name, prefix" in told.out
    assert "wrong yes" in told.out


def test_labels_are_read_and_what_is_no_pair_is_counted(
    program: Program, guessed: Path, tmp_path: Path
) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_bytes(
        f"child,parent\n{WRONG},{CHAT}\n\xff\xfe\nnot/there,{CHAT}\n".encode("latin-1")
    )
    asked = ("evaluate", "--store", guessed, "--labels", labels)
    found = program(*asked, "--format", "json").json
    assert (found["hidden_by"], found["labels_unknown"], found["labels_bad"]) == ("labels", 1, 1)
    assert found["scores"][-1]["line"]["value"] == 1
    assert "1 lines are not id pairs" in program(*asked).out


def test_a_file_or_family_that_is_not_there_is_told(program: Program, guessed: Path) -> None:
    assert program("evaluate", "--store", guessed, "--labels", "nowhere.csv").code == 2
    assert program("evaluate", "--store", guessed, "nobody").code == 5
