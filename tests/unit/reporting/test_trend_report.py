"""The trend report: complete in both languages, and silent on what a sample cannot tell."""

import tomllib
from collections.abc import Mapping
from importlib import resources
from string import Formatter

import pytest

from lineage.analysis.trends import TrendFindings, find_trends
from lineage.domain.definitions import Definition
from lineage.families.registry import all_families, family
from lineage.render.reports.html import html
from lineage.render.reports.markdown import markdown
from lineage.render.reports.trend_files import trend_files
from lineage.reporting.document import Document
from lineage.reporting.language import Language
from lineage.reporting.trend_report import trend_document
from lineage.reporting.trend_words import trend_texts
from lineage.store.snapshot import Snapshot


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
    english, german = (trend_texts(language).sections for language in Language)
    assert _places(english) == _places(german)


@pytest.mark.parametrize("language", list(Language))
def test_a_day_that_the_sample_cannot_tell_says_so(
    found: TrendFindings, corpus_snapshot: Snapshot, language: Language
) -> None:
    page = markdown(document(found, corpus_snapshot, language))
    line = next(one for one in page.splitlines() if "31" in one and "2023" in one)
    assert trend_texts(language).say("dates.tells_none_sample") in line
    assert trend_texts(language).number(found.undated) in page


def test_numbers_are_spelled_as_the_language_does(
    found: TrendFindings, corpus_snapshot: Snapshot
) -> None:
    assert "20,934" in html(document(found, corpus_snapshot, Language.ENGLISH))
    assert "20.934" in html(document(found, corpus_snapshot, Language.GERMAN))


def test_the_page_holds_no_style_or_script_but_its_one(
    found: TrendFindings, corpus_snapshot: Snapshot
) -> None:
    page = html(document(found, corpus_snapshot, Language.ENGLISH))
    assert (page.count("<style"), page.count("<script"), page.count("style=")) == (1, 0, 0)


def test_each_chart_has_a_file_of_numbers_and_two_pictures(
    found: TrendFindings, corpus_snapshot: Snapshot
) -> None:
    files = dict(trend_files(found, document(found, corpus_snapshot, Language.ENGLISH)))
    charts = {name.split(".")[2] for name in files if name.endswith(".svg")}
    assert {"releases", "total", "since-release", "variants", "rivals", "share"} <= charts
    for chart in charts:
        assert {f"trend.llama.{chart}.{end}" for end in ("csv", "en.png")} <= set(files)


def test_the_texts_lie_in_the_package() -> None:
    folder = resources.files("lineage.reporting") / "texts"
    assert tomllib.loads((folder / "trends.de.toml").read_text("utf-8"))["page"]["title"]
