"""A dump of the Hub's listing as records: a Parquet file, or all of a folder or a pattern."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from lineage.domain.addresses import mask_secrets_in_address
from lineage.domain.files import expand_home_in_path, open_regular_file
from lineage.domain.records import BadRow, ModelRecord
from lineage.domain.repo_ids import are_keys, are_repo_ids, is_key, make_stand_in_key
from lineage.errors import SettingsError, file_error
from lineage.sources.dump_cells import (
    ID,
    KEY,
    WANTED,
    dump_columns_of,
    dump_names_parents,
    dump_paths_of,
    is_dump_column_read,
    listing_rows_of_batch,
    newest_moment_of_dump_column,
)
from lineage.sources.interface import RecordPage
from lineage.sources.listing_pages import (
    bad_listing_row,
    find_listing_row_flaw,
    hide_private_listing_row,
    record_of,
)
from lineage.sources.listing_rows import ListingRow, keep_fitting_row

ROWS_AT_ONCE = 1024
_BLOCK = 1 << 20
_KEYED = ("baseModels", ID, KEY)
_MOMENTS = ("lastModified", "createdAt")
_OTHER_TABLE = re.compile(r"\.(csv|tsv|jsonl|ndjson|arrow|feather)(\.\w+)?$", re.IGNORECASE)
_SUFFIX = ".parquet"
_OTHER_KINDS = {
    **dict.fromkeys(("paperswithcode_id", "citation"), "data sets"),
    **dict.fromkeys(("sdk", "subdomain"), "Spaces"),
}
"""Columns of listings that are none of models."""
_PATTERN = frozenset("*?[")
_ROWS = list[ListingRow]
_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DumpFile:
    """One Parquet file of a dump; opened whenever it is read, as a dump may have thousands."""

    filesystem: pafs.FileSystem
    path: str
    name: str
    """How messages call it."""
    rows: int
    schema: pa.Schema
    columns: Mapping[str, str]
    """Its columns by the listing's name for them."""

    @classmethod
    def dump_file_of(cls, filesystem: pafs.FileSystem, path: str, name: str) -> "DumpFile":
        """Read a file's footer; SettingsError where it is no Parquet file."""
        with _open_dump_parquet(filesystem, path, name) as parquet:
            schema = parquet.schema_arrow
            rows = int(parquet.metadata.num_rows)
        columns = dump_columns_of(schema)
        if ID not in columns:
            raise _dump_row_names_no_model(name)
        for column, kind in _OTHER_KINDS.items():
            if column in schema.names:
                # Their rows look like models', and lie beside them where dumps are published.
                raise SettingsError(
                    f"{name} lists {kind}, not models: it has a column {column}",
                    "name the file of the models, or a pattern that matches theirs alone",
                )
        return cls(filesystem, path, name, rows, schema, columns)

    def read_dump_batches(self, columns: Mapping[str, str]) -> Iterator[list[_Row]]:
        """Yield its rows as a listing would show them, some columns alone."""
        own = {name: column for name, column in columns.items() if name in self.columns}
        paths = dump_paths_of(self.schema, own)
        with _open_dump_parquet(self.filesystem, self.path, self.name) as parquet:
            for batch in parquet.iter_batches(ROWS_AT_ONCE, columns=paths):
                yield listing_rows_of_batch(batch, own)

    def newest(self, name: str, now: datetime) -> datetime | None:
        """Return the newest moment of a column that is not in the future."""
        with _open_dump_parquet(self.filesystem, self.path, self.name) as parquet:
            return newest_moment_of_dump_column(parquet.read(columns=[self.columns[name]])[0], now)


