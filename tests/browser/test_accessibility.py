"""What axe finds wrong with the pages: nothing, dark and light, narrow and wide, opened up."""

from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from lineage.analysis.scope import Scope
from lineage.families.registry import all_families, family
from lineage.reporting.family_tree import family_tree
from lineage.store.reader import Snapshot
from tests.browser.conftest import Opener, resize, wait_until_drawn
from tests.questions import of_family, page_of

pytestmark = pytest.mark.needs("chromium")

_AXE = resources.files("axe_playwright_python") / "axe.min.js"
_FINDINGS = """async (rules) => (await axe.run(rules)).violations.map((one) =>
  one.id + ": " + one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | "))"""
# axe makes elements of text, which our policy lets nobody do.
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 900},
    "color_scheme": "dark",
    "bypass_csp": True,
}
MODEL = "#model=epfl-llm/meditron-7b&least=inferred"


def find_faults(page: Page) -> list[str]:
    """What axe says of a page that was opened on a phone in the dark, and then on a screen."""
    page.evaluate(_AXE.read_text("utf-8"))
    narrow: list[str] = page.evaluate(_FINDINGS, {})
    resize(page, 1280, 900)
    # A page is the same in the dark but for its colors; every rule is asked at both widths.
    dark: list[str] = page.evaluate(_FINDINGS, {"runOnly": ["color-contrast"]})
    page.emulate_media(color_scheme="light")
    wait_until_drawn(page)
    light: list[str] = page.evaluate(_FINDINGS, {})
    return [*narrow, *dark, *light]


@pytest.fixture(scope="module")
def second_llama(corpus_snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of one release, with mirrors and all: axe takes as long as a page has elements."""
    llama = family("llama")
    release = next(it for it in llama.releases if it.id == "llama-2")
    report = family_tree(Scope(corpus_snapshot, all_families()), of_family(llama, release))
    file = tmp_path_factory.mktemp("second-llama") / "tree.html"
    file.write_text(page_of(report), "utf-8")
    return file


def test_axe_finds_nothing(opener: Opener, second_llama: Path) -> None:
    opened = opener(second_llama, MODEL, **PHONE)
    assert opened.chosen() == "epfl-llm/meditron-7b"
    page = opened.page
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.get_by_role("combobox", name="Find a model").fill("meditron")
    assert find_faults(page) == []
