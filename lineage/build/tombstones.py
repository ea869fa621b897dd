"""Deleted models: those that a full listing no longer shows, each with its last record and claims.

A model that comes back ends its tombstone; that it was away is kept as an absence.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.build.claims_spool import previous_claims, restrict_spooled_rows
from lineage.build.draft import Draft, make_tombstones
from lineage.domain.arrays import KeyBytes, Mask
from lineage.domain.opt_outs import OptOuts
from lineage.domain.repo_ids import STAND_IN
from lineage.store import schema
from lineage.store.delta import renumber_delta_children, select_stored_rows
from lineage.store.keys import NOWHERE, table_keys_as_bytes, table_rows_of_keys
from lineage.store.manifest import SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.redaction import redact_evidence_batches, redact_records

_RECORD_COLUMNS = [field.name for field in schema.MODELS]
_METRIC_COLUMNS = [field.name for field in schema.METRICS if field.name != "key"]
_ABSENCES_ORDER = [("key", "ascending"), ("missed_at", "ascending"), ("back_at", "ascending")]


@dataclass(frozen=True, slots=True)
class PreviousSnapshot:
    """A snapshot that a draft learns from."""

    snapshot: Snapshot
    missed_at: datetime | None
    """When the first full crawl after it began; None where none proved anything missing since.

    Of the snapshot that an update goes on from: when the update began."""


def add_tombstones(
    draft: Draft,
    previous: Sequence[PreviousSnapshot],
    keyed_rules: Collection[str],
    opt_outs: OptOuts,
) -> None:
    """Keep the deleted models with all their claims; once, for every draft.

    Of several snapshots the newest that knows a model decides.
    """
    # Only a full crawl proves that a model is missing, and only a model that is listed is back. A
    # crawl below one base says nothing of models that lie elsewhere.
    if draft.origin.kind is SnapshotKind.BELOW:
        previous = ()
    listed = table_keys_as_bytes(draft.keys)
    ended = _tombstone_key_bytes(draft.ended)
    by_snapshot = list(_make_tombstones_since(previous, [listed, np.sort(ended)]))
    tombstones = sort_tombstones([*(deleted for _, deleted in by_snapshot), draft.ended])
    draft.set_tombstones(redact_records(tombstones, opt_outs))

    # Their claims stay: a deleted model still leads from its children to its parents.
    for snapshot, deleted in by_snapshot:
        rows_of = restrict_spooled_rows(_tombstone_key_bytes(deleted), draft.deleted_nodes_of)
        claims = previous_claims(snapshot, rows_of, keyed_rules=keyed_rules)
        draft.claims.of_deleted.add_batches(redact_evidence_batches(claims, opt_outs))
    node = draft.deleted_nodes_of(ended)
    is_known = pa.array(node[draft.ended_claims["child"].to_numpy()] != NOWHERE)
    own = renumber_delta_children(draft.ended_claims.filter(is_known).to_batches(), node)
    draft.claims.of_deleted.add_batches(redact_evidence_batches(own, opt_outs))
    known_keys = (listed, _tombstone_key_bytes(draft.deleted))
    draft.tables.write(
        schema.ABSENCES_FILE,
        _read_absences_for_draft(
            [earlier.snapshot for earlier in previous], listed, known_keys, draft.origin.taken_at
        ),
    )


def _make_tombstones_since(
    previous: Sequence[PreviousSnapshot], known_keys: list[KeyBytes]
) -> Iterator[tuple[Snapshot, pa.Table]]:
    """Yield the deleted models that each snapshot is the newest to know, the newest one first."""
    for earlier in previous:
        deleted_before = earlier.snapshot.tombstones()
        is_unknown = _mark_unknown_to_draft(deleted_before["key"], known_keys)
        tables = [deleted_before.filter(pa.array(is_unknown))]
        if earlier.missed_at is not None:
            tables.append(_make_tombstones(earlier.snapshot, known_keys, earlier.missed_at))
        deleted = sort_tombstones(tables)
        known_keys.append(_tombstone_key_bytes(deleted))
        yield earlier.snapshot, deleted


def _make_tombstones(
    snapshot: Snapshot, known_keys: Sequence[KeyBytes], missed_at: datetime
) -> pa.Table:
    """Return a tombstone for each model that was listed and is not in `known_keys`."""
    keys = snapshot.column(schema.MODELS_FILE, "key")
    # A dump without the Hub's keys cannot identify its models, and so proves none deleted.
    deleted = _mark_unknown_to_draft(keys, known_keys) & ~pc.starts_with(keys, STAND_IN).to_numpy()
    if not deleted.any():
        return schema.TOMBSTONES.empty_table()
    records = {
        **select_draft_rows(snapshot, schema.MODELS_FILE, _RECORD_COLUMNS, deleted),
        **select_draft_rows(snapshot, schema.METRICS_FILE, _METRIC_COLUMNS, deleted),
    }
    return make_tombstones(records, snapshot.id, missed_at)


def sort_tombstones(tables: list[pa.Table]) -> pa.Table:
    """Return tombstones as they are stored: in order of the key."""
    whole = pa.concat_tables([schema.TOMBSTONES.empty_table(), *tables])
    order = np.argsort(_tombstone_key_bytes(whole), kind="stable")
    return whole.take(pa.array(order)).combine_chunks()


def select_draft_rows(
    snapshot: Snapshot, file: str, columns: Sequence[str], chosen: Mask
) -> dict[str, pa.ChunkedArray]:
    """Return some columns of the chosen rows of a table, a part of it in memory at a time."""
    table = pa.concat_tables(select_stored_rows(snapshot.batches(file, columns), chosen))
    return {name: table[name] for name in columns}


def has_tombstones_without_keys(snapshot: Snapshot) -> bool:
    """Say whether a snapshot was made of a dump that lacks the Hub's keys."""
    return "keys" in snapshot.manifest.origin.dump


