"""What sections of a trend report are built of: a chart with its table, files and notes."""

from collections.abc import Sequence

from lineage.analysis.growth import VariantCounts
from lineage.reporting.chart_texts import Chart, Position, Series
from lineage.reporting.document import NOTHING, Cell, Column, Picture, Table, Word
from lineage.reporting.trend_words import Told


def file_name(told: Told, chart: Chart, ending: str) -> str:
    """Return what a chart's file is called; numbers need no language."""
    stem = f"trend.{told.found.family.id}.{chart.name}"
    language = "" if ending == "csv" else f".{told.says.language.value}"
    return f"{stem}{language}.{ending}"


def picture(told: Told, chart: Chart) -> Picture:
    """Return a chart as a block, with the table of what it shows."""
    names = [file_name(told, chart, ending) for ending in ("csv", "svg", "png")]
    text = told.say("page.files", csv=names[0], svg=names[1], png=names[2])
    if chart.told_at:
        text = f"{text} {told.say('page.told_at')}"
    return Picture(chart, table(told, chart), told.say("page.numbers"), names[1], text)


def table(told: Told, chart: Chart) -> Table:
    """Return the numbers of a chart; fields side by side stand below each other."""
    series = [*chart.series, *chart.told_also]
    columns = [Column(chart.along.name)]
    columns += [Column(one.name, is_number=True) for one in series]
    if not chart.panels:
        return Table(columns, _rows(told, chart, series))
    rows = [
        (panel.name, *row) for panel in chart.panels for row in _rows(told, chart, panel.series)
    ]
    return Table([Column(told.say("column.way")), *columns], rows)


def _rows(told: Told, chart: Chart, series: Sequence[Series]) -> list[Sequence[Cell]]:
    """Return a line of cells for each position that is told; a series may be missing in a field."""
    known = {one.key: one for one in series}
    columns = [*chart.series, *chart.told_also]

    def spelled(key: str, at: int) -> str:
        value = known[key].values[at] if key in known else None
        if value is None:
            return NOTHING
        if chart.is_percent:
            return told.says.percent(round(value * 1000), 100_000)
        return told.says.number(round(value))

    def name(position: Position) -> str | Word:
        return Word(position.name) if position.is_word else position.name

    rows: list[Sequence[Cell]] = [
        (name(chart.positions[at]), *(spelled(one.key, at) for one in columns))
        for at in chart.told_at or range(len(chart.positions))
    ]
    if any(one.undated is not None for one in series):
        undated = (known[one.key].undated if one.key in known else 0 for one in columns)
        rows.append((told.say("dates.undated"), *(told.says.number(n or 0) for n in undated)))
    return rows


def variants_table(told: Told, first: str, rows: Sequence[VariantCounts]) -> Table:
    """Return groups counted in four ways, side by side."""
    keys = ("all", "authors", "no_bursts", "downloads")
    columns = [
        Column(told.say(f"column.{first}")),
        *(Column(told.say(f"column.{key}"), is_number=True) for key in keys),
    ]
    number = told.says.number
    return Table(
        columns,
        [
            (
                told.name(row.key),
                *(number(one) for one in (row.all, row.authors, row.no_bursts, row.downloads)),
            )
            for row in rows
        ],
    )
