"""The parts of a license report that quote: duties, clauses, disputes, and how it was made."""

from collections.abc import Sequence

from lineage.analysis.licenses import LicenseFindings
from lineage.analysis.licenses.findings import LEAST_SHARE
from lineage.domain.claims import Relation
from lineage.domain.definitions import Closure
from lineage.domain.families import CuratedSource
from lineage.domain.licenses import ClauseName, Terms
from lineage.reporting import license_numbers as numbers
from lineage.reporting.document import (
    NOTHING,
    Block,
    Cell,
    Facts,
    Link,
    Part,
    Section,
    Table,
    Word,
)
from lineage.reporting.language import Texts, texts
from lineage.reporting.license_sections import columns_of
from lineage.store.manifest import Manifest
from lineage.version import __version__


def owed(found: LicenseFindings, says: Texts) -> Section:
    """Say what the terms want shown, and whose users they count on which day."""
    rows = [
        (
            terms.id,
            says.number(number),
            _shown(terms, ClauseName.BUILT_WITH),
            _shown(terms, ClauseName.NOTICE),
            says.date(terms.dated) if ClauseName.MONTHLY_USERS in terms.rules else NOTHING,
        )
        for terms, number in numbers.owing(found)
    ]
    columns = [
        *columns_of(says, "terms", "#models", "text"),
        *columns_of(says, "notice", "users_date"),
    ]
    return Section(says.say("page.owed"), [says.say("page.owed_text"), Table(columns, rows)])


def clauses(found: LicenseFindings, says: Texts) -> Section:
    """Quote the clauses of all terms that some model owes."""
    blocks: list[Block] = [says.say("page.terms_text")]
    for terms, _ in numbers.owing(found):
        rows: list[Sequence[Cell]] = [
            (says.say(f"rule.{rule.name}"), rule.clause, Word(rule.quote))
            for rule in terms.rules.values()
            if rule.quote
        ]
        title: list[Part] = [f"{terms.name}, {says.date(terms.dated)}. ", _told(terms.source)]
        blocks += [
            Facts([(terms.id, title)]),
            Table(columns_of(says, "rule", "clause", "quote"), rows),
        ]
    return Section(says.say("page.terms"), blocks)


def disputes(found: LicenseFindings, says: Texts) -> Section | None:
    """Tell where official files name different terms."""
    names = {release.id: release.name for release in found.family.releases}
    lines: list[tuple[str, Cell]] = [
        (names.get(one.release, one.release), [f"{one.says} ", _told(one.source)])
        for one in found.terms.disagreements
    ]
    return Section(says.say("page.disputes"), [Facts(lines)]) if lines else None


def cards(found: LicenseFindings, says: Texts) -> Section | None:
    """Quote the cards that name a license beside the tag, as far as their models are here."""
    here = {row.model for row in found.rows}
    lines: list[tuple[str, Cell]] = [
        (
            card.names,
            [Word(card.model), ": ", Word(card.source.quote or ""), " ", _told(card.source)],
        )
        for card in found.terms.cards
        if card.model in here
    ]
    return Section(says.say("page.cards"), [Facts(lines)]) if lines else None


def method(found: LicenseFindings, manifest: Manifest, says: Texts) -> Section:
    """Say what was asked, by which rules, what cannot be seen, and how to cite."""
    family, knowledge = found.family.name, found.knowledge
    share = says.percent(knowledge.known, knowledge.listed)
    least = says.percent(round(100 * LEAST_SHARE), 100)
    sample = says.say("method.share_text", share=share, least=least)
    if knowledge.is_local:
        sample = f"{says.say('method.local_text')} {sample}"
    told: dict[str, Cell] = {
        "snapshot": _snapshot(manifest, says),
        "sample": sample,
        "counted": says.say("method.counted_text", family=family),
        "filters": _filters(found, says),
        "path": says.say("method.path_text"),
        "rules": says.say("method.rules_text", family=family, date=found.terms.version),
        "limits": says.say("method.limits_text"),
        "cite": says.say("method.cite_text", version=__version__, family=family, id=found.snapshot),
    }
    lines = [(says.say(f"method.{key}"), cell) for key, cell in told.items()]
    return Section(says.say("page.how"), [Facts(lines)], is_box=True)


def _snapshot(manifest: Manifest, says: Texts) -> Cell:
    place = "\N{NULL}"
    text = says.say(
        "method.snapshot_text",
        id=manifest.id,
        date=manifest.origin.taken_at.date(),
        endpoint=place,
    )
    before, _, after = text.partition(place)
    return [before, Word(manifest.origin.endpoint), after]


def _filters(found: LicenseFindings, says: Texts) -> str:
    definition = found.definition
    words = texts(says.language)
    relations = ", ".join(words.say(f"words.{one}") for one in definition.relations)
    told = [
        says.say("method.every_relation")
        if set(definition.relations) == set(Relation)
        else says.say("method.relations", relations=relations),
        says.say("method.least", least=words.say(f"words.{definition.min_strength}")),
    ]
    if definition.closure is Closure.DIRECT:
        told.append(says.say("method.direct"))
    if definition.min_downloads:
        told.append(says.say("method.downloads", downloads=definition.min_downloads))
    if definition.as_of:
        told.append(says.say("method.as_of", date=definition.as_of))
    if definition.deleted:
        told.append(says.say("method.deleted"))
    return "; ".join(told)


def _shown(terms: Terms, rule: ClauseName) -> Cell:
    text = numbers.shown_text(terms, rule)
    return NOTHING if text is None else Word(text)


def _told(source: CuratedSource) -> Part:
    return Link(source.text, source.url) if source.url else source.text
