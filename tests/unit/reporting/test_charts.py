"""Charts as pictures: edited, the same each time, whatever strangers call things."""

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise, product
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.reporting.charts.chart import (
    Axis,
    Chart,
    ChartKind,
    Panel,
    Position,
    Series,
    edit_chart,
)
from lineage.reporting.charts.draw import draw_chart, paint_chart_svg
from lineage.reporting.charts.field import Room, chart_axis_ticks
from lineage.reporting.charts.palette import GRAY, Theme
from lineage.reporting.charts.rows import text_width
from lineage.reporting.charts.upright import lay_out_upright
from lineage.reporting.html import inline_chart
from lineage.reporting.language import Language, load_texts
from tests.hostile import HOSTILE

WORDS = ("The finding", "What is counted", "Source: made", "A picture of numbers")


def chart(
    kind: ChartKind,
    series: dict[str, list[float | None]],
    keys: list[str] | None = None,
    axis: Axis = Axis.NAMES,
) -> Chart:
    n = max(map(len, series.values()), default=0)
    if axis is Axis.DAYS:
        keys = [(date(2025, 3, 12) + timedelta(weeks=at)).isoformat() for at in range(n)]
    positions = [Position(key, key) for key in keys or [f"p{at}" for at in range(n)]]
    lines = [Series(key, key, values) for key, values in series.items()]
    return Chart("made", kind, *WORDS, axis, positions, lines)


def growth(kind: ChartKind = ChartKind.AREA) -> Chart:
    values: dict[str, list[float | None]] = {
        "small": [10, 20, 30],
        "others": [900, 900, 900],
        "large": [400, 600, 1234],
        "subject": [50, 60, 70],
    }
    return replace(chart(kind, values, axis=Axis.DAYS), subject="subject")


def words_of(drawn: str) -> list[str]:
    root = ElementTree.fromstring(drawn)
    return ["".join(it.itertext()) for it in root.iter() if it.tag.endswith("}text")]


# Edited


def test_the_subject_comes_first_then_parts_by_size_and_others_last_in_gray() -> None:
    for kind in (ChartKind.AREA, ChartKind.COLUMNS, ChartKind.BARS):
        series = edit_chart(growth(kind), Language.ENGLISH).series
        assert [line.key for line in series] == ["subject", "large", "small", "others"]
        assert (series[0].slot, series[-1].slot) == (0, GRAY)


def test_what_is_hatched_is_drawn_with_strokes_and_told_apart_from_the_sum() -> None:
    made = chart(ChartKind.BARS, {"sure": [7000.0, 5.0], "guessed": [80.0, 0.0]})
    sure, guessed = made.series
    made = replace(made, series=[sure, replace(guessed, is_hatched=True)])
    drawn = draw_chart(made, Language.ENGLISH)
    assert "7,000 + 80" in words_of(drawn)
    assert "5" in words_of(drawn)
    # The square of the key, and the one bar that has any.
    assert drawn.count(f'fill="url(#{made.name}-hatch)"') == 2
    plain = draw_chart(replace(made, series=[sure, guessed]), Language.ENGLISH)
    assert "7,080" in words_of(plain)
    assert "-hatch)" not in plain


def test_the_small_of_many_are_one_part_and_nothing_is_lost() -> None:
    many: dict[str, list[float | None]] = {f"part {at}": [100 - at, at] for at in range(40)}
    edited = edit_chart(chart(ChartKind.COLUMNS, many), Language.GERMAN)
    assert [line.slot for line in edited.series] == list(range(GRAY + 1))
    assert edited.series[-1].name == "andere"
    for at in (0, 1):
        total = sum(values[at] or 0 for values in many.values())
        assert sum(line.values[at] or 0 for line in edited.series) == total


def test_a_series_keeps_its_color_and_no_two_have_one() -> None:
    made = chart(ChartKind.COLUMNS, {"a": [3], "b": [2], "c": [1]})
    slots = [replace(line, slot=slot) for line, slot in zip(made.series, (3, 3, None), strict=True)]
    assert [it.slot for it in edit_chart(replace(made, series=slots), Language.ENGLISH).series] == [
        *(3, 0, 1)
    ]


