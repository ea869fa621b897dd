"""A chart as numbers and words, before anyone draws it or writes it as a table."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import isfinite

from lineage.reporting.charts.palette import GRAY, LINE_SLOTS
from lineage.reporting.language import Language, load_texts


class ChartKind(StrEnum):
    """How numbers are drawn."""

    AREA = "area"
    """Layers over days that add up."""
    COLUMNS = "columns"
    """An upright column for each position, of parts that add up."""
    LINES = "lines"
    BARS = "bars"
    """A horizontal bar for each position, of parts that add up."""
    MATRIX = "matrix"
    """A row for each series, a column for each position; the larger, the darker."""


class Axis(StrEnum):
    """What positions are, and what machines call their column."""

    DAYS = "day"
    MONTHS = "month"
    NUMBERS = "number"
    """Whole numbers such as days since a release; as far apart as they are."""
    NAMES = "name"


@dataclass(frozen=True, slots=True)
class Position:
    """A place along a chart: a day, a month, a release."""

    key: str
    """`2025-07-02`, `2025-07`, a whole number, or what machines call it."""
    name: str
    """As tables spell it; pictures spell days, months and numbers as they have room."""
    is_pale: bool = False
    """Too little is known here to compare it with others."""
    is_hatched: bool = False
    """A period that is not over in the data."""


@dataclass(frozen=True, slots=True)
class Series:
    """One layer, line, part or row of a chart."""

    key: str
    """What machines call it; `others` stands last and in gray."""
    name: str
    values: Sequence[float | None]
    """A count for each position; None where nothing can be said."""
    slot: int | None = None
    """Its color, for what has the same in several charts; None: the next that is free."""
    is_hatched: bool = False
    """Drawn with strokes, since it is less sure than the others; bars alone know it."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One of several fields side by side: the same positions, counted in another way."""

    key: str
    name: str
    series: Sequence[Series]


@dataclass(frozen=True, slots=True)
class Chart:
    """Numbers to be looked at; the same numbers stand in a table, and in a file.

    All series and positions are here: what a picture has no room for it folds by itself.
    """

    name: str
    """The stem of its files."""
    kind: ChartKind
    headline: str
    """The finding as a sentence, or a neutral title."""
    definition: str
    source: str
    text: str
    """What the picture shows, for readers who cannot see it."""
    axis: Axis
    positions: Sequence[Position]
    series: Sequence[Series]
    subject: str = ""
    """The key of the series that stands first, at the base line, in the first color."""
    highlighted: Collection[str] = ()
    """Keys of the lines that are drawn in color; the others are muted. Empty: the subject alone."""
    is_share: bool = False
    """The picture shows parts of the sum of each position; values are counts all the same."""
    frames: Collection[tuple[str, str]] = ()
    """Cells of a matrix with a frame: key of the series, key of the position."""
    panels: Sequence[Panel] = ()
    """Fields side by side on one scale; they stand for `series`."""


OTHERS = "others"
_MOST_ROWS, _MOST_CELLS, _MOST_LINES = 40, 10, 12
"""What a picture has room for: rows, columns of a matrix, lines with a name."""
_LARGEST = 1e15
_MOST_COLUMNS, _MOST_POINTS = 150, 400
"""Upright columns, and points of a line or layer; more of them no screen tells apart."""


def edit_chart(chart: Chart, language: Language) -> Chart:
    """Return a chart as its picture shows it, each series with its color."""
    if not chart.panels:
        return _edit_chart_field(chart, language)
    # One order and one set of colors for all fields: that of the first.
    fields = [replace(chart, series=panel.series, panels=()) for panel in chart.panels]
    first = _edit_chart_field(fields[0], language)
    edited = [_edit_chart_field(field, language, first.series) for field in fields]
    panels = [
        replace(panel, series=field.series)
        for panel, field in zip(chart.panels, edited, strict=True)
    ]
    return replace(first, panels=panels)


