"""Names that begin with or hold some letters: models, authors and families."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.scope import Scope
from lineage.domain.subjects import SubjectKind
from lineage.store import schema

_MOST_SORTED = 10_000


class MatchKind(StrEnum):
    """How a name matches what was typed, the best first."""

    EXACT = "exact"
    PREFIX = "prefix"
    SUBSTRING = "substring"


@dataclass(frozen=True, slots=True)
class FoundName:
    """One name that matches."""

    kind: SubjectKind | None
    """None for an author."""
    id: str
    """A subject; of an author the name of the account."""
    match: MatchKind
    total: int
    """Models below it, stored at publication; of an author and a family, 0 = not counted here."""
    models: int = 1
    """Of an author how many models the snapshot lists."""


def search_names(scope: Scope, text: str, limit: int = 20) -> list[FoundName]:
    """Return the names that match letters, whatever their case, at most so many.

    Families and releases first, then exact names, then those that begin so, then those that hold
    it; among equals what has most descendants.
    """
    sought = text.strip().lower()
    if not sought:
        return []
    registered = list(_search_registry(scope, sought))
    models = _search_models(scope, sought, limit)
    authors = _search_authors(scope, sought, limit)
    rank = {kind: place for place, kind in enumerate(MatchKind)}
    found_names = sorted(
        (*registered, *models, *authors),
        key=lambda it: (
            rank[it.match],
            it.kind in (SubjectKind.MODEL, None),
            -it.total,
            len(it.id),
            it.id,
        ),
    )
    return found_names[:limit]


def _match_kind(name: str, sought: str) -> MatchKind | None:
    lowered = name.lower()
    if lowered == sought:
        return MatchKind.EXACT
    if lowered.startswith(sought):
        return MatchKind.PREFIX
    return MatchKind.SUBSTRING if sought in lowered else None


def _search_registry(scope: Scope, sought: str) -> Iterator[FoundName]:
    for family in scope.families:
        handles = [(SubjectKind.FAMILY, family.id, family.name)]
        handles += [(SubjectKind.RELEASE, it.id, it.name) for it in family.releases]
        for kind, id, name in handles:
            kinds = [it for word in (id, name) if (it := _match_kind(word, sought))]
            if kinds:
                yield FoundName(
                    kind, f"{kind.value}:{id}", min(kinds, key=list(MatchKind).index), 0
                )


def _search_models(scope: Scope, sought: str, limit: int) -> Iterator[FoundName]:
    """Yield the listed models that match; `owner/na` is matched whole, `na` in the name alone."""
    ids = scope.snapshot.column(schema.MODELS_FILE, "id").combine_chunks()
    some = ids.filter(pc.match_substring(ids, sought, ignore_case=True))
    if "/" not in sought:
        # What stands in the owner alone is an author's match, and would hide every other.
        names = pc.replace_substring_regex(some, "^[^/]*/", "")
        some = some.filter(pc.match_substring(names, sought, ignore_case=True))
    counts = scope.snapshot.table(schema.COUNTS_FILE, ["id", "total"])
    counts = counts.filter(pc.is_in(counts["id"], value_set=some))
    total = dict(zip(counts["id"].to_pylist(), counts["total"].to_pylist(), strict=True))
    names = some if "/" in sought else pc.replace_substring_regex(some, "^[^/]*/", "")
    lowered = pc.utf8_lower(names)
    exact = pc.equal(lowered, sought)
    prefix = pc.starts_with(lowered, sought)
    for kind, mask in (
        (MatchKind.EXACT, exact),
        (MatchKind.PREFIX, pc.and_not(prefix, exact)),
        (MatchKind.SUBSTRING, pc.invert(prefix)),
    ):
        matching = some.filter(mask)
        if len(matching) > _MOST_SORTED:
            bases = pc.is_in(matching, value_set=pa.array(list(total), pa.string()))
            matching = pa.concat_arrays([matching.filter(bases), matching[:_MOST_SORTED]])
        best = sorted(set(matching.to_pylist()), key=lambda id: (-total.get(id, 0), len(id), id))[
            :limit
        ]
        yield from (FoundName(SubjectKind.MODEL, id, kind, total.get(id, 0)) for id in best)


def _search_authors(scope: Scope, sought: str, limit: int) -> Iterator[FoundName]:
    if "/" in sought:
        return
    authors = scope.snapshot.authors()
    authors = authors.filter(pc.match_substring(authors["author"], sought, ignore_case=True))
    by_kind: dict[MatchKind, list[FoundName]] = {}
    for row in authors.slice(0, _MOST_SORTED).to_pylist():
        if (kind := _match_kind(row["author"], sought)) is not None:
            author = FoundName(None, row["author"], kind, 0, row["models"])
            by_kind.setdefault(kind, []).append(author)
    for found_names in by_kind.values():
        yield from found_names[:limit]
