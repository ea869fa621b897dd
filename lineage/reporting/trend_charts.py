"""The charts of a trend report: along months and days, as bars, and side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import accumulate

from lineage.analysis.growth.results import (
    GroupSize,
    GrowthSeries,
    SinceRelease,
    Timeline,
    VariantSeries,
)
from lineage.reporting.charts.old_chart import Chart, ChartKind, EventMark, Panel, Position, Series
from lineage.reporting.document import NOTHING, Block
from lineage.reporting.trend_blocks import TrendText, picture_block

MOST_SERIES = 8
"""As many colors as eyes and a palette keep apart."""
LEAST_FOR_SHARE = 20
"""A share of fewer new models a month is chance."""
MONTHS = (1, 2, 3, 6, 12, 24, 36, 60, 120)
"""Steps between the labels of months."""
_WEEKS = (1, 2, 4, 13, 26, 52, 104, 208)
_TABLE_WEEKS = 4
"""Every fourth week stands in the table."""
_MOST_TAGS = 12
MOST_TAG_COLUMNS = 7
_LONGEST_TAG = 32
"""A tag is as long as its author likes; the files hold it whole."""


def calendar_chart(
    trend: TrendText, name: str, kind: ChartKind, section: str, timeline: Timeline
) -> Chart:
    """Return a chart of new models a month; `section` is that of its words."""
    lines = list(timeline.lines)
    sums = timeline.sums()
    best = max(range(len(sums)), key=sums.__getitem__)
    top = max(lines, key=lambda line: sum(line.values))
    text = trend.say(
        f"{section}.alt",
        month=trend.texts.month(timeline.months[best]),
        models=sums[best] if section == "month" else sum(top.values),
        name=trend.line_name(top.key),
        **{line.key: sum(line.values) for line in lines},
    )
    chart = Chart(
        name=name,
        kind=kind,
        title=trend.say(f"{section}.chart"),
        text=text,
        along=Position("month", trend.say("column.month")),
        positions=[Position(month, trend.texts.month(month)) for month in timeline.months],
        series=fold_series(trend, lines),
        all_series=every_series(trend, timeline),
        skipped=nearly_empty_chart_months(timeline),
        steps=MONTHS,
    )
    return _shade_chart(trend, mark_incomplete_in_chart(trend, chart, timeline), timeline)


def mark_incomplete_in_chart(trend: TrendText, chart: Chart, timeline: Timeline) -> Chart:
    """Mark the months at the end of a chart that are not over in the data."""
    if not timeline.incomplete:
        return chart
    first = timeline.months[-timeline.incomplete]
    text = trend.say("page.incomplete", month=trend.texts.month(first), date=trend.last_day)
    return replace(chart, incomplete=timeline.incomplete, incomplete_text=text)


def mark_releases_in_chart(trend: TrendText, chart: Chart, timeline: Timeline) -> Chart:
    """Mark the release days along the months of a chart, and draw every month."""
    # Releases of one day share a mark: two labels would lie upon each other.
    days: dict[date, list[str]] = {}
    for release in trend.findings.family.releases:
        days.setdefault(release.released, []).append(release.name)
    first = _chart_month_number(timeline.months[0])
    marks = [
        EventMark(
            (day.year * 12 + day.month - 1) - first + (day.day - 1) / 31,
            f"{', '.join(names)}: {trend.texts.date(day)}",
        )
        for day, names in sorted(days.items())
    ]
    marks = [mark for mark in marks if 0 <= mark.at < len(timeline.months)]
    return replace(chart, marks=marks, skipped=0)


def widen_chart_timeline(timeline: Timeline, first: str) -> Timeline:
    """Let a timeline begin with a month, where it begins later."""
    numbers = range(_chart_month_number(first), _chart_month_number(timeline.months[0]))
    if not numbers:
        return timeline
    months = [f"{number // 12}-{number % 12 + 1:02}" for number in numbers]
    zeros = [0] * len(months)
    lines = [replace(line, values=zeros + list(line.values)) for line in timeline.lines]
    return replace(timeline, months=[*months, *timeline.months], lines=lines)


def total_chart(trend: TrendText, timeline: Timeline) -> Chart:
    """Return the chart of models created by the end of each month."""
    totals = sum_up_series(timeline)
    text = trend.say(
        "month.alt_total",
        month=trend.texts.month(totals.months[-1]),
        models=totals.sums()[-1],
    )
    chart = calendar_chart(trend, "total", ChartKind.LINES, "month", totals)
    chart = replace(chart, title=trend.say("month.total_chart"), text=text)
    return _shade_chart(trend, chart, timeline)


def sum_up_series(timeline: Timeline) -> Timeline:
    """Return how many models there were by the end of each month."""
    lines = [replace(line, values=list(accumulate(line.values))) for line in timeline.lines]
    return replace(timeline, lines=lines)


def since_release_chart(trend: TrendText) -> Chart:
    """Return the chart of each release's growth from its own first day."""
    since = trend.findings.since_release
    slots = choose_series_slots(trend.findings.by_release.lines, since.lines)
    top = max(since.lines, key=lambda line: line.values[-1])
    series, all_series = since_series(trend, since, slots)
    return Chart(
        name="since-release",
        kind=ChartKind.LINES,
        title=trend.say("since.chart"),
        text=trend.say("since.alt", name=top.key, models=top.values[-1]),
        along=Position("days", trend.say("column.day")),
        positions=[Position(str(day), trend.texts.number(day)) for day in since.days],
        series=series,
        all_series=all_series,
        steps=_WEEKS,
        table_positions=sorted({*range(0, len(since.days), _TABLE_WEEKS), len(since.days) - 1}),
    )


