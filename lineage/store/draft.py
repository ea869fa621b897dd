"""A snapshot in the making: rows stream in, then derived tables, then it is published or set aside.

All files are written where they will stay. Until the manifest is there the folder is no snapshot,
so a kill at any moment leaves nothing that could be taken for one.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import chain

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.evidence import Witness
from lineage.domain.records import BadRow, ModelRecord
from lineage.store import schema
from lineage.store.draft_files import DraftFiles
from lineage.store.earlier import said_before
from lineage.store.files import Files
from lineage.store.keys import Bare, Rows, bare, canonical_order, joined, rows_in
from lineage.store.manifest import (
    FILE,
    REFUSAL_FILE,
    CheckResult,
    FileFacts,
    Kind,
    Manifest,
    Origin,
)
from lineage.store.overlay import bad_rows_laid_over, rows_laid_over, words_laid_over
from lineage.store.rows import batches_of
from lineage.store.snapshot import Snapshot
from lineage.store.testimony import Testimony, TestimonySpool, as_columns
from lineage.store.watermark import noted
from lineage.version import __version__


class Draft(DraftFiles):
    """Takes one walk's records and what was said of them; call `seal` before the derived tables."""

    def __init__(self, files: Files, id: str, origin: Origin) -> None:
        super().__init__(files, id)
        self.origin = origin
        self.previous: str | None = None
        """The snapshot that it stands beside."""
        self.unread_fields: Counter[str] = Counter()
        self._keys: list[pa.Array] = []
        self._ids: list[pa.Array] = []
        self._undated: list[npt.NDArray[np.bool_]] = []
        self._unreadable: list[str] = []
        self._open = ExitStack()
        self._spool, self._of_the_dead, self._second = (
            self._open.enter_context(closing(TestimonySpool())) for _ in range(3)
        )
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

    # What streams in

    def add(self, records: Sequence[ModelRecord], testimony: Sequence[Sequence[Witness]]) -> None:
        """Add a page's records, and what was said of each."""
        if not records:
            return
        self._spool.add(self._models.rows, testimony)
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
        self._unreadable += [row["key"] for row in kept if row["key"] is not None]
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

    def lay_over(
        self, before: Snapshot, gives_keys: Collection[str], without: Collection[str]
    ) -> None:
        """Make whole what streamed in as changes to an earlier snapshot; once, when sealed.

        Of whoever did not change, all words are taken over but those of the rules in `without`.
        """
        changed, unreadable = (
            bare(self.keys),
            np.sort(bare(pa.array(self._unreadable, pa.string()))),
        )
        for file in (schema.MODELS_FILE, schema.METRICS_FILE):
            changes = self.whole(file)
            self.write_streamed(file, rows_laid_over(before.batches(file), changes, unreadable))
        bad_rows = self.whole(schema.BAD_ROWS_FILE)
        bad_rows = bad_rows_laid_over(before.table(schema.BAD_ROWS_FILE), bad_rows, changed)
        self.write(schema.BAD_ROWS_FILE, bad_rows)
        self._bad_rows.rows = bad_rows.num_rows
        self.keys, self.ids = self.column("key"), self.column("id")
        self.undated = np.asarray(self.column("created_at").is_null())
        self._models.rows = len(self.keys)
        self.bury(schema.TOMBSTONES.empty_table())
        rows = rows_in(bare(self.keys), changed)
        older = said_before(
            before, partial(self._unchanged, changed), gives_keys=gives_keys, without=without
        )
        words = self._open.enter_context(closing(TestimonySpool()))
        for batch in words_laid_over(older, self._spool.whole(), rows):
            words.add_batch(batch)
        words.finish(None)
        self._spool.close()
        self._spool = words

    def note_watermark(self) -> None:
        """Keep up to which moment every commit was seen, where the walk saw everything."""
        origin = self.origin
        if origin.kind is not Kind.BELOW and self.models:
            modified_at = self.column("modified_at")
            requests = noted(origin.requests, modified_at, origin.taken_at)
            self.origin = replace(origin, requests=requests)

    def _unchanged(self, changed: Bare, keys: Bare) -> Rows:
        """Return the row of each key that is listed and did not change, else -1."""
        return np.where(rows_in(changed, keys) < 0, rows_in(bare(self.keys), keys), -1)

    def present(self) -> Bare:
        """Return the sorted keys of the models that were met, readable or not."""
        return np.sort(
            np.concatenate([bare(self.keys), bare(pa.array(self._unreadable, pa.string()))])
        )

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

    def rows_of_the_dead(self, keys: Bare) -> Rows:
        """Return the node of each key that a tombstone has, -1 for any other."""
        rows = rows_in(bare(joined(self.dead["key"].chunks)), keys)
        return np.where(rows < 0, rows, rows + self.models)

    # What is derived once everything is in

    def remember(self, said: Iterable[pa.RecordBatch]) -> None:
        """Add what was said of the dead while they lived; the evidence lists it after the rest."""
        order = np.arange(self.records)
        for batch in said:
            self._of_the_dead.add_batch(batch)
        self._of_the_dead.finish(order)

    def testimony(self, rule_names: Sequence[str]) -> Testimony:
        """Return all that was said, as columns."""
        return as_columns((self._spool, self._of_the_dead), rule_names)

    def record_column(self, name: str) -> pa.Array:
        """Return one column of the models, then of the last records of the dead."""
        listed = self.column(name)
        return pa.concat_arrays([listed, *self.dead[name].chunks]) if self.dead.num_rows else listed

    def called(self, ids: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Say of each model whether it has one of these names."""
        found = pc.is_in(self.ids, value_set=pa.array(sorted(ids), pa.string()))
        return np.asarray(found)

    def hear_again(self, children: npt.NDArray[np.int32], witnesses: Sequence[Witness]) -> None:
        """Add what a second hearing brought: one witness for each of some children's rows.

        The evidence lists it after all of the first hearing.
        """
        self._second.add_for(children, witnesses)

    def write_evidence(
        self, node_keys: pa.StringArray, parent_nodes: npt.NDArray[np.int32]
    ) -> None:
        """Write each witness with the keys its names settled to; -1 = settled to nothing."""
        self._second.finish(None)
        done = 0
        with self.writer(schema.EVIDENCE_FILE) as writer:
            spools = (self._spool, self._of_the_dead, self._second)
            for batch in chain.from_iterable(spool.batches() for spool in spools):
                nodes = parent_nodes[done : done + batch.num_rows]
                done += batch.num_rows
                parent = pa.array(nodes, pa.int32(), mask=nodes < 0)
                columns = {
                    **{name: batch[name] for name in batch.schema.names},
                    "child_key": self.all_keys.take(batch["child"]),
                    "parent_key": node_keys.take(parent),
                }
                arrays = [columns[name] for name in schema.EVIDENCE.names]
                writer.write(pa.RecordBatch.from_arrays(arrays, schema=schema.EVIDENCE))

    # How it ends

    def publish(self, checks: Sequence[CheckResult], now: datetime) -> Manifest:
        """Make it a snapshot: the manifest is written last."""
        return self._finish(FILE, checks, now)

    def set_aside(self, checks: Sequence[CheckResult], now: datetime) -> Manifest:
        """Keep it for a human to look at; it is no snapshot."""
        return self._finish(REFUSAL_FILE, checks, now)

    def close(self) -> None:
        """Let go of what is open; an unfinished draft stays unfinished."""
        self._open.close()

    def so_far(self) -> Snapshot:
        """Return what is written as a snapshot, to ask it what will be asked of it later."""
        return Snapshot(self._files, self._manifest({}, (), self.origin.taken_at))

    def _finish(self, file: str, checks: Sequence[CheckResult], now: datetime) -> Manifest:
        manifest = self._manifest(self.facts(), checks, now)
        self._files.write_whole(f"{self.id}/{file}", manifest.to_json())
        return manifest

    def _manifest(
        self, facts: Mapping[str, FileFacts], checks: Sequence[CheckResult], now: datetime
    ) -> Manifest:
        return Manifest(
            id=self.id,
            origin=self.origin,
            published_at=now,
            previous=self.previous,
            models=self.models,
            edges=self.rows_written[schema.EDGES_FILE],
            bad_rows=self.bad_rows,
            tombstones=int(self.dead.num_rows),
            unread_fields=dict(sorted(self.unread_fields.items())),
            files=facts,
            checks=tuple(checks),
            written_by=f"lineage {__version__}",
        )

    def _reorder(self, order: npt.NDArray[np.int64]) -> None:
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
