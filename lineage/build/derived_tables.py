"""The edges and counts of a draft, whole or as what changed since the snapshot it builds on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.build.draft import Draft
from lineage.build.draft_tables import FEW_ROWS, MAX_CHANGED_SHARE
from lineage.domain.arrays import Int64s, Mask, Nodes
from lineage.store import derived_rows, schema
from lineage.store.delta import mark_stored_differences
from lineage.store.keys import (
    NOWHERE,
    join_column_chunks,
    table_keys_as_bytes,
    table_rows_of_keys,
)
from lineage.store.manifest import SnapshotKind
from lineage.store.merged_tables import MergedTables
from lineage.store.reader import EdgeColumns, read_edges
from lineage.store.tables import Tables

_NO_RULE = 62
"""The bit of every rule that this program does not know."""


@dataclass(frozen=True, slots=True)
class DerivedTables:
    """What a draft derived of its claims."""

    keys: pa.StringArray
    """Of every node."""
    ids: pa.StringArray
    edges: EdgeColumns
    rules: Int64s
    """A bit for each rule of an edge."""
    rule_names: Sequence[str]
    counts: pa.Table


def write_edges_and_counts(draft: Draft, derived: DerivedTables) -> None:
    """Write both; as changes where they are few."""
    tables = draft.tables
    tables.row_counts[schema.EDGES_FILE] = len(derived.edges.child)
    if (merged := tables.merged) is not None:
        nodes = _match_draft_nodes(merged, draft.records, derived)
        before, now = read_edges(merged.base), derived.edges
        rules = _draft_rule_bits(
            merged.base.table(schema.EDGES_FILE, ["rules"])["rules"], derived.rule_names
        )
        child, parent = (nodes.now[ends].astype(np.int64) for ends in (before.child, before.parent))
        rows = _find_draft_edge_rows(now, child, parent)
        at = np.maximum(rows, 0)
        is_same = (rows >= 0) & ~nodes.is_renamed[before.child] & ~nodes.is_renamed[before.parent]
        if len(now.child):
            is_same &= (before.relation == now.relation[at]) & (before.strength == now.strength[at])
            is_same &= rules == derived.rules[at]
        edges = DraftRowChanges.of(rows, is_same, len(now.child))
        counts = _compare_draft_counts(merged.base, nodes, derived.counts)
        # A look-up reads each update's changes of the counts, and a full crawl's counts.
        is_full = draft.origin.kind is SnapshotKind.FULL
        if edges.are_few() and (counts.are_few() or is_full):
            spelled = _spell_draft_edges(derived, edges.rows)
            lost = merged.base.table(schema.EDGES_FILE, schema.IDENTITIES[schema.EDGES_FILE])
            changed = pa.concat_tables([schema.EDGES.empty_table(), *spelled])
            _write_draft_changes(draft, schema.EDGES_FILE, edges, changed, lost)
            if is_full:
                tables.keep_whole(schema.COUNTS_FILE)
                tables.write(schema.COUNTS_FILE, derived.counts)
                return
            changed = derived.counts.take(pa.array(counts.rows))
            lost = merged.base.table(schema.COUNTS_FILE, schema.IDENTITIES[schema.COUNTS_FILE])
            _write_draft_changes(draft, schema.COUNTS_FILE, counts, changed, lost)
            return
        tables.keep_whole(schema.EDGES_FILE, schema.COUNTS_FILE)
    tables.write_tables(schema.EDGES_FILE, _spell_draft_edges(derived))
    tables.write(schema.COUNTS_FILE, derived.counts)


def write_tombstone_changes(draft: Draft) -> None:
    """Keep changes alone of the tombstones, where they are few: once all is known of them."""
    if draft.tables.merged is None:
        return
    file = schema.TOMBSTONES_FILE
    before, now = draft.tables.merged.base.table(file), draft.deleted
    keys, keys_before = (table_keys_as_bytes(it["key"]) for it in (now, before))
    rows = table_rows_of_keys(keys, keys_before)
    is_same = rows >= 0
    for name in now.schema.names if len(now) else ():
        older, newer = (it[name].combine_chunks() for it in (before, now))
        is_same &= ~mark_stored_differences(older, newer.take(pa.array(np.maximum(rows, 0))))
    changes = DraftRowChanges.of(rows, is_same, len(now))
    if changes.are_few():
        draft.tables.keep_changes(file)
        changed = now.take(pa.array(changes.rows))
        _write_draft_changes(draft, file, changes, changed, before.select(["key"]))


@dataclass(frozen=True, slots=True)
class DraftRowChanges:
    """Which rows of a table differ from those of the base."""

    rows: Int64s
    """The rows of the whole that the base has not, in order."""
    replaces: Int64s
    """The row of the base that each replaces, -1 for a new one."""
    lost: Int64s
    """The other rows of the base that are no more, in order."""
    rows_before: int

    @classmethod
    def of(cls, row_now: Int64s, is_same: Mask, rows: int) -> "DraftRowChanges":
        """Return them by today's row of each row of the base, -1 for none, and if it is equal."""
        replaces = np.full(rows, NOWHERE, np.int64)
        is_there = row_now >= 0
        replaces[row_now[is_there]] = np.flatnonzero(is_there)
        is_changed = np.ones(rows, np.bool_)
        is_changed[row_now[is_same]] = False
        changed = np.flatnonzero(is_changed)
        return cls(changed, replaces[changed], np.flatnonzero(~is_there), len(row_now))

    def are_few(self) -> bool:
        """Say whether it is worth to keep them in place of the whole table."""
        most = max(MAX_CHANGED_SHARE * self.rows_before, FEW_ROWS)
        return len(self.rows) + len(self.lost) <= most

    def to_table(self, changed: pa.Table, older: pa.Table, file: str) -> pa.Table:
        """Return the changed rows, and what identifies the lost of the older ones, as stored."""
        table = schema.UPDATE_TABLES[schema.CHANGES[file]]
        replaced = pa.array(self.replaces, mask=self.replaces < 0)
        columns = {name: changed[name] for name in changed.schema.names}
        columns |= {schema.PLACE: pa.array(self.rows), schema.REPLACES: replaced}
        lost = pa.array(self.lost)
        rows_lost = {name: older[name].take(lost) for name in older.schema.names}
        rows_lost |= {schema.REPLACES: lost}
        return pa.concat_tables(
            pa.table(
                [rows.get(field.name, pa.nulls(number, field.type)) for field in table],
                schema=table,
            )
            for rows, number in ((columns, len(self.rows)), (rows_lost, len(lost)))
        )


