"""The tables that lie in a snapshot's folder, read piece by piece."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lineage.domain.arrays import Int64s
from lineage.errors import SnapshotDamaged, SnapshotPruned
from lineage.store import schema
from lineage.store.files import Files
from lineage.store.former_schemas import (
    absent_table_columns,
    fill_absent_table_columns,
    may_lack_table_columns,
    stored_columns,
    translate_former_table_rows,
)
from lineage.store.keys import table_keys_as_bytes
from lineage.store.manifest import FILE, FileFacts, Manifest
from lineage.store.table_writer import table_footer_digest

# A page's checksum covers what is in the page and not its header: a damaged header can make the
# reader skip the page in silence, so the number of rows is compared with what the footer promises.


def _read_table_batches(
    parquet: pq.ParquetFile, columns: list[str] | None
) -> Iterator[pa.RecordBatch]:
    """Yield all rows piece by piece; ValueError at the end where some were missing."""
    rows = 0
    for batch in parquet.iter_batches(columns=columns):
        rows += batch.num_rows
        yield batch
    _require_stored_row_count(parquet.metadata.num_rows, rows)


def _require_stored_row_count(promised: int, came: int) -> None:
    if came != promised:
        raise ValueError(f"{came} rows came of {promised}")


_IN_ORDER = frozenset({schema.MODELS_FILE, schema.METRICS_FILE})
NODES = frozenset({"node", "child_node", "parent_node"})
_MOMENTS = tuple(
    pa.scalar(datetime(*day, tzinfo=UTC), pa.timestamp("us", "UTC")).value
    for day in ((1, 1, 2), (9999, 12, 30))
)
"""What a moment may be, in microseconds since 1970: Python's calendar, any offset added."""
_MANY_SOUGHT = 1_000
Rows = TypeVar("Rows", pa.Table, pa.RecordBatch)


def _find_odd_table_value(
    column: pa.Array | pa.ChunkedArray, words: Collection[str] | None
) -> str | None:
    """Return what is wrong with a column's values that Parquet lets pass; None where nothing is."""
    if pa.types.is_timestamp(column.type):
        ends = pc.min_max(column)
        low, high = (ends[name].value for name in ("min", "max"))
        is_odd = low is not None and not _MOMENTS[0] <= low <= high <= _MOMENTS[1]
        return "holds a moment of no calendar year" if is_odd else None
    if pa.types.is_integer(column.type):
        return None
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    if pa.types.is_dictionary(column.type):  # a few words, and a million numbers
        chunks = [chunk.dictionary for chunk in chunks]
    try:
        for chunk in chunks:
            chunk.validate(full=True)
    except pa.ArrowInvalid as error:
        return f"holds what is none of its type: {error}"
    if words is None:
        return None
    odd = {word for chunk in chunks for word in chunk.unique().to_pylist()} - {*words, None}
    return f"holds {min(odd)!r}" if odd else None


def may_stored_row_group_hold(
    parquet: pq.ParquetFile, group: int, column: str, sought: Sequence[str]
) -> bool:
    """Say whether a row group may hold one of some values, which are in order."""
    at = parquet.schema_arrow.names.index(column)
    statistics = parquet.metadata.row_group(group).column(at).statistics
    if statistics is None or not statistics.has_min_max:
        return True
    first = bisect_left(sought, statistics.min)
    return first < len(sought) and sought[first] <= statistics.max


class CountRow(NamedTuple):
    """One row of the counts, found by name or key."""

    values: Mapping[str, Any]
    """By column; `node` may be that of another day."""
    is_listed: bool
    """Whether its node is a listed model."""
    number: int | Callable[[], int]
    """Its node, or what looks for it."""


