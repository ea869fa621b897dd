"""What a trend report is built of: its texts, charts as blocks, and the tables by day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from lineage.analysis.groups import MIXED, UNKNOWN
from lineage.analysis.growth.results import ClaimPassed, OnDate, TrendFindings, VariantCounts
from lineage.domain.claims import Relation
from lineage.domain.families import Family
from lineage.reporting.charts.old_chart import Chart, Series
from lineage.reporting.document import (
    NOTHING,
    Block,
    Cell,
    Column,
    OldPicture,
    Section,
    Table,
    Word,
    table_columns,
)
from lineage.reporting.language import Language, Texts, load_texts
from lineage.store.manifest import Manifest

VARIANTS = ("all", "authors", "no_bursts", "downloads")


@dataclass(frozen=True, slots=True)
class TrendText:
    """Findings and the words of a language for them."""

    findings: TrendFindings
    manifest: Manifest
    texts: Texts
    families: Mapping[str, str]
    """Names of families by id."""

    @classmethod
    def in_language(
        cls,
        findings: TrendFindings,
        manifest: Manifest,
        language: Language,
        families: Sequence[Family],
    ) -> "TrendText":
        """Take the words of a language."""
        names = {family.id: family.name for family in families}
        return cls(findings, manifest, load_texts(language, "trend"), names)

    def say(self, key: str, **places: object) -> str:
        """Return a text; the family's name and the least downloads are always at hand."""
        always = {
            "family": self.findings.family.name,
            "least": self.findings.least_downloads,
            "claim": self.findings.dates.claim,
        }
        return self.texts.say(key, **{**always, **places})

    def line_name(self, key: str) -> str:
        """Return what a line is called: a relation, a variant, a family, or as it is."""
        # Words of ours are translated, and nothing else: a family may be called like one of them.
        if key in set(Relation):
            return load_texts(self.texts.language).say(f"words.{key}")
        if key in {MIXED, UNKNOWN, *VARIANTS, "others"}:
            return self.say(f"column.{key}")
        return self.families.get(key, key)

    @property
    def last_day(self) -> date:
        """The day that was asked about, but none after the snapshot's own."""
        taken = self.manifest.origin.taken_at.date()
        # Of days to come the data say nothing.
        return min(self.findings.definition.as_of or taken, taken)


def chart_file(family: str, chart: Chart, language: Language, ending: str) -> str:
    """Return what a chart's file is called; numbers need no language."""
    stem = f"trend.{family}.{chart.name}"
    return f"{stem}.{ending}" if ending == "csv" else f"{stem}.{language.value}.{ending}"


def picture_block(trend: TrendText, chart: Chart) -> OldPicture:
    """Return a chart as a block, with the table of what it shows."""
    family, language = trend.findings.family.id, trend.texts.language
    names = [chart_file(family, chart, language, ending) for ending in ("csv", "svg", "png")]
    note = trend.say("page.table_weeks") if chart.table_positions else ""
    return OldPicture(chart, chart_table(trend, chart), trend.say("page.numbers"), names, note)


def chart_table(trend: TrendText, chart: Chart) -> Table:
    """Return the numbers of a chart; fields side by side stand below each other."""
    series = [*chart.series, *chart.table_only]
    columns = [Column(chart.along.name)]
    columns += [Column(line.name, is_number=True) for line in series]
    if not chart.panels:
        return Table(columns, _chart_rows(trend, chart, series))
    rows = [
        (panel.name, *row)
        for panel in chart.panels
        for row in _chart_rows(trend, chart, panel.series)
    ]
    return Table([Column(trend.say("column.way")), *columns], rows)


def _chart_rows(trend: TrendText, chart: Chart, series: Sequence[Series]) -> list[Sequence[Cell]]:
    """Return a line of cells for each position of the table; a panel may lack a series."""
    by_key = {line.key: line for line in series}
    # In the order of the chart's own series, so that all fields share their columns.
    columns = [by_key.get(line.key) for line in (*chart.series, *chart.table_only)]

    def spell_value(line: Series | None, at: int) -> str:
        value = line.values[at] if line else None
        if value is None:
            return NOTHING
        if chart.is_percent:
            return trend.texts.percent(round(value * 1000), 100_000)
        return trend.texts.number(round(value))

    rows: list[Sequence[Cell]] = []
    for at in chart.table_positions or range(len(chart.positions)):
        position = chart.positions[at]
        name = Word(position.name) if position.is_word else position.name
        if at >= len(chart.positions) - chart.incomplete:
            name = trend.say("page.incomplete_row", month=position.name)
        rows.append((name, *(spell_value(line, at) for line in columns)))
    if any(line.undated is not None for line in series):
        undated = [(line.undated or 0) if line else 0 for line in columns]
        rows.append((trend.say("dates.undated"), *map(trend.texts.number, undated)))
    return rows


