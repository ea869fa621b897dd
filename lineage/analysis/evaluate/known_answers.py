"""What is known of hidden edges: the declared parents, whose weights are whose, which release."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import LabelBits, Mask, Nodes
from lineage.domain.claims import Relation, Strength
from lineage.domain.families import Family
from lineage.evidence.infer import InferenceInput
from lineage.graph import reach
from lineage.store.reader import EdgeColumns, Snapshot

_STATED = Strength.DECLARED.code
_QUANTIZED = Relation.QUANTIZED.code
_MOST_COPIES = 3
"""Quantized copies of quantized copies are followed so far."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a snapshot and the registry state of every node, looked up by node."""

    child: Nodes
    """Stated and curated edges, in order of the child; `parent` is the other end."""
    parent: Nodes
    quantized: Mask
    """Of every node whether it is stated to be a quantized copy."""
    copies: Mapping[int, int]
    """Quantized copies that the registry knows, and what they are copies of."""
    mirrors: Mapping[int, int]
    """Plain re-uploads and whose they are, by the registry."""
    families: Sequence[str]
    releases: LabelBits
    """Families x nodes: the releases that each node meets first on its ways up, as bits."""

    def parents(self, node: int) -> list[int]:
        """Return the parents of a node, itself left out."""
        return parents_of(node, self.child, self.parent)

    def original(self, node: int) -> int:
        """Return whose weights a node carries unchanged: itself, unless it is a plain mirror."""
        return self.mirrors.get(node, node)

    def weights(self, node: int) -> set[int]:
        """Return the nodes whose weights stand behind one: its own, and those it is a copy of."""
        found = {self.original(node)}
        for _ in range(_MOST_COPIES):
            copied = self.copies.get(node)
            if copied is None and self.quantized[node] and len(met := self.parents(node)) == 1:
                copied = met[0]
            if copied is None:
                break
            node = copied
            found.add(self.original(node))
        return found

    def releases_of(self, nodes: Sequence[int]) -> tuple[int, ...]:
        """Return, family by family, the releases that some nodes belong to, as bits."""
        bits = np.bitwise_or.reduce(self.releases[:, list(nodes)], axis=1)
        return tuple(bits.tolist())


def nodes_of(snapshot: Snapshot, families: Sequence[Family]) -> InferenceInput:
    """Return every node of a snapshot as a second hearing sees it."""
    edges = _stated(snapshot.edges())
    tops = (int(part.max(initial=-1)) + 1 for part in (edges.child, edges.parent))
    number = max(snapshot.records, *tops)
    listed = edges.child < snapshot.manifest.models
    keys, ids = snapshot.names_of(np.arange(number, dtype=np.int32))
    return InferenceInput(
        keys,
        ids,
        _whole(snapshot.record_column("created_at")),
        _whole(snapshot.record_column("model_type")),
        edges.child[listed],
        edges.parent[listed],
        snapshot.former_keys(),
        {old.name: old.now for family in families for old in family.former_names()},
    )


def lineage_of(snapshot: Snapshot, nodes: InferenceInput, families: Sequence[Family]) -> Lineage:
    """Return what is stated of every node."""
    edges = _stated(snapshot.edges())
    quantized = np.zeros(len(nodes.ids), np.bool_)
    quantized[edges.child[edges.relation == _QUANTIZED]] = True
    node_of = find_nodes(nodes, sorted({id for family in families for id in _ids(family)}))
    child, parent = _with_curated(nodes, families, node_of)
    return Lineage(
        child,
        parent,
        quantized,
        _pairs(families, "quantized", node_of),
        _pairs(families, "mirrors", node_of),
        [family.id for family in families],
        np.array(
            [
                reach.labels_from(child, parent, len(nodes.ids), _seeds(family, node_of))
                for family in families
            ],
            np.uint64,
        ).reshape(len(families), len(nodes.ids)),
    )


def parents_of(node: int, child: Nodes, parent: Nodes) -> list[int]:
    """Return a node's parents from edges in order of the child, itself left out."""
    start, end = np.searchsorted(child, [node, node + 1])
    return [one for one in dict.fromkeys(parent[start:end].tolist()) if one != node]


def _with_curated(
    nodes: InferenceInput, families: Sequence[Family], node_of: Mapping[str, int]
) -> tuple[Nodes, Nodes]:
    """Return stated and curated edges, in order of the child."""
    curated = [
        (node_of[edge.child], node_of[edge.parent])
        for family in families
        for edge in family.curated_edges()
        if edge.child in node_of and edge.parent in node_of
    ]
    child = np.concatenate([nodes.child, np.array([one for one, _ in curated], np.int32)])
    parent = np.concatenate([nodes.parent, np.array([one for _, one in curated], np.int32)])
    order = np.argsort(child, kind="stable")
    return child[order], parent[order]


def _stated(edges: EdgeColumns) -> EdgeColumns:
    keep = edges.strength >= _STATED
    return EdgeColumns(
        edges.child[keep], edges.parent[keep], edges.relation[keep], edges.strength[keep]
    )


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks()


def find_nodes(nodes: InferenceInput, ids: Sequence[str]) -> dict[str, int]:
    """Return the node of each id that is known, by its name now, or by a former one."""
    now = [nodes.renamed.get(id, id) for id in ids]
    former = [nodes.former.get(id) for id in ids]
    at = (_places(ids, nodes.ids), _places(now, nodes.ids), _places(former, nodes.keys))
    known = ((one for one in places if one is not None) for places in zip(*at, strict=True))
    found = ((id, next(places, None)) for id, places in zip(ids, known, strict=True))
    return {id: node for id, node in found if node is not None}


def _places(wanted: Sequence[str | None], known: pa.StringArray) -> list[int | None]:
    texts = pa.array(wanted, pa.string())
    places: list[int | None] = pc.index_in(texts, value_set=known, skip_nulls=True).to_pylist()
    return places


def _ids(family: Family) -> Iterator[str]:
    yield from family.roots()
    for edge in family.curated_edges():
        yield from (edge.child, edge.parent)


def _pairs(families: Sequence[Family], kind: str, node_of: Mapping[str, int]) -> dict[int, int]:
    return {
        node_of[copy.id]: node_of[copy.of]
        for family in families
        for release in family.releases
        for copy in getattr(release, kind)
        if copy.of is not None and copy.id in node_of and copy.of in node_of
    }


def _seeds(family: Family, node_of: Mapping[str, int]) -> list[Nodes]:
    return [
        np.array([node_of[id] for id in release.roots() if id in node_of], np.int32)
        for release in family.releases
    ]
