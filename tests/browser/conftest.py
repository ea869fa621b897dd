"""Pages opened in the system's own Chromium, with everything noted that they should not do."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from lineage.reporting.family_tree import FamilyTreeReport
from lineage.reporting.language import Language
from tests.questions import page_of

READY = "html[data-ready=true]"
# What watches its own size draws anew in the frame after the one that changed it.
_DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
_IS_AS_WIDE = "(width) => innerWidth === width"
_TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error("refused by policy: " + event.violatedDirective));
"""


@dataclass(slots=True)
class Opened:
    """A page, and what it did beyond showing itself."""

    page: Page
    said: list[str] = field(default_factory=list)
    """What it wrote to the console, and errors nobody caught."""
    asked: list[str] = field(default_factory=list)
    """Requests besides the one for the file."""

    def at(self, address: str) -> "Opened":
        """Bring a family's page to another view without opening it again."""
        script = """(address) => new Promise((done) => {
          addEventListener("hashchange", () => setTimeout(done), { once: true });
          location.hash = address;
        })"""
        # An address that names nothing shows the family, and is gone once it was read.
        for step in ("#model=", *([address] if address else [])):
            self.page.evaluate(script, step)
        wait_until_drawn(self.page)
        return self

    def unfold_filters(self) -> None:
        """Open what is folded below the picture."""
        self.page.evaluate("document.querySelector('.filters').open = true")

    def match_text(self) -> str:
        """How many models are said to be shown."""
        return self.page.locator("#match-count").inner_text()

    def number_shown(self) -> int:
        return int("".join(filter(str.isdigit, self.match_text().split(" ")[0])))

    def name_of(self, row: str) -> Any:
        return self.page.locator("#rows .line", has_text=row).first

    def suggestions(self) -> Any:
        return self.page.locator("#suggestions [role=option]")

    def chosen(self) -> str:
        return self.page.locator("#details-title").inner_text()


Opener = Callable[..., Opened]


def wait_until_drawn(page: Page) -> None:
    """Come back when the page shows what its scripts decided."""
    page.evaluate(_DRAWN)


def resize(page: Page, width: int, height: int) -> None:
    """Give the window another size, and come back when the page has drawn itself for it."""
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_function(_IS_AS_WIDE, arg=width)
    wait_until_drawn(page)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; root needs it without its sandbox, which protects nobody from our own file."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=arguments
        )
        yield launched
        launched.close()


@pytest.fixture
def opener(browser: Browser) -> Iterator[Opener]:
    """Opens files, each in a context of its own; afterwards nothing may have been asked or said."""
    yield from _open_files(browser)


@pytest.fixture(scope="module")
def module_opener(browser: Browser) -> Iterator[Opener]:
    """The same for pages that all tests of a module share."""
    yield from _open_files(browser)


def _open_files(browser: Browser) -> Iterator[Opener]:
    opened: list[Opened] = []
    with ExitStack() as closing:

        def opens(file: Path, address: str = "", ready: str = READY, **looks: object) -> Opened:
            context: BrowserContext = browser.new_context(**looks)  # type: ignore[arg-type]
            closing.callback(context.close)
            context.add_init_script(_TELL_VIOLATIONS)
            page = context.new_page()
            one = Opened(page)
            page.on("console", lambda message: one.said.append(message.text))
            page.on("pageerror", lambda error: one.said.append(str(error)))
            page.on("dialog", lambda dialog: one.said.append(dialog.message))
            page.on("request", lambda request: one.asked.append(request.url))
            page.goto(file.as_uri() + address)
            page.wait_for_selector(ready, timeout=60_000)
            if looks.get("java_script_enabled", True):
                wait_until_drawn(page)
            opened.append(one)
            return one

        yield opens
        for one in opened:
            assert one.said == []
            assert [url for url in one.asked if not url.startswith(("file:", "data:"))] == []


@pytest.fixture(scope="session")
def english(llama: FamilyTreeReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _written(llama, Language.ENGLISH, tmp_path_factory.mktemp("english"))


@pytest.fixture(scope="session")
def german(llama: FamilyTreeReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _written(llama, Language.GERMAN, tmp_path_factory.mktemp("german"))


def _written(report: FamilyTreeReport, language: Language, folder: Path) -> Path:
    file = folder / "tree.html"
    file.write_text(page_of(report, language), "utf-8")
    return file
