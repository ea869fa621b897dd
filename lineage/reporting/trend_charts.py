"""The charts of a trend report: what is drawn of the findings, and in which words."""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date

from lineage.analysis.groups import MIXED, UNKNOWN
from lineage.analysis.growth.results import GrowthSeries, Timeline
from lineage.analysis.growth.trends import LEAST_DATED, LEAST_MODELS
from lineage.domain.claims import RELATIONS, Relation
from lineage.domain.definitions import Closure
from lineage.reporting.charts.chart import Axis, Chart, ChartKind, Panel, Position, Series
from lineage.reporting.charts.palette import GRAY
from lineage.reporting.trend_text import (
    TrendText,
    growth_headline,
    mixes_headline,
    rivals_headline,
    share_headline,
    since_release_headline,
    variants_headline,
)

LEAST_FOR_SHARE = 100
"""A share of fewer new models a month is chance."""
_MOST_MONTHS = 18
_LEAST_RIVAL = 20
"""A family is drawn beside others where it has at least this part of the largest one's models."""
_LEAST_START = 100
"""Growth is drawn from the month on in which there is this part of all."""
_NAMES_SPOKEN = 4


def trend_charts(trend: TrendText) -> Iterator[Chart]:
    """Yield the charts that the findings give, the one that stands for the report first."""
    findings = trend.findings
    if findings.has_history:
        yield _history_chart(trend)
    elif len(findings.growth.months) - findings.growth.incomplete > 1:
        yield _created_chart(trend)
    if findings.has_history and len(findings.history.families) > 1:
        yield _rivals_chart(trend)
    if months := list_charted_months(findings.shares):
        yield _shares_chart(trend, months)
    if findings.mixes:
        yield _mixes_chart(trend)
    if findings.since_release.lines:
        yield _since_release_chart(trend)
    if findings.inferred:
        yield _inferred_chart(trend)
    if len(findings.variants.months) - findings.variants.incomplete > 1:
        yield _variants_chart(trend)


def list_charted_months(shares: Timeline) -> list[str]:
    """Return the last months, from the first on that holds enough to be drawn.

    The running month is the last: models dated later than the data end are no month's news.
    """
    sums = shares.sums()[: len(shares.months) - shares.incomplete + 1]
    first = next((at for at, models in enumerate(sums) if models >= LEAST_FOR_SHARE), len(sums))
    return list(shares.months[max(first, len(sums) - _MOST_MONTHS) : len(sums)])


def is_charted_month_reliable(timeline: Timeline, month: str) -> bool:
    """Say whether enough is dated in a month, and by its end, to compare it with others."""
    at = timeline.months.index(month)
    return at >= timeline.few and sum(it.values[at] for it in timeline.lines) >= LEAST_FOR_SHARE


def _chart_series_of(trend: TrendText, lines: Sequence[GrowthSeries[int]]) -> list[Series]:
    return [Series(line.key, trend.line_name(line.key), list(line.values)) for line in lines]


def _largest_line(lines: Sequence[GrowthSeries[int]]) -> GrowthSeries[int]:
    return max(lines, key=lambda line: line.values[-1])


def _join_names_in_headline(trend: TrendText, pairs: Sequence[tuple[str, int]]) -> str:
    """Spell the largest of some parts with their numbers."""
    largest = sorted(pairs, key=lambda pair: -pair[1])[:_NAMES_SPOKEN]
    return ", ".join(f"{trend.line_name(key)} {trend.texts.number(n)}" for key, n in largest)


def _history_chart(trend: TrendText) -> Chart:
    """Return the subject by release, as counted at each snapshot."""
    history = trend.findings.history
    days = [moment.taken_at.date() for moment in history.moments]
    top = _largest_line(history.parts) if history.parts else GrowthSeries("", history.whole)
    text = trend.say(
        "alt.history",
        first=history.whole[0],
        first_day=days[0],
        last=history.whole[-1],
        last_day=days[-1],
        name=trend.line_name(top.key),
        models=top.values[-1],
    )
    return Chart(
        name="history",
        kind=ChartKind.AREA,
        headline=growth_headline(trend),
        definition=trend.say("chart.history", n=len(days)),
        source=trend.report_source_line(of_history=True),
        text=text,
        axis=Axis.DAYS,
        positions=[Position(day.isoformat(), trend.texts.date(day)) for day in days],
        series=_chart_series_of(trend, history.parts),
    )


