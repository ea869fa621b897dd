"""The trend report in Chromium: it fits, asks nobody, and says all before a fourth screen."""

import pytest
from playwright.sync_api import Browser

from tests.write_reports_example import EXAMPLE

pytestmark = pytest.mark.needs("chromium")

_TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error("refused by policy: " + event.violatedDirective));
"""
_CUT = """
[...document.querySelectorAll("main svg text")].filter((one) => {
  const box = one.getBoundingClientRect();
  return box.width && (box.left < -1 || box.right > innerWidth + 1);
}).map((one) => one.textContent)
"""
_HEIGHT = "((it) => it.getBoundingClientRect().top)(document.querySelector('{}'))"


@pytest.mark.parametrize(
    ("width", "scheme", "screens"), [(390, "dark", 6), (820, "light", 6), (1440, "light", 3)]
)
def test_a_page_fits_and_asks_nobody(
    browser: Browser, width: int, scheme: str, screens: int
) -> None:
    file = EXAMPLE / "trend.llama.en.html"
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
    assert (said, asked) == ([], [file.as_uri()])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(_CUT) == []
    lead, more = (page.evaluate(_HEIGHT.format(it)) for it in (".contents", ".more"))
    assert more - lead <= screens * 900
    context.close()
