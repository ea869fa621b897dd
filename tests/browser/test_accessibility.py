"""What axe finds wrong with the pages: nothing, dark and light, narrow and wide, opened up."""

from importlib import resources
from pathlib import Path

import pytest

from tests.browser.conftest import Opener

pytestmark = pytest.mark.needs("chromium")

_AXE = resources.files("axe_playwright_python") / "axe.min.js"
_FINDINGS = """async (rules) => (await axe.run(rules)).violations.map((one) =>
  one.id + ": " + one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | "))"""
# A page is the same in the dark but for its colors; every rule is asked at both widths.
Look = tuple[int, str, dict[str, list[str]]]
LOOKS: list[Look] = [
    (390, "dark", {}),
    (1280, "light", {}),
    (1280, "dark", {"runOnly": ["color-contrast"]}),
]
MODEL = "#model=NousResearch/Hermes-3-Llama-3.1-8B&least=inferred"


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing(opener: Opener, english: Path, look: Look) -> None:
    width, scheme, rules = look
    # axe makes elements of text, which our policy lets nobody do.
    looks = {"viewport": {"width": width, "height": 900}, "bypass_csp": True}
    opened = opener(english, MODEL, color_scheme=scheme, **looks)
    opened.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    opened.page.get_by_role("combobox", name="Find a model").fill("hermes")
    opened.page.evaluate(_AXE.read_text("utf-8"))
    assert opened.page.evaluate(_FINDINGS, rules) == []
