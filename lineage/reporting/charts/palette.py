"""The colors of every picture, and the style that gives them to its classes.

The subject comes first, `others` last and in gray. All pairs of a palette can be told apart in
normal sight and without red, green or blue cones; yellow and gray fill, and never write or line.
"""

from dataclasses import dataclass
from enum import StrEnum

FONTS = '"Liberation Sans", Arimo, Arial, Helvetica, sans-serif'
"""Typefaces whose letters are as wide as those of the font that the package brings along."""
GRAY = 6
"""The slot of what is summed up as others."""
LINE_SLOTS = (0, 3, 4)
"""What a line may be drawn in; every other line is muted."""
SHADES = 9
"""Steps of a matrix from next to nothing to the first color."""
_ON_FILLS = ("#ffffff", "#08090b")


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
        *("#ffffff", "#14161a", "#5a606c", "#dfe2e7", "#9298a0"),
    ),
    Theme.DARK: Palette(
        ("#4f8df0", "#b9e3fa", "#f7d154", "#d9602c", "#c2558a", "#2f8f5b", "#3f444c"),
        *("#14161a", "#f0f1f3", "#a3a9b4", "#30343b", "#9ba2ad"),
    ),
}


def mix_colors(color: str, paper: str, part: float) -> str:
    """Return so large a part of a color on a paper; all are spelled `#1a4fa3`."""
    pairs = zip(_read_color(color), _read_color(paper), strict=True)
    return "#" + "".join(f"{round(below + (above - below) * part):02x}" for above, below in pairs)


def color_contrast(one: str, other: str) -> float:
    """Return the contrast of two colors, 1 to 21. Source: WCAG 2.2, relative luminance."""

    def luminance(color: str) -> float:
        parts = [part / 255 for part in _read_color(color)]
        linear = [it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in parts]
        return sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def text_color_on(fill: str) -> str:
    """Return the color of words that stand on a fill."""
    return max(_ON_FILLS, key=lambda color: color_contrast(color, fill))


def chart_style(theme: Theme | None) -> str:
    """Return the rules of a picture's classes; without a theme they follow the reader's scheme."""
    shared = (
        f".chart text {{ font-family: {FONTS} }} .chart .strong {{ font-weight: 700 }}"
        " .chart .line { fill: none; stroke-width: 2.2; stroke-linejoin: round;"
        " stroke-linecap: round } .chart .thick { stroke-width: 4 }"
        " .chart .frame { fill: none; stroke-width: 3 }"
    )
    if theme is not None:
        return f"{shared}\n{_color_rules(PALETTES[theme])}"
    dark = (
        f"@media screen and (prefers-color-scheme: dark) {{ {_color_rules(PALETTES[Theme.DARK])} }}"
    )
    return f"{shared}\n{_color_rules(PALETTES[Theme.LIGHT])}\n{dark}"


def _color_rules(palette: Palette) -> str:
    rules = {
        "paper": f"fill: {palette.paper}",
        "gap": f"stroke: {palette.paper}; stroke-width: 1.5",
        "veil": f"fill: {palette.paper}; fill-opacity: .65",
        "hatch": f"stroke: {palette.paper}; stroke-width: 3",
        "grid": f"stroke: {palette.grid}",
        "leader": f"stroke: {palette.muted}; stroke-dasharray: 1 3",
        "base": f"stroke: {palette.soft}",
        "muted": f"stroke: {palette.muted}",
        "frame": f"stroke: {palette.fills[3]}",
        "ink": f"fill: {palette.ink}",
        "soft": f"fill: {palette.soft}",
        "first": f"fill: {palette.fills[0]}",
    }
    rules |= {f"l{at}": f"stroke: {palette.fills[at]}" for at in LINE_SLOTS}
    fills = {"f": palette.fills, "p": palette.pales, "r": palette.shades}
    for letter, colors in fills.items():
        for at, color in enumerate(colors):
            rules[f"{letter}{at}"] = f"fill: {color}"
            rules[f"on-{letter}{at}"] = f"fill: {text_color_on(color)}"
    return " ".join(f".chart .{name} {{ {rule} }}" for name, rule in rules.items())


def _read_color(color: str) -> list[int]:
    return [int(color[at : at + 2], 16) for at in (1, 3, 5)]
