"""The license terms of a family, read from its file in `terms`."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from msgspec import field

from lineage.domain.licenses import (
    CardWord,
    Clause,
    ClauseName,
    Disagreement,
    Drift,
    DriftRule,
    DriftSeverity,
    Grant,
    LicenseTerms,
    Terms,
)
from lineage.errors import SettingsError
from lineage.families.toml_file import (
    Handle,
    RepoId,
    Shape,
    SourcedShape,
    Text,
    check_registry_quote,
    list_registry_files,
    make_registry_source,
    read_registry_toml,
)


class _Terms(SourcedShape, kw_only=True):
    id: Handle
    name: Text
    dated: date
    number: str = ""
    tag: Text | None = None
    releases: tuple[Text, ...] = ()
    dated_note: Text | None = None


class _Clause(Shape):
    id: ClauseName
    clause: Text
    of: tuple[Text, ...] = ()
    quote: Text | None = None
    text: Text | None = None
    bases: tuple[RepoId, ...] = ()


class _Drift(Shape):
    id: Drift
    severity: DriftSeverity
    cites: tuple[ClauseName, ...] = ()


class _Card(SourcedShape, kw_only=True):
    model: RepoId
    names: Text


class _Disagreement(SourcedShape, kw_only=True):
    release: Handle
    says: Text


class _TermsFile(Shape):
    family: Handle
    version: date
    sources: dict[str, str] = field(default_factory=dict)
    terms: tuple[_Terms, ...] = ()
    rule: tuple[_Clause, ...] = ()
    drift: tuple[_Drift, ...] = ()
    tags: dict[Grant, tuple[Text, ...]] = field(default_factory=dict)
    card: tuple[_Card, ...] = ()
    disagreement: tuple[_Disagreement, ...] = ()


def license_terms(family: str) -> LicenseTerms:
    """Return what is known of a family's terms.

    Raises:
        SettingsError: this package has no terms of the family; the hint names those it has.
    """
    if family not in (families := families_with_terms()):
        raise SettingsError(
            f"no license terms of the family {family!r} are at hand",
            f"there are terms of: {', '.join(families)}",
        )
    return _load_bundled_terms(family)


def families_with_terms() -> tuple[str, ...]:
    """Return the ids of the families whose terms come with this package, sorted."""
    return tuple(sorted(name for name, _ in list_registry_files(_terms_folder())))


@cache
def _load_bundled_terms(family: str) -> LicenseTerms:
    return load_terms_file(dict(list_registry_files(_terms_folder()))[family])


def _terms_folder() -> Traversable:
    return resources.files("lineage.families") / "terms"


def load_terms_file(file: Path | Traversable) -> LicenseTerms:
    """Read one file of terms.

    Raises:
        SettingsError: it cannot be read, or it breaks a rule; the message names file and entry.
    """
    name, content = file.name, read_registry_toml(file, _TermsFile)
    marks = content.sources
    clauses = _sort_terms_clauses(name, content)
    for card in content.card:
        if card.names not in clauses:
            what = f"{name}, card {card.model}: names = {card.names!r}: no such terms"
            raise SettingsError(what, f"there are {', '.join(clauses)}")
    # A report weighs every class: one without a weight would fall out of its tables.
    if sorted(it.id for it in content.drift) != sorted(Drift):
        hint = f"they are {', '.join(Drift)}"
        raise SettingsError(f"{name}: every class needs one [[drift]]", hint)
    terms = [
        Terms(
            *(it.id, it.name, it.number, it.tag, it.releases, it.dated, clauses[it.id]),
            make_registry_source(f"{name}, terms {it.id}", it, marks),
            it.dated_note,
        )
        for it in content.terms
    ]
    disagreements = [
        Disagreement(
            it.release,
            it.says,
            make_registry_source(f"{name}, disagreement {it.release}", it, marks),
        )
        for it in content.disagreement
    ]
    cards = [
        CardWord(it.model, it.names, make_registry_source(f"{name}, card {it.model}", it, marks))
        for it in content.card
    ]
    return LicenseTerms(
        family=content.family,
        version=content.version,
        terms=tuple(terms),
        drifts=tuple(DriftRule(it.id, it.severity, it.cites) for it in content.drift),
        tags={tag: grant for grant in Grant for tag in content.tags.get(grant, ())},
        cards=tuple(cards),
        disagreements=tuple(disagreements),
    )


def _sort_terms_clauses(
    name: str, content: _TermsFile
) -> Mapping[str, Mapping[ClauseName, Clause]]:
    """Return the clauses of each of the terms; SettingsError where they have one twice."""
    clauses: dict[str, dict[ClauseName, Clause]] = {it.id: {} for it in content.terms}
    for entry in content.rule:
        place = f"{name}, rule {entry.id}"
        check_registry_quote(place, entry.quote)
        clause = Clause(entry.id, entry.clause, entry.quote, entry.text, entry.bases)
        for owner in entry.of:
            if owner not in clauses:
                hint = f"there are {', '.join(clauses)}"
                raise SettingsError(f"{place}: it stands in {owner}: no such terms", hint)
            if entry.id in clauses[owner]:
                raise SettingsError(f"{place}: {owner} has two rules {entry.id}", "keep one")
            clauses[owner][entry.id] = clause
    return clauses