def _created_chart(trend: TrendText) -> Chart:
    """Return the subject by release, by the dates of creation of the models there are."""
    growth = trend.findings.growth
    shown = _shown_span(growth)
    months = growth.months[shown]
    lines = [GrowthSeries(line.key, line.values[shown]) for line in growth.lines]
    top = _largest_line(lines)
    key = "chart.created_direct" if _is_direct_chart(trend) else "chart.created"
    notes = [trend.say(key)]
    if trend.findings.undated:
        notes.append(trend.say("chart.created_undated", undated=trend.findings.undated))
    notes += [trend.say("chart.pale")] if growth.few else []
    text = trend.say(
        "alt.created",
        last=sum(line.values[-1] for line in lines),
        month=trend.texts.month(months[-1]),
        name=trend.line_name(top.key),
        models=top.values[-1],
    )
    return Chart(
        name="created",
        kind=ChartKind.AREA,
        headline=growth_headline(trend),
        definition=" ".join(notes),
        source=trend.report_source_line(of_history=False),
        text=text,
        axis=Axis.DAYS,
        positions=_charted_month_ends(trend, months, growth.few - shown.start),
        series=_chart_series_of(trend, lines),
    )


def _is_direct_chart(trend: TrendText) -> bool:
    return trend.findings.definition.closure is Closure.DIRECT


def _chart_note_on_running_month(trend: TrendText, timeline: Timeline) -> list[str]:
    if not timeline.incomplete:
        return []
    month = trend.texts.month(timeline.months[-timeline.incomplete])
    return [trend.say("chart.running", month=month)]


def _shown_span(growth: Timeline) -> slice:
    """Return which months are drawn of a timeline that is added up: those over, and not empty."""
    over = len(growth.months) - growth.incomplete
    sums = [max(column) for column in zip(*(line.values for line in growth.lines), strict=True)]
    # A handful of early models would stretch the axis by years.
    first = next((at for at in range(over) if _LEAST_START * sums[at] >= sums[over - 1]), 0)
    return slice(min(first, max(over - 2, 0)), over)


def _charted_month_ends(trend: TrendText, months: Sequence[str], few: int) -> list[Position]:
    ends = []
    for at, month in enumerate(months):
        year, number = map(int, month.split("-"))
        day = date(year, number, monthrange(year, number)[1])
        ends.append(Position(day.isoformat(), trend.texts.date(day), is_pale=at < few))
    return ends