class Tables:
    """The tables that lie in one folder of a store."""

    def __init__(self, files: Files, id: str, manifest: Manifest | None = None) -> None:
        """`manifest` says what the tables must look like, where they are published."""
        self.id = id
        self.version = schema.VERSION if manifest is None else manifest.schema_version
        self._files = files
        self._manifest = manifest if manifest is not None and manifest.files else None

    def table(
        self, file: str, columns: Sequence[str] | None = None, as_codes: Sequence[str] = ()
    ) -> pa.Table:
        """Return some columns of one table, or all of them; `as_codes` as Arrow dictionaries."""
        with self.open(file, as_codes) as parquet:
            # Threads cost a small table more than they save.
            threads = parquet.num_row_groups > 1
            rows = parquet.read(columns=self._stored_table(file, columns), use_threads=threads)
            _require_stored_row_count(parquet.metadata.num_rows, rows.num_rows)
            rows = self._checked_table_file(file, rows)
            return fill_absent_table_columns(file, rows, columns, self.version)

    def batches(self, file: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield a table piece by piece, so that it never stands in memory whole."""
        last_key = ""
        with self.open(file) as parquet:
            for batch in _read_table_batches(parquet, self._stored_table(file, columns)):
                rows = self._checked_table_file(file, batch)
                if self._has_table_order(file, rows) and len(rows):
                    if rows["key"][0].as_py() <= last_key:
                        raise ValueError("its column key is not in order")
                    last_key = rows["key"][-1].as_py()
                yield fill_absent_table_columns(file, rows, columns, self.version)

    def _group_rows(
        self, file: str, parquet: pq.ParquetFile, group: int, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Return some columns of one row group of an open table, or all of them."""
        rows = parquet.read_row_group(group, columns=self._stored_table(file, columns))
        _require_stored_row_count(parquet.metadata.row_group(group).num_rows, rows.num_rows)
        return fill_absent_table_columns(
            file, self._checked_table_file(file, rows), columns, self.version
        )

    def rows_of(self, file: str, column: str, values_sought: pa.Array) -> pa.Table:
        """Return the rows that have one of some values in `column`, of groups that have any."""
        tables, sought = [], sorted(values_sought.to_pylist())
        (stored,) = self._stored_table(file, [column]) or [column]
        with self.open(file) as parquet:
            for group in range(parquet.num_row_groups):
                if not may_stored_row_group_hold(parquet, group, stored, sought):
                    continue
                # A few rows are looked for in their own column first; many stand in every group.
                names = [column] if len(sought) < _MANY_SOUGHT else None
                rows = self._group_rows(file, parquet, group, names)
                mask = pc.is_in(rows[column], value_set=values_sought)
                if pc.any(mask).as_py():
                    rows = rows if names is None else self._group_rows(file, parquet, group)
                    tables.append(rows.filter(mask))
            empty = translate_former_table_rows(
                file, parquet.schema_arrow.empty_table(), self.version
            )
            empty = fill_absent_table_columns(file, empty, None, self.version)
            return pa.concat_tables([empty, *tables])

    def find_replaced_rows(self, file: str) -> tuple[Int64s, ...]:
        """Return of each of `files_of_table` the rows that hold no more, by number, rising."""
        sizes, part, row = self.find_sources(file)
        return tuple(
            np.setdiff1d(np.arange(size), row[part == at], assume_unique=True)
            for at, size in enumerate(sizes)
        )

    def find_sources(self, file: str) -> tuple[list[int], Int64s, Int64s]:
        """Return where each row lies: in which of `files_of_table`, as which of its rows.

        Before that how many rows each of those files has.
        """
        rows = self.row_count(file)
        return [rows], np.zeros(rows, np.int64), np.arange(rows)

    def find_counts(self, column: str, value: str) -> list[CountRow]:
        """Return the rows of the counts that have a value in `id` or `key`, in order.

        The table is in order of the id, so that only the groups that may hold the id are read.
        """
        return self._as_count_rows(self._find_count_rows(schema.COUNTS_FILE, column, value))

    def _find_count_rows(self, file: str, column: str, value: str) -> list[dict[str, Any]]:
        rows = []
        with self.open(file) as parquet:
            for group in range(parquet.num_row_groups):
                if may_stored_row_group_hold(parquet, group, column, [value]):
                    some = self._group_rows(file, parquet, group)
                    rows += some.filter(pc.equal(some[column], value)).to_pylist()
        return rows

    def _as_count_rows(self, rows: Sequence[Mapping[str, Any]]) -> list[CountRow]:
        listed = 0 if self._manifest is None else self._manifest.models
        return [CountRow(row, row["node"] < listed, row["node"]) for row in rows]

    def row_count(self, file: str) -> int:
        """Return how many rows a table has."""
        with self.open(file) as parquet:
            return int(parquet.metadata.num_rows)

    @contextmanager
    def open(self, file: str, as_codes: Sequence[str] = ()) -> Iterator[pq.ParquetFile]:
        """Open a table; what cannot be opened, or read while it is open, is damaged."""
        try:
            with self._files.open_input(f"{self.id}/{file}") as source:
                self._refuse_other_footer(file, source)
                parquet = pq.ParquetFile(
                    source, read_dictionary=list(as_codes) or None, page_checksum_verification=True
                )
                self._refuse_other_shape(file, parquet, as_codes)
                yield parquet
        except FileNotFoundError as error:
            self._refuse_pruned_table()
            raise self._say_table_damaged(file, "it is not there") from error
        except MemoryError:  # Arrow's is an error of Arrow's too: it says nothing of the file
            raise
        except (OSError, ValueError, LookupError, pa.ArrowException) as error:
            raise self._say_table_damaged(file, str(error)) from error

    def _checked_table_file(self, file: str, rows: Rows) -> Rows:
        """Return rows in today's words; ValueError where a value is none that its column holds."""
        rows = translate_former_table_rows(file, rows, self.version)
        for name, column in zip(rows.schema.names, rows.columns, strict=True):
            problem = _find_odd_table_value(column, schema.WORDS.get((file, name)))
            if problem is None and self._manifest is not None and name in NODES:
                # What is wrong with numbers of nodes, None where nothing is
                # Who has no record is a node because an edge names it as a parent.
                nodes = self._manifest.models + self._manifest.tombstones + self._manifest.edges
                low, high = pc.min_max(column).as_py().values()
                is_odd = low is not None and not 0 <= low <= high < nodes
                problem = "holds a node that there is not" if is_odd else None
            if problem is not None:
                raise ValueError(f"its column {name} {problem}")
        # A model's row is its number in every other table: in another order all would be mistaken.
        if self._has_table_order(file, rows):
            keys = table_keys_as_bytes(rows["key"])
            if not (keys[1:] > keys[:-1]).all():
                raise ValueError("its column key is not in order")
        return rows

    def _has_table_order(self, file: str, rows: pa.Table | pa.RecordBatch) -> bool:
        """Say whether rows must stand in order of their key; those of a draft need not yet."""
        is_published = self._manifest is not None
        return is_published and file in _IN_ORDER and "key" in rows.schema.names

    def _table_facts_of(self, file: str) -> FileFacts | None:
        return None if self._manifest is None else self._manifest.files.get(file)

    def _stored_table(self, file: str, columns: Sequence[str] | None) -> list[str] | None:
        if columns is None:
            return None
        absent = absent_table_columns(file, self.version)
        # Of no column at all not even the number of rows would be read.
        names = [name for name in columns if name not in absent] or ["key"]
        return stored_columns(file, names, self.version)

    def _refuse_other_footer(self, file: str, source: pa.NativeFile) -> None:
        """Raise ValueError for a footer that was not published: it could lead anywhere."""
        facts = self._table_facts_of(file)
        if facts is not None and facts.footer not in (None, table_footer_digest(source)):
            raise ValueError("its footer is not what was published")

    def _refuse_other_shape(
        self, file: str, parquet: pq.ParquetFile, as_codes: Sequence[str]
    ) -> None:
        """Raise ValueError where the table has not the rows of its manifest, or other columns."""
        facts, rows = self._table_facts_of(file), parquet.metadata.num_rows
        if facts is not None and facts.rows != rows:
            raise ValueError(f"it has {rows} rows, the manifest says {facts.rows}")
        expected, stored = schema.ALL_TABLES[file], parquet.schema_arrow
        absent = absent_table_columns(file, self.version)
        fields = [field for field in expected if field.name not in absent]
        names = stored_columns(file, [field.name for field in fields], self.version)
        for field, name in zip(fields, names, strict=True):
            places = stored.get_all_field_indices(name)
            if not places and may_lack_table_columns(file, self.version):
                continue
            if len(places) != 1:
                raise ValueError(f"it has {len(places) or 'no'} columns {name}")
            column = stored.field(places[0])
            is_code = name in as_codes and pa.types.is_dictionary(column.type)
            kind = column.type.value_type if is_code else column.type
            if kind != field.type:
                raise ValueError(f"its column {name} is {column.type}, not {field.type}")
            if (
                column.nullable
                and not field.nullable
                and not may_lack_table_columns(file, self.version)
            ):
                raise ValueError(f"its column {name} may be null")

    def _refuse_pruned_table(self) -> None:
        """Raise SnapshotPruned where the manifest went as well: it goes before any table."""
        if self._manifest is not None and not self._files.exists(f"{self.id}/{FILE}"):
            raise SnapshotPruned(self.id)

    def _say_table_damaged(self, file: str, problem: str) -> SnapshotDamaged:
        return SnapshotDamaged(
            f"{self.id}/{file} cannot be read: {problem}",
            f"see what is wrong with: lineage snapshots verify {self.id}",
        )
