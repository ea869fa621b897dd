"""What a trend report says, in one language and before any format."""

from collections.abc import Sequence

from lineage.analysis.growth.results import TrendFindings
from lineage.domain.definitions import Closure
from lineage.domain.families import Family
from lineage.reporting import trend_charts as charts
from lineage.reporting.charts.old_chart import ChartKind
from lineage.reporting.document import (
    Block,
    Cell,
    Column,
    Document,
    Facts,
    Notice,
    Section,
    Table,
    split_table_place,
)
from lineage.reporting.language import Language, load_texts
from lineage.reporting.notices import data_notices
from lineage.reporting.trend_blocks import (
    TrendText,
    claim_section,
    date_section,
    picture_block,
    variants_table,
)
from lineage.store.manifest import Manifest
from lineage.version import __version__


def trend_document(
    findings: TrendFindings, manifest: Manifest, language: Language, families: Sequence[Family]
) -> Document:
    """Put findings into words and charts."""
    trend = TrendText.in_language(findings, manifest, language, families)
    by_time = (
        (_comparison_section, _calendar_section, _since_section, _relation_section, _rival_section)
        if findings.by_release.months
        else ()
    )
    return Document(
        language=language,
        title=trend.say("page.title"),
        headline=trend.say("page.title"),
        definition=trend.say("method.definition_text", registry=findings.family.version),
        source=_credit_line(trend),
        picture=None,
        lead=_lead_blocks(trend),
        sections=[
            date_section(trend),
            claim_section(trend),
            *(section(trend) for section in by_time),
            _shape_section(trend),
            _license_section(trend),
            _deletion_section(trend),
        ],
        more=[_method_section(trend)],
        citation=trend.say("method.cite_text", version=__version__, id=findings.snapshot),
        footer=_credit_line(trend),
    )


def _credit_line(trend: TrendText) -> str:
    """Return what travels with the page and with each picture."""
    words = trend.say(
        "page.made_by",
        version=__version__,
        id=trend.findings.snapshot,
        date=trend.manifest.origin.taken_at.date(),
    )
    is_sample = trend.findings.knowledge.is_sample
    return f"{words} {trend.say('page.sample_short')}" if is_sample else words


def _lead_blocks(trend: TrendText) -> list[Block]:
    findings, manifest = trend.findings, trend.manifest
    authors = findings.variants.line("authors")
    lead: list[Block] = [
        trend.say(
            "page.summary" if findings.undated_count else "page.summary_of_day",
            models=findings.models,
            authors=sum(authors.values) + (authors.undated if findings.undated_count else 0),
            date=trend.last_day,
            undated=findings.undated,
        )
    ]
    months = findings.by_release.months
    if not months:
        lead.append(Notice(trend.say("page.no_dates")))
    elif findings.knowledge.is_sample:
        last = trend.texts.month(months[-1])
        lead.append(Notice(trend.say("page.sample", listed=manifest.models, last=last)))
    at_most = findings.models + (0 if findings.undated_count else findings.undated)
    limits = data_notices(
        manifest,
        findings.definition,
        trend.texts.language,
        total=findings.models,
        at_most=at_most,
        opted_out=findings.opted_out,
    )
    return [*lead, *map(Notice, limits)]


def _comparison_section(trend: TrendText) -> Section:
    """Compare four definitions of the same models."""
    # One number alone invites the reading that suits: four of the same models show what a
    # definition does.
    findings = trend.findings
    text = trend.say(
        "ways.text",
        models=findings.bounds.burst_models,
        days=findings.bounds.burst_days,
        left=findings.burst_models,
    )
    chart = charts.calendar_chart(trend, "variants", ChartKind.LINES, "ways", findings.variants)
    blocks: list[Block] = [text, picture_block(trend, chart)]
    blocks += _skipped_chart_note(trend, chart.skipped)
    blocks.append(trend.say("ways.by_release"))
    blocks.append(variants_table(trend, "release", findings.by_release_in_variants))
    return Section(trend.say("ways.title"), blocks)


