"""Who is deleted, on the page of a family: drawn apart, told in words, counted as by `count`."""

from datetime import date
from pathlib import Path

import pytest

from lineage.domain.claims import Strength
from lineage.domain.definitions import Definition
from lineage.reporting.language import Language
from lineage.store.reader import Snapshot
from tests.browser.conftest import Opener, resize
from tests.browser.test_accessibility import PHONE, find_faults
from tests.builders import outlived, row
from tests.questions import count_family, family_tree, page_of
from tests.unit.analysis.worlds import a_family

pytestmark = pytest.mark.needs("chromium")

KIN = a_family({"Kin 1": ["kin/one"], "Kin 2": ["kin/two"]})
LOST, LEAF, LATER = "b/lost-parent", "b/lost-leaf", "d/later"


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Six living models, a parent and a leaf gone since 31 December 2026."""
    rows = [
        row("kin/one"),
        row("kin/two"),
        row("a/tuned", ["kin/one"]),
        row(LOST, ["kin/one"], "quantized", tags=["license:mit"]),
        row("c/child", [LOST], "adapter"),
        row("c/other", [LOST, "kin/two"], "merge"),
        row(LEAF, ["kin/two"]),
        row(LATER, ["kin/two"], createdAt="2026-12-05T00:00:00.000Z"),
        row("d/last", ["kin/two"], createdAt="2027-02-05T00:00:00.000Z"),
        row("e/undated", ["a/tuned"], createdAt="2022-03-02T23:29:04.000Z"),
    ]
    return outlived(rows, {LOST, LEAF}, tmp_path_factory.mktemp("mortal"))


def written(snapshot: Snapshot, folder: Path, definition: Definition, language: Language) -> Path:
    file = folder / "tree.html"
    report = family_tree(snapshot, KIN, [KIN], definition)
    file.write_text(page_of(report, language), "utf-8")
    return file


@pytest.fixture(scope="module")
def page(mortal: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(mortal, tmp_path_factory.mktemp("en"), Definition(), Language.ENGLISH)


def total(snapshot: Snapshot, definition: Definition) -> int:
    return count_family(snapshot, KIN, definition, [KIN]).total


def test_the_deleted_are_shown_told_in_words_and_not_counted(
    opener: Opener, page: Path, mortal: Snapshot
) -> None:
    opened = opener(page, f"#model={LOST}&view=list")
    assert opened.number_shown() == total(mortal, Definition()) == 6
    assert opened.match_text() == "6 models of 6 shown"
    line = opened.name_of(LOST)
    assert "deleted" in line.inner_text()
    assert line.locator(".label").evaluate("(it) => getComputedStyle(it).textDecorationLine") == (
        "line-through"
    )
    told = opened.page.locator("#details").inner_text()
    assert (
        "No longer listed since 31 December 2026; last seen in snapshot 20261121T120000Z." in told
    )
    assert "It is not counted; models made from it are." in told
    assert "Facts when it was last seen" in told
    assert "mit" in told
    assert "Open on the Hub" not in told


def test_a_deleted_leaf_is_hidden_and_a_deleted_parent_stays_on_the_way(
    opener: Opener, page: Path
) -> None:
    opened = opener(page, "#view=list&open=~Kin%201&open=~Kin%202&open=kin/one&open=kin/two")
    assert opened.name_of(LEAF).count() == 0
    assert opened.name_of(LOST).is_visible()
    opened.page.get_by_text("Filters", exact=True).click()
    opened.page.locator("#deleted").select_option("shown")
    assert opened.number_shown() == 6
    assert opened.match_text() == "6 models of 6 shown, and 2 deleted, not counted"
    assert opened.name_of(LEAF).is_visible()
    assert "deleted=shown" in opened.page.evaluate("location.hash")
    opened.page.get_by_role("button", name="Remove: Deleted: all shown, not counted").click()
    assert opened.name_of(LEAF).count() == 0


def test_the_deleted_are_counted_on_wish_as_the_command_counts_them(
    opener: Opener, page: Path, mortal: Snapshot
) -> None:
    opened = opener(page, "#deleted=counted")
    assert opened.number_shown() == total(mortal, Definition(deleted=True)) == 8
    assert opened.match_text() == "8 models of 8 shown"


def test_a_report_that_counts_them_opens_so(
    opener: Opener, mortal: Snapshot, tmp_path: Path
) -> None:
    file = written(mortal, tmp_path, Definition(deleted=True), Language.GERMAN)
    opened = opener(file, f"#model={LEAF}")
    assert opened.number_shown() == 8
    assert "deleted=" not in opened.page.evaluate("location.hash")
    told = opened.page.locator("#details").inner_text()
    assert "Nicht mehr aufgeführt seit dem 31. Dezember 2026" in told
    assert "Es ist hier mitgezählt." in told


def test_the_slider_shows_them_in_the_months_before_they_were_missed(
    opener: Opener, page: Path, mortal: Snapshot
) -> None:
    """November 2026 is before, December is the month of the listing without them."""
    for month, last in (("2026-11", date(2026, 11, 30)), ("2026-12", date(2026, 12, 31))):
        shown = "&view=list&undated=no&deleted=shown&open=~Kin%202&open=kin/two"
        opened = opener(page, f"#until={month}{shown}")
        asked = Definition(as_of=last)
        count = count_family(mortal, KIN, asked, [KIN])
        assert opened.number_shown() == count.at_most - count.undated
        assert ("deleted" in opened.name_of(LEAF).inner_text()) == (month == "2026-12")


def test_a_report_of_a_day_before_knows_nobody_as_deleted(
    opener: Opener, mortal: Snapshot, tmp_path: Path
) -> None:
    asked = Definition(as_of=date(2026, 12, 10))
    opened = opener(written(mortal, tmp_path, asked, Language.ENGLISH), f"#model={LOST}")
    assert opened.number_shown() == total(mortal, asked) == 6
    assert "Listed no more" not in opened.page.locator("#details").inner_text()
    assert opened.page.locator("#deleted").count() == 0


def test_weaker_evidence_is_a_default_and_no_limit(
    opener: Opener, mortal: Snapshot, tmp_path: Path
) -> None:
    confirmed = Definition(min_strength=Strength.CONFIRMED)
    opened = opener(written(mortal, tmp_path, confirmed, Language.ENGLISH))
    assert opened.page.locator("#least").input_value() == "2"
    assert "least=" not in opened.page.evaluate("location.hash")


def test_the_search_says_who_is_deleted(opener: Opener, page: Path) -> None:
    opened = opener(page, "#view=list")
    opened.page.get_by_role("combobox", name="Find a model").fill("lost-leaf")
    assert "deleted" in opened.suggestions().first.inner_text()
    opened.page.keyboard.press("Enter")
    assert opened.chosen() == LEAF
    assert opened.name_of(LEAF).get_attribute("aria-selected") == "true"


def test_axe_finds_nothing_with_the_details_of_a_deleted_model_open(
    opener: Opener, page: Path
) -> None:
    opened = opener(page, f"#model={LOST}", **PHONE)
    opened.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert find_faults(opened.page) == []


PLACES = """new Promise(resolve => {
  const look = () => {
    const places = ['.deleted-word', '.made'].map(part =>
      document.querySelector('.line.deleted ' + part)?.getBoundingClientRect());
    if (places.every(place => place?.width)) resolve([places[0].right, places[1].left]);
    else requestAnimationFrame(look);
  };
  look();
})"""
"""Where the word `deleted` ends and the column beside it begins."""


def test_nothing_is_wider_than_the_window(opener: Opener, mortal: Snapshot, tmp_path: Path) -> None:
    file = written(mortal, tmp_path, Definition(), Language.GERMAN)
    page = opener(file, f"#model={LOST}&view=list").page
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    for width in (390, 820, 1280, 1920):
        resize(page, width, 900)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        ends, begins = page.evaluate(PLACES)
        assert ends <= begins + 1
