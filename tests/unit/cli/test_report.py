"""`lineage report family-tree` and `lineage report trend`."""

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Program


def test_a_family_tree_is_written_where_it_was_asked_for(program: Program, store: Path) -> None:
    outcome = program("report", "family-tree", "--store", store, "--out", "public/trees")
    assert outcome.code == 0
    stem, picture = "public/trees/family-tree.llama.en", "public/trees/family-tree.llama.poster"
    names = [f"{stem}.html", f"{stem}.md", f"{picture}.en.svg", f"{picture}.csv"]
    assert outcome.out.split() == [*names, f"{picture}.en.png"]
    assert "<h1>4 models descend from Llama</h1>" in Path(f"{stem}.html").read_text("utf-8")
    rows = Path(f"{picture}.csv").read_text("utf-8").splitlines()
    assert rows[0].startswith('"snapshot","depth","model","parent","kind"')
    assert '"Llama"' in rows[1]


def test_the_poster_is_drawn_alone_dark_and_for_a_phone(program: Program, store: Path) -> None:
    look = ("--chart", "poster", "--theme", "dark", "--width", "390")
    outcome = program("report", "family-tree", "--store", store, *look)
    stem = "reports/family-tree.llama.poster"
    drawn = f"{stem}-dark-390.en"
    assert outcome.out.split() == [f"{drawn}.svg", f"{stem}.csv", f"{drawn}.png"]
    assert 'width="390"' in Path(f"{drawn}.svg").read_text("utf-8")
    assert program("report", "family-tree", "--store", store, "--chart", "pie").code == 2


def test_another_family_in_another_language(program: Program, store: Path) -> None:
    outcome = program(*("report", "family-tree", "--store", store, "mistral", "--lang", "de"))
    page = Path("reports/family-tree.mistral.de.html")
    assert outcome.out.splitlines()[0] == str(page)
    assert '<html lang="de"' in page.read_text("utf-8")


def test_an_unknown_family_is_named_with_those_there_are(program: Program, store: Path) -> None:
    outcome = program("report", "family-tree", "--store", store, "family:nobody")
    assert outcome.code == 5
    assert "known families" in outcome.err


def test_an_empty_family_name_is_not_taken_for_llama(program: Program, store: Path) -> None:
    outcome = program("report", "family-tree", "--store", store, "family:")
    assert outcome.code == 2
    assert "'family:' names no family" in outcome.err


def test_the_filters_of_count_reach_the_tree(program: Program, store: Path) -> None:
    filters = ("--relations", "finetune,adapter", "--min-downloads", "100", "--as-of", "2026-12-01")
    program("report", "family-tree", "--store", store, *filters)
    told = Path("reports/family-tree.llama.en.md").read_text("utf-8")
    counted = program("count", "llama", "--store", store, *filters, "--format", "json")
    assert f"{counted.json[0]['total']} model descends from Llama" in told
    assert "adapter, fine-tune only; downloads in 30 days: at least 100" in told


def test_a_base_is_asked_about_instead_of_a_family(program: Program, store: Path) -> None:
    outcome = program("report", "family-tree", "owner/tuned", "--store", store)
    assert outcome.out.splitlines()[0] == "reports/family-tree.owner--tuned.en.html"
    told = Path("reports/family-tree.owner--tuned.en.md").read_text("utf-8")
    assert "2 models descend from owner/tuned" in told


def test_a_base_nobody_knows_is_told_with_close_spellings(program: Program, store: Path) -> None:
    outcome = program("report", "family-tree", "owner/tunned", "--store", store)
    assert outcome.code == 5
    assert "owner/tuned" in outcome.err


def test_what_makes_no_tree_is_refused(program: Program, store: Path) -> None:
    children = program("report", "family-tree", "--direct", "--store", store)
    assert children.code == 2
    assert "lineage export csv" in children.err
    assert not Path("reports").exists()


def test_a_trend_is_written_as_page_charts_and_numbers(program: Program, store: Path) -> None:
    outcome = program(
        *("report", "trend", "--store", store, "--lang", "de", "--day", "2024-06-30"),
        *("--as-of", "2024-12-31", "--deleted"),
    )
    assert outcome.code == 0
    written = [Path(line) for line in outcome.out.split()]
    assert all(file.stat().st_size for file in written)
    names = {file.name for file in written}
    assert {f"trend.llama.{end}" for end in ("de.html", "de.md", "days.csv")} <= names
    assert "30. Juni 2024" in Path("reports/trend.llama.de.md").read_text("utf-8")


def test_a_trend_is_about_any_subject(program: Program, store: Path) -> None:
    for subject, stem in (("llama-2", "llama-2"), ("owner/tuned", "owner--tuned")):
        outcome = program("report", "trend", subject, "--store", store)
        assert outcome.out.splitlines()[0] == f"reports/trend.{stem}.en.html"
    assert program("report", "trend", "owner/tunned", "--store", store).code == 5


def test_a_bad_claim_or_day_is_answered_with_where_it_is_wrong(
    program: Program, store: Path, tmp_path: Path
) -> None:
    file = tmp_path / "claims.toml"
    file.write_text('[[claim]]\nsubject = "llama"\nnumber = "many"\n', "utf-8")
    ask = ("report", "trend", "--store", store)
    for flag, value, words in (
        ("--claim", file, "line 3 of claims.toml, claim number 1: number must be"),
        ("--claim", 7000, "7000 cannot be read"),
        ("--since", "2999-01-01", "is after the data, which end on"),
        ("--since", "soon", "not a date: use YYYY-MM-DD"),
        ("--day", "2024-13-01", "not a date: use YYYY-MM-DD"),
    ):
        told = program(*ask, flag, value)
        assert told.code == 2
        assert words in " ".join(told.err.split())


@pytest.mark.parametrize("report", ["family-tree", "trend", "licenses"])
def test_a_folder_that_cannot_be_made_is_said_with_what_to_do(
    report: str, program: Program, store: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    told = program("report", report, "--store", store, "--out", tmp_path / "file" / "reports")
    assert told.code == 2
    assert "cannot be made" in told.err
    assert "name another --out" in told.err
