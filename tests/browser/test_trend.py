"""The trend report in Chromium: it fits, shows the picture there is room for, and stays still."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.write_reports_example import EXAMPLE

pytestmark = pytest.mark.needs("chromium")

_TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error("refused by policy: " + event.violatedDirective));
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("language", "width"), [("de", 390), ("en", 768), ("de", 1280)])
def test_a_page_fits_and_asks_nobody(
    browser: Browser, language: str, width: int, scheme: str
) -> None:
    file: Path = EXAMPLE / f"trend.llama.{language}.html"
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    context.add_init_script(_TELL_VIOLATIONS)
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    narrow = page.locator(".for-narrow").first.is_visible()
    assert (said, asked) == ([], [file.as_uri()])
    assert narrow == (width < 720)
    assert page.locator(".for-wide").first.is_visible() != narrow
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(_CUT) == []
    context.close()


_CUT = """
[...document.querySelectorAll("svg text")].filter((one) => {
  const box = one.getBoundingClientRect(), field = one.ownerSVGElement.getBoundingClientRect();
  return box.width && (box.left < field.left - 1 || box.right > field.right + 1
    || box.bottom > field.bottom + 1);
}).map((one) => one.textContent)
"""


def test_on_a_phone_the_cells_of_one_row_stand_flush(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.goto((EXAMPLE / "trend.llama.de.html").as_uri())
    insets = page.locator("table.dense td").evaluate_all(
        "(cells) => [...new Set(cells.map((cell) => getComputedStyle(cell).paddingLeft))]"
    )
    assert len(insets) == 1
