"""What a question stands on: a snapshot, the registry of families, and a definition."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import pyarrow as pa

from lineage.domain.arrays import Indices, Int64s, Mask, Positions
from lineage.domain.claims import Relation, Strength
from lineage.domain.definitions import Definition
from lineage.domain.families import CuratedEdge, Family
from lineage.store.reader import EdgeColumns, Snapshot

DEFAULT = Definition()
_DECLARED = Strength.DECLARED.code

_GraphRule = tuple[tuple[Relation, ...], Strength, bool]
"""What of a definition decides its edges: relations, the least strength, curated edges."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Every edge a definition counts by, and every node a question may meet."""

    edges: EdgeColumns
    nodes: int
    """How many node numbers there are: the snapshot's, then those that the registry adds."""
    added: Mapping[str, int]
    """Ids that only a curated edge knows, with their nodes."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A snapshot without the models opted out, the registry of families, and a definition.

    Made once, at the edge of the program; `under` gives the same by another definition. Nothing
    is read before it is asked for.
    """

    snapshot: Snapshot
    families: Sequence[Family] = ()
    definition: Definition = DEFAULT
    # Scopes of one snapshot and registry share what was read and looked up: a comparison of nine
    # definitions reads the edges of a whole Hub once.
    _stored_edges: list[EdgeColumns] = field(default_factory=list, compare=False, repr=False)
    _graphs: dict[_GraphRule, Graph] = field(default_factory=dict, compare=False, repr=False)
    _node_by_id: dict[str, int | None] = field(default_factory=dict, compare=False, repr=False)

    def under(self, definition: Definition) -> Self:
        """Return the same scope by another definition."""
        return replace(self, definition=definition)

    def of_snapshot(self, snapshot: Snapshot) -> Self:
        """Return the same registry and definition on another snapshot."""
        return replace(self, snapshot=snapshot, _stored_edges=[], _graphs={}, _node_by_id={})

    def with_families(self, families: Sequence[Family]) -> Self:
        """Return the same snapshot under another registry."""
        return replace(self, families=families, _graphs={}, _node_by_id={})

    def narrowed_to(self, *families: Family) -> Self:
        """Return a scope that knows these families alone, on the edges of this one."""
        rule = _graph_rule(self.definition)
        return replace(self, families=families, _graphs={rule: self.graph})

    @property
    def graph(self) -> Graph:
        """The edges and nodes that the definition counts by, the registry's included."""
        rule = _graph_rule(self.definition)
        if rule not in self._graphs:
            self._graphs[rule] = self._build_graph()
        return self._graphs[rule]

    @property
    def edges(self) -> EdgeColumns:
        """Every edge the definition counts by."""
        return self.graph.edges

    @property
    def nodes(self) -> int:
        """How many node numbers there are: the snapshot's, then those that the registry adds."""
        return self.graph.nodes

    @property
    def stored_edges(self) -> EdgeColumns:
        """Every edge of the snapshot, whatever the definition."""
        if not self._stored_edges:
            self._stored_edges.append(self.snapshot.edges())
        return self._stored_edges[0]

    def _build_graph(self) -> Graph:
        edges, definition = self.stored_edges, self.definition
        tops = (int(part.max(initial=-1)) + 1 for part in (edges.child, edges.parent))
        nodes = max(self.snapshot.records, *tops)
        edges = select_edges(edges, edges.strength >= definition.min_strength.code)
        added: dict[str, int] = {}
        if definition.curated and definition.min_strength is not Strength.CONFIRMED:
            curated = [edge for family in self.families for edge in family.curated_edges()]
            ids = dict.fromkeys(sorted(_list_ids(curated)))
            node_by_id = self._look_up(ids)
            unknown = [id for id in ids if node_by_id[id] is None]
            added = {id: nodes + at for at, id in enumerate(unknown)}
            nodes += len(added)
            known = {id: node for id in ids if (node := node_by_id[id]) is not None}
            edges = _add_curated(edges, _curated_columns(curated, known | added), nodes)
        codes = [relation.code for relation in definition.relations]
        edges = select_edges(edges, np.isin(edges.relation, codes))
        return Graph(edges, nodes, added)

    def _look_up(self, ids: Iterable[str]) -> Mapping[str, int | None]:
        """Return the snapshot's node of each id; the registry's ids are looked up all at once."""
        if new := set(ids) - set(self._node_by_id):
            first = not self._node_by_id
            registered = _list_registered(self.families) if first else set[str]()
            self._node_by_id.update(_find_nodes(self.snapshot, new | registered))
        return self._node_by_id

    def nodes_of(self, ids: Iterable[str]) -> dict[str, int]:
        """Return the node of each id that is known: by its name now, a former one, or its case."""
        ids = list(ids)
        node_by_id = self._look_up(ids)
        added = self.graph.added if self.definition.curated else {}
        nodes = {id: added.get(id, node_by_id[id]) for id in ids}
        return {id: node for id, node in nodes.items() if node is not None}

    def names_of(self, nodes: Indices) -> tuple[pa.Array, pa.Array]:
        """Return key and present id of nodes in rising order, in the snapshot or added."""
        extra = {node: id for id, node in self.graph.added.items()}
        stored = nodes[nodes < self.nodes - len(extra)]
        more = [extra[int(node)] for node in nodes[len(stored) :]]
        keys, ids = self.snapshot.names_of(stored)
        return (
            pa.concat_arrays([keys, pa.array([f"name:{id}" for id in more], pa.string())]),
            pa.concat_arrays([ids, pa.array(more, pa.string())]),
        )

    def names_of_bases(self, nodes: Indices) -> tuple[pa.Array, pa.Array]:
        """Return key and present id of nodes in rising order that have children."""
        if not self.graph.added:
            return self.snapshot.names_of_bases(nodes)
        return self.names_of(nodes)


