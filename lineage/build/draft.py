"""A snapshot in the making: rows stream in, then derived tables, then it is published or set aside.

All files are written where they will stay. Until the manifest is there the folder is no snapshot,
so a kill at any moment leaves nothing that could be taken for one.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.build.claims_spool import SPOOL, DraftClaims
from lineage.build.draft_tables import DraftTables, draft_batches_of
from lineage.domain.arrays import Int64s, KeyBytes, Mask
from lineage.domain.claims import Claim
from lineage.domain.clock import iso, parse_http_date
from lineage.domain.records import BadRow, ModelRecord
from lineage.store import schema
from lineage.store.files import Files
from lineage.store.inventory import remove_snapshot_folder_mark
from lineage.store.keys import (
    canonical_key_order,
    join_column_chunks,
    table_keys_as_bytes,
    table_rows_of_keys,
)
from lineage.store.manifest import (
    FILE,
    REFUSAL_FILE,
    CheckResult,
    FileFacts,
    Manifest,
    Origin,
    SnapshotKind,
)
from lineage.store.reader import STANDING_COLUMNS, Snapshot
from lineage.store.store import ParquetStore
from lineage.version import __version__

_WATERMARK = "watermark"
_IN_ORDER_OF_CREATION = "sort=createdAt&direction=1&"


class Draft:
    """Takes one run's records and claims; call `seal` when all are in, before derived tables."""

    def __init__(self, files: Files, id: str, origin: Origin) -> None:
        self.id = id
        self.origin = origin
        self.tables = DraftTables(files, id)
        self.claims = DraftClaims()
        self.previous: str | None = None
        """The snapshot that it stands beside."""
        self.opt_out_marks: tuple[str, ...] = ()
        """Digests of the opt-outs that were applied."""
        self.compared_with: Snapshot | None = None
        """The snapshot whose claims tell which ones changed."""
        self.repeated_rules: Collection[str] = ()
        """The rules whose claims were not carried over from that snapshot."""
        self.unread_fields: Counter[str] = Counter()
        self.unreadable_keys: list[str] = []
        """The keys of rows that could not be read."""
        self.deleted: pa.Table = schema.TOMBSTONES.empty_table()
        """The tombstones, in order of the key."""
        self.ended: pa.Table = schema.TOMBSTONES.empty_table()
        """The models that a newer one of their name ended within this run."""
        self.ended_claims: pa.Table = SPOOL.empty_table()
        """Their claims; `child` is the row in `ended`."""
        self._files = files
        self._page_keys: list[pa.Array] = []
        self._page_ids: list[pa.Array] = []
        self._page_undated: list[Mask] = []
        self._streams = ExitStack()
        self._models, self._metrics, self._bad_rows = (
            self._streams.enter_context(self.tables.open_writer(file))
            for file in (schema.MODELS_FILE, schema.METRICS_FILE, schema.BAD_ROWS_FILE)
        )

    @property
    def models(self) -> int:
        """How many models it holds."""
        return self._models.rows

    @property
    def bad_rows(self) -> int:
        """How many rows could not be read."""
        return self._bad_rows.rows

    @property
    def records(self) -> int:
        """How many nodes have a record: the listed models, then the deleted."""
        return self.models + int(self.deleted.num_rows)

    # Rows stream in

    def add_page(self, records: Sequence[ModelRecord], claims: Sequence[Sequence[Claim]]) -> None:
        """Add a page's records, and the claims of each."""
        if not records:
            return
        self.claims.from_records.add_page(self._models.rows, claims)
        models, metrics = draft_batches_of(records)
        self._page_keys.append(models["key"])
        self._page_ids.append(models["id"])
        self._page_undated.append(models["created_at"].is_null().to_numpy(zero_copy_only=False))
        self._models.write(models)
        self._metrics.write(metrics)

    def add_bad_rows(self, rows: Iterable[BadRow], request: str) -> None:
        """Keep rows that could not be read, with the page they stood on."""
        # Streamed like the others: where a Hub changes its shape, all its rows are bad.
        values = [
            {"key": row.key, "reason": row.reason, "raw": row.raw, "request": request}
            for row in rows
        ]
        self.unreadable_keys += [row["key"] for row in values if row["key"] is not None]
        if values:
            self._bad_rows.write(pa.RecordBatch.from_pylist(values, schema.BAD_ROWS))

    def note_request(self, request: str, date: str | None) -> None:
        """Note a page: an update goes on from the first one's moment and the last one's place."""
        if not request:
            return
        first = self.origin.requests or {"first": request, "hub_date": date or ""}
        self.origin = replace(self.origin, requests={**first, "last": request})

    def seal(self) -> None:
        """End the streaming: each model and each name once, in order of the key.

        Of two rows of a model the later wins; of two models of one name the newer one ends the
        other, which then waits in `ended`.
        """
        self._streams.close()
        self.keys: pa.StringArray = join_column_chunks(self._page_keys)
        self.ids: pa.StringArray = join_column_chunks(self._page_ids)
        self.undated = np.concatenate([*self._page_undated, np.empty(0, np.bool_)])
        self._page_keys, self._page_ids, self._page_undated = [], [], []
        order = canonical_key_order(self.keys)
        rows = np.arange(len(self.keys)) if order is None else order
        columns = (self.keys, self.ids, self.tables.column("created_at"))
        keys, ids, created_at = (column.take(pa.array(rows)) for column in columns)
        is_ended = mark_ended_in_draft(keys, ids, created_at)
        if order is None and not is_ended.any():
            self.claims.from_records.finish(None)
        else:
            self._reorder_draft(rows[~is_ended], rows[is_ended])
        self.set_tombstones(schema.TOMBSTONES.empty_table())

    def _reorder_draft(self, order: Int64s, ended: Int64s) -> None:
        """Rewrite what streamed in: rare in a full crawl, which reads in order of the key."""
        final_rows = np.full(len(self.keys), -1, np.int64)
        final_rows[order] = np.arange(len(order))
        self.claims.from_records.finish(final_rows)
        rows = pa.array(order)
        self.keys, self.ids = self.keys.take(rows), self.ids.take(rows)
        self.undated = self.undated[order]
        records: dict[str, pa.ChunkedArray] = {}
        for file in (schema.MODELS_FILE, schema.METRICS_FILE):
            table = self.tables.read(file)
            self.tables.write(file, table.take(rows))
            past = table.take(pa.array(ended))
            records |= dict(zip(past.schema.names, past.columns, strict=True))
        self._models.rows = len(order)
        self.ended = make_tombstones(records, self.id, self.origin.taken_at)
        self.ended_claims = self.claims.from_records.read_claims(ended)

    # What is carried forward once all rows are in

    def replace_bad_rows(self, rows: pa.Table) -> None:
        """Put other bad rows in place of those that streamed in."""
        self.tables.write(schema.BAD_ROWS_FILE, rows)
        self._bad_rows.rows = rows.num_rows

    def reload_rows(self) -> None:
        """Learn which models are listed from the tables, where they were written anew."""
        self.keys, self.ids = self.tables.column("key"), self.tables.column("id")
        self.undated = np.asarray(self.tables.column("created_at").is_null())
        self._models.rows = len(self.keys)
        self.set_tombstones(schema.TOMBSTONES.empty_table())

    def set_tombstones(self, deleted: pa.Table) -> None:
        """Keep the deleted models, in order of the key: nodes right after the listed ones."""
        self.deleted = deleted
        self.all_keys, self.all_ids = self.keys, self.ids
        if deleted.num_rows:
            # One copy of millions of names is enough: the listed are the beginning of all.
            self.all_keys = join_column_chunks([self.keys, *deleted["key"].chunks])
            self.all_ids = join_column_chunks([self.ids, *deleted["id"].chunks])
            self.keys, self.ids = (
                names.slice(0, self.models) for names in (self.all_keys, self.all_ids)
            )
        self.tables.write(schema.TOMBSTONES_FILE, deleted)

    def note_watermark(self) -> None:
        """Keep up to which moment every commit was seen, where the run saw everything."""
        origin = self.origin
        if origin.kind is not SnapshotKind.BELOW and self.models:
            moment = _draft_watermark(
                self.tables.column("modified_at"), origin.requests, origin.taken_at
            )
            requests = {**origin.requests, _WATERMARK: iso(moment)}
            self.origin = replace(origin, requests=requests)

    # Looking things up

    def node_finder(self) -> Callable[[KeyBytes], Int64s]:
        """Return what finds the node of each key that has a record, listed or deleted, else -1."""
        listed = table_keys_as_bytes(self.keys)  # once, as it copies every key

        def find_draft_nodes(keys: KeyBytes) -> Int64s:
            rows = table_rows_of_keys(listed, keys)
            return np.where(rows < 0, self.deleted_nodes_of(keys), rows)

        return find_draft_nodes

    def deleted_nodes_of(self, keys: KeyBytes) -> Int64s:
        """Return the node of each key that a tombstone has, -1 for any other."""
        rows = table_rows_of_keys(table_keys_as_bytes(self.deleted["key"]), keys)
        return np.where(rows < 0, rows, rows + self.models)

    def record_column(self, name: str) -> pa.Array:
        """Return one column of the models, then of the last records of the deleted."""
        listed = self.tables.column(name)
        if not self.deleted.num_rows:
            return listed
        return pa.concat_arrays([listed, *self.deleted[name].chunks])

    def mark_ids(self, ids: Iterable[str]) -> Mask:
        """Say of each model whether it has one of these names."""
        return np.asarray(pc.is_in(self.ids, value_set=pa.array(sorted(ids), pa.string())))

    def as_snapshot(self) -> Snapshot:
        """Return what is written as a snapshot, to ask it what will be asked of it later."""
        return Snapshot(self._files, self._draft_manifest({}, (), self.origin.taken_at))

    # How it ends

    def publish(self, checks: Sequence[CheckResult], now: datetime) -> Manifest:
        """Make it a snapshot: the manifest is written last."""
        return self._finish_draft(FILE, checks, now)

    def set_aside(self, checks: Sequence[CheckResult], now: datetime) -> Manifest:
        """Keep it for a human to look at; it is no snapshot."""
        return self._finish_draft(REFUSAL_FILE, checks, now)

    def close(self) -> None:
        """Let go of what is open; an unfinished draft stays unfinished."""
        self._streams.close()
        self.claims.close()

    def _finish_draft(self, file: str, checks: Sequence[CheckResult], now: datetime) -> Manifest:
        manifest = self._draft_manifest(self.tables.collect_facts(), checks, now)
        self._files.publish(f"{self.id}/{file}", manifest.to_json())
        remove_snapshot_folder_mark(self._files, self.id)
        return manifest

    def _draft_manifest(
        self, facts: Mapping[str, FileFacts], checks: Sequence[CheckResult], now: datetime
    ) -> Manifest:
        changed = self.tables.changed
        return Manifest(
            id=self.id,
            origin=self.origin,
            published_at=now,
            previous=self.previous,
            models=self.models,
            edges=self.tables.row_counts[schema.EDGES_FILE],
            bad_rows=self.bad_rows,
            tombstones=int(self.deleted.num_rows),
            unread_fields=dict(sorted(self.unread_fields.items())),
            files=facts,
            checks=tuple(checks),
            written_by=f"lineage {__version__}",
            left_out=self.opt_out_marks,
            builds_on=None if changed is None else changed.base,
        )


