"""What a trend report says of license tags: which are known, over time and by release."""

from lineage.analysis.growth import GrowthSeries
from lineage.reporting import trend_charts as charts
from lineage.reporting.chart_texts import Chart, ChartKind, Position, Series
from lineage.reporting.document import NOTHING, Block, Column, Section, Table
from lineage.reporting.trend_blocks import picture
from lineage.reporting.trend_words import Told

_MOST_TAGS = 12
_MOST_COLUMNS = 7
_LONGEST = 32
"""A tag is as long as its author likes; the files hold it whole."""


def licenses(told: Told) -> Section:
    """Say which tags are known; of a sample never that somebody declares none."""
    found = told.found
    title, known = told.say("license.title"), sum(part.models for part in found.licenses)
    if not known:
        return Section(title, [told.say("license.none", none=none_word(told))])
    key = "license.text" if found.knowledge.is_sample else "license.text_hub"
    blocks: list[Block] = [told.say(key, models=found.models, known=known)]
    blocks += [_alt(told), picture(told, _bars(told))]
    if found.license_mix.by_month.months:
        chart = _by_month(told)
        blocks += [told.say(f"{key}_by_month"), picture(told, chart)]
    blocks += [told.say("license.by_release"), _by_release(told)]
    return Section(title, blocks)


def none_word(told: Told) -> str:
    """Return what is said of models without a known tag."""
    return told.say("license.unknown" if told.found.knowledge.is_sample else "license.undeclared")


def _alt(told: Told) -> str:
    top = told.found.licenses[0]
    return told.say("license.alt", name=_short(top.key), models=top.models)


def _bars(told: Told) -> Chart:
    """Return the most frequent tags as bars, the rest as one; the file holds each."""
    parts = told.found.licenses
    shown = parts[:_MOST_TAGS]
    positions = [Position(part.key, part.key, is_word=True) for part in shown]
    values = [part.models for part in shown]
    if rest := sum(part.models for part in parts[_MOST_TAGS:]):
        positions.append(Position("others", told.say("column.others")))
        values.append(rest)
    models = told.say("column.models")
    return Chart(
        name="licenses",
        kind=ChartKind.BARS,
        title=told.say("license.chart"),
        text="; ".join(
            f"{_short(one.name)}: {told.says.number(value)}"
            for one, value in zip(positions, values, strict=True)
        ),
        along=Position("license", told.say("column.license")),
        positions=positions,
        series=[Series("models", models, values)],
        all_positions=[Position(part.key, part.key, is_word=True) for part in parts],
        all_series=[Series("models", models, [part.models for part in parts])],
    )


def _by_month(told: Told) -> Chart:
    """Return the tags of each month's new models; in a sample of the known alone."""
    mix = told.found.license_mix
    lines = list(mix.by_month.lines)
    folded = _folded(told, lines)
    none = Series(
        "none", none_word(told), mix.none.values, mix.none.undated, charts.MOST_SERIES - 1
    )
    is_sample = told.found.knowledge.is_sample
    top = lines[0]
    return Chart(
        name="licenses-by-month",
        kind=ChartKind.STACKED,
        title=told.say("license.month_chart"),
        text=told.say("license.alt", name=_short(top.key), models=sum(top.values)),
        along=Position("month", told.say("column.month")),
        positions=[Position(one, told.says.month(one)) for one in mix.by_month.months],
        series=folded if is_sample else [*folded, none],
        told_also=[none] if is_sample else [],
        skipped=charts.nearly_empty(mix.by_month),
        steps=charts.MONTHS,
    )


def _folded(told: Told, lines: list[GrowthSeries[int]]) -> list[Series]:
    """Return the most frequent tags, the rest as one; a tag is never translated."""
    most = _MOST_COLUMNS - 1
    series = [
        Series(f"tag {at}", _short(line.key), line.values, line.undated, at)
        for at, line in enumerate(lines[:most])
    ]
    if not (rest := lines[most:]):
        return series
    values = [sum(column) for column in zip(*(line.values for line in rest), strict=True)]
    undated = sum(line.undated for line in rest)
    return [*series, Series("others", told.say("column.others"), values, undated, most)]


def _by_release(told: Told) -> Table:
    """Return a row for each release: its most frequent tags, the rest, and who has none."""
    mix, number = told.found.license_mix, told.says.number
    most = _MOST_COLUMNS - 1
    names = [_short(tag) for tag in mix.tags[:most]]
    names += [told.say("column.others"), none_word(told)]
    rows = [
        (
            told.name(row.release),
            *(number(one) for one in row.tags[:most]),
            number(sum(row.tags[most:])),
            number(row.none),
        )
        for row in mix.by_release
    ]
    columns = [Column(told.say("column.release")), *(Column(one, is_number=True) for one in names)]
    return Table(columns, rows)


def _short(tag: str) -> str:
    tag = tag.strip() or NOTHING
    return tag if len(tag) <= _LONGEST else f"{tag[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
