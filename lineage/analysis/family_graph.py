"""A family, a release or one base with all its descendants, as a networkx graph."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lineage.analysis.counts import count_members
from lineage.analysis.groups import MIXED, find_releases_above_nodes
from lineage.analysis.results import Count
from lineage.analysis.scope import Scope, select_scope_edges
from lineage.analysis.subjects import ResolvedSubject, select_members
from lineage.domain.arrays import Nodes, Positions
from lineage.domain.claims import RELATIONS, STRENGTHS
from lineage.domain.documents import convert_to_document
from lineage.domain.families import is_claimable
from lineage.domain.progress import garbage_collector_paused
from lineage.graph.lineage_graph import FamilyGraph, build_graph
from lineage.store import schema
from lineage.store.reader import EdgeColumns

_NODE_COLUMNS = {
    schema.MODELS_FILE: ["key", "id", "author", "created_at", "license", "library"],
    schema.METRICS_FILE: ["downloads", "likes"],
}
_RELATIONS = pa.array([relation.value for relation in RELATIONS])
_STRENGTHS = pa.array([strength.value for strength in STRENGTHS])


def family_graph(scope: Scope, subject: ResolvedSubject) -> FamilyGraph:
    """Return the graph of a subject: the models that its number counts, and its roots.

    Edges lead from parent to child and carry `relation`, `strength` and the child's `created_at`
    (`2024-07-14T22:20:15Z`); nodes carry what the snapshot knows of a model, `root`, and `release`
    as `count --by release` names it; the graph itself carries snapshot and definition, and what
    its number cannot say.
    """
    cut = family_columns(scope, subject)
    graph, count = make_family_graph(cut), cut.count
    # Plain values alone: networkx's own writers take nothing else.
    graph.graph.update(
        snapshot=count.snapshot,
        definition=json.dumps(convert_to_document(count.definition)),
        total=count.total,
        at_most=count.at_most,
        undated=count.undated,
        opted_out=count.opted_out,
        parents_known=count.parents_known,
        notes="; ".join(count.notes),
    )
    return graph


@dataclass(frozen=True, slots=True)
class FamilyColumns:
    """The same graph as bare integers."""

    scope: Scope
    nodes: Nodes
    """Every model in it, roots included, in rising order."""
    roots: Nodes
    edges: EdgeColumns
    """Between these nodes alone."""
    links: EdgeColumns
    """Of the whole scope: a model's release is found on every path up."""
    count: Count
    """The number of the same subject: all nodes but the roots."""


def family_columns(scope: Scope, subject: ResolvedSubject) -> FamilyColumns:
    """Cut out what `family_graph` builds."""
    selection = select_members(scope, subject)
    count = count_members(scope, subject, selection)
    scope, roots, members = selection.scope, selection.roots, selection.members
    inside = members.counted.copy()
    edges = links = members.edges
    # A root that only the registry knows is drawn only where something hangs on it, and so is a
    # release that inferred claims name.
    is_known = roots < scope.nodes - len(scope.graph.added)
    unlisted = np.flatnonzero(is_known & (roots >= scope.snapshot.records))
    if len(unlisted):
        ids = scope.names_of_bases(roots[unlisted])[1].to_pylist()
        is_known[unlisted] = [not is_claimable(id) for id in ids]
    inside[roots] = is_known | np.isin(roots, edges.parent[members.counted[edges.child]])
    edges = select_scope_edges(edges, inside[edges.child] & inside[edges.parent])
    nodes = np.flatnonzero(inside).astype(np.int32)
    return FamilyColumns(scope, nodes, roots, edges, links, count)


# A hundred thousand nodes with their attributes are millions of objects, none of them garbage.
@garbage_collector_paused()
def make_family_graph(cut: FamilyColumns) -> FamilyGraph:
    """Build the graph of what was cut out."""
    nodes, edges = cut.nodes, cut.edges
    columns = {
        **_family_node_columns(cut.scope, nodes),
        "root": np.isin(nodes, cut.roots).tolist(),
        "release": _name_node_releases(cut),
    }
    names = _distinct_family_node_names(columns.pop("id"), columns["key"])
    child, parent = np.searchsorted(nodes, edges.child), np.searchsorted(nodes, edges.parent)
    edge_columns = {
        "relation": _RELATIONS.take(pa.array(edges.relation)).to_pylist(),
        "strength": _STRENGTHS.take(pa.array(edges.strength)).to_pylist(),
    }
    # An edge carries the relation of its child, so a node's is that of any edge above it.
    columns["relation"] = _spread_graph_values(edge_columns["relation"], child, len(nodes))
    edge_columns["created_at"] = [columns["created_at"][at] for at in child.tolist()]
    return build_graph(names, columns, parent.tolist(), child.tolist(), edge_columns)


def _family_node_columns(scope: Scope, nodes: Nodes) -> dict[str, list[object]]:
    """Return what the snapshot knows of each node: of one without a record, key and id."""
    recorded = nodes[nodes < scope.snapshot.records]
    unrecorded = nodes[len(recorded) :]
    rows = pa.array(recorded)
    columns: dict[str, list[object]] = {
        name: _plain_graph_values(column.take(rows).combine_chunks())
        for file, names in _NODE_COLUMNS.items()
        for name, column in zip(names, scope.snapshot.record_table(names, file), strict=True)
    }
    if len(unrecorded):
        for name, column in zip(("key", "id"), scope.names_of_bases(unrecorded), strict=True):
            columns[name] += column.to_pylist()
    return {name: values + [None] * (len(nodes) - len(values)) for name, values in columns.items()}


def _plain_graph_values(column: pa.Array) -> list[object]:
    if not pa.types.is_timestamp(column.type):
        return list(column.to_pylist())
    # As text: networkx's own writers take no moments. numpy spells them in half of Arrow's time.
    seconds = column.cast(pa.timestamp("s", "UTC"), safe=False).to_numpy(zero_copy_only=False)
    spelled = np.datetime_as_string(seconds, timezone="UTC")
    return list(pa.array(spelled, mask=np.isnat(seconds)).to_pylist())


def _name_node_releases(cut: FamilyColumns) -> list[object]:
    releases = find_releases_above_nodes(cut.scope, cut.links)
    if not releases.releases:
        return [None] * len(cut.nodes)
    position = releases.only_release()
    for number, roots in enumerate(releases.roots):
        position[roots] = number
    names = [*(release.name for release in releases.releases), MIXED, None]
    # NONE and SEVERAL count from the end.
    return list(pa.array(names).take(pa.array(position[cut.nodes] % len(names))).to_pylist())


def _spread_graph_values(values: Sequence[object], at: Positions, size: int) -> list[object]:
    spread: list[object] = [None] * size
    for place, value in zip(at.tolist(), values, strict=True):
        spread[place] = value
    return spread


def _distinct_family_node_names(ids: Sequence[str], keys: Sequence[object]) -> list[str]:
    """Name nodes by id; a second node of one id (deleted and made anew) goes by its key.

    By both where an id is just that key.
    """
    names = list(ids)
    if len(set(ids)) < len(ids):
        used_names: set[str] = set()
        for at, (id, key) in enumerate(zip(ids, keys, strict=True)):
            names[at] = next(
                name for name in (id, str(key), f"{id} {key}") if name not in used_names
            )
            used_names.add(names[at])
    return names
