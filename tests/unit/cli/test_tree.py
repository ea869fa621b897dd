"""`lineage tree`: a model's descendants, or a family's releases."""

import csv
import io
from pathlib import Path

import pytest

from lineage.cli.output import show
from tests.builders import published, row
from tests.unit.cli.conftest import BASE, Program


def test_a_base_is_drawn(program: Program, store: Path) -> None:
    told = program("tree", BASE, "--min-size", 2, "--store", store)
    lines = [" ".join(line.split()) for line in told.out.splitlines()]
    assert lines[1:5] == ["below", f"{BASE} 4", "├─ owner/tuned finetune 2", "└─ + 1 more"]


def test_a_family_is_drawn_by_its_releases(program: Program, store: Path) -> None:
    tree = program("tree", "llama", "--store", store, "--format", "json").json
    assert (tree["subject"], tree["id"], tree["total"]) == ("llama", "family:llama", 4)
    named = [(node["name"], node["total"]) for node in tree["nodes"] if node["depth"] < 2]
    assert named == [("Llama", 4), ("Llama 2", 3), ("mixed", 1)]


def test_the_depth_is_kept(program: Program, store: Path) -> None:
    told = program("tree", BASE, "--depth", 1, "--min-size", 2, "--store", store, "--format", "csv")
    depths = [row["depth"] for row in csv.DictReader(io.StringIO(told.out))]
    assert depths == ["0", "1"]


def test_one_subject_is_drawn_and_it_must_be_named(program: Program, store: Path) -> None:
    assert program("tree", BASE, "llama", "--store", store).code == 2
    assert "SUBJECT" in program("tree", "--store", store).err


def test_a_least_size_of_0_or_1_draws_leaves_too(program: Program, store: Path) -> None:
    trees = [program("tree", BASE, "--min-size", least, "--store", store).out for least in (0, 1)]
    assert trees[0] == trees[1]
    assert "owner/quantized" in trees[0]
    assert "+ " not in trees[0]
    assert "owner/quantized" not in program("tree", BASE, "--min-size", 2, "--store", store).out


def test_a_chain_of_seven_hundred_is_drawn_to_its_end(program: Program, tmp_path: Path) -> None:
    rows = [row("o/m0"), *(row(f"o/m{at}", [f"o/m{at - 1}"]) for at in range(1, 700))]
    published(rows, tmp_path)
    words = ("tree", "o/m0", "--depth", 1000, "--min-size", 0, "--store", tmp_path)
    nodes = program(*words, "--format", "json").json["nodes"]
    assert [node["total"] for node in nodes] == list(range(699, -1, -1))
    assert nodes[-1]["parent"] == "o/m698"
    assert len(program(*words, "--format", "csv").out.splitlines()) == 701
    text = program(*words).out
    assert "o/m699" in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("width", ["0", "1"])
def test_a_terminal_without_a_width_gets_the_whole_answer(
    width: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    show("a tree of 25 models")
    assert capsys.readouterr().out == "a tree of 25 models\n"
