"""A dump of the Hub's listing in one Parquet file, read like a listing, some rows at a time."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from lineage.domain.records import BadRow, ModelRecord
from lineage.domain.repo_ids import are_keys, are_repo_ids, is_key, is_repo_id, stand_in_key
from lineage.errors import SettingsError
from lineage.sources.dump_columns import (
    ID,
    KEY,
    WANTED,
    columns_of,
    newest_moment,
    paths_of,
    rows_of,
)
from lineage.sources.interface import RecordPage
from lineage.sources.lenient import what_fits
from lineage.sources.parse import MAX_RAW
from lineage.sources.rows import record_of
from lineage.sources.wire import WireRow

ROWS_AT_ONCE = 1024
_BLOCK = 1 << 20
_MOMENTS = ("lastModified", "createdAt")
_ROWS = list[WireRow]
_Row = dict[str, Any]


class ListingDump:
    """One dump; `open_dump` opens it."""

    def __init__(self, parquet: pq.ParquetFile, name: str, sha256: str) -> None:
        self.name = name
        """The file's own name, without the folders it lies in."""
        self.sha256 = sha256
        self.columns: Mapping[str, str] = columns_of(parquet.schema_arrow)
        """The columns it has, by the listing's name for them."""
        self._parquet = parquet
        if ID not in self.columns:
            raise SettingsError(
                f"{name} has no column {ID}, so that its rows name no model",
                f"a dump of the Hub's listing has some of: {', '.join(WANTED)}",
            )

    @property
    def rows(self) -> int:
        """How many rows it says it has."""
        return int(self._parquet.metadata.num_rows)

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields of a listing that it does not have, by the Hub's names."""
        return tuple(name for name in WANTED if name not in self.columns)

    @property
    def has_keys(self) -> bool:
        """Whether it gives the Hub's `_id`; else keys stand in that are made of names."""
        return KEY in self.columns

    def newest(self, now: datetime) -> datetime | None:
        """Return the newest change or creation that is not in the future: it was taken after."""
        found = []
        for name in _MOMENTS:
            if name in self.columns:
                with self._readable():
                    column = self._parquet.read(columns=[self.columns[name]])[0]
                    found.append(newest_moment(column, now))
        return max((moment for moment in found if moment is not None), default=None)

    def everything(self) -> Iterator[RecordPage]:
        """Yield every row as a record or a bad row, in the order of the file."""
        keys = None if self.has_keys else self._keys_of_parents()
        first = 0
        for rows in self._batches(self.columns):
            request = f"{self.name} rows {first}-{first + len(rows) - 1}"
            first += len(rows)
            yield _read_page(rows if keys is None else _with_keys(rows, keys), request)

    def _keys_of_parents(self) -> dict[str, str]:
        """Return the keys that the dump itself gives: the Hub shows that of each parent.

        Else a parent would be two nodes, one by its key and one by its name.
        """
        wanted = {name: self.columns[name] for name in ("baseModels",) if name in self.columns}
        found: dict[str, str] = {}
        for rows in self._batches(wanted) if wanted else ():
            for row in rows:
                found.update(_read_parents(row.get("baseModels")))
        return found

    def _batches(self, columns: Mapping[str, str]) -> Iterator[list[_Row]]:
        paths = paths_of(self._parquet.schema_arrow, columns)
        with self._readable():
            for batch in self._parquet.iter_batches(ROWS_AT_ONCE, columns=paths):
                yield rows_of(batch, columns)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        with _describe_file(self.name):
            yield


@contextmanager
def open_dump(place: str, name: str | None = None) -> Iterator[ListingDump]:
    """Open a dump in a file, or on an object store that pyarrow knows (`s3://...`).

    `name` is how it is called where that is not the end of its place. Raises SettingsError where
    there is none, or it is no Parquet file that names models.
    """
    name = name or place.rstrip("/").rpartition("/")[2]
    with ExitStack() as opened:
        with _describe_file(name):
            if "://" in place:
                filesystem, path = pafs.FileSystem.from_uri(place)
            else:
                filesystem, path = pafs.LocalFileSystem(), str(Path(place).expanduser().absolute())
            source = opened.enter_context(filesystem.open_input_file(path))
            digest = _digest_file(source)
            parquet = pq.ParquetFile(source)
        yield ListingDump(parquet, name, digest)


@contextmanager
def _describe_file(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, pa.ArrowException) as error:
        why = next(iter(str(error).splitlines()), type(error).__name__)
        if isinstance(error, FileNotFoundError):  # Arrow's words tell it twice
            why = "there is no such file"
        raise SettingsError(
            f"{name} cannot be read as a dump: {why}",
            "it must be a whole Parquet file; was it downloaded to its end?",
        ) from error


def _digest_file(source: pa.NativeFile) -> str:
    digest = hashlib.sha256()
    while block := source.read(_BLOCK):
        digest.update(block)
    source.seek(0)
    return digest.hexdigest()


def _read_parents(said: object) -> Iterator[tuple[str, str]]:
    """Yield id and key of each parent that is spelled as the Hub does."""
    models = said.get("models") if isinstance(said, dict) else None
    for one in models if isinstance(models, list) else ():
        id, key = (one.get(ID), one.get(KEY)) if isinstance(one, dict) else (None, None)
        if isinstance(id, str) and isinstance(key, str) and is_key(key):
            yield id, key


def _with_keys(rows: list[_Row], keys: Mapping[str, str]) -> list[_Row]:
    for row in rows:
        if isinstance(id := row.get(ID), str):
            row[KEY] = keys.get(id) or stand_in_key(id)
    return rows


def _read_page(rows: list[_Row], request: str) -> RecordPage:
    """Read rows that fit as they are at once; else each alone."""
    unread = Counter[str]()
    with suppress(msgspec.MsgspecError):
        wire = msgspec.convert(rows, _ROWS)
        if are_keys([row.key for row in wire]) and are_repo_ids([row.id for row in wire]):
            return RecordPage([record_of(row, unread) for row in wire], [], unread, request)
    records: list[ModelRecord] = []
    bad_rows: list[BadRow] = []
    for row in rows:
        read = _read_record(row, unread)
        records.append(read) if isinstance(read, ModelRecord) else bad_rows.append(read)
    return RecordPage(records, bad_rows, unread, request)


def _read_record(row: _Row, unread: Counter[str]) -> ModelRecord | BadRow:
    seen = Counter[str]()
    fitting = what_fits(row, WireRow, seen)
    key, id = fitting.get("key", ""), fitting.get("id", "")
    if not is_key(key):
        return _bad_row("_id is not 24 hex digits", row)
    if not is_repo_id(id):
        return _bad_row("id is not a repository id", row, key)
    unread.update(seen)
    return record_of(WireRow(**fitting), unread)


def _bad_row(reason: str, row: _Row, key: str | None = None) -> BadRow:
    raw = json.dumps(row, default=str, skipkeys=True)
    return BadRow(reason, raw[:MAX_RAW], key)
