"""Charts as pictures: whatever strangers call things, and however few numbers there are."""

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.reporting.charts.old_chart import Chart, ChartKind, EventMark, Position, Series
from lineage.reporting.charts.old_plot import axis_ticks
from lineage.reporting.charts.old_svg import NARROW, WIDE, Frame, draw_chart, paint_chart
from lineage.reporting.language import Language

ATTACK = "\"><script>alert(1)</script>\x1b[31m\u202e & '"


def chart(kind: ChartKind, names: list[str], positions: list[str]) -> Chart:
    series = [Series(name, name, [1.0] * len(positions)) for name in names]
    return Chart(
        name="made",
        kind=kind,
        title=ATTACK,
        text=ATTACK,
        along=Position("month", ATTACK),
        positions=[Position(one, one) for one in positions],
        series=series,
        marks=[EventMark(0.5, ATTACK)],
        shaded=1,
        shaded_text=ATTACK,
    )


@pytest.mark.parametrize("kind", list(ChartKind))
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_no_name_becomes_markup(kind: ChartKind, width: int) -> None:
    names = [ATTACK] if kind is ChartKind.BARS else [ATTACK, "other"]
    drawn = draw_chart(chart(kind, names, [ATTACK, "b"]), Language.GERMAN, width, Frame(ATTACK))
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(drawn).iter()}
    assert tags <= {"svg", "title", "desc", "style", "rect", "path", "text"}
    assert "\x1b" not in drawn
    assert "\u202e" not in drawn


@pytest.mark.parametrize("kind", list(ChartKind))
def test_a_chart_inside_a_page_brings_no_style_of_its_own(kind: ChartKind) -> None:
    drawn = draw_chart(chart(kind, ["one"], ["a"]), Language.ENGLISH)
    assert "style" not in drawn


def test_every_picture_has_a_title_and_words() -> None:
    root = ElementTree.fromstring(
        draw_chart(chart(ChartKind.LINES, ["one"], ["a"]), Language.ENGLISH)
    )
    ids = {element.get("id") for element in root.iter() if element.get("id")}
    assert set((root.get("aria-labelledby") or "").split()) == ids


def test_the_same_chart_is_the_same_picture() -> None:
    made = chart(ChartKind.STACKED, ["one", "two"], ["a", "b"])
    first, again = (paint_chart(made, Language.ENGLISH, Frame("made")) for _ in range(2))
    assert first == again
    assert first.startswith(b"\x89PNG")


def test_what_is_skipped_is_not_drawn_and_marks_move_along() -> None:
    made = Chart(
        *("made", ChartKind.LINES, "t", "t", Position("m", "m")),
        positions=[Position(one, one) for one in "abc"],
        series=[Series("s", "s", [1, 2, 3])],
        marks=[EventMark(0.5, "before"), EventMark(2.5, "after")],
        shaded=2,
        skipped=1,
    ).without_skipped()
    assert [one.key for one in made.positions] == ["b", "c"]
    assert (made.series[0].values, made.shaded) == ([2, 3], 1)
    assert made.marks == [EventMark(1.5, "after")]


@given(st.floats(0.01, 1e9))
def test_ticks_reach_over_the_largest_number_evenly(most: float) -> None:
    found = axis_ticks(most)
    assert found[0] == 0
    assert found[-1] >= most
    assert len({after - before for before, after in pairwise(found)}) == 1
    assert len(found) <= 6