def mark_ended_in_draft(keys: pa.StringArray, ids: pa.StringArray, created_at: pa.Array) -> Mask:
    """Mark the models whose name a newer one has: a name is one repository's at a time."""
    # The Hub's listing shows both where one was deleted and pushed again while it was walked.
    is_ended = np.zeros(len(ids), np.bool_)
    if pc.count_distinct(ids).as_py() == len(ids):
        return is_ended
    name = join_column_chunks([ids]).dictionary_encode().indices.to_numpy()
    created = pc.fill_null(created_at.cast(pa.int64()), np.iinfo(np.int64).min).to_numpy()
    order = np.lexsort((table_keys_as_bytes(keys), created, name))
    is_ended[order[:-1]] = name[order][:-1] == name[order][1:]
    return is_ended


def make_tombstones(
    records: Mapping[str, pa.ChunkedArray], last_seen_in: str, missed_at: datetime
) -> pa.Table:
    """Return the tombstones of models from their last records, a column each."""
    rows = len(records["key"])
    columns = {
        **records,
        "last_seen_in": pa.array([last_seen_in] * rows, pa.string()),
        "missed_at": pa.array([missed_at] * rows, pa.timestamp("us", tz="UTC")),
        **{name: [None] * rows for name in STANDING_COLUMNS},
    }
    return pa.table(columns, schema=schema.TOMBSTONES)


