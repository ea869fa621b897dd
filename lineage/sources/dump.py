"""A dump of the listing as records: its columns, in whichever shape they come, then its rows."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from msgspec.structs import fields

from lineage.domain.files import expand_home, open_regular_file
from lineage.domain.records import BadRow, ModelRecord
from lineage.domain.repo_ids import (
    KEY_LENGTH,
    are_keys,
    are_repo_ids,
    is_key,
    is_repo_id,
    stand_in_key,
)
from lineage.errors import SettingsError
from lineage.sources.interface import RecordPage
from lineage.sources.parse import MAX_RAW, record_of
from lineage.sources.wire import WireCard, WireConfig, WireRow, lenient_json, what_fits

KEY = "_id"
ID = "id"
WANTED = tuple(field.encode_name for field in fields(WireRow))
_OTHER_NAMES: Mapping[str, str] = {"modelId": ID, "last_modified": "lastModified"}
_PARTS: Mapping[str, type[msgspec.Struct]] = {"cardData": WireCard, "config": WireConfig}
_AS_JSON = frozenset({"baseModels", "cardData", "config"})
_MOMENT = pa.timestamp("us", tz="UTC")
_TO_MOMENT = pc.CastOptions(_MOMENT, allow_time_truncate=True)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Unreadable(Enum):
    """What stands for a cell that no reader takes."""

    CELL = "unreadable"
    """Broken text, or a moment outside the years there are."""

    def __str__(self) -> str:
        return f"({self.value})"


def columns_of(schema: pa.Schema) -> dict[str, str]:
    """Return the columns a dump has, by the listing's name for them; one of several is none."""
    names = schema.names
    found = {_OTHER_NAMES[name]: name for name in names if name in _OTHER_NAMES}
    found |= {name: name for name in names if name in WANTED}
    return {name: column for name, column in found.items() if names.count(column) == 1}


def paths_of(schema: pa.Schema, columns: Mapping[str, str]) -> list[str]:
    """Return the Parquet paths to read: of a wide struct only the parts that are known."""
    paths = []
    for name, column in columns.items():
        kind = schema.field(column).type
        if name in _PARTS and pa.types.is_struct(kind):
            known = {field.encode_name for field in fields(_PARTS[name])}
            paths += [f"{column}.{part.name}" for part in kind if part.name in known]
        else:
            paths.append(column)
    return paths


def rows_of(batch: pa.RecordBatch, columns: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return a batch's rows as a listing would show them; absent is absent, not null."""
    present = {name: column for name, column in columns.items() if column in batch.schema.names}
    cells = [_read_cells(name, batch[column]) for name, column in present.items()]
    names = list(present)
    return [
        {name: cell for name, cell in zip(names, row, strict=True) if cell is not None}
        for row in zip(*cells, strict=True)
    ]


def newest_moment(column: pa.ChunkedArray, now: datetime) -> datetime | None:
    """Return the newest moment of a column that is not in the future; None where there is none."""
    if _is_moment(column.type):
        moments = pc.cast(column, _MOMENT, safe=False)
        past = pc.and_(
            pc.greater_equal(moments, pa.scalar(_EPOCH, _MOMENT)),
            pc.less_equal(moments, pa.scalar(now, _MOMENT)),
        )
        newest = pc.max(moments.filter(past)).as_py()
        return newest if isinstance(newest, datetime) else None
    read = (_read_moment(text) for text in _read_values(pc.unique(column)) if isinstance(text, str))
    return max((moment for moment in read if moment is not None and moment <= now), default=None)


def _is_moment(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def _read_moment(text: str) -> datetime | None:
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    return None


def _read_cells(name: str, column: pa.Array) -> Sequence[Any]:
    cells = _read_moments(column) if _is_moment(column.type) else _read_values(column)
    if name == KEY:
        return [_read_key(cell) for cell in cells]
    if _is_binary(column.type):  # writers that do not mark text as text
        cells = [_read_text(cell) for cell in cells]
    if name == "baseModels":
        return [_read_parent_column(cell) for cell in map(_from_json, cells)]
    if name in _AS_JSON:
        return [_from_json(cell) for cell in cells]
    if name == "gated":
        return [cell.lower() if isinstance(cell, str) else cell for cell in cells]
    return cells


def _read_moments(column: pa.Array) -> list[Any]:
    """Return moments to the microsecond; one without a zone is in UTC."""
    try:
        return _read_values(column.cast(options=_TO_MOMENT))
    except pa.ArrowInvalid:  # one of them lies beyond what microseconds can tell
        if len(column) == 1:
            return [Unreadable.CELL]
        return [cell for at in range(len(column)) for cell in _read_moments(column.slice(at, 1))]


def _read_values(column: pa.Array) -> list[Any]:
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):  # broken UTF-8 is a ValueError too
        return [_read_value(cell) for cell in column]
    return values


def _read_value(cell: pa.Scalar) -> Any:
    try:
        return cell.as_py()
    except (ValueError, OverflowError):
        return Unreadable.CELL


def _is_binary(kind: pa.DataType) -> bool:
    of_any_length = pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    return bool(of_any_length or pa.types.is_fixed_size_binary(kind))


def _read_key(cell: Any) -> Any:
    """Spell a key as the Hub does: in lower case; an ObjectId is the bytes of its digits."""
    if isinstance(cell, bytes) and len(cell) == KEY_LENGTH // 2:
        return cell.hex()
    text = _read_text(cell)
    return text.lower() if isinstance(text, str) else text


def _read_text(cell: Any) -> Any:
    if not isinstance(cell, bytes):
        return cell
    try:
        return cell.decode()
    except UnicodeDecodeError:
        return Unreadable.CELL


def _from_json(cell: Any) -> Any:
    """Read JSON text; what is none stays what it is, and will not fit."""
    if not isinstance(cell, str):
        return cell
    with suppress(msgspec.MsgspecError, RecursionError):
        return msgspec.json.decode(cell)
    return lenient_json(cell.encode("utf-8", "replace")) or Unreadable.CELL


def _read_parent_column(cell: Any) -> Any:
    """Take the struct of a model without parents, which has no list, for none."""
    models = cell.get("models") if isinstance(cell, dict) else None
    if models is None:
        return None if isinstance(cell, dict) else cell
    if isinstance(models, list):
        return {**cell, "models": [_read_parent(one) for one in models]}
    return cell


def _read_parent(one: Any) -> Any:
    keyed = isinstance(one, dict) and KEY in one
    return {**one, KEY: _read_key(one[KEY]), ID: _read_text(one.get(ID))} if keyed else one


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
                # Arrow would wait for a pipe's writer, and be deaf to SIGTERM meanwhile.
                open_regular_file(expand_home(place)).close()
                filesystem, path = pafs.LocalFileSystem(), str(expand_home(place).absolute())
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
