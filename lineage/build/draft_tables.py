"""The tables of a draft as files: written where they will stay, read back where that is needed.

An update keeps its changes alone where they are few; its tables are read as if they were whole.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lineage.domain.arrays import Int64s, KeyBytes, Mask
from lineage.domain.records import ModelRecord
from lineage.store import schema
from lineage.store.column_cache import TableReader
from lineage.store.delta import mark_stored_differences, merge_delta_rows, select_stored_rows
from lineage.store.files import Files
from lineage.store.inventory import as_base, list_snapshot_bases, read_manifest
from lineage.store.keys import (
    NO_KEYS,
    NOWHERE,
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
MAX_SHARE_OF_UPDATES = 1 / 40
"""Of the models; where more changed since a full crawl an update builds on the one before it."""
_MOST_UPDATES = 3
"""So many updates may stand on each other: each is one more folder that a day is read from."""
FEW_ROWS = 1000
"""So many changed rows are kept as such however small the table is."""


@dataclass(frozen=True, slots=True)
class DraftChangedKeys:
    """Sorted keys of what changed since the snapshot that a draft builds on."""

    base: BuildsOn
    records: KeyBytes
    """Whose record is another or no more."""
    rows: Int64s
    """The row in the base of each of those; of a new model how many rows come before it."""
    is_known: Mask
    """Which of them the base lists."""
    claims: KeyBytes
    """Whose claims are others."""

    @classmethod
    def of_base(
        cls, base: BuildsOn, before: KeyBytes, records: KeyBytes, claims: KeyBytes = NO_KEYS
    ) -> Self:
        """Look for the records among the keys that the base lists, which are in order."""
        is_known = mark_stored_keys(before, records)
        return cls(base, records, np.searchsorted(before, records), is_known, claims)

    @classmethod
    def since(cls, previous: Snapshot, listed_now: KeyBytes) -> Self | None:
        """Return what changed where these keys are others since `previous`; None if it is too much.

        Rows of an older schema may lack columns: what follows them stands alone.
        """
        manifest, tables = previous.manifest, previous.tables
        if manifest.schema_version != schema.VERSION:
            return None
        base: TableReader = tables
        below = list_snapshot_bases(manifest, partial(read_manifest, previous.files))
        updates = sum(it.origin.kind is SnapshotKind.UPDATE for it in (manifest, *below))
        records, claims = listed_now, NO_KEYS
        if isinstance(tables, MergedTables) and updates:
            keys = table_keys_as_bytes(tables.changed["key"])
            before, claims = (keys[np.asarray(tables.changed[it])] for it in ("record", "claims"))
            records = np.union1d(before, listed_now)
            # An update that keeps all changes since the full crawl grows from day to day.
            most = max(MAX_SHARE_OF_UPDATES * manifest.models, FEW_ROWS)
            if len(records) > most and updates < _MOST_UPDATES:
                records, claims = listed_now, NO_KEYS
            else:
                base, manifest = tables.base, tables.base_manifest
        if max(len(records), len(claims)) > MAX_CHANGED_SHARE * previous.manifest.models:
            return None
        before = table_keys_as_bytes(base.table(schema.MODELS_FILE, ["key"])["key"])
        return cls.of_base(as_base(manifest), before, records, claims)

    def with_places(self, changed_rows: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """Yield rows of the records that are listed still, each with its row in the whole table."""
        start, stay_ahead = 0, self.rows - np.cumsum(self.is_known) + self.is_known
        for rows in changed_rows:
            at = np.searchsorted(self.records, table_keys_as_bytes(rows["key"]))
            places = stay_ahead[at] + np.arange(start, start + len(rows))
            yield rows.append_column(schema.PLACE, pa.array(places))
            start += len(rows)

    def with_claims(self, children: KeyBytes) -> Self:
        """Return it with more children whose claims are others."""
        return replace(self, claims=np.union1d(self.claims, children))

    def to_table(self) -> pa.Table:
        """Return it as it is stored, in order of the key."""
        keys = np.union1d(self.records, self.claims)
        is_record = mark_stored_keys(self.records, keys)
        rows = np.full(len(keys), NOWHERE, np.int64)
        rows[is_record] = np.where(self.is_known, self.rows, NOWHERE)
        columns = {
            "key": pa.array(keys.astype(str), pa.string()),
            "record": pa.array(is_record),
            "claims": pa.array(mark_stored_keys(self.claims, keys)),
            "row": pa.array(rows, mask=rows < 0),
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
        if self.changed is not None:
            self.keep_whole(schema.TOMBSTONES_FILE)  # until they are complete, at the end
        for file in (schema.MODELS_FILE, schema.METRICS_FILE):
            rows = self.read(file)
            if self.changed is None:
                self.write_tables(file, merge_delta_rows(previous.batches(file), rows, dropped))
            else:
                # Changes since the base: those of the previous update, if it keeps any, and these.
                older: Iterable[pa.RecordBatch] = ()
                if previous.id != self.changed.base.id:
                    older = previous.tables.batches(schema.CHANGES[file], schema.TABLES[file].names)
                self._write_changed_rows(file, merge_delta_rows(older, rows, dropped))
        if self.changed is not None:
            self.write(schema.CHANGED_FILE, self.changed.to_table())
            self._tables = self.merged = MergedTables(self._files, self.id, self.changed.base)

    def build_on(self, base: Snapshot) -> None:
        """Keep of all models that were read those alone that differ from a whole snapshot's.

        They stay whole where that is more than a third. So do the metrics, most of which change
        within days, and which the updates to come build on.
        """
        keys = table_keys_as_bytes(self.column("key"))
        before = table_keys_as_bytes(base.column(schema.MODELS_FILE, "key"))
        rows = table_rows_of_keys(before, keys)
        known = np.flatnonzero(rows >= 0)
        changed = rows < 0
        for name in schema.MODELS.names[1:]:
            older = base.column(schema.MODELS_FILE, name).take(pa.array(rows[known]))
            now = self.column(name).take(pa.array(known))
            changed[known] |= mark_stored_differences(older.combine_chunks(), now)
        records = np.union1d(keys[changed], before[~mark_stored_keys(keys, before)])
        if len(records) > MAX_CHANGED_SHARE * len(before):
            return
        self.changed = DraftChangedKeys.of_base(as_base(base.manifest), before, records)
        batches = self._tables.batches(schema.MODELS_FILE)
        self._write_changed_rows(schema.MODELS_FILE, select_stored_rows(batches, changed))
        self.keep_whole(schema.METRICS_FILE, schema.TOMBSTONES_FILE)
        self.write(schema.CHANGED_FILE, self.changed.to_table())
        self._tables = self.merged = MergedTables(self._files, self.id, self.changed.base)

    def _write_changed_rows(self, file: str, pieces: Iterable[pa.Table]) -> None:
        """Write the changed rows of a table in place of the table."""
        assert self.changed is not None
        if file == schema.MODELS_FILE:
            pieces = self.changed.with_places(pieces)
        self.write_tables(schema.CHANGES[file], pieces)
        self._files.delete_file(f"{self.id}/{file}")

    def keep_whole(self, *files: str) -> None:
        """Note that some tables stand alone, though it builds on a snapshot."""
        assert self.changed is not None
        base = self.changed.base
        digests = {name: digest for name, digest in base.files.items() if name not in files}
        self.changed = replace(self.changed, base=BuildsOn(base.id, digests))

    def keep_changes(self, file: str) -> None:
        """Note that changes alone are kept of a table after all, and delete what was written."""
        assert self.changed is not None
        assert self.merged is not None
        base = as_base(self.merged.base_manifest, [*self.changed.base.files, file])
        self.changed = replace(self.changed, base=base)
        self._files.delete_file(f"{self.id}/{file}")

    def column(self, name: str, file: str = schema.MODELS_FILE) -> pa.Array:
        """Return one column of the models, read back from what was written."""
        return self._tables.table(file, [name])[name].combine_chunks()

    def read(self, file: str) -> pa.Table:
        """Return one whole table, read back from what was written."""
        return self._tables.table(file).cast(schema.TABLES[file])

    def rows_of(self, chosen: Mask, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield the row and some columns of the chosen models, a batch in memory at a time."""
        pieces = select_stored_rows(self._tables.batches(schema.MODELS_FILE, columns), chosen)
        numbers = np.flatnonzero(chosen).tolist()
        values = (zip(*(it[name].to_pylist() for name in columns), strict=True) for it in pieces)
        for number, row in zip(numbers, chain.from_iterable(values), strict=True):
            yield number, *row

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
