"""The colors of pictures can be told apart by every eye, and what is written on them be read."""

import re
from collections.abc import Sequence
from itertools import combinations

import pytest

from lineage.reporting.charts.palette import (
    GRAY,
    PALETTES,
    Palette,
    Theme,
    chart_style,
    color_contrast,
    page_chart_style,
    text_color_on,
)

# Source: Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color
# Vision Deficiency", 2009: linear RGB, severity 1.
SIGHTS = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_WHITE = (0.95047, 1.0, 1.08883)


def times(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def lab_as_seen(color: str, sight: str) -> tuple[float, float, float]:
    """Return a color in CIELAB as somebody with this sight sees it."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in parts]
    seen = [min(1.0, max(0.0, it)) for it in times(SIGHTS[sight], linear)]
    x, y, z = (
        it ** (1 / 3) if it > 216 / 24389 else (24389 / 27 * it + 16) / 116
        for it in (a / b for a, b in zip(times(_TO_XYZ, seen), _WHITE, strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one: str, other: str, sight: str) -> float:
    """CIE76."""
    pairs = zip(lab_as_seen(one, sight), lab_as_seen(other, sight), strict=True)
    return float(sum((a - b) ** 2 for a, b in pairs) ** 0.5)


def line_colors(palette: Palette) -> list[str]:
    return [*palette.line_colors.values(), palette.muted]


@pytest.mark.parametrize("theme", list(Theme))
@pytest.mark.parametrize("sight", SIGHTS)
def test_every_pair_of_fills_and_of_lines_can_be_told_apart(theme: Theme, sight: str) -> None:
    palette = PALETTES[theme]
    for colors in (palette.fills, line_colors(palette)):
        assert all(distance(one, other, sight) >= 15 for one, other in combinations(colors, 2))


def test_the_distance_is_that_of_the_books() -> None:
    assert distance("#ffffff", "#000000", "normal") == pytest.approx(100, abs=0.01)
    assert distance("#d1690e", "#1a8563", "deuteranopia") < distance("#d1690e", "#1a8563", "normal")


@pytest.mark.parametrize("theme", list(Theme))
def test_what_is_written_can_be_read(theme: Theme) -> None:
    palette = PALETTES[theme]
    for words in (palette.ink, palette.soft, palette.fills[0]):
        assert color_contrast(words, palette.paper) >= 4.5
    for fill in (*palette.fills, *palette.pales, *palette.shades):
        assert color_contrast(text_color_on(fill), fill) >= 4.5
    assert all(color_contrast(color, palette.paper) >= 3 for color in line_colors(palette))


@pytest.mark.parametrize("theme", list(Theme))
def test_yellow_and_gray_fill_and_never_write_or_line(theme: Theme) -> None:
    fills = PALETTES[theme].fills
    style = chart_style(theme)
    lines = re.findall(r"stroke: (#\w+)", style)
    words = re.findall(r"\.(?:ink|soft|first|on-\w+) \{ fill: (#\w+)", style)
    assert lines
    assert words
    assert not {fills[2], fills[GRAY]} & {*lines, *words}


def test_a_page_and_a_picture_have_the_same_classes() -> None:
    classes = [
        set(re.findall(r"\.picture \.([\w-]+)", style))
        for style in (page_chart_style(), chart_style(Theme.DARK), chart_style(None))
    ]
    assert classes[0] == classes[1] == classes[2]
