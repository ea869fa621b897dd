"""Which columns of a dump are read, and how their cells become what a listing's row would say.

Dumps differ: a card may be a struct or JSON text, a moment a timestamp or text, a column may be
missing or have an older name. Source: columns of `hub-stats` as its users name them, and of
`model_cards_with_metadata`.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import fields

from lineage.domain.repo_ids import KEY_LENGTH
from lineage.sources.lenient import lenient_json
from lineage.sources.wire import WireCard, WireConfig, WireRow

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
        return [_read_parents(cell) for cell in map(_from_json, cells)]
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


def _read_parents(cell: Any) -> Any:
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
