"""The trend report: complete in both languages, and silent on what a sample cannot tell."""

import csv
import io
import tomllib
from collections.abc import Mapping
from datetime import date
from importlib import resources
from pathlib import Path
from string import Formatter

import pytest
from markdown_it import MarkdownIt

from lineage.analysis.growth.results import TrendFindings
from lineage.domain.definitions import Definition
from lineage.domain.escape import cell
from lineage.families.registry import all_families, family
from lineage.reporting.charts.old_svg import draw_chart
from lineage.reporting.document import Document
from lineage.reporting.files import charts_of, trend_report_files
from lineage.reporting.html import render_html
from lineage.reporting.language import Language, load_texts
from lineage.reporting.markdown import render_markdown
from lineage.reporting.trend import trend_document
from lineage.store.reader import Snapshot
from tests.builders import published, row
from tests.hostile import HOSTILE, acting_in_a_template
from tests.questions import find_trends
from tests.unit.reporting.trend_attacks import spelled_trends


@pytest.fixture(scope="module")
def found(corpus_snapshot: Snapshot) -> TrendFindings:
    return find_trends(corpus_snapshot, family("llama"), Definition(), all_families())


def document(found: TrendFindings, snapshot: Snapshot, language: Language) -> Document:
    return trend_document(found, snapshot.manifest, language, all_families())


def _places(sections: Mapping[str, Mapping[str, str]]) -> dict[str, set[str | None]]:
    return {
        f"{section}.{name}": {place for _, place, _, _ in Formatter().parse(text) if place}
        for section, texts in sections.items()
        for name, text in texts.items()
    }


def test_both_languages_hold_the_same_keys_and_places() -> None:
    english, german = (load_texts(language, "trend").sections for language in Language)
    assert _places(english) == _places(german)


@pytest.mark.parametrize("language", list(Language))
def test_a_day_that_the_sample_cannot_tell_says_so(
    found: TrendFindings, corpus_snapshot: Snapshot, language: Language
) -> None:
    page = render_markdown(document(found, corpus_snapshot, language))
    line = next(one for one in page.splitlines() if "31" in one and "2023" in one)
    assert load_texts(language, "trend").say("dates.tells_none_sample") in line
    assert load_texts(language, "trend").number(found.undated) in page


def test_numbers_are_spelled_as_the_language_does(
    found: TrendFindings, corpus_snapshot: Snapshot
) -> None:
    english = f"{sum(part.models for part in found.generations):,}"
    assert "," in english
    assert english in render_html(document(found, corpus_snapshot, Language.ENGLISH))
    german = render_html(document(found, corpus_snapshot, Language.GERMAN))
    assert english.replace(",", ".") in german


def test_the_page_holds_no_style_or_script_but_its_one(
    found: TrendFindings, corpus_snapshot: Snapshot
) -> None:
    page = render_html(document(found, corpus_snapshot, Language.ENGLISH))
    assert (page.count("<style"), page.count("<script"), page.count("style=")) == (1, 1, 0)


def test_each_chart_has_a_file_of_numbers_and_two_pictures(
    found: TrendFindings, corpus_snapshot: Snapshot
) -> None:
    files = dict(
        trend_report_files(found, corpus_snapshot.manifest, Language.ENGLISH, all_families())
    )
    charts = {name.split(".")[2] for name in files if name.endswith(".svg")}
    assert {"releases", "total", "since-release", "variants", "rivals", "share"} <= charts
    for chart in charts:
        assert {f"trend.llama.{chart}.{end}" for end in ("csv", "en.png")} <= set(files)


def test_the_texts_lie_in_the_package() -> None:
    folder = resources.files("lineage.reporting") / "texts"
    assert tomllib.loads((folder / "trend.de.toml").read_text("utf-8"))["page"]["title"]


# Completeness


@pytest.fixture(scope="module")
def files(found: TrendFindings, corpus_snapshot: Snapshot) -> dict[str, str]:
    """The text files of the English report on the corpus."""
    made = trend_report_files(found, corpus_snapshot.manifest, Language.ENGLISH, all_families())
    return {name: content.decode() for name, content in made if not name.endswith(".png")}


def _rows(files: Mapping[str, str], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[f"trend.llama.{name}.csv"])))


def test_every_series_stands_in_four_ways(files: Mapping[str, str]) -> None:
    for series in ("releases", "total", "since-release", "relations", "rivals", "share"):
        rows = _rows(files, f"{series}-by-variant")
        assert {row["variant"] for row in rows} == {"all", "authors", "no_bursts", "downloads"}
        plain = _rows(files, series)
        everyone = [row for row in rows if row["variant"] == "all"]
        assert [{**row, "variant": ""} for row in everyone] == [
            {**row, "variant": ""} for row in plain
        ]


def test_markdown_holds_every_chart_with_its_numbers(files: Mapping[str, str]) -> None:
    page = files["trend.llama.en.md"]
    for name in files:
        if name.endswith(".svg"):
            after = page.partition(f"]({name})")[2]
            assert after.split("\n\n")[2].startswith("| "), name
    tables = [part.splitlines() for part in page.split("\n\n") if part.startswith("|")]
    for table in tables:
        assert len({line.replace("\\|", "").count("|") for line in table}) == 1


def test_licenses_add_up_by_month_and_by_release(
    found: TrendFindings, files: Mapping[str, str]
) -> None:
    known = {part.key: part.models for part in found.licenses}
    for name in ("licenses-by-month", "licenses-by-release"):
        told: dict[str, int] = {}
        for line in _rows(files, name):
            told[line["license"]] = told.get(line["license"], 0) + int(line["models"])
        unknown = told.pop("")
        assert told == known
        assert unknown + sum(known.values()) == found.models


