"""What a license report says, in one language and before any format."""

from collections import Counter
from collections.abc import Sequence

from lineage.analysis.licenses.statements import LEAST_SHARE, Judged, LicenseFindings
from lineage.domain.claims import Relation
from lineage.domain.definitions import Closure, Definition
from lineage.domain.families import CuratedSource
from lineage.domain.licenses import (
    ClauseName,
    DriftSeverity,
    LicenseNote,
    LicenseTerms,
    NameLevel,
    Terms,
)
from lineage.reporting.document import (
    NOTHING,
    Block,
    Cell,
    Column,
    Document,
    Facts,
    FileLink,
    Inline,
    Link,
    Notice,
    Picture,
    Quote,
    ReportName,
    Section,
    Table,
    Word,
    fill_place_in_report_text,
    report_table_columns,
    shorten_word_for_report,
)
from lineage.reporting.language import Texts, load_texts
from lineage.reporting.license_matrix import (
    add_up_report_rows,
    count_reported_drifts,
    count_reported_name_levels,
    group_reported_conflicts,
    is_reported_conflict,
    license_headline,
    license_matrix,
    license_report_subject_name,
    list_reported_terms,
    most_used_in_report,
    report_number_of_known_licenses,
    report_numbers_of_severities,
    report_rows_of_releases,
)
from lineage.reporting.trend_text import report_data_notices
from lineage.store.manifest import Manifest
from lineage.version import __version__

MOST_CASES = 250
"""Cases that stand in the page one by one; the CSV file holds every model."""
_MOST_STEPS = 8
"""Ids of a path that a page shows; the CSV file holds all."""
MOST_KINDS = 40
MOST_MIXTURES = 12
HUB = "https://huggingface.co/"


def license_report_document(
    findings: LicenseFindings, manifest: Manifest, name: ReportName
) -> Document:
    """Put findings into words."""
    texts = load_texts(name.language, "licenses")
    subject = license_report_subject_name(findings)
    headline = license_headline(findings, texts)
    source = texts.say(
        "page.source", version=__version__, id=manifest.id, date=manifest.origin.taken_at.date()
    )
    if findings.knowledge.is_sample:
        source = f"{source} {texts.say('page.source_sample')}"
    definition = texts.say("page.definition")
    filters = _filters_text(findings.definition, texts)
    if filters != _filters_text(Definition(), texts):
        definition = f"{definition} {texts.say('page.filtered', filters=filters)}"
    chart = license_matrix(findings, texts, (headline, definition, source))
    more = [
        _class_section(findings, texts),
        _release_section(findings, texts),
        _conflict_section(findings, texts),
        _name_section(findings, texts),
        _note_section(findings, texts),
        _duty_section(findings, texts),
        _clause_section(findings, texts),
        _dispute_section(findings, texts),
        _card_report_section(findings, texts),
        _method_section(findings, manifest, texts),
    ]
    return Document(
        language=name.language,
        title=texts.say("page.title", subject=subject),
        headline=headline,
        definition=definition,
        source=source,
        picture=None if chart is None else Picture(chart),
        lead=_lead_blocks(findings, manifest, texts),
        sections=[_case_section(findings, texts, name.table_file("models"))],
        more=[section for section in more if section is not None],
        citation=_citation_text(findings, texts),
        footer=source,
        reports=name.other_reports(),
    )


def _citation_text(findings: LicenseFindings, texts: Texts) -> str:
    return texts.say(
        "method.cite_text",
        version=__version__,
        subject=license_report_subject_name(findings),
        id=findings.snapshot,
    )


def _lead_blocks(findings: LicenseFindings, manifest: Manifest, texts: Texts) -> list[Block]:
    # A report that names models must not be read as an accusation, so this comes first.
    notices = [texts.say("page.advice")]
    if findings.other_families:
        others = ", ".join(findings.other_families)
        places = {"subject": license_report_subject_name(findings), "family": findings.family.name}
        notices.append(texts.say("page.other_families", others=others, **places))
    if findings.left_out:
        notices.append(texts.say("page.left_out", n=findings.left_out))
    count = findings.count
    notices += report_data_notices(
        manifest,
        findings.definition,
        texts.language,
        total=count.total,
        at_most=count.at_most,
        opted_out=count.opted_out,
    )
    return list(map(Notice, notices))