def _calendar_section(trend: TrendText) -> Section:
    """Show growth by calendar, with the release days."""
    releases, timeline = trend.findings.family.releases, trend.findings.by_release
    # From the first release on, also where the first derivatives are dated later.
    if releases:
        first = min(release.released for release in releases)
        timeline = charts.widen_chart_timeline(timeline, f"{first:%Y-%m}")
    start = timeline.months[0]
    chart = charts.calendar_chart(trend, "releases", ChartKind.STACKED, "month", timeline)
    chart = charts.mark_releases_in_chart(trend, chart, timeline)
    total = charts.mark_releases_in_chart(trend, charts.total_chart(trend, timeline), timeline)
    return Section(
        trend.say("month.title"),
        [
            trend.say("month.text"),
            picture_block(trend, chart),
            trend.say("page.undated_note", undated=timeline.undated),
            *charts.variant_panels(
                trend, chart, lambda side: charts.widen_chart_timeline(side.by_release, start)
            ),
            trend.say("month.total_text"),
            picture_block(trend, total),
            *charts.variant_panels(
                trend,
                total,
                lambda side: charts.widen_chart_timeline(side.by_release, start),
                charts.sum_up_series,
            ),
        ],
    )


def _since_section(trend: TrendText) -> Section:
    """Show growth from each release's first day."""
    since = trend.findings.since_release
    blocks: list[Block] = [trend.say("since.text", earlier=since.earlier)]
    if since.lines:
        chart = charts.since_release_chart(trend)
        undated = sum(line.undated for line in since.lines)
        blocks.append(picture_block(trend, chart))
        blocks.append(trend.say("page.undated_note", undated=undated))
        blocks += charts.since_panels(trend, chart)
    return Section(trend.say("since.title"), blocks)


def _relation_section(trend: TrendText) -> Section:
    """Show what was made."""
    timeline = trend.findings.by_relation
    chart = charts.calendar_chart(trend, "relations", ChartKind.STACKED, "relation", timeline)
    return Section(
        trend.say("relation.title"),
        [
            trend.say("relation.text"),
            picture_block(trend, chart),
            *charts.variant_panels(trend, chart, lambda side: side.by_relation),
            *_skipped_chart_note(trend, chart.skipped),
        ],
    )


def _rival_section(trend: TrendText) -> Section:
    """Show the family beside other families."""
    # One rule for all of them: beside others a family may be smaller than counted alone.
    timeline = trend.findings.rivals
    chart = charts.calendar_chart(trend, "rivals", ChartKind.LINES, "rivals", timeline)
    shares = charts.share_chart(trend, chart)
    return Section(
        trend.say("rivals.title"),
        [
            trend.say("rivals.text"),
            picture_block(trend, chart),
            trend.say("page.undated_note", undated=timeline.undated),
            *charts.variant_panels(trend, chart, lambda side: side.rivals),
            trend.say("rivals.share_text", least=charts.LEAST_FOR_SHARE),
            picture_block(trend, shares),
            *charts.variant_panels(trend, shares, lambda side: side.rivals),
            *_skipped_chart_note(trend, chart.skipped),
            trend.say("rivals.by_family"),
            variants_table(trend, "family", trend.findings.rivals_in_variants),
        ],
    )


def _skipped_chart_note(trend: TrendText, months: int) -> list[Block]:
    return [trend.texts.say_number("page.skipped", months)] if months else []


def _shape_section(trend: TrendText) -> Section:
    """Say how deep the family is and how it branches."""
    findings, title = trend.findings, trend.say("shape.title")
    if not findings.generations:
        return Section(title, [trend.say("shape.none")])
    first, deepest = findings.generations[0].models, len(findings.generations)
    generations = charts.bar_chart(
        trend, "generations", "generation", "shape.generations_chart", findings.generations
    )
    children = charts.bar_chart(
        trend, "children", "children", "shape.children_chart", findings.children
    )
    blocks: list[Block] = [
        trend.say("shape.text"),
        trend.say("shape.alt", models=first, deepest=deepest),
        picture_block(trend, generations),
        trend.say("shape.alt_children", models=findings.children[0].models),
        picture_block(trend, children),
    ]
    return Section(title, blocks)


