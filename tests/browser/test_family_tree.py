"""What somebody can do with the page of a family: look, search, unfold, filter, share, print."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from lineage.domain.claims import RELATIONS, Relation, Strength
from lineage.domain.definitions import Definition
from lineage.families.registry import all_families, family
from lineage.reporting.family_tree import FamilyTreeReport
from lineage.store.reader import Snapshot
from tests.browser.conftest import Opened, Opener, resize, wait_until_drawn
from tests.questions import count_family

pytestmark = pytest.mark.needs("chromium")

HERMES = "NousResearch/Hermes-3-Llama-3.1-8B"
NONSENSE = "#model=no/such&open=%00&license=zzz&until=x&release=~&zoom=%FF&least=&view=sphere"
BACKGROUND = "getComputedStyle(document.documentElement).backgroundColor"
SPELLINGS = [
    HERMES,
    HERMES.upper(),
    f'  "{HERMES}"  ',
    f"https://huggingface.co/{HERMES}",
    f"https://huggingface.co/{HERMES}/tree/main",
    f"http://www.huggingface.co/{HERMES}/blob/main/README.md?x=1#top",
    f"hf.co/{HERMES}:Q4_K_M",
    f"hf://{HERMES}@main",
    f"`{HERMES}@0123456789abcdef`",
    f"pkg:huggingface/{HERMES}@0123456789abcdef",
    f"~/.cache/huggingface/hub/models--{HERMES.replace('/', '--')}/snapshots/1",
    f"[Hermes](https://huggingface.co/{HERMES.replace('/', '%2F')})",
    f"model:{HERMES}",
    f"{HERMES}.git",
]
"""What people paste for one model."""


@pytest.fixture(scope="module")
def desk(module_opener: Opener, english: Path) -> Opened:
    """One page for all facts that need no other: its address brings it to any view."""
    return module_opener(english, viewport={"width": 1440, "height": 900})


@pytest.fixture
def opened(desk: Opened) -> Iterator[Opened]:
    """The page as it opens."""
    resize(desk.page, 1440, 900)
    yield desk.at("")
    assert desk.said == []


def count(snapshot: Snapshot, definition: Definition | None = None) -> int:
    return count_family(snapshot, family("llama"), definition or Definition(), all_families()).total


def search(opened: Opened, text: str) -> None:
    opened.page.get_by_role("combobox", name="Find a model").fill(text)


def boxes(opened: Opened) -> list[dict[str, str]]:
    """What stands in each box of the picture."""
    read = """[...document.querySelectorAll("#picture .branch")].map((one) => ({
      name: one.dataset.row === undefined ? "" : one.ariaLabel.split(", ")[0],
      text: one.innerText, label: one.ariaLabel, height: one.offsetHeight }))"""
    drawn: list[dict[str, str]] = opened.page.evaluate(read)
    return drawn


def test_the_picture_comes_first_and_every_box_has_its_name_and_number(
    opened: Opened, corpus_snapshot: Snapshot, llama: FamilyTreeReport
) -> None:
    page, total = opened.page, f"{count(corpus_snapshot):,}"
    assert page.title() == "The Llama family tree"
    assert total in page.locator("h1").inner_text()
    assert opened.number_shown() == count(corpus_snapshot)
    assert page.evaluate("picture.getBoundingClientRect().top") < 320
    assert page.evaluate("picture.getBoundingClientRect().width") > 1300
    assert page.evaluate("picture.compareDocumentPosition(document.querySelector('table'))") == 4
    assert page.locator("#details").is_hidden()
    drawn = boxes(opened)
    assert len(drawn) > 30
    places = {name: row for row, name in enumerate(llama.forest.names)}
    below = llama.forest.count_drawn()
    for box in drawn:
        assert int(box["height"]) >= 15
        if not box["name"]:
            assert re.fullmatch(r"\+ [\d,]+ (more|more roots?)(, [\d,]+ below)?", box["text"])
        elif (row := places.get(box["name"])) is not None:
            numbers = [
                int(number.replace(",", ""))
                for number in re.findall(r"[\d,]*\d$|[\d,]*\d(?=, here)", box["text"])
            ]
            said = [int(llama.forest.total[row]), int(below[row])]
            assert numbers == said[: 1 + (said[0] != said[1])] or said == [0, 0]


def test_without_scripts_the_tables_remain(english: Path, desk: Opened) -> None:
    plain = desk.page.context.browser
    assert plain is not None
    context = plain.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(english.as_uri())
    assert "needs JavaScript" in (page.locator("noscript").text_content() or "")
    assert page.locator("#loading").is_hidden()
    assert page.get_by_role("heading", name="Well-known names").is_visible()
    assert not page.locator("#explorer").is_visible()
    context.close()


def test_what_is_shown_before_more_is_three_screens_or_six_of_a_phone(opened: Opened) -> None:
    for width, height, screens in ((1440, 900, 3), (390, 844, 6)):
        resize(opened.page, width, height)
        end = opened.page.evaluate("document.querySelector('.more').offsetTop")
        assert end <= screens * height


def test_a_model_is_found_by_part_of_its_name_and_a_name_nobody_has_is_not(opened: Opened) -> None:
    search(opened, "hermes-3-llama-3.1-8b")
    opened.page.keyboard.press("ArrowDown")
    assert opened.suggestions().first.get_attribute("aria-selected") == "true"
    assert opened.suggestions().first.inner_text().startswith(HERMES)
    opened.page.keyboard.press("Enter")
    assert opened.chosen() == HERMES
    details = opened.page.locator("#details").inner_text()
    assert "base_model:finetune:meta-llama/Llama-3.1-8B" in details
    assert "Path to the root" in details
    search(opened, "no such model anywhere")
    assert opened.page.locator("#nothing").inner_text() == "nothing found"
    opened.page.keyboard.press("Escape")
    assert opened.page.locator("#nothing").is_hidden()


def test_every_spelling_of_an_address_finds_its_model(opened: Opened) -> None:
    for text in SPELLINGS:
        search(opened, text)
        assert opened.suggestions().first.inner_text().startswith(HERMES), text
    for text in ("Llama 3.1", "release:llama-3.1", "LLAMA-3.1"):
        search(opened, text)
        assert opened.suggestions().first.inner_text().startswith("Llama 3.1\n"), text
    for text in ("%", "[](", "models--", "https://", "model:", "\u202e"):
        search(opened, text)
        assert opened.page.evaluate("document.activeElement.id") == "search"
    search(opened, "")


def test_an_author_is_found_and_shown_alone(opened: Opened, llama: FamilyTreeReport) -> None:
    search(opened, "nousresearch")
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


def test_a_click_opens_details_beside_the_picture_and_a_second_goes_deeper(opened: Opened) -> None:
    page = opened.page
    box = page.locator("#picture .branch", has_text="Llama-3.1-8B-Instruct").first
    box.hover()
    expect(page.locator("#tip")).to_contain_text("meta-llama/Llama-3.1-8B-Instruct")
    assert re.search(r"drawn here: [\d,]+ of [\d,]+", page.locator("#tip").inner_text())
    box.click()
    assert opened.chosen() == "meta-llama/Llama-3.1-8B-Instruct"
    beside = "details.getBoundingClientRect().left >= picture.getBoundingClientRect().right"
    assert page.evaluate(beside)
    assert page.locator("#path").inner_text().split() == ["Llama"]
    page.locator("#picture .branch[aria-selected=true]").click()
    assert page.locator("#path button").last.inner_text() == "meta-llama/Llama-3.1-8B-Instruct"
    page.locator("#path button").first.click()
    assert page.locator("#path").inner_text().split() == ["Llama"]
    page.keyboard.press("Escape")
    assert page.locator("#details").is_hidden()


def test_the_picture_is_one_stop_for_the_keyboard(opened: Opened) -> None:
    page = opened.page
    assert page.locator("#picture [tabindex='0']").count() == 1
    page.locator("#picture [tabindex='0']").focus()
    focused = "document.activeElement.ariaLabel"
    assert page.evaluate(focused).startswith("Llama")
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    level = int(page.evaluate("document.activeElement.ariaLevel"))
    assert level == 3
    page.keyboard.press("ArrowDown")
    first = page.evaluate(focused)
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focused) != first
    page.keyboard.press("Enter")
    assert page.locator("#details").is_visible()
    assert page.evaluate(focused).startswith(opened.chosen())
    page.keyboard.press("Enter")
    assert page.locator("#path button").last.inner_text() == opened.chosen()
    assert page.locator("#picture [tabindex='0']").count() == 1


def test_what_is_folded_unfolds_in_a_picture_of_its_own_and_then_in_the_list(
    opened: Opened,
) -> None:
    page = opened.page
    folded = page.locator("#picture .is-rest[aria-level='4']").first
    assert re.match(r"\+ [\d,]+ more", folded.inner_text())
    folded.click()
    assert page.locator("#path button").count() == 3
    page.locator("#picture .is-rest[aria-level='2']").click()
    assert page.locator("#outline").is_visible()


def test_the_graph_links_the_same_branches_and_no_label_covers_another(opened: Opened) -> None:
    page = opened.at("#view=graph").page
    assert page.locator("#graph .node").count() > 30
    assert page.locator("#graph line.drawn").count() == page.locator("#graph .node").count() - 1
    read = """[...document.querySelectorAll("#graph .node-label")].filter((one) => one.offsetWidth)
      .map((one) => { const { left, right, top, bottom } = one.getBoundingClientRect();
        return [left, top, right, bottom]; })"""
    labels = page.evaluate(read)
    assert len(labels) > 25
    for at, (left, top, right, bottom) in enumerate(labels):
        assert left >= 0
        assert right <= 1440
        for other in labels[at + 1 :]:
            assert (
                right <= other[0]
                or other[2] <= left
                or bottom <= other[1] + 2
                or other[3] - 2 <= top
            )
    name = page.locator("#graph .node").nth(3).get_attribute("aria-label") or ""
    page.locator("#graph .node").nth(3).click()
    assert opened.chosen() == name.split(", ")[0]
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.closest('#graph') !== null")
    page.get_by_role("tab", name="Graph").focus()
    page.keyboard.press("ArrowLeft")
    assert page.locator("#picture").is_visible()
    assert page.locator("#graph").is_hidden()


def test_a_release_is_unfolded_in_the_list_by_a_click(opened: Opened) -> None:
    opened.at("#view=list")
    line = opened.name_of("Llama 3.1")
    assert line.get_attribute("aria-expanded") == "false"
    line.locator(".twist").click()
    assert opened.name_of("Llama 3.1").get_attribute("aria-expanded") == "true"
    assert opened.name_of("meta-llama/Llama-3.1-8B").get_attribute("aria-level") == "3"


def test_the_keyboard_alone_reaches_a_model_of_the_list(opened: Opened) -> None:
    page = opened.at("#view=list").page
    page.locator("#outline").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    active = page.locator("#outline").get_attribute("aria-activedescendant")
    line = page.locator(f"#{active}")
    assert line.get_attribute("aria-level") == "4"
    assert line.get_attribute("aria-selected") == "true"
    assert opened.chosen() == line.locator(".label").inner_text()
    page.keyboard.press("ArrowLeft")
    up = page.locator("#outline").get_attribute("aria-activedescendant")
    assert page.locator(f"#{up}").get_attribute("aria-level") == "3"
    page.keyboard.press("End")
    page.keyboard.press("Home")
    assert page.locator("#outline").get_attribute("aria-activedescendant") == "row0"
    page.keyboard.press("Escape")
    assert page.locator("#details").is_hidden()


def test_only_rows_in_sight_are_in_the_document(opened: Opened) -> None:
    large = "&open=~Llama%203.1&open=meta-llama%2FLlama-3.1-8B-Instruct"
    page = opened.at(f"#view=list{large}").page
    assert int(page.locator("#outline").get_attribute("aria-rowcount") or 0) > 1000
    assert page.locator("#rows .line").count() < 60
    page.locator("#outline").focus()
    page.keyboard.press("End")
    assert page.locator("#rows .line.active").is_visible()


@pytest.mark.parametrize("relation", [Relation.MERGE, Relation.ADAPTER])
def test_relations_are_counted_as_the_command_counts_them(
    opened: Opened, llama: FamilyTreeReport, relation: Relation
) -> None:
    for other in RELATIONS:
        if other is not relation:
            opened.page.locator(f"#relation-{other.value}").click()
    assert opened.number_shown() == llama.count.by_relation[relation]
    opened.page.get_by_role("button", name="Show everything").click()
    assert opened.number_shown() == llama.count.total


@pytest.mark.parametrize("least", Strength)
def test_evidence_is_weighed_as_the_command_weighs_it(
    opened: Opened, corpus_snapshot: Snapshot, least: Strength
) -> None:
    opened.at(f"#least={least.value}")
    assert opened.number_shown() == count(corpus_snapshot, Definition(min_strength=least))


def test_one_release_or_one_license_is_shown_alone(opened: Opened, llama: FamilyTreeReport) -> None:
    opened.unfold_filters()
    opened.page.locator("#groups-none").click()
    assert opened.number_shown() == 0
    opened.page.locator("#releases").get_by_role("checkbox", name=re.compile(r"^Llama 2 ")).check()
    expected = next(line.total for line in llama.releases if line.name == "Llama 2")
    assert opened.number_shown() == expected
    opened.at("")
    words = opened.page.locator("#license option", has_text="apache-2.0").first.inner_text()
    opened.page.locator("#license").select_option(words)
    assert f"({opened.number_shown():,})" in words


def test_the_slider_goes_back_in_time_and_keeps_the_undated_apart(
    opened: Opened, llama: FamilyTreeReport
) -> None:
    opened.unfold_filters()
    opened.page.locator("#until").focus()
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


def test_an_address_brings_others_to_the_same_view(opened: Opened) -> None:
    search(opened, "hermes-3-llama-3.1-8b")
    opened.page.keyboard.press("Enter")
    opened.page.locator("#relation-quantized").click()
    opened.page.get_by_role("tab", name="List").click()
    opened.name_of("Llama 3.1").locator(".twist").click()
    opened.name_of("Llama 2").locator(".twist").click()
    looks = ("#match-count", "#chips", "#details", "#outline")
    wait_until_drawn(opened.page)
    before = [opened.page.locator(look).inner_text() for look in looks]
    address = opened.page.evaluate("location.hash")
    opened.at("")
    opened.at(address)
    assert [opened.page.locator(look).inner_text() for look in looks] == before
    assert opened.page.evaluate("location.hash") == address


def test_an_address_that_fits_nothing_shows_the_family(
    opened: Opened, llama: FamilyTreeReport
) -> None:
    opened.at(NONSENSE)
    assert opened.page.locator("#details").is_hidden()
    assert opened.page.locator("#picture").is_visible()
    opened.at("#release=Qwen+2.5&relations=distilled")
    assert opened.number_shown() == llama.count.total


def test_a_merge_shows_all_its_parents(opened: Opened, llama: FamilyTreeReport) -> None:
    is_merge = (llama.forest.relation == RELATIONS.index(Relation.MERGE)) & (llama.forest.total > 9)
    merged = llama.forest.names[int(is_merge.argmax())]
    opened.at(f"#model={merged}&view=list")
    assert opened.name_of(merged).locator(".merge").is_visible()
    assert opened.page.locator(".parents > li").count() > 1
    assert opened.page.locator(".root-path").count() > 1


def test_german_is_german_throughout_and_fits_every_window(
    opener: Opener, german: Path, llama: FamilyTreeReport
) -> None:
    """In German, whose words are the longer ones."""
    opened = opener(german, f"#model={HERMES}", color_scheme="dark")
    page = opened.page
    assert page.locator("html").get_attribute("lang") == "de"
    assert page.title() == "Stammbaum der Llama-Familie"
    total = f"{llama.count.total:,}".replace(",", ".")
    assert opened.match_text() == f"{total} Modelle von {total} gezeigt"
    details = page.locator("#details").inner_text()
    assert "Eltern und Belege" in details
    assert re.search(r"\d{1,2}\. [A-Z]\w+ \d{4}", details)
    too_wide = """[...document.querySelectorAll('main *')]
      .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 &&
        getComputedStyle(one).position !== 'absolute' && !one.closest('.unseen, .line, .node'))
      .map((one) => one.tagName + '.' + one.className)"""
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    for width in (390, 820, 1280, 1920):
        resize(page, width, 900)
        for view in ("tree", "graph", "list"):
            page.locator(f"#tab-{view}").click()
            wait_until_drawn(page)
            assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate(too_wide) == []
    dark = page.evaluate(BACKGROUND)
    page.get_by_label("Farben").select_option("light")
    light = page.evaluate(BACKGROUND)
    assert light != dark
    page.get_by_label("Farben").select_option("auto")
    assert page.evaluate(BACKGROUND) == dark


def test_paper_gets_the_picture_the_definition_and_no_controls(opened: Opened) -> None:
    page = opened.page
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(BACKGROUND) == "rgb(255, 255, 255)"
    assert page.locator("#picture").is_visible()
    assert not page.locator("#search").is_visible()
    assert not page.locator(".tabs").is_visible()
    assert page.pdf().startswith(b"%PDF")
    assert page.get_by_text("Every model that can be reached downwards").first.is_visible()
    page.emulate_media(media="screen", color_scheme="light")