@dataclass(frozen=True, slots=True)
class MatchedNodes:
    """What became of each node of the base."""

    now: Nodes
    """Its node today, -1 where it is of another class: then rows about it may change places."""
    is_renamed: Mask
    """Whether it had another name; of those that are still of their class."""

    def of(self, nodes: Nodes) -> Int64s:
        """Return today's nodes of some of the base, -1 where the name is another, too."""
        return np.where(self.is_renamed[nodes], NOWHERE, self.now[nodes]).astype(np.int64)


def _match_draft_nodes(merged: MergedTables, records: int, derived: DerivedTables) -> MatchedNodes:
    # Listed models, deleted ones and nodes without a record are classes; in each both days are in
    # order, so that rows about nodes that stay in theirs keep their order.
    base = merged.base
    now = merged.renumber_records()
    others = base.table(schema.COUNTS_FILE, ["node", "key", "id"])
    others = others.filter(pc.greater_equal(others["node"], len(now))).sort_by("node")
    found = pc.index_in(others["key"], value_set=derived.keys.slice(records))
    rows = np.array(pc.fill_null(found, NOWHERE)).astype(np.int64)
    rows[rows < np.maximum.accumulate(rows)] = NOWHERE
    others_now = np.where(rows < 0, NOWHERE, rows + records)
    now_all: Nodes = np.concatenate([now, others_now]).astype(np.int32)
    files = (schema.MODELS_FILE, schema.TOMBSTONES_FILE)
    columns = [*(base.table(file, ["id"])["id"] for file in files), others["id"]]
    before = join_column_chunks([chunk for column in columns for chunk in column.chunks])
    ids = derived.ids.take(pa.array(now_all, mask=now_all < 0))
    return MatchedNodes(now_all, np.array(pc.fill_null(pc.not_equal(before, ids), False)))


