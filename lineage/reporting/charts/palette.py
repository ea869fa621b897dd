"""The colors of every picture, and the style that gives them to its classes.

The subject comes first, `others` last and in gray. All pairs of a palette can be distinguished
in normal sight and without red, green or blue cones; yellow and gray fill, and never write or line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

FONTS = 'Arial, "Liberation Sans", Helvetica, "Lineage Sans", "DejaVu Sans Condensed", sans-serif'
"""Typefaces whose letters are about as wide as those of the font that the package brings along."""
GRAY = 6
"""The slot of what is summed up as others."""
LINE_SLOTS = (0, 3, 7)
"""What a line may be drawn in, the last the ink; every other line is muted."""
SHADES = 9
"""Steps of a matrix from next to nothing to the first color."""
_ON_FILLS = ("#ffffff", "#000000")


class Theme(StrEnum):
    """Which paper a picture is drawn on."""

    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Palette:
    """The colors of one theme."""

    fills: tuple[str, ...]
    paper: str
    ink: str
    soft: str
    """Of words beside the point."""
    grid: str
    muted: str
    """Of lines that are there to be compared with."""

    @property
    def line_colors(self) -> dict[int, str]:
        """The color of each slot that a line may have."""
        return {slot: (*self.fills, self.ink)[slot] for slot in LINE_SLOTS}

    @property
    def pales(self) -> list[str]:
        """The fills where too little is known."""
        return [mix_colors(fill, self.paper, 0.28) for fill in self.fills]

    @property
    def shades(self) -> list[str]:
        """The steps of a matrix."""
        return [mix_colors(self.fills[0], self.paper, 0.06 + at * 0.1175) for at in range(SHADES)]


PALETTES = {
    Theme.LIGHT: Palette(
        ("#1a4fa3", "#74bde8", "#f7d154", "#d65f2b", "#6d1a45", "#3a8f7b", "#c3c6cc"),
        *("#ffffff", "#14161a", "#5a606c", "#dfe2e7", "#878d95"),
    ),
    Theme.DARK: Palette(
        ("#4f8df0", "#b9e3fa", "#f7d154", "#d9602c", "#c2558a", "#2f8f5b", "#3f444c"),
        *("#14161a", "#f0f1f3", "#a3a9b4", "#30343b", "#6c727a"),
    ),
}


def mix_colors(color: str, paper: str, part: float) -> str:
    """Return so large a part of a color on a paper; all are spelled `#1a4fa3`."""
    pairs = zip(_read_color(color), _read_color(paper), strict=True)
    return "#" + "".join(f"{round(below + (above - below) * part):02x}" for above, below in pairs)


def color_contrast(color: str, paper: str) -> float:
    """Return the contrast of two colors, 1 to 21. Source: WCAG 2.2, relative luminance."""

    def luminance(spelling: str) -> float:
        parts = [part / 255 for part in _read_color(spelling)]
        linear = [it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in parts]
        return sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((luminance(color), luminance(paper)))
    return (high + 0.05) / (low + 0.05)


def text_color_on(fill: str) -> str:
    """Return the color of words that stand on a fill."""
    return max(_ON_FILLS, key=lambda color: color_contrast(color, fill))


@cache
def chart_style(theme: Theme | None) -> str:
    """Return the rules of a picture's classes; without a theme they follow the reader's scheme."""
    light, dark = (_color_rules(palette) for palette in PALETTES.values())
    if theme is None:
        scheme = f"@media screen and (prefers-color-scheme: dark) {{ {_chart_color_rules(dark)} }}"
        return f"{_SHAPES}\n{_chart_color_rules(light)}\n{scheme}"
    return f"{_SHAPES}\n{_chart_color_rules(light if theme is Theme.LIGHT else dark)}"


@cache
def page_chart_style() -> str:
    """Return the rules of pictures in a page, whose `color-scheme` decides on the theme."""
    light, dark = (_color_rules(palette) for palette in PALETTES.values())
    by_scheme = {name: f"light-dark({light[name]}, {dark[name]})" for name in light}
    return f"{_SHAPES}\n{_chart_color_rules(by_scheme)}"


_SHAPES = (
    f".picture text {{ font-family: {FONTS} }} .picture .strong {{ font-weight: 700 }}"
    " .picture .line { fill: none; stroke-width: 2.2; stroke-linejoin: round;"
    " stroke-linecap: round } .picture .thick { stroke-width: 4 }"
    " .picture .dot { stroke-width: 8 }"
    " .picture .frame { fill: none; stroke-width: 3 } .picture .gap { stroke-width: 1.5 }"
    " .picture .hatch { stroke-width: 3 } .picture .veil { fill-opacity: .65 }"
    " .picture .leader { stroke-dasharray: 1 3 }"
)


def _chart_color_rules(colors: Mapping[str, str]) -> str:
    return " ".join(f".picture .{rule}: {color} }}" for rule, color in colors.items())


def _color_rules(palette: Palette) -> dict[str, str]:
    """Return the color of each class, under the beginning of its rule."""
    fills = {"paper": palette.paper, "veil": palette.paper, "ink": palette.ink}
    fills |= {"soft": palette.soft, "first": palette.fills[0], "f7": palette.ink}
    for letter, colors in {"f": palette.fills, "p": palette.pales, "r": palette.shades}.items():
        for at, color in enumerate(colors):
            fills[f"{letter}{at}"] = color
            fills[f"on-{letter}{at}"] = text_color_on(color)
    strokes = {"gap": palette.paper, "hatch": palette.paper, "frame": palette.fills[3]}
    strokes |= {"grid": palette.grid, "base": palette.soft}
    strokes |= {"muted": palette.muted, "leader": palette.muted}
    strokes |= {f"l{slot}": color for slot, color in palette.line_colors.items()}
    return {f"{name} {{ fill": color for name, color in fills.items()} | {
        f"{name} {{ stroke": color for name, color in strokes.items()
    }


def _read_color(color: str) -> list[int]:
    return [int(color[at : at + 2], 16) for at in (1, 3, 5)]