def variants_table(trend: TrendText, first: str, rows: Sequence[VariantCounts]) -> Table:
    """Return groups by each of the four definitions, side by side."""
    number = trend.texts.number
    columns = [Column(trend.say(f"column.{first}"))]
    columns += [Column(trend.say(f"column.{key}"), is_number=True) for key in VARIANTS]
    cells = [
        (
            trend.line_name(row.key),
            *(number(models) for models in (row.all, row.authors, row.no_bursts, row.downloads)),
        )
        for row in rows
    ]
    return Table(columns, cells)


def date_section(trend: TrendText) -> Section:
    """Say how many there were on each day, by each of the definitions compared."""
    dates = trend.findings.dates
    columns = [
        Column(trend.say("column.on"), is_short=True),
        Column(trend.say("column.event")),
        Column(trend.say("dates.tells")),
        *(Column(step, is_number=True) for step in _step_name_texts(trend)),
    ]
    undated: list[Cell] = [trend.texts.number(models) for models in dates.undated]
    rows = [_date_table_row(trend, row) for row in dates.rows]
    table = Table(columns, [*rows, [trend.say("dates.undated"), NOTHING, NOTHING, *undated]])
    blocks: list[Block] = [trend.say("dates.text"), table, trend.say("dates.rule")]
    return Section(trend.say("dates.title"), blocks)


def _date_table_row(trend: TrendText, row: OnDate) -> list[Cell]:
    dates, is_sample = trend.findings.dates, trend.findings.knowledge.is_sample
    reliable = [dates.is_reliable(row, at) for at in range(len(row.numbers))]
    # A number that could be twice as large is shown, and marked as what it is.
    cells: list[Cell] = [
        trend.texts.number(models) if is_reliable else trend.say("dates.cannot", n=models)
        for models, is_reliable in zip(row.numbers, reliable, strict=True)
    ]
    if all(reliable):
        verdict = "dates.tells_all"
    elif any(reliable):
        verdict = "dates.tells_some"
    else:
        verdict = "dates.tells_none_sample" if is_sample else "dates.tells_none"
    if row.releases:
        event = ", ".join(row.releases)
    elif row.day != trend.last_day:
        event = trend.say("dates.year_end")
    else:
        is_today = trend.findings.definition.as_of is None
        event = trend.say("dates.taken" if is_today else "dates.asked")
    day = trend.texts.date(row.day)
    if not row.complete:
        day = trend.say("page.incomplete_row", month=day)
    return [day, event, trend.say(verdict), *cells]


def claim_section(trend: TrendText) -> Section:
    """Say when a claimed number was passed, and the earliest day on which it can have been."""
    dates = trend.findings.dates
    columns = [
        Column(trend.say("column.counted")),
        Column(trend.say("claim.surely"), is_short=True),
        Column(trend.say("claim.earliest"), is_short=True),
        *table_columns(trend.texts, "claim", "#dated", "#undated"),
    ]
    numbers = zip(
        _step_name_texts(trend), dates.passed, dates.rows[-1].numbers, dates.undated, strict=True
    )
    rows = [
        [
            step,
            _spell_report_day(trend, passed.surely, "claim.never"),
            _earliest_day_text(trend, passed),
            trend.texts.number(dated),
            trend.texts.number(undated),
        ]
        for step, passed, dated, undated in numbers
    ]
    text = [trend.say("claim.text")]
    if trend.findings.knowledge.is_sample:
        text.append(trend.say("claim.sample"))
    return Section(trend.say("claim.title"), [*text, Table(columns, rows)])


def _earliest_day_text(trend: TrendText, passed: ClaimPassed) -> str:
    # A sample lacks models, each of which would make the day earlier.
    if trend.findings.knowledge.is_sample:
        return trend.say("claim.cannot")
    if passed.earliest == trend.findings.dates.rows[0].day:
        return trend.say("dates.tells_none")
    return _spell_report_day(trend, passed.earliest, "claim.not_at_all")


def _spell_report_day(trend: TrendText, day: date | None, otherwise: str) -> str:
    return trend.say(otherwise) if day is None else trend.texts.date(day)


def _step_name_texts(trend: TrendText) -> list[str]:
    steps = trend.findings.dates.steps
    return [trend.say(f"step.{step.value.replace(' ', '_')}") for step in steps]
