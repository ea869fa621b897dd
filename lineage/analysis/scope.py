"""What a question stands on: a snapshot, the registry of families, and a definition."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from typing import Self

import numpy as np
import pyarrow as pa

from lineage.domain.arrays import Indices, Int64s, Mask, Nodes, Positions
from lineage.domain.claims import Relation, Strength
from lineage.domain.definitions import Definition
from lineage.domain.families import CuratedEdge, Family, Release, is_claimable
from lineage.domain.repo_ids import NAME_PREFIX
from lineage.graph.reach import AdjacencyRows, count_row_generations, mark_nodes
from lineage.graph.sorted_sets import pack_node_pairs
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
    claimed: frozenset[str] = frozenset()
    """The releases and families that an edge may lead to in place of a model."""
    _rows: dict[bool, AdjacencyRows] = field(default_factory=dict, compare=False, repr=False)

    def rows(self, *, upwards: bool = False) -> AdjacencyRows:
        """Return every node's children, or its parents, as rows; made once for all questions."""
        if upwards not in self._rows:
            ends = self.edges.child, self.edges.parent
            key, value = ends if upwards else ends[::-1]
            self._rows[upwards] = AdjacencyRows.build(key, value, self.nodes)
        return self._rows[upwards]


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
    _nodes_by_id: dict[str, Sequence[int]] = field(default_factory=dict, compare=False, repr=False)

    def under(self, definition: Definition) -> Self:
        """Return the same scope by another definition."""
        return replace(self, definition=definition)

    def of_snapshot(self, snapshot: Snapshot) -> Self:
        """Return the same registry and definition on another snapshot."""
        return replace(self, snapshot=snapshot, _stored_edges=[], _graphs={}, _nodes_by_id={})

    def scope_on_edges(self, edges: EdgeColumns) -> Self:
        """Return the same scope, which counts by some of its own edges alone."""
        graph = Graph(edges, self.nodes, self.graph.added, self.graph.claimed)
        return replace(self, _graphs={_graph_rule_of_definition(self.definition): graph})

    def with_columns_held(self) -> Self:
        """Return the same scope, which reads each column of its snapshot once."""
        held = self.snapshot.with_columns_held()
        return self if held is self.snapshot else self.of_snapshot(held)

    def scope_narrowed_to(self, *families: Family) -> Self:
        """Return a scope that knows these families alone, on the edges of this one."""
        rule = _graph_rule_of_definition(self.definition)
        return replace(self, families=families, _graphs={rule: self.graph})

    @property
    def graph(self) -> Graph:
        """The edges and nodes that the definition counts by, the registry's included."""
        rule = _graph_rule_of_definition(self.definition)
        if rule not in self._graphs:
            self._graphs[rule] = self._build_graph_of_scope()
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

    def find_below(self, starts: Indices, *, upwards: bool = False) -> Mask:
        """Mark the nodes that any path leads down to from some nodes, or up to.

        A start is marked only where a path from a start leads to it.
        """
        rows = self.graph.rows(upwards=upwards)
        mask: Mask = count_row_generations(rows, self.nodes, starts) > 0
        return mask

    def scope_for_one_question(self) -> Self:
        """Return the same scope, which keeps what it looks up further for itself.

        What a client names would else stay in the memory of a process that answers many.
        """
        graphs, nodes_by_id = dict(self._graphs), dict(self._nodes_by_id)
        return replace(self, _graphs=graphs, _nodes_by_id=nodes_by_id)

    def _build_graph_of_scope(self) -> Graph:
        edges, definition = self.stored_edges, self.definition
        tops = (int(part.max(initial=-1)) + 1 for part in (edges.child, edges.parent))
        nodes = max(self.snapshot.records, *tops)
        edges = select_scope_edges(edges, edges.strength >= definition.min_strength.code)
        added: dict[str, int] = {}
        claimed: set[str] = set()
        if definition.min_strength is Strength.INFERRED:
            claimed = {name for family in self.families for name in family.claimable()}
        if definition.curated and definition.min_strength is not Strength.CONFIRMED:
            curated = [edge for family in self.families for edge in family.curated_family_edges()]
            ids = dict.fromkeys(sorted(_list_curated_ids(curated)))
            claimed |= {id for id in ids if is_claimable(id)}
            nodes_by_id = self._look_up_in_scope(ids)
            added = {
                id: nodes + at for at, id in enumerate(id for id in ids if not nodes_by_id[id])
            }
            nodes += len(added)
            places = {id: nodes_by_id[id] or (added[id],) for id in ids}
            edges = _add_curated_to_scope(edges, _curated_columns_of_scope(curated, places), nodes)
        codes = [relation.code for relation in definition.relations]
        edges = select_scope_edges(edges, np.isin(edges.relation, codes))
        return Graph(edges, nodes, added, frozenset(claimed))

    def _look_up_in_scope(self, ids: Iterable[str]) -> Mapping[str, Sequence[int]]:
        """Return the snapshot's nodes of each id; the registry's ids are looked up all at once."""
        if new := {id for id in ids if id not in self._nodes_by_id}:
            # Each look-up reads every name of the snapshot, so that one must do for all.
            if not self._nodes_by_id:
                curated = [
                    edge for family in self.families for edge in family.curated_family_edges()
                ]
                new |= {*_list_ids_of_scope(self.families), *_list_curated_ids(curated)}
            self._nodes_by_id.update(_find_scope_nodes(self.snapshot, self.families, new))
        return self._nodes_by_id

    def nodes_of(self, ids: Iterable[str]) -> dict[str, int]:
        """Return the node of each id that is known: by its name now, a former one, or its case."""
        return {id: nodes[0] for id, nodes in self.every_scope_node_of(ids).items()}

    def every_scope_node_of(self, ids: Iterable[str]) -> dict[str, Sequence[int]]:
        """Return all nodes of each known id, the one that `nodes_of` gives first.

        They are several where a model was deleted and made anew: children of both lead to the id.
        """
        ids = list(ids)
        nodes_by_id = self._look_up_in_scope(ids)
        added = self.graph.added if self.definition.curated else {}
        nodes = {id: (added[id],) if id in added else nodes_by_id[id] for id in ids}
        return {id: each for id, each in nodes.items() if each}

    def families_of_scope_as_now(self) -> Sequence[Family]:
        """Return the families under the names that the snapshot has of their models."""
        nodes = self.nodes_of(_list_ids_of_scope(self.families))
        order = np.unique(np.array(list(nodes.values()), np.int32))
        names = self.names_by_node(order)[1]
        present = {id: names[node] for id, node in nodes.items() if names[node] != id}
        return [family.family_under_present_names(present) for family in self.families]

    def curated_pairs(self) -> list[tuple[int, int, CuratedEdge]]:
        """Return child, parent and entry of every curated edge between known models."""
        curated = [edge for family in self.families for edge in family.curated_family_edges()]
        return _find_curated_pairs(curated, self.every_scope_node_of(_list_curated_ids(curated)))

    def roots_of(self, ids: Iterable[str]) -> Nodes:
        """Return all nodes of those ids that are known, in rising order."""
        return np.array(
            sorted({*chain.from_iterable(self.every_scope_node_of(ids).values())}), np.int32
        )

    def tops_of(self, registered: Family | Release) -> Nodes:
        """Return the nodes that a family or release lies below, in rising order.

        Those are its roots, and where the definition's edges lead to a release or family and to no
        model, what such an edge names.
        """
        subjects = self.graph.claimed.intersection(registered.claimable())
        return self.roots_of([*registered.root_repo_ids(), *subjects])

    def names_of(self, nodes: Indices) -> tuple[pa.Array, pa.Array]:
        """Return key and present id of nodes in rising order, in the snapshot or added."""
        extra = {node: id for id, node in self.graph.added.items()}
        stored = nodes[nodes < self.nodes - len(extra)]
        more = [extra[int(node)] for node in nodes[len(stored) :]]
        keys, ids = self.snapshot.names_of(stored)
        return (
            pa.concat_arrays([keys, pa.array(map(_key_of_added_node, more), pa.string())]),
            pa.concat_arrays([ids, pa.array(more, pa.string())]),
        )

    def names_by_node(self, nodes: Indices) -> tuple[dict[int, str], dict[int, str]]:
        """Return key and present id of nodes in rising order, by node."""
        numbers = nodes.tolist()
        keys, ids = (
            dict(zip(numbers, column.to_pylist(), strict=True)) for column in self.names_of(nodes)
        )
        return keys, ids

    def names_of_bases(self, nodes: Indices) -> tuple[pa.Array, pa.Array]:
        """Return key and present id of nodes in rising order that have children."""
        if not self.graph.added:
            return self.snapshot.names_of_bases(nodes)
        return self.names_of(nodes)


