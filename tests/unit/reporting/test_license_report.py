"""The license report: complete in both languages, and harmless in every format."""

import csv
import io
import string
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from lineage.analysis.licenses.statements import LicenseFindings
from lineage.domain import escape
from lineage.domain.licenses import ClauseName, Drift, DriftSeverity, LicenseNote, NameLevel
from lineage.reporting import license_matrix as numbers
from lineage.reporting.files import license_report_rows
from lineage.reporting.language import Language, load_texts
from lineage.store.reader import Snapshot
from tests.builders import published
from tests.hostile import acting_in_a_template
from tests.unit.analysis.declared import declaring, judged
from tests.unit.reporting.attacks import ATTACKS, LLAMA_2, ROWS, attacked_findings, spelled


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return published(ROWS, tmp_path_factory.mktemp("licenses"))


@pytest.fixture(scope="module")
def attacked(snapshot: Snapshot) -> LicenseFindings:
    return attacked_findings(snapshot)


# Languages


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_say_the_same_with_the_same_places() -> None:
    english, german = (load_texts(language, "licenses").sections for language in Language)
    assert {key: list(part) for key, part in english.items()} == {
        key: list(part) for key, part in german.items()
    }
    for section, part in english.items():
        for key, text in part.items():
            assert text.strip(), f"{section}.{key}"
            assert places(text) == places(german[section][key]), f"{section}.{key}"


@pytest.mark.parametrize("language", Language)
def test_every_word_of_the_findings_has_its_words(language: Language) -> None:
    sections = load_texts(language, "licenses").sections
    for section, words in {
        "class": Drift,
        "class_means": Drift,
        "weight": DriftSeverity,
        "note": LicenseNote,
        "note_means": LicenseNote,
        "level": NameLevel,
        "rule": ClauseName,
    }.items():
        assert set(sections[section]) == {word.value for word in words}, section


@pytest.mark.parametrize("language", Language)
def test_nobody_is_accused(
    language: Language, snapshot: Snapshot, attacked: LicenseFindings
) -> None:
    for text in spelled(attacked, snapshot.manifest, language).values():
        for word in ("violat", "infring", "illegal", "verstoß", "verstöß", "rechtswidrig"):
            assert word not in text.lower()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (Language.ENGLISH, ["No legal advice", "2 July 2025", "to cite"]),
        (Language.GERMAN, ["Keine Rechtsberatung", "2. Juli 2025", "zu zitieren"]),
    ],
)
def test_the_corpus_is_told_in_the_language_s_form(
    language: Language, words: list[str], corpus_snapshot: Snapshot
) -> None:
    findings = judged(corpus_snapshot)
    texts = spelled(findings, corpus_snapshot.manifest, language)
    models = load_texts(language, "licenses").number(findings.count.total)
    sample = load_texts(language, "licenses").say("class.not-in-sample")
    undeclared = f">{load_texts(language, 'licenses').say('class.undeclared')}<"
    assert undeclared not in texts["html"]
    for word in (*words, models, sample, corpus_snapshot.id):
        assert word in texts["html"]
        assert word in texts["markdown"]


# Formats

_BESIDE = ("licenses.llama.", "trend.llama.", "family-tree.llama.")
_OWN_ADDRESSES = ("https://huggingface.co/", "https://github.com/", "#", "data:,", *_BESIDE)


