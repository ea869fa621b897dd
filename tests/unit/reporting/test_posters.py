"""A poster: nothing overlaps or leaves its box, nothing acts; same report, same picture."""

import re
from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.analysis.tree.prune import PrunedRest, TreeNode
from lineage.analysis.tree.rows import RowKind
from lineage.domain.claims import Relation, Strength
from lineage.reporting.charts.draw import PHONE, WIDTH, paint_chart_svg
from lineage.reporting.charts.palette import Theme
from lineage.reporting.charts.rows import fit_text, spell_letters, text_width, wrap_text
from lineage.reporting.family_tree import FamilyTreeReport
from lineage.reporting.language import Language, load_texts
from lineage.reporting.poster import HEIGHT, LINE, draw_poster, place_poster_boxes
from tests.builders import outlived, row
from tests.hostile import HOSTILE
from tests.questions import family_tree
from tests.unit.analysis.worlds import a_family

KIN = a_family({"Kin 1": ["kin/one"], "Kin 2": ["kin/two"]})
_SPACE = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> FamilyTreeReport:
    rows = [row("kin/one"), row("kin/two")]
    rows += [row(f"a/m{n}", ["kin/one"]) for n in range(60)]
    rows += [row(f"b/n{n}", [f"a/m{n % 9}", "kin/two"], "merge") for n in range(90)]
    rows += [row(f"c/q{n}", ["kin/two"], "quantized") for n in range(400)]
    gone = {"a/m0", "b/n3", *(f"c/q{n}" for n in range(20))}
    snapshot = outlived(rows, gone, tmp_path_factory.mktemp("poster"))
    return family_tree(snapshot, KIN, [KIN])


@pytest.fixture(scope="module", params=[(False, WIDTH), (True, WIDTH), (True, PHONE)])
def drawn(request: pytest.FixtureRequest, report: FamilyTreeReport) -> str:
    """As it is, with every name of a stranger an attack or a giant, and so on a phone."""
    is_poisoned, width = request.param
    shown = _poisoned(report) if is_poisoned else report
    return draw_poster(shown, load_texts(Language.GERMAN), Theme.DARK, width)


def _poisoned(report: FamilyTreeReport) -> FamilyTreeReport:
    names = [HOSTILE[at % len(HOSTILE)] for at in range(len(report.forest))]
    names[3] = "W" * 300
    family = replace(report.family, name="W" * 200, organization=HOSTILE[0])
    return replace(report, family=family, forest=replace(report.forest, names=names))


def elements(drawn: str, name: str) -> Iterator[ElementTree.Element]:
    return ElementTree.fromstring(drawn).iter(f"{_SPACE}{name}")


def spans(drawn: str) -> Iterator[tuple[float, float, float, float]]:
    """Where each lying line of text begins and ends, how high it stands, and its size."""
    for one in elements(drawn, "text"):
        if one.get("transform"):
            continue
        x, y, size = (float(one.get(name) or 0) for name in ("x", "y", "font-size"))
        long = text_width(one.text or "", size, is_bold="strong" in (one.get("class") or ""))
        x0 = x - long if one.get("text-anchor") == "end" else x
        yield x0, x0 + long, y, size


def test_no_text_leaves_the_page_or_touches_another(drawn: str) -> None:
    placed = list(spans(drawn))
    assert len(placed) > 40
    page = ElementTree.fromstring(drawn)
    bottom, width = (float(page.get(name) or 0) for name in ("height", "width"))
    for x0, x1, y, size in placed:
        assert x0 >= 0
        assert x1 <= width
        assert size <= y <= bottom <= HEIGHT * 1.5
    for at, (x0, x1, y, size) in enumerate(placed):
        for other_left, other_right, other_y, other_size in placed[at + 1 :]:
            if abs(y - other_y) < min(size, other_size) * 0.9:
                assert x1 <= other_left or other_right <= x0


def test_every_text_of_a_box_stays_inside_it(drawn: str) -> None:
    boxes = [
        tuple(float(one.get(name) or 0) for name in ("x", "y", "width", "height"))
        for one in elements(drawn, "rect")
        if (one.get("class") or "").startswith("is-")
    ]
    for x0, x1, y, _ in spans(drawn):
        for x, top, wide, high in boxes:
            begins_here = x <= x0 < x + wide and top < y < top + high
            if begins_here and high > LINE:
                tops = [box for box in boxes if box[1] == top and box[0] >= x]
                assert x1 <= max(box[0] + box[2] for box in tops) + 0.5


def test_the_same_report_is_the_same_picture(report: FamilyTreeReport) -> None:
    for language in Language:
        first, again = (draw_poster(report, load_texts(language)) for _ in range(2))
        assert first == again
    png = paint_chart_svg(first)
    assert png.startswith(b"\x89PNG")
    assert paint_chart_svg(again) == png


