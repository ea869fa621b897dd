"""How many derivatives: of a base, of a family, of the bases that have most."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.every_base import EveryBase, count_every_base
from lineage.analysis.groups import grouped
from lineage.analysis.members import (
    Members,
    by_relation,
    countable,
    edges_under,
    members_below,
    node_count,
    relation_of,
    undated,
    unknown_dates,
)
from lineage.analysis.results import Count
from lineage.analysis.scope import base_roots, find_base, root_nodes
from lineage.domain.definitions import Closure, Definition, Grouping
from lineage.domain.evidence import Relation
from lineage.domain.families import Family
from lineage.errors import SettingsError
from lineage.store.snapshot import BaseRow, Snapshot

DEFAULT = Definition()

Nodes = npt.NDArray[np.integer]


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
        return _stored(snapshot, name, row)
    roots, nodes = base_roots(snapshot, base, definition, families)
    members = members_below(snapshot, nodes, definition)
    return _count(
        snapshot,
        name,
        base.id,
        base.key,
        members=members,
        definition=definition,
        roots=roots,
        families=families,
        by=by,
    )


def count_family(
    snapshot: Snapshot,
    family: Family,
    definition: Definition,
    families: Sequence[Family],
    by: Grouping | None = None,
) -> Count:
    """Count the derivatives of a family: mirrors and curated edges join, roots never count."""
    full = replace(definition, mirrors=True, curated=True)
    roots = family.roots()
    members = members_below(snapshot, root_nodes(snapshot, roots), full)
    asked = f"family:{family.id}"
    return _count(
        snapshot,
        asked,
        asked,
        None,
        members=members,
        definition=full,
        roots=roots,
        families=families,
        by=by,
    )


def count_top(
    snapshot: Snapshot, top: int, definition: Definition, family: Family | None = None
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
    among = None if family is None else _family_nodes(snapshot, family, definition)
    if definition == DEFAULT and among is None:
        return [_stored(snapshot, row.id, row) for row in snapshot.largest_bases(top) if row.total]
    bases = every_base_under(snapshot, definition)
    found = bases.direct if definition.closure is Closure.DIRECT else bases.total
    totals = found.sum(axis=(1, 2))
    if among is not None:
        totals = np.where(np.isin(bases.node, among), totals, 0)
    keys, ids = snapshot.names_of_bases(bases.node)
    ranking = pc.sort_indices(
        pa.table({"total": totals, "id": ids}), [("total", "descending"), ("id", "ascending")]
    )[:top]
    return [
        _ranked(
            snapshot,
            definition,
            ids[at].as_py(),
            keys[at].as_py(),
            direct=bases.direct[at],
            found=found[at],
        )
        for at in ranking.to_pylist()
        if totals[at]
    ]


def every_base_under(snapshot: Snapshot, definition: Definition) -> EveryBase:
    """Count every base by any definition of a named base."""
    edges = edges_under(snapshot, definition)
    models = snapshot.manifest.models
    relation = relation_of(edges, node_count(snapshot, edges))[:models]
    relation = np.where(countable(snapshot, definition), relation, -1)
    return count_every_base(edges.child, edges.parent, relation, unknown_dates(snapshot))


def _family_nodes(snapshot: Snapshot, family: Family, definition: Definition) -> Nodes:
    roots = root_nodes(snapshot, family.roots())
    anyone = replace(definition, closure=Closure.ALL, min_downloads=0)
    members = members_below(snapshot, roots, anyone)
    return np.union1d(roots, np.flatnonzero(members.counted))


def _ranked(
    snapshot: Snapshot, definition: Definition, id: str, key: str, *, direct: Nodes, found: Nodes
) -> Count:
    by_relation = zip(Relation, found.sum(axis=1).tolist(), strict=True)
    return Count(
        base=id,
        id=id,
        key=key,
        snapshot=snapshot.id,
        direct=int(direct.sum()),
        total=int(found.sum()),
        by_relation={relation: n for relation, n in by_relation if n},
        undated=int(found[:, 1].sum()),
        definition=replace(definition, roots=(id,)),
    )


def _stored(snapshot: Snapshot, asked: str, row: BaseRow) -> Count:
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
    snapshot: Snapshot,
    asked: str,
    id: str,
    key: str | None,
    *,
    members: Members,
    definition: Definition,
    roots: Sequence[str],
    families: Sequence[Family],
    by: Grouping | None,
) -> Count:
    return Count(
        base=asked,
        id=id,
        key=key,
        snapshot=snapshot.id,
        direct=int(members.direct.sum()),
        total=int(members.counted.sum()),
        by_relation=by_relation(members, members.counted),
        undated=undated(snapshot, members.counted),
        definition=replace(definition, roots=tuple(roots)),
        grouping=by,
        groups=() if by is None else grouped(snapshot, members, by, families),
    )
