"""A family, a release or one base with all its descendants, as a networkx graph."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage.analysis.members import edges_under, members_below, release_labels
from lineage.analysis.scope import Nodes, find_base, release_nodes, root_nodes
from lineage.domain.definitions import Definition
from lineage.domain.evidence import Relation, Strength
from lineage.domain.families import Family
from lineage.graph.lineage_graph import FamilyGraph, build_graph
from lineage.store import schema
from lineage.store.snapshot import EdgeColumns, Snapshot

_NODE_COLUMNS = {
    schema.MODELS_FILE: ["key", "author", "created_at", "modified_at", "license", "library"],
    schema.METRICS_FILE: ["downloads", "likes"],
}
_RELATIONS = pa.array([relation.value for relation in Relation])
_STRENGTHS = pa.array([strength.value for strength in Strength])


def family_graph(
    snapshot: Snapshot, name: str, families: Sequence[Family], definition: Definition
) -> FamilyGraph:
    """Return the graph of a family (`llama`), a release (`llama-3.1`) or a base, roots included.

    Edges lead from parent to child and carry `relation`, `strength` and the child's `created_at`;
    nodes carry what the snapshot knows of a model, and `root`. UnknownModel for another name.
    """
    roots, counted = _cut(snapshot, name, families, definition)
    nodes = np.union1d(roots, np.flatnonzero(counted)).astype(np.int32)
    edges = edges_under(snapshot, definition)
    inside = np.isin(edges.child, nodes) & np.isin(edges.parent, nodes)
    edges = EdgeColumns(
        edges.child[inside], edges.parent[inside], edges.relation[inside], edges.strength[inside]
    )
    return _build(snapshot, nodes, roots, edges)


def _cut(
    snapshot: Snapshot, name: str, families: Sequence[Family], definition: Definition
) -> tuple[Nodes, npt.NDArray[np.bool_]]:
    """Return the roots of what is asked for, and a mask of the models counted below them."""
    wanted = name.strip().lower()
    for family in families:
        if wanted == family.id:
            roots = root_nodes(snapshot, family.roots())
            return roots, members_below(snapshot, roots, definition).counted
    labelled = release_nodes(snapshot, families)
    for bit, (release, roots) in enumerate(labelled):
        if wanted in (release.id, release.name.lower()):
            members = members_below(snapshot, roots, definition)
            seeds = [nodes for _, nodes in labelled]
            labels = release_labels(members.edges, members.nodes, seeds)
            of_it = (labels & np.uint64(1 << bit)) != 0
            return roots, members.counted & of_it
    base = find_base(snapshot, name, families)
    roots = np.array([base.node], np.int32)
    return roots, members_below(snapshot, roots, definition).counted


def _build(snapshot: Snapshot, nodes: Nodes, roots: Nodes, edges: EdgeColumns) -> FamilyGraph:
    listed = nodes[nodes < snapshot.manifest.models]
    columns: dict[str, list[object]] = {}
    for file, names in _NODE_COLUMNS.items():
        table = snapshot.table(file, names).take(pa.array(listed))
        columns |= {name: _padded(table[name].to_pylist(), len(nodes)) for name in names}
    columns["root"] = np.isin(nodes, roots).tolist()
    ids = snapshot.column(schema.MODELS_FILE, "id").take(pa.array(listed)).to_pylist()
    unlisted_keys, unlisted_ids = snapshot.names_of_bases(nodes[len(listed) :])
    names = _distinct(
        [*ids, *unlisted_ids.to_pylist()], [*columns["key"][: len(ids)], *unlisted_keys.to_pylist()]
    )
    columns["key"][len(ids) :] = unlisted_keys.to_pylist()
    child = np.searchsorted(nodes, edges.child)
    edge_columns = {
        "relation": _RELATIONS.take(pa.array(edges.relation)).to_pylist(),
        "strength": _STRENGTHS.take(pa.array(edges.strength)).to_pylist(),
        "created_at": [columns["created_at"][at] for at in child.tolist()],
    }
    parents = np.searchsorted(nodes, edges.parent).tolist()
    return build_graph(names, columns, parents, child.tolist(), edge_columns)


def _padded(values: list[object], size: int) -> list[object]:
    return values + [None] * (size - len(values))


def _distinct(ids: Sequence[str], keys: Sequence[object]) -> list[str]:
    """Name nodes by id; a second node of one id (deleted and made anew) goes by its key."""
    taken: set[str] = set()
    names = []
    for id, key in zip(ids, keys, strict=True):
        name = id if id not in taken else str(key)
        taken.add(name)
        names.append(name)
    return names
