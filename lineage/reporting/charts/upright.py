"""Areas, columns and lines: a field between an axis of numbers and one of positions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, groupby, pairwise

from lineage.reporting.charts.chart import Axis, Chart, ChartKind
from lineage.reporting.charts.field import (
    Field,
    Figure,
    Point,
    Room,
    Value,
    Words,
    chart_axis_ticks,
    chart_value_columns,
    describe_chart_position,
    largest_value,
    spell_chart_value,
)
from lineage.reporting.charts.rows import fit_text, spell_letters, text_width
from lineage.reporting.language import Texts

_NAMES = 0.42
"""Part of the width that names and values at the right may take."""
_SMALL = 0.94
"""The size of values inside columns in parts of that of other words."""
_WIDE = 240
"""From this width on days are number in full."""
_SPACE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class _Plot:
    """A chart on its axes."""

    chart: Chart
    texts: Texts
    room: Room
    columns: list[list[float]]
    """What is drawn at each position, series by series."""
    places: list[float]
    """Where each position stands, 0 to 1."""
    most: float
    """The end of the axis of numbers."""
    layout: Field

    @property
    def inner_width(self) -> float:
        return max(self.room.width - self.layout.left - self.layout.right, self.room.size)

    @property
    def chart_stack_tops(self) -> list[list[float]]:
        """Where each part of each position begins, and the last one ends."""
        return [
            [1 - top / self.most for top in accumulate(column, initial=0.0)]
            for column in self.columns
        ]


def lay_out_upright(chart: Chart, texts: Texts, room: Room) -> Field:
    """Lay out areas, columns or lines."""
    size, most = room.size, room.most or largest_value(chart)
    layout = Field(top=size * 1.8, bottom=size * (2.9 if chart.axis is Axis.MONTHS else 1.7))
    plot = _Plot(
        chart, texts, room, chart_value_columns(chart), _place_positions(chart), most, layout
    )
    # The grid, and its numbers at the left.
    ticks = [0, 25, 50, 75, 100] if chart.is_share and most == 100 else chart_axis_ticks(most)
    numbers = [spell_chart_value(chart, texts, tick) for tick in ticks]
    layout.left = max(text_width(number, size) for number in numbers) + size * 0.7
    for tick, number in zip(ticks, numbers, strict=True):
        y = 1 - tick / most
        layout.shapes.append(Figure("base" if tick == 0 else "grid", [(0, y), (1, y)], "line"))
        layout.words.append(Words("soft", number, 0, y, -size * 0.6, size * 0.35, "end"))
    # The field: shapes, and where each series ends.
    draw = {ChartKind.AREA: _draw_layers, ChartKind.COLUMNS: _draw_columns}
    ends = draw.get(chart.kind, _draw_lines)(plot)
    edges = [0.0, *((a + b) / 2 for a, b in pairwise(plot.places)), 1.0]
    if chart.kind is not ChartKind.COLUMNS:
        # One veil over all neighbours: between two of them a seam would show.
        is_veiled = [it.is_pale or it.is_hatched for it in chart.positions]
        for veiled, run in groupby(range(len(edges) - 1), key=is_veiled.__getitem__):
            if veiled:
                places = list(run)
                first, last = places[0], places[-1]
                layout.shapes.append(Figure("veil", [(edges[first], 0), (edges[last + 1], 1)]))
    # Words around it, as far as there is room for them. Columns of one series name themselves.
    is_one = chart.kind is ChartKind.COLUMNS and len(chart.series) == 1
    if not is_one and (room.most is None or chart.kind is ChartKind.LINES):
        _draw_chart_end_names(plot, ends)
    if chart.kind is ChartKind.COLUMNS:
        _draw_chart_column_values(plot)
    elif chart.kind is ChartKind.AREA and not chart.is_share:
        _draw_chart_totals(plot)
    _draw_chart_position_labels(plot)
    layout.values += [
        Value(edges[at], 0, edges[at + 1], 1, describe_chart_position(chart, texts, at))
        for at in range(len(plot.places))
    ]
    return layout


def _place_positions(chart: Chart) -> list[float]:
    """Return where each position stands; days and numbers lie as far apart as they are."""
    n = len(chart.positions)
    if chart.kind is ChartKind.COLUMNS:
        return [(at + 0.5) / n for at in range(n)]
    numbers = [float(at) for at in range(n)]
    if chart.axis is Axis.DAYS:
        numbers = [float(date.fromisoformat(it.key).toordinal()) for it in chart.positions]
    elif chart.axis is Axis.NUMBERS:
        numbers = [float(it.key) for it in chart.positions]
    low, high = min(numbers), max(numbers)
    return [(it - low) / (high - low) if high > low else 0.5 for it in numbers]


def _draw_layers(plot: _Plot) -> list[Point]:
    tops = plot.chart_stack_tops
    for at, line in enumerate(plot.chart.series):
        upper = [(x, top[at + 1]) for x, top in zip(plot.places, tops, strict=True)]
        lower = [(x, top[at]) for x, top in zip(plot.places, tops, strict=True)]
        plot.layout.shapes.append(Figure(f"f{line.slot} gap", [*upper, *lower[::-1]], "outline"))
    return [(1.0, (low + high) / 2) for low, high in pairwise(tops[-1])]


def _draw_columns(plot: _Plot) -> list[Point]:
    # Hundreds of columns have no room for gaps.
    half = (0.5 if len(plot.places) > 150 else 0.485) / len(plot.places)
    for x, position, tops in zip(
        plot.places, plot.chart.positions, plot.chart_stack_tops, strict=True
    ):
        letter = "p" if position.is_pale else "f"
        for line, (low, high) in zip(plot.chart.series, pairwise(tops), strict=True):
            if low > high:
                box = [(x - half, high), (x + half, low)]
                plot.layout.shapes.append(Figure(f"{letter}{line.slot}", box))
        if position.is_hatched and tops[-1] < 1:
            plot.layout.hatches.append(((x - half, tops[-1]), (x + half, 1)))
    return [(1.0, (low + high) / 2) for low, high in pairwise(plot.chart_stack_tops[-1])]


def _draw_lines(plot: _Plot) -> list[Point]:
    ends, muted, colored = [], list[Figure](), list[Figure]()
    for at, line in enumerate(plot.chart.series):
        # Where nothing can be said, a line is interrupted.
        runs: list[list[Point]] = [[]]
        for x, column, value in zip(plot.places, plot.columns, line.values, strict=True):
            if value is None:
                runs.append([])
            else:
                runs[-1].append((x, 1 - column[at] / plot.most))
        runs = [run for run in runs if run]
        kind = "muted" if line.slot is None else f"l{line.slot}{' thick' * (line.slot == 0)}"
        shapes = muted if line.slot is None else colored
        shapes += [Figure(f"line {kind}{' dot' * (len(run) == 1)}", run, "line") for run in runs]
        ends.append(runs[-1][-1] if runs else (1.0, 1.0))
    plot.layout.shapes += muted + colored[::-1]
    return ends


def _draw_chart_end_names(plot: _Plot, ends: Sequence[Point]) -> None:
    """Write name and value of each series right of the field, so that none touches another."""
    chart, room, layout, size = plot.chart, plot.room, plot.layout, plot.room.size
    is_lines, widest = chart.kind is ChartKind.LINES, 0.0
    heights = _spread_chart_labels([y for _, y in ends], size * 1.25 / room.height)
    for at, (line, (x, y), height) in enumerate(zip(chart.series, ends, heights, strict=True)):
        # A name is strong where its line has a color, or where it is the subject's.
        is_strong = line.key == chart.subject or (is_lines and line.slot is not None)
        kind = "soft" if line.slot is None else "ink"
        kind = f"{'first' if line.slot == 0 else kind} strong" if is_strong else kind
        # Lines need a square only where the name is not in their color.
        has_square = bool(line.slot) or not is_lines
        indent = size * (1.3 if has_square else 0.6)
        numbers = [it[at] for it, n in zip(plot.columns, line.values, strict=True) if n is not None]
        # What a running period has come to is no value to end with.
        is_over = is_lines or not chart.positions[-1].is_hatched
        text = spell_chart_value(chart, plot.texts, numbers[-1]) if numbers and is_over else ""
        if room.most is None or line.slot is None:
            text = "" if room.most else text
            space = room.width * _NAMES - indent - text_width(f"  {text}", size, is_bold=True)
            name = fit_text(spell_letters(line.name), size, space, is_bold=is_strong)
            text = f"{name}{_SPACE}{_SPACE}{text}" if text else name
        widest = max(widest, indent + text_width(text, size, is_bold=is_strong))
        if x < 1:
            layout.leaders.append(((x, y), height))
        if has_square:
            layout.swatches.append((line.slot or 0, height))
        layout.words.append(Words(kind, text, 1, height, indent, size * 0.35))
    layout.right = widest


def _spread_chart_labels(heights: Sequence[float], gap: float) -> list[float]:
    """Move heights as little as needed for each to have its gap, all between 0 and 1."""
    order = sorted(range(len(heights)), key=lambda at: (heights[at], -at))

    def push(values: Iterable[float], first: float) -> list[float]:
        return list(accumulate(values, lambda before, it: max(it, before + gap), initial=first))[1:]

    places = [heights[at] for at in order]
    # Between pushing all down and pushing all up each stays near its place; then into the field.
    down = push(places, -gap)
    up = [-it for it in push([-it for it in places[::-1]], -1 - gap)][::-1]
    middle = push([(a + b) / 2 for a, b in zip(down, up, strict=True)], -gap)
    placed = [-it for it in push([-it for it in middle[::-1]], -1 - gap)][::-1]
    return [placed[order.index(at)] for at in range(len(heights))]


def _draw_chart_totals(plot: _Plot) -> None:
    """Write the sums of the first and the last position above the layers."""
    sums = [sum(column) for column in plot.columns]
    for at, x, anchor in ((0, 0.0, "start"), (-1, 1.0, "end")):
        text = plot.texts.number(round(sums[at]))
        # Layers that rise beside the number push it up.
        reach = text_width(text, plot.room.size, is_bold=True) / plot.inner_width
        points = zip(plot.places, sums, strict=True)
        near = [
            max(y0, y1)
            for (x0, y0), (x1, y1) in pairwise(points)
            if x - reach < x1 and x0 < x + reach
        ]
        top, dy = max([sums[at], *near]), -plot.room.size * 0.6
        plot.layout.words.append(Words("ink strong", text, x, 1 - top / plot.most, 0, dy, anchor))


def _draw_chart_column_values(plot: _Plot) -> None:
    """Write values into columns that are high enough and sums above them, where all have room."""
    chart, size = plot.chart, plot.room.size * _SMALL
    values = [spell_chart_value(chart, plot.texts, it) for column in plot.columns for it in column]
    sums = [plot.texts.number(round(sum(column))) for column in plot.columns]
    width = plot.inner_width / len(plot.places) - 4
    has_values = len(chart.series) > 1 and width >= max(text_width(it, size) for it in values)
    has_sums = not chart.is_share and width >= max(
        text_width(it, size, is_bold=True) for it in sums
    )
    rows = zip(plot.places, chart.positions, plot.columns, plot.chart_stack_tops, sums, strict=True)
    for x, position, column, tops, text in rows:
        letter = "p" if position.is_pale else "f"
        for line, value, (low, high) in zip(chart.series, column, pairwise(tops), strict=True):
            # Of what cannot be compared, the subject alone is told.
            is_shown = has_values and value > 0 and (not position.is_pale or line.slot == 0)
            if (
                is_shown
                and not position.is_hatched
                and (low - high) * plot.room.height >= size * 1.35
            ):
                kind, y = f"on-{letter}{line.slot}", (low + high) / 2
                number = spell_chart_value(chart, plot.texts, value)
                plot.layout.words.append(
                    Words(kind, number, x, y, 0, size * 0.35, "middle", scale=_SMALL)
                )
        if has_sums:
            words = Words("ink strong", text, x, tops[-1], 0, -size * 0.45, "middle", scale=_SMALL)
            plot.layout.words.append(words)


def _draw_chart_position_labels(plot: _Plot) -> None:
    """Name as many positions below the field as have room, the more telling first."""
    size, width = plot.room.size, plot.inner_width
    is_column = plot.chart.kind is ChartKind.COLUMNS
    used: list[list[tuple[float, float]]] = [[], []]
    for row, x, label in _position_labels(plot):
        text = spell_letters(label)
        if plot.chart.axis is Axis.NAMES:
            text = fit_text(text, size, max(width / len(plot.places), width * 0.3))
        half = text_width(text, size) / 2
        # Labels of lines stay within the field, those of columns in the middle of theirs.
        middle = x * width if is_column else max(min(x * width, width - half), half)
        low, high = middle - half - size * 0.5, middle + half + size * 0.5
        if all(high <= start or low >= end for start, end in used[row]):
            used[row].append((low, high))
            anchor = "middle" if is_column else {0.0: "start", 1.0: "end"}.get(x, "middle")
            dx = middle - x * width if anchor == "middle" else 0
            dy = size * (1.35 + 1.2 * row)
            plot.layout.words.append(Words("soft", text, x, 1, dx, dy, anchor))


def _position_labels(plot: _Plot) -> Iterator[tuple[int, float, str]]:
    """Yield row, place and text of what may be named below, the more telling first."""
    chart, places, keys = plot.chart, plot.places, [it.key for it in plot.chart.positions]
    match chart.axis:
        case Axis.DAYS:
            yield from _chart_day_labels(plot)
        case Axis.MONTHS:
            # The years in a row of their own, below January and the first month.
            for at in [*(at for at, key in enumerate(keys) if key.endswith("-01")), 0]:
                yield 1, places[at], keys[at][:4]
            for step in (12, 3, 1):
                for at, key in enumerate(keys):
                    if (int(key[5:7]) - 1) % step == 0:
                        yield 0, places[at], plot.texts.month(key)[:3]
        case Axis.NUMBERS:
            low, high = float(keys[0]), float(keys[-1])
            for tick in chart_axis_ticks(high):
                if low <= tick and low < high:
                    yield 0, (tick - low) / (high - low), plot.texts.number(tick)
        case Axis.NAMES:
            # The first, then halves of halves: what is named lies evenly.
            for at in sorted(range(len(keys)), key=lambda at: -(at & -at) if at else -len(keys)):
                yield 0, places[at], chart.positions[at].name


def _chart_day_labels(plot: _Plot) -> Iterator[tuple[int, float, str]]:
    days = [date.fromisoformat(position.key) for position in plot.chart.positions]
    first, last = days[0], days[-1]
    is_one_year = first.year == last.year

    def spell(day: date) -> str:
        number, month, year = plot.texts.date(day).split(" ")
        if plot.inner_width <= _WIDE:
            return f"{number} {month[:3]}" if is_one_year else f"{month[:3]} {year}"
        return f"{number} {month}" if is_one_year else f"{number} {month} {year}"

    for at in (-1, 0):
        yield 0, plot.places[at], spell(days[at])
    if plot.chart.kind is ChartKind.COLUMNS:
        return
    # Firsts of years, of quarters, of months.
    months = range(first.year * 12 + first.month, last.year * 12 + last.month)
    starts = [date(month // 12, month % 12 + 1, 1) for month in months]
    for step in (12, 3, 1):
        for day in starts:
            if (day.month - 1) % step == 0:
                name = str(day.year) if step == 12 else plot.texts.date(day).split(" ")[1][:3]
                text = spell(day) if is_one_year else name
                yield 0, (day - first).days / (last - first).days, text
