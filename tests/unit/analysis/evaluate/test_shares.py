"""Shares and their intervals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.analysis.evaluate.accuracy import Share


@pytest.mark.parametrize(
    ("hits", "tries", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (8, 10, 0.4902, 0.9433),
        (10, 10, 0.7225, 1.0),
        (95, 100, 0.8882, 0.9785),
    ],
)
def test_intervals_are_wilsons(hits: int, tries: int, low: float, high: float) -> None:
    assert Share(hits, tries).interval == pytest.approx((low, high), abs=5e-5)


def test_where_nothing_was_tried_nothing_is_said() -> None:
    assert (Share(0, 0).value, Share(0, 0).interval) == (None, None)


@given(st.integers(1, 10**7), st.floats(0, 1))
def test_a_share_lies_in_its_interval(tries: int, part: float) -> None:
    share = Share(round(tries * part), tries)
    assert share.value is not None
    assert share.interval is not None
    low, high = share.interval
    assert 0 <= low <= share.value + 1e-9
    assert share.value - 1e-9 <= high <= 1


@given(st.integers(1, 10**4), st.integers(2, 50))
def test_more_tries_of_the_same_share_are_surer(tries: int, times: int) -> None:
    few, many = Share(tries // 2, tries).interval, Share(tries // 2 * times, tries * times).interval
    assert few is not None
    assert many is not None
    assert many[1] - many[0] < few[1] - few[0]
