"""What a license report says, in one language and before any format."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lineage.analysis.licenses.statements import CONFLICTS, LEAST_SHARE, Judged, LicenseFindings
from lineage.domain.claims import Relation
from lineage.domain.definitions import Closure
from lineage.domain.families import CuratedSource
from lineage.domain.licenses import ClauseName, Drift, DriftSeverity, LicenseNote, NameLevel, Terms
from lineage.reporting.document import (
    NOTHING,
    Block,
    Cell,
    Column,
    Document,
    Facts,
    Inline,
    Link,
    Notice,
    ReportName,
    Section,
    Table,
    Word,
    split_table_place,
    table_columns,
)
from lineage.reporting.language import Texts, load_texts
from lineage.reporting.notices import data_notices
from lineage.store.manifest import Manifest
from lineage.version import __version__


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """The models of one release, or of several releases together."""

    release: str
    models: int
    by_severity: Counter[DriftSeverity]


@dataclass(frozen=True, slots=True)
class ConflictKind:
    """Models in conflict that are alike: the same class, tag and terms."""

    drift: Drift
    tag: str | None
    terms: tuple[str, ...]
    models: int
    downloads: int | None
    """Of those whose downloads are known; None where none are known."""


def is_reported_conflict(row: Judged) -> bool:
    """Say whether a tag and the terms above it say different things."""
    return row.severity in CONFLICTS


def count_reported_licenses(rows: Iterable[Judged]) -> int:
    """Count the models whose license is known."""
    return sum(row.severity is not DriftSeverity.UNKNOWN for row in rows)


def count_reported_drifts(rows: Iterable[Judged]) -> Counter[Drift]:
    """Count models by class."""
    return Counter(row.drift for row in rows)


def count_reported_releases(findings: LicenseFindings) -> tuple[list[ReleaseRow], list[ReleaseRow]]:
    """Count by release: single ones in time's order, and apart from them mixtures by size."""
    parts: dict[str, Counter[DriftSeverity]] = {}
    for row in findings.rows:
        parts.setdefault(row.release, Counter())[row.severity] += 1
    rows = {name: ReleaseRow(name, part.total(), part) for name, part in parts.items()}
    single = [
        rows.pop(release.name) for release in findings.family.releases if release.name in rows
    ]
    return single, sorted(rows.values(), key=lambda row: (-row.models, row.release))


def add_up(rows: Sequence[ReleaseRow], name: str) -> ReleaseRow:
    """Add rows up into one of that name."""
    by_severity = sum((row.by_severity for row in rows), Counter[DriftSeverity]())
    return ReleaseRow(name, by_severity.total(), by_severity)


def group_reported_conflicts(rows: Iterable[Judged]) -> list[ConflictKind]:
    """Group conflicts by class, tag and terms; the most frequent first."""
    models: Counter[tuple[Drift, str | None, tuple[str, ...]]] = Counter()
    downloads: Counter[tuple[Drift, str | None, tuple[str, ...]]] = Counter()
    for row in filter(is_reported_conflict, rows):
        kind = row.drift, row.tag, row.terms
        models[kind] += 1
        if row.downloads is not None:
            downloads[kind] += row.downloads
    kinds = [ConflictKind(*kind, number, downloads.get(kind)) for kind, number in models.items()]
    return sorted(kinds, key=lambda kind: (-kind.models, kind.drift, kind.tag or "", kind.terms))


def count_reported_name_levels(rows: Iterable[Judged]) -> dict[str, Counter[NameLevel]]:
    """Count how near names come to each prefix that is asked for."""
    levels: dict[str, Counter[NameLevel]] = {}
    for row in rows:
        if row.name_prefix is not None and row.license_name_level is not None:
            levels.setdefault(row.name_prefix, Counter())[row.license_name_level] += 1
    return dict(sorted(levels.items()))


def applicable_terms(findings: LicenseFindings) -> list[tuple[Terms, int]]:
    """Return the terms with the number of models that owe them, as far as there are any."""
    models = Counter(id for row in findings.rows for id in row.terms)
    return [(terms, models[terms.id]) for terms in findings.terms.terms if models[terms.id]]


def most_used_in_report(rows: Sequence[Judged], most: int) -> list[Judged]:
    """Return the first conflicts: the rows come with the most used ones in front."""
    return [row for row in rows[:most] if is_reported_conflict(row)]


MOST_USED = 100
"""Conflicts that are shown one by one; the CSV file holds all."""
MOST_KINDS = 40
MOST_MIXTURES = 12
HUB = "https://huggingface.co/"


