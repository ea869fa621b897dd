"""How many derivatives: of a base, of a family."""

from collections.abc import Sequence
from dataclasses import replace

from lineage.analysis.groups import grouped
from lineage.analysis.members import by_relation, members_below, undated
from lineage.analysis.results import Count
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import Base, base_roots, find_base, root_nodes
from lineage.domain.arrays import Nodes
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.families import Family
from lineage.store.reader import BaseRow, Snapshot

DEFAULT = Definition()


def count_base(
    snapshot: Snapshot,
    name: str,
    definition: Definition,
    families: Sequence[Family],
    by: Grouping | None = None,
) -> Count:
    """Count the derivatives of one model; UnknownModel where the snapshot knows no such name.

    By the default definition the answer was stored at publication and is only looked up.
    """
    base = find_base(snapshot, name, families)
    row = snapshot.base(base.id) if definition == DEFAULT and by is None else None
    if row is not None and row.node == base.node:
        return stored(snapshot, name, row)
    scope = Scope.of(snapshot, definition, families)
    return count_base_on(scope, base, name, by)


def count_base_on(scope: Scope, base: Base, asked: str, by: Grouping | None = None) -> Count:
    """Count one model on ground that is laid already."""
    roots, nodes = base_roots(scope, base)
    return _count(scope, asked, base.id, base.key, roots=roots, nodes=nodes, by=by)


def count_family(
    snapshot: Snapshot,
    family: Family,
    definition: Definition,
    families: Sequence[Family],
    by: Grouping | None = None,
) -> Count:
    """Count the derivatives of a family: mirrors and curated edges join, roots never count."""
    full = replace(definition, mirrors=True, curated=True)
    return count_family_on(Scope.of(snapshot, full, families), family, by)


def count_family_on(scope: Scope, family: Family, by: Grouping | None = None) -> Count:
    """Count a family on ground that is laid already."""
    roots = family.roots()
    asked = f"family:{family.id}"
    nodes = root_nodes(scope, roots)
    return _count(scope, asked, asked, None, roots=roots, nodes=nodes, by=by)


def stored(snapshot: Snapshot, asked: str, row: BaseRow) -> Count:
    """Return what was counted at publication, by the default definition."""
    return Count(
        base=asked,
        id=row.id,
        key=row.key,
        snapshot=snapshot.id,
        direct=row.direct,
        total=row.total,
        by_relation={relation: n for relation, n in row.by_relation.items() if n},
        undated=row.undated,
        definition=replace(DEFAULT, roots=(row.id,)),
    )


def _count(
    scope: Scope,
    asked: str,
    id: str,
    key: str | None,
    *,
    roots: Sequence[str],
    nodes: Nodes,
    by: Grouping | None,
) -> Count:
    members = members_below(scope, nodes)
    return Count(
        base=asked,
        id=id,
        key=key,
        snapshot=scope.snapshot.id,
        direct=int(members.direct.sum()),
        total=int(members.counted.sum()),
        by_relation=by_relation(members, members.counted),
        undated=undated(scope.snapshot, members.counted),
        definition=replace(scope.definition, roots=tuple(roots)),
        grouping=by,
        groups=() if by is None else grouped(scope, members, by),
    )