class Page(HTMLParser):
    """What a browser would find."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_nothing_strangers_wrote_acts_in_the_page(
    snapshot: Snapshot, attacked: LicenseFindings
) -> None:
    plain = Page(spelled(judged(snapshot), snapshot.manifest, Language.ENGLISH)["html"])
    page = Page(spelled(attacked, snapshot.manifest, Language.ENGLISH)["html"])
    assert {tag for tag, _ in page.tags} == {tag for tag, _ in plain.tags}
    named = {name for _, attributes in page.tags for name in attributes}
    # Long tags stand upright in the picture.
    upright = {"transform", "overflow"}
    assert named - upright == {name for _, found in plain.tags for name in found} - upright
    for _, attributes in page.tags:
        address = attributes.get("href")
        assert address is None or address.startswith(_OWN_ADDRESSES)
    assert ATTACKS[0] in "".join(page.words)


def test_the_page_lets_nothing_load_or_run(snapshot: Snapshot) -> None:
    page = Page(spelled(judged(snapshot), snapshot.manifest, Language.ENGLISH)["html"])
    policies = [
        attributes["content"] or ""
        for _, attributes in page.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none'; img-src data:; base-uri 'none'")
    assert "unsafe" not in policies[0]
    assert not {"img", "iframe", "form"} & {tag for tag, _ in page.tags}
    assert len([tag for tag, _ in page.tags if tag == "script"]) == 1
    assert not [name for _, found in page.tags for name in found if name in {"src", "style"}]


def flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from flat(token.children or [])


def test_nothing_strangers_wrote_acts_in_markdown(
    snapshot: Snapshot, attacked: LicenseFindings
) -> None:
    text = spelled(attacked, snapshot.manifest, Language.ENGLISH)["markdown"]
    assert not acting_in_a_template(text)
    tokens = list(flat(MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)))
    assert not [token for token in tokens if token.type in {"html_inline", "html_block"}]
    links = [str(token.attrs["href"]) for token in tokens if token.type == "link_open"]
    assert links
    assert all(link.startswith(_OWN_ADDRESSES) for link in links)
    headings = [token for token in tokens if token.type == "heading_open"]
    assert len(headings) == text.count("\n## ") + 1


def test_every_row_of_a_markdown_table_has_all_its_cells(
    snapshot: Snapshot, attacked: LicenseFindings
) -> None:
    text = spelled(attacked, snapshot.manifest, Language.GERMAN)["markdown"]
    tables = [part.splitlines() for part in text.split("\n\n") if part.startswith("|")]
    assert tables
    for table in tables:
        assert len({line.replace("\\|", "").count("|") for line in table}) == 1


def test_no_cell_of_the_csv_is_a_formula(attacked: LicenseFindings) -> None:
    rows = list(
        csv.reader(io.StringIO("".join(escape.escaped_csv_lines(license_report_rows(attacked)))))
    )
    assert len(rows) == len(attacked.rows) + 1
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "@", "+", "\t"))]
    assert all(cell.isprintable() for row in rows for cell in row)


def test_no_format_lets_a_terminal_or_the_direction_of_letters_be_steered(
    snapshot: Snapshot, attacked: LicenseFindings
) -> None:
    for text in spelled(attacked, snapshot.manifest, Language.ENGLISH).values():
        assert not set("\x1b\x00\u202e\r") & set(text)


def test_the_same_snapshot_gives_the_same_bytes(snapshot: Snapshot, tmp_path: Path) -> None:
    again = published(ROWS[::-1], tmp_path)
    for language in Language:
        first = spelled(judged(snapshot), snapshot.manifest, language)
        assert first == spelled(judged(again), again.manifest, language)


def test_downloads_that_nobody_knows_are_no_zero(tmp_path: Path) -> None:
    made = published([ROWS[0], declaring("a/free", LLAMA_2, "mit")], tmp_path)
    text = spelled(judged(made), made.manifest, Language.ENGLISH)["markdown"]
    kind = [line for line in text.splitlines() if "`mit` | llama2 " in line][-1]
    assert kind.endswith("| 1 | \N{EN DASH} |")


def test_the_rows_of_releases_add_up_to_all_models(corpus_snapshot: Snapshot) -> None:
    found = judged(corpus_snapshot)
    single, mixed = numbers.report_rows_of_releases(found)
    assert {one.release for one in single} <= {one.name for one in found.family.releases}
    folded = numbers.add_up_report_rows(mixed[3:], "the rest")
    assert sum(row.models for row in (*single, *mixed[:3], folded)) == len(found.rows)
    known = sum(row.models - row.by_severity[DriftSeverity.UNKNOWN] for row in (*single, *mixed))
    assert known == numbers.report_number_of_known_licenses(found.rows)