def _rivals_chart(trend: TrendText) -> Chart:
    """Return the families side by side, as counted at each snapshot."""
    history = trend.findings.history
    days = [moment.taken_at.date() for moment in history.moments]
    least = -(-max(line.values[-1] for line in history.families) // _LEAST_RIVAL)
    lines = [
        line for line in history.families if line.values[-1] >= least or line.key == trend.family_id
    ]
    text = trend.say(
        "alt.rivals",
        n=len(lines),
        day=days[-1],
        names=_join_names_in_headline(trend, [(line.key, line.values[-1]) for line in lines]),
    )
    return Chart(
        name="rivals",
        kind=ChartKind.LINES,
        headline=rivals_headline(trend),
        definition=trend.say("chart.rivals", n=len(days), least_models=least),
        source=trend.report_source_line(of_history=True),
        text=text,
        axis=Axis.DAYS,
        positions=[Position(day.isoformat(), trend.texts.date(day)) for day in days],
        series=_chart_series_of(trend, lines),
        subject=trend.family_id,
    )


def _shares_chart(trend: TrendText, months: Sequence[str]) -> Chart:
    """Return the families' parts of the new models of each month."""
    shares = trend.findings.shares
    first, running = shares.months.index(months[0]), len(shares.months) - shares.incomplete
    reliable = [is_charted_month_reliable(shares, month) for month in months]
    sums = [sum(line.values) for line in shares.lines if line.key != MIXED]
    notes = [trend.say("chart.shares", families=sum(map(bool, sums)))]
    notes += [] if all(reliable) else [trend.say("chart.pale")]
    notes += _chart_note_on_running_month(trend, shares)
    place = shares.months.index(months[-1])
    over = shares.months[:running]
    named = [
        month for month in months if month in over and is_charted_month_reliable(shares, month)
    ]
    lines = [
        GrowthSeries(line.key, line.values[first : first + len(months)]) for line in shares.lines
    ]
    return Chart(
        name="shares",
        kind=ChartKind.COLUMNS,
        headline=share_headline(trend, named[-1] if named else None),
        definition=" ".join(notes),
        source=trend.report_source_line(of_history=False),
        text=trend.say(
            "alt.shares",
            n=len(months),
            month=trend.texts.month(months[-1]),
            names=_join_names_in_headline(
                trend, [(line.key, line.values[place]) for line in shares.lines]
            ),
        ),
        axis=Axis.MONTHS,
        positions=[
            Position(
                month,
                trend.texts.month(month),
                is_pale=not is_fit,
                is_hatched=shares.months.index(month) >= running,
            )
            for month, is_fit in zip(months, reliable, strict=True)
        ],
        series=_chart_series_of(trend, lines),
        subject=trend.family_id,
        is_share=True,
    )


def _mixes_chart(trend: TrendText) -> Chart:
    """Return how the models of each release were made, in the order of the releases."""
    mixes = list(trend.findings.mixes)
    if trend.is_family:
        large = [mix for mix in mixes if mix.models >= LEAST_MODELS]
        mixes = [mix for mix in large if mix.key != UNKNOWN] or mixes
    key = "chart.mixes" if trend.is_family else "chart.mix_subject"
    first = mixes[0]
    names = _join_names_in_headline(
        trend, [(key.value, n) for key, n in first.by_relation.items() if n]
    )
    name = trend.line_name(first.key) if trend.is_family else trend.subject
    return Chart(
        name="relations",
        kind=ChartKind.BARS,
        headline=mixes_headline(trend),
        definition=trend.say(key, least_models=LEAST_MODELS),
        source=trend.report_source_line(of_history=False),
        text=trend.say("alt.mixes", n=len(mixes), name=name, names=names),
        axis=Axis.NAMES,
        positions=[
            Position(mix.key, trend.line_name(mix.key) if trend.is_family else trend.subject)
            for mix in mixes
        ],
        series=[
            Series(
                relation.value,
                trend.line_name(relation.value),
                [mix.by_relation.get(relation, 0) for mix in mixes],
                GRAY if relation is Relation.UNSPECIFIED else None,
            )
            for relation in RELATIONS
        ],
        is_share=True,
    )


def _inferred_chart(trend: TrendText) -> Chart:
    """Return the subject by release, apart by what is declared and what is inferred."""
    inferred = trend.findings.inferred
    rows = [mix for mix in trend.findings.mixes if mix.key in inferred]
    largest = max(inferred, key=inferred.__getitem__)
    return Chart(
        name="inferred",
        kind=ChartKind.BARS,
        headline=trend.say(
            "headline.inferred", inferred=sum(inferred.values()), models=trend.findings.models
        ),
        definition=trend.say("chart.inferred"),
        source=trend.report_source_line(of_history=False),
        text=trend.say(
            "alt.inferred",
            n=len(rows),
            name=trend.line_name(largest),
            inferred=inferred[largest],
        ),
        axis=Axis.NAMES,
        positions=[Position(mix.key, trend.line_name(mix.key)) for mix in rows],
        series=[
            Series(
                "declared",
                trend.say("column.declared"),
                [mix.models - inferred[mix.key] for mix in rows],
            ),
            Series(
                "inferred",
                trend.say("column.inferred"),
                [inferred[mix.key] for mix in rows],
                is_hatched=True,
            ),
        ],
        subject="declared",
    )


def _since_release_chart(trend: TrendText) -> Chart:
    """Return the growth of each release from its own first day."""
    since = trend.findings.since_release
    longest = len(since.days)
    # A flat line beyond the last known date would say that nothing more was made.
    series = [
        Series(
            line.key,
            trend.line_name(line.key),
            [*line.values, *[None] * (longest - len(line.values))],
        )
        for line in since.lines
    ]
    top = _largest_line(since.lines)
    return Chart(
        name="since-release",
        kind=ChartKind.LINES,
        headline=since_release_headline(trend),
        definition=trend.say(
            "chart.since_release",
            share=trend.texts.whole_percent_in_language(round(100 * LEAST_DATED)),
            least_models=LEAST_MODELS,
        ),
        source=trend.report_source_line(of_history=False),
        text=trend.say(
            "alt.since_release",
            n=len(series),
            name=trend.line_name(top.key),
            models=top.values[-1],
        ),
        axis=Axis.NUMBERS,
        positions=[Position(str(day), trend.texts.number(day)) for day in since.days],
        series=series,
        highlighted=[line.key for line in since.lines],
    )


def _variants_chart(trend: TrendText) -> Chart:
    """Return the subject in four ways of counting, a field for each on one scale."""
    variants, bounds = trend.findings.variants, trend.findings.bounds
    shown = _shown_span(variants)
    months = variants.months[shown]
    panels = [
        Panel(
            line.key,
            trend.line_name(line.key),
            [Series("models", trend.say("column.models"), list(line.values[shown]))],
        )
        for line in variants.lines
    ]
    ends = [(line.key, line.values[shown][-1]) for line in variants.lines]
    notes = [trend.say("chart.variants", burst=bounds.burst_models, days=bounds.burst_days)]
    notes += [trend.say("chart.pale")] if variants.few else []
    return Chart(
        name="variants",
        kind=ChartKind.AREA,
        headline=variants_headline(trend),
        definition=" ".join(notes),
        source=trend.report_source_line(of_history=False),
        text=trend.say("alt.variants", names=_join_names_in_headline(trend, ends)),
        axis=Axis.DAYS,
        positions=_charted_month_ends(trend, months, variants.few - shown.start),
        series=panels[0].series,
        panels=panels,
    )
