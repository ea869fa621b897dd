"""The tables of a draft as files: written where they will stay, read back where that is needed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from lineage.store import schema
from lineage.store.files import Files
from lineage.store.manifest import FileFacts
from lineage.store.parquet import ParquetFileWriter


class DraftFiles:
    """One folder's tables."""

    def __init__(self, files: Files, id: str) -> None:
        self.id = id
        self.rows_written: dict[str, int] = {}
        """How many rows each table has that was written in one go."""
        self._files = files

    def write(self, file: str, table: pa.Table) -> None:
        """Write one derived table whole."""
        self.write_streamed(file, (table,))

    def write_streamed(self, file: str, tables: Iterable[pa.Table]) -> None:
        """Write one derived table, piece by piece as it is made."""
        with self.writer(file) as writer:
            for table in tables:
                writer.write_table(table)
        self.rows_written[file] = writer.rows

    def rewrite(
        self, file: str, change: Callable[[Iterable[pa.RecordBatch]], Iterable[pa.Table]]
    ) -> None:
        """Write a table anew from what is in it, a part in memory at a time."""
        path, part = f"{self.id}/{file}", f"{self.id}/.{file}"
        with (
            self._files.open_input(path) as handle,
            ParquetFileWriter(self._files, part, schema.TABLES[file]) as writer,
        ):
            for table in change(pq.ParquetFile(handle).iter_batches()):
                writer.write_table(table)
        self._files.move(part, path)

    def column(self, name: str, file: str = schema.MODELS_FILE) -> pa.Array:
        """Return one column of the models, read back from what was written."""
        with self._files.open_input(f"{self.id}/{file}") as handle:
            return pq.ParquetFile(handle).read(columns=[name])[name].combine_chunks()

    def whole(self, file: str) -> pa.Table:
        """Return one table, read back from what was written."""
        with self._files.open_input(f"{self.id}/{file}") as handle:
            return pq.ParquetFile(handle).read().cast(schema.TABLES[file])

    def rows_of(
        self, chosen: npt.NDArray[np.bool_], columns: Sequence[str]
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the row and some columns of the chosen models, a batch in memory at a time."""
        first = 0
        with self._files.open_input(f"{self.id}/{schema.MODELS_FILE}") as handle:
            for batch in pq.ParquetFile(handle).iter_batches(columns=list(columns)):
                rows = np.flatnonzero(chosen[first : first + batch.num_rows])
                some = batch.take(pa.array(rows))
                values = [some[name].to_pylist() for name in columns]
                yield from zip((rows + first).tolist(), *values, strict=True)
                first += batch.num_rows

    def facts(self) -> dict[str, FileFacts]:
        """Return what each table must look like from now on; they survive a power cut then."""
        facts = {}
        for name in schema.TABLES:
            path = f"{self.id}/{name}"
            self._files.sync(path)
            size, digest = self._files.size_and_digest(path)
            with self._files.open_input(path) as handle:
                rows = pq.ParquetFile(handle).metadata.num_rows
            facts[name] = FileFacts(rows, size, digest)
        return facts

    def writer(self, file: str) -> ParquetFileWriter:
        """Open a table for writing, over whatever was there."""
        return ParquetFileWriter(self._files, f"{self.id}/{file}", schema.TABLES[file])
