"""Families and what was found about them as plain documents; JSON and CSV spell them."""

from collections.abc import Iterable, Iterator, Sequence

from lineage.analysis.registry.checks import Finding
from lineage.domain.documents import Document
from lineage.domain.families import (
    CuratedEdge,
    CuratedSource,
    Family,
    FormerName,
    Outsider,
    Release,
    Reupload,
)

_UNTOLD = CuratedSource("")
"""For a name, whose source is that of its release."""


def of_families(families: Iterable[Family]) -> list[Document]:
    """Return one document for each family: what it holds, counted."""
    return [
        {
            "family": family.id,
            "name": family.name,
            "organization": family.organization,
            "version": family.version,
            "releases": len(family.releases),
            "roots": len(family.roots()),
            "mirrors": sum(len(it.mirrors) for it in family.releases),
            "quantized": sum(len(it.quantized) for it in family.releases),
            "changed": sum(len(it.changed) for it in family.releases),
            "edges": len(family.edges),
            "outsiders": len(family.outsiders),
        }
        for family in families
    ]


def of_family(family: Family) -> Document:
    """Return all of a family, with every source."""
    return {
        "family": family.id,
        "name": family.name,
        "organization": family.organization,
        "version": family.version,
        "releases": [_of_release(release) for release in family.releases],
        "edges": [_of_edge(edge) for edge in family.edges],
        "outsiders": [_of_outsider(one) for one in family.outsiders],
        "former_names": _of_names(family.renamed),
    }


def rows_of_family(family: Family) -> list[Document]:
    """Return one flat row for each entry; `of` is what it stands for, comes from or is now."""
    rows = [row for release in family.releases for row in _rows_of_release(release)]
    rows += [
        _row("edge", "", edge.child, edge.parent, says=_made(edge), source=edge.source)
        for edge in family.edges
    ]
    rows += [
        _row("outsider", "", one.id, one.root, says=one.sentence, source=one.source)
        for one in family.outsiders
    ]
    return rows + [_row("former name", "", it.name, it.now) for it in family.renamed]


def of_check(
    families: Iterable[Family], found: Sequence[Finding], snapshot: str | None
) -> Document:
    """Return what was looked at and found; `snapshot` is None where none was at hand."""
    return {
        "snapshot": snapshot,
        "families": {family.id: family.version for family in families},
        "findings": of_findings(found),
    }


def of_findings(found: Iterable[Finding]) -> list[Document]:
    """Return one document for each finding."""
    return [
        {
            "severity": one.severity.value,
            "family": one.family,
            "entry": one.entry,
            "says": one.says,
            "hint": one.hint,
            "ids": list(one.ids),
        }
        for one in found
    ]


def _of_release(release: Release) -> Document:
    return {
        "id": release.id,
        "name": release.name,
        "released": release.released.isoformat(),
        "license": release.license,
        "sizes": list(release.sizes),
        "gated": release.gated,
        "source": release.source,
        "official": list(release.official),
        "mirrors": _of_copies(release.mirrors),
        "quantized": _of_copies(release.quantized),
        "changed": _of_copies(release.changed),
        "deleted": list(release.deleted),
        "former_names": _of_names(release.former_names),
    }


def _of_copies(copies: Iterable[Reupload]) -> list[Document]:
    return [{"id": copy.id, "of": copy.of, "source": copy.source} for copy in copies]


def _of_names(names: Iterable[FormerName]) -> Document:
    return {old.name: old.now for old in names}


def _of_edge(edge: CuratedEdge) -> Document:
    said = {"relation": edge.relation.value, "proof": edge.proof.value}
    return {"child": edge.child, "parent": edge.parent} | said | _of_source(edge.source)


def _of_outsider(one: Outsider) -> Document:
    said = {"reason": one.reason.value, "sentence": one.sentence, "root": one.root}
    return {"id": one.id} | said | _of_source(one.source)


def _of_source(source: CuratedSource) -> Document:
    return {"source": source.text, "quote": source.quote, "url": source.url}


def _made(edge: CuratedEdge) -> str:
    return f"{edge.relation}, {edge.proof}"


def _rows_of_release(release: Release) -> Iterator[Document]:
    for id in release.official:
        yield _row("official", release.id, id, None, source=CuratedSource(release.source))
    kinds = {
        "mirror": release.mirrors,
        "quantized": release.quantized,
        "changed": release.changed,
    }
    for kind, copies in kinds.items():
        for copy in copies:
            says = "deleted" if copy.id in release.deleted else ""
            source = CuratedSource(copy.source or "")
            yield _row(kind, release.id, copy.id, copy.of, says=says, source=source)
    for old in release.former_names:
        yield _row("former name", release.id, old.name, old.now)


def _row(
    kind: str,
    release: str,
    id: str,
    of: str | None,
    *,
    says: str = "",
    source: CuratedSource = _UNTOLD,
) -> Document:
    row: Document = {"kind": kind, "release": release, "id": id, "of": of, "says": says}
    return row | _of_source(source)
