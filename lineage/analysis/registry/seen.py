"""What a snapshot knows of the models that the families name; one look for all checks."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from lineage.analysis.scope import Scope
from lineage.domain.claims import RELATIONS, Relation
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.graph import reach
from lineage.store import schema
from lineage.store.manifest import SnapshotKind
from lineage.store.reader import Snapshot


@dataclass(frozen=True, slots=True)
class Seen:
    """What is stated in a snapshot of those models; guesses are left out."""

    snapshot: str
    whole: bool
    """Whether it was taken of everything."""
    nodes: Mapping[str, int]
    """By id as the families write it; ids that nobody knows are left out."""
    listed: frozenset[str]
    parents: Mapping[str, Sequence[str]]
    """By id, the models that it declares, itself left out; nothing where it declares none."""
    relation: Mapping[str, Relation]
    license: Mapping[str, str]
    created_at: Mapping[str, datetime]
    inside: Mapping[str, frozenset[str]]
    """By family, those of its outsiders that lie below one of its roots."""


def look(snapshot: Snapshot, families: Sequence[Family]) -> Seen:
    """Read from a snapshot what the checks need."""
    scope = Scope(snapshot, families, Definition())
    nodes = scope.nodes_of(sorted(set(_named(families))))
    listed = {id: node for id, node in nodes.items() if node < snapshot.manifest.models}
    parents, relation = _declared(scope, nodes)
    license, created_at = _known(snapshot, listed)
    return Seen(
        snapshot=snapshot.id,
        whole=snapshot.manifest.origin.kind is not SnapshotKind.BELOW,
        nodes=nodes,
        listed=frozenset(listed),
        parents=parents,
        relation=relation,
        license=license,
        created_at=created_at,
        inside={family.id: _inside(scope, family, nodes) for family in families},
    )


def _named(families: Sequence[Family]) -> Iterator[str]:
    for family in families:
        yield from family.roots()
        for edge in family.curated_edges():
            yield from (edge.child, edge.parent)
        yield from (one.id for one in family.outsiders)


def _declared(
    scope: Scope, nodes: Mapping[str, int]
) -> tuple[dict[str, list[str]], dict[str, Relation]]:
    ids = {node: id for id, node in nodes.items()}
    edges = scope.edges
    rows = np.flatnonzero(np.isin(edges.child, np.fromiter(ids, np.int32, len(ids))))
    above = np.unique(edges.parent[rows])
    names = dict(zip(above.tolist(), scope.names_of(above)[1].to_pylist(), strict=True)) | ids
    parents: dict[str, list[str]] = defaultdict(list)
    relation: dict[str, Relation] = {}
    for row in rows.tolist():
        child, parent = int(edges.child[row]), int(edges.parent[row])
        relation[ids[child]] = RELATIONS[edges.relation[row]]
        if child != parent:
            parents[ids[child]].append(str(names[parent]))
    return dict(parents), relation


def _known(
    snapshot: Snapshot, listed: Mapping[str, int]
) -> tuple[dict[str, str], dict[str, datetime]]:
    table = snapshot.table(schema.MODELS_FILE, ["license", "created_at"])
    rows = table.take(pa.array(listed.values(), pa.int32())).to_pylist()
    named = list(zip(listed, rows, strict=True))
    license = {id: row["license"] for id, row in named if row["license"] is not None}
    return license, {id: row["created_at"] for id, row in named if row["created_at"] is not None}


def _inside(scope: Scope, family: Family, nodes: Mapping[str, int]) -> frozenset[str]:
    outside = [one.id for one in family.outsiders if one.id in nodes]
    if not outside:
        return frozenset()
    roots = np.array([nodes[id] for id in family.roots() if id in nodes], np.int32)
    below = reach.below(scope.edges.child, scope.edges.parent, scope.nodes, roots)
    return frozenset(id for id in outside if below[nodes[id]])
