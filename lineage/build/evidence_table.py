"""The evidence of a draft, whole or as changes: which models have other claims than before.

Most claims of an update are those of the snapshot before, word for word. What may differ is the
node that a name was resolved to, what was inferred anew, and how much of that is left.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage.build.claims_spool import ClaimsSpool, DraftClaims, find_draft_children
from lineage.build.draft import Draft
from lineage.domain.arrays import Int64s, KeyBytes, Mask, Nodes
from lineage.store import schema
from lineage.store.keys import NOWHERE, join_column_chunks, mark_stored_keys, table_keys_as_bytes
from lineage.store.manifest import SnapshotKind
from lineage.store.reader import Snapshot

_TEXTS = ("parent_key", "parent_as_written", "rule", "relation", "quote")
_COMPARED = pa.schema([("child", pa.int32()), *((name, pa.string()) for name in _TEXTS)])
_NULL_TEXT = "\0"


@dataclass(frozen=True, slots=True)
class _Tally:
    """How often each node is the child of a claim that was carried over, and all other claims."""

    times: Int64s
    compared: pa.Table
    """Inferred claims, and those of deleted models, which an opt-out may have shortened."""


def write_evidence(draft: Draft, node_keys: pa.StringArray, parents: Nodes) -> None:
    """Write each claim with the keys of its nodes; a parent of -1 is none."""
    draft.claims.inferred.finish(None)
    evidence = EvidenceRows(draft.claims, draft.all_keys, node_keys, parents)
    changed = draft.tables.changed
    if changed is None or draft.compared_with is None:
        draft.tables.write_batches(schema.EVIDENCE_FILE, evidence.every_row())
        return
    children, lost_keys = find_changed_claims(evidence, draft, draft.compared_with)
    keys = table_keys_as_bytes(draft.all_keys)
    changed = changed.with_claims(np.union1d(keys[children], lost_keys))
    rows = evidence.rows_of(mark_stored_keys(changed.claims, keys))
    draft.tables.changed = changed
    draft.tables.write_batches(schema.CHANGES[schema.EVIDENCE_FILE], rows)
    draft.tables.write(schema.CHANGED_FILE, changed.to_table())


@dataclass(frozen=True, slots=True)
class EvidenceRows:
    """The evidence of a draft: each claim with the keys of its child and of its parent."""

    claims: DraftClaims
    child_keys: pa.StringArray
    """The key of every node with a record."""
    node_keys: pa.StringArray
    """The key of every node."""
    parents: Nodes
    """The node of each claim's parent; -1 = its name was resolved to nothing."""

    def in_order(self) -> Iterator[tuple[ClaimsSpool, pa.RecordBatch, pa.Array]]:
        """Yield the claims piece by piece, their spool, and the nodes of their parents."""
        start = 0
        for spool in (self.claims.from_records, self.claims.of_deleted, self.claims.inferred):
            for batch in spool.batches():
                nodes = self.parents[start : start + batch.num_rows]
                start += batch.num_rows
                yield spool, batch, pa.array(nodes, pa.int32(), mask=nodes < 0)

    def every_row(self) -> Iterator[pa.RecordBatch]:
        """Yield every row of the evidence."""
        for _, batch, parents in self.in_order():
            yield _make_draft_evidence_batch(
                self._evidence_columns(batch, parents), schema.EVIDENCE
            )

    def rows_of(self, children: Mask) -> Iterator[pa.RecordBatch]:
        """Yield the rows of the marked nodes, each with its place in the whole."""
        table, start = schema.UPDATE_TABLES[schema.CHANGES[schema.EVIDENCE_FILE]], 0
        for _, batch, parents in self.in_order():
            rows = np.flatnonzero(children[np.asarray(batch["child"])])
            indices = pa.array(rows)
            columns = self._evidence_columns(batch.take(indices), parents.take(indices))
            yield _make_draft_evidence_batch(
                columns | {schema.PLACE: pa.array(rows + start)}, table
            )
            start += batch.num_rows

    def _evidence_columns(self, batch: pa.RecordBatch, parents: pa.Array) -> dict[str, pa.Array]:
        return {
            **{name: batch[name] for name in batch.schema.names},
            "child_key": self.child_keys.take(batch["child"]),
            "parent_key": self.node_keys.take(parents),
        }