def since_series(
    trend: TrendText, since: SinceRelease, slots: Mapping[str, int]
) -> tuple[list[Series], list[Series]]:
    """Return the lines that are drawn and all lines; after its end a line has no values."""
    longest = len(trend.findings.since_release.days)
    series = []
    for line in since.lines:
        # A flat line beyond the last known date would say that nothing more was made.
        values = [*line.values, *[None] * (longest - len(line.values))]
        name = trend.line_name(line.key)
        series.append(Series(line.key, name, values, line.undated, slots.get(line.key)))
    return [line for line in series if line.key in slots], series


def choose_series_slots(
    lines: Sequence[GrowthSeries[int]], more: Sequence[GrowthSeries[int]]
) -> dict[str, int]:
    """Return the colors of other lines: their own where they have one, else one that is free."""
    fixed = {key: at for at, key in enumerate(_largest_series_keys(lines))}
    by_size = sorted(more, key=lambda line: (line.key not in fixed, -line.values[-1]))
    slots = {line.key: fixed[line.key] for line in by_size if line.key in fixed}
    free = [at for at in range(MOST_SERIES) if at not in slots.values()]
    new_keys = [line.key for line in by_size if line.key not in fixed]
    return slots | dict(zip(new_keys, free, strict=False))


def share_chart(trend: TrendText, chart: Chart) -> Chart:
    """Return a chart of numbers as one of shares of each month."""
    return replace(
        chart,
        name="share",
        kind=ChartKind.STACKED,
        title=trend.say("rivals.share_chart"),
        series=share_series(chart.series),
        all_series=share_series(chart.all_series),
        is_percent=True,
    )


def share_series(series: Sequence[Series]) -> list[Series]:
    """Return the part of each in the sum of all, position by position."""
    columns = zip(*(line.values for line in series), strict=True)
    sums = [sum(value or 0 for value in column) for column in columns]
    shares = []
    for line in series:
        values = [
            # The share of a handful is chance.
            100 * (value or 0) / total if total >= LEAST_FOR_SHARE else None
            for value, total in zip(line.values, sums, strict=True)
        ]
        shares.append(replace(line, values=values, undated=None))
    return shares


def fold_series(
    trend: TrendText, lines: Sequence[GrowthSeries[int]], like: Sequence[GrowthSeries[int]] = ()
) -> list[Series]:
    """Return the lines that are the largest of all or of others like them, the small ones as one.

    A line keeps its color in every chart: which are drawn, and in which color, is decided by
    `like` alone.
    """
    keys = _largest_series_keys(like or lines)
    series = [_series_of(trend, line, keys.index(line.key)) for line in lines if line.key in keys]
    small = [line for line in lines if line.key not in keys]
    if small:
        remaining = _add_lines("others", small)
        series.append(_series_of(trend, remaining, MOST_SERIES - 1))
    return series


