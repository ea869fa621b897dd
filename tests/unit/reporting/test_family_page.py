"""The file of a family tree: complete in itself, the same each time, and it says what it must."""

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from lineage.domain.escape import markup
from lineage.reporting.family_page.page import (
    SCRIPTS,
    family_page,
    html_link,
    html_table,
    join_page_scripts,
    read_page_asset,
)
from lineage.reporting.family_tree import FamilyTreeReport
from lineage.reporting.language import Language, load_texts
from tests.builders import ENDPOINT, published, row
from tests.hostile import HOSTILE
from tests.questions import family_tree
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
        assert family_page(again, load_texts(language)) == family_page(report, load_texts(language))


def test_it_asks_for_nothing(report: FamilyTreeReport) -> None:
    written = family_page(report, load_texts(Language.ENGLISH))
    loaded = re.findall(r"""<(?:script|link|img|iframe)[^>]*(?:src|href)=["']([^"']*)""", written)
    assert loaded == ["data:,"]
    assert "@import" not in written
    assert "url(" not in read_page_asset("family_tree.css")


def test_its_policy_allows_its_own_blocks_and_no_other(report: FamilyTreeReport) -> None:
    written = family_page(report, load_texts(Language.ENGLISH))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', written)
    assert policy is not None
    said = policy.group(1).replace("&#x27;", "'")
    assert said.startswith("default-src 'none'")
    for tag in ("style", "script"):
        (block,) = blocks(written, tag)
        digest = base64.b64encode(hashlib.sha256(block.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in said
    assert "unsafe" not in said


def test_its_script_never_makes_html_of_text() -> None:
    script = join_page_scripts(SCRIPTS)
    ways = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(")
    assert not [way for way in ways if way in script]
    assert "</" not in script.replace("</script", "!")
    assert "<!--" not in script


def test_it_says_number_definition_snapshot_and_endpoint(report: FamilyTreeReport) -> None:
    for language in Language:
        said = load_texts(language)
        written = family_page(report, said)
        assert f"<strong>{said.number(report.count.total)}</strong>" in written
        for told in (report.manifest.id, ENDPOINT, markup(said.say("page.counted_text"))):
            assert told in written


def test_a_sample_is_called_one(report: FamilyTreeReport) -> None:
    assert (
        "sample"
        not in family_page(report, load_texts(Language.ENGLISH)).split("<main>")[1].split("<h2")[0]
    )
    sampled = family_page(replace(report, is_sample=True), load_texts(Language.ENGLISH))
    assert "No number on this page is a count of the Hub" in sampled


@pytest.mark.parametrize("text", HOSTILE)
def test_what_strangers_wrote_is_shown_and_no_more(text: str) -> None:
    written = html_table([("", text)], [[("id", text)]]) + markup(text) + html_link(text, text)
    bare = re.sub(
        r"</?(?:table|thead|tbody|tr|t[hd](?: class=\"id\"| scope=\"col\")?)>", "", written
    )
    assert not set(bare) & set("<>\"'")
    bare.encode()


def test_only_addresses_of_the_web_are_links() -> None:
    assert html_link("https://example.org/a?b&c", "there") == (
        '<a href="https://example.org/a?b&amp;c" rel="noreferrer noopener">there</a>'
    )
    for address in ("javascript:1", "http://x", "data:,", "https://a\u202e", None):
        assert html_link(address, "there") == "there"
