"""What axe finds wrong with the page: nothing, dark and light, narrow and wide, opened up."""

from importlib import resources
from pathlib import Path

import pytest

from tests.browser.conftest import Opener

pytestmark = pytest.mark.needs("chromium")

_AXE = resources.files("axe_playwright_python") / "axe.min.js"
_FINDINGS = """async () => (await axe.run()).violations.map((one) =>
  one.id + ": " + one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | "))"""
MODEL = "#model=NousResearch/Hermes-3-Llama-3.1-8B&least=guessed"


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light"), (1280, "dark")])
def test_axe_finds_nothing(opener: Opener, english: Path, width: int, scheme: str) -> None:
    # axe makes elements of text, which our policy lets nobody do.
    looks = {"viewport": {"width": width, "height": 900}, "bypass_csp": True}
    opened = opener(english, MODEL, color_scheme=scheme, **looks)
    opened.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    opened.page.get_by_role("combobox", name="Find a model").fill("hermes")
    opened.page.evaluate(_AXE.read_text("utf-8"))
    assert opened.page.evaluate(_FINDINGS) == []