def every_series(trend: TrendText, timeline: Timeline) -> list[Series]:
    """Return every line, as a chart's file holds them."""
    return [_series_of(trend, line) for line in timeline.lines]


def _series_of(trend: TrendText, line: GrowthSeries[int], slot: int | None = None) -> Series:
    return Series(line.key, trend.line_name(line.key), list(line.values), line.undated, slot)


def _add_lines(key: str, lines: Sequence[GrowthSeries[int]]) -> GrowthSeries[int]:
    values = [sum(column) for column in zip(*(line.values for line in lines), strict=True)]
    return GrowthSeries(key, values, sum(line.undated for line in lines))


def _largest_series_keys(lines: Sequence[GrowthSeries[int]]) -> list[str]:
    """Return the keys of the largest lines in their order, of every line where there is room."""
    if len(lines) <= MOST_SERIES:
        return [line.key for line in lines]
    # Chosen by size, and kept in the order of all charts: stacks side by side can be compared.
    large = sorted(lines, key=lambda line: -sum(line.values))[: MOST_SERIES - 1]
    return [line.key for line in lines if line in large]


def _shade_chart(trend: TrendText, chart: Chart, timeline: Timeline) -> Chart:
    """Shade the months by whose end fewer models are dated than undated."""
    # Variants are the same models again, not more: their undated must not be added up.
    undated = timeline.line("all").undated if _has_charted_variants(timeline) else timeline.undated
    first = shaded_chart_months(timeline, undated)
    text = trend.say("page.cannot", undated=undated) if first else ""
    return replace(chart, shaded=first, shaded_text=text)


def shaded_chart_months(timeline: Timeline, undated: int) -> int:
    """Return by the end of how many months fewer models are dated than undated."""
    return sum(total < undated for total in accumulate(_chart_month_sums(timeline)))


def nearly_empty_chart_months(timeline: Timeline) -> int:
    """Return how many months at the beginning hold less than a hundredth of all together."""
    sums = _chart_month_sums(timeline)
    # A few models dated before their family would stretch the axis by years.
    return sum(100 * total < sum(sums) for total in accumulate(sums))


def _chart_month_sums(timeline: Timeline) -> Sequence[int]:
    return timeline.line("all").values if _has_charted_variants(timeline) else timeline.sums()


def _has_charted_variants(timeline: Timeline) -> bool:
    return any(line.key == "all" for line in timeline.lines)


def _chart_month_number(month: str) -> int:
    """Return how many months a month lies after the first of the calendar."""
    year, _, number = month.partition("-")
    return int(year) * 12 + int(number) - 1


def variant_panels(
    trend: TrendText,
    chart: Chart,
    timeline_of: Callable[[VariantSeries], Timeline],
    convert: Callable[[Timeline], Timeline] = lambda timeline: timeline,
) -> list[Block]:
    """Return a chart of months by each definition, every field with the same series and colors.

    `timeline_of` finds new models a month, `convert` makes of them what the chart shows.
    """
    like = timeline_of(trend.findings.by_variant["all"])
    panels = []
    for key, side in trend.findings.by_variant.items():
        new = timeline_of(side)
        series = fold_series(trend, convert(new).lines, convert(like).lines)
        all_series = every_series(trend, convert(new))
        if chart.is_percent:
            series, all_series = share_series(series), share_series(all_series)
        shaded = shaded_chart_months(new, new.undated)
        panels.append(Panel(key, trend.line_name(key), series, all_series, shaded))
    return _panel_blocks(trend, chart, panels)


def since_panels(trend: TrendText, chart: Chart) -> list[Block]:
    """Return the growth of each release since its release day by each definition."""
    findings = trend.findings
    slots = choose_series_slots(findings.by_release.lines, findings.since_release.lines)
    panels = []
    for key, side in findings.by_variant.items():
        series, all_series = since_series(trend, side.since_release, slots)
        panels.append(Panel(key, trend.line_name(key), series, all_series))
    return _panel_blocks(trend, chart, panels)


