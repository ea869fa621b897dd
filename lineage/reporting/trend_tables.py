"""The tables of a trend report: chosen days, published numbers, and the numbers of pictures."""

from collections.abc import Iterator, Sequence

from lineage.analysis.growth.results import DayBasis, DayCount, PublishedCheck, StepCount
from lineage.domain.documents import Document as CsvRow
from lineage.families.published import PublishedNumber
from lineage.reporting.document import (
    NOTHING,
    Block,
    Cell,
    Column,
    Link,
    Section,
    Table,
    Word,
    report_table_columns,
)
from lineage.reporting.trend_text import TrendText

# Days


def days_section(trend: TrendText) -> Section:
    """Say how many there were on chosen days, and how each number is known."""
    days, first = trend.findings.days, trend.findings.first_snapshot
    rows = [_report_row_of_day(trend, row) for row in days if _is_worth_a_report_row(trend, row)]
    columns = [
        Column(trend.say("days.day"), is_short=True),
        Column(trend.say("days.models"), is_number=True),
        Column(trend.say("days.basis")),
    ]
    blocks: list[Block] = [Table(columns, rows)]
    if any(row.basis is DayBasis.CREATION for row in days):
        blocks.insert(0, trend.say("days.text" if first else "days.text_alone"))
    elif first and trend.findings.undated and not trend.findings.since:
        blocks.append(trend.say("days.few", first=first, undated=trend.findings.undated))
    return Section(trend.say("days.title"), blocks)


def _is_worth_a_report_row(trend: TrendText, row: DayCount) -> bool:
    return row.basis is DayBasis.SNAPSHOT or row.at_most > 0


def _report_row_of_day(trend: TrendText, row: DayCount) -> list[Cell]:
    day = trend.texts.date(row.day)
    if row.events:
        day = f"{day} ({', '.join(row.events)})"
    models = trend.texts.number(row.models)
    if row.basis is DayBasis.CREATION:
        key = "days.creation" if row.models == row.at_most else "days.creation_undated"
        return [day, models, trend.say(key, at_most=row.at_most)]
    if row.taken_on == row.day:
        return [day, models, trend.say("days.snapshot")]
    return [day, models, trend.say("days.snapshot_earlier", day=row.taken_on)]


def report_rows_of_days(trend: TrendText) -> Iterator[CsvRow]:
    """Yield a row for each day."""
    for row in trend.findings.days:
        yield {
            "day": row.day.isoformat(),
            "models": row.models,
            "at_most": row.at_most,
            "basis": row.basis.value,
            "snapshot": row.snapshot,
            "taken_on": row.taken_on.isoformat(),
            "releases": list(row.events),
        }


# Published numbers


def published_section(trend: TrendText) -> Section | None:
    """Hold published numbers against each definition; of a sample one line, without any nothing."""
    checks, title = trend.findings.published, trend.say("published.title")
    if trend.findings.left_out:
        text = trend.texts.say_number("published.sample", trend.findings.left_out, **trend.places)
        return Section(title, [text])
    if not checks:
        return None
    columns = report_table_columns(trend.texts, "published", "claim", "counts", "answer")
    rows = [
        [
            _spell_published_claim_in_report(trend, check.published),
            _cite_in_report(trend, check.published),
            _answer_in_report_table(trend, check),
        ]
        for check in checks
    ]
    return Section(title, [trend.say("published.text"), Table(columns, rows)])


def _spell_published_claim_in_report(trend: TrendText, published: PublishedNumber) -> Cell:
    key = f"published.{published.qualifier.value.replace(' ', '_')}"
    number = trend.say(key, n=published.number)
    return [Word(published.subject), f": {number}, {_spell_written_date(trend, published)}"]


def _spell_written_date(trend: TrendText, published: PublishedNumber) -> str:
    match published.written_date.count("-"):
        case 0:
            return published.written_date
        case 1:
            return trend.texts.month(published.written_date)
        case _:
            return trend.texts.date(published.last_day)


def _cite_in_report(trend: TrendText, published: PublishedNumber) -> Cell:
    """Return what a source says it counts, and where; all of it are words of others."""
    source = published.source or trend.say("published.no_source")
    where = Link(source, published.url) if published.url else source
    return [f"{published.counts}. ", where]


def _answer_in_report_table(trend: TrendText, check: PublishedCheck) -> str:
    """Say which definition gives a number, or by how much the nearest one misses it."""
    step, number = check.nearest, check.published.number
    places = {
        "step": report_name_of_definition(trend, step),
        "models": step.models,
        "at_most": step.at_most,
        "difference": _spell_difference(trend, step.models, number),
    }
    is_range = step.at_most > step.models
    if check.is_match:
        key = "gives_range" if is_range else "gives"
    elif is_range and step.models <= number <= step.at_most:
        key = "possible"
    else:
        key = "nearest_range" if is_range else "nearest"
    basis = "by_creation" if check.basis is DayBasis.CREATION else "at_snapshot"
    at = trend.say(f"published.{basis}", day=check.taken_on)
    return f"{trend.say(f'published.{key}', **places)}; {at}"


def _spell_difference(trend: TrendText, models: int, number: int) -> str:
    sign = "+" if models > number else "\N{MINUS SIGN}"
    return f"{sign}{trend.texts.number(abs(models - number))}"


def report_name_of_definition(trend: TrendText, step: StepCount) -> str:
    """Return what one of the compared definitions is called."""
    return trend.say(f"step.{step.step.value.replace(' ', '_')}")


def published_number_report_table(trend: TrendText, checks: Sequence[PublishedCheck]) -> Table:
    """Return every number by every definition."""
    columns = [Column(trend.say("published.claim")), Column(trend.say("published.quote"))]
    columns += [
        Column(report_name_of_definition(trend, step), is_number=True) for step in checks[0].steps
    ]

    def spell_count(step: StepCount) -> str:
        number = trend.texts.number
        if step.at_most == step.models:
            return number(step.models)
        return f"{number(step.models)}\N{EN DASH}{number(step.at_most)}"

    rows = [
        [
            _spell_published_claim_in_report(trend, check.published),
            check.published.quote or NOTHING,
            *map(spell_count, check.steps),
        ]
        for check in checks
    ]
    return Table(columns, rows)


def published_number_report_rows(trend: TrendText) -> Iterator[CsvRow]:
    """Yield a row for each published number and definition."""
    for check in trend.findings.published:
        published = check.published
        for step in check.steps:
            yield {
                "subject": published.subject,
                "id": check.subject,
                "number": published.number,
                "qualifier": published.qualifier.value,
                "date": published.written_date,
                "counts": published.counts,
                "source": published.source,
                "url": published.url,
                "snapshot": check.snapshot,
                "basis": check.basis.value,
                "definition": step.step.value.replace(" ", "_"),
                "models": step.models,
                "at_most": step.at_most,
                "nearest": step == check.nearest,
                "gives": step == check.nearest and check.is_match,
            }
