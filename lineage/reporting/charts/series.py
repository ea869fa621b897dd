"""What a picture shows of a chart: the subject first, parts by size, the small ones as one."""

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite

from lineage.reporting.charts.chart import Axis, Chart, ChartKind, Position, Series
from lineage.reporting.charts.palette import GRAY, LINE_SLOTS
from lineage.reporting.language import Language, load_texts

OTHERS = "others"
_MOST_ROWS, _MOST_CELLS, _MOST_LINES = 40, 10, 12
"""What a picture has room for: rows, columns of a matrix, lines with a name."""
_LARGEST = 1e15
_MOST_COLUMNS, _MOST_POINTS = 150, 400
"""Upright columns, and points of a line or layer; more of them no screen tells apart."""


def edit_chart(chart: Chart, language: Language) -> Chart:
    """Return a chart as its picture shows it, each series with its color."""
    if not chart.panels:
        return _edit_field(chart, language)
    # One order and one set of colors for all fields: that of the first.
    fields = [replace(chart, series=panel.series, panels=()) for panel in chart.panels]
    first = _edit_field(fields[0], language)
    edited = [_edit_field(field, language, first.series) for field in fields]
    panels = [
        replace(panel, series=field.series)
        for panel, field in zip(chart.panels, edited, strict=True)
    ]
    return replace(first, panels=panels)


def _edit_field(chart: Chart, language: Language, like: Sequence[Series] = ()) -> Chart:
    if chart.kind is ChartKind.MATRIX:
        rows = [replace(row, values=list(map(_real, row.values)), slot=0) for row in chart.series]
        chart = _fold_rows(replace(chart, series=rows), language)
        return _fold_positions(chart, _MOST_CELLS, language)
    chart = replace(chart, series=_edit_series(chart, chart.series, language, like))
    n = len(chart.positions)
    if chart.kind is ChartKind.BARS:
        return _fold_positions(chart, _MOST_ROWS, language)
    if chart.kind is ChartKind.COLUMNS and n > _MOST_COLUMNS:
        if chart.axis is Axis.NAMES:
            return _fold_positions(chart, _MOST_COLUMNS, language)
        chart = replace(chart, kind=ChartKind.AREA)
    if chart.kind is ChartKind.AREA and n == 1:
        # One day is no growth; its parts can be shown.
        return replace(chart, kind=ChartKind.COLUMNS)
    step = -(-n // _MOST_POINTS)
    return _choose_positions(chart, range((n - 1) % step, n, step)) if step > 1 else chart


def _edit_series(
    chart: Chart, series: Sequence[Series], language: Language, like: Sequence[Series] = ()
) -> list[Series]:
    series = [replace(line, values=list(map(_real, line.values))) for line in series]
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
    if chart.kind is ChartKind.LINES:
        if len(series) > _MOST_LINES:
            n = len(series) - _MOST_LINES + 1
            name = load_texts(language, "charts").say("chart.more", n=n)
            nothing = Series(OTHERS, name, [None] * len(chart.positions))
            series = [*series[: _MOST_LINES - 1], nothing]
        return _color_lines(chart, series)
    # Six colors and gray are what eyes keep apart.
    if len(series) > GRAY and not (len(series) == GRAY + 1 and series[-1].key == OTHERS):
        small = series[GRAY:]
        values = [_add(column) for column in zip(*(it.values for it in small), strict=True)]
        name = load_texts(language, "charts").say("chart.others")
        name = small[0].name if len(small) == 1 else name
        series = [*series[:GRAY], Series(OTHERS, name, values)]
    colors = {line.key: line.slot for line in like}
    slots = [
        GRAY if it.key == OTHERS else 0 if it.key == chart.subject else colors.get(it.key, it.slot)
        for it in series
    ]
    return _fill_slots(series, slots)


def _fill_slots(series: Sequence[Series], slots: list[int | None]) -> list[Series]:
    """Give each series a color that no other has: its own where it is free."""
    taken: set[int] = set()
    for at, slot in enumerate(slots):
        if slot is None or not 0 <= slot <= GRAY or slot in taken:
            slots[at] = None
        else:
            taken.add(slot)
    free = iter([slot for slot in range(GRAY + 1) if slot not in taken])
    return [
        replace(line, slot=next(free) if slot is None else slot)
        for line, slot in zip(series, slots, strict=True)
    ]


def _color_lines(chart: Chart, series: Sequence[Series]) -> list[Series]:
    """Return lines of which the highlighted have a color; None is muted."""
    marked = [chart.subject, *(key for key in chart.highlighted if key != chart.subject)]
    marked = [key for key in marked if any(line.key == key for line in series)]
    slots = dict(zip(marked, LINE_SLOTS, strict=False))
    return [replace(line, slot=slots.get(line.key)) for line in series]


def _fold_positions(chart: Chart, most: int, language: Language) -> Chart:
    """Sum up the last positions where there are more than a picture has room for."""
    if len(chart.positions) <= most or chart.axis is not Axis.NAMES:
        return chart
    say = load_texts(language, "charts").say
    name = say("chart.more", n=len(chart.positions) - most + 1)
    series = [
        replace(it, values=[*it.values[: most - 1], _add(it.values[most - 1 :])])
        for it in chart.series
    ]
    positions = [*chart.positions[: most - 1], Position(OTHERS, name)]
    return replace(chart, positions=positions, series=series)


def _fold_rows(chart: Chart, language: Language) -> Chart:
    small = chart.series[_MOST_ROWS - 1 :]
    if len(small) < 2:
        return chart
    values = [_add(column) for column in zip(*(row.values for row in small), strict=True)]
    name = load_texts(language, "charts").say("chart.more", n=len(small))
    return replace(chart, series=[*chart.series[: _MOST_ROWS - 1], Series(OTHERS, name, values, 0)])


def _choose_positions(chart: Chart, places: Sequence[int]) -> Chart:
    series = [replace(it, values=[it.values[at] for at in places]) for it in chart.series]
    return replace(chart, positions=[chart.positions[at] for at in places], series=series)


def _add(values: Sequence[float | None]) -> float | None:
    numbers = [value for value in values if value is not None]
    return sum(numbers) if numbers else None


def _real(value: float | None) -> float | None:
    """Return a number that can be drawn."""
    return min(max(value, 0.0), _LARGEST) if value is not None and isfinite(value) else None
