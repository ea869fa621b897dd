"""The bases that have most descendants, or most children."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.counts import DEFAULT, stored
from lineage.analysis.members import countable, members_below, relation_of, unknown_dates
from lineage.analysis.results import Count
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import root_nodes
from lineage.domain.arrays import Nodes
from lineage.domain.claims import Relation
from lineage.domain.definitions import Closure, Definition
from lineage.domain.families import Family
from lineage.errors import SettingsError
from lineage.graph.every_base import EveryBase, count_every_base
from lineage.store.reader import Snapshot


def count_top(
    snapshot: Snapshot,
    top: int,
    definition: Definition,
    family: Family | None = None,
    families: Sequence[Family] = (),
) -> list[Count]:
    """Count the bases with most descendants (or most children), largest first, ties by id.

    With a family only its roots and members are ranked. Each base stands for itself alone, so
    SettingsError where mirrors should join.
    """
    if definition.mirrors:
        raise SettingsError(
            "a ranking counts each base for itself: mirrors join the roots of a named base",
            "example: lineage count meta-llama/Llama-2-7b-hf --mirrors",
        )
    if definition == DEFAULT and family is None:
        return [stored(snapshot, row.id, row) for row in snapshot.largest_bases(top) if row.total]
    scope = Scope.of(snapshot, definition, families)
    bases = every_base_under(scope)
    found = bases.direct if definition.closure is Closure.DIRECT else bases.total
    totals = found.sum(axis=(1, 2))
    if family is not None:
        totals = np.where(np.isin(bases.node, _family_nodes(scope, family)), totals, 0)
    keys, ids = scope.names_of_bases(bases.node)
    ranking = pc.sort_indices(
        pa.table({"total": totals, "id": ids}), [("total", "descending"), ("id", "ascending")]
    )[:top]
    ranked = [at for at in ranking.to_pylist() if totals[at]]
    names = ((ids[at].as_py(), keys[at].as_py()) for at in ranked)
    return [
        _ranked(scope, *name, direct=bases.direct[at], found=found[at])
        for name, at in zip(names, ranked, strict=True)
    ]


def every_base_under(scope: Scope) -> EveryBase:
    """Count every base by any definition of a named base."""
    relation = relation_of(scope.edges, scope.nodes)[: scope.snapshot.records]
    relation = np.where(countable(scope), relation, -1)
    edges = scope.edges
    return count_every_base(edges.child, edges.parent, relation, unknown_dates(scope.snapshot))


def _family_nodes(scope: Scope, family: Family) -> Nodes:
    roots = root_nodes(scope, family.roots())
    anyone = replace(scope.definition, closure=Closure.ALL, min_downloads=0)
    members = members_below(replace(scope, definition=anyone), roots)
    return np.union1d(roots, np.flatnonzero(members.counted))


def _ranked(scope: Scope, id: str, key: str, *, direct: Nodes, found: Nodes) -> Count:
    by_relation = zip(Relation, found.sum(axis=1).tolist(), strict=True)
    return Count(
        base=id,
        id=id,
        key=key,
        snapshot=scope.snapshot.id,
        direct=int(direct.sum()),
        total=int(found.sum()),
        by_relation={relation: n for relation, n in by_relation if n},
        undated=int(found[:, 1].sum()),
        definition=replace(scope.definition, roots=(id,)),
    )