def _titled_section(texts: Texts, key: str, table: Table) -> Section:
    return Section(texts.say(f"page.{key}"), [texts.say(f"page.{key}_text"), table])


def _class_section(findings: LicenseFindings, texts: Texts) -> Section:
    """Say how many models fall into each class, the weightiest first."""
    count, known = (
        count_reported_drifts(findings.rows),
        report_number_of_known_licenses(findings.rows),
    )
    rows = []
    for rule in findings.terms.drifts:
        models = count[rule.drift]
        if not models:
            continue
        # The share is that of known licenses; those that are unknown have none.
        is_unknown = rule.severity is DriftSeverity.UNKNOWN
        rows.append(
            (
                texts.say(f"class.{rule.drift}"),
                texts.say(f"weight.{rule.severity}"),
                texts.number(models),
                NOTHING if is_unknown else texts.percent(models, known),
                texts.say(f"class_means.{rule.drift}"),
            )
        )
    columns = report_table_columns(texts, "column", "class", "weight", "#models", "#share", "means")
    return _titled_section(texts, "classes", Table(columns, rows))


def _release_section(findings: LicenseFindings, texts: Texts) -> Section:
    """Say how each release's models are divided by weight."""
    count = report_numbers_of_severities(findings)
    weights = [each for each in DriftSeverity if count[each] and each is not DriftSeverity.UNKNOWN]
    columns = [
        *report_table_columns(texts, "column", "release", "#models", "#known"),
        *(Column(texts.say(f"weight.{weight}"), is_number=True) for weight in weights),
    ]
    # Dozens of mixtures hold a model or two each: a row for each would hide the releases.
    single, mixed = report_rows_of_releases(findings)
    mixtures, small = mixed[:MOST_MIXTURES], mixed[MOST_MIXTURES:]
    if small:
        name = texts.say("page.other_mixtures", n=len(small))
        mixtures.append(add_up_report_rows(small, name))
    rows = [
        (
            row.release,
            texts.number(row.models),
            texts.number(row.models - row.by_severity[DriftSeverity.UNKNOWN]),
            *(texts.number(row.by_severity[weight]) for weight in weights),
        )
        for row in single + mixtures
    ]
    return _titled_section(texts, "by_release", Table(columns, rows))


def _conflict_section(findings: LicenseFindings, texts: Texts) -> Section | None:
    """Say which conflicts are most frequent."""
    # Alike cases are one row: thousands of names one by one would read as a list of the accused.
    rows = [
        (
            texts.say(f"class.{conflict.drift}"),
            Word(shorten_word_for_report(conflict.tag or "")),
            " + ".join(conflict.terms),
            texts.number(conflict.models),
            _known_number_in_report_text(conflict.downloads, texts),
        )
        for conflict in group_reported_conflicts(findings.rows)[:MOST_KINDS]
    ]
    names = ("class", "tag", "terms", "#models", "#downloads_known")
    columns = report_table_columns(texts, "column", *names)
    return _titled_section(texts, "kinds", Table(columns, rows)) if rows else None


def _case_section(findings: LicenseFindings, texts: Texts, csv_file: str) -> Section:
    """Show the most used of the models whose tag differs, one by one."""
    cases = most_used_in_report(findings.rows, MOST_CASES)
    file = FileLink(csv_file, csv_file)
    if not cases:
        return Section(
            texts.say("page.used"),
            [texts.say("page.used_none"), [texts.say("page.csv"), " ", file]],
        )
    differ = [row for row in findings.rows if is_reported_conflict(row)]
    total, mirrors = len(differ), sum(row.is_mirror for row in differ)
    key = "used_all" if len(cases) == total else "used_some"
    text = texts.say(f"page.{key}", shown=len(cases), all=total, more=total - len(cases))
    names = ("model", "tag", "terms", "class", "#downloads")
    roomy = [Column(texts.say(f"column.{key}"), is_roomy=True) for key in ("clauses", "path")]
    table = Table(
        [*report_table_columns(texts, "column", *names), *roomy],
        [_license_case_report_row(row, findings.terms, texts) for row in cases],
        is_sortable=True,
    )
    words: list[Inline] = [texts.say("page.used_text"), " ", text, " ", file]
    if mirrors:
        # So many more than the headline counts.
        words[1:1] = [" ", texts.say("page.used_mirrors", n=mirrors)]
    blocks: list[Block] = [words, table]
    return Section(texts.say("page.used"), blocks)


