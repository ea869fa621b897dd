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
    assert (found["family"], found["hidden_by"], found["crossings"]) == ("llama", "declared", 0)
    assert [(one["child"], one["inferred"], one["declared"]) for one in found["mistakes"]] == [
        (WRONG, CHAT, ["other/model"])
    ]
    assert "card_text" in found["unmeasured"]
    both: dict[str, object] = {"fired": 2, "judged": 2, "exact": 1, "release": 1, "family": 1}
    both |= {"precision": 0.5, "interval": [0.0945, 0.9055], "recall": 0.5, "release_named": 1}
    rest = {"held_out", "by_author"}
    rows = [*found["rules"], *found["patterns"], *found["by_family"]]
    assert [{name: row[name] for name in row if name not in rest} for row in rows] == [
        {"rule": "all", **both},
        {"rule": "name", **both},
        {"pattern": "name, prefix", **both},
        {"id": "llama", **both, "recall": 1.0},
    ]
    assert rows[0]["by_author"]["value"] == 0.5
    assert [(row["year"], row["fired"]) for row in found["by_year"]] == [("2024", 2)]


def test_csv_has_a_row_for_each_rule_pattern_family_and_year(
    program: Program, guessed: Path
) -> None:
    told = program("evaluate", "--store", guessed, "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(told)))
    assert [[row[name] for name in ("measured", "name", "fired")] for row in rows] == [
        ["rule", "all", "2"],
        ["rule", "name", "2"],
        ["pattern", "name, prefix", "2"],
        ["id", "llama", "2"],
        ["year", "2024", "2"],
    ]
    assert {"hidden_by", "precision", "interval", "recall", "held_out_value"} <= set(rows[0])


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
    assert found["rules"][0]["precision"] == 1
    assert "1 lines are not id pairs" in program(*asked).out


def test_a_file_or_family_that_is_not_there_is_told(program: Program, guessed: Path) -> None:
    assert program("evaluate", "--store", guessed, "--labels", "nowhere.csv").code == 2
    assert program("evaluate", "--store", guessed, "nobody").code == 5
