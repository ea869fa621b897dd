"""What a question stands on: a snapshot under a definition, with the registry laid over it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from lineage.domain.arrays import Indices, Int64s, Mask, Positions
from lineage.domain.claims import Strength
from lineage.domain.definitions import Definition
from lineage.domain.families import CuratedEdge, Family
from lineage.store.reader import EdgeColumns, Snapshot

_STATED = Strength.DECLARED.code


@dataclass(frozen=True, slots=True)
class Scope:
    """Every edge a definition counts by, and every node a question may meet."""

    snapshot: Snapshot
    definition: Definition
    families: Sequence[Family]
    edges: EdgeColumns
    nodes: int
    """How many node numbers there are: the snapshot's, then those that the registry adds."""
    added: Mapping[str, int] = field(default_factory=dict)
    """Ids that only a curated edge knows, with their nodes."""
    _found: dict[str, int | None] = field(default_factory=dict, compare=False)
    """What was looked up before: the registry's ids are looked up all at once."""

    @classmethod
    def of(
        cls,
        snapshot: Snapshot,
        definition: Definition,
        families: Sequence[Family],
        like: "Scope | None" = None,
        edges: EdgeColumns | None = None,
    ) -> "Scope":
        """Lay the registry over a snapshot; `edges` are all of the snapshot's, where at hand.

        `like` stands on the same snapshot and families: what it looked up is looked up for both.
        """
        edges = snapshot.edges() if edges is None else edges
        tops = (int(part.max(initial=-1)) + 1 for part in (edges.child, edges.parent))
        nodes = max(snapshot.records, *tops)
        edges = kept(edges, edges.strength >= definition.least.code)
        added: dict[str, int] = {}
        found: dict[str, int | None] = {} if like is None else like._found
        if definition.curated and definition.least is not Strength.CONFIRMED:
            curated = [edge for family in families for edge in family.curated_edges()]
            if new := {*_ids(curated), *_registered(families)} - set(found):
                found.update(_nodes_of(snapshot, new))
            ids = dict.fromkeys(sorted(_ids(curated)))
            unknown = [id for id in ids if found[id] is None]
            added = {id: nodes + at for at, id in enumerate(unknown)}
            nodes += len(added)
            known = {id: node for id in ids if (node := found[id]) is not None}
            edges = _laid_over(edges, _columns(curated, known | added), nodes)
        wanted = [relation.code for relation in definition.relations]
        edges = kept(edges, np.isin(edges.relation, wanted))
        return cls(snapshot, definition, families, edges, nodes, added, found)

    def nodes_of(self, ids: Iterable[str]) -> dict[str, int]:
        """Return the node of each id that is known: by its name now, a former one, or its case."""
        wanted = list(ids)
        if new := set(wanted) - set(self._found):
            also = set() if self._found else _registered(self.families)
            self._found.update(_nodes_of(self.snapshot, new | also))
        nodes = {id: self.added.get(id, self._found[id]) for id in wanted}
        return {id: node for id, node in nodes.items() if node is not None}

    def names_of(self, nodes: Indices) -> tuple[pa.Array, pa.Array]:
        """Return key and present id of nodes in rising order, whoever knows them."""
        extra = {node: id for id, node in self.added.items()}
        known = nodes[nodes < self.nodes - len(extra)]
        more = [extra[int(node)] for node in nodes[len(known) :]]
        keys, ids = self.snapshot.names_of(known)
        return (
            pa.concat_arrays([keys, pa.array([f"name:{id}" for id in more], pa.string())]),
            pa.concat_arrays([ids, pa.array(more, pa.string())]),
        )

    def names_of_bases(self, nodes: Indices) -> tuple[pa.Array, pa.Array]:
        """Return key and present id of nodes in rising order that have children."""
        if not self.added:
            return self.snapshot.names_of_bases(nodes)
        return self.names_of(nodes)


def kept(edges: EdgeColumns, keep: Mask | Positions) -> EdgeColumns:
    """Return some edges."""
    if keep.all():
        return edges
    return EdgeColumns(
        edges.child[keep], edges.parent[keep], edges.relation[keep], edges.strength[keep]
    )


def _ids(curated: Sequence[CuratedEdge]) -> list[str]:
    return [id for edge in curated for id in (edge.child, edge.parent)]


def _registered(families: Sequence[Family]) -> set[str]:
    """Return the ids that questions about families look up: roots and outsiders."""
    roots = {root for family in families for root in family.roots()}
    return roots | {outsider.id for family in families for outsider in family.outsiders}


def _nodes_of(snapshot: Snapshot, ids: Collection[str]) -> dict[str, int | None]:
    """Return the nodes of ids as a registry writes them: it may be older than a rename.

    As on the Hub, case tells no two models apart where one alone bears the name.
    """
    bearers = snapshot.bearers_without_case(list(ids))
    nodes = {id: bearers[id.lower()].get(id) for id in ids}
    former = snapshot.former_keys()
    for id in {id for id, node in nodes.items() if node is None} & set(former):
        if (found := snapshot.node_of_key(former[id])) is not None:
            nodes[id] = found[0]
    for id, node in nodes.items():
        if node is None and len(alone := bearers[id.lower()]) == 1:
            (nodes[id],) = alone.values()
    return nodes


def _columns(curated: Sequence[CuratedEdge], nodes: Mapping[str, int]) -> EdgeColumns:
    return EdgeColumns(
        np.array([nodes[edge.child] for edge in curated], np.int32),
        np.array([nodes[edge.parent] for edge in curated], np.int32),
        np.array([edge.relation.code for edge in curated], np.int8),
        np.full(len(curated), _STATED, np.int8),
    )


def _laid_over(edges: EdgeColumns, curated: EdgeColumns, nodes: int) -> EdgeColumns:
    """Add curated edges, each pair once; a model that declares a relation keeps it."""
    is_child = np.zeros(nodes, np.bool_)
    is_child[curated.child] = True
    at = np.flatnonzero(is_child[edges.child])  # few: the pairs of a whole Hub compare slowly
    pairs, guessed = _pairs(edges)[at], edges.strength[at] < _STATED
    keep = np.ones(len(edges.child), np.bool_)
    keep[at[guessed & np.isin(pairs, _pairs(curated))]] = False
    edges = kept(edges, keep)
    curated = kept(curated, ~np.isin(_pairs(curated), pairs[~guessed]))
    curated = kept(curated, np.sort(np.unique(_pairs(curated), return_index=True)[1]))
    guessed = edges.strength < _STATED
    relation = np.zeros(nodes, np.int8)
    # One relation a model: what it declares, else the registry's word, else the guess.
    for part in (kept(edges, guessed), curated, kept(edges, ~guessed)):
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
