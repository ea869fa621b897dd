"""Whatever strangers write, the page shows it and does nothing of it."""

from dataclasses import replace
from itertools import cycle
from pathlib import Path
from urllib.parse import quote

import pytest

from lineage.analysis.tree.row_facts import Coded, SharedClaim
from lineage.domain.families import Family
from lineage.reporting.family_tree import FamilyTreeReport, NameVerdict
from lineage.reporting.language import Language
from tests.browser.conftest import Opened, Opener
from tests.builders import outlived, row
from tests.hostile import HOSTILE
from tests.questions import family_tree, page_of
from tests.unit.analysis.worlds import a_family

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A family of which every name, word and quotation is an attack."""
    folder = tmp_path_factory.mktemp("poisoned")
    kin: Family = a_family({"Kin 1": ["kin/one"], "Kin 2": ["kin/two"]})
    roots = [row("kin/one"), row("kin/two")]
    rows = [row(f"a/m{n}", ["kin/one", f"x/y{n}"], tags=[f"license:l{n}"]) for n in range(40)]
    rows += [row(f"a/n{n}", [f"a/m{n}", "kin/two"], "merge") for n in range(20)]
    snapshot = outlived([*roots, *rows], {"a/m0", "a/m7", "a/n3"}, folder / "store")
    report = family_tree(snapshot, kin, [kin])
    file = folder / "poisoned.html"
    file.write_text(page_of(_poisoned(report), Language.ENGLISH), "utf-8")
    return file


def _poisoned(report: FamilyTreeReport) -> FamilyTreeReport:
    attack = cycle(HOSTILE)
    forest, facts, evidence = report.forest, report.facts, report.evidence
    said = [
        SharedClaim(next(attack), next(attack), "", next(attack), next(attack))
        for _ in evidence.texts
    ]
    words = {
        name: Coded([next(attack) for _ in coded.words] or [next(attack)], coded.code)
        for name, coded in facts.words.items()
    }
    bad = [NameVerdict(one, one, None, (one,), None, *[one] * 5) for one in HOSTILE]
    return replace(
        report,
        family=replace(report.family, name=HOSTILE[0], organization=HOSTILE[3]),
        manifest=replace(report.manifest, id=HOSTILE[1], tombstones=3),
        releases=tuple(replace(line, name=next(attack)) for line in report.releases),
        verdicts=tuple(bad),
        forest=replace(forest, names=[next(attack) for _ in forest.names]),
        facts=replace(facts, words=words),
        evidence=replace(evidence, texts=said, outside=[next(attack) for _ in evidence.outside]),
    )


def _did_nothing(opened: Opened) -> None:
    assert opened.page.evaluate("globalThis.acted") is None
    assert opened.page.locator("script").count() == 1
    for tag in (
        "iframe",
        "img",
        "svg:not(.links)",
        "object",
        "embed",
        "base",
        "main style",
        "main script",
    ):
        assert opened.page.locator(tag).count() == 0
    own = "".join(f":not([href^='{start}'])" for start in ("https://", "#", "trend.", "licenses."))
    assert opened.page.locator(f"a{own}").count() == 0


def test_no_attack_acts_anywhere_on_the_page(opener: Opener, poisoned: Path) -> None:
    opened = opener(poisoned, "#view=list", viewport={"width": 1280, "height": 900})
    page = opened.page
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.locator("#outline").focus()
    for _ in range(30):
        for key in ("ArrowRight", "ArrowDown", "Enter"):
            page.keyboard.press(key)
        assert page.locator("#details").is_visible()
    for view in ("tree", "graph"):
        page.locator(f"#tab-{view}").click()
        room = {"tree": "#picture", "graph": "#graph"}[view]
        for box in page.locator(f"{room} [role=treeitem]").all()[:9]:
            box.dispatch_event("click")
    _did_nothing(opened)


def test_no_attack_acts_from_search_filters_or_address(opener: Opener, poisoned: Path) -> None:
    opened = opener(poisoned)
    page = opened.page
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    for text in ("<", "script", "proto", "a", '"'):
        page.locator("#search").fill(text)
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    for value in page.locator("#license option").evaluate_all("all => all.map((o) => o.value)"):
        page.locator("#license").select_option(value)
    _did_nothing(opened)
    again = opener(poisoned, page.evaluate("location.hash"))
    _did_nothing(again)


def test_an_address_is_no_way_in(opener: Opener, poisoned: Path) -> None:
    opened = opener(poisoned)
    for text in HOSTILE[:12]:
        name = quote(text.replace("\ud800", ""))
        address = f"author={name}&model={name}&license={name}&open={name}&release={name}"
        opened.page.evaluate("(address) => { location.hash = address; }", address)
        opened.page.evaluate("() => new Promise((done) => setTimeout(done, 20))")
        _did_nothing(opened)


def test_what_turns_or_hides_text_is_spelled_out(poisoned: Path) -> None:
    shown = poisoned.read_text("utf-8")
    assert not {"\u202e", "\u200b", "\ufeff", "\x1b", "\x00", "\u2028"} & set(shown)
