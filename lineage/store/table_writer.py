"""Tables written as Parquet in steady strides, so that equal rows give equal bytes."""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from lineage.domain.files import delete_leftovers, delete_own_files, hold_temporary_folder
from lineage.errors import SettingsError, file_error
from lineage.store.files import Files
from lineage.store.inventory import is_snapshot_file_name
from lineage.store.local_files import LocalFiles
from lineage.store.manifest import FILE, FileFacts, Manifest
from lineage.store.schema import (
    CHANGED_FILE,
    CHANGES,
    EDGES_FILE,
    MODELS_FILE,
    READ_BY_HUNDREDS,
    RISING,
    TABLES,
    TOMBSTONES_FILE,
    UNREPEATED,
    VERSION,
)

ROW_GROUP = 65_536
"""Rows a group: fixed, so that the bytes do not depend on how the rows arrived."""

_SEARCHED = frozenset({"id", "key", "child_key"})
"""Columns in whose order tables stand: their bounds say which groups need not be read."""


class TableWriter:
    """Takes batches of any size, writes groups of one size; use as a context manager."""

    def __init__(
        self,
        files: Files,
        path: str,
        schema: pa.Schema,
        *,
        row_group: int = ROW_GROUP,
        options: Mapping[str, object] | None = None,
    ) -> None:
        """`row_group` rows are one group; `options` of Parquet's writer come before our own."""
        self.schema = schema
        self.rows = 0
        self._files, self._path, self._row_group = files, path, row_group
        self._pending: list[pa.RecordBatch] = []
        self._waiting = 0
        self._output = files.open_output(path)
        own: dict[str, object] = {
            **_table_codec(path),
            "use_dictionary": [
                it for it in _stored_column_paths(schema) if it not in UNREPEATED | RISING
            ],
            "column_encoding": {it: "DELTA_BINARY_PACKED" for it in schema.names if it in RISING},
            "write_statistics": [it for it in schema.names if it in _SEARCHED] or False,
            "store_schema": False,
            "write_page_checksum": True,
        }
        self._writer = pq.ParquetWriter(self._output, schema, **own | {**(options or {})})

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

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            # What follows from the first fault ("closed file") would hide it.
            with suppress(OSError, ValueError, pa.ArrowException):
                self._writer.close()
            with suppress(OSError, ValueError, pa.ArrowException):
                self._output.close()
            return
        self._flush(whole_groups_only=False)
        with self._files.writing(self._path):
            self._writer.close()
            self._output.close()

    def _flush(self, *, whole_groups_only: bool) -> None:
        table = pa.Table.from_batches(self._pending, self.schema)
        size = self._row_group
        end = len(table) // size * size if whole_groups_only else len(table)
        if end:
            # Pages inside a group end where a chunk ends: one chunk, whatever the batches were.
            whole = table.slice(0, end).combine_chunks()
            with self._files.writing(self._path):
                self._writer.write_table(whole, row_group_size=size)
        remainder = table.slice(end)
        # What is left waits: groups of one size give equal bytes, however the rows arrived.
        self._pending, self._waiting = remainder.to_batches(), len(remainder)


def _table_codec(path: str) -> dict[str, object]:
    name = path.rpartition("/")[2]
    if name in READ_BY_HUNDREDS:
        return {"compression": "snappy"}
    # What changed is little, and lies in the store for each day.
    is_small = name == CHANGED_FILE or name in CHANGES.values()
    return {"compression": "zstd", "compression_level": 9 if is_small else 1}


def _stored_column_paths(schema: pa.Schema) -> list[str]:
    """Return each column's path inside Parquet: a list's values lie two levels down."""
    return [
        f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name
        for field in schema
    ]


_MAGIC = b"PAR1"
_TAIL = 8


# The footer says where everything lies, and no checksum of Parquet covers it: the manifest does.


def table_footer_digest(source: pa.NativeFile) -> str:
    """Return the SHA-256 of a Parquet file's footer in hex; of no such file an empty string."""
    size = source.size()
    source.seek(max(0, size - _TAIL))
    tail = bytes(source.read(_TAIL))
    length = int.from_bytes(tail[:4], "little") + _TAIL
    if not tail.endswith(_MAGIC) or length > size:
        return ""
    source.seek(size - length)
    return hashlib.sha256(source.read(length)).hexdigest()


def write_snapshot_tables(
    folder: Path, tables: Mapping[str, Iterable[pa.Table]], manifest: Manifest
) -> Manifest:
    """Write every table and a manifest of what they really hold; return that.

    SettingsError where something is there already: what was exported is never overwritten.
    """
    folder = folder.absolute()
    try:
        if folder.is_symlink() or folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
            raise SettingsError(f"{folder} is there already", "name a new folder with --out")
        delete_leftovers(folder.parent, delete_tables)
        with hold_temporary_folder(folder.parent) as temporary:
            try:
                published = write_tables(
                    LocalFiles(str(temporary / folder.name), "--out"), tables, manifest
                )
                (temporary / folder.name).replace(folder)
            finally:
                delete_tables(temporary)
    except OSError as error:
        raise file_error(f"{folder} cannot be written", error, "name another --out") from error
    return published


def delete_tables(folder: Path) -> None:
    """Delete the tables that lie in the folders of a temporary folder, and itself."""
    for part in folder.iterdir():
        delete_own_files(part, is_snapshot_file_name)
    delete_own_files(folder, is_snapshot_file_name)


def write_tables(
    files: Files, tables: Mapping[str, Iterable[pa.Table]], manifest: Manifest
) -> Manifest:
    """Write every table and a manifest of what they hold right below a root; return that."""
    facts = {}
    for name, schema in TABLES.items():
        with TableWriter(files, name, schema) as writer:
            for piece in tables[name]:
                writer.write_table(piece)
        files.sync(name)
        with files.open_input(name) as handle:
            footer = table_footer_digest(handle)
        facts[name] = FileFacts(writer.rows, *files.size_and_digest(name), footer)
    whole = replace(
        manifest,
        files=facts,
        models=facts[MODELS_FILE].rows,
        edges=facts[EDGES_FILE].rows,
        tombstones=facts[TOMBSTONES_FILE].rows,
        schema_version=VERSION,
        builds_on=None,
    )
    files.write_whole(FILE, whole.to_json())
    return whole
