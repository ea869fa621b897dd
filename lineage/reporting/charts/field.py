"""The field of a picture: shapes in parts of its width and height, and words beside them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from lineage.reporting.charts.chart import Chart, ChartKind, Series
from lineage.reporting.language import Language, Texts

Point = tuple[float, float]
_LONGEST = 60
"""Letters of a name that is read out; pictures cut by their room."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure by the classes of its colors; its points are parts of the field."""

    kind: str
    points: Sequence[Point]
    """Two corners of a box, the course of a line, or an outline."""
    form: str = "box"
    """`box`, `line` or `outline`."""


@dataclass(frozen=True, slots=True)
class Words:
    """Spelled words at a place: parts of the field, and pixels from there."""

    kind: str
    text: str
    x: float
    y: float
    dx: float = 0
    dy: float = 0
    anchor: str = "start"
    is_upright: bool = False
    scale: float = 1.0
    """The size of its letters in parts of the usual."""


@dataclass(frozen=True, slots=True)
class Value:
    """Where a reader points at, in parts of the field, and what is said there."""

    x0: float
    y0: float
    x1: float
    y1: float
    text: str


@dataclass(slots=True)
class Field:
    """Shapes, words and values, and the room in pixels that words take around the field."""

    left: float = 0
    right: float = 0
    top: float = 0
    bottom: float = 0
    shapes: list[Figure] = field(default_factory=list)
    hatches: list[tuple[Point, Point]] = field(default_factory=list)
    """Two corners of what is not over in the data."""
    swatches: list[tuple[int, float]] = field(default_factory=list)
    """Squares right of the field: their color, and their height in parts of the field."""
    leaders: list[tuple[Point, float]] = field(default_factory=list)
    """From the end of a line that ends early to the height of its name at the right."""
    words: list[Words] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Room:
    """What a field and the words around it have, in pixels."""

    width: float
    height: float
    """Of the field alone."""
    size: float
    """Of letters."""
    most: float | None = None
    """The end of the upright axis, where several fields share one; names then stand in a key."""


def largest_value(chart: Chart) -> float:
    """Return where the axis of numbers has to reach."""
    if chart.is_share and chart.kind is not ChartKind.LINES:
        return 100.0
    fold = max if chart.kind is ChartKind.LINES else sum
    return max((float(fold(it)) for it in chart_value_columns(chart) if it), default=0.0) or 1.0


def chart_axis_ticks(most: float, steps: int = 5) -> list[int]:
    """Return round whole numbers from 0 to the last that is not above `most`."""
    for power in count():
        for step in (10**power, 2 * 10**power, 5 * 10**power):
            if step * steps >= most:
                return list(range(0, int(most) + 1, step))
    raise AssertionError("some power of ten is large enough")


def chart_value_columns(chart: Chart) -> list[list[float]]:
    """Return what is drawn at each position, series by series: counts, or percent of their sum."""
    series = [line.values for line in chart.series]
    columns = [[values[at] or 0.0 for values in series] for at in range(len(chart.positions))]
    if not chart.is_share:
        return columns
    return [[100 * it / (sum(column) or 1) for it in column] for column in columns]


def spell_chart_value(chart: Chart, texts: Texts, value: float) -> str:
    """Spell a count, or whole percent."""
    if not chart.is_share:
        return texts.number(round(value))
    sign = "\N{NO-BREAK SPACE}%" if texts.language is Language.GERMAN else "%"
    return f"<1{sign}" if 0 < value < 0.5 else f"{texts.number(round(value))}{sign}"


def shorten_chart_name(name: str) -> str:
    """Return a name as it is said among others."""
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}\N{HORIZONTAL ELLIPSIS}"


def describe_chart_position(chart: Chart, texts: Texts, at: int) -> str:
    """Say all values of a position in one sentence."""
    total = sum(line.values[at] or 0 for line in chart.series)

    def describe(line: Series) -> str:
        name = shorten_chart_name(line.name)
        if (value := line.values[at]) is None:
            return f"{name} {texts.say('chart.unknown')}"
        number = f"{name} {texts.number(round(value))}"
        if not chart.is_share or not total:
            return number
        return f"{number} ({spell_chart_value(chart, texts, 100 * value / total)})"

    parts = [describe(line) for line in chart.series]
    if chart.kind is not ChartKind.LINES and len(chart.series) > 1:
        parts.insert(0, f"{texts.say('chart.total')} {texts.number(round(total))}")
    return f"{shorten_chart_name(chart.positions[at].name)}: {'; '.join(parts)}"
