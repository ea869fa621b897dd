"""Sparklines in a terminal: bars that are true, numbers that fit."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.cli.tables.curves import Sparklines, bar_cell
from tests.unit.cli.drawn import HOSTILE, TAKEN, text_of

WEEKS = [TAKEN + timedelta(weeks=at) for at in range(17)]
NUMBERS = [12_345 + at for at in range(17)]
SWEEPS = [0, 4, 8, 12, 16]


def a_picture(name: str = "Llama Guard 3 1B and Vision") -> Sparklines:
    return Sparklines("release", WEEKS, [(name, NUMBERS), ("all", NUMBERS)], SWEEPS)


@given(st.lists(st.integers(0, 10**7)))
def test_a_bar_stands_for_each_number_and_higher_ones_are_never_lower(numbers: list[int]) -> None:
    drawn = bar_cell(numbers)
    assert len(drawn) == len(numbers)
    for bar, number in zip(drawn, numbers, strict=True):
        assert (bar == " ") == (number == 0)
        assert (bar == "█") >= (number == max(numbers) > 0)
    pairs = sorted(zip(numbers, drawn, strict=True))
    assert [bar for _, bar in pairs] == sorted(drawn)


@pytest.mark.parametrize(
    ("width", "days"),
    [
        (120, ["21 Nov", "19 Dec", "16 Jan", "13 Feb", "13 Mar"]),
        (80, ["21 Nov", "19 Dec", "16 Jan", "13 Feb", "13 Mar"]),
        (60, ["21 Nov", "13 Mar"]),
        (46, ["13 Mar"]),
    ],
)
def test_a_narrow_terminal_is_told_fewer_numbers_but_the_last(width: int, days: list[str]) -> None:
    text = text_of(a_picture(), width)
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    head = text.splitlines()[0]
    assert head.split() == ["release", *" ".join(days).split(), "each", "snapshot"]
    assert bar_cell(NUMBERS) in text
    assert "12,361" in text


def test_a_hostile_name_is_harmless() -> None:
    assert "\x1b[2J" not in text_of(a_picture(HOSTILE))