def test_highlighted_lines_have_a_color_and_the_others_are_muted() -> None:
    made = replace(growth(ChartKind.LINES), highlighted=["small"])
    slots = {line.key: line.slot for line in edit_chart(made, Language.ENGLISH).series}
    assert slots == {"subject": 0, "small": 3, "large": None, "others": None}


def test_all_fields_side_by_side_have_one_order_and_one_scale() -> None:
    ways = {"all": [5.0, 50.0], "few": [50.0, 5.0]}
    panels = [
        Panel(name, name, [Series("a", "a", values), Series("b", "b", values[::-1])])
        for name, values in ways.items()
    ]
    made = replace(growth(), panels=panels, positions=growth().positions[:2], subject="")
    edited = edit_chart(made, Language.ENGLISH)
    orders = [[(line.key, line.slot) for line in panel.series] for panel in edited.panels]
    assert orders[0] == orders[1]
    drawn = draw_chart(made, Language.ENGLISH)
    assert words_of(drawn).count("40") == 2


# Said in its language, in its place


def test_numbers_days_and_percent_are_spelled_as_the_language_does() -> None:
    english, german = (words_of(draw_chart(growth(), it)) for it in Language)
    assert {"large\u00a0\u00a01,234", "2,234", "12 March"} <= set(english)
    assert {"large\u00a0\u00a01.234", "2.234", "12. März"} <= set(german)
    share = replace(growth(ChartKind.COLUMNS), is_share=True)
    assert "50%" in words_of(draw_chart(share, Language.ENGLISH))
    assert "50\u00a0%" in words_of(draw_chart(share, Language.GERMAN))


def test_a_share_below_half_a_percent_is_not_said_to_be_none() -> None:
    made = replace(chart(ChartKind.BARS, {"a": [1000.0], "b": [1.0]}), is_share=True)
    assert "b 1 (<1%)" in inline_chart(made, Language.ENGLISH).replace("&lt;", "<")


@pytest.mark.parametrize("width", [390, 1200])
def test_headline_definition_and_source_are_in_the_picture(width: int) -> None:
    for kind in ChartKind:
        assert set(WORDS[:3]) <= set(
            words_of(draw_chart(growth(kind), Language.ENGLISH, None, width))
        )


@given(st.lists(st.integers(0, 30_000), min_size=1, max_size=14))
def test_no_name_at_the_end_touches_another(ends: list[int]) -> None:
    made = chart(ChartKind.LINES, {str(at): [1.0, end] for at, end in enumerate(ends)})
    made = replace(edit_chart(made, Language.ENGLISH), axis=Axis.NAMES)
    room = Room(358, 300, 13)
    field = lay_out_upright(made, load_texts(Language.ENGLISH, "charts"), room)
    heights = sorted(
        it.y * room.height for it in field.words if it.x == 1 and it.y <= 1 and it.dx > 0
    )
    assert all(after - before >= 13 for before, after in pairwise(heights))
    assert all(0 <= height <= room.height for height in heights)


def test_what_is_pale_hatched_or_framed_is_drawn_so() -> None:
    months = ["2025-01", "2025-02", "2025-03"]
    made = chart(ChartKind.COLUMNS, {"a": [5, 6, 2]}, months, Axis.MONTHS)
    first, *between, last = made.positions
    positions = [replace(first, is_pale=True), *between, replace(last, is_hatched=True)]
    drawn = draw_chart(replace(made, positions=positions), Language.ENGLISH)
    assert [drawn.count(f'class="{name}"') for name in ("p0", "f0")] == [1, 2]
    assert drawn.count('fill="url(#made-hatch)"') == 1
    matrix = replace(chart(ChartKind.MATRIX, {"a": [1, 2], "b": [3, 4]}), frames={("b", "p0")})
    assert draw_chart(matrix, Language.ENGLISH).count('class="frame"') == 1


