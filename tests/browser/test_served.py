"""The server's pages in Chromium: by phone and keyboard, without a script, under attack, by axe."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from importlib import resources

import pytest
from playwright.sync_api import Browser, Page, expect

from lineage.families.registry import all_families
from tests.browser.conftest import resize
from tests.builders import published, row
from tests.fakes.fake_clock import NOON
from tests.hostile import HOSTILE
from tests.story.test_serve import Running, serving

pytestmark = pytest.mark.needs("chromium")

LLAMA = "meta-llama/Llama-3.1-8B"
_AXE = resources.files("axe_playwright_python") / "axe.min.js"
_FINDINGS = """async () => (await axe.run()).violations.map((one) =>
  one.id + ": " + one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | "))"""
_UNFOLD = "for (const one of document.querySelectorAll('details')) one.open = true"
_ALIEN = "main script, iframe, object, embed, base, main style, meta[http-equiv=refresh]"
PAGES = [f"/models/{LLAMA}", "/models/o/attacked-0?lang=de", "/families/llama", "/?q=attacked"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Two days of a small store in which strangers wrote whatever a record may hold."""
    folder = tmp_path_factory.mktemp("served")
    attacks = [
        row(
            f"o/attacked-{number}",
            [LLAMA],
            library_name=text,
            pipeline_tag=text,
            tags=[f"license:{text}", f"base_model:{text}", f"base_model:{LLAMA}"],
            cardData={"base_model": [LLAMA, text], "license_name": text, "license": text},
        )
        for number, text in enumerate(it for it in HOSTILE if "\ud800" not in it)
    ]
    rows = [row(LLAMA, license="llama3.1"), *attacks, row("o/grandchild", ["o/attacked-0"])]
    store, families = folder / "snapshots", all_families()
    published([*rows, row("o/deleted", [LLAMA])], store, families=families)
    published(rows, store, families=families, taken_at=NOON + timedelta(days=1))
    with serving(store, folder / "log") as running:
        yield running


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, server: Running) -> Iterator[Visit]:
    """Opens a page of the server; nothing may be said on the console, or asked elsewhere."""
    said: list[str] = []
    with ExitStack() as closing:

        def open_page(path: str, **looks: object) -> Page:
            context = browser.new_context(**looks)  # type: ignore[arg-type]
            closing.callback(context.close)
            page = context.new_page()
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on("dialog", lambda dialog: said.append(dialog.message))
            page.on(
                "request",
                lambda request: said.append(request.url) if foreign(request.url) else None,
            )
            page.goto(server.url.rstrip("/") + path)
            return page

        def foreign(url: str) -> bool:
            return not url.startswith((server.url, "data:"))

        yield open_page
    assert said == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_sound_under_attack_and_for_axe(visit: Visit, path: str) -> None:
    page = visit(path, viewport={"width": 390, "height": 800}, color_scheme="dark")
    page.evaluate(_UNFOLD)
    for width in (390, 820, 1440):
        resize(page, width, 800)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    assert page.evaluate("globalThis.acted") is None
    assert page.locator(_ALIEN).count() == 0
    assert page.locator("a:not([href^='/']):not([href^='https://']):not([href^='#'])").count() == 0
    names = "[...document.querySelectorAll('*')].flatMap((one) => one.getAttributeNames())"
    assert page.evaluate(f"{names}.filter((name) => name.startsWith('on'))") == []
    # axe makes elements of text, which our policy lets nobody do.
    scheme = "light" if PAGES.index(path) % 2 else "dark"
    looks = {"viewport": {"width": 820, "height": 800}, "color_scheme": scheme}
    looked = visit(path, bypass_csp=True, **looks)
    looked.evaluate(_UNFOLD)
    looked.evaluate(_AXE.read_text("utf-8"))
    assert looked.evaluate(_FINDINGS) == []


def test_names_are_offered_as_one_types_and_chosen_by_keyboard(visit: Visit) -> None:
    page = visit("/")
    field = page.get_by_role("combobox")
    # In one go: each letter asks for itself, and a late answer would begin the choice anew.
    field.fill("grandch")
    offer = page.get_by_role("option", name="o/grandchild")
    offer.wait_for()
    field.press("ArrowDown")
    assert offer.get_attribute("aria-selected") == "true"
    with page.expect_navigation():
        field.press("Enter")
    expect(page.locator("h1")).to_have_text("o/grandchild")
    field = page.get_by_role("combobox")
    field.fill("attacked-1")
    page.get_by_role("option").first.wait_for()
    field.press("Escape")
    assert page.get_by_role("option").count() == 0


def test_without_a_script_a_page_is_searched_sorted_filtered_and_read(visit: Visit) -> None:
    page = visit("/", java_script_enabled=False)
    page.get_by_role("searchbox").fill("Llama-3.1")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=LLAMA, exact=True).click()
    assert "Yes, it is one: Llama 3.1" in page.locator(".glance").inner_text()
    page.get_by_role("link", name="model", exact=True).click()
    assert page.locator("th[aria-sort=ascending]").inner_text().startswith("model")
    page.get_by_label("Name contains").fill("attacked-2")
    page.get_by_label("Generations").select_option("all")
    page.get_by_role("button", name="Apply").click()
    rows = page.locator("#below tbody tr")
    expect(rows).to_have_count(11)
    rows.first.get_by_role("link").click()
    assert page.locator(".path .root").inner_text() == LLAMA
    page.get_by_role("link", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    assert "Ja: Llama 3.1" in page.locator(".glance").inner_text()