class ListingDump:
    """One dump, in one file or several; `open_dump` opens it."""

    def __init__(
        self, files: Sequence[DumpFile], name: str, sha256: str, unread: Sequence[str] = ()
    ) -> None:
        self.name = name
        """The file's own name, or the folder's, without the folders it lies in."""
        self.sha256 = sha256
        """Of the file; of several that of their digests, in order of their names."""
        self.unread = unread
        """Names of tables in its folder that are no Parquet files: more models may be in them."""
        self._files = files
        self.columns = self._find_dump_columns()
        """The listing's names of the columns that say anything, in any file."""
        if ID not in self.columns:
            raise _dump_row_names_no_model(name)

    @property
    def rows(self) -> int:
        """How many rows it says it has."""
        return sum(file.rows for file in self._files)

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields of a listing of which it has no column, or an empty one."""
        # What is private is dumped by no tool: that column says nothing where it is absent.
        # Without `gguf` nothing is amiss: its totals stand in for those of `safetensors`.
        return tuple(name for name in WANTED if name not in {*self.columns, "private", "gguf"})

    @property
    def has_keys(self) -> bool:
        """Whether it gives the Hub's `_id`; else keys stand in that are made of names."""
        return KEY in self.columns and all(KEY in file.columns for file in self._files)

    @property
    def parents_known(self) -> bool:
        """Whether it has any column that can name a parent, and that says anything."""
        return any(
            dump_names_parents(file.schema, name, column)
            for file in self._files
            for name, column in file.columns.items()
            if name in self.columns
        )

    def newest(self, now: datetime) -> datetime | None:
        """Return the newest change or creation that is not in the future: it was taken after."""
        moments = (
            file.newest(name, now)
            for file in self._files
            for name in _MOMENTS
            if name in file.columns
        )
        return max((moment for moment in moments if moment is not None), default=None)

    def list_everything_of_source(self) -> Iterator[RecordPage]:
        """Yield every row as a record or a bad row, in the order of the files."""
        keys = None if self.has_keys else self._dump_keys_of_parents()
        for file in self._files:
            first = 0
            for rows in file.read_dump_batches(file.columns):
                request = f"{file.name} rows {first}-{first + len(rows) - 1}"
                first += len(rows)
                yield _read_dump_page(
                    rows if keys is None else _with_dump_keys(rows, keys), request
                )

    def _find_dump_columns(self) -> frozenset[str]:
        """Return the columns that say anything; SettingsError where one of them cannot be read.

        One cell that is read is enough: a column of another type would be lost without a word,
        while single cells that do not fit are counted.
        """
        readable: set[tuple[str, str]] = set()
        # By type too: one of several files may have a spelling of a column that cannot be read.
        columns: dict[tuple[str, str], str] = {}
        for file in self._files:
            for name, column in file.columns.items():
                kind = str(file.schema.field(column).type)
                if (answer := _look_for_dump_cell(file, name)) is not None:
                    readable |= {(name, kind)} if answer else set()
                    columns.setdefault((name, kind), f"{column} of {file.name} ({kind})")
        if lost_columns := [text for each, text in columns.items() if each not in readable]:
            raise SettingsError(
                f"no cell of {' and '.join(lost_columns)} can be read",
                "store it as the listing does, or leave it out if what it says is not needed",
            )
        return frozenset(name for name, _ in readable)

    def _dump_keys_of_parents(self) -> dict[str, str]:
        """Return the keys that the dump itself gives: the Hub shows that of each parent.

        Else a parent would be two nodes, one by its key and one by its name.
        """
        keys: dict[str, str] = {}
        for file in self._files:
            keyed = {name: column for name, column in file.columns.items() if name in _KEYED}
            for rows in file.read_dump_batches(keyed) if keyed.keys() != {ID} else ():
                for row in rows:
                    # A row that has a key of its own stands for itself like a parent.
                    keys.update(_read_dump_parents(row.get("baseModels")))
                    keys.update(_read_dump_parents({"models": [row]}))
        return keys


def _look_for_dump_cell(file: DumpFile, name: str) -> bool | None:
    """Say whether any cell of a column is read; None where it has none that says anything."""
    has_cell = is_empty = False
    for rows in file.read_dump_batches({name: file.columns[name]}):
        for row in rows:
            if (cell := row.get(name)) is None or cell in ("", []):
                continue
            if isinstance(cell, dict) and cell.get("models") == []:
                is_empty = True  # no proof that a parent would be read
            elif is_dump_column_read(name, cell):
                return True
            else:
                has_cell = True
    return False if has_cell else is_empty or None


def _dump_row_names_no_model(name: str) -> SettingsError:
    return SettingsError(
        f"{name} names no model: it has no column {ID}, or nothing in it",
        f"a dump of the Hub's listing has some of: {', '.join(WANTED)}",
    )


@contextmanager
def open_dump(place: str, name: str | None = None) -> Iterator[ListingDump]:
    """Open a dump: a file, every Parquet file of a folder, or what a pattern matches.

    It may lie on an object store that pyarrow knows (`s3://...`). `name` is how it is called where
    that is not the end of its place. Raises SettingsError where there is none, where it is no
    Parquet file that names models, or a column of it cannot be read.
    """
    if not place.strip():
        raise SettingsError("no dump is named", "name a file, a folder or an address")
    name = name or dump_display_name(place)
    filesystem, path = _open_listing_dump_place(place)
    with _describe_dump_file(name):
        paths, unread = _list_dump_files(filesystem, path, is_local="://" not in place)
    if not paths:
        raise SettingsError(
            f"{name} holds no file whose name ends in {_SUFFIX}",
            "a dump is a Parquet file, a folder of them, or a pattern such as 'dump/*.parquet'",
        )
    alone = paths == [path]
    files, digests = [], []
    for each in paths:
        of_file = name if alone else PurePosixPath(each).name
        with _describe_dump_file(of_file), filesystem.open_input_file(each) as source:
            digest = hashlib.sha256()
            while block := source.read(_BLOCK):
                digest.update(block)
            digests.append(digest.hexdigest())
        files.append(DumpFile.dump_file_of(filesystem, each, of_file))
    whole = digests[0] if alone else hashlib.sha256("\n".join(digests).encode()).hexdigest()
    yield ListingDump(files, name, whole, unread)


def dump_display_name(place: str) -> str:
    """Return the end of a path or an address, without what may be a secret in it."""
    return PurePosixPath(mask_secrets_in_address(place).partition("?")[0]).name or "the dump"


