"""The tables of a draft as files: written where they will stay, read back where that is needed.

An update keeps its changes alone where they are few; its tables are read as if they were whole.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lineage.domain.arrays import KeyBytes, Mask
from lineage.domain.records import ModelRecord
from lineage.store import schema
from lineage.store.delta import merge_delta_rows
from lineage.store.files import Files
from lineage.store.inventory import as_base
from lineage.store.keys import (
    join_column_chunks,
    mark_stored_keys,
    table_keys_as_bytes,
    table_rows_of_keys,
)
from lineage.store.manifest import BuildsOn, FileFacts, SnapshotKind
from lineage.store.merged_tables import MergedTables
from lineage.store.reader import Snapshot
from lineage.store.table_writer import TableWriter, table_footer_digest
from lineage.store.tables import Tables

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AT = {name: at for at, name in enumerate(ModelRecord._fields)}
_MODELS_COLUMNS = [(_AT[field.name], field.type) for field in schema.MODELS]
_METRICS_COLUMNS = [
    (_AT[field.name], field.type) for field in schema.METRICS if field.name != "key"
]


def draft_batches_of(records: Sequence[ModelRecord]) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Return some records as rows of the models and of the metrics."""
    columns = tuple(zip(*records, strict=True))
    models = pa.RecordBatch.from_arrays(
        _draft_arrays(columns, _MODELS_COLUMNS), schema=schema.MODELS
    )
    metrics = [models["key"], *_draft_arrays(columns, _METRICS_COLUMNS)]
    return models, pa.RecordBatch.from_arrays(metrics, schema=schema.METRICS)


def _draft_arrays(
    columns: Sequence[Sequence[object]], kinds: Sequence[tuple[int, pa.DataType]]
) -> list[pa.Array]:
    return [_draft_array(columns[at], kind) for at, kind in kinds]