def _edit_chart_field(chart: Chart, language: Language, like: Sequence[Series] = ()) -> Chart:
    if chart.kind is ChartKind.MATRIX:
        rows = [
            replace(row, values=list(map(_real_chart_number, row.values))) for row in chart.series
        ]
        name = load_texts(language, "charts").say("chart.more", n=len(rows) - _MOST_ROWS + 1)
        chart = replace(chart, series=_fold_series(rows, _MOST_ROWS, name))
        return _fold_chart_positions(chart, _MOST_CELLS, language)
    chart = replace(chart, series=_edit_series(chart, chart.series, language, like))
    n = len(chart.positions)
    if chart.kind is ChartKind.BARS:
        return _fold_chart_positions(chart, _MOST_ROWS, language)
    if chart.kind is ChartKind.COLUMNS and n > _MOST_COLUMNS:
        if chart.axis is Axis.NAMES:
            return _fold_chart_positions(chart, _MOST_COLUMNS, language)
        chart = replace(chart, kind=ChartKind.AREA)
    if chart.kind is ChartKind.AREA and n == 1:
        # One day is no growth; its parts can be shown.
        return replace(chart, kind=ChartKind.COLUMNS)
    step = -(-n // _MOST_POINTS)
    return _choose_chart_positions(chart, range((n - 1) % step, n, step)) if step > 1 else chart


def _edit_series(
    chart: Chart, series: Sequence[Series], language: Language, like: Sequence[Series] = ()
) -> list[Series]:
    series = [replace(line, values=list(map(_real_chart_number, line.values))) for line in series]
    is_last = chart.kind in {ChartKind.AREA, ChartKind.LINES}

    def size(line: Series) -> float:
        numbers = [value for value in line.values if value is not None]
        return (numbers[-1] if is_last else sum(numbers)) if numbers else 0

    order = {line.key: at for at, line in enumerate(like)}
    series.sort(
        key=lambda line: (
            line.key == OTHERS or line.slot == GRAY,
            line.key != chart.subject,
            order.get(line.key, len(order)),
            -size(line),
        )
    )
    say = load_texts(language, "charts").say
    if chart.kind is ChartKind.LINES:
        # Lines do not add up: of those that have no room the number alone is told.
        if len(series) > _MOST_LINES:
            name = say("chart.more", n=len(series) - _MOST_LINES + 1)
            nothing = Series(OTHERS, name, [None] * len(chart.positions))
            series = [*series[: _MOST_LINES - 1], nothing]
        keys = [line.key for line in series]
        marked = dict.fromkeys(key for key in (chart.subject, *chart.highlighted) if key in keys)
        slots = dict(zip(marked, LINE_SLOTS, strict=False))
        return [replace(line, slot=slots.get(line.key)) for line in series]
    # Six colors and gray are what eyes keep apart; a color is a series' own where it is free.
    series = _fold_series(series, GRAY + 1, say("chart.others"))
    colors = {line.key: line.slot for line in like} | {chart.subject: 0, OTHERS: GRAY}
    choices = [colors.get(line.key, line.slot) for line in series]
    free = [slot for slot in range(GRAY + 1) if slot not in choices]
    return [
        replace(line, slot=slot if _is_free_in_chart(choices[:at], slot) else free.pop(0))
        for at, (line, slot) in enumerate(zip(series, choices, strict=True))
    ]


def _is_free_in_chart(slots: Sequence[int | None], slot: int | None) -> bool:
    return slot in range(GRAY + 1) and slot not in slots


def _fold_series(series: Sequence[Series], most: int, name: str) -> list[Series]:
    """Sum up the last series where there are more than a picture has room for."""
    small = series[most - 1 :]
    if len(small) < 2:
        return list(series)
    values = [_add_chart_point(column) for column in zip(*(it.values for it in small), strict=True)]
    return [*series[: most - 1], Series(OTHERS, name, values)]


def _fold_chart_positions(chart: Chart, most: int, language: Language) -> Chart:
    """Sum up the last positions where there are more than a picture has room for."""
    if len(chart.positions) <= most or chart.axis is not Axis.NAMES:
        return chart
    say = load_texts(language, "charts").say
    name = say("chart.more", n=len(chart.positions) - most + 1)
    series = [
        replace(it, values=[*it.values[: most - 1], _add_chart_point(it.values[most - 1 :])])
        for it in chart.series
    ]
    positions = [*chart.positions[: most - 1], Position(OTHERS, name)]
    return replace(chart, positions=positions, series=series)


def _choose_chart_positions(chart: Chart, places: Sequence[int]) -> Chart:
    series = [replace(it, values=[it.values[at] for at in places]) for it in chart.series]
    return replace(chart, positions=[chart.positions[at] for at in places], series=series)


def _add_chart_point(values: Sequence[float | None]) -> float | None:
    numbers = [value for value in values if value is not None]
    return sum(numbers) if numbers else None


def _real_chart_number(value: float | None) -> float | None:
    """Return a number that can be drawn."""
    return min(max(value, 0.0), _LARGEST) if value is not None and isfinite(value) else None
