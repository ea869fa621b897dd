"""The tables of a plain snapshot: of a whole one, or of a family or base cut out of it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.family_graph import FamilyColumns
from lineage.domain.arrays import Indices
from lineage.graph.sorted_sets import pack_node_pairs
from lineage.store import derived_rows, schema
from lineage.store.manifest import Manifest, SnapshotKind
from lineage.store.reader import EdgeColumns, Snapshot

Pieces = Iterator[pa.Table]


def list_whole_tables_of_scope(snapshot: Snapshot) -> Mapping[str, Pieces]:
    """Return every table of a snapshot as it is, piece by piece."""

    def read_file(file: str) -> Pieces:
        for batch in snapshot.batches(file):
            yield pa.Table.from_batches([batch])

    # Read as what they are today: older snapshots have a narrower table without rows, or none.
    deleted_tables = {
        schema.TOMBSTONES_FILE: iter([snapshot.tombstones()]),
        schema.ABSENCES_FILE: iter([snapshot.absences()]),
    }
    # Trends that an older one lacks are counted when they are asked for.
    trends = (
        iter(())
        if schema.TRENDS_FILE not in snapshot.manifest.files
        else read_file(schema.TRENDS_FILE)
    )
    tables = {file: read_file(file) for file in schema.TABLES if file != schema.TRENDS_FILE}
    return tables | deleted_tables | {schema.TRENDS_FILE: trends}


def cut_tables_to_scope(cut: FamilyColumns) -> Mapping[str, Pieces]:
    """Return every table of a snapshot, with the rows of the models in the cut.

    Nodes are numbered anew; edges are those of the cut, the registry's included, each with its
    rules; bases are counted within the cut. Of a model in it all evidence is kept, of whatever
    parent.
    """
    snapshot = cut.scope.snapshot
    # A cut is a snapshot again for any reader: its bases are counted within it, since a number
    # that counts models outside could not be checked against its own edges.
    keys, ids = cut.scope.names_of(cut.nodes)
    listed = cut.nodes[cut.nodes < snapshot.manifest.models]
    tombstones, absences = snapshot.tombstones(), snapshot.absences()
    # The edges by the cut's own node numbers, in order of child and parent
    child, parent = (
        np.searchsorted(cut.nodes, pairs).astype(np.int32)
        for pairs in (cut.edges.child, cut.edges.parent)
    )
    order = np.lexsort((parent, child))
    edges = EdgeColumns(
        child[order], parent[order], cut.edges.relation[order], cut.edges.strength[order]
    )
    rules = _rules_of_cut_edges(cut, edges)
    created = cut.scope.snapshot.column(schema.MODELS_FILE, "created_at")
    undated = created.is_null().combine_chunks().take(pa.array(cut.nodes[: len(listed)]))
    return {
        schema.MODELS_FILE: _take_subject_rows(cut, schema.MODELS_FILE, listed),
        schema.METRICS_FILE: _take_subject_rows(cut, schema.METRICS_FILE, listed),
        schema.EVIDENCE_FILE: _filter_subject_keys(cut, schema.EVIDENCE_FILE, "child_key", keys),
        schema.EDGES_FILE: derived_rows.make_stored_edge_tables(keys, ids, edges, *rules),
        schema.COUNTS_FILE: iter(
            [derived_rows.counts_table(keys, ids, edges, undated.to_numpy(zero_copy_only=False))]
        ),
        schema.NAMES_FILE: _filter_subject_keys(cut, schema.NAMES_FILE, "key", keys),
        schema.TOMBSTONES_FILE: iter(
            [tombstones.filter(pc.is_in(tombstones["key"], value_set=keys))]
        ),
        schema.ABSENCES_FILE: iter([absences.filter(pc.is_in(absences["key"], value_set=keys))]),
        schema.BAD_ROWS_FILE: iter(()),
        schema.TRENDS_FILE: iter(()),
    }


def cut_manifest_to_scope(manifest: Manifest, name: str) -> Manifest:
    """Return what the cut says of itself: a snapshot of what lies below one name."""
    origin = replace(manifest.origin, kind=SnapshotKind.BELOW, below=name)
    return replace(manifest, origin=origin, previous=None, bad_rows=0, unread_fields={}, checks=())


def _take_subject_rows(cut: FamilyColumns, file: str, nodes: Indices) -> Pieces:
    first = 0
    for batch in cut.scope.snapshot.batches(file):
        low, high = np.searchsorted(nodes, [first, first + batch.num_rows])
        if high > low:
            yield pa.Table.from_batches([batch.take(pa.array(nodes[low:high] - first))])
        first += batch.num_rows


def _filter_subject_keys(cut: FamilyColumns, file: str, column: str, keys: pa.Array) -> Pieces:
    for batch in cut.scope.snapshot.batches(file):
        matches = pc.is_in(batch[column], value_set=keys)
        if pc.any(matches).as_py():
            yield pa.Table.from_batches([batch.filter(matches)])


def _rules_of_cut_edges(cut: FamilyColumns, edges: EdgeColumns) -> tuple[Indices, list[str]]:
    """Return the rules of each edge as bits, and the names of the bits."""
    pairs = pack_node_pairs(cut.nodes[edges.child], cut.nodes[edges.parent])
    numbers: dict[str, int] = {}
    masks = np.zeros(len(pairs), np.int64)
    order = np.argsort(pairs)
    columns = ["child_node", "parent_node", "rules"]
    for batch in cut.scope.snapshot.batches(schema.EDGES_FILE, columns):
        stored_pairs = pack_node_pairs(
            batch["child_node"].to_numpy(), batch["parent_node"].to_numpy()
        )
        rows = np.flatnonzero(np.isin(stored_pairs, pairs))
        places = order[np.searchsorted(pairs[order], stored_pairs[rows])]
        for place, rules in zip(places, batch["rules"].take(rows).to_pylist(), strict=True):
            masks[place] |= _rule_bits_of_cut_edges(rules, numbers)
    curated = cut.scope.curated_pairs() if cut.scope.definition.curated else []
    for child, parent, edge in curated:
        pair = child << 32 | parent
        place = np.searchsorted(pairs[order], pair)
        if place < len(pairs) and pairs[order[place]] == pair:
            masks[order[place]] |= _rule_bits_of_cut_edges([edge.rule], numbers)
    return masks, list(numbers)


def _rule_bits_of_cut_edges(rules: list[str], numbers: dict[str, int]) -> int:
    return sum(1 << numbers.setdefault(rule, len(numbers)) for rule in sorted(set(rules)))
