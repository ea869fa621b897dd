"""The license terms of a family, read from its file in `terms`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
    replace_registry_marks,
)


class _Terms(SourcedShape, kw_only=True):
    id: Handle
    name: Text
    dated: date
    number: str = ""
    tag: Text | None = None
    releases: tuple[Text, ...] = ()
    models: tuple[Text, ...] = ()
    models_source: Text | None = None
    names: tuple[Text, ...] = ()
    links: tuple[Text, ...] = ()
    is_permissive: bool = False
    dated_note: Text | None = None


class _SharedTerms(Shape, kw_only=True):
    """Terms of the shared file, and what of a family came under them."""

    id: Handle
    releases: tuple[Text, ...] = ()
    models: tuple[Text, ...] = ()
    models_source: Text


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
    shared: tuple[_SharedTerms, ...] = ()
    rule: tuple[_Clause, ...] = ()
    card: tuple[_Card, ...] = ()
    disagreement: tuple[_Disagreement, ...] = ()


class _RulesFile(Shape):
    terms: tuple[_Terms, ...]
    rule: tuple[_Clause, ...]
    drift: tuple[_Drift, ...]
    tags: dict[Grant, tuple[Text, ...]]


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


@cache
def families_with_terms() -> tuple[str, ...]:
    """Return the ids of the families whose terms come with this package, sorted."""
    return tuple(sorted(name for name, _ in list_registry_files(_terms_folder())))


@cache
def _load_bundled_terms(family: str) -> LicenseTerms:
    return load_terms_file(dict(list_registry_files(_terms_folder()))[family])


def _terms_folder() -> Traversable:
    return resources.files("lineage.families") / "terms"


def load_terms_file(
    file: Path | Traversable, rules_file: Path | Traversable | None = None
) -> LicenseTerms:
    """Read one file of terms, and what it shares with others: the bundled rules unless named.

    Raises:
        SettingsError: it cannot be read, or it breaks a rule; the message names file and entry.
    """
    name, content = file.name, read_registry_toml(file, _TermsFile)
    marks = content.sources
    rules_file = _terms_folder() / "shared" / "rules.toml" if rules_file is None else rules_file
    rules = read_registry_toml(rules_file, _RulesFile)
    # A report weighs every class: one without a weight would fall out of its tables.
    if sorted(it.id for it in rules.drift) != sorted(Drift):
        hint = f"they are {', '.join(Drift)}"
        raise SettingsError(f"{rules_file.name}: every class needs one [[drift]]", hint)

    # The family's own terms, then those that it shares with others.
    terms = _make_terms(name, content.terms, content.rule, marks)
    common = {it.id: it for it in _make_terms(rules_file.name, rules.terms, rules.rule, {})}
    for entry in content.shared:
        place = f"{name}, shared {entry.id}"
        if entry.id not in common:
            raise SettingsError(f"{place}: no such terms", f"there are {', '.join(common)}")
        source = replace_registry_marks(place, entry.models_source, marks)
        terms.append(
            replace(
                common[entry.id],
                releases=entry.releases,
                models=entry.models,
                models_source=source,
            )
        )
    for card in content.card:
        if card.names not in (ids := [it.id for it in terms]):
            what = f"{name}, card {card.model}: names = {card.names!r}: no such terms"
            raise SettingsError(what, f"there are {', '.join(ids)}")
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
        drifts=tuple(DriftRule(it.id, it.severity, it.cites) for it in rules.drift),
        tags={tag: grant for grant in Grant for tag in rules.tags.get(grant, ())},
        cards=tuple(cards),
        disagreements=tuple(disagreements),
    )


def _make_terms(
    name: str, entries: Sequence[_Terms], rules: Sequence[_Clause], marks: Mapping[str, str]
) -> list[Terms]:
    clauses = _sort_terms_clauses(name, entries, rules)
    return [
        Terms(
            *(it.id, it.name, it.number, it.tag, it.releases, it.dated, clauses[it.id]),
            make_registry_source(f"{name}, terms {it.id}", it, marks),
            it.dated_note,
            it.models,
            None
            if it.models_source is None
            else replace_registry_marks(f"{name}, terms {it.id}", it.models_source, marks),
            it.names,
            it.links,
            it.is_permissive,
        )
        for it in entries
    ]


def _sort_terms_clauses(
    name: str, terms: Sequence[_Terms], rules: Sequence[_Clause]
) -> Mapping[str, Mapping[ClauseName, Clause]]:
    """Return the clauses of each of the terms; SettingsError where they have one twice."""
    clauses: dict[str, dict[ClauseName, Clause]] = {it.id: {} for it in terms}
    for entry in rules:
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
