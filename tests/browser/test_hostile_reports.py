"""Whatever strangers write, the pages, pictures and Markdown of reports do nothing of it."""

from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from lineage.reporting.language import Language
from tests.browser.conftest import Opened, Opener
from tests.builders import published
from tests.unit.reporting.attacks import ROWS, attacked_findings, spelled
from tests.unit.reporting.trend_attacks import spelled_trends

pytestmark = pytest.mark.needs("chromium")

_WIDTHS = [390, 768, 1280, 1920]
_ALIEN = (
    "main script, head script, iframe, object, embed, base, link:not([rel=icon]), form,"
    " main style, meta[http-equiv=refresh]"
)
_CUT = """
[...document.querySelectorAll("svg text")].filter((one) => {
  const box = one.getBoundingClientRect(), field = one.ownerSVGElement.getBoundingClientRect();
  return box.width && (box.left < field.left - 1 || box.right > field.right + 1
    || box.bottom > field.bottom + 1);
}).map((one) => one.textContent)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both reports in both formats, and every picture, beside each other as a user has them."""
    folder = tmp_path_factory.mktemp("attacked")
    for name, content in spelled_trends(folder / "trends", Language.ENGLISH).items():
        (folder / name).write_bytes(content)
    snapshot = published(ROWS, folder / "licenses")
    pages = spelled(attacked_findings(snapshot), snapshot.manifest, Language.GERMAN)
    (folder / "licenses.llama.en.html").write_text(pages["html"], "utf-8")
    (folder / "licenses.llama.en.md").write_text(pages["markdown"], "utf-8")
    return folder


def _did_nothing(opened: Opened) -> None:
    page = opened.page
    assert page.evaluate("globalThis.acted") is None
    assert page.locator(_ALIEN).count() == 0
    own = "".join(
        f":not([href^='{start}'])" for start in ("https://", "#", "trend.", "licenses.", "family-")
    )
    assert page.locator(f"a{own}").count() == 0
    handlers = "[...document.querySelectorAll('*')].flatMap((one) => one.getAttributeNames())"
    named = page.evaluate(f"{handlers}.filter((name) => name.startsWith('on'))")
    assert named == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", _WIDTHS)
@pytest.mark.parametrize("name", ["trend.llama.en.html", "licenses.llama.en.html"])
def test_no_attack_acts_on_a_page_or_breaks_it(
    opener: Opener, folder: Path, name: str, width: int, scheme: str
) -> None:
    looks = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    opened = opener(folder / name, ready="footer", **looks)
    page = opened.page
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    _did_nothing(opened)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(_CUT) == []


def test_paper_is_white_and_as_wide_as_it_is(opener: Opener, folder: Path) -> None:
    for name in ("trend.llama.en.html", "licenses.llama.en.html"):
        looks = {"viewport": {"width": 703, "height": 900}, "color_scheme": "dark"}
        page = opener(folder / name, ready="footer", **looks).page
        page.emulate_media(media="print")
        scope = "getComputedStyle(document.documentElement).backgroundColor"
        assert page.evaluate(scope) == "rgb(255, 255, 255)"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.locator(".for-narrow:visible").count() == 0


def test_no_attack_acts_in_a_picture(opener: Opener, folder: Path) -> None:
    pictures = sorted(folder.glob("*.svg"))
    assert len(pictures) > 10
    for picture in pictures:
        opened = opener(picture, ready="svg")
        assert opened.page.evaluate("globalThis.acted") is None
        tags = "[...new Set([...document.querySelectorAll('*')].map((one) => one.tagName))]"
        known = {"svg", "title", "desc", "style", "rect", "path", "text", "g"}
        assert set(opened.page.evaluate(tags)) <= known


@pytest.mark.parametrize("name", ["trend.llama.en.md", "licenses.llama.en.md"])
def test_no_attack_acts_in_markdown_that_a_site_renders(
    opener: Opener, folder: Path, name: str
) -> None:
    """By a renderer that lets HTML through, and without any policy to stop it."""
    renderer = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table")
    made = renderer.render((folder / name).read_text("utf-8"))
    file = folder / f"{name}.html"
    page = f"<!DOCTYPE html><meta charset=utf-8><body>{made}<footer>end</footer>"
    file.write_text(page, "utf-8")
    opened = opener(file, ready="footer")
    _did_nothing(opened)
    own = "[...document.images].every((one) => one.complete && one.naturalWidth > 0)"
    assert opened.page.evaluate(own)
