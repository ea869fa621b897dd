"""The charts of a trend report side by side, each field counted in another of the four ways."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from lineage.analysis.growth import Timeline, VariantSeries
from lineage.reporting import trend_charts as charts
from lineage.reporting.chart_texts import Chart, Panel, Series
from lineage.reporting.document import NOTHING, Block
from lineage.reporting.trend_blocks import picture
from lineage.reporting.trend_words import Told


def side_by_side(
    told: Told,
    chart: Chart,
    timeline_of: Callable[[VariantSeries], Timeline],
    as_told: Callable[[Timeline], Timeline] = lambda timeline: timeline,
) -> list[Block]:
    """Return a chart of months in each way, every field with the same series and colors.

    `timeline_of` finds new models a month, `as_told` makes of them what the chart shows.
    """
    like = timeline_of(told.found.by_variant["all"])
    panels = []
    for key, side in told.found.by_variant.items():
        new = timeline_of(side)
        drawn = charts.series_of(told, as_told(new).lines, as_told(like).lines)
        in_file = charts.all_series(told, as_told(new))
        if chart.is_percent:
            drawn, in_file = charts.as_shares(drawn), charts.as_shares(in_file)
        shaded = charts.shaded_months(new, new.undated)
        panels.append(Panel(key, told.name(key), drawn, in_file, shaded))
    return _blocks(told, chart, panels)


def grown_side_by_side(told: Told, chart: Chart) -> list[Block]:
    """Return the growth of each release since its release day in each way."""
    found = told.found
    slots = charts.slots_of(found.by_release.lines, found.since_release.lines)
    panels = []
    for key, side in found.by_variant.items():
        drawn, in_file = charts.grown(told, side.since_release, slots)
        panels.append(Panel(key, told.name(key), drawn, in_file))
    return _blocks(told, chart, panels)


def _blocks(told: Told, chart: Chart, panels: Sequence[Panel]) -> list[Block]:
    made = replace(
        chart,
        name=f"{chart.name}-by-variant",
        title=told.say("sides.chart", title=chart.title),
        text=told.say("sides.alt", tops="; ".join(map(_top, panels))),
        marks=(),
        shaded_text=told.say("page.cannot_each") if any(one.shaded for one in panels) else "",
        series=panels[0].series,
        all_series=(),
        panels=panels,
    )
    return [told.say("sides.text"), picture(told, made)]


def _top(panel: Panel) -> str:
    """Return the line that holds most, counted this way."""

    def whole(one: Series) -> float:
        return sum(value or 0 for value in one.values)

    top = max(panel.series, key=whole, default=None)
    return f"{panel.name}: {top.name if top and whole(top) else NOTHING}"
