"""Who is in a draft: the models that stream in, and those that are known to be gone."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.build.claims_spool import ClaimsSpool
from lineage.build.draft_files import DraftFiles
from lineage.domain.arrays import Int64s, KeyBytes, Mask
from lineage.domain.claims import Claim
from lineage.domain.records import BadRow, ModelRecord
from lineage.store import schema
from lineage.store.files import Files
from lineage.store.keys import bare, canonical_order, joined, rows_in
from lineage.store.manifest import Origin
from lineage.store.rows import batches_of


class DraftRows(DraftFiles):
    """Takes one walk's records and what was said of them; call `seal` when all are in."""

    def __init__(self, files: Files, id: str, origin: Origin) -> None:
        super().__init__(files, id)
        self.origin = origin
        self.unread_fields: Counter[str] = Counter()
        self.unreadable: list[str] = []
        """The keys of rows that could not be read."""
        self._keys: list[pa.Array] = []
        self._ids: list[pa.Array] = []
        self._undated: list[Mask] = []
        self._open = ExitStack()
        self._spool = self._open.enter_context(closing(ClaimsSpool()))
        self._models = self._open.enter_context(self.writer(schema.MODELS_FILE))
        self._metrics = self._open.enter_context(self.writer(schema.METRICS_FILE))
        self._bad_rows = self._open.enter_context(self.writer(schema.BAD_ROWS_FILE))

    @property
    def bad_rows(self) -> int:
        """How many rows could not be read."""
        return self._bad_rows.rows

    @property
    def models(self) -> int:
        """How many models it holds."""
        return self._models.rows

    @property
    def records(self) -> int:
        """How many nodes have a record: the listed models, then the dead."""
        return self.models + int(self.dead.num_rows)

    def add(self, records: Sequence[ModelRecord], claims: Sequence[Sequence[Claim]]) -> None:
        """Add a page's records, and what was said of each."""
        if not records:
            return
        self._spool.add(self._models.rows, claims)
        models, metrics = batches_of(records)
        self._keys.append(models["key"])
        self._ids.append(models["id"])
        self._undated.append(models["created_at"].is_null().to_numpy(zero_copy_only=False))
        self._models.write(models)
        self._metrics.write(metrics)

    def add_bad_rows(self, rows: Iterable[BadRow], request: str) -> None:
        """Keep rows that could not be read, with the page they stood on.

        Streamed like the others: where a Hub changes its shape, all its rows are bad.
        """
        kept = [
            {"key": row.key, "reason": row.reason, "raw": row.raw, "request": request}
            for row in rows
        ]
        self.unreadable += [row["key"] for row in kept if row["key"] is not None]
        if kept:
            self._bad_rows.write(pa.RecordBatch.from_pylist(kept, schema.BAD_ROWS))

    def saw(self, request: str, date: str | None) -> None:
        """Note a page: an update goes on from the first one's moment and the last one's place."""
        if not request:
            return
        first = self.origin.requests or {"first": request, "hub_date": date or ""}
        self.origin = replace(self.origin, requests={**first, "last": request})

    def seal(self) -> None:
        """End the streaming: each model once, the later row wins, in order of the key."""
        self._models.__exit__(None, None, None)
        self._metrics.__exit__(None, None, None)
        self._bad_rows.__exit__(None, None, None)
        self.keys: pa.StringArray = joined(self._keys)
        self.ids: pa.StringArray = joined(self._ids)
        self.undated = np.concatenate([*self._undated, np.empty(0, np.bool_)])
        self._keys, self._ids, self._undated = [], [], []
        order = canonical_order(self.keys)
        if order is None:
            self._spool.finish(None)
        else:
            self._reorder(order)
        self.bury(schema.TOMBSTONES.empty_table())

    def list_anew(self) -> None:
        """Learn who is listed from the tables, where they were written anew."""
        self.keys, self.ids = self.column("key"), self.column("id")
        self.undated = np.asarray(self.column("created_at").is_null())
        self._models.rows = len(self.keys)
        self.bury(schema.TOMBSTONES.empty_table())

    def bury(self, dead: pa.Table) -> None:
        """Keep who is gone, in order of the key: nodes right after the listed models."""
        self.dead = dead
        self.all_keys, self.all_ids = self.keys, self.ids
        if dead.num_rows:  # one copy of millions of names is enough: the listed are its beginning
            self.all_keys = joined([self.keys, *dead["key"].chunks])
            self.all_ids = joined([self.ids, *dead["id"].chunks])
            self.keys, self.ids = (
                names.slice(0, self.models) for names in (self.all_keys, self.all_ids)
            )
        self.write(schema.TOMBSTONES_FILE, dead)

    def rows_of_the_dead(self, keys: KeyBytes) -> Int64s:
        """Return the node of each key that a tombstone has, -1 for any other."""
        rows = rows_in(bare(joined(self.dead["key"].chunks)), keys)
        return np.where(rows < 0, rows, rows + self.models)

    def record_column(self, name: str) -> pa.Array:
        """Return one column of the models, then of the last records of the dead."""
        listed = self.column(name)
        return pa.concat_arrays([listed, *self.dead[name].chunks]) if self.dead.num_rows else listed

    def called(self, ids: Iterable[str]) -> Mask:
        """Say of each model whether it has one of these names."""
        found = pc.is_in(self.ids, value_set=pa.array(sorted(ids), pa.string()))
        return np.asarray(found)

    def _reorder(self, order: Int64s) -> None:
        """Rewrite what streamed in: rare in a sweep, which walks in order of the key."""
        moved = np.full(len(self.keys), -1, np.int64)
        moved[order] = np.arange(len(order))
        self._spool.finish(moved)
        rows = pa.array(order)
        self.keys, self.ids = self.keys.take(rows), self.ids.take(rows)
        self.undated = self.undated[order]
        for file in (schema.MODELS_FILE, schema.METRICS_FILE):
            self.write(file, self.whole(file).take(rows))
        self._models.rows = len(order)
