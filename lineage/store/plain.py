"""Tables into a folder of their own, in a snapshot's form: all of it appears, or nothing does."""

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from lineage.errors import StoreError
from lineage.store.files import Files
from lineage.store.footers import footer_digest
from lineage.store.manifest import FILE, FileFacts, Manifest
from lineage.store.parquet import ParquetFileWriter
from lineage.store.schema import EDGES_FILE, MODELS_FILE, TABLES, TOMBSTONES_FILE, VERSION


def write_plain(
    folder: Path, tables: Mapping[str, Iterable[pa.Table]], manifest: Manifest
) -> Manifest:
    """Write every table and a manifest of what they really hold; return that.

    StoreError where something is there already: what was exported is never overwritten.
    """
    folder = folder.absolute()
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise StoreError(f"{folder} is there already", "name a new folder with --out")
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        written = _write(Files(str(temporary)), tables, manifest)
        _put_in_place(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return written


def _put_in_place(temporary: Path, folder: Path) -> None:
    try:
        temporary.replace(folder)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}") from error


def _write(files: Files, tables: Mapping[str, Iterable[pa.Table]], manifest: Manifest) -> Manifest:
    facts = {}
    for name, schema in TABLES.items():
        with ParquetFileWriter(files, name, schema) as writer:
            for piece in tables[name]:
                writer.write_table(piece)
        files.sync(name)
        with files.open_input(name) as handle:
            footer = footer_digest(handle)
        facts[name] = FileFacts(writer.rows, *files.size_and_digest(name), footer)
    written = replace(
        manifest,
        files=facts,
        models=facts[MODELS_FILE].rows,
        edges=facts[EDGES_FILE].rows,
        tombstones=facts[TOMBSTONES_FILE].rows,
        schema_version=VERSION,
        builds_on=None,
    )
    files.write_whole(FILE, written.to_json())
    return written
