"""The charts of a trend report along months and days, from its findings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import accumulate

from lineage.analysis.growth import GrowthSeries, SinceRelease, Timeline
from lineage.reporting.chart_texts import Chart, ChartKind, Mark, Position, Series
from lineage.reporting.trend_words import Told

MOST_SERIES = 8
"""As many colors as eyes and a palette tell apart."""
LEAST_FOR_SHARE = 20
"""A share of fewer new models a month is chance."""
MONTHS = (1, 2, 3, 6, 12, 24, 36, 60, 120)
"""Steps between the labels of months."""
_WEEKS = (1, 2, 4, 13, 26, 52, 104, 208)
_WEEKS_TOLD = 4
"""Every fourth week stands in the table."""


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
        all_series=all_series(told, timeline),
        skipped=nearly_empty(timeline),
        steps=MONTHS,
    )
    return shaded(told, chart, timeline, undated_of(timeline))


def with_releases(told: Told, chart: Chart, timeline: Timeline) -> Chart:
    """Mark the release days along the months of a chart."""
    days: dict[date, list[str]] = {}
    for release in told.found.family.releases:
        days.setdefault(release.released, []).append(release.name)
    first = month_number(timeline.months[0])
    marks = [
        Mark(
            (day.year * 12 + day.month - 1) - first + (day.day - 1) / 31,
            f"{', '.join(names)}: {told.says.date(day)}",
        )
        for day, names in sorted(days.items())
    ]
    return replace(chart, marks=[mark for mark in marks if 0 <= mark.at < len(timeline.months)])


def widened(timeline: Timeline, first: str) -> Timeline:
    """Let a timeline begin with a month, where it begins later."""
    missing = month_number(timeline.months[0]) - month_number(first)
    if missing <= 0:
        return timeline
    numbers = range(month_number(first), month_number(timeline.months[0]))
    months = [f"{number // 12}-{number % 12 + 1:02}" for number in numbers]
    lines = [replace(one, values=[0] * missing + list(one.values)) for one in timeline.lines]
    return Timeline([*months, *timeline.months], lines)


def added_up(told: Told, timeline: Timeline) -> Chart:
    """Return the chart of models created by the end of each month."""
    whole = summed(timeline)
    alt = told.say(
        "month.alt_total",
        month=told.says.month(whole.months[-1]),
        models=whole.sums()[-1],
    )
    made = calendar(told, "total", ChartKind.LINES, "month", whole)
    made = replace(made, title=told.say("month.total_chart"), text=alt, skipped=0)
    return shaded(told, made, timeline, undated_of(timeline))


def summed(timeline: Timeline) -> Timeline:
    """Return what was there by the end of each month."""
    lines = [replace(line, values=list(accumulate(line.values))) for line in timeline.lines]
    return Timeline(timeline.months, lines)


def since_release(told: Told) -> Chart:
    """Return the chart of each release's growth from its own first day."""
    since = told.found.since_release
    slots = slots_of(told.found.by_release.lines, since.lines)
    top = max(since.lines, key=lambda line: line.values[-1])
    drawn, in_file = grown(told, since, slots)
    return Chart(
        name="since-release",
        kind=ChartKind.LINES,
        title=told.say("since.chart"),
        text=told.say("since.alt", name=top.key, models=top.values[-1]),
        along=Position("days", told.say("column.day")),
        positions=[Position(str(day), told.says.number(day)) for day in since.days],
        series=drawn,
        all_series=in_file,
        steps=_WEEKS,
        told_at=sorted({*range(0, len(since.days), _WEEKS_TOLD), len(since.days) - 1}),
    )


def grown(
    told: Told, since: SinceRelease, slots: Mapping[str, int]
) -> tuple[list[Series], list[Series]]:
    """Return the lines that are drawn and all lines; after its end a line has no values."""
    longest = len(told.found.since_release.days)

    def padded(line: GrowthSeries[int]) -> Series:
        rest: list[float | None] = [None] * (longest - len(line.values))
        values = [*line.values, *rest]
        return Series(line.key, told.name(line.key), values, line.undated, slots.get(line.key))

    return [padded(one) for one in since.lines if one.key in slots], [
        padded(one) for one in since.lines
    ]


