"""`lineage report family-tree` and `lineage report trend`."""

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


def test_a_trend_is_written_as_page_charts_and_numbers(program: Program, store: Path) -> None:
    outcome = program(
        *("report", "trend", "--store", store, "--lang", "de", "--claim", 2),
        *("--as-of", "2024-12-31", "--deleted"),
    )
    assert outcome.code == 0
    written = [Path(line) for line in outcome.out.split()]
    assert all(file.stat().st_size for file in written)
    stems = {file.name.removesuffix(".de.svg") for file in written if file.suffix == ".svg"}
    assert {f"{stem}.csv" for stem in stems} <= {file.name for file in written}
    page = Path("reports/trend.llama.de.html").read_text("utf-8")
    assert "„Mehr als 2 Abkömmlinge“" in page
    assert "31. Dezember 2024" in page
