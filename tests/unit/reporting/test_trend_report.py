"""The trend report: the finding first, its numbers in files, and nothing of strangers acts."""

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from string import Formatter

import pytest
from markdown_it import MarkdownIt

from lineage.analysis.growth.results import TrendFindings
from lineage.analysis.growth.trends import TrendQuestion
from lineage.domain.claims import Relation, Strength
from lineage.domain.definitions import Definition
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.families.published import bundled_published_numbers
from lineage.families.registry import all_families, family
from lineage.reporting.document import Document, ReportName
from lineage.reporting.files import pictures_of_report, trend_report_files
from lineage.reporting.language import Language, load_texts
from lineage.reporting.trend import trend_report_document
from lineage.reporting.trend_text import TrendText
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore
from tests.builders import published, row
from tests.fakes.fake_clock import NOON
from tests.hostile import acting_in_a_template
from tests.questions import find_trends
from tests.unit.reporting.trend_attacks import rows, spelled_trends

LLAMA_2 = "meta-llama/Llama-2-7b-hf"
BOTH = pytest.mark.parametrize("language", list(Language))


def make_document(found: TrendFindings, snapshot: Snapshot, language: Language) -> Document:
    trend = TrendText.trend_text_in_language(found, snapshot.manifest, language, all_families())
    return trend_report_document(trend, ReportName("trend", "llama", language))


def spell(found: TrendFindings, snapshot: Snapshot, language: Language) -> str:
    """Return the report as Markdown."""
    files = trend_report_files(found, snapshot.manifest, language, all_families(), with_extra=False)
    return next(content.decode() for name, content in files if name.endswith(".md"))


