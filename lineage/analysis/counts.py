"""How many derivatives a subject has: a model, a release or a family."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.groups import divide_members
from lineage.analysis.members import (
    count_by_relation,
    count_undated,
    find_countable,
    members_below,
    relation_of,
    unknown_dates,
)
from lineage.analysis.results import Count
from lineage.analysis.scope import DEFAULT, Scope
from lineage.analysis.subjects import ResolvedSubject, find_roots, select_members
from lineage.domain.arrays import Nodes
from lineage.domain.claims import RELATIONS
from lineage.domain.definitions import Closure, Grouping
from lineage.domain.families import Family
from lineage.domain.subjects import SubjectKind
from lineage.errors import SettingsError
from lineage.graph.every_base import EveryBase, count_every_base
from lineage.store.reader import BaseRow, Snapshot


def count_subject(scope: Scope, subject: ResolvedSubject, by: Grouping | None = None) -> Count:
    """Count what descends from a subject, by the scope's definition.

    By the default definition a model's number was stored at publication and is only looked up.
    """
    if subject.model is not None and scope.definition == DEFAULT and by is None:
        row = scope.snapshot.base(subject.model.id)
        if row is not None and row.node == subject.model.node:
            return stored_count(scope.snapshot, subject.spelling, row)
    counted = select_members(scope, subject)
    members = counted.members
    return Count(
        subject=subject.spelling,
        id=subject.id,
        kind=subject.kind,
        key=subject.key,
        snapshot=scope.snapshot.id,
        direct=int(members.direct.sum()),
        total=int(members.counted.sum()),
        by_relation=count_by_relation(members, members.counted),
        undated=count_undated(scope.snapshot, members.counted),
        definition=replace(counted.scope.definition, roots=counted.root_ids),
        grouping=by,
        groups=() if by is None else divide_members(counted.scope, members, by),
    )


def stored_count(snapshot: Snapshot, spelling: str, row: BaseRow) -> Count:
    """Return what was counted at publication, by the default definition."""
    return Count(
        subject=spelling,
        id=row.id,
        kind=SubjectKind.MODEL,
        key=row.key,
        snapshot=snapshot.id,
        direct=row.direct,
        total=row.total,
        by_relation={relation: n for relation, n in row.by_relation.items() if n},
        undated=row.undated,
        definition=replace(DEFAULT, roots=(row.id,)),
    )


def rank_bases(scope: Scope, top: int, family: Family | None = None) -> list[Count]:
    """Count the bases with most descendants (or most children), largest first, ties by id.

    With a family only its roots and members are ranked. Each base stands for itself alone, so
    SettingsError where mirrors should join.
    """
    definition = scope.definition
    if definition.mirrors:
        raise SettingsError(
            "a ranking counts each base for itself: mirrors join the roots of a named base",
            "example: lineage count meta-llama/Llama-2-7b-hf --mirrors",
        )
    if definition == DEFAULT and family is None:
        rows = scope.snapshot.largest_bases(top)
        return [stored_count(scope.snapshot, row.id, row) for row in rows if row.total]
    bases = count_bases(scope)
    cells = bases.direct if definition.closure is Closure.DIRECT else bases.total
    totals = cells.sum(axis=(1, 2))
    if family is not None:
        totals = np.where(np.isin(bases.node, _family_nodes(scope, family)), totals, 0)
    keys, ids = scope.names_of_bases(bases.node)
    ranking = pc.sort_indices(
        pa.table({"total": totals, "id": ids}), [("total", "descending"), ("id", "ascending")]
    )[:top]
    return [
        _count_base(
            scope, ids[at].as_py(), keys[at].as_py(), direct=bases.direct[at], cells=cells[at]
        )
        for at in ranking.to_pylist()
        if totals[at]
    ]


def count_bases(scope: Scope) -> EveryBase:
    """Count every base by any definition of a named base."""
    relation = relation_of(scope.edges, scope.nodes)[: scope.snapshot.records]
    relation = np.where(find_countable(scope), relation, -1)
    edges = scope.edges
    return count_every_base(edges.child, edges.parent, relation, unknown_dates(scope.snapshot))


def _family_nodes(scope: Scope, family: Family) -> Nodes:
    roots = find_roots(scope, family.roots())
    anyone = replace(scope.definition, closure=Closure.ALL, min_downloads=0)
    members = members_below(scope.under(anyone), roots)
    return np.union1d(roots, np.flatnonzero(members.counted))


def _count_base(
    scope: Scope, id: str, key: str, *, direct: Nodes, cells: Sequence[Nodes] | Nodes
) -> Count:
    by_kind = np.asarray(cells)
    numbers = zip(RELATIONS, by_kind.sum(axis=1).tolist(), strict=True)
    return Count(
        subject=id,
        id=id,
        kind=SubjectKind.MODEL,
        key=key,
        snapshot=scope.snapshot.id,
        direct=int(direct.sum()),
        total=int(by_kind.sum()),
        by_relation={relation: n for relation, n in numbers if n},
        undated=int(by_kind[:, 1].sum()),
        definition=replace(scope.definition, roots=(id,)),
    )