def test_a_gap_interrupts_a_line_and_a_lonely_point_is_a_dot() -> None:
    made = chart(ChartKind.LINES, {"a": [1, 2, None, 3, None, 4, 5]}, axis=Axis.DAYS)
    assert len(re.findall('class="line muted', draw_chart(made, Language.ENGLISH))) == 3
    assert draw_chart(made, Language.ENGLISH).count('dot"') == 1


# Whatever comes


@pytest.mark.parametrize("kind", list(ChartKind))
def test_no_word_of_a_stranger_becomes_markup_or_leaves_its_room(kind: ChartKind) -> None:
    names = [*HOSTILE, "A" * 10_000, "\ud800", "word " * 2000]
    rows = range(0, len(names), 5)
    for first in rows:
        some = names[first : first + 5]
        made = chart(kind, {name: [1.0, 2.0] for name in some}, some[:2])
        attacked = replace(
            made, name="made", headline=some[0], definition=some[-1], source=some[-1], text=some[0]
        )
        for drawn in (
            draw_chart(attacked, Language.GERMAN, None, 390),
            inline_chart(attacked, Language.ENGLISH),
        ):
            tags = {it.tag.rpartition("}")[2] for it in ElementTree.fromstring(drawn).iter()}
            assert tags <= {
                *("svg", "title", "desc", "style", "defs", "pattern", "rect", "path", "line"),
                *("text", "g", "div", "p", "ul", "li", "strong"),
            }
            assert "style=" not in drawn
        for text in words_of(draw_chart(attacked, Language.GERMAN, None, 390)):
            assert text_width(text, 11.5) <= 390


@pytest.mark.parametrize("kind", list(ChartKind))
def test_every_amount_of_numbers_is_drawn_or_said_to_be_none(kind: ChartKind) -> None:
    for positions, series, value in product((0, 1, 1000), (0, 1, 40), (None, 0, 7, 1e300)):
        made = chart(kind, {f"s{it}": [value] * positions for it in range(series)})
        is_empty = not positions or not series or value is None
        for picture in (draw_chart(made, Language.ENGLISH), inline_chart(made, Language.ENGLISH)):
            ElementTree.fromstring(picture)
            assert ("There are no numbers to draw." in picture) == is_empty
            assert len(picture) < 300_000


def test_a_number_that_is_none_is_not_drawn() -> None:
    odd: list[float | None] = [float("nan"), float("inf"), -5.0, 3.0]
    for kind in ChartKind:
        drawn = draw_chart(chart(kind, {"a": odd}), Language.ENGLISH)
        assert "nan" not in drawn.lower().replace("finance", "")


def test_the_same_chart_is_the_same_picture_as_wide_as_it_is_asked_for() -> None:
    dark = draw_chart(growth(), Language.ENGLISH, Theme.DARK, 640)
    first, again = (paint_chart_svg(dark) for _ in range(2))
    assert first == again
    assert int.from_bytes(first[16:20], "big") == 640
    assert draw_chart(growth(), Language.ENGLISH, None, 4000).startswith("<svg")


# In a page


def test_a_chart_in_a_page_is_drawn_once_and_has_one_stop_of_the_tabulator() -> None:
    panels = [Panel(key, key, growth().series) for key in "ab"]
    for made in (growth(), replace(growth(), panels=panels)):
        inline = inline_chart(made, Language.ENGLISH)
        assert inline.count('class="shapes"') == max(1, len(made.panels))
        assert inline.count('tabindex="0"') == 1
        assert "<style" not in inline
    assert "12 March 2025" not in inline
    assert "2025-03-12: Total 1,360; subject 50; large 400; small 10; others 900" in inline


@given(st.floats(0.01, 1e9))
def test_ticks_are_even_and_end_below_the_largest_number(most: float) -> None:
    ticks = chart_axis_ticks(most)
    assert ticks[0] == 0
    assert ticks[-1] <= most
    assert len({after - before for before, after in pairwise(ticks)}) <= 1
    assert len(ticks) <= 6