def test_numbers_definition_and_who_is_gone_are_on_it(report: FamilyTreeReport) -> None:
    told = " ".join(
        one.text or ""
        for one in elements(draw_poster(report, load_texts(Language.ENGLISH)), "text")
    )
    assert "528 models" in told
    assert "descend from Kin" in told
    assert "deleted: no longer listed 22" in told
    assert report.manifest.id in told
    assert "links: all" in told
    assert re.search(r"\+ [\d,]+ more( |$)", told)


def test_no_name_becomes_markup_and_no_letter_acts(drawn: str) -> None:
    tags = {one.tag.removeprefix(_SPACE) for one in ElementTree.fromstring(drawn).iter()}
    shapes = {"svg", "title", "desc", "style", "defs", "pattern", "rect", "path", "text"}
    assert tags <= shapes
    assert not {"\x1b", "\u202e", "\u200b", "\ufeff", "\x00", "\u2028"} & set(drawn)
    assert "url(" not in drawn.replace("url(#deleted)", "")


def leaf(depth: int = 0, parent: int = -1, drawn: int = 1) -> TreeNode:
    kind, merge = RowKind.MODEL, Relation.MERGE
    return TreeNode(
        *("n", kind, depth, parent, merge, Strength.DECLARED),
        *(drawn, drawn, True, False, 0),
    )


@st.composite
def trees(draw: st.DrawFn) -> list[TreeNode]:
    nodes: list[TreeNode] = []

    def add_branch(depth: int, parent: int) -> int:
        """Return how many models stand at and below the branch."""
        at, extra = len(nodes), draw(st.integers(1, 5000))
        nodes.append(leaf(depth, parent, extra))
        sizes = [add_branch(depth + 1, at) for _ in range(draw(st.integers(0, 3)) * (depth < 3))]
        if sizes:
            rest = PrunedRest(1, 1, extra, {Relation.MERGE: extra}) if draw(st.booleans()) else None
            drawn = sum(sizes) + (extra if rest else 0)
            nodes[at] = replace(nodes[at], drawn_below=drawn, remainder=rest)
        return nodes[at].drawn_below + 1

    add_branch(0, -1)
    return nodes


@given(trees())
def test_boxes_fill_what_stands_at_their_left_and_have_room_for_a_line(
    nodes: list[TreeNode],
) -> None:
    boxes = place_poster_boxes(nodes, 100.0, 1200.0)
    assert boxes[0].height <= 1200.001
    for box in boxes:
        assert box.height >= LINE - 0.001
        inside = [
            one
            for one in boxes
            if one.column == box.column + 1
            and box.top - 0.001 <= one.top < box.top + box.height - 0.001
        ]
        if isinstance(box.content, TreeNode) and any(
            node.parent == nodes.index(box.content) for node in nodes
        ):
            assert sum(one.height for one in inside) == pytest.approx(box.height)


def test_what_cannot_stand_on_the_page_is_an_error() -> None:
    with pytest.raises(ValueError, match="are needed"):
        place_poster_boxes([leaf(), *(leaf(1, 0) for _ in range(9))], 0.0, 8 * LINE)


@given(st.text(max_size=60), st.floats(1, 400))
def test_a_fitted_text_fits_and_begins_as_it_did(text: str, room: float) -> None:
    known = spell_letters(text)
    cut = fit_text(known, 12, room)
    assert text_width(cut, 12) <= room
    assert known.startswith(cut.removesuffix("\N{HORIZONTAL ELLIPSIS}")) or cut == known
    for line in wrap_text(text, 12, max(room, 20)):
        assert text_width(line, 12) <= max(room, 20)


def line_of(text: str, covered_from: float) -> bytes:
    return paint_chart_svg(
        '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="40">'
        '<rect width="300" height="40" fill="white"/>'
        f'<text x="0" y="30" font-family="Lineage Sans" font-size="20">{text}</text>'
        f'<rect x="{covered_from}" width="300" height="40" fill="white"/></svg>'
    )


@pytest.mark.parametrize(
    "text", ["iiiiH", "WWWWH", "a-b_c.d/H", "\N{LATIN SMALL LETTER A WITH DIAERESIS}mH"]
)
def test_letters_are_as_wide_as_they_are_painted(text: str) -> None:
    """Covered from where it is said to end nothing is lost; a stem before what it spares."""
    whole, wide = line_of(text, 300), text_width(text, 20)
    assert line_of(text, wide) == whole
    assert line_of(text, wide * 0.97 - 20 / 6) != whole