def _license_case_report_row(row: Judged, terms: LicenseTerms, texts: Texts) -> Sequence[Cell]:
    path: list[Inline] = []
    above = row.path[1:]
    for at, id in enumerate(above):
        if at < _MOST_STEPS - 2 or at >= len(above) - 2:
            path += [" → " if at else "→ ", Word(id)]
        elif at == _MOST_STEPS - 2:
            path.append(f" → {texts.say('page.steps', n=len(above) - _MOST_STEPS)}")
    applied = [each for each in terms.terms if each.id in row.terms]
    cited = terms.rule_of(row.drift).cites
    rules = [each.rules[name] for name in cited for each in applied if name in each.rules]
    clauses: list[Inline] = [", ".join(dict.fromkeys(rule.clause for rule in rules))]
    # The first that has words: a class names the clause that it is most about first.
    if quoted := [rule for rule in rules if rule.quote]:
        clauses += [f". {quoted[0].clause}: " if len(rules) > 1 else ": "]
        clauses += [Quote(quoted[0].quote or "")]
    notes = [texts.say(f"class.{row.drift}"), *(texts.say(f"note.{note}") for note in row.notes)]
    return (
        Link(row.model, HUB + row.model),
        Word(shorten_word_for_report(row.tag or "")),
        " + ".join(row.terms),
        "; ".join(notes),
        _known_number_in_report_text(row.downloads, texts),
        clauses,
        path,
    )


def _known_number_in_report_text(number: int | None, texts: Texts) -> str:
    # An unknown number of downloads is no zero.
    return NOTHING if number is None else texts.number(number)


def _name_section(findings: LicenseFindings, texts: Texts) -> Section | None:
    """Say how many names begin as the terms ask."""
    levels = list(NameLevel)
    rows: list[Sequence[Cell]] = [
        (
            Word(prefix),
            texts.number(count.total()),
            *(texts.number(count[level]) for level in levels),
        )
        for prefix, count in count_reported_name_levels(findings.rows).items()
    ]
    columns = [
        *report_table_columns(texts, "column", "prefix", "#models"),
        *(Column(texts.say(f"level.{level}"), is_number=True) for level in levels),
    ]
    return _titled_section(texts, "names", Table(columns, rows)) if rows else None


def _note_section(findings: LicenseFindings, texts: Texts) -> Section | None:
    """Say what else there is to look at."""
    count = Counter(note for row in findings.rows for note in row.notes)
    rows = [
        (texts.say(f"note.{note}"), texts.number(count[note]), texts.say(f"note_means.{note}"))
        for note in LicenseNote
        if count[note]
    ]
    columns = report_table_columns(texts, "column", "note", "#models", "means")
    return _titled_section(texts, "duties", Table(columns, rows)) if rows else None


def _duty_section(findings: LicenseFindings, texts: Texts) -> Section:
    """Say what the terms want shown, and whose users they count on which day."""

    # Whether a duty was fulfilled no listing shows: counted is for how many models it holds.
    def rule_text(terms: Terms, rule: ClauseName) -> Cell:
        text = terms.rules[rule].text if rule in terms.rules else None
        return NOTHING if text is None else Word(text)

    rows = [
        (
            terms.id,
            texts.number(models),
            rule_text(terms, ClauseName.BUILT_WITH),
            rule_text(terms, ClauseName.NOTICE),
            texts.date(terms.dated) if ClauseName.MONTHLY_USERS in terms.rules else NOTHING,
        )
        for terms, models in list_reported_terms(findings)
    ]
    columns = report_table_columns(
        texts, "column", "terms", "#models", "text", "notice", "users_date"
    )
    return _titled_section(texts, "owed", Table(columns, rows))


