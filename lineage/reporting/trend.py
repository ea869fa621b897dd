"""What a trend report says, in one language and before any format."""

from lineage.domain.definitions import Closure
from lineage.reporting.document import (
    Block,
    Cell,
    Document,
    Facts,
    Notice,
    Picture,
    ReportName,
    Section,
    split_table_place,
)
from lineage.reporting.language import load_texts
from lineage.reporting.trend_charts import LEAST_FOR_SHARE, trend_charts
from lineage.reporting.trend_headlines import growth_headline
from lineage.reporting.trend_tables import (
    days_section,
    published_number_report_table,
    published_section,
)
from lineage.reporting.trend_text import TrendText, report_data_notices
from lineage.store.manifest import is_below
from lineage.version import __version__


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
    elif is_below(manifest):
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
        "snapshot": split_table_place(snapshot, place, origin.endpoint),
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