@pytest.mark.parametrize("language", list(Language))
def test_a_license_that_a_sample_does_not_know_is_never_undeclared(
    found: TrendFindings, corpus_snapshot: Snapshot, language: Language
) -> None:
    page = render_markdown(document(found, corpus_snapshot, language))
    texts = load_texts(language, "trend")
    assert texts.say("license.unknown") in page
    assert texts.say("license.undeclared") not in page


def test_a_claim_is_held_against_every_definition(
    found: TrendFindings, files: Mapping[str, str]
) -> None:
    rows = _rows(files, "claim")
    assert [line["definition"] for line in rows][:2] == ["direct", "all_generations"]
    for line, dated in zip(rows, found.dates.rows[-1].numbers, strict=True):
        assert (line["surely_by"] != "") == (dated > found.dates.claim)


@pytest.mark.parametrize("name", ["qwen", "mistral"])
@pytest.mark.parametrize("language", list(Language))
def test_another_family_as_of_a_day_with_the_deleted(
    corpus_snapshot: Snapshot, name: str, language: Language
) -> None:
    day = Definition(as_of=date(2025, 5, 31), deleted=True)
    found = find_trends(corpus_snapshot, family(name), day, all_families(), claim=500)
    told = document(found, corpus_snapshot, language)
    page = render_markdown(told)
    texts = load_texts(language, "trend")
    assert found.by_release.months[-1] == "2025-05"
    assert found.dates.rows[-1].day == date(2025, 5, 31)
    assert texts.date(date(2025, 5, 31)) in page
    assert texts.say("dates.asked") in page
    assert texts.number(500) in page
    drawn = {chart.name: draw_chart(chart, language) for chart in charts_of(told)}
    assert {"since-release-by-variant", "share-by-variant", "licenses-by-month"} <= set(drawn)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(
    ("name", "definition"),
    [("bloom", Definition()), ("llama", Definition(as_of=date(2022, 1, 1)))],
)
def test_where_nothing_is_dated_the_report_says_so(
    corpus_snapshot: Snapshot, name: str, definition: Definition, language: Language
) -> None:
    found = find_trends(corpus_snapshot, family(name), definition, all_families())
    told = document(found, corpus_snapshot, language)
    assert load_texts(language, "trend").say("page.no_dates") in render_html(told)
    assert "since-release" not in {chart.name for chart in charts_of(told)}
    assert all(draw_chart(chart, language) for chart in charts_of(told))


@pytest.mark.parametrize("language", list(Language))
def test_nobody_has_no_depth(corpus_snapshot: Snapshot, language: Language) -> None:
    nobody = Definition(min_downloads=10**12)
    found = find_trends(corpus_snapshot, family("llama"), nobody, all_families())
    told = document(found, corpus_snapshot, language)
    assert load_texts(language, "trend").say("shape.none") in render_html(told)
    assert not {"generations", "children"} & {chart.name for chart in charts_of(told)}


# What strangers wrote


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return spelled_trends(tmp_path_factory.mktemp("attacked"), Language.GERMAN)


def test_no_file_name_comes_from_a_stranger(attacked: Mapping[str, bytes]) -> None:
    for name in attacked:
        assert Path(name).name == name
        assert name.startswith("trend.llama.")


def test_no_cell_of_a_csv_is_a_formula(attacked: Mapping[str, bytes]) -> None:
    tables = {name: text.decode() for name, text in attacked.items() if name.endswith(".csv")}
    assert any("HYPERLINK" in text for text in tables.values())
    for text in tables.values():
        for cells in csv.reader(io.StringIO(text)):
            assert not [one for one in cells if one.startswith(("=", "+", "@", "\t", "\r"))]
            assert all(one.replace("\N{NO-BREAK SPACE}", " ").isprintable() for one in cells)


def test_a_license_called_like_a_column_overwrites_none(attacked: Mapping[str, bytes]) -> None:
    text = attacked["trend.llama.licenses-by-month.csv"].decode()
    (header, *rows) = csv.reader(io.StringIO(text))
    assert header == ["snapshot", "month", "complete", "license", "models"]
    assert {row[3] for row in rows} >= {"__proto__", "constructor", cell(HOSTILE[0])}


def test_a_license_called_like_a_word_of_ours_is_not_translated(tmp_path: Path) -> None:
    roots = [row("meta-llama/Llama-2-7b-hf")]
    rows = [
        row(f"a/{tag}", ["meta-llama/Llama-2-7b-hf"], tags=[f"license:{tag}"])
        for tag in ("mixed", "others", "qwen", "finetune")
    ]
    snapshot = published([*roots, *rows], tmp_path)
    found = find_trends(snapshot, family("llama"), Definition(), all_families())
    page = render_markdown(document(found, snapshot, Language.GERMAN))
    for tag in ("mixed", "others", "qwen", "finetune"):
        assert f"| `{tag}` | 1 |" in page


def test_nothing_strangers_wrote_acts_in_markdown(attacked: Mapping[str, bytes]) -> None:
    text = attacked["trend.llama.de.md"].decode()
    assert not acting_in_a_template(text)
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = [one for token in parser.parse(text) for one in (token, *(token.children or []))]
    assert not [one for one in tokens if one.type in {"html_inline", "html_block"}]
    addresses = [one.attrs.get("src", one.attrs.get("href")) for one in tokens if one.attrs]
    assert addresses
    assert all(str(one).startswith("trend.llama.") for one in addresses if one)


def test_no_format_steers_a_terminal_or_the_direction_of_letters(
    attacked: Mapping[str, bytes],
) -> None:
    for name, content in attacked.items():
        if not name.endswith(".png"):
            assert not set("\x1b\x00\u202e\u200b\u2028") & set(content.decode()), name