def _clause_section(findings: LicenseFindings, texts: Texts) -> Section:
    """Quote the clauses of all terms that apply to some model."""
    blocks: list[Block] = [texts.say("page.terms_text")]
    for terms, _ in list_reported_terms(findings):
        rows: list[Sequence[Cell]] = [
            (texts.say(f"rule.{rule.name}"), rule.clause, Quote(rule.quote))
            for rule in terms.rules.values()
            if rule.quote
        ]
        title = [f"{terms.name}, {texts.date(terms.dated)}. ", _source_link_text(terms.source)]
        columns = report_table_columns(texts, "column", "rule", "clause", "quote")
        blocks += [Facts([(terms.id, title)]), Table(columns, rows)]
    return Section(texts.say("page.terms"), blocks)


def _dispute_section(findings: LicenseFindings, texts: Texts) -> Section | None:
    """Name the releases for which official files state different terms."""
    # Where official files disagree, no model can be blamed for following either.
    names = {release.id: release.name for release in findings.family.releases}
    lines: list[tuple[str, Cell]] = [
        (
            names.get(dispute.release, dispute.release),
            [f"{dispute.says} ", _source_link_text(dispute.source)],
        )
        for dispute in findings.terms.disagreements
    ]
    return Section(texts.say("page.disputes"), [Facts(lines)]) if lines else None


def _card_report_section(findings: LicenseFindings, texts: Texts) -> Section | None:
    """Quote the cards that name a license beside the tag, as far as their models are here."""
    # A card outweighs no tag: both are shown, and the reader judges.
    models = {row.model for row in findings.rows}
    lines: list[tuple[str, Cell]] = []
    for card in findings.terms.cards:
        if card.model in models:
            quote = Quote(card.source.quote or "")
            link = _source_link_text(card.source)
            lines.append((card.names, [Word(card.model), ": ", quote, " ", link]))
    return Section(texts.say("page.cards"), [Facts(lines)]) if lines else None


def _source_link_text(source: CuratedSource) -> Inline:
    return Link(source.text, source.url) if source.url else source.text


def _method_section(findings: LicenseFindings, manifest: Manifest, texts: Texts) -> Section:
    """Say what was counted, by which rules, what cannot be seen, and how to cite."""
    subject, knowledge = license_report_subject_name(findings), findings.knowledge
    share = texts.percent(knowledge.known, knowledge.listed)
    least = texts.percent(round(100 * LEAST_SHARE), 100)
    sample = texts.say("method.share_text", share=share, least=least)
    if knowledge.is_local:
        sample = f"{texts.say('method.local_text')} {sample}"
    # The address is a stranger's word within a sentence of ours: it is put in once the sentence
    # stands.
    place, day = "\N{NULL}", manifest.origin.taken_at.date()
    snapshot = texts.say("method.snapshot_text", id=manifest.id, date=day, endpoint=place)
    lines: dict[str, Cell] = {
        "snapshot": fill_place_in_report_text(snapshot, place, manifest.origin.endpoint),
        "sample": sample,
        "counted": texts.say("method.counted_text", subject=subject),
        "filters": _filters_text(findings.definition, texts),
        "path": texts.say("method.path_text"),
        "rules": texts.say(
            "method.rules_text", family=findings.family.name, date=findings.terms.version
        ),
        "limits": texts.say("method.limits_text"),
        "cite": _citation_text(findings, texts),
    }
    facts = Facts([(texts.say(f"method.{key}"), cell) for key, cell in lines.items()])
    return Section(texts.say("page.how"), [facts])


def _filters_text(definition: Definition, texts: Texts) -> str:
    words = load_texts(texts.language)
    relations = ", ".join(words.say(f"words.{relation}") for relation in definition.relations)
    filters = [
        texts.say("method.every_relation")
        if set(definition.relations) == set(Relation)
        else texts.say("method.relations", relations=relations),
        texts.say("method.least", least=words.say(f"words.{definition.min_strength}")),
    ]
    if definition.closure is Closure.DIRECT:
        filters.append(texts.say("method.direct"))
    if definition.min_downloads:
        filters.append(texts.say("method.downloads", downloads=definition.min_downloads))
    if definition.as_of:
        filters.append(texts.say("method.as_of", date=definition.as_of))
    if definition.deleted:
        filters.append(texts.say("method.deleted"))
    return "; ".join(filters)