def open_draft(store: ParquetStore, origin: Origin) -> Draft:
    """Begin a draft in a store, in a folder named by the moment its run began."""
    return Draft(store.files, store.begin_draft(origin.taken_at), origin)


def read_published_watermark(snapshot: Snapshot) -> datetime:
    """Return up to which moment a snapshot has seen every commit: where an update goes on.

    It is kept in the manifest; of a snapshot older than that it is computed from the rows.
    """
    origin = snapshot.manifest.origin
    stored = origin.requests.get(_WATERMARK)
    if stored is not None:
        return datetime.fromisoformat(stored)
    column = snapshot.column(schema.MODELS_FILE, "modified_at")
    return _draft_watermark(column, origin.requests, origin.taken_at)


def last_page_of_draft(snapshot: Snapshot) -> str | None:
    """Return the last page of a snapshot's run in order of creation, None where it made none."""
    last = snapshot.manifest.origin.requests.get("last", "")
    return last if _IN_ORDER_OF_CREATION in last else None


def _draft_watermark(
    modified_at: pa.Array, requests: Mapping[str, str], taken_at: datetime
) -> datetime:
    """Return the earlier of the newest commit and the Hub's clock when the run began."""
    # The newest commit alone may lie in the future, the clock alone behind a commit made during
    # the run: the earlier of the two loses neither. The Hub's clock, as ours may be wrong.
    newest = pc.max(modified_at).as_py()
    began = parse_http_date(requests.get("hub_date", "")) or taken_at
    return began if newest is None else min(newest, began)