def _license_section(trend: TrendText) -> Section:
    """Say which tags are known; of a sample never that some model declares none."""
    findings, number = trend.findings, trend.texts.number
    is_sample, mix = findings.knowledge.is_sample, findings.license_mix
    none_name = trend.say("license.unknown" if is_sample else "license.undeclared")
    title, known = trend.say("license.title"), sum(part.models for part in findings.licenses)
    if not known:
        return Section(title, [trend.say("license.none", none=none_name)])
    key, top = "license.text" if is_sample else "license.text_hub", findings.licenses[0]
    blocks: list[Block] = [
        trend.say(key, models=findings.models, known=known),
        trend.say("license.alt", name=charts.short_tag_text(top.key), models=top.models),
        picture_block(trend, charts.tag_chart(trend)),
    ]
    if mix.by_month.months:
        blocks.append(trend.say(f"{key}_by_month"))
        blocks.append(picture_block(trend, charts.tag_month_chart(trend, none_name)))
    # A row for each release: its most frequent tags, the others, and those without any.
    most = charts.MOST_TAG_COLUMNS - 1
    names = [charts.short_tag_text(tag) for tag in mix.tags[:most]]
    names += [trend.say("column.others"), none_name]
    columns = [Column(trend.say("column.release"))]
    columns += [Column(name, is_number=True) for name in names]
    rows = [
        (
            trend.line_name(row.release),
            *(number(models) for models in row.tags[:most]),
            number(sum(row.tags[most:])),
            number(row.none),
        )
        for row in mix.by_release
    ]
    return Section(title, [*blocks, trend.say("license.by_release"), Table(columns, rows)])


def _deletion_section(trend: TrendText) -> Section:
    """Say what is known of deleted models; without any, that and why."""
    deletions, title = trend.findings.deletions, trend.say("deletions.title")
    if deletions is None:
        return Section(title, [trend.say("deletions.none")])
    if not deletions.deleted:
        return Section(title, [trend.say("deletions.none_here", known=deletions.ever_known)])
    text = trend.say(
        "deletions.text",
        deleted=deletions.deleted,
        known=deletions.ever_known,
        undated=deletions.undated,
    )
    # Until the first list without them: the moment itself no crawl sees.
    days = deletions.days_until_deletion
    chart = charts.bar_chart(trend, "deletions", "days_until_deletion", "deletions.chart", days)
    return Section(title, [text, picture_block(trend, chart)])


def _method_section(trend: TrendText) -> Section:
    """Say what was counted, what cannot be seen, and how to cite."""
    findings, definition = trend.findings, trend.findings.definition
    # The address is put in once the sentence stands: it is no word of ours.
    origin, place = trend.manifest.origin, "\N{NULL}"
    words = load_texts(trend.texts.language)
    direct = definition.closure is Closure.DIRECT
    snapshot = trend.say(
        "method.snapshot_text", id=findings.snapshot, date=origin.taken_at.date(), endpoint=place
    )
    filters = trend.say(
        "method.filters_text",
        relations=", ".join(words.say(f"words.{relation}") for relation in definition.relations),
        least=words.say(f"words.{definition.min_strength}"),
        downloads=definition.min_downloads,
        as_of=definition.as_of or trend.say("method.any_day"),
        deleted=trend.say("method.yes" if definition.deleted else "method.no"),
    )
    lines: dict[str, Cell] = {
        "snapshot": split_table_place(snapshot, place, origin.endpoint),
        "definition": trend.say(
            "method.direct_text" if direct else "method.definition_text",
            registry=findings.family.version,
        ),
        "filters": filters,
        "dates": trend.say("method.dates_text"),
        "limits": trend.say("method.limits_text"),
        "cite": trend.say("method.cite_text", version=__version__, id=findings.snapshot),
    }
    facts = [(trend.say(f"method.{key}"), cell) for key, cell in lines.items()]
    return Section(trend.say("method.title"), [Facts(facts)])