# Models that were missing for a while


def _read_absences_for_draft(
    previous: Sequence[Snapshot],
    listed: KeyBytes,
    known_keys: Sequence[KeyBytes],
    back_at: datetime,
) -> pa.Table:
    """Return every absence that is over, of the models with one of the `known_keys`.

    A tombstone of a model that is listed now is an absence that ends now. Where two snapshots saw
    the same one end, it ended with the earlier of them.
    """
    tables = [schema.ABSENCES.empty_table()]
    for snapshot in previous:
        ended = snapshot.tombstones(["key", "missed_at", "last_seen_in"])
        ended = ended.filter(pa.array(~_mark_unknown_to_draft(ended["key"], [listed])))
        back = pa.array([back_at] * ended.num_rows, pa.timestamp("us", tz="UTC"))
        ended = ended.append_column("back_at", back)
        tables += [snapshot.absences(), ended.select(schema.ABSENCES.names).cast(schema.ABSENCES)]
    table = pa.concat_tables(tables)
    table = table.filter(pa.array(~_mark_unknown_to_draft(table["key"], known_keys)))
    table = table.take(pc.sort_indices(table, _ABSENCES_ORDER))

    # The first row of each key and moment of going, as the table is in order of both.
    key = _tombstone_key_bytes(table)
    missed = table["missed_at"].combine_chunks().cast(pa.int64()).to_numpy()
    first = np.append(True, (key[1:] != key[:-1]) | (missed[1:] != missed[:-1]))[: len(key)]
    return table.filter(pa.array(first)).combine_chunks()


def _tombstone_key_bytes(table: pa.Table) -> KeyBytes:
    return table_keys_as_bytes(table["key"])


def _mark_unknown_to_draft(keys: pa.ChunkedArray, known_keys: Sequence[KeyBytes]) -> Mask:
    """Mark the keys that are in none of some sorted columns."""
    sought = table_keys_as_bytes(keys)
    unknown: Mask = np.ones(len(sought), np.bool_)
    for column in known_keys:
        unknown &= table_rows_of_keys(column, sought) == NOWHERE
    return unknown
