"""What a trend report says, in one language and before any format."""

from collections.abc import Sequence

from lineage.analysis.growth import TrendFindings
from lineage.domain.definitions import Closure
from lineage.domain.families import Family
from lineage.reporting import trend_charts as charts
from lineage.reporting import trend_parts as parts
from lineage.reporting.chart_texts import ChartKind
from lineage.reporting.document import Block, Cell, Document, Facts, Section, Warned, Word
from lineage.reporting.language import Language, texts
from lineage.reporting.trend_blocks import picture, variants_table
from lineage.reporting.trend_dates import claim, dates
from lineage.reporting.trend_licenses import licenses
from lineage.reporting.trend_sides import grown_side_by_side, side_by_side
from lineage.reporting.trend_words import Told
from lineage.store.manifest import Manifest
from lineage.version import __version__


def trend_document(
    found: TrendFindings, manifest: Manifest, language: Language, families: Sequence[Family]
) -> Document:
    """Put findings into words and charts."""
    told = Told.of(found, manifest, language, families)
    moving = (ways, calendar, since, relations, rivals) if found.by_release.months else ()
    return Document(
        language=language,
        title=told.say("page.title"),
        lead=_lead(told),
        sections=[
            dates(told),
            claim(told),
            *(section(told) for section in moving),
            parts.shape(told),
            licenses(told),
            parts.survival(told),
            method(told),
        ],
        footer=footer(told),
    )


def footer(told: Told) -> str:
    """Return what travels with the page and with each picture."""
    words = told.say(
        "page.made_by",
        version=__version__,
        id=told.found.snapshot,
        date=told.manifest.origin.taken_at.date(),
    )
    return f"{words} {told.say('page.sample_short')}" if told.found.knowledge.is_sample else words


def _lead(told: Told) -> list[Block]:
    found, manifest = told.found, told.manifest
    authors = found.variants.line("authors")
    lead: list[Block] = [
        told.say(
            "page.summary" if found.undated_count else "page.summary_of_day",
            models=found.models,
            authors=sum(authors.values) + (authors.undated if found.undated_count else 0),
            date=told.last_day,
            undated=found.undated,
        )
    ]
    months = found.by_release.months
    if not months:
        lead.append(Warned(told.say("page.no_dates")))
    elif found.knowledge.is_sample:
        last = told.says.month(months[-1])
        lead.append(Warned(told.say("page.sample", listed=manifest.models, last=last)))
    return lead


def calendar(told: Told) -> Section:
    """Show growth by calendar, with the release days."""
    releases = told.found.family.releases
    timeline = told.found.by_release
    if releases:
        timeline = charts.widened(timeline, f"{min(one.released for one in releases):%Y-%m}")
    chart = charts.calendar(told, "releases", ChartKind.STACKED, "month", timeline)
    chart = charts.with_releases(told, charts.whole(chart), timeline)
    total = charts.with_releases(told, charts.added_up(told, timeline), timeline)
    start = timeline.months[0]
    return Section(
        told.say("month.title"),
        [
            told.say("month.text"),
            picture(told, chart),
            told.say("page.undated_note", undated=timeline.undated),
            *side_by_side(told, chart, lambda side: charts.widened(side.by_release, start)),
            told.say("month.total_text"),
            picture(told, total),
            *side_by_side(
                told, total, lambda side: charts.widened(side.by_release, start), charts.summed
            ),
        ],
    )


def since(told: Told) -> Section:
    """Show growth from each release's first day."""
    text = told.say("since.text", earlier=told.found.since_release.earlier)
    blocks: list[Block] = [text]
    if told.found.since_release.lines:
        chart = charts.since_release(told)
        undated = sum(line.undated for line in told.found.since_release.lines)
        blocks += [picture(told, chart), told.say("page.undated_note", undated=undated)]
        blocks += grown_side_by_side(told, chart)
    return Section(told.say("since.title"), blocks)


def ways(told: Told) -> Section:
    """Show the same models counted in four ways."""
    found = told.found
    text = told.say(
        "ways.text",
        models=found.bounds.burst_models,
        days=found.bounds.burst_days,
        left=found.burst_models,
    )
    chart = charts.calendar(told, "variants", ChartKind.LINES, "ways", found.variants)
    return Section(
        told.say("ways.title"),
        [
            text,
            picture(told, chart),
            *_skipped(told, chart.skipped),
            told.say("ways.by_release"),
            variants_table(told, "release", found.by_release_in_variants),
        ],
    )


def relations(told: Told) -> Section:
    """Show what was made."""
    chart = charts.calendar(
        told, "relations", ChartKind.STACKED, "relation", told.found.by_relation
    )
    return Section(
        told.say("relation.title"),
        [
            told.say("relation.text"),
            picture(told, chart),
            *side_by_side(told, chart, lambda side: side.by_relation),
            *_skipped(told, chart.skipped),
        ],
    )


def rivals(told: Told) -> Section:
    """Show the family beside all others."""
    timeline = told.found.rivals
    chart = charts.calendar(told, "rivals", ChartKind.LINES, "rivals", timeline)
    shares = charts.shares(told, chart)
    return Section(
        told.say("rivals.title"),
        [
            told.say("rivals.text"),
            picture(told, chart),
            told.say("page.undated_note", undated=timeline.undated),
            *side_by_side(told, chart, lambda side: side.rivals),
            told.say("rivals.share_text", least=charts.LEAST_FOR_SHARE),
            picture(told, shares),
            *side_by_side(told, shares, lambda side: side.rivals),
            *_skipped(told, chart.skipped),
            told.say("rivals.by_family"),
            variants_table(told, "family", told.found.rivals_in_variants),
        ],
    )


def method(told: Told) -> Section:
    """Say what was asked, what cannot be seen, and how to cite."""
    found = told.found
    direct = found.definition.closure is Closure.DIRECT
    lines: dict[str, Cell] = {
        "snapshot": _snapshot(told),
        "definition": told.say(
            "method.direct_text" if direct else "method.definition_text",
            registry=found.family.version,
        ),
        "filters": _filters(told),
        "dates": told.say("method.dates_text"),
        "limits": told.say("method.limits_text"),
        "cite": told.say("method.cite_text", version=__version__, id=found.snapshot),
    }
    facts = [(told.say(f"method.{key}"), cell) for key, cell in lines.items()]
    return Section(told.say("method.title"), [Facts(facts)], is_box=True)


def _snapshot(told: Told) -> Cell:
    place = "\N{NULL}"
    origin = told.manifest.origin
    text = told.say(
        "method.snapshot_text", id=told.found.snapshot, date=origin.taken_at.date(), endpoint=place
    )
    before, _, after = text.partition(place)
    return [before, Word(origin.endpoint), after]


def _filters(told: Told) -> str:
    definition, words = told.found.definition, texts(told.says.language)
    return told.say(
        "method.filters_text",
        relations=", ".join(words.say(f"words.{one}") for one in definition.relations),
        least=words.say(f"words.{definition.min_strength}"),
        downloads=definition.min_downloads,
        as_of=definition.as_of or told.say("method.any_day"),
        deleted=told.say("method.yes" if definition.deleted else "method.no"),
    )


def _skipped(told: Told, months: int) -> list[Block]:
    return [told.says.say_number("page.skipped", months)] if months else []