def _panel_blocks(trend: TrendText, chart: Chart, panels: Sequence[Panel]) -> list[Block]:
    def top_series_name(panel: Panel) -> str:
        sizes = [(sum(value or 0 for value in line.values), line) for line in panel.series]
        size, top = max(sizes, key=lambda pair: pair[0], default=(0, None))
        return f"{panel.name}: {top.name if top and size else NOTHING}"

    # Small fields have no room for the marks of releases.
    is_shaded = any(panel.shaded for panel in panels)
    panelled = replace(
        chart,
        name=f"{chart.name}-by-variant",
        title=trend.say("sides.chart", title=chart.title),
        text=trend.say("sides.alt", tops="; ".join(map(top_series_name, panels))),
        marks=(),
        shaded_text=trend.say("page.cannot_each") if is_shaded else "",
        series=panels[0].series,
        all_series=(),
        panels=panels,
    )
    return [trend.say("sides.text"), picture_block(trend, panelled)]


def bar_chart(
    trend: TrendText, name: str, along: str, section: str, parts: Sequence[GroupSize]
) -> Chart:
    """Return the parts of a whole as bars."""
    positions = [Position(part.key, part.key) for part in parts]
    values = [part.models for part in parts]
    return Chart(
        name=name,
        kind=ChartKind.BARS,
        title=trend.say(section),
        text=_bar_text(trend, positions, values),
        along=Position(along, trend.say(f"column.{along}")),
        positions=positions,
        series=[Series("models", trend.say("column.models"), values)],
    )


def tag_chart(trend: TrendText) -> Chart:
    """Return the most frequent license tags as bars, the others as one; the file holds each."""
    parts = trend.findings.licenses
    positions = [Position(part.key, part.key, is_word=True) for part in parts]
    values = [part.models for part in parts]
    # Authors write what they like: of some hundred tags most have one model.
    large, sizes = positions[:_MOST_TAGS], values[:_MOST_TAGS]
    if remaining := sum(values[_MOST_TAGS:]):
        large.append(Position("others", trend.say("column.others")))
        sizes.append(remaining)
    models = trend.say("column.models")
    return Chart(
        name="licenses",
        kind=ChartKind.BARS,
        title=trend.say("license.chart"),
        text=_bar_text(trend, large, sizes),
        along=Position("license", trend.say("column.license")),
        positions=large,
        series=[Series("models", models, sizes)],
        all_positions=positions,
        all_series=[Series("models", models, values)],
    )


def _bar_text(trend: TrendText, positions: Sequence[Position], values: Sequence[int]) -> str:
    labelled = zip(positions, values, strict=True)
    return "; ".join(
        f"{short_tag_text(each.name)}: {trend.texts.number(n)}" for each, n in labelled
    )


def tag_month_chart(trend: TrendText, none_name: str) -> Chart:
    """Return the tags of each month's new models; in a sample of the known alone."""
    mix = trend.findings.license_mix
    lines, most = list(mix.by_month.lines), MOST_TAG_COLUMNS - 1
    # A tag is a stranger's word: it is never translated, and its key is its place.
    series = [
        Series(f"tag {at}", short_tag_text(line.key), line.values, line.undated, at)
        for at, line in enumerate(lines[:most])
    ]
    if small := lines[most:]:
        remaining = _add_lines("others", small)
        name = trend.say("column.others")
        series.append(Series("others", name, remaining.values, remaining.undated, most))
    none = Series("none", none_name, mix.none.values, mix.none.undated, MOST_SERIES - 1)
    is_sample = trend.findings.knowledge.is_sample
    top = lines[0]
    chart = Chart(
        name="licenses-by-month",
        kind=ChartKind.STACKED,
        title=trend.say("license.month_chart"),
        text=trend.say("license.alt", name=short_tag_text(top.key), models=sum(top.values)),
        along=Position("month", trend.say("column.month")),
        positions=[Position(month, trend.texts.month(month)) for month in mix.by_month.months],
        series=series if is_sample else [*series, none],
        table_only=[none] if is_sample else [],
        skipped=nearly_empty_chart_months(mix.by_month),
        steps=MONTHS,
    )
    return mark_incomplete_in_chart(trend, chart, mix.by_month)


def short_tag_text(tag: str) -> str:
    """Return a tag in at most so many letters as a chart has room for."""
    tag = tag.strip() or NOTHING
    is_long = len(tag) > _LONGEST_TAG
    return f"{tag[: _LONGEST_TAG - 1]}\N{HORIZONTAL ELLIPSIS}" if is_long else tag