def _find_draft_edge_rows(edges: EdgeColumns, child: Int64s, parent: Int64s) -> Int64s:
    """Return the row of the edge between two nodes each, -1 where there is none."""
    if not len(edges.child):
        return np.full(len(child), NOWHERE, np.int64)
    pairs = (edges.child.astype(np.int64) << 32) | edges.parent
    sought = (child << 32) | parent
    rows = np.minimum(np.searchsorted(pairs, sought), len(pairs) - 1)
    return np.where((pairs[rows] == sought) & (child >= 0) & (parent >= 0), rows, NOWHERE)


def _draft_rule_bits(rules: pa.ChunkedArray, names: Sequence[str]) -> Int64s:
    """Return a bit for each rule of an edge, as the draft has them."""
    column = rules.combine_chunks()
    encoded = pc.list_flatten(column).dictionary_encode()
    bit = {name: 1 << at for at, name in enumerate(names)}
    bits = [bit.get(name, 1 << _NO_RULE) for name in encoded.dictionary.to_pylist()]
    masks = np.zeros(len(column), np.int64)
    np.bitwise_or.at(
        masks,
        np.asarray(pc.list_parent_indices(column)),
        np.array(bits, np.int64)[np.asarray(encoded.indices)],
    )
    return masks


def _compare_draft_counts(base: Tables, nodes: MatchedNodes, counts: pa.Table) -> DraftRowChanges:
    before = base.table(schema.COUNTS_FILE)
    node = np.asarray(before["node"])
    row_of_node = np.full(max(nodes.now.max(initial=0), 0) + 1, NOWHERE, np.int64)
    is_known = np.asarray(counts["node"]) < len(row_of_node)
    row_of_node[np.asarray(counts["node"])[is_known]] = np.flatnonzero(is_known)
    # A name is part of what a row is about: a base that is renamed loses one row and gains one.
    today = nodes.of(node)
    rows = np.where(today < 0, NOWHERE, row_of_node[today])
    now = counts.take(pa.array(np.maximum(rows, 0))) if len(counts) else before
    is_same = rows >= 0
    for name in counts.schema.names:
        if pa.types.is_int64(counts.schema.field(name).type):
            is_same &= np.asarray(before[name]) == np.asarray(now[name])
    return DraftRowChanges.of(rows, is_same, len(counts))


def _spell_draft_edges(derived: DerivedTables, rows: Int64s | None = None) -> Iterator[pa.Table]:
    edges, rules = derived.edges, derived.rules
    if rows is not None:
        edges = EdgeColumns(
            edges.child[rows], edges.parent[rows], edges.relation[rows], edges.strength[rows]
        )
        rules = rules[rows]
    return derived_rows.make_stored_edge_tables(
        derived.keys, derived.ids, edges, rules, derived.rule_names
    )


def _write_draft_changes(
    draft: Draft, file: str, changes: DraftRowChanges, changed: pa.Table, older: pa.Table
) -> None:
    table = changes.to_table(changed, older, file)
    if file == schema.COUNTS_FILE:  # looked up by name: the groups that may hold it are read
        table = table.sort_by([("id", "ascending"), ("key", "ascending")])
    draft.tables.write(schema.CHANGES[file], table)