def license_document(findings: LicenseFindings, manifest: Manifest, name: ReportName) -> Document:
    """Put findings into words."""
    language, csv_name = name.language, name.table_file("models")
    texts = load_texts(language, "licenses")
    sections = [
        _class_section(findings, texts),
        _release_section(findings, texts),
        _used_section(findings, texts, csv_name),
        _conflict_section(findings, texts),
        _name_section(findings, texts),
        _note_section(findings, texts),
        _duty_section(findings, texts),
        _clause_section(findings, texts),
        _dispute_section(findings, texts),
        _card_section(findings, texts),
        _method_section(findings, manifest, texts),
    ]
    return Document(
        language=language,
        title=texts.say("page.title", family=findings.family.name),
        headline=texts.say("page.title", family=findings.family.name),
        definition=texts.say("method.counted_text", family=findings.family.name),
        source=texts.say("page.made_by", version=__version__),
        picture=None,
        lead=_lead_blocks(findings, manifest, texts),
        sections=[section for section in sections if section is not None],
        more=(),
        reports=name.other_reports(),
        citation=texts.say(
            "method.cite_text",
            version=__version__,
            family=findings.family.name,
            id=findings.snapshot,
        ),
        footer=texts.say("page.made_by", version=__version__),
    )


def count_reported_severities(findings: LicenseFindings) -> Counter[DriftSeverity]:
    """Count models by the weight of their class."""
    return Counter(row.severity for row in findings.rows)


def _lead_blocks(findings: LicenseFindings, manifest: Manifest, texts: Texts) -> list[Block]:
    rows, knowledge = findings.rows, findings.knowledge
    lead: list[Block] = [
        texts.say(
            "page.summary",
            models=len(rows),
            family=findings.family.name,
            date=findings.definition.as_of or manifest.origin.taken_at.date(),
            known=count_reported_licenses(rows),
            conflicts=sum(map(is_reported_conflict, rows)),
            wider=count_reported_severities(findings)[DriftSeverity.WIDENS],
        ),
        # A report that names models must not be read as an accusation, so this comes first.
        Notice(texts.say("page.advice")),
    ]
    if knowledge.is_sample:
        text = texts.say("page.sample", known=knowledge.known, listed=knowledge.listed)
        lead.append(Notice(text))
    count = findings.count
    limits = data_notices(
        manifest,
        findings.definition,
        texts.language,
        total=count.total,
        at_most=count.at_most,
        opted_out=count.opted_out,
    )
    return [*lead, *map(Notice, limits)]


def _titled_section(texts: Texts, key: str, table: Table) -> Section:
    return Section(texts.say(f"page.{key}"), [texts.say(f"page.{key}_text"), table])


def _class_section(findings: LicenseFindings, texts: Texts) -> Section:
    """Say how many models fall into each class, the weightiest first."""
    count, known = count_reported_drifts(findings.rows), count_reported_licenses(findings.rows)
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
    columns = table_columns(texts, "column", "class", "weight", "#models", "#share", "means")
    return _titled_section(texts, "classes", Table(columns, rows))


def _release_section(findings: LicenseFindings, texts: Texts) -> Section:
    """Say how each release's models are divided by weight."""
    count = count_reported_severities(findings)
    weights = [each for each in DriftSeverity if count[each] and each is not DriftSeverity.UNKNOWN]
    columns = [
        *table_columns(texts, "column", "release", "#models", "#known"),
        *(Column(texts.say(f"weight.{weight}"), is_number=True) for weight in weights),
    ]
    # Dozens of mixtures hold a model or two each: a row for each would hide the releases.
    single, mixed = count_reported_releases(findings)
    mixtures, small = mixed[:MOST_MIXTURES], mixed[MOST_MIXTURES:]
    if small:
        name = texts.say("page.other_mixtures", n=len(small))
        mixtures.append(add_up(small, name))
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
            Word(conflict.tag or ""),
            " + ".join(conflict.terms),
            texts.number(conflict.models),
            _known_number_text(conflict.downloads, texts),
        )
        for conflict in group_reported_conflicts(findings.rows)[:MOST_KINDS]
    ]
    names = ("class", "tag", "terms", "#models", "#downloads_known")
    columns = table_columns(texts, "column", *names)
    return _titled_section(texts, "kinds", Table(columns, rows)) if rows else None


