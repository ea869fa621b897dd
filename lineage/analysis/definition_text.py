"""The rule behind a number in plain words, to stand below it."""

from collections.abc import Sequence

from lineage.domain.addresses import is_loopback
from lineage.domain.claims import Relation, Strength
from lineage.domain.definitions import Closure, Definition
from lineage.store.manifest import Manifest, SnapshotKind

Line = tuple[str, str]
"""A label, and what it says."""

_ROOTS_NAMED = 3

_REACH = {
    Closure.ALL: "distinct models at any depth below the roots, each once; no root is counted",
    Closure.DIRECT: "distinct models right below a root, each once; no root is counted",
}

_STRENGTH = {
    Strength.INFERRED: "stated by the Hub or an author, or guessed",
    Strength.DECLARED: "stated by the Hub or an author; no guesses",
    Strength.CONFIRMED: "confirmed by the Hub's own records; nothing else",
}


def in_words(
    definition: Definition, manifest: Manifest, source_note: str = "", roots: str = ""
) -> list[Line]:
    """Return the lines that say what was counted, where, and when it was so.

    `source_note` tells of a sample what it was drawn from; `roots` stands in where several
    numbers with different roots share one rule.
    """
    return rule_in_words(definition, roots) + whence(manifest, source_note)


def rule_in_words(definition: Definition, roots: str = "") -> list[Line]:
    """Return the lines that say what was counted, of whatever snapshot."""
    return [
        ("roots", roots or _named(definition.roots)),
        ("counted", _REACH[definition.closure]),
        ("edges", f"{_relations(definition.relations)}; {_STRENGTH[definition.least]}"),
        *_joined(definition),
        ("filters", _filters(definition)),
    ]


def whence(manifest: Manifest, source_note: str = "") -> list[Line]:
    """Return the lines that say which snapshot was asked, and what is not the Hub itself."""
    return [("snapshot", _snapshot(manifest)), *source(manifest.origin.endpoint, source_note)]


def source(endpoint: str, note: str = "") -> list[Line]:
    """Return the line that says what is not the Hub itself, if it is not."""
    if not note and is_loopback(endpoint):
        note = "Counted in what this machine served, not on the Hub"
    return [("source", note)] if note else []


def taken(manifest: Manifest) -> str:
    """Return when and from where a snapshot was taken."""
    origin = manifest.origin
    dump = (
        f", by the dump {origin.dump.get('file', '')}" if origin.kind is SnapshotKind.DUMP else ""
    )
    return f"taken {origin.taken_at:%Y-%m-%d %H:%M} UTC from {origin.endpoint}{dump}"


def _named(roots: Sequence[str]) -> str:
    if len(roots) <= _ROOTS_NAMED:
        return ", ".join(roots)
    first = ", ".join(roots[:_ROOTS_NAMED])
    return f"{len(roots)} repositories: {first} and {len(roots) - _ROOTS_NAMED} more"


def _relations(relations: Sequence[Relation]) -> str:
    if set(relations) == set(Relation):
        return "every relation"
    return f"{', '.join(relations)} alone"


def _joined(definition: Definition) -> list[Line]:
    parts = {
        "plain mirrors among the roots": definition.mirrors,
        "curated edges": definition.curated,
        "deleted models": definition.deleted,
    }
    joined = ", ".join(name for name, is_in in parts.items() if is_in)
    left_out = ", ".join(name for name, is_in in parts.items() if not is_in)
    return [line for line in (("with", joined), ("without", left_out)) if line[1]]


def _filters(definition: Definition) -> str:
    day = "the snapshot" if definition.as_of is None else f"the end of {definition.as_of}, UTC"
    least = definition.min_downloads
    downloads = f"at least {least:,} downloads" if least else "any number of downloads"
    return f"as of {day}, {downloads}"


def _snapshot(manifest: Manifest) -> str:
    told = f"{manifest.id}, {taken(manifest)}"
    if manifest.origin.kind is SnapshotKind.BELOW:
        told += f"; it holds what lies below {manifest.origin.below} and no more"
    return told
