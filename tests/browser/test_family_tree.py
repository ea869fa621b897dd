"""What somebody can do with the page of a family: read, search, unfold, filter, share, print."""

import re
from pathlib import Path

import pytest

from lineage.domain.claims import RELATIONS, Relation, Strength
from lineage.domain.definitions import Definition
from lineage.families.registry import all_families, family
from lineage.reporting.family_tree import FamilyTreeReport
from lineage.store.reader import Snapshot
from tests.browser.conftest import READY, Opened, Opener
from tests.questions import count_family

pytestmark = pytest.mark.needs("chromium")

HERMES = "NousResearch/Hermes-3-Llama-3.1-8B"


DEFAULT = Definition()
NONSENSE = "#model=no/such&open=%00&license=zzz&until=x&release=~&zoom=%FF&least="


def count(snapshot: Snapshot, definition: Definition = DEFAULT) -> int:
    return count_family(snapshot, family("llama"), definition, all_families()).total


def searched(opened: Opened, text: str) -> None:
    opened.page.get_by_role("combobox", name="Find a model or an author").fill(text)


def test_the_number_stands_above_everything(
    opener: Opener, english: Path, corpus_snapshot: Snapshot
) -> None:
    opened = opener(english)
    assert opened.page.title() == "The Llama family tree"
    head = opened.page.locator(".headline").inner_text()
    assert head.split() == [f"{count(corpus_snapshot):,}", "models", "descend", "from", "Llama"]
    assert opened.number_shown() == count(corpus_snapshot)


def test_without_scripts_the_tables_remain(english: Path, opener: Opener) -> None:
    opened = opener(english)
    plain = opened.page.context.browser
    assert plain is not None
    context = plain.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(english.as_uri())
    assert "needs JavaScript" in (page.locator("noscript").text_content() or "")
    assert page.locator("#loading").is_hidden()
    assert page.get_by_role("heading", name="Well-known names").is_visible()
    assert not page.locator("#explorer").is_visible()
    context.close()


def test_a_model_is_found_by_part_of_its_name(opener: Opener, english: Path) -> None:
    opened = opener(english)
    searched(opened, "hermes-3-llama-3.1-8b")
    opened.page.keyboard.press("ArrowDown")
    assert opened.suggestions().first.get_attribute("aria-selected") == "true"
    assert opened.suggestions().first.inner_text().startswith(HERMES)
    opened.page.keyboard.press("Enter")
    assert opened.chosen() == HERMES
    assert opened.name_of(HERMES).get_attribute("aria-selected") == "true"
    details = opened.page.locator("#details").inner_text()
    assert "base_model:finetune:meta-llama/Llama-3.1-8B" in details
    assert "Path to the root" in details


def test_a_name_nobody_has_is_told_so(opener: Opener, english: Path) -> None:
    opened = opener(english)
    searched(opened, "no such model anywhere")
    assert opened.page.locator("#nothing").inner_text() == "nothing found"
    opened.page.keyboard.press("Escape")
    assert opened.page.locator("#nothing").is_hidden()


def test_an_author_is_found_and_shown_alone(
    opener: Opener, english: Path, llama: FamilyTreeReport
) -> None:
    opened = opener(english)
    searched(opened, "nousresearch")
    opened.suggestions().first.click()
    mine = [
        name
        for name, kind, sure in zip(
            llama.forest.names, llama.forest.kind, llama.forest.strength, strict=True
        )
        if name.lower().startswith("nousresearch/") and kind == 4 and sure >= 1
    ]
    assert opened.number_shown() == len(mine) > 3
    opened.page.get_by_role("button", name="Remove: Author: NousResearch").click()
    assert opened.number_shown() == llama.count.total


def test_a_release_is_unfolded_by_a_click(opener: Opener, english: Path) -> None:
    opened = opener(english)
    line = opened.name_of("Llama 3.1")
    assert line.get_attribute("aria-expanded") == "false"
    line.locator(".twist").click()
    assert opened.name_of("Llama 3.1").get_attribute("aria-expanded") == "true"
    assert opened.name_of("meta-llama/Llama-3.1-8B").get_attribute("aria-level") == "3"


