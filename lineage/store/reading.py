"""Reading a Parquet file, with a look at whether all rows came that its footer promises.

A page's checksum covers what is in the page and not its header: a header that is harmed can make
the reader pass over the page without a word.
"""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq


def read_whole(
    parquet: pq.ParquetFile, columns: Sequence[str] | None = None, *, threads: bool = True
) -> pa.Table:
    """Return some columns of all rows, or all of them; ValueError where rows are missing."""
    wanted = None if columns is None else list(columns)
    table = parquet.read(columns=wanted, use_threads=threads)
    _expect(parquet.metadata.num_rows, table.num_rows)
    return table


def read_group(
    parquet: pq.ParquetFile, group: int, columns: Sequence[str] | None = None
) -> pa.Table:
    """Return some columns of one row group, or all; ValueError where rows are missing."""
    table = parquet.read_row_group(group, columns=None if columns is None else list(columns))
    _expect(parquet.metadata.row_group(group).num_rows, table.num_rows)
    return table


def read_batches(
    parquet: pq.ParquetFile, columns: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield all rows piece by piece; ValueError at the end where some were missing."""
    rows = 0
    for batch in parquet.iter_batches(columns=None if columns is None else list(columns)):
        rows += batch.num_rows
        yield batch
    _expect(parquet.metadata.num_rows, rows)


def _expect(promised: int, came: int) -> None:
    if came != promised:
        raise ValueError(f"{came} rows came of {promised}")
