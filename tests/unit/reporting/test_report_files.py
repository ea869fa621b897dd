"""Which files a run writes, how they are called, and what a document says of them."""

import csv
import io
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import pytest

from lineage.errors import SettingsError
from lineage.reporting.charts.chart import Axis, Chart, ChartKind, Position, Series
from lineage.reporting.charts.palette import Theme
from lineage.reporting.document import (
    Column,
    Document,
    Facts,
    FileLink,
    Link,
    Notice,
    Picture,
    Quote,
    ReportName,
    Section,
    Table,
    Word,
)
from lineage.reporting.files import MOST_PAINTED, PictureChoice, license_report_files
from lineage.reporting.html import render_html
from lineage.reporting.language import Language, load_texts
from lineage.reporting.markdown import render_markdown
from lineage.store.reader import Snapshot
from tests.builders import published
from tests.hostile import HOSTILE, acting_in_a_template
from tests.unit.analysis.declared import judged
from tests.unit.reporting.attacks import ROWS


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return published(ROWS, tmp_path_factory.mktemp("files"))


def files_of(
    snapshot: Snapshot, choice: PictureChoice | None = None, *, with_extra: bool = True
) -> dict[str, bytes]:
    files = license_report_files(
        judged(snapshot), snapshot.manifest, Language.ENGLISH, choice, with_extra=with_extra
    )
    return dict(files)


def test_a_page_links_to_every_file_that_was_written_and_to_no_other(snapshot: Snapshot) -> None:
    for with_extra in (True, False):
        files = files_of(snapshot, with_extra=with_extra)
        text = files["licenses.llama.en.md"].decode()
        for name in files:
            assert f"]({name})" in text
        assert (".png" in text) == (".html" in text) == with_extra


def test_one_picture_by_choice_is_written_alone_and_replaces_none(snapshot: Snapshot) -> None:
    plain = files_of(snapshot, PictureChoice("tags"))
    assert list(plain) == [f"licenses.llama.tags.{it}" for it in ("en.svg", "csv", "en.png")]
    dark = files_of(snapshot, PictureChoice("tags", Theme.DARK, 390))
    assert next(iter(dark)) == "licenses.llama.tags-dark-390.en.svg"
    assert b'width="390"' in dark["licenses.llama.tags-dark-390.en.svg"]
    with pytest.raises(SettingsError, match="no picture") as refused:
        files_of(snapshot, PictureChoice("growth"))
    assert refused.value.hint == "there are: tags"


def test_the_numbers_of_a_matrix_are_a_row_a_cell(snapshot: Snapshot) -> None:
    text = files_of(snapshot, PictureChoice("tags"))["licenses.llama.tags.csv"].decode()
    (cell,) = (row for row in csv.DictReader(io.StringIO(text)) if row["column"] == "mit")
    assert (cell["row"], cell["framed"]) == ("Llama 2", "false")
    assert int(cell["models"]) == len(ROWS) - 2


def a_document(words: Sequence[str]) -> Document:
    """Every kind of block, with strangers' words wherever there is room for one."""
    texts = cycle(words)
    chart = Chart(
        name="tags",
        kind=ChartKind.MATRIX,
        headline=next(texts),
        definition=next(texts),
        source=next(texts),
        text=next(texts),
        axis=Axis.NAMES,
        positions=[Position("tag", next(texts))],
        series=[Series(f"row-{at}", word, [1]) for at, word in enumerate(words)],
    )
    table = Table(
        [Column(next(texts)) for _ in range(4)],
        [
            [Word(word), [Quote(word), word], Link(word, f"https://huggingface.co/{word}"), word]
            for word in words
        ],
        is_sortable=True,
    )
    name = ReportName("licenses", "llama", Language.ENGLISH)
    return Document(
        language=Language.ENGLISH,
        picture=Picture(chart, note=next(texts)),
        lead=[next(texts), Notice(next(texts)), [next(texts), FileLink("a.csv", next(texts))]],
        sections=[Section(next(texts), [table, Picture(chart)])],
        more=[Section(next(texts), [Facts([(next(texts), next(texts))])])],
        reports=name.other_reports(),
        files=["licenses.llama.en.html"],
        picture_files={"tags": ["a.svg", "a.csv"]},
        **{
            name: next(texts)
            for name in ("title", "headline", "definition", "source", "citation", "footer")
        },
    )


def test_no_block_lets_a_word_act_wherever_it_stands() -> None:
    # Each word comes to each place in turn.
    for first in range(0, len(HOSTILE), 7):
        words = [*HOSTILE[first:], *HOSTILE[:first]]
        document = a_document(words)
        page, plain = (render_html(it) for it in (document, a_document(["plain"] * len(words))))
        for tag in ("<script", "<style", "<svg", "<img", "<iframe", "<a ", "<q", "<meta", "<link"):
            assert page.lower().count(tag) <= plain.lower().count(tag), tag
        text = render_markdown(document)
        assert not acting_in_a_template(text)
        for written in (page, text):
            written.encode()
            assert not {"\u202e", "\u200b", "\x1b", "\x00", "\u2028"} & set(written)


def test_other_reports_are_named_as_they_lie_beside() -> None:
    name = ReportName("trend", "qwen", Language.GERMAN)
    others = {it.text: it.name for it in name.other_reports()}
    assert others == {"Stammbaum": "family-tree.qwen.de", "Lizenzen": "licenses.qwen.de"}
    assert MOST_PAINTED == 5


def test_all_pages_say_the_same_in_both_languages() -> None:
    english, german = (load_texts(language, "page").sections for language in Language)
    assert {key: list(part) for key, part in english.items()} == {
        key: list(part) for key, part in german.items()
    }


def test_the_same_document_gives_the_same_bytes(tmp_path: Path, snapshot: Snapshot) -> None:
    again = published(ROWS[::-1], tmp_path)
    assert files_of(snapshot) == files_of(again)
