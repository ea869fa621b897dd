"""What a trend report says, in one language and before any format."""

from collections.abc import Iterator, Sequence

from lineage.analysis.growth.results import DayBasis, DayCount, PublishedCheck, StepCount
from lineage.domain.definitions import Closure
from lineage.domain.documents import Document as CsvRow
from lineage.families.published import PublishedNumber
from lineage.reporting.document import (
    NOTHING,
    Block,
    Cell,
    Column,
    Document,
    Facts,
    Link,
    Notice,
    Picture,
    ReportName,
    Section,
    Table,
    Word,
    fill_place_in_report_text,
    report_table_columns,
)
from lineage.reporting.language import load_texts
from lineage.reporting.trend_charts import LEAST_FOR_SHARE, trend_charts
from lineage.reporting.trend_text import TrendText, growth_headline, report_data_notices
from lineage.store.manifest import is_snapshot_below_base
from lineage.version import __version__

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
    sign = "+" if step.models > number else "\N{MINUS SIGN}"
    places = {
        "step": report_name_of_definition(trend, step),
        "models": step.models,
        "at_most": step.at_most,
        "difference": f"{sign}{trend.texts.number(abs(step.models - number))}",
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


def trend_report_document(trend: TrendText, name: ReportName) -> Document:
    """Put findings into words and charts."""
    findings, charts = trend.findings, list(trend_charts(trend))
    pictures = [Picture(chart) for chart in charts]
    # The first picture stands for the report only where it shows growth.
    has_lead = bool(charts) and charts[0].name in ("history", "created")
    lead, others = (pictures[0], pictures[1:]) if has_lead else (None, pictures)
    published = published_section(trend)
    ways = [it for it in others if it.chart.name == "variants"]
    shown = [it for it in others if it not in ways]
    key = "compared" if {it.chart.name for it in shown} & {"rivals", "shares"} else "made"
    more = [_method_section(trend)]
    if findings.published:
        table = published_number_report_table(trend, findings.published)
        more.insert(0, Section(trend.say("published.all"), [table]))
    more[:0] = [Section(trend.say("section.ways"), [it]) for it in ways]
    return Document(
        language=name.language,
        title=trend.say("page.title"),
        headline=growth_headline(trend),
        definition=charts[0].definition if has_lead else _define_in_trend_report(trend),
        source=trend.report_source_line(of_history=has_lead and findings.has_history),
        picture=lead,
        lead=_lead_blocks(trend),
        sections=[
            days_section(trend),
            *([Section(trend.say(f"section.{key}"), shown)] if shown else []),
            *([published] if published else []),
        ],
        more=more,
        reports=name.other_reports(),
        citation=trend.say("page.cite", version=__version__, id=findings.snapshot),
        footer=trend.report_source_line(of_history=False),
    )


def _lead_blocks(trend: TrendText) -> list[Block]:
    """Return what must be read with the picture: the number as of today, and what bounds it."""
    findings, manifest = trend.findings, trend.manifest
    key = "page.summary" if findings.undated_count else "page.summary_of_day"
    lead: list[Block] = [
        trend.say(
            key,
            models=findings.models,
            authors=findings.authors,
            date=trend.last_day,
            undated=findings.undated,
        )
    ]
    if findings.knowledge.is_sample:
        lead.append(Notice(trend.say("page.sample", listed=manifest.models)))
    notes = []
    if not findings.is_stored:
        notes.append("unstored")
    elif is_snapshot_below_base(manifest):
        notes.append("unstored_below")
    elif not findings.has_history and not findings.since:
        notes.append("single")
    if not findings.growth.months and findings.models and not findings.since:
        notes.append("no_dates")
    if not trend.is_family:
        notes.append("no_parts_model" if findings.subject.model else "no_parts")
    lead += [
        trend.say(f"page.{note}", family=trend.families.get(trend.family_id)) for note in notes
    ]
    if findings.since is not None:
        first = findings.first_snapshot
        is_all = first is not None and findings.since <= first
        key = "page.since_all" if is_all else "page.since"
        lead.append(trend.say(key, day=findings.since, first=first))
    limits = report_data_notices(
        manifest,
        findings.definition,
        trend.texts.language,
        total=findings.models,
        at_most=findings.models + (0 if findings.undated_count else findings.undated),
        opted_out=findings.opted_out,
    )
    return [*lead, *map(Notice, limits)]


def _define_in_trend_report(trend: TrendText) -> str:
    """Say in a sentence what was counted."""
    findings = trend.findings
    is_direct = findings.definition.closure is Closure.DIRECT
    if findings.subject.model is not None:
        return trend.say("method.model_direct_text" if is_direct else "method.model_text")
    kinds = ["method.direct_text" if is_direct else "method.definition_text"]
    if findings.subject.release is not None:
        kinds.append("method.release_text")
    family = findings.subject.family
    assert family is not None
    return " ".join(trend.say(kind, registry=family.version) for kind in kinds)


def _method_section(trend: TrendText) -> Section:
    """Say what was counted, and what cannot be seen."""
    findings, definition = trend.findings, trend.findings.definition
    # The address is put in once the sentence stands: it is no word of ours.
    origin, place = trend.manifest.origin, "\N{NULL}"
    words = load_texts(trend.texts.language)
    snapshot = trend.say(
        "method.snapshot_text", id=findings.snapshot, date=origin.taken_at.date(), endpoint=place
    )
    filters = trend.say(
        "method.filters_text",
        relations=", ".join(words.say(f"words.{relation}") for relation in definition.relations),
        least_strength=words.say(f"words.{definition.min_strength}"),
        downloads=definition.min_downloads,
        as_of=definition.as_of or trend.say("method.any_day"),
        deleted=trend.say("method.yes" if definition.deleted else "method.no"),
    )
    lines: dict[str, Cell] = {
        "snapshot": fill_place_in_report_text(snapshot, place, origin.endpoint),
        "definition": _define_in_trend_report(trend),
        "filters": filters,
        "dates": trend.say("method.dates_text", undated=findings.undated),
        "limits": trend.say("method.limits_text"),
    }
    if findings.has_history:
        lines["history"] = trend.say("method.history_text")
    if findings.shares.months:
        lines["pale"] = trend.say("method.pale_text", least_models=LEAST_FOR_SHARE)
    facts = [(trend.say(f"method.{key}"), cell) for key, cell in lines.items()]
    return Section(trend.say("method.title"), [Facts(facts)])
