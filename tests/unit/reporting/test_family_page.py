"""The file of a family tree: complete in itself, the same each time, and it says what it must."""

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from lineage.domain.escape import escape_markup
from lineage.reporting.family_page.page import SCRIPTS, read_report_page_asset
from lineage.reporting.family_tree import FamilyTreeReport
from lineage.reporting.language import Language, load_texts
from tests.builders import ENDPOINT, published, row
from tests.questions import family_tree, page_of
from tests.unit.analysis.worlds import a_family

KIN = a_family({"Kin 1": ["kin/one"]})
ROWS = [row("kin/one"), row("a/tuned", ["kin/one"]), row("b/tuned", ["a/tuned"])]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> FamilyTreeReport:
    return family_tree(published(ROWS, tmp_path_factory.mktemp("kin")), KIN, [KIN])


def blocks(written: str, tag: str) -> list[str]:
    return re.findall(rf"<{tag}>(.*?)</{tag}>", written, re.DOTALL)


def test_the_same_snapshot_is_the_same_page(report: FamilyTreeReport, tmp_path: Path) -> None:
    again = family_tree(published(ROWS, tmp_path), KIN, [KIN])
    for language in Language:
        assert page_of(again, language) == page_of(report, language)


def test_it_asks_for_nothing(report: FamilyTreeReport) -> None:
    written = page_of(report, Language.ENGLISH)
    loaded = re.findall(r"""<(?:script|link|img|iframe)[^>]*(?:src|href)=["']([^"']*)""", written)
    assert loaded == ["data:,"]
    assert "@import" not in written
    assert "url(" not in read_report_page_asset("family_tree.css")


def test_its_policy_allows_its_own_blocks_and_no_other(report: FamilyTreeReport) -> None:
    written = page_of(report, Language.ENGLISH)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', written)
    assert policy is not None
    said = policy.group(1).replace("&#39;", "'")
    assert said.startswith("default-src 'none'")
    for tag in ("style", "script"):
        (block,) = blocks(written, tag)
        digest = base64.b64encode(hashlib.sha256(block.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in said
    assert "unsafe" not in said


def test_its_script_never_makes_html_of_text() -> None:
    script = "".join(map(read_report_page_asset, SCRIPTS))
    ways = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(")
    assert not [way for way in ways if way in script]
    assert "</" not in script.replace("</script", "!")
    assert "<!--" not in script


def test_it_says_number_definition_snapshot_and_endpoint(report: FamilyTreeReport) -> None:
    for language in Language:
        said = load_texts(language)
        written = page_of(report, language)
        assert said.number(report.count.total) in written.split("<h1>")[1].split("</h1>")[0]
        for told in (report.manifest.id, ENDPOINT, escape_markup(said.say("page.counted_text"))):
            assert told in written


def test_a_sample_is_called_one(report: FamilyTreeReport) -> None:
    assert "sample" not in page_of(report, Language.ENGLISH).split("<main>")[1].split("<h2")[0]
    sampled = page_of(replace(report, is_sample=True), Language.ENGLISH)
    assert "No number on this page is a count of the Hub" in sampled


def test_the_library_of_the_graph_is_as_it_was_published() -> None:
    noted = re.findall(
        r"`(\S+\.js)` \| \S+ \S+ \| `(\w{64})`", read_report_page_asset("vendor/README.md")
    )
    assert len(noted) == 4
    for name, digest in noted:
        assert (
            hashlib.sha256(read_report_page_asset(f"vendor/{name}").encode()).hexdigest() == digest
        )


def test_a_page_of_the_whole_corpus_is_no_larger_than_600_kb(llama: FamilyTreeReport) -> None:
    assert len(page_of(llama, Language.GERMAN).encode()) < 600_000
