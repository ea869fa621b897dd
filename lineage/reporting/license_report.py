"""What a license report says, in one language and before any format."""

import tomllib
from functools import cache
from importlib import resources

from lineage.analysis.licenses import LicenseFindings
from lineage.domain.licenses import DriftSeverity
from lineage.reporting import license_numbers as numbers
from lineage.reporting import license_sections as sections
from lineage.reporting import license_sources as sources
from lineage.reporting.document import Block, Document, Section, Warned
from lineage.reporting.language import Language, Texts
from lineage.store.manifest import Manifest
from lineage.version import __version__


@cache
def license_texts(language: Language) -> Texts:
    """Return what a license report says in a language."""
    file = resources.files("lineage.reporting") / "texts" / f"licenses.{language.value}.toml"
    return Texts(language, tomllib.loads(file.read_text("utf-8")))


def license_document(
    found: LicenseFindings, manifest: Manifest, language: Language, csv_name: str
) -> Document:
    """Put findings into words; `csv_name` is the file that holds every model."""
    says = license_texts(language)
    return Document(
        language=language,
        title=says.say("page.title", family=found.family.name),
        lead=_lead(found, manifest, says),
        sections=_sections(found, manifest, says, csv_name),
        footer=says.say("page.made_by", version=__version__),
    )


def _lead(found: LicenseFindings, manifest: Manifest, says: Texts) -> list[Block]:
    rows, knowledge = found.rows, found.knowledge
    lead: list[Block] = [
        says.say(
            "page.summary",
            models=len(rows),
            family=found.family.name,
            date=found.definition.as_of or manifest.origin.taken_at.date(),
            known=numbers.known(rows),
            conflicts=sum(map(numbers.is_conflict, rows)),
            wider=sections.severities(found)[DriftSeverity.WIDENS],
        ),
        Warned(says.say("page.advice")),
    ]
    if knowledge.is_sample:
        lead.append(Warned(says.say("page.sample", known=knowledge.known, listed=knowledge.listed)))
    return lead


def _sections(
    found: LicenseFindings, manifest: Manifest, says: Texts, csv_name: str
) -> list[Section]:
    made = [
        sections.classes(found, says),
        sections.by_release(found, says),
        sections.used(found, says, csv_name),
        sections.kinds(found, says),
        sections.names(found, says),
        sections.notes(found, says),
        sources.owed(found, says),
        sources.clauses(found, says),
        sources.disputes(found, says),
        sources.cards(found, says),
        sources.method(found, manifest, says),
    ]
    return [section for section in made if section is not None]
