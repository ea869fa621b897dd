"""The charts of a trend report along months and days, from its findings."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import accumulate

from lineage.analysis.trends import Line, Timeline
from lineage.reporting.charts import Chart, ChartKind, Mark, Position, Series
from lineage.reporting.trend_words import Told

MOST_SERIES = 8
"""As many colors as eyes and a palette tell apart."""
LEAST_FOR_SHARE = 20
"""A share of fewer new models a month is chance."""


def calendar(told: Told, name: str, kind: ChartKind, texts: str, timeline: Timeline) -> Chart:
    """Return a chart of new models a month; `texts` is the section of its words."""
    lines = list(timeline.lines)
    sums = timeline.sums()
    best = max(range(len(sums)), key=sums.__getitem__)
    top = max(lines, key=lambda line: sum(line.values))
    alt = told.say(
        f"{texts}.alt",
        month=told.says.month(timeline.months[best]),
        models=sums[best] if texts == "month" else sum(top.values),
        name=told.name(top.key),
        **{line.key: sum(line.values) for line in lines},
    )
    chart = Chart(
        name=name,
        kind=kind,
        title=told.say(f"{texts}.chart"),
        text=alt,
        along=Position("month", told.say("column.month")),
        positions=[Position(one, told.says.month(one)) for one in timeline.months],
        series=series_of(told, lines),
        all_series=[_series(told, line) for line in lines],
        skipped=nearly_empty(timeline),
    )
    return shaded(told, chart, timeline, undated_of(timeline))


def with_releases(told: Told, chart: Chart, timeline: Timeline) -> Chart:
    """Mark the release days along the months of a chart."""
    days: dict[date, list[str]] = {}
    for release in told.found.family.releases:
        days.setdefault(release.released, []).append(release.name)
    first = _month_number(timeline.months[0])
    marks = [
        Mark(
            (day.year * 12 + day.month - 1) - first + (day.day - 1) / 31,
            f"{', '.join(names)}: {told.says.date(day)}",
        )
        for day, names in sorted(days.items())
    ]
    return replace(chart, marks=[mark for mark in marks if 0 <= mark.at < len(timeline.months)])


def widened(timeline: Timeline, first: date) -> Timeline:
    """Let a timeline begin with the month of a day, where it begins later."""
    missing = _month_number(timeline.months[0]) - (first.year * 12 + first.month - 1)
    if missing <= 0:
        return timeline
    numbers = range(first.year * 12 + first.month - 1, _month_number(timeline.months[0]))
    months = [f"{number // 12}-{number % 12 + 1:02}" for number in numbers]
    lines = [replace(one, values=[0] * missing + list(one.values)) for one in timeline.lines]
    return Timeline([*months, *timeline.months], lines)


def added_up(told: Told, timeline: Timeline) -> Chart:
    """Return the chart of models created by the end of each month."""
    sums = [replace(line, values=list(accumulate(line.values))) for line in timeline.lines]
    whole = Timeline(timeline.months, sums)
    alt = told.say(
        "month.alt_total",
        month=told.says.month(whole.months[-1]),
        models=whole.sums()[-1],
    )
    made = calendar(told, "total", ChartKind.LINES, "month", whole)
    made = replace(made, title=told.say("month.total_chart"), text=alt, skipped=0)
    return shaded(told, made, timeline, undated_of(timeline))


def since_release(told: Told) -> Chart:
    """Return the chart of each release's growth from its own first day."""
    since = told.found.since_release
    longest = len(since.days)
    lines = sorted(since.lines, key=lambda line: -line.values[-1])
    drawn = [line for line in since.lines if line in lines[:MOST_SERIES]]

    def padded(line: Line) -> Series:
        rest: list[float | None] = [None] * (longest - len(line.values))
        return Series(line.key, told.name(line.key), [*line.values, *rest], line.undated)

    return Chart(
        name="since-release",
        kind=ChartKind.LINES,
        title=told.say("since.chart"),
        text=told.say("since.alt", name=lines[0].key, models=lines[0].values[-1]),
        along=Position("days", told.say("column.day")),
        positions=[Position(str(day), told.says.number(day)) for day in since.days],
        series=[padded(line) for line in drawn],
        all_series=[padded(line) for line in since.lines],
    )


def shares(told: Told, chart: Chart, timeline: Timeline) -> Chart:
    """Return a chart of numbers as one of shares of each month."""
    sums = timeline.sums()

    def share(one: Series) -> Series:
        values = [
            100 * (value or 0) / whole if whole >= LEAST_FOR_SHARE else None
            for value, whole in zip(one.values, sums, strict=True)
        ]
        return replace(one, values=values, undated=None)

    return replace(
        chart,
        name="share",
        kind=ChartKind.STACKED,
        title=told.say("rivals.share_chart"),
        series=[share(one) for one in chart.series],
        all_series=[share(one) for one in chart.all_series],
        is_percent=True,
    )


def series_of(told: Told, lines: Sequence[Line]) -> list[Series]:
    """Return the largest lines in their order, the rest as one."""
    if len(lines) <= MOST_SERIES:
        return [_series(told, line) for line in lines]
    large = sorted(lines, key=lambda line: -sum(line.values))[: MOST_SERIES - 1]
    rest = [line for line in lines if line not in large]
    together = [sum(column) for column in zip(*(line.values for line in rest), strict=True)]
    other = Line("others", together, sum(line.undated for line in rest))
    return [_series(told, line) for line in [*(one for one in lines if one in large), other]]


def undated_of(timeline: Timeline) -> int:
    """Return how many models have no date: variants are the same models again, not more."""
    return timeline.line("all").undated if _has_variants(timeline) else timeline.undated


def shaded(told: Told, chart: Chart, timeline: Timeline, undated: int) -> Chart:
    """Shade the months by whose end fewer models are dated than undated."""
    sums = _totals(timeline)
    first = sum(total < undated for total in accumulate(sums))
    text = told.say("page.cannot", undated=undated) if first else ""
    return replace(chart, shaded=first, shaded_text=text)


def nearly_empty(timeline: Timeline) -> int:
    """Return how many months at the beginning hold less than a hundredth of all together."""
    sums = _totals(timeline)
    return sum(100 * total < sum(sums) for total in accumulate(sums))


def _totals(timeline: Timeline) -> Sequence[int]:
    return timeline.line("all").values if _has_variants(timeline) else timeline.sums()


def _has_variants(timeline: Timeline) -> bool:
    return any(line.key == "all" for line in timeline.lines)


def _series(told: Told, line: Line) -> Series:
    return Series(line.key, told.name(line.key), list(line.values), line.undated)


def _month_number(month: str) -> int:
    year, _, number = month.partition("-")
    return int(year) * 12 + int(number) - 1


def whole(chart: Chart) -> Chart:
    """Let a chart draw every position."""
    return replace(chart, skipped=0)
