"""A family many times as large as the corpus's opens and moves as easily."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from benchmarks.synthetic_family import synthetic_report
from lineage.reporting.family_tree import FamilyTreeReport
from lineage.reporting.language import Language
from tests.browser.conftest import Opener
from tests.questions import page_of

pytestmark = pytest.mark.needs("chromium")

MODELS = 100_000
GENEROUS = 3.0
"""Seconds of work of the page's thread, however busy the machine is: some times what it needs."""


def seconds_of_work(page: Page) -> float:
    """What the page's thread worked for since it was loaded."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "ThreadTime"))


def test_a_hundred_thousand_models_open_unfold_and_are_found(
    opener: Opener, llama: FamilyTreeReport, tmp_path: Path
) -> None:
    report = synthetic_report(MODELS, llama)
    file = tmp_path / "large.html"
    file.write_text(page_of(report, Language.ENGLISH), "utf-8")
    opened = opener(file, "#deleted=shown&view=list")
    assert opened.number_shown() == report.count.total > MODELS * 0.9
    assert "deleted, not counted" in opened.match_text()
    assert seconds_of_work(opened.page) < GENEROUS
    opened.page.locator("#outline").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowDown", "ArrowRight", "End"):
        opened.page.keyboard.press(key)
    assert int(opened.page.locator("#outline").get_attribute("aria-rowcount") or 0) > 5000
    assert opened.page.locator("#rows .line").count() < 60
    name = report.forest.names[-1]
    opened.page.get_by_role("combobox", name="Find a model").fill(name.lower())
    opened.page.keyboard.press("Enter")
    assert opened.chosen() == name
