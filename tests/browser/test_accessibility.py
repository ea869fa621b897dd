"""What axe finds wrong with the pages: nothing, dark and light, narrow and wide, opened up."""

from importlib import resources
from pathlib import Path

import pytest

from lineage.reporting.language import Language
from tests.browser.conftest import Opener
from tests.builders import published
from tests.unit.reporting.attacks import ROWS, attacked_findings, spelled
from tests.unit.reporting.trend_attacks import spelled_trends

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


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trend page and a license page, small ones: axe looks at every line of every table."""
    folder = tmp_path_factory.mktemp("reports")
    trends = spelled_trends(folder / "trends", Language.GERMAN)
    (folder / "trend.html").write_bytes(trends["trend.llama.de.html"])
    snapshot = published(ROWS, folder / "licenses")
    page = spelled(attacked_findings(snapshot), snapshot.manifest, Language.ENGLISH)["html"]
    (folder / "licenses.html").write_text(page, "utf-8")
    return folder


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", ["trend.html", "licenses.html"])
def test_axe_finds_nothing_in_a_report(
    opener: Opener, reports: Path, name: str, look: Look
) -> None:
    width, scheme, rules = look
    looks = {"viewport": {"width": width, "height": 900}, "bypass_csp": True}
    opened = opener(reports / name, ready="footer", color_scheme=scheme, **looks)
    opened.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    opened.page.evaluate(_AXE.read_text("utf-8"))
    assert opened.page.evaluate(_FINDINGS, rules) == []
