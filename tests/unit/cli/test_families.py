"""`lineage families`: the registry is listed, shown with its sources, and checked."""

import csv
import io
from pathlib import Path

import pytest

from tests.fakes.fake_hub import FakeHub
from tests.unit.cli.conftest import Program
from tests.unit.families.test_family_file import WORKED


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    folder = tmp_path / "families"
    folder.mkdir()
    (folder / "mine.toml").write_text(WORKED, encoding="utf-8")
    return folder


def test_the_list_counts_what_each_family_holds(program: Program) -> None:
    listed = {one["family"]: one for one in program("families", "list", "--format", "json").json}
    llama = listed["llama"]
    assert llama["organization"] == "Meta"
    assert llama["releases"] == 13
    assert llama["edges"] > 100
    assert {"qwen", "mistral", "gemma", "phi", "deepseek"} <= set(listed)


@pytest.mark.parametrize("width", ["80", "120"])
def test_a_list_fits_the_terminal(
    program: Program, width: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    told = program("families", "list").out
    assert "openllama" in told  # no name, head or number is cut
    assert "…" not in told
    assert max(map(len, told.splitlines())) <= int(width)


def test_a_family_shows_words_address_and_source_of_an_edge(program: Program) -> None:
    shown = program("families", "show", "Llama", "--format", "json").json
    (alpaca,) = (one for one in shown["edges"] if one["child"] == "tatsu-lab/alpaca-7b-wdiff")
    assert alpaca["parent"] == "huggyllama/llama-7b"
    assert alpaca["proof"] == "delta"
    assert alpaca["source"]["quote"].startswith("The current Alpaca model is fine-tuned")
    assert alpaca["source"]["url"].startswith("https://github.com/tatsu-lab/stanford_alpaca/")
    (first, *_) = shown["releases"]
    assert (first["id"], first["released"], first["license"]) == ("llama-1", "2023-02-24", None)
    assert "decapoda-research/llama-7b-hf" in first["deleted"]


def test_a_family_is_readable_in_a_terminal(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    told = program("families", "show", "llama").out
    for words in (
        "Llama 3.1",
        "gated: manual",
        "“derived from EleutherAI's Pythia-12b”",
        "decapoda-research/llama-7b-hf (deleted)",
        "is now pankajmathur/orca_mini_v3_7b",
        "huggingface.co/microsoft/Orca-2-13b",
    ):
        assert words in told


def test_csv_has_a_row_for_each_entry(program: Program) -> None:
    told = program("families", "show", "llama", "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(told)))
    assert {row["kind"] for row in rows} == {
        *("official", "mirrors", "quantized", "changed"),
        *("edges", "outsiders", "former_names", "license_terms"),
    }


def test_an_unknown_family_is_exit_code_5(program: Program) -> None:
    told = program("families", "show", "camel")
    assert (told.code, told.out) == (5, "")
    assert "known families: " in told.err


def test_a_users_family_is_shown_counted_and_drawn(
    program: Program, store: Path, mine: Path
) -> None:
    flags = ["--families", mine, "--format", "json"]
    assert program("families", "show", "alpaca-farm", *flags).json["name"] == "Alpaca Farm"
    (count,) = program("count", "alpaca-farm", *flags, "--store", store).json
    assert (count["subject"], count["id"]) == ("alpaca-farm", "family:alpaca-farm")
    assert "shed/alpaca-7b-bf16" in count["definition"]["roots"]
    assert program("tree", "alpaca-farm", *flags, "--store", store).code == 0


def test_the_environment_and_a_projects_file_may_name_families(
    program: Program, mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lineage.toml").write_text('families = "families"\n')
    assert program("families", "show", "alpaca-farm", "--format", "json").code == 0

    (tmp_path / "lineage.toml").unlink()
    assert program("families", "show", "alpaca-farm").code == 5
    monkeypatch.setenv("LINEAGE_FAMILIES", str(mine))
    assert program("families", "show", "alpaca-farm").code == 0


def test_a_wrong_file_is_exit_code_2_and_named(program: Program, mine: Path) -> None:
    (mine / "mine.toml").write_text("[family]\n")
    told = program("families", "list", "--families", mine)
    assert (told.code, told.out) == (2, "")
    assert "mine.toml" in told.err


def test_a_sound_registry_is_exit_code_0(program: Program, store: Path) -> None:
    told = program("families", "check", "--store", store, "--format", "json")
    assert told.code == 0
    assert told.json["snapshot"] == "20261121T120000Z"
    assert "error" not in {one["severity"] for one in told.json["findings"]}


def test_without_a_snapshot_the_registry_alone_is_checked(program: Program) -> None:
    told = program("families", "check", "--store", "nowhere", "--format", "json")
    assert (told.code, told.json["snapshot"]) == (0, None)
    assert "only the registry is checked" in told.err


def test_a_snapshot_that_was_named_must_be_there(program: Program, store: Path) -> None:
    told = program("families", "check", "--store", store, "--snapshot", "20200101T000000Z")
    assert told.code == 5


def test_a_contradiction_is_exit_code_1(program: Program, mine: Path) -> None:
    wrong = WORKED.replace('root = "meta-llama/Llama-2-7b-hf"', 'root = "farm/Alpaca-7B"')
    (mine / "mine.toml").write_text(wrong)
    told = program("families", "check", "--families", mine, "--store", "nowhere")
    assert told.code == 1
    assert "error" in told.out
    assert "farm/Llama-of-the-Andes-7B" in told.out
    assert "the registry contradicts itself in 1 entry" in told.err


def test_a_family_cannot_take_over_the_terminal(program: Program, mine: Path) -> None:
    hostile = WORKED.replace("The Farm", "The \\u001b[2JFarm").replace(
        "It comes from", "It\\u202e comes from"
    )
    (mine / "mine.toml").write_text(hostile)
    told = program("families", "show", "alpaca-farm", "--families", mine).out
    assert told.replace("\n", "").isprintable()


def test_a_crawl_knows_a_users_families(program: Program, box: FakeHub, mine: Path) -> None:
    assert program("crawl", "--endpoint", box.url, "--families", mine).code == 0
    registry = program("snapshots", "show", "--format", "json").json["origin"]["registry"]
    assert registry["alpaca-farm"] == "2026-11-22"
    assert "llama" in registry
