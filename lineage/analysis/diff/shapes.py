"""Differences as plain documents with the names that scripts rely on; JSON and CSV spell them."""

from collections.abc import Sequence

from lineage.analysis.diff.diffs import Change, Diff, FamilyChange
from lineage.domain.availability import Availability
from lineage.domain.documents import Document

NOTHING_BEFORE: Document = dict.fromkeys(
    (
        *("before", "after", "added", "removed", "renamed", "edges_added", "edges_removed"),
        *("families", "bases_gained", "bases_lost", "standings"),
    )
)
"""The same document where there is nothing to compare with."""


def of_diff(diff: Diff) -> Document:
    """Return what changed between two snapshots."""
    return {
        "before": diff.before,
        "after": diff.after,
        "added": list(diff.added),
        "removed": list(diff.removed),
        "renamed": [{"from": one.before, "to": one.now} for one in diff.renamed],
        "edges_added": diff.edges_added,
        "edges_removed": diff.edges_removed,
        "families": [_of_family(one) for one in diff.families],
        "bases_gained": _of_changes("base", diff.gained),
        "bases_lost": _of_changes("base", diff.lost),
        "standings": {id: standing.value for id, standing in diff.standings.items()},
    }


def rows_of_diff(diff: Diff) -> list[Document]:
    """Return a flat row for each change; numbers that stayed as they were are left out."""
    return [
        *(_row("added", name) for name in diff.added),
        *(_removed(name, diff.standings.get(name)) for name in diff.removed),
        *(_row("renamed", one.before, to=one.now) for one in diff.renamed),
        _row("edges_added", None, after=diff.edges_added),
        _row("edges_removed", None, before=diff.edges_removed),
        *_rows_of_families(diff.families),
        *(_row("base", one.name, one.before, one.after) for one in (*diff.gained, *diff.lost)),
    ]


def _of_family(one: FamilyChange) -> Document:
    releases = _of_changes("release", one.releases)
    return {
        "family": one.family,
        "before": one.before,
        "after": one.after,
        "releases": releases,
    }


def _of_changes(what: str, changes: Sequence[Change]) -> list[Document]:
    return [{what: one.name, "before": one.before, "after": one.after} for one in changes]


def _rows_of_families(families: Sequence[FamilyChange]) -> list[Document]:
    rows = []
    for family in families:
        rows.append(_row("family", family.family, family.before, family.after))
        rows += [
            _row("release", one.name, one.before, one.after) | {"of": family.family}
            for one in family.releases
        ]
    return [row for row in rows if row["before"] != row["after"]]


def _removed(name: str, standing: Availability | None) -> Document:
    return _row("removed", name) | {"standing": None if standing is None else standing.value}


def _row(
    change: str,
    name: str | None,
    before: int | None = None,
    after: int | None = None,
    *,
    to: str | None = None,
) -> Document:
    return {
        "change": change,
        "name": name,
        "to": to,
        "before": before,
        "after": after,
        "of": None,
        "standing": None,
    }