def _graph_rule(definition: Definition) -> _GraphRule:
    return definition.relations, definition.min_strength, definition.curated


def select_edges(edges: EdgeColumns, keep: Mask | Positions) -> EdgeColumns:
    """Return some edges."""
    if keep.all():
        return edges
    return EdgeColumns(
        edges.child[keep], edges.parent[keep], edges.relation[keep], edges.strength[keep]
    )


def _list_ids(curated: Sequence[CuratedEdge]) -> list[str]:
    return [id for edge in curated for id in (edge.child, edge.parent)]


def _list_registered(families: Sequence[Family]) -> set[str]:
    """Return the ids that questions about families look up: roots and outsiders."""
    roots = {root for family in families for root in family.roots()}
    return roots | {outsider.id for family in families for outsider in family.outsiders}


def _find_nodes(snapshot: Snapshot, ids: Collection[str]) -> dict[str, int | None]:
    """Return the nodes of ids as a registry writes them: it may be older than a rename.

    As on the Hub, case tells no two models apart where one alone bears the name.
    """
    owners_by_case = snapshot.bearers_without_case(list(ids))
    nodes = {id: owners_by_case[id.lower()].get(id) for id in ids}
    former = snapshot.former_keys()
    for id in {id for id, node in nodes.items() if node is None} & set(former):
        if (match := snapshot.node_of_key(former[id])) is not None:
            nodes[id] = match[0]
    for id, node in nodes.items():
        if node is None and len(owners := owners_by_case[id.lower()]) == 1:
            (nodes[id],) = owners.values()
    return nodes


def _curated_columns(curated: Sequence[CuratedEdge], nodes: Mapping[str, int]) -> EdgeColumns:
    return EdgeColumns(
        np.array([nodes[edge.child] for edge in curated], np.int32),
        np.array([nodes[edge.parent] for edge in curated], np.int32),
        np.array([edge.relation.code for edge in curated], np.int8),
        np.full(len(curated), _DECLARED, np.int8),
    )


def _add_curated(edges: EdgeColumns, curated: EdgeColumns, nodes: int) -> EdgeColumns:
    """Add curated edges, each pair once; a model that declares a relation keeps it."""
    is_child = np.zeros(nodes, np.bool_)
    is_child[curated.child] = True
    at = np.flatnonzero(is_child[edges.child])  # few: the pairs of a whole Hub compare slowly
    pairs, is_inferred = _pairs(edges)[at], edges.strength[at] < _DECLARED
    keep = np.ones(len(edges.child), np.bool_)
    keep[at[is_inferred & np.isin(pairs, _pairs(curated))]] = False
    edges = select_edges(edges, keep)
    curated = select_edges(curated, ~np.isin(_pairs(curated), pairs[~is_inferred]))
    curated = select_edges(curated, np.sort(np.unique(_pairs(curated), return_index=True)[1]))
    is_inferred = edges.strength < _DECLARED
    relation = np.zeros(nodes, np.int8)
    # One relation a model: what it declares, else the registry's word, else the inferred one.
    for part in (select_edges(edges, is_inferred), curated, select_edges(edges, ~is_inferred)):
        relation[part.child] = part.relation
    child = np.concatenate([edges.child, curated.child])
    return EdgeColumns(
        child,
        np.concatenate([edges.parent, curated.parent]),
        relation[child],
        np.concatenate([edges.strength, curated.strength]),
    )


def _pairs(edges: EdgeColumns) -> Int64s:
    return edges.child.astype(np.int64) << 32 | edges.parent