def _key_of_added_node(id: str) -> str:
    return id if is_claimable(id) else f"{NAME_PREFIX}{id}"


def _graph_rule_of_definition(definition: Definition) -> _GraphRule:
    return definition.relations, definition.min_strength, definition.curated


def select_scope_edges(edges: EdgeColumns, keep: Mask | Positions) -> EdgeColumns:
    """Return some edges."""
    if keep.all():
        return edges
    return EdgeColumns(
        edges.child[keep], edges.parent[keep], edges.relation[keep], edges.strength[keep]
    )


def _list_curated_ids(curated: Sequence[CuratedEdge]) -> list[str]:
    return [id for edge in curated for id in (edge.child, edge.parent)]


def _list_ids_of_scope(families: Sequence[Family]) -> set[str]:
    """Return the ids that questions about families look up: roots and outsiders."""
    roots = {root for family in families for root in family.root_repo_ids()}
    return roots | {outsider.id for family in families for outsider in family.outsiders}


def _find_scope_nodes(
    snapshot: Snapshot, families: Sequence[Family], ids: Collection[str]
) -> dict[str, Sequence[int]]:
    """Return the nodes of ids as a registry writes them, the likeliest first; () for an unknown id.

    A registry may be older than a rename and a snapshot older than another, so every name counts
    that a model ever had. As on the Hub, case tells no two models apart where one alone has a name.
    """
    other_names = _list_names_of_scope(families)
    # For each root the day on which its family was last changed, where that is said
    written: dict[str, date] = {}
    for family in families:
        with suppress(ValueError):
            written |= dict.fromkeys(family.root_repo_ids(), date.fromisoformat(family.version))
    names = {name for id in ids for name in (id, *other_names.get(id, ()))}
    owners = snapshot.owners_without_case(names)
    former = snapshot.former_keys()
    node_of_key = snapshot.nodes_of_keys({former[name] for name in names & set(former)})
    nodes: dict[str, Sequence[int]] = {}
    for id in ids:
        own = _order_owners_in_scope(
            snapshot,
            owners[id.lower()].get(id, ()),
            node_of_key.get(former.get(id, "")),
            written.get(id),
        )
        # What the registry itself calls a former name may be another model's by now: it is asked
        # only where the present name leads to no record.
        for name in other_names.get(id, ()) if not own or own[0] >= snapshot.records else ():
            further = [*owners[name.lower()].get(name, ()), node_of_key.get(former.get(name, ""))]
            own = [*(node for node in further if node is not None and node not in own), *own]
        alike = owners[id.lower()]
        if not own and len(alike) == 1:
            (own,) = alike.values()
        nodes[id] = tuple(own)
    _add_other_names_to_scope(snapshot, nodes)
    _add_former_names_to_scope(snapshot, families, nodes)
    return nodes


