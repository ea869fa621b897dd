"""Columns and names in memory, for a process that answers many questions about one snapshot."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import Int64s, Nodes
from lineage.store import schema
from lineage.store.keys import join_column_chunks
from lineage.store.tables import CountRow


class TableReader(Protocol):
    """What a snapshot is read by."""

    def table(
        self, file: str, columns: Sequence[str] | None = None, as_codes: Sequence[str] = ()
    ) -> pa.Table: ...
    def batches(
        self, file: str, columns: Sequence[str] | None = None
    ) -> Iterator[pa.RecordBatch]: ...
    def rows_of(self, file: str, column: str, values_sought: pa.Array) -> pa.Table: ...
    def find_counts(self, column: str, value: str) -> list[CountRow]: ...


class ColumnCache:
    """Tables whose columns, once read whole, stay in memory; the rest is read as ever."""

    def __init__(self, tables: TableReader) -> None:
        self._columns: dict[tuple[str, str, bool], tuple[pa.Field, pa.ChunkedArray]] = {}
        self._tables = tables
        self.batches, self.rows_of = tables.batches, tables.rows_of
        self.find_counts = tables.find_counts

    def table(
        self, file: str, columns: Sequence[str] | None = None, as_codes: Sequence[str] = ()
    ) -> pa.Table:
        """Return some columns of one table, or all of them; what was read before is not read."""
        names = list(schema.TABLES[file].names if columns is None else columns)
        places = {name: (file, name, name in as_codes) for name in names}
        # Two threads may read one column at once: then the second one's copy stays.
        if missing := [name for name in names if places[name] not in self._columns]:
            rows = self._tables.table(file, missing, [it for it in as_codes if it in missing])
            for name in missing:
                # One piece each: taking rows from many pieces costs more at every question.
                column = pa.chunked_array([rows[name].combine_chunks()])
                self._columns[places[name]] = rows.schema.field(name), column
        parts = [self._columns[places[name]] for name in names]
        return pa.Table.from_arrays(
            [column for _, column in parts], schema=pa.schema([field for field, _ in parts])
        )


def release_unused_memory() -> None:
    """Give back to the system what columns took that are no longer used."""
    pa.default_memory_pool().release_unused()


@dataclass(slots=True)
class NameIndex:
    """Every name of a snapshot in order, so that one is found without a look at all of them."""

    base_ids: pa.StringArray
    """Of the nodes with children, in order."""
    base_keys: pa.StringArray
    base_numbers: Mapping[str, Int64s]
    """The columns of numbers of counts.parquet, by name."""
    record_ids: pa.StringArray | None = None
    """Of the listed models by row, then of the deleted; None until `add_records`."""
    record_order: Nodes = field(default_factory=lambda: np.empty(0, np.int32))
    """Their nodes in order of the id."""
    authors: pa.Table | None = None
    """Every author with the number of models, once it was asked for."""

    @classmethod
    def from_stored_counts(cls, counts: pa.Table) -> "NameIndex":
        """Return the index of counts.parquet, which is in order of the id."""
        ids, keys = (_whole_column(counts[name]) for name in ("id", "key"))
        numbers = [field.name for field in counts.schema if pa.types.is_integer(field.type)]
        return cls(ids, keys, {name: counts[name].to_numpy() for name in numbers})

    def add_records(self, ids: pa.ChunkedArray) -> None:
        """Add every record; it takes about a second for a million, in which others may go on."""
        whole = _whole_column(ids)
        self.record_order = pc.sort_indices(whole).cast(pa.int32()).to_numpy()
        self.record_ids = whole
        # What reading took, half as much as the columns, else stays with the process.
        release_unused_memory()

    def find_stored_count_row(self, id: str) -> dict[str, object] | None:
        """Return the row of counts.parquet of a node by its exact id."""
        at = bisect_left(_Names(self.base_ids), id)
        if at == len(self.base_ids) or self.base_ids[at].as_py() != id:
            return None
        numbers = {name: int(column[at]) for name, column in self.base_numbers.items()}
        return {"key": self.base_keys[at].as_py(), "id": id, **numbers}

    def find_stored_record_nodes(self, id: str) -> list[int]:
        """Return the nodes of all records of this exact id, in rising order."""
        names = _Names(self.record_ids, self.record_order)
        at = bisect_left(names, id)
        nodes = []
        while at < len(names) and names[at] == id:
            nodes.append(int(self.record_order[at]))
            at += 1
        return sorted(nodes)


def _whole_column(column: pa.ChunkedArray) -> pa.StringArray:
    """Return a column in one piece, which is no copy where it is one already."""
    return column.chunk(0) if column.num_chunks == 1 else join_column_chunks(column.chunks)


class _Names(Sequence[str]):
    """Strings of a column in an order, as bisect reads them."""

    def __init__(self, ids: pa.StringArray, order: Nodes | None = None) -> None:
        self._ids, self._order = ids, order

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, at: int) -> str:  # type: ignore[override]
        return str(self._ids[at if self._order is None else int(self._order[at])].as_py())
