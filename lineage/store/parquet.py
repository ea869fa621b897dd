"""Writing one Parquet file in steady strides, so that equal rows give equal bytes."""

from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from lineage.store.files import Files
from lineage.store.schema import READ_BY_HUNDREDS, UNREPEATED

ROW_GROUP = 65_536
"""Rows a group: fixed, so that the bytes do not depend on how the rows arrived."""


class ParquetFileWriter:
    """Takes batches of any size, writes groups of one size; use as a context manager."""

    def __init__(self, files: Files, path: str, schema: pa.Schema) -> None:
        self.schema = schema
        self.rows = 0
        self._pending: list[pa.RecordBatch] = []
        self._waiting = 0
        self._output = files.open_output(path)
        self._writer = pq.ParquetWriter(
            self._output,
            schema,
            **_codec(path),
            use_dictionary=[name for name in _leaves(schema) if name not in UNREPEATED],
            write_statistics=["id"] if "id" in schema.names else False,
            store_schema=False,
            write_page_checksum=True,
        )

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows in order."""
        self.rows += batch.num_rows
        self._pending.append(batch)
        self._waiting += batch.num_rows
        if self._waiting >= ROW_GROUP:
            self._flush(whole_groups_only=True)

    def write_table(self, table: pa.Table) -> None:
        """Add a table's rows in order."""
        for batch in table.cast(self.schema).to_batches(max_chunksize=ROW_GROUP):
            self.write(batch)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush(whole_groups_only=False)
        self._writer.close()
        self._output.close()

    def _flush(self, *, whole_groups_only: bool) -> None:
        table = pa.Table.from_batches(self._pending, self.schema)
        end = len(table) // ROW_GROUP * ROW_GROUP if whole_groups_only else len(table)
        if end:
            # Pages inside a group end where a chunk ends: one chunk, whatever the batches were.
            whole = table.slice(0, end).combine_chunks()
            self._writer.write_table(whole, row_group_size=ROW_GROUP)
        rest = table.slice(end)
        self._pending, self._waiting = rest.to_batches(), len(rest)


def _codec(path: str) -> dict[str, object]:
    if path.rpartition("/")[2] in READ_BY_HUNDREDS:
        return {"compression": "snappy"}
    return {"compression": "zstd", "compression_level": 1}


def _leaves(schema: pa.Schema) -> list[str]:
    """Return each column's path inside Parquet: a list's values lie two levels down."""
    return [
        f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name
        for field in schema
    ]
