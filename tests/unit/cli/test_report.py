"""`lineage report family-tree`."""

from pathlib import Path

from tests.unit.cli.conftest import Program


def test_a_family_tree_is_written_where_it_was_asked_for(program: Program, store: Path) -> None:
    outcome = program("report", "family-tree", "--store", store, "--out", "public/trees")
    assert outcome.code == 0
    assert outcome.out == "public/trees/family-tree.llama.en.html\n"
    written = Path("public/trees/family-tree.llama.en.html").read_text("utf-8")
    assert "<strong>4</strong> models descend from Llama" in written


def test_another_family_in_another_language(program: Program, store: Path) -> None:
    outcome = program(
        *("report", "family-tree", "--store", store, "--family", "mistral", "--lang", "de")
    )
    assert outcome.out == "reports/family-tree.mistral.de.html\n"
    assert '<html lang="de"' in Path(outcome.out.strip()).read_text("utf-8")


def test_an_unknown_family_is_named_with_those_there_are(program: Program, store: Path) -> None:
    outcome = program("report", "family-tree", "--store", store, "--family", "nobody")
    assert outcome.code == 2
    assert "known families" in outcome.err
