"""The license terms of a family, read from its file in `terms`; what it may hold is said here."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from lineage.domain.families import CuratedSource
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
from lineage.families.family_file import MOST_WORDS
from lineage.families.marks import with_sources_told
from lineage.families.toml_table import Table


def license_terms(family: str) -> LicenseTerms:
    """Return what is known of a family's terms.

    Raises:
        SettingsError: no terms of this family are at hand; the hint names those there are.
    """
    if family not in (known := families_with_terms()):
        raise SettingsError(
            f"no license terms of the family {family!r} are at hand",
            f"there are terms of: {', '.join(known)}",
        )
    return _bundled(family)


def families_with_terms() -> tuple[str, ...]:
    """Return the ids of the families whose terms come with this package, sorted."""
    return tuple(sorted(_files()))


def load_terms_file(source: Path | Traversable) -> LicenseTerms:
    """Read one file of terms.

    Raises:
        SettingsError: it cannot be read, or it breaks a rule; the message names file and entry.
    """
    try:
        content = tomllib.loads(source.read_bytes().decode())
    except (OSError, ValueError) as error:
        raise SettingsError(f"{source.name} cannot be read as TOML: {error}") from error
    return _license_terms(Table(source.name, with_sources_told(source.name, content)))


def _files() -> dict[str, Traversable]:
    files = (resources.files("lineage.families") / "terms").iterdir()
    return {file.name.removesuffix(".toml"): file for file in files if file.name.endswith(".toml")}


@cache
def _bundled(family: str) -> LicenseTerms:
    return load_terms_file(_files()[family])


def _license_terms(file: Table) -> LicenseTerms:
    file.allow("family", "version", "terms", "rule", "drift", "tags", "disagreement", "card")
    rules = list(_rules(file))
    terms = tuple(_terms(table, rules) for table in file.tables("terms"))
    known = {one.id for one in terms}
    for table, owners, rule in rules:
        if strangers := sorted(set(owners) - known):
            raise table.refusal(f"{rule.name} stands in {', '.join(strangers)}: no such terms")
    return LicenseTerms(
        family=file.handle("family"),
        version=file.day("version"),
        terms=terms,
        drifts=_drifts(file),
        tags=_tags(file.table("tags")),
        cards=tuple(_card(table, known) for table in file.tables("card", called="model")),
        disagreements=tuple(
            Disagreement(table.handle("release"), table.text("says"), _source(table))
            for table in file.tables("disagreement", called="release")
        ),
    )


def _rules(file: Table) -> Iterator[tuple[Table, tuple[str, ...], Clause]]:
    """Yield every rule with its place and the terms that it stands in."""
    for table in file.tables("rule"):
        table.allow("id", "of", "clause", "quote", "text", "bases")
        rule = Clause(
            name=table.word("id", ClauseName),
            clause=table.text("clause"),
            quote=_quote(table),
            text=table.text_or_none("text"),
            bases=table.repo_ids("bases") if "bases" in table.content else (),
        )
        yield table, table.texts("of"), rule


def _terms(table: Table, rules: Sequence[tuple[Table, tuple[str, ...], Clause]]) -> Terms:
    table.allow(
        *("id", "name", "number", "tag", "releases", "dated", "dated_note", "source", "url")
    )
    id = table.handle("id")
    mine: dict[ClauseName, Clause] = {}
    for place, owners, rule in rules:
        if id in owners:
            if rule.name in mine:
                raise place.refusal(f"{id} has two rules {rule.name}")
            mine[rule.name] = rule
    number = table.content.get("number")
    return Terms(
        id=id,
        name=table.text("name"),
        number=number if isinstance(number, str) else "",
        tag=table.text_or_none("tag"),
        releases=table.texts("releases"),
        dated=table.day("dated"),
        rules=mine,
        source=_source(table),
        dated_note=table.text_or_none("dated_note"),
    )


def _drifts(file: Table) -> tuple[DriftRule, ...]:
    found: list[DriftRule] = []
    for table in file.tables("drift"):
        table.allow("id", "severity", "cites")
        cites = table.texts("cites")
        if unknown := sorted(set(cites) - set(ClauseName)):
            raise table.refusal(f"{', '.join(unknown)} is no rule")
        found.append(
            DriftRule(
                table.word("id", Drift),
                table.word("severity", DriftSeverity),
                tuple(ClauseName(name) for name in cites),
            )
        )
    if sorted(one.drift for one in found) != sorted(Drift):
        raise file.refusal("every class needs one [[drift]]", f"they are {', '.join(Drift)}")
    return tuple(found)


def _tags(table: Table) -> Mapping[str, Grant]:
    table.allow(*Grant)
    return {tag: grant for grant in Grant for tag in table.texts(grant.value)}


def _card(table: Table, known: set[str]) -> CardWord:
    table.allow("model", "names", "quote", "source", "url")
    names = table.text("names")
    if names not in known:
        raise table.refusal(f"names = {names!r}: no such terms")
    return CardWord(table.repo_id("model"), names, _source(table))


def _source(table: Table) -> CuratedSource:
    return CuratedSource(table.text("source"), _quote(table), table.address_or_none("url"))


def _quote(table: Table) -> str | None:
    quote = table.text_or_none("quote")
    if quote is not None and len(quote.split()) > MOST_WORDS:
        raise table.refusal(f"the quote has {len(quote.split())} words; {MOST_WORDS} are allowed")
    return quote
