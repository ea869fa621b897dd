"""Trend and license reports in Chromium, each word of a stranger an attack: nothing acts or breaks.

One load of a page serves many facts: widths, schemes and paper are changed beneath it.
"""

from importlib import resources
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import expect

from lineage.reporting.files import license_report_files
from lineage.reporting.language import Language
from tests.browser.conftest import Opened, Opener, resize
from tests.builders import published
from tests.unit.reporting.attacks import ROWS, attacked_findings
from tests.unit.reporting.trend_attacks import spelled_trends
from tests.write_reports_example import EXAMPLE

pytestmark = pytest.mark.needs("chromium")

PAGES = ["trend.llama.en.html", "licenses.llama.de.html"]
_PHONE, _LAPTOP = (390, 844), (1440, 900)
_SIZES = [_PHONE, (768, 1024), _LAPTOP, (1920, 1080)]
_ALIEN = (
    "main script, head script, iframe, object, embed, base, link:not([rel=icon]), form,"
    " main style, meta[http-equiv=refresh]"
)
_OWN_ADDRESSES = ("https://", "#", "trend.", "licenses.", "family-tree.")
_UNFOLD = "for (const one of document.querySelectorAll('details')) one.open = true"
_FITS = "document.documentElement.scrollWidth <= innerWidth"
_PAPER = "getComputedStyle(document.documentElement).backgroundColor"
# Names are fitted for letters as wide as Arial's; what a system has in its place may be wider.
_CUT = """
[...document.querySelectorAll("main svg text")].filter((one) => {
  const box = one.getBoundingClientRect();
  return box.width && (box.left < -12 || box.right > innerWidth + 12);
}).map((one) => one.textContent)
"""
_AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
_FINDINGS = """async (rules) => (await axe.run(rules)).violations.map((one) =>
  one.id + ": " + one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | "))"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both reports in both formats, and every picture, beside each other as a user has them."""
    folder = tmp_path_factory.mktemp("attacked")
    snapshot = published(ROWS, folder / "licenses")
    findings = attacked_findings(snapshot)
    files = dict(license_report_files(findings, snapshot.manifest, Language.GERMAN))
    for name, content in {**spelled_trends(folder / "trends", Language.ENGLISH), **files}.items():
        (folder / name).write_bytes(content)
    return folder


def _did_nothing(opened: Opened) -> None:
    page = opened.page
    assert page.evaluate("globalThis.acted") is None
    assert page.locator(_ALIEN).count() == 0
    own = "".join(f":not([href^='{start}'])" for start in _OWN_ADDRESSES)
    assert page.locator(f"a{own}").count() == 0
    names = "[...document.querySelectorAll('*')].flatMap((one) => one.getAttributeNames())"
    assert page.evaluate(f"{names}.filter((name) => name.startsWith('on'))") == []


@pytest.mark.parametrize("name", PAGES)
def test_no_attack_acts_on_a_page_or_breaks_it_at_any_width(
    opener: Opener, folder: Path, name: str
) -> None:
    opened = opener(folder / name, ready="footer", viewport={"width": 390, "height": 844})
    page = opened.page
    page.evaluate(_UNFOLD)
    _did_nothing(opened)
    for width, height in _SIZES:
        resize(page, width, height)
        assert page.evaluate(_FITS), width
        assert page.evaluate(_CUT) == [], width
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert (page.evaluate(_PAPER) == "rgb(255, 255, 255)") == (scheme == "light")
    page.emulate_media(color_scheme="dark", media="print")
    resize(page, 703, 900)
    assert page.evaluate(_PAPER) == "rgb(255, 255, 255)"
    assert page.evaluate(_FITS)


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(opener: Opener, folder: Path, name: str) -> None:
    # axe makes elements of text, which our policy lets nobody do.
    looks = {"viewport": {"width": 390, "height": 844}, "bypass_csp": True}
    page = opener(folder / name, ready="footer", color_scheme="dark", **looks).page
    page.evaluate(_UNFOLD)
    page.evaluate(_AXE)
    # A page is the same in the dark but for its colors; every rule is asked at both widths.
    assert page.evaluate(_FINDINGS, {}) == []
    resize(page, 1440, 900)
    assert page.evaluate(_FINDINGS, {"runOnly": ["color-contrast"]}) == []
    page.emulate_media(color_scheme="light")
    assert page.evaluate(_FINDINGS, {}) == []