def _add_other_names_to_scope(snapshot: Snapshot, nodes: dict[str, Sequence[int]]) -> None:
    """Find by their keys what only other snapshots of the history know by a name."""
    records = snapshot.records
    keys = snapshot.keys_elsewhere(
        [id for id, own in nodes.items() if (not own or own[0] >= records) and not is_claimable(id)]
    )
    node_of_key = snapshot.nodes_of_keys(keys.values())
    for id, key in keys.items():
        if (node := node_of_key.get(key)) is not None and node not in nodes[id]:
            nodes[id] = (node, *nodes[id])


def _add_former_names_to_scope(
    snapshot: Snapshot, families: Sequence[Family], nodes: dict[str, Sequence[int]]
) -> None:
    """Find the ids that nothing is called now by the one former name that is equal but for case."""
    former = {*snapshot.former_keys(), *_list_names_of_scope(families)}
    # The registry spells as the Hub does, and most of what a sample lacks are its roots.
    known = former | _list_ids_of_scope(families)
    sought = {id.lower() for id, own in nodes.items() if not own and id not in known}
    alike: dict[str, set[str]] = {}
    for name in former:
        if name.lower() in sought:
            alike.setdefault(name.lower(), set()).add(name)
    names = [name for each in alike.values() if len(each) == 1 for name in each]
    nodes_of_names = _find_scope_nodes(snapshot, families, names) if names else {}
    for id, own in nodes.items():
        if not own and len(each := alike.get(id.lower(), set())) == 1:
            nodes[id] = nodes_of_names[next(iter(each))]


