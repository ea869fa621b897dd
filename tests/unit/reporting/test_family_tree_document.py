"""A family tree in words: the numbers of the report, the rule behind them, nothing that acts."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import cycle
from pathlib import Path
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from lineage.domain.claims import Relation, Strength
from lineage.domain.definitions import Definition, Grouping
from lineage.families.registry import all_families
from lineage.reporting.document import Cell, Document, Inline, Outline, ReportName
from lineage.reporting.family_tree import FamilyTreeReport, NameVerdict
from lineage.reporting.family_tree_text import family_tree_report_document, headline
from lineage.reporting.html import render_html
from lineage.reporting.language import Language, load_texts
from lineage.reporting.markdown import render_markdown
from lineage.store.reader import Snapshot
from tests.builders import outlived, row
from tests.hostile import HOSTILE, acting_in_a_template
from tests.questions import base_tree, count_base, count_family, family_tree
from tests.unit.analysis.worlds import a_family

KIN = a_family({"Kin 1": ["kin/one"], "Kin 2": ["kin/two"]}, {"copy/one": "kin/one"})
ROWS = [
    row("kin/one"),
    row("kin/two"),
    row("copy/one"),
    row("a/tuned", ["kin/one"], downloads=50),
    row("b/lost", ["kin/one"], "quantized", downloads=50),
    row("b/child", ["b/lost"], "adapter", downloads=5),
    row("c/merge", ["a/tuned", "kin/two"], "merge", createdAt="2025-06-01T00:00:00.000Z"),
    row("d/copied", ["copy/one"]),
]
KIN_NAME = ReportName("family-tree", "kin", Language.ENGLISH)
LLAMA_8B = "meta-llama/Llama-3.1-8B"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return outlived(ROWS, {"b/lost"}, tmp_path_factory.mktemp("kin"))


def written(report: FamilyTreeReport, language: Language = Language.ENGLISH) -> str:
    return render_markdown(
        family_tree_report_document(report, ReportName("family-tree", "kin", language))
    )


def spelled(cell: Cell) -> str:
    parts = [cell] if isinstance(cell, Inline) else cell
    return "".join(part if isinstance(part, str) else part.text for part in parts)


def outline(document: Document) -> Outline:
    (found,) = (b for s in document.sections for b in s.blocks if isinstance(b, Outline))
    return found


@pytest.mark.parametrize(
    "definition",
    [
        Definition(),
        Definition(deleted=True),
        Definition(min_strength=Strength.CONFIRMED),
        Definition(relations=(Relation.FINETUNE, Relation.MERGE)),
        Definition(min_downloads=9),
        Definition(as_of=date(2025, 1, 1)),
        Definition(as_of=date(2026, 11, 21), deleted=True),
    ],
)
def test_a_filtered_tree_has_the_numbers_of_the_filtered_count(
    snapshot: Snapshot, definition: Definition
) -> None:
    report = family_tree(snapshot, KIN, [KIN], definition)
    count = count_family(snapshot, KIN, definition, [KIN], Grouping.RELEASE)
    assert report.count == count
    (first, *_) = outline(family_tree_report_document(report, KIN_NAME)).lines
    assert spelled(first[1]) == f"Kin: {count.total}"


def test_the_rule_is_told_with_the_number(snapshot: Snapshot) -> None:
    asked = Definition(
        relations=(Relation.MERGE, Relation.FINETUNE), min_downloads=9, as_of=date(2026, 1, 1)
    )
    told = written(family_tree(snapshot, KIN, [KIN], asked))
    assert "links: merge, fine-tune only; downloads in 30 days: at least 9" in told
    assert "as of: the end of 1 January 2026, UTC; deleted models: not counted" in told
    assert "as of: the end of 1 January 2026" in told.split("##")[0]
    confirmed = written(
        family_tree(snapshot, KIN, [KIN], Definition(min_strength=Strength.CONFIRMED))
    )
    assert "Only links that the Hub's own records confirm" in confirmed


def headline_of(report: FamilyTreeReport, **numbers: int) -> str:
    """What is said where the releases have so many models each, and others are of several."""
    total = sum(numbers.values())
    lines = [replace(report.releases[0], name=name, total=n) for name, n in numbers.items()]
    names = [replace(KIN.releases[0], name=name) for name in numbers if name != "mixed"]
    count = replace(report.count, total=total, at_most=total)
    kin = replace(KIN, releases=tuple(names))
    return headline(
        replace(report, family=kin, count=count, releases=tuple(lines)),
        load_texts(Language.ENGLISH),
    )


def test_a_finding_is_a_headline_where_its_condition_holds(snapshot: Snapshot) -> None:
    report = family_tree(snapshot, KIN, [KIN])
    half = "More than half of the {} models that descend from Kin come from {}"
    assert headline_of(report, A=60, B=20, C=20) == half.format(100, "A")
    assert headline_of(report, A=30, B=30, C=20, D=20) == half.format(100, "A and B")
    neutral = "100 models descend from Kin"
    assert headline_of(report, A=50, B=25, C=25) == neutral  # Half is not more than half.
    assert headline_of(report, A=25, B=25, C=25, D=25) == neutral
    assert headline_of(report, A=20, mixed=80) == neutral
    assert headline_of(report, A=40, B=5, C=5, mixed=50) == neutral
    assert headline_of(report, A=1) == "1 model descends from Kin"
    assert headline_of(report, A=0) == "0 models in this snapshot descend from Kin"


def test_most_of_a_models_descendants_are_of_one_kind_or_nothing_is_said(
    snapshot: Snapshot,
) -> None:
    report = base_tree(snapshot, "kin/one", [KIN])
    texts = load_texts(Language.ENGLISH)

    def said(total: int, at_most: int = 0, **relations: int) -> str:
        parts = {relation: relations.get(relation.value, 0) for relation in Relation}
        count = replace(report.count, total=total, at_most=at_most or total, by_relation=parts)
        return headline(replace(report, count=count), texts)

    assert said(100, merge=51) == "Most of the 100 models that descend from kin/one are merges"
    for relation in (Relation.ADAPTER, Relation.QUANTIZED, Relation.FINETUNE):
        assert said(100, **{relation.value: 60}).startswith("Most of the 100 models")
    neutral = "100 models descend from kin/one"
    assert said(100, merge=50) == said(100, unspecified=90) == neutral
    assert said(19, merge=19) == "19 models descend from kin/one"
    assert said(9, at_most=100) == "Between 9 and 100 models descend from kin/one"
    only = replace(report.count.definition, relations=(Relation.MERGE,))
    count = replace(report.count, total=100, at_most=100, definition=only)
    count = replace(count, by_relation={Relation.MERGE: 100})
    assert headline(replace(report, count=count), texts) == neutral


def test_who_is_gone_is_told_apart(snapshot: Snapshot) -> None:
    told = written(family_tree(snapshot, KIN, [KIN]))
    assert "`b/lost`: 1 (quantized, deleted)" in told
    assert (
        "1 model of the family is known to be deleted. It is not counted; the tree shows it, marked"
        in told
    )
    counted = written(family_tree(snapshot, KIN, [KIN], Definition(deleted=True)))
    assert "`b/lost`: 1 (quantized, deleted)" in counted
    assert "It is marked in the tree and counted here" in counted


def test_one_model_is_a_tree_too(snapshot: Snapshot) -> None:
    report = base_tree(snapshot, "kin/one", [KIN])
    assert report.count.total == count_base(snapshot, "kin/one", Definition(), [KIN]).total == 3
    told = written(report)
    assert "What descends from kin/one" in told
    assert "- **roots**: kin/one\n" in told
    assert "d/copied" not in told
    with_mirrors = base_tree(snapshot, "kin/one", [KIN], Definition(mirrors=True))
    assert "d/copied" in written(with_mirrors)
    assert "kin/one and 1 mirror of it" in written(with_mirrors)


def test_the_corpus_of_one_model_adds_up_release_by_release(corpus_snapshot: Snapshot) -> None:
    report = base_tree(corpus_snapshot, LLAMA_8B, all_families())
    assert report.count.total == sum(line.total for line in report.releases)
    counted = count_base(corpus_snapshot, LLAMA_8B, Definition(), all_families())
    assert counted.total == report.count.total


def test_every_line_adds_up_in_markdown(llama: FamilyTreeReport) -> None:
    lines = outline(family_tree_report_document(llama, KIN_NAME)).lines
    told = [(depth, spelled(cell)) for depth, cell in lines]
    assert len(told) > 100
    for at, (depth, words) in enumerate(told):
        below = []
        for low, line in told[at + 1 :]:
            if low <= depth:
                break
            if low == depth + 1:
                # A line's own model is not in its number; what is summed up is all in its own.
                below.append(_drawn(line) + ("/" in line and "(official" not in line))
                below[-1] -= "(mirror" in line
        assert not below or _drawn(words) == sum(below), words


def _drawn(words: str) -> int:
    """How many models a line says to have their place below it."""
    if folded := re.fullmatch(r"\+ ([\d,]+) (more|\D+)(?:, ([\d,]+) below)?", words):
        counted, kind, low = folded.groups()
        return int((counted if kind == "more" else "0").replace(",", "")) + int(
            (low or "0").replace(",", "")
        )
    found = re.search(r"drawn here: ([\d,]+)", words) or re.search(r": ([\d,]+)", words)
    return int(found[1].replace(",", "")) if found else 0


def flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from flat(token.children or [])


def test_nothing_strangers_wrote_acts_in_markdown(snapshot: Snapshot) -> None:
    report = family_tree(snapshot, KIN, [KIN])
    attack = cycle(HOSTILE)
    bad = tuple(NameVerdict(one, one, None, (one,), None, *[one] * 5) for one in HOSTILE)
    poisoned = replace(
        report,
        forest=replace(report.forest, names=[next(attack) for _ in report.forest.names]),
        verdicts=bad,
        family=replace(KIN, name="<b>x</b> www.outside.example", organization=HOSTILE[0]),
    )
    text = written(poisoned)
    assert not acting_in_a_template(text)
    tokens = list(flat(MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)))
    assert not [one for one in tokens if one.type in {"html_inline", "html_block", "image"}]
    links = [str(one.attrs["href"]) for one in tokens if one.type == "link_open"]
    assert {link.split(".")[0] for link in links} == {"trend", "licenses"}
    assert "www\\.outside" in text
    assert not {"\x1b", "\u202e", "\u200b", "\x00", "\u2028", "\ufeff"} & set(text)
    headings = [one for one in tokens if one.type == "heading_open"]
    assert len(headings) == text.count("\n## ") + 1
    items = [one for one in tokens if one.type == "list_item_open"]
    assert len(items) == len(re.findall(r"^ *- ", text, re.MULTILINE))


def test_an_outline_is_lists_in_lists_in_a_page(snapshot: Snapshot) -> None:
    report = family_tree(snapshot, KIN, [KIN])
    document = family_tree_report_document(
        report, ReportName("family-tree", "kin", Language.GERMAN)
    )
    page = render_html(document)
    first = page.index('<ul class="outline">')
    whole = ElementTree.fromstring(page[first : page.index("</section>", first)])
    assert list(_depths(whole, 0)) == [depth for depth, _ in outline(document).lines]


def _depths(listed: ElementTree.Element, depth: int) -> Iterator[int]:
    for item in listed:
        yield depth
        for below in item.findall("ul"):
            yield from _depths(below, depth + 1)


def test_the_same_snapshot_is_the_same_text(snapshot: Snapshot, tmp_path: Path) -> None:
    again = outlived(ROWS[::-1], {"b/lost"}, tmp_path)
    for language in Language:
        first = written(family_tree(snapshot, KIN, [KIN]), language)
        assert written(family_tree(again, KIN, [KIN]), language) == first