def find_changed_claims(
    evidence: EvidenceRows, draft: Draft, previous: Snapshot
) -> tuple[Mask, KeyBytes]:
    """Mark the nodes with other claims than before; return too the keys of those that are no more.

    A model is marked too where its claims stand elsewhere since it was deleted, or is back.
    """
    # Claims carried over are equal word for word, so counting them and comparing their nodes is
    # enough; only the few others are compared as texts. An update of the whole Hub carries over
    # millions, a full crawl none.
    is_read = np.append(np.ones(draft.records, np.bool_), False)  # and none is no node
    if draft.origin.kind is not SnapshotKind.FULL and draft.tables.changed is not None:
        listed = table_keys_as_bytes(draft.keys)
        is_read[: draft.models] = mark_stored_keys(draft.tables.changed.records, listed)
    moved = np.zeros(draft.records, np.bool_)
    times, compared = np.zeros(draft.records, np.int64), [_COMPARED.empty_table()]
    for spool, batch, parents in evidence.in_order():
        child, keys = np.asarray(batch["child"]), evidence.node_keys.take(parents)
        is_other = is_read[child] | (spool is evidence.claims.inferred)
        times += _count_evidence_children(child[~is_other], draft.records)
        elsewhere = np.asarray(
            pc.not_equal(_fill_evidence_texts(batch["settled"]), _fill_evidence_texts(keys))
        )
        moved[child[elsewhere & ~is_other]] = True
        texts = {name: batch[name] for name in _TEXTS} | {"parent_key": keys}
        compared.append(_select_draft_evidence(batch["child"], texts, is_other))
    changed, now = moved, _Tally(times, pa.concat_tables(compared))
    before, strangers = _tally_previous_evidence(previous, draft, is_read)
    compared_now, compared_before = (
        _count_evidence_children(tally.compared["child"], draft.records) for tally in (now, before)
    )
    changed |= (now.times != before.times) | (compared_now != compared_before)
    was_deleted = np.sort(table_keys_as_bytes(previous.tombstones(["key"])["key"]))
    is_deleted = np.arange(draft.records) >= draft.models
    changed |= mark_stored_keys(was_deleted, table_keys_as_bytes(draft.all_keys)) != is_deleted
    changed[
        _draft_children_with_changed_evidence(
            _drop_evidence(before.compared, changed), _drop_evidence(now.compared, changed)
        )
    ] = True
    return changed, strangers


def _tally_previous_evidence(
    previous: Snapshot, draft: Draft, is_read: Mask
) -> tuple[_Tally, KeyBytes]:
    times, strangers = np.zeros(draft.records, np.int64), []
    compared = [_COMPARED.empty_table()]
    find_draft_nodes = draft.node_finder()
    repeated = pa.array(sorted(draft.repeated_rules), pa.string())
    for batch in previous.batches(schema.EVIDENCE_FILE):
        child = find_draft_children(batch["child_key"], find_draft_nodes)
        has_node = child != NOWHERE
        strangers.append(batch["child_key"].filter(pa.array(~has_node)))
        is_repeated = np.asarray(pc.is_in(batch["rule"], value_set=repeated))
        is_other = (is_repeated & has_node) | is_read[child]
        times += _count_evidence_children(child[has_node & ~is_other], draft.records)
        texts = {name: batch[name] for name in _TEXTS}
        compared.append(_select_draft_evidence(pa.array(child.astype(np.int32)), texts, is_other))
    return _Tally(times, pa.concat_tables(compared)), np.unique(
        table_keys_as_bytes(join_column_chunks(strangers))
    )


def _make_draft_evidence_batch(columns: dict[str, pa.Array], table: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([columns[name] for name in table.names], schema=table)


def _select_draft_evidence(child: pa.Array, texts: dict[str, pa.Array], chosen: Mask) -> pa.Table:
    mask = pa.array(chosen)
    columns = {name: values.filter(mask) for name, values in texts.items()}
    return pa.table({"child": child.filter(mask)} | columns, _COMPARED)


def _draft_children_with_changed_evidence(before: pa.Table, now: pa.Table) -> Nodes:
    """Return the children with other claims; both sides have equally many of each."""
    before, now = (table.take(np.argsort(table["child"], kind="stable")) for table in (before, now))
    differs = np.zeros(len(now), np.bool_)
    for name in _TEXTS:
        differs |= np.asarray(
            pc.not_equal(_fill_evidence_texts(before[name]), _fill_evidence_texts(now[name]))
        )
    return np.asarray(now["child"])[differs]


def _drop_evidence(claims: pa.Table, children: Mask) -> pa.Table:
    return claims.filter(pa.array(~children[np.asarray(claims["child"])]))


def _fill_evidence_texts(column: pa.Array) -> pa.Array:
    return pc.fill_null(column, _NULL_TEXT)


def _count_evidence_children(child: npt.ArrayLike, nodes: int) -> Int64s:
    times: Int64s = np.bincount(np.asarray(child), minlength=nodes)
    return times