def _order_owners_in_scope(
    snapshot: Snapshot, owners: Sequence[int], renamed: int | None, written: date | None
) -> Sequence[int]:
    """Return the nodes with a name and the one that had it before a rename, the likeliest first."""
    if renamed is None or renamed in owners:
        return owners
    models = snapshot.manifest.models
    if not owners or owners[0] >= models:
        return [renamed, *owners]
    # A model that took the name after the registry was written is not the one that it means.
    created = snapshot.record_column("created_at")[owners[0]].as_py()
    is_newer = written is not None and created is not None and created.date() > written
    return [renamed, *owners[1:]] if is_newer and renamed < models else [*owners, renamed]


def _list_names_of_scope(families: Sequence[Family]) -> dict[str, list[str]]:
    """Return for each name in a registry that is one end of a rename, the other names."""
    names: dict[str, list[str]] = {}
    for former in (former for family in families for former in family.former_names()):
        names.setdefault(former.now, []).append(former.name)
        names.setdefault(former.name, []).append(former.now)
    return names


def _find_curated_pairs(
    curated: Sequence[CuratedEdge], nodes: Mapping[str, Sequence[int]]
) -> list[tuple[int, int, CuratedEdge]]:
    # Of a parent made anew the newer one is meant; of a child both carry the weights in question.
    return [
        (child, nodes[edge.parent][0], edge)
        for edge in curated
        if edge.parent in nodes
        for child in nodes.get(edge.child, ())
    ]


def _curated_columns_of_scope(
    curated: Sequence[CuratedEdge], nodes: Mapping[str, Sequence[int]]
) -> EdgeColumns:
    pairs = _find_curated_pairs(curated, nodes)
    rows = [(child, parent, edge.relation.code) for child, parent, edge in pairs]
    child, parent, relation = np.array(rows, np.int32).reshape(-1, 3).T
    return EdgeColumns(
        child, parent, relation.astype(np.int8), np.full(len(rows), _DECLARED, np.int8)
    )


def _add_curated_to_scope(edges: EdgeColumns, curated: EdgeColumns, nodes: int) -> EdgeColumns:
    """Add curated edges, each pair once; a model that declares a relation keeps it."""
    is_child = mark_nodes(nodes, curated.child)
    at = np.flatnonzero(is_child[edges.child])  # few: the pairs of a whole Hub compare slowly
    pairs, is_inferred = _pack_scope_pairs(edges)[at], edges.strength[at] < _DECLARED
    keep = np.ones(len(edges.child), np.bool_)
    keep[at[is_inferred & np.isin(pairs, _pack_scope_pairs(curated))]] = False
    edges = select_scope_edges(edges, keep)
    curated = select_scope_edges(curated, ~np.isin(_pack_scope_pairs(curated), pairs[~is_inferred]))
    curated = select_scope_edges(
        curated, np.sort(np.unique(_pack_scope_pairs(curated), return_index=True)[1])
    )
    is_inferred = edges.strength < _DECLARED
    relation = np.zeros(nodes, np.int8)
    # One relation a model: what it declares, else the registry's word, else the inferred one.
    for part in (
        select_scope_edges(edges, is_inferred),
        curated,
        select_scope_edges(edges, ~is_inferred),
    ):
        relation[part.child] = part.relation
    child = np.concatenate([edges.child, curated.child])
    return EdgeColumns(
        child,
        np.concatenate([edges.parent, curated.parent]),
        relation[child],
        np.concatenate([edges.strength, curated.strength]),
    )


def _pack_scope_pairs(edges: EdgeColumns) -> Int64s:
    return pack_node_pairs(edges.child, edges.parent)