def _open_listing_dump_place(place: str) -> tuple[pafs.FileSystem, str]:
    if "://" not in place:
        return pafs.LocalFileSystem(), str(expand_home_in_path(place).absolute())
    try:
        filesystem, path = pafs.FileSystem.from_uri(place)
    except (OSError, ValueError, pa.ArrowException):
        # The cause is dropped: it may quote a secret in the address.
        raise SettingsError(
            f"{mask_secrets_in_address(place)} is no address of a dump:"
            " see its scheme and its parameters",
            "name a file, a folder, or an address such as s3://bucket/models.parquet",
        ) from None
    return filesystem, path


def _list_dump_files(
    filesystem: pafs.FileSystem, path: str, *, is_local: bool
) -> tuple[list[str], list[str]]:
    """Return the files of a dump in order of their names, and the tables that are not read.

    Hidden files of a folder are left out.
    """
    unread: list[str] = []
    info = filesystem.get_file_info(path)
    if info.type is pafs.FileType.Directory:
        visible = [
            each
            for each in _walk_dump_folder(filesystem, path)
            if not any(part[:1] in ("_", ".") for part in each[len(path) :].split("/"))
        ]
        paths = [each for each in visible if each.lower().endswith(_SUFFIX)]
        unread = sorted(PurePosixPath(it).name for it in visible if _OTHER_TABLE.search(it))
    elif info.type is not pafs.FileType.NotFound or not _PATTERN & set(path):
        paths = [path]
    elif is_local:
        matches = Path("/").glob(path.lstrip("/"))
        paths = [str(match) for match in matches if not match.is_dir()]
    else:
        fixed = path[: min(path.index(sign) for sign in _PATTERN if sign in path)]
        folder = fixed.rpartition("/")[0]
        paths = [each for each in _walk_dump_folder(filesystem, folder) if fnmatchcase(each, path)]
    if is_local:
        for each in paths:
            # Arrow would wait for a pipe's writer, and be deaf to SIGTERM meanwhile.
            open_regular_file(Path(each)).close()
    return sorted(paths), unread


def _walk_dump_folder(filesystem: pafs.FileSystem, folder: str) -> Iterator[str]:
    for info in filesystem.get_file_info(pafs.FileSelector(folder, recursive=True)):
        if info.type is not pafs.FileType.Directory:
            yield info.path


@contextmanager
def _open_dump_parquet(
    filesystem: pafs.FileSystem, path: str, name: str
) -> Iterator[pq.ParquetFile]:
    with _describe_dump_file(name), filesystem.open_input_file(path) as source:
        yield pq.ParquetFile(source)


@contextmanager
def _describe_dump_file(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, pa.ArrowException) as error:
        hint = "it must be a whole Parquet file; was it downloaded to its end?"
        raise file_error(f"{name} cannot be read as a dump", error, hint) from error


def _read_dump_parents(base_models: object) -> Iterator[tuple[str, str]]:
    """Yield id and key of each parent that is spelled as the Hub does."""
    models = base_models.get("models") if isinstance(base_models, dict) else None
    for parent in models if isinstance(models, list) else ():
        id, key = (parent.get(ID), parent.get(KEY)) if isinstance(parent, dict) else (None, None)
        if isinstance(id, str) and isinstance(key, str) and is_key(key):
            yield id, key


def _with_dump_keys(rows: list[_Row], keys: Mapping[str, str]) -> list[_Row]:
    for row in rows:
        if isinstance(id := row.get(ID), str):
            row[KEY] = keys.get(id) or make_stand_in_key(id)
    return rows


def _read_dump_page(rows: list[_Row], request: str) -> RecordPage:
    """Read rows that fit as they are at once; else each alone."""
    unread = Counter[str]()
    rows = [row for row in rows if row.get("private") is not True]
    with suppress(msgspec.MsgspecError):
        wire = msgspec.convert(rows, _ROWS)
        if are_keys([row.key for row in wire]) and are_repo_ids([row.id for row in wire]):
            return RecordPage([record_of(row, unread) for row in wire], [], unread, request)
    records: list[ModelRecord] = []
    bad_rows: list[BadRow] = []
    for row in rows:
        record = _read_dump_record(row, unread)
        records.append(record) if isinstance(record, ModelRecord) else bad_rows.append(record)
    return RecordPage(records, bad_rows, unread, request)


def _read_dump_record(row: _Row, unread: Counter[str]) -> ModelRecord | BadRow:
    unread_here = Counter[str]()
    if row.get("private") not in (None, False):
        return hide_private_listing_row(row.get(KEY))
    fitting = keep_fitting_row(row, ListingRow, unread_here)
    key, id = fitting.get("key", ""), fitting.get("id", "")
    if (flaw := find_listing_row_flaw(key, id)) is not None:
        return bad_listing_row(flaw, json.dumps(row, default=str, skipkeys=True), key)
    # Of a bad row nothing is lost that its reason does not say.
    unread.update(unread_here)
    return record_of(ListingRow(**fitting), unread)