def _draft_array(column: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if not pa.types.is_timestamp(kind):
        return pa.array(column, kind)
    # As lengths of time since 1970: the same values, five times as fast as from aware datetimes.
    since = [None if moment is None else moment - _EPOCH for moment in column]
    return pa.array(since, pa.duration("us")).view(kind)


MAX_CHANGED_SHARE = 1 / 3
"""Of the models; where more changed an update is written whole, and the next ones build on it."""


@dataclass(frozen=True, slots=True)
class DraftChangedKeys:
    """Sorted keys of what changed since a whole snapshot."""

    # Always since a full crawl, never since another update: reading a day then opens three folders
    # at most, however many updates lie between.

    base: BuildsOn
    records: KeyBytes
    """Whose record is another or no more."""
    claims: KeyBytes
    """Whose claims alone are others, of none in `records`."""

    @classmethod
    def since(cls, previous: Snapshot, listed_now: KeyBytes) -> Self | None:
        """Return what changed where these keys are others since `previous`; None if it is too much.

        Rows of an older schema may lack columns: what follows them stands alone.
        """
        manifest, tables = previous.manifest, previous.tables
        if manifest.schema_version != schema.VERSION:
            return None
        if isinstance(tables, MergedTables) and manifest.origin.kind is SnapshotKind.UPDATE:
            keys, is_record = (
                table_keys_as_bytes(join_column_chunks(tables.changed["key"].chunks)),
                tables.changed["record"],
            )
            is_record = np.asarray(is_record)
            before = cls(as_base(tables.base_manifest), keys[is_record], keys[~is_record])
        else:
            before = cls(as_base(manifest), listed_now[:0], listed_now[:0])
        records = np.union1d(before.records, listed_now)
        if len(records) + len(before.claims) > MAX_CHANGED_SHARE * manifest.models:
            return None
        return replace(before, records=records).with_claims(before.claims)

    def with_claims(self, children: KeyBytes) -> Self:
        """Return it with more children whose claims are others."""
        claims = np.union1d(self.claims, children)
        return replace(self, claims=claims[~mark_stored_keys(self.records, claims)])

    def mark(self, keys: KeyBytes) -> Mask:
        """Mark the keys whose claims are not those of the base."""
        return mark_stored_keys(self.records, keys) | mark_stored_keys(self.claims, keys)

    def to_table(self) -> pa.Table:
        """Return it as it is stored, in order of the key."""
        keys = np.concatenate([self.records, self.claims])
        order = np.argsort(keys, kind="stable")
        columns = {
            "key": pa.array(keys[order].astype(str), pa.string()),
            "record": pa.array(order < len(self.records)),
        }
        return pa.table(columns, schema=schema.CHANGED)


class DraftTables:
    """One folder's tables."""

    def __init__(self, files: Files, id: str) -> None:
        self.id = id
        self.row_counts: dict[str, int] = {}
        """How many rows each table has that was written in one go."""
        self.changed: DraftChangedKeys | None = None
        """What changed since the snapshot that it builds on; None where it stands alone."""
        self.merged: MergedTables | None = None
        """Its tables as they read, where it builds on a snapshot."""
        self._files = files
        self._tables = Tables(files, id)

    def open_writer(self, file: str) -> TableWriter:
        """Open a table for writing, over whatever was there."""
        table = {**schema.TABLES, **schema.UPDATE_TABLES}[file]
        return TableWriter(self._files, f"{self.id}/{file}", table)

    def write(self, file: str, table: pa.Table) -> None:
        """Write one derived table whole."""
        self.write_tables(file, (table,))

    def write_tables(self, file: str, tables: Iterable[pa.Table]) -> None:
        """Write one derived table, piece by piece as it is made."""
        with self.open_writer(file) as writer:
            for table in tables:
                writer.write_table(table)
        self.row_counts[file] = writer.rows

    def write_batches(self, file: str, batches: Iterable[pa.RecordBatch]) -> None:
        """Write one derived table, batch by batch as it is made."""
        self.write_tables(file, (pa.Table.from_batches([batch]) for batch in batches))

    def rewrite(
        self, file: str, change: Callable[[Iterable[pa.RecordBatch]], Iterable[pa.Table]]
    ) -> None:
        """Write a table anew from what is in it, a part in memory at a time."""
        path, part = f"{self.id}/{file}", f"{self.id}/.{file}"
        with (
            self._files.open_input(path) as handle,
            TableWriter(self._files, part, schema.TABLES[file]) as writer,
        ):
            for table in change(pq.ParquetFile(handle).iter_batches()):
                writer.write_table(table)
        self._files.move(part, path)

    def merge_with(self, previous: Snapshot, listed_now: KeyBytes, dropped: KeyBytes) -> None:
        """Merge the rows that streamed in with an earlier snapshot's, whole or as changes alone.

        Rows of the `dropped` keys, which are sorted, are left out.
        """
        self.changed = DraftChangedKeys.since(previous, np.union1d(listed_now, dropped))
        for file in (schema.MODELS_FILE, schema.METRICS_FILE):
            rows = self.read(file)
            if self.changed is None:
                self.write_tables(file, merge_delta_rows(previous.batches(file), rows, dropped))
            else:
                # Changes since the base: those of the previous update, if it keeps any, and these.
                older: Iterable[pa.RecordBatch] = ()
                if previous.id != self.changed.base.id:
                    older = previous.tables.batches(schema.CHANGES[file])
                self.write_tables(schema.CHANGES[file], merge_delta_rows(older, rows, dropped))
                self._files.delete_file(f"{self.id}/{file}")
        if self.changed is not None:
            self.write(schema.CHANGED_FILE, self.changed.to_table())
            self._tables = self.merged = MergedTables(self._files, self.id, self.changed.base)

    def build_on(self, base: Snapshot) -> None:
        """Keep of all models that were read those alone that differ from a whole snapshot's.

        They stay whole where that is more than a third. So do the metrics, most of which change
        within days, and which the updates to come build on.
        """
        keys = table_keys_as_bytes(self.column("key"))
        before = table_keys_as_bytes(
            join_column_chunks(base.column(schema.MODELS_FILE, "key").chunks)
        )
        rows = table_rows_of_keys(before, keys)
        known = np.flatnonzero(rows >= 0)
        changed = rows < 0
        for name in schema.MODELS.names[1:]:
            older = base.column(schema.MODELS_FILE, name).take(pa.array(rows[known]))
            now = self.column(name).take(pa.array(known))
            changed[known] |= mark_changed_draft_rows(older.combine_chunks(), now)
        records = np.union1d(keys[changed], before[~mark_stored_keys(keys, before)])
        if len(records) > MAX_CHANGED_SHARE * len(before):
            return
        batches = self._tables.batches(schema.MODELS_FILE)
        self.write_tables(
            schema.CHANGES[schema.MODELS_FILE], select_draft_table_rows(batches, changed)
        )
        self._files.delete_file(f"{self.id}/{schema.MODELS_FILE}")
        self.changed = DraftChangedKeys(as_base(base.manifest), records, keys[:0])
        self.keep_whole(schema.METRICS_FILE)
        self.write(schema.CHANGED_FILE, self.changed.to_table())
        self._tables = self.merged = MergedTables(self._files, self.id, self.changed.base)

    def keep_whole(self, *files: str) -> None:
        """Note that some tables stand alone, though it builds on a snapshot."""
        assert self.changed is not None
        base = self.changed.base
        digests = {name: digest for name, digest in base.files.items() if name not in files}
        self.changed = replace(self.changed, base=BuildsOn(base.id, digests))

    def column(self, name: str, file: str = schema.MODELS_FILE) -> pa.Array:
        """Return one column of the models, read back from what was written."""
        return self._tables.table(file, [name])[name].combine_chunks()

    def read(self, file: str) -> pa.Table:
        """Return one whole table, read back from what was written."""
        return self._tables.table(file).cast(schema.TABLES[file])

    def rows_of(self, chosen: Mask, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield the row and some columns of the chosen models, a batch in memory at a time."""
        start = 0
        for batch in self._tables.batches(schema.MODELS_FILE, columns):
            rows = np.flatnonzero(chosen[start : start + batch.num_rows])
            selected = batch.take(pa.array(rows))
            values = [selected[name].to_pylist() for name in columns]
            yield from zip((rows + start).tolist(), *values, strict=True)
            start += batch.num_rows

    def collect_facts(self) -> dict[str, FileFacts]:
        """Return what each table must look like from now on; they survive a power cut then."""
        facts, names = {}, list(schema.TABLES)
        if self.changed is not None:
            deltas = self.changed.base.files
            names = [schema.CHANGES[it] if it in deltas else it for it in names]
            names.append(schema.CHANGED_FILE)
        for name in names:
            path = f"{self.id}/{name}"
            self._files.sync(path)
            size, digest = self._files.size_and_digest(path)
            with self._files.open_input(path) as handle:
                footer = table_footer_digest(handle)
                rows = pq.ParquetFile(handle).metadata.num_rows
            facts[name] = FileFacts(rows, size, digest, footer)
        return facts


def mark_changed_draft_rows(before: pa.Array, now: pa.Array) -> Mask:
    """Mark the rows whose values differ; nothing differs from nothing alone."""
    if not pa.types.is_list(now.type):
        differs = pc.fill_null(pc.not_equal(before, now), False)
        differs = pc.or_(differs, pc.xor(before.is_null(), now.is_null()))
        is_other: Mask = np.array(differs, np.bool_)
        return is_other
    lengths = (np.asarray(pc.fill_null(pc.list_value_length(it), -1)) for it in (before, now))
    mask: Mask = np.not_equal(*lengths)
    rows = np.flatnonzero(~mask)
    older, newer = (it.take(pa.array(rows)) for it in (before, now))
    odd = np.asarray(
        pc.fill_null(pc.not_equal(pc.list_flatten(older), pc.list_flatten(newer)), True)
    )
    mask[rows[np.asarray(pc.list_parent_indices(newer))[odd]]] = True
    return mask


def select_draft_table_rows(batches: Iterable[pa.RecordBatch], chosen: Mask) -> Iterator[pa.Table]:
    """Yield the chosen rows of a table, piece by piece."""
    start = 0
    for batch in batches:
        mask = pa.array(chosen[start : start + batch.num_rows])
        yield pa.Table.from_batches([batch.filter(mask)])
        start += batch.num_rows
