"""The tables of a plain snapshot: of a whole one, or of a family or base cut out of it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.family_graph import FamilyColumns
from lineage.analysis.members import relation_of
from lineage.domain.arrays import Indices
from lineage.domain.claims import Strength
from lineage.graph.every_base import count_every_base
from lineage.store import derived_rows, schema
from lineage.store.manifest import Manifest, SnapshotKind
from lineage.store.reader import EdgeColumns, Snapshot

Pieces = Iterator[pa.Table]

_STATED = Strength.DECLARED.code


def whole_tables(snapshot: Snapshot) -> Mapping[str, Pieces]:
    """Return every table of a snapshot as it is, piece by piece."""

    def read(file: str) -> Pieces:
        for batch in snapshot.batches(file):
            yield pa.Table.from_batches([batch])

    # Read as what they are today: older snapshots have a narrower table without rows, or none.
    dead = {
        schema.TOMBSTONES_FILE: iter([snapshot.tombstones()]),
        schema.ABSENCES_FILE: iter([snapshot.absences()]),
    }
    # Trends that an older one lacks are counted when they are asked for.
    trends = (
        iter(()) if schema.TRENDS_FILE not in snapshot.manifest.files else read(schema.TRENDS_FILE)
    )
    tables = {file: read(file) for file in schema.TABLES if file != schema.TRENDS_FILE}
    return tables | dead | {schema.TRENDS_FILE: trends}


def cut_tables(cut: FamilyColumns) -> Mapping[str, Pieces]:
    """Return every table of a snapshot, with the rows of the models in the cut.

    Nodes are numbered anew; edges are those of the cut, the registry's included, each with its
    rules; bases are counted within the cut. Of a model in it all evidence is kept, of whatever
    parent.
    """
    snapshot = cut.scope.snapshot
    keys, ids = cut.scope.names_of(cut.nodes)
    listed = cut.nodes[cut.nodes < snapshot.manifest.models]
    edges, dead, over = _renumbered(cut), snapshot.tombstones(), snapshot.absences()
    return {
        schema.MODELS_FILE: _rows(cut, schema.MODELS_FILE, listed),
        schema.METRICS_FILE: _rows(cut, schema.METRICS_FILE, listed),
        schema.EVIDENCE_FILE: _of_keys(cut, schema.EVIDENCE_FILE, "child_key", keys),
        schema.EDGES_FILE: _edges(cut, edges, keys, ids),
        schema.COUNTS_FILE: iter([_counts(cut, edges, len(listed), keys, ids)]),
        schema.NAMES_FILE: _of_keys(cut, schema.NAMES_FILE, "key", keys),
        schema.TOMBSTONES_FILE: iter([dead.filter(pc.is_in(dead["key"], value_set=keys))]),
        schema.ABSENCES_FILE: iter([over.filter(pc.is_in(over["key"], value_set=keys))]),
        schema.BAD_ROWS_FILE: iter(()),
        schema.TRENDS_FILE: iter(()),
    }


def cut_manifest(manifest: Manifest, name: str) -> Manifest:
    """Return what the cut says of itself: a snapshot of what lies below one name."""
    origin = replace(manifest.origin, kind=SnapshotKind.BELOW, below=name)
    return replace(manifest, origin=origin, previous=None, bad_rows=0, unread_fields={}, checks=())


def _rows(cut: FamilyColumns, file: str, wanted: Indices) -> Pieces:
    first = 0
    for batch in cut.scope.snapshot.batches(file):
        low, high = np.searchsorted(wanted, [first, first + batch.num_rows])
        if high > low:
            yield pa.Table.from_batches([batch.take(pa.array(wanted[low:high] - first))])
        first += batch.num_rows


def _of_keys(cut: FamilyColumns, file: str, column: str, keys: pa.Array) -> Pieces:
    for batch in cut.scope.snapshot.batches(file):
        here = pc.is_in(batch[column], value_set=keys)
        if pc.any(here).as_py():
            yield pa.Table.from_batches([batch.filter(here)])


def _renumbered(cut: FamilyColumns) -> EdgeColumns:
    """Return the edges by the cut's own node numbers, in order of child and parent."""
    child, parent = (
        np.searchsorted(cut.nodes, ends).astype(np.int32)
        for ends in (cut.edges.child, cut.edges.parent)
    )
    order = np.lexsort((parent, child))
    return EdgeColumns(
        child[order], parent[order], cut.edges.relation[order], cut.edges.strength[order]
    )


def _edges(cut: FamilyColumns, edges: EdgeColumns, keys: pa.Array, ids: pa.Array) -> Pieces:
    masks, names = _rules(cut, edges)
    yield from derived_rows.edge_tables(
        keys,
        ids,
        child=edges.child,
        parent=edges.parent,
        relation=edges.relation,
        strength=edges.strength,
        rules=masks,
        rule_names=names,
    )


def _rules(cut: FamilyColumns, edges: EdgeColumns) -> tuple[Indices, list[str]]:
    """Return the rules of each edge as bits, and the names of the bits."""
    pairs = _pairs(cut.nodes[edges.child], cut.nodes[edges.parent])
    numbers: dict[str, int] = {}
    masks = np.zeros(len(pairs), np.int64)
    order = np.argsort(pairs)
    columns = ["child_node", "parent_node", "rules"]
    for batch in cut.scope.snapshot.batches(schema.EDGES_FILE, columns):
        there = _pairs(batch["child_node"].to_numpy(), batch["parent_node"].to_numpy())
        rows = np.flatnonzero(np.isin(there, pairs))
        places = order[np.searchsorted(pairs[order], there[rows])]
        for place, rules in zip(places, batch["rules"].take(rows).to_pylist(), strict=True):
            masks[place] |= _bits(rules, numbers)
    for pair, rule in _curated(cut):
        place = np.searchsorted(pairs[order], pair)
        if place < len(pairs) and pairs[order[place]] == pair:
            masks[order[place]] |= _bits([rule], numbers)
    return masks, list(numbers)


def _curated(cut: FamilyColumns) -> list[tuple[int, str]]:
    """Return each edge that the registry states, as a pair of nodes, and in whose name."""
    scope = cut.scope
    if not scope.definition.curated:
        return []
    curated = [edge for family in scope.families for edge in family.curated_edges()]
    nodes = scope.nodes_of({id for edge in curated for id in (edge.child, edge.parent)})
    ends = [(nodes[edge.child], nodes[edge.parent], edge.rule) for edge in curated]
    return [(child << 32 | parent, rule) for child, parent, rule in ends]


def _bits(rules: list[str], numbers: dict[str, int]) -> int:
    return sum(1 << numbers.setdefault(rule, len(numbers)) for rule in sorted(set(rules)))


def _pairs(child: Indices, parent: Indices) -> Indices:
    return child.astype(np.int64) << 32 | parent


def _counts(
    cut: FamilyColumns, edges: EdgeColumns, models: int, keys: pa.Array, ids: pa.Array
) -> pa.Table:
    stated = edges.strength >= _STATED
    relation = relation_of(edges, max(len(cut.nodes), 1))[:models]
    created = cut.scope.snapshot.column(schema.MODELS_FILE, "created_at")
    undated = created.is_null().combine_chunks().take(pa.array(cut.nodes[:models]))
    bases = count_every_base(
        edges.child[stated],
        edges.parent[stated],
        relation,
        undated.to_numpy(zero_copy_only=False),
    )
    return derived_rows.counts_table(keys, ids, bases.node, bases.direct, bases.total)
