"""One family file, read into values; what a field may hold is said here."""

import tomllib
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path

from lineage.domain.claims import Relation
from lineage.domain.families import (
    CuratedEdge,
    CuratedSource,
    Family,
    FormerName,
    Outsider,
    OutsiderReason,
    Proof,
    Release,
    Reupload,
)
from lineage.errors import SettingsError
from lineage.families.consistency import refuse_contradictions
from lineage.families.marks import with_sources_told
from lineage.families.toml_table import Table

MOST_WORDS = 40
"""A quotation proves a point; it is no copy."""

_GATES = ("manual", "auto", "false")
_RELEASE = (
    *("id", "name", "released", "license", "sizes", "gated", "source", "official", "dead"),
    *("mirror", "mirror_source", "quantized", "quantized_source", "changed", "changed_source"),
    "former_names",
)


def load_family_file(source: Path | Traversable) -> Family:
    """Read one family file.

    Raises:
        SettingsError: it cannot be read, or it breaks a rule; the message names file and entry.
    """
    try:
        content = tomllib.loads(source.read_bytes().decode())
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"{source.name} cannot be read as TOML: {error}") from error
    loaded = _family(Table(source.name, with_sources_told(source.name, content)))
    refuse_contradictions(source.name, loaded)
    return loaded


def _family(file: Table) -> Family:
    file.allow("family", "release", "edge", "outsider", "former_names")
    head = file.table("family")
    head.allow("id", "name", "version", "organization")
    releases = tuple(_release(table) for table in file.tables("release"))
    if not releases:
        raise file.refusal("a family needs at least one [[release]]")
    return Family(
        id=head.handle("id"),
        name=head.text("name"),
        version=head.text("version"),
        releases=releases,
        organization=head.text_or_none("organization"),
        edges=tuple(_edge(table) for table in file.tables("edge", called="child")),
        outsiders=tuple(_outsider(table) for table in file.tables("outsider")),
        renamed=tuple(_former_names(file)),
    )


def _release(table: Table) -> Release:
    table.allow(*_RELEASE)
    official = table.repo_ids("official")
    mirrors = tuple(_reuploads(table, "mirror", official))
    roots = official + tuple(mirror.id for mirror in mirrors)
    if not roots:
        raise table.refusal("neither an official repository nor a mirror")
    return Release(
        id=table.handle("id"),
        name=table.text("name"),
        released=table.day("released"),
        license=table.text_or_none("license"),
        official=official,
        mirrors=mirrors,
        former_names=tuple(_former_names(table, roots)),
        quantized=tuple(_reuploads(table, "quantized", roots)),
        changed=tuple(_reuploads(table, "changed", roots)),
        dead=_dead(table, roots),
        sizes=table.texts("sizes"),
        gated=_gate(table),
        source=table.text("source"),
    )


def _dead(table: Table, roots: tuple[str, ...]) -> tuple[str, ...]:
    dead = table.repo_ids("dead") if "dead" in table.content else ()
    for id in dead:
        if id not in roots:
            raise table.refusal(
                f"dead = {id!r} is no root of this release",
                "list it under official or mirror too, spelled alike",
            )
    return dead


def _gate(table: Table) -> str | None:
    gate = table.text_or_none("gated")
    if gate is not None and gate not in _GATES:
        raise table.refusal(f"gated must be one of {', '.join(_GATES)}, not {gate!r}")
    return gate


def _reuploads(release: Table, kind: str, stand_for: tuple[str, ...]) -> Iterator[Reupload]:
    """Yield the copies of one kind; `stand_for` are the ids that they can be copies of."""
    shared = release.text_or_none(f"{kind}_source")
    for table in release.tables(kind):
        table.allow("id", "of", "source", "note")
        evidence = table.text_or_none("source") or shared
        if evidence is None:
            raise table.refusal(
                "nothing says why it is taken for that",
                f"give it a source, or the release a {kind}_source",
            )
        note = table.text_or_none("note")
        told = evidence if note is None else f"{evidence}; {note}"
        yield Reupload(table.repo_id("id"), _original(table, stand_for), told)


def _original(table: Table, stand_for: tuple[str, ...]) -> str | None:
    of = table.repo_id("of") if stand_for else table.repo_id_or_none("of")
    if of is not None and of not in stand_for:
        raise table.refusal(
            f"of = {of!r} is no checkpoint of this release",
            f"it can be {', '.join(stand_for)}" if stand_for else "leave it out: none is official",
        )
    return of


def _former_names(table: Table, roots: tuple[str, ...] | None = None) -> Iterator[FormerName]:
    names = table.table("former_names")
    for name, now in names.content.items():
        if roots is not None and now not in roots:
            raise names.refusal(
                f"{name} = {now!r} is no root of this release",
                "names of other models stand in [former_names] of the file",
            )
        yield FormerName(names.checked_id(name), names.checked_id(now))


def _edge(table: Table) -> CuratedEdge:
    table.allow("child", "parent", "relation", "proof", "source", "quote", "url")
    return CuratedEdge(
        child=table.repo_id("child"),
        parent=table.repo_id("parent"),
        relation=table.word("relation", Relation),
        proof=table.word("proof", Proof),
        source=_source(table),
    )


def _outsider(table: Table) -> Outsider:
    table.allow("id", "reason", "sentence", "source", "root", "quote", "url")
    return Outsider(
        id=table.repo_id("id"),
        reason=table.word("reason", OutsiderReason),
        sentence=table.text("sentence"),
        source=_source(table),
        root=table.repo_id_or_none("root"),
    )


def _source(table: Table) -> CuratedSource:
    quote = table.text_or_none("quote")
    if quote is not None and len(quote.split()) > MOST_WORDS:
        words = len(quote.split())
        raise table.refusal(
            f"the quote has {words} words", f"keep the {MOST_WORDS} that prove the point"
        )
    return CuratedSource(table.text("source"), quote, table.address_or_none("url"))