def slots_of(
    lines: Sequence[GrowthSeries[int]], also: Sequence[GrowthSeries[int]]
) -> dict[str, int]:
    """Return the colors of other lines: their own where they have one, else one that is free."""
    fixed = {key: at for at, key in enumerate(_chosen(lines))}
    by_size = sorted(also, key=lambda line: (line.key not in fixed, -line.values[-1]))
    slots = {line.key: fixed[line.key] for line in by_size if line.key in fixed}
    free = [at for at in range(MOST_SERIES) if at not in slots.values()]
    others = [line.key for line in by_size if line.key not in fixed]
    return slots | dict(zip(others, free, strict=False))


def shares(told: Told, chart: Chart) -> Chart:
    """Return a chart of numbers as one of shares of each month."""
    return replace(
        chart,
        name="share",
        kind=ChartKind.STACKED,
        title=told.say("rivals.share_chart"),
        series=as_shares(chart.series),
        all_series=as_shares(chart.all_series),
        is_percent=True,
    )


def as_shares(series: Sequence[Series]) -> list[Series]:
    """Return the part of each in the sum of all, position by position."""
    sums = [
        sum(value or 0 for value in row)
        for row in zip(*(one.values for one in series), strict=True)
    ]

    def share(one: Series) -> Series:
        values = [
            100 * (value or 0) / whole if whole >= LEAST_FOR_SHARE else None
            for value, whole in zip(one.values, sums, strict=True)
        ]
        return replace(one, values=values, undated=None)

    return [share(one) for one in series]


def series_of(
    told: Told, lines: Sequence[GrowthSeries[int]], like: Sequence[GrowthSeries[int]] = ()
) -> list[Series]:
    """Return the lines that are the largest of all or of others like them, the rest as one."""
    chosen = _chosen(like or lines)
    series = [_series(told, line, chosen.index(line.key)) for line in lines if line.key in chosen]
    rest = [line for line in lines if line.key not in chosen]
    if not rest:
        return series
    together = [sum(column) for column in zip(*(line.values for line in rest), strict=True)]
    other = GrowthSeries("others", together, sum(line.undated for line in rest))
    return [*series, _series(told, other, MOST_SERIES - 1)]


def all_series(told: Told, timeline: Timeline) -> list[Series]:
    """Return every line, as a chart's file holds them."""
    return [_series(told, line) for line in timeline.lines]


def _chosen(lines: Sequence[GrowthSeries[int]]) -> list[str]:
    """Return the keys of the largest lines in their order, all where there is room."""
    if len(lines) <= MOST_SERIES:
        return [line.key for line in lines]
    large = sorted(lines, key=lambda line: -sum(line.values))[: MOST_SERIES - 1]
    return [line.key for line in lines if line in large]


def undated_of(timeline: Timeline) -> int:
    """Return how many models have no date: variants are the same models again, not more."""
    return timeline.line("all").undated if _has_variants(timeline) else timeline.undated


def shaded(told: Told, chart: Chart, timeline: Timeline, undated: int) -> Chart:
    """Shade the months by whose end fewer models are dated than undated."""
    first = shaded_months(timeline, undated)
    text = told.say("page.cannot", undated=undated) if first else ""
    return replace(chart, shaded=first, shaded_text=text)


def shaded_months(timeline: Timeline, undated: int) -> int:
    """Return by the end of how many months fewer models are dated than undated."""
    return sum(total < undated for total in accumulate(_totals(timeline)))


def nearly_empty(timeline: Timeline) -> int:
    """Return how many months at the beginning hold less than a hundredth of all together."""
    sums = _totals(timeline)
    return sum(100 * total < sum(sums) for total in accumulate(sums))


def _totals(timeline: Timeline) -> Sequence[int]:
    return timeline.line("all").values if _has_variants(timeline) else timeline.sums()


def _has_variants(timeline: Timeline) -> bool:
    return any(line.key == "all" for line in timeline.lines)


def _series(told: Told, line: GrowthSeries[int], slot: int | None = None) -> Series:
    return Series(line.key, told.name(line.key), list(line.values), line.undated, slot)


def month_number(month: str) -> int:
    """Return how many months a month lies after the first of the calendar."""
    year, _, number = month.partition("-")
    return int(year) * 12 + int(number) - 1


def whole(chart: Chart) -> Chart:
    """Let a chart draw every position."""
    return replace(chart, skipped=0)