def test_the_keyboard_alone_reaches_a_model(opener: Opener, english: Path) -> None:
    page = opener(english).page
    page.locator("#outline").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    active = page.locator("#outline").get_attribute("aria-activedescendant")
    line = page.locator(f"#{active}")
    assert line.get_attribute("aria-level") == "4"
    assert line.get_attribute("aria-selected") == "true"
    assert page.locator("#details-title").inner_text() == line.locator(".label").inner_text()
    page.keyboard.press("ArrowLeft")
    up = page.locator("#outline").get_attribute("aria-activedescendant")
    assert page.locator(f"#{up}").get_attribute("aria-level") == "3"
    page.keyboard.press("End")
    page.keyboard.press("Home")
    assert page.locator("#outline").get_attribute("aria-activedescendant") == "row0"
    page.keyboard.press("Escape")
    assert page.locator("#details").inner_text().startswith("Details")


def test_only_rows_in_sight_are_in_the_document(opener: Opener, english: Path) -> None:
    page = opener(english, "#open=~Llama%203.1&open=meta-llama%2FLlama-3.1-8B-Instruct").page
    assert int(page.locator("#outline").get_attribute("aria-rowcount") or 0) > 1000
    assert page.locator("#rows .line").count() < 60
    page.locator("#outline").focus()
    page.keyboard.press("End")
    assert page.locator("#rows .line.active").is_visible()


@pytest.mark.parametrize("relation", [Relation.MERGE, Relation.ADAPTER])
def test_relations_are_counted_as_the_command_counts_them(
    opener: Opener, english: Path, llama: FamilyTreeReport, relation: Relation
) -> None:
    opened = opener(english)
    for other in RELATIONS:
        if other is not relation:
            opened.page.locator(f"#relation-{other.value}").click()
    assert opened.number_shown() == llama.count.by_relation[relation]
    opened.page.get_by_role("button", name="Show everything").click()
    assert opened.number_shown() == llama.count.total


@pytest.mark.parametrize("least", Strength)
def test_evidence_is_weighed_as_the_command_weighs_it(
    opener: Opener, english: Path, corpus_snapshot: Snapshot, least: Strength
) -> None:
    opened = opener(english, f"#least={least.value}")
    assert opened.number_shown() == count(corpus_snapshot, Definition(min_strength=least))


def test_one_release_is_shown_alone(opener: Opener, english: Path, llama: FamilyTreeReport) -> None:
    opened = opener(english)
    opened.page.get_by_text("Filters", exact=True).click()
    opened.page.locator("#groups-none").click()
    assert opened.number_shown() == 0
    opened.page.locator("#releases").get_by_role("checkbox", name=re.compile(r"^Llama 2 ")).check()
    expected = next(line.total for line in llama.releases if line.name == "Llama 2")
    assert opened.number_shown() == expected


def test_a_license_is_shown_alone(opener: Opener, english: Path) -> None:
    opened = opener(english)
    opened.page.get_by_text("Filters", exact=True).click()
    words = opened.page.locator("#license option", has_text="apache-2.0").inner_text()
    opened.page.locator("#license").select_option(words)
    assert f"({opened.number_shown()})" in words


def test_the_slider_goes_back_in_time_and_keeps_the_undated_apart(
    opener: Opener, english: Path, llama: FamilyTreeReport
) -> None:
    opened = opener(english)
    opened.page.get_by_text("Filters", exact=True).click()
    slider = opened.page.locator("#until")
    slider.focus()
    opened.page.keyboard.press("Home")
    first = opened.number_shown()
    assert first < llama.count.total
    opened.page.keyboard.press("ArrowRight")
    assert re.fullmatch(r"[A-Z][a-z]+ \d{4}", opened.page.locator("#until-label").inner_text())
    opened.page.locator("#undated").uncheck()
    assert 0 < opened.number_shown() <= first - llama.count.undated + 50
    opened.page.get_by_role("button", name="Show everything").click()
    opened.page.locator("#undated").uncheck()
    assert opened.number_shown() == llama.count.total - llama.count.undated


def test_an_address_brings_others_to_the_same_view(opener: Opener, english: Path) -> None:
    one = opener(english)
    searched(one, "hermes-3-llama-3.1-8b")
    one.page.keyboard.press("Enter")
    one.page.locator("#relation-quantized").click()
    one.name_of("Llama 3.1").locator(".twist").click()
    one.name_of("Llama 2").locator(".twist").click()
    address = one.page.evaluate("location.hash")
    other = opener(english, address)
    for look in ("#match-count", "#chips", "#details", "#path"):
        assert one.page.locator(look).inner_text() == other.page.locator(look).inner_text()
    lines = "[...document.querySelectorAll('#rows .label')].length"
    assert one.page.evaluate("Number(document.querySelector('#outline').ariaRowCount)") == (
        other.page.evaluate("Number(document.querySelector('#outline').ariaRowCount)")
    )
    assert other.page.evaluate(lines) > 5
    assert other.page.evaluate("location.hash") == address


