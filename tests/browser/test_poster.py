"""The poster in Chromium: letters no wider than was reckoned, nothing outside, nothing acts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from lineage.reporting.family_tree import FamilyTreeReport
from lineage.reporting.language import Language, load_texts
from lineage.reporting.poster import draw_poster
from tests.hostile import HOSTILE

pytestmark = pytest.mark.needs("chromium")

_BOXES = """[...document.querySelectorAll('text')].map((one) => {
  const { x, y, width, height } = one.getBoundingClientRect();
  return { words: one.textContent, turned: one.hasAttribute('transform'), x, y, width, height };
})"""


def boxes_of(browser: Browser, file: Path) -> list[dict[str, Any]]:
    page = browser.new_page(viewport={"width": 1200, "height": 1680})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: said.append(request.url))
    page.goto(file.as_uri())
    boxes: list[dict[str, Any]] = page.evaluate(_BOXES)
    assert page.evaluate("globalThis.acted") is None
    assert page.evaluate("document.querySelectorAll('script, a, image, foreignObject').length") == 0
    assert said == [file.as_uri()]
    page.close()
    return boxes


@pytest.fixture(params=[False, True])
def report(request: pytest.FixtureRequest, llama: FamilyTreeReport) -> FamilyTreeReport:
    """As it is, and with an attack in place of every name."""
    if not request.param:
        return llama
    names = [HOSTILE[at % len(HOSTILE)] for at in range(len(llama.forest))]
    return replace(llama, forest=replace(llama.forest, names=names))


@pytest.mark.parametrize(("language", "width"), [(Language.ENGLISH, 1200), (Language.GERMAN, 390)])
def test_every_word_has_its_place(
    browser: Browser, report: FamilyTreeReport, tmp_path: Path, language: Language, width: int
) -> None:
    file = tmp_path / "poster.svg"
    file.write_text(draw_poster(report, load_texts(language), width=width), "utf-8")
    placed = [box for box in boxes_of(browser, file) if not box["turned"]]
    assert len(placed) > 60
    for at, box in enumerate(placed):
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        for other in placed[at + 1 :]:
            apart = abs(box["y"] - other["y"]) > 12
            left, right = sorted((box, other), key=lambda one: one["x"])
            assert apart or left["x"] + left["width"] <= right["x"] + 1, (box, other)