def chart_names(document: Document) -> list[str]:
    return [picture.chart.name for picture in pictures_of_report(document)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ParquetStore:
    """Two weeks, three families with enough models to be compared, one model without a date."""
    folder = tmp_path_factory.mktemp("trend")
    listed = [*rows(), row("x/undated", [LLAMA_2], createdAt="2022-03-02T23:29:04.000Z")]
    listed += [row(f"z/Llama-2-7b-cats-{at}") for at in range(3)]
    running = [
        row(f"y/{at}", [LLAMA_2], createdAt=f"2026-1{1 + at // 100}-01T12:00:00.000Z")
        for at in range(130)
    ]
    for at, some in enumerate((listed, [*listed, *running])):
        moment = NOON + timedelta(days=14 * at)
        published(some, folder, families=all_families(), taken_at=moment)
    return ParquetStore(str(folder), NO_OPT_OUTS)


@pytest.fixture(scope="module")
def found(store: ParquetStore) -> TrendFindings:
    numbers = bundled_published_numbers()
    return find_trends(
        store.snapshot(), family("llama"), Definition(), all_families(), store, numbers=numbers
    )


@pytest.fixture(scope="module")
def whole(found: TrendFindings) -> TrendFindings:
    """The same, as if it were the real Hub's."""
    return replace(found, knowledge=replace(found.knowledge, known=10**9, is_local=False))


def test_both_languages_hold_the_same_keys_and_places() -> None:
    def places(language: Language) -> dict[str, set[str | None]]:
        return {
            f"{section}.{name}": {place for _, place, _, _ in Formatter().parse(text) if place}
            for section, texts in load_texts(language, "trend").sections.items()
            for name, text in texts.items()
        }

    assert places(Language.ENGLISH) == places(Language.GERMAN)


@BOTH
def test_the_finding_leads_and_the_pictures_follow(
    whole: TrendFindings, store: ParquetStore, language: Language
) -> None:
    document = make_document(whole, store.snapshot(), language)
    assert document.picture is not None
    assert document.headline == document.picture.chart.headline
    assert document.definition == document.picture.chart.definition
    assert chart_names(document) == [
        "history",
        "rivals",
        "shares",
        "relations",
        "since-release",
        "variants",
    ]
    page = spell(whole, store.snapshot(), language)
    assert page.startswith(f"# {document.headline}")
    number = load_texts(language, "trend").number
    assert number(whole.models) in page
    for chart in (picture.chart for picture in pictures_of_report(document)):
        assert chart.text
        assert str(NOON.year) in chart.source


def test_the_running_month_is_hatched_and_exported_as_incomplete(
    whole: TrendFindings, store: ParquetStore
) -> None:
    manifest = store.snapshot().manifest
    files = dict(
        trend_report_files(whole, manifest, Language.ENGLISH, all_families(), with_extra=False)
    )
    months = list(csv.DictReader(io.StringIO(files["trend.llama.shares.csv"].decode())))
    assert [(it["month"], it["complete"], it["reliable"]) for it in months][-2:] == [
        ("2026-11", "true", "true"),
        ("2026-12", "false", "false"),
    ]
    days = list(csv.DictReader(io.StringIO(files["trend.llama.days.csv"].decode())))
    assert {it["basis"] for it in days} == {"snapshot", "creation"}
    assert int(days[-1]["models"]) == whole.models


def test_every_file_of_a_report_has_its_name(whole: TrendFindings, store: ParquetStore) -> None:
    manifest = store.snapshot().manifest
    made = dict(trend_report_files(whole, manifest, Language.GERMAN, all_families()))
    charts = {name.split(".")[2] for name in made if name.endswith(".svg")}
    assert len(charts) == 6
    assert {f"trend.llama.{chart}.csv" for chart in charts} <= set(made)
    assert sum(name.endswith(".png") for name in made) == 5
    assert len(made["trend.llama.de.html"]) < 600_000
    page = made["trend.llama.de.html"].decode()
    assert (page.count("<style"), page.count("<script"), page.count("style=")) == (1, 1, 0)


@BOTH
def test_a_sample_answers_no_published_number_in_one_line(
    found: TrendFindings, store: ParquetStore, language: Language
) -> None:
    assert found.knowledge.is_sample
    assert found.published == []
    texts = load_texts(language, "trend")
    document = make_document(found, store.snapshot(), language)
    (section,) = [it for it in document.sections if it.heading == texts.say("published.title")]
    (line,) = section.blocks
    assert line == texts.say_number("published.sample", found.left_out, subject="Llama")
    assert "?" not in spell(found, store.snapshot(), language)


@BOTH
def test_a_published_number_is_shown_with_source_and_the_definition_that_gives_it(
    whole: TrendFindings, store: ParquetStore, language: Language, tmp_path: Path
) -> None:
    tags = ["license:mit"]
    known = [{**it, "tags": [*it["tags"], *tags]} for it in rows()]  # type: ignore[misc]
    snapshot = published(known, tmp_path, families=all_families(), endpoint="https://hub.example")
    asked = find_trends(
        snapshot,
        family("llama"),
        Definition(),
        all_families(),
        numbers=bundled_published_numbers(),
    )
    assert not asked.knowledge.is_sample
    assert {it.published.number for it in asked.published} >= {7000, 27000, 9261}
    page = spell(asked, snapshot, language)
    texts = load_texts(language, "trend")
    assert texts.say("published.no_source") in page
    assert texts.say("published.more_than", n=7000) in page
    assert "deepindata" in page


def test_what_is_inferred_is_drawn_apart_where_it_is_counted(
    whole: TrendFindings, store: ParquetStore
) -> None:
    assert not whole.inferred
    definition = Definition(min_strength=Strength.INFERRED)
    snapshot = store.snapshot()
    wider = find_trends(snapshot, family("llama"), definition, all_families(), store)
    assert wider.inferred == {"Llama 2": 3}
    assert wider.models == whole.models + 3
    document = make_document(wider, snapshot, Language.ENGLISH)
    made = {it.chart.name: it.chart for it in pictures_of_report(document)}["inferred"]
    declared = {mix.key: mix.models for mix in whole.mixes}["Llama 2"]
    assert [list(line.values) for line in made.series] == [[declared], [3]]
    assert [line.key for line in made.series if line.is_hatched] == ["inferred"]


@BOTH
@pytest.mark.parametrize("subject", ["release", "model"])
def test_of_a_release_and_a_model_is_told_what_can_be_told(
    store: ParquetStore, language: Language, subject: str
) -> None:
    from lineage.analysis.growth.trends import find_trends
    from lineage.analysis.scope import Scope
    from lineage.analysis.subjects import find_subject

    scope = Scope(store.snapshot(), all_families())
    name = {"release": "llama-2", "model": LLAMA_2}[subject]
    found = find_trends(store, scope, find_subject(scope, name), TrendQuestion())
    document = make_document(found, scope.snapshot, language)
    assert chart_names(document) == ["history", "relations", "variants"]
    say = load_texts(language, "trend").say
    sentence = {
        "release": say("page.no_parts", family="Llama"),
        "model": say("page.no_parts_model"),
    }
    assert sentence[subject] in document.lead


@BOTH
def test_a_single_snapshot_tells_by_creation_dates_and_names_the_bias(
    store: ParquetStore, language: Language
) -> None:
    snapshot = store.snapshot()
    found = find_trends(snapshot, family("llama"), Definition(), all_families())
    document = make_document(found, snapshot, language)
    assert chart_names(document)[0] == "created"
    say = load_texts(language, "trend").say
    (sentence,) = {say("page.single"), say("page.unstored_below")} & {
        it for it in document.lead if isinstance(it, str)
    }
    assert sentence
    filtered = find_trends(
        snapshot, family("llama"), Definition(min_downloads=1), all_families(), store
    )
    lead = make_document(filtered, snapshot, language).lead
    assert say("page.unstored") in lead


@BOTH
def test_where_nothing_is_counted_or_dated_the_report_says_so(
    store: ParquetStore, language: Language
) -> None:
    snapshot = store.snapshot()
    for name, definition in (
        ("bloom", Definition()),
        ("llama", Definition(as_of=date(2022, 1, 1))),
        ("llama", Definition(min_downloads=10**12)),
    ):
        found = find_trends(snapshot, family(name), definition, all_families(), store)
        document = make_document(found, snapshot, language)
        assert "0" in document.headline
        assert spell(found, snapshot, language)


@BOTH
def test_time_is_cut_where_it_is_asked_and_said_so(store: ParquetStore, language: Language) -> None:
    say = load_texts(language, "trend").say
    for since, key in ((date(2020, 1, 1), "page.since_all"), (date(2026, 12, 1), "page.since")):
        found = find_trends(
            store.snapshot(), family("llama"), Definition(), all_families(), store, since=since
        )
        document = make_document(found, store.snapshot(), language)
        assert say(key, day=since, first=NOON.date()) in document.lead
        assert spell(found, store.snapshot(), language)


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


def test_nothing_strangers_wrote_acts_in_markdown(attacked: Mapping[str, bytes]) -> None:
    text = attacked["trend.llama.de.md"].decode()
    assert not acting_in_a_template(text)
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = [one for token in parser.parse(text) for one in (token, *(token.children or []))]
    assert not [one for one in tokens if one.type in {"html_inline", "html_block"}]
    sources = [str(one.attrs["src"]) for one in tokens if one.type == "image"]
    assert sources
    assert all(one.startswith("trend.llama.") for one in sources)
    links = [str(one.attrs["href"]) for one in tokens if one.type == "link_open"]
    assert all(
        one.startswith(("trend.", "family-tree.", "licenses.", "https://outside.example/"))
        for one in links
    )


def test_no_format_steers_a_terminal_or_the_direction_of_letters(
    attacked: Mapping[str, bytes],
) -> None:
    for name, content in attacked.items():
        if not name.endswith(".png"):
            assert not set("\x1b\x00\u202e\u200b\u2028") & set(content.decode()), name


@BOTH
def test_a_picture_of_a_filtered_count_says_its_filters(
    store: ParquetStore, language: Language
) -> None:
    filters = Definition(min_downloads=10, relations=(Relation.FINETUNE,), deleted=True)
    found = find_trends(store.snapshot(), family("llama"), filters, all_families(), store)
    document = make_document(found, store.snapshot(), language)
    texts = load_texts(language, "trend")
    for chart in (picture.chart for picture in pictures_of_report(document)):
        assert texts.say("filter.downloads", n=10) in chart.source
        assert texts.say("filter.deleted") in chart.source
    assert texts.say("page.filtered").strip() in document.headline


@BOTH
def test_a_day_of_the_past_is_named_in_the_headline(
    store: ParquetStore, language: Language
) -> None:
    day = Definition(as_of=date(2024, 6, 30))
    found = find_trends(store.snapshot(), family("llama"), day, all_families())
    headline = make_document(found, store.snapshot(), language).headline
    assert load_texts(language).date(date(2024, 6, 30)) in headline
    assert str(found.models) in headline
