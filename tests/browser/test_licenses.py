"""The license report in Chromium: nothing strangers wrote acts, and nothing is cut off."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from lineage.reporting.language import Language
from tests.builders import published
from tests.unit.reporting.attacks import ROWS, attacked_findings, spelled

pytestmark = pytest.mark.needs("chromium")

_TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error("refused by policy: " + event.violatedDirective));
"""


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("licenses")
    snapshot = published(ROWS, folder / "store")
    found = attacked_findings(snapshot)
    file = folder / "licenses.html"
    file.write_text(spelled(found, snapshot.manifest, Language.GERMAN)["html"], "utf-8")
    return file


def is_cut_off(page: Page) -> bool:
    cut: bool = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return cut


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 768, 1280, 1920])
def test_an_attacked_page_stays_still_and_fits(
    browser: Browser, page_file: Path, width: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    context.add_init_script(_TELL_VIOLATIONS)
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (said, asked[:1]) == ([], [page_file.as_uri()])
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
    assert not is_cut_off(page)
    context.close()
