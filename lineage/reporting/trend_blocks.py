"""What sections of a trend report are built of: a chart with its table, files and notes."""

from collections.abc import Sequence

from lineage.analysis.trends import Variants
from lineage.reporting.charts import Chart
from lineage.reporting.document import NOTHING, Column, Picture, Table, Word
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
    return Picture(chart, table(told, chart), told.say("page.numbers"), names[1], text)


def table(told: Told, chart: Chart) -> Table:
    """Return the numbers of a chart; a license or a name of a stranger stays a word."""
    columns = [Column(chart.along.name)]
    columns += [Column(one.name, is_number=True) for one in chart.series]

    def spelled(value: float | None) -> str:
        if value is None:
            return NOTHING
        if chart.is_percent:
            return told.says.percent(round(value * 1000), 100_000)
        return told.says.number(round(value))

    def name(at: int) -> str | Word:
        position = chart.positions[at]
        is_own = position.name != position.key or chart.along.key != "license"
        return position.name if is_own else Word(position.name)

    rows = [
        (name(at), *(spelled(one.values[at]) for one in chart.series))
        for at in range(len(chart.positions))
    ]
    return Table(columns, rows)


def variants_table(told: Told, first: str, rows: Sequence[Variants]) -> Table:
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