def test_an_address_that_fits_nothing_shows_the_family(
    opener: Opener, english: Path, llama: FamilyTreeReport
) -> None:
    opened = opener(
        english, "#model=no/such&open=%00&license=zzz&until=x&release=~&zoom=%FF&least="
    )
    assert opened.chosen() == "Details"


def test_a_release_and_a_relation_of_another_file_do_not_empty_the_tree(
    opener: Opener, english: Path, llama: FamilyTreeReport
) -> None:
    opened = opener(english, "#release=Qwen+2.5&relations=distilled")
    assert opened.number_shown() == sum(line.total for line in llama.releases)


def test_a_click_in_the_picture_goes_deeper_and_the_path_back(
    opener: Opener, english: Path
) -> None:
    page = opener(english, viewport={"width": 1280, "height": 900}).page
    page.locator("#picture").scroll_into_view_if_needed()
    page.locator("#picture").hover(position={"x": 200, "y": 60})
    assert page.locator("#tip").inner_text().startswith("Llama 3.1")
    page.locator("#picture").click(position={"x": 200, "y": 60})
    assert page.locator("#path").inner_text().split() == ["Llama", "Llama", "3.1"]
    assert page.locator("#details-title").inner_text() == "Llama 3.1"
    page.locator("#path button").first.click()
    assert page.locator("#path").inner_text().split() == ["Llama"]


def test_a_merge_shows_all_its_parents(
    opener: Opener, english: Path, llama: FamilyTreeReport
) -> None:
    merged = next(line.id for line in llama.branches if line.relation is Relation.MERGE)
    opened = opener(english, f"#model={merged}")
    assert opened.name_of(merged).locator(".merge").is_visible()
    assert opened.page.locator(".parents > li").count() > 1
    assert opened.page.locator(".root-path").count() > 1


def test_german_is_german_throughout(opener: Opener, german: Path, llama: FamilyTreeReport) -> None:
    opened = opener(german, f"#model={HERMES}")
    assert opened.page.locator("html").get_attribute("lang") == "de"
    assert opened.page.title() == "Stammbaum der Llama-Familie"
    total = f"{llama.count.total:,}".replace(",", ".")
    assert opened.match_text() == f"{total} Modelle von {total} gezeigt"
    details = opened.page.locator("#details").inner_text()
    assert "Eltern und Belege" in details
    assert re.search(r"\d{1,2}\. [A-Z]\w+ \d{4}", details)


def test_dark_and_light_follow_the_system_and_the_switch(opener: Opener, english: Path) -> None:
    scope = "getComputedStyle(document.documentElement).backgroundColor"
    light = opener(english, color_scheme="light").page
    dark = opener(english, color_scheme="dark").page
    assert light.evaluate(scope) != dark.evaluate(scope)
    dark.get_by_label("Colours").select_option("light")
    assert dark.evaluate(scope) == light.evaluate(scope)


@pytest.mark.parametrize("width", [390, 768, 1280, 1920])
def test_nothing_is_wider_than_the_window(opener: Opener, german: Path, width: int) -> None:
    """In German, whose words are the longer ones."""
    page = opener(german, f"#model={HERMES}", viewport={"width": width, "height": 900}).page
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    too_wide = """[...document.querySelectorAll('main *')]
      .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 &&
        getComputedStyle(one).position !== 'absolute' && !one.closest('.unseen, .line'))
      .map((one) => one.tagName + '.' + one.className)"""
    assert page.evaluate(too_wide) == []


def test_paper_gets_tables_and_picture_and_no_controls(opener: Opener, english: Path) -> None:
    page = opener(english, color_scheme="dark").page
    page.emulate_media(media="print")
    scope = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(scope) == "rgb(255, 255, 255)"
    assert page.locator(".by-release").is_visible()
    assert page.locator("#picture").is_visible()
    assert not page.locator("#outline").is_visible()
    assert not page.locator("#search").is_visible()
    assert page.pdf().startswith(b"%PDF")
    assert page.get_by_text("Every model that can be reached downwards").is_visible()


def test_an_address_can_change_while_the_page_is_open(opener: Opener, english: Path) -> None:
    opened = opener(english)
    opened.page.evaluate(f"location.hash = 'model={HERMES}'")
    opened.page.wait_for_function(
        f"document.querySelector('#details-title').textContent === '{HERMES}'"
    )
    assert opened.page.locator(READY).count() == 1