def _used_section(findings: LicenseFindings, texts: Texts, csv_name: str) -> Section:
    """Show the most used conflicts one by one."""
    conflicts = most_used_in_report(findings.rows, MOST_USED)
    blocks: list[Block] = [texts.say("page.used_none")]
    if conflicts:
        total = sum(map(is_reported_conflict, findings.rows))
        text = texts.say("page.used_text", shown=len(conflicts), all=total)
        names = ("model", "tag", "class", "terms", "clauses", "#downloads", "#below", "path")
        columns = table_columns(texts, "column", *names, "notes")
        blocks = [text, Table(columns, [_conflict_table_row(row, texts) for row in conflicts])]
    blocks.append(texts.say("page.csv", file=csv_name))
    return Section(texts.say("page.used"), blocks)


def _conflict_table_row(row: Judged, texts: Texts) -> Sequence[Cell]:
    path: list[Inline] = []
    for at, id in enumerate(row.path[1:]):
        path += [" → " if at else "→ ", Word(id)]
    return (
        Link(row.model, HUB + row.model),
        Word(row.tag or ""),
        texts.say(f"class.{row.drift}"),
        " + ".join(row.terms),
        ", ".join(row.clauses),
        _known_number_text(row.downloads, texts),
        texts.number(row.below),
        path,
        "; ".join(texts.say(f"note.{note}") for note in row.notes),
    )


def _known_number_text(number: int | None, texts: Texts) -> str:
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
        *table_columns(texts, "column", "prefix", "#models"),
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
    columns = table_columns(texts, "column", "note", "#models", "means")
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
        for terms, models in applicable_terms(findings)
    ]
    columns = table_columns(texts, "column", "terms", "#models", "text", "notice", "users_date")
    return _titled_section(texts, "owed", Table(columns, rows))


def _clause_section(findings: LicenseFindings, texts: Texts) -> Section:
    """Quote the clauses of all terms that apply to some model."""
    blocks: list[Block] = [texts.say("page.terms_text")]
    for terms, _ in applicable_terms(findings):
        rows: list[Sequence[Cell]] = [
            (texts.say(f"rule.{rule.name}"), rule.clause, Word(rule.quote))
            for rule in terms.rules.values()
            if rule.quote
        ]
        title = [f"{terms.name}, {texts.date(terms.dated)}. ", _source_link_text(terms.source)]
        columns = table_columns(texts, "column", "rule", "clause", "quote")
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


def _card_section(findings: LicenseFindings, texts: Texts) -> Section | None:
    """Quote the cards that name a license beside the tag, as far as their models are here."""
    # A card outweighs no tag: both are shown, and the reader judges.
    models = {row.model for row in findings.rows}
    lines: list[tuple[str, Cell]] = []
    for card in findings.terms.cards:
        if card.model in models:
            quote = Word(card.source.quote or "")
            link = _source_link_text(card.source)
            lines.append((card.names, [Word(card.model), ": ", quote, " ", link]))
    return Section(texts.say("page.cards"), [Facts(lines)]) if lines else None


def _source_link_text(source: CuratedSource) -> Inline:
    return Link(source.text, source.url) if source.url else source.text


def _method_section(findings: LicenseFindings, manifest: Manifest, texts: Texts) -> Section:
    """Say what was counted, by which rules, what cannot be seen, and how to cite."""
    family, knowledge = findings.family.name, findings.knowledge
    share = texts.percent(knowledge.known, knowledge.listed)
    least = texts.percent(round(100 * LEAST_SHARE), 100)
    sample = texts.say("method.share_text", share=share, least=least)
    if knowledge.is_local:
        sample = f"{texts.say('method.local_text')} {sample}"
    # The address is a stranger's word within a sentence of ours: it is put in once the sentence
    # stands.
    place, day = "\N{NULL}", manifest.origin.taken_at.date()
    snapshot = texts.say("method.snapshot_text", id=manifest.id, date=day, endpoint=place)
    cite = texts.say("method.cite_text", version=__version__, family=family, id=findings.snapshot)
    lines: dict[str, Cell] = {
        "snapshot": split_table_place(snapshot, place, manifest.origin.endpoint),
        "sample": sample,
        "counted": texts.say("method.counted_text", family=family),
        "filters": _filters_text(findings, texts),
        "path": texts.say("method.path_text"),
        "rules": texts.say("method.rules_text", family=family, date=findings.terms.version),
        "limits": texts.say("method.limits_text"),
        "cite": cite,
    }
    facts = Facts([(texts.say(f"method.{key}"), cell) for key, cell in lines.items()])
    return Section(texts.say("page.how"), [facts])


def _filters_text(findings: LicenseFindings, texts: Texts) -> str:
    definition, words = findings.definition, load_texts(texts.language)
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