def test_values_of_a_picture_are_at_hand_for_pointer_and_keys(opener: Opener, folder: Path) -> None:
    page = opener(folder / PAGES[1], ready="footer").page
    picture = page.locator(".picture").first
    values, box = picture.locator(".value"), picture.locator(".readout")
    names = values.evaluate_all("all => all.map((one) => one.getAttribute('aria-label'))")
    assert len(names) > 2
    assert all(names)
    values.nth(1).hover()
    expect(box).to_be_visible()
    assert box.inner_text().splitlines()[0] in names[1]
    values.first.focus()
    active = "document.activeElement.getAttribute('aria-label')"
    for key, at in (("ArrowRight", 1), ("End", -1), ("ArrowLeft", -2), ("Home", 0)):
        page.keyboard.press(key)
        assert page.evaluate(active) == names[at], key
        assert picture.locator(".value[tabindex='0']").count() == 1
    page.keyboard.press("Escape")
    assert box.is_hidden()


def test_no_attack_acts_in_a_picture(opener: Opener, folder: Path) -> None:
    pictures = sorted(folder.glob("*.svg"))
    assert len(pictures) > 5
    opened = opener(pictures[0], ready="svg")
    page = opened.page
    for picture in pictures:
        page.goto(picture.as_uri())
        assert page.evaluate("globalThis.acted") is None
        tags = "[...new Set([...document.querySelectorAll('*')].map((one) => one.tagName))]"
        known = {
            "svg",
            "title",
            "desc",
            "style",
            "defs",
            "pattern",
            "rect",
            "path",
            "line",
            "text",
            "g",
        }
        assert set(page.evaluate(tags)) <= known


def test_no_attack_acts_in_markdown_that_a_site_renders(opener: Opener, folder: Path) -> None:
    """By a renderer that lets HTML through, and without any policy to stop it."""
    renderer = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table")
    for name in ("trend.llama.en.md", "licenses.llama.de.md"):
        made = renderer.render((folder / name).read_text("utf-8"))
        file = folder / f"{name}.html"
        page = f"<!DOCTYPE html><meta charset=utf-8><body>{made}<footer>end</footer>"
        file.write_text(page, "utf-8")
        opened = opener(file, ready="footer")
        _did_nothing(opened)
        own = "[...document.images].every((one) => one.complete && one.naturalWidth > 0)"
        assert opened.page.evaluate(own)


@pytest.mark.parametrize("name", ["trend.llama.de.html", "licenses.llama.en.html"])
def test_the_finding_and_its_picture_come_first_and_the_rest_is_folded(
    opener: Opener, name: str
) -> None:
    page = opener(EXAMPLE / name, ready="footer", viewport={"width": 1440, "height": 900}).page
    assert (EXAMPLE / name).stat().st_size <= 600_000
    for (width, height), screens in ((_LAPTOP, 3), (_PHONE, 6)):
        resize(page, width, height)
        top = "(name) => document.querySelector(name).getBoundingClientRect().top + scrollY"
        assert page.evaluate(top, ".lead") < height / 2
        assert page.evaluate(top, ".more") <= screens * height, width
    links = page.locator("nav.contents a").evaluate_all("all => all.map((one) => one.hash)")
    assert all(page.locator(link).count() == 1 for link in links)
    # A link into what is folded unfolds it, without a script.
    page.locator("nav.contents a[href='#more-1']").click()
    assert page.locator("#more-1").is_visible()


def test_cases_are_sorted_and_filtered_and_the_citation_is_copied(opener: Opener) -> None:
    page = opener(EXAMPLE / "licenses.llama.en.html", ready="footer").page
    table = page.locator(".sortable")
    downloads = table.locator("td.number:visible")

    def shown() -> list[int]:
        texts = [text.replace(",", "") for text in downloads.all_inner_texts()]
        return [int(text) if text.isdigit() else -1 for text in texts]

    assert shown() == sorted(shown(), reverse=True)
    everything = shown()
    for order in (True, False):
        table.get_by_role("button", name="downloads").click()
        assert shown() == sorted(everything, reverse=order)
    page.get_by_label("Show only rows that contain").fill("MIT ")
    assert 0 < len(shown()) < len(everything)
    assert f"{len(shown())} of {len(everything)} rows" in page.locator(".table-tools").inner_text()
    page.get_by_role("button", name="Copy citation").click()
    assert page.get_by_text("Copied.").is_visible()
    citation = page.evaluate("getSelection().toString()")
    assert citation.startswith("lineage ")


def test_a_report_is_read_without_a_script(opener: Opener) -> None:
    looks = {"java_script_enabled": False, "viewport": {"width": 1440, "height": 900}}
    page = opener(EXAMPLE / "licenses.llama.en.html", ready="footer", **looks).page
    assert page.locator(".sortable tbody tr").count() > 50
    assert not page.locator(".table-tools").is_visible()
    assert page.get_by_text("lineage 0.").last.is_visible()
    assert page.get_by_role("button", name="Copy citation").count() == 0
    page.locator("nav.contents a[href='#more-1']").click()
    assert page.locator("#more-1").is_visible()
