"""`lineage report licenses` as a shell sees it."""

import csv
import io
from pathlib import Path

from tests.unit.cli.conftest import Program


def test_a_page_a_text_and_a_table_are_written_and_named(
    program: Program, store: Path, tmp_path: Path
) -> None:
    outcome = program("report", "licenses", "--store", store)
    assert outcome.code == 0
    names = ["licenses.llama.en.html", "licenses.llama.en.md", "licenses.llama.tags.en.svg"]
    names += ["licenses.llama.tags.csv", "licenses.llama.models.csv", "licenses.llama.tags.en.png"]
    assert outcome.out.splitlines() == [str(Path("reports") / name) for name in names]
    written = {file.name for file in (tmp_path / "reports").iterdir()}
    assert written == set(names)


def test_german_stands_beside_english_and_the_table_is_the_same(
    program: Program, store: Path, tmp_path: Path
) -> None:
    program("report", "licenses", "--store", store, "--out", "public")
    table = (tmp_path / "public" / "licenses.llama.models.csv").read_bytes()
    program("report", "licenses", "--store", store, "--out", "public", "--lang", "de")
    assert (tmp_path / "public" / "licenses.llama.models.csv").read_bytes() == table
    page = (tmp_path / "public" / "licenses.llama.de.html").read_text("utf-8")
    assert '<html lang="de"' in page
    assert "Keine Rechtsberatung" in page
    assert (tmp_path / "public" / "licenses.llama.en.html").exists()


def test_another_report_is_linked_where_it_was_written_and_only_there(
    program: Program, store: Path, tmp_path: Path
) -> None:
    assert program("report", "licenses", "--store", store, "--out", "public").code == 0
    page = tmp_path / "public" / "licenses.llama.en.html"
    assert "trend.llama.en" not in page.read_text("utf-8")
    for ending in ("html", "md"):
        (tmp_path / "public" / f"trend.llama.en.{ending}").touch()
    program("report", "licenses", "--store", store, "--out", "public")
    for file, ending in ((page, "html"), (page.with_suffix(".md"), "md")):
        text = file.read_text("utf-8")
        assert f"trend.llama.en.{ending}" in text
        assert "family-tree.llama" not in text


def test_the_filters_of_count_choose_the_models(
    program: Program, store: Path, tmp_path: Path
) -> None:
    program("report", "licenses", "--store", store, "--min-downloads", "500")
    text = (tmp_path / "reports" / "licenses.llama.models.csv").read_text("utf-8")
    assert [row[1] for row in csv.reader(io.StringIO(text))] == ["model", "owner/tuned"]


def test_a_family_without_terms_is_refused(program: Program, store: Path) -> None:
    outcome = program("report", "licenses", "phi", "--store", store)
    assert outcome.code == 2
    assert "no license terms" in outcome.err


def test_the_day_and_the_deleted_are_told_with_the_filters(
    program: Program, store: Path, tmp_path: Path
) -> None:
    program("report", "licenses", "--store", store, "--as-of", "2026-12-01", "--deleted")
    told = (tmp_path / "reports" / "licenses.llama.en.md").read_text("utf-8")
    assert "as it stood at the end of 1 December 2026, UTC" in told
    assert "deleted models are counted too" in told
    assert "Filters: all types" in told
