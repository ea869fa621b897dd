"""The cells of a dump's columns as a listing would show them, whatever type a writer gave them."""

import ast
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import fields

from lineage.domain.repo_ids import KEY_LENGTH, is_key, is_repo_id
from lineage.sources.listing_rows import (
    BaseModels,
    CardData,
    ListingRow,
    ModelConfig,
    keep_fitting_row,
    read_listing_row_leniently,
)

KEY = "_id"
ID = "id"
WANTED = tuple(field.encode_name for field in fields(ListingRow))
_NAMES = {field.encode_name: field.name for field in fields(ListingRow)}
_PARTS: Mapping[str, type[msgspec.Struct]] = {"cardData": CardData, "config": ModelConfig}
_PARENTS_IN = {"cardData": ("base_model",), "config": ("peft", "adapter_config")}
"""Which parts of a struct can name a parent."""
_MOMENT = pa.timestamp("us", tz="UTC")
_TO_MOMENT = pc.CastOptions(_MOMENT, allow_time_truncate=True)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_THERE = frozenset({"", "null", "none", "nan", "nat", "<na>"})
"""What writers of text put where nothing is known; as words of people they may mean something."""
_FLAGS = {
    **dict.fromkeys(("true", "1", "1.0", "yes"), True),
    **dict.fromkeys(("false", "0", "0.0", "no"), False),
    **dict.fromkeys(_NOT_THERE),
}
_MOST_LITERAL = 100_000
_MOST_DIGITS = 20
_DIGITS_OF_A_DAY = 5
_FIRST_YEAR = 2016
"""The Hub is no older: a number that means an earlier moment stands for something else."""
_BETWEEN_TAGS = re.compile(r"[,;|\t\r\n]|\s+(?=[\w-]+:)")
"""Blanks part tags only before a qualified one: a word of the author's own may hold one."""

_QUOTED = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\"""")


class Unreadable(Enum):
    """What stands for a cell that no reader takes."""

    CELL = "unreadable"
    """Broken text, a moment outside the years there are, a fraction where a count should be."""

    def __str__(self) -> str:
        return f"({self.value})"


def dump_columns_of(schema: pa.Schema) -> dict[str, str]:
    """Return the columns a dump has, by the listing's name for them; one of several is none."""
    names = schema.names
    by_plain = {_dump_column_name(name): name for name in WANTED if name != KEY} | {"modelid": ID}
    other_names = {
        by_plain[_dump_column_name(name)]: name
        for name in names
        if _dump_column_name(name) in by_plain
    }
    # The listing's own spelling goes before any other.
    columns = other_names | {name: name for name in names if name in WANTED}
    return {name: column for name, column in columns.items() if names.count(column) == 1}


def _dump_column_name(name: str) -> str:
    return name.replace("_", "").lower() if name != KEY else name


def dump_paths_of(schema: pa.Schema, columns: Mapping[str, str]) -> list[str]:
    """Return the Parquet paths to read: of a wide struct only the parts that are known."""
    paths = []
    for name, column in columns.items():
        kind = schema.field(column).type
        if name in _PARTS and pa.types.is_struct(kind):
            part_names = {field.encode_name for field in fields(_PARTS[name])}
            paths += [f"{column}.{part.name}" for part in kind if part.name in part_names]
        else:
            paths.append(column)
    return paths


def dump_names_parents(schema: pa.Schema, name: str, column: str) -> bool:
    """Say whether a column can name parents: tags, the Hub's word, or the parts that do."""
    kind = schema.field(column).type
    if name in _PARENTS_IN and pa.types.is_struct(kind):
        return any(kind.get_field_index(part) >= 0 for part in _PARENTS_IN[name])
    return name in ("baseModels", "tags", *_PARENTS_IN)


def listing_rows_of_batch(
    batch: pa.RecordBatch, columns: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return a batch's rows as a listing would show them; absent is absent, not null."""
    present = {name: column for name, column in columns.items() if column in batch.schema.names}
    cells = [read_dump_cells(name, batch[column]) for name, column in present.items()]
    names = list(present)
    return [
        {name: cell for name, cell in zip(names, row, strict=True) if cell is not None}
        for row in zip(*cells, strict=True)
    ]


def is_dump_column_read(name: str, cell: object) -> bool:
    """Say whether a field of a listing takes a cell, or any part of it."""
    if name in (KEY, ID):
        return isinstance(cell, str) and (is_key(cell) if name == KEY else is_repo_id(cell))
    part = keep_fitting_row({name: cell}, ListingRow, Counter()).get(_NAMES[name], [])
    return bool(part.models if isinstance(part, BaseModels) else part != [])


def read_dump_cells(name: str, column: pa.Array) -> Sequence[Any]:
    """Return one column of one batch: what the field takes, None, or `Unreadable.CELL`."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if _is_moment_dump_column(column.type):
        return _read_moment_cells(column)
    cells = _read_value_cells(column)
    if name == KEY:
        return [_read_dump_key_cell(cell) for cell in cells]
    of_any_length = pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)
    if of_any_length or pa.types.is_fixed_size_binary(column.type):  # text that is not marked so
        cells = [_read_text_cell(cell) for cell in cells]
    reader = _READERS.get(name)
    return cells if reader is None else [None if cell is None else reader(cell) for cell in cells]


def newest_moment_of_dump_column(column: pa.ChunkedArray, now: datetime) -> datetime | None:
    """Return the newest moment of a column that is not in the future; None where there is none."""
    if _is_moment_dump_column(column.type):
        moments = pc.cast(column, _MOMENT, safe=False)
        past = pc.and_(
            pc.greater_equal(moments, pa.scalar(_EPOCH, _MOMENT)),
            pc.less_equal(moments, pa.scalar(now, _MOMENT)),
        )
        newest = pc.max(moments.filter(past)).as_py()
        return newest if isinstance(newest, datetime) else None
    cells = (cell for part in column.chunks for cell in read_dump_cells("createdAt", part))
    dates = (cell for cell in cells if isinstance(cell, datetime) and cell <= now)
    return max(dates, default=None)


# One cell


def _read_number_cell(cell: Any) -> Any:
    """Read a count: one gap in a column of counts makes many writers store fractions."""
    if isinstance(cell, str):
        return _number_of_cell_text(cell.strip().replace(",", ""))
    if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal):
        return Unreadable.CELL
    if math.isnan(cell):
        return None
    return int(cell) if math.isfinite(cell) and cell == int(cell) else Unreadable.CELL


def _number_of_cell_text(text: str) -> Any:
    if text.lower() in _NOT_THERE:
        return None
    if len(text) > _MOST_DIGITS:
        return Unreadable.CELL
    with suppress(ValueError):
        return int(text)
    with suppress(ValueError):
        return _read_number_cell(float(text))
    return Unreadable.CELL


def _read_moment_cell(cell: Any) -> Any:
    """Read ISO 8601, or a time since 1970 in whichever unit makes a year of ours."""
    if isinstance(cell, str):
        text = cell.strip()
        if text.lower() in _NOT_THERE:
            return None
        with suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(text)
            return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        number = _read_number_cell(text)
        return Unreadable.CELL if number is None else _cell_since_epoch(number)
    return cell if isinstance(cell, datetime) else _cell_since_epoch(_read_number_cell(cell))


def _cell_since_epoch(number: Any) -> Any:
    if number is None or isinstance(number, Unreadable):
        return number
    # Days of this century have five digits, seconds ten, and each unit below three more.
    digits = len(str(abs(number)))
    seconds = 86_400 if digits == _DIGITS_OF_A_DAY else 1
    microseconds = number * seconds * 10**6 // 10 ** (3 * max(0, (digits - 9) // 3))
    with suppress(OverflowError):
        moment = _EPOCH + timedelta(microseconds=microseconds)
        return moment if moment.year >= _FIRST_YEAR else Unreadable.CELL
    return Unreadable.CELL


def _read_tags_cell(cell: Any) -> Any:
    """Read a list, or the text of one: JSON, Python, numpy, or tags between separators."""
    if isinstance(cell, str):
        text = cell.strip()
        if text.lower() in _NOT_THERE:
            return None
        cell = _read_list_cell(text) if text.startswith("[") else _BETWEEN_TAGS.split(text)
    if not isinstance(cell, list):
        return Unreadable.CELL
    tags = [_read_text_cell(tag) for tag in cell if tag is not None]
    tags = [tag.strip() if isinstance(tag, str) else tag for tag in tags]
    return [tag for tag in tags if tag != ""]


def _read_list_cell(text: str) -> Any:
    with suppress(msgspec.MsgspecError, RecursionError):
        return msgspec.json.decode(text)
    # Not by Python's own reader: it makes one text of two that no comma divides.
    if _QUOTED.sub("", text).strip("[], \t\r\n").strip(",; \t\r\n"):
        return read_listing_row_leniently(text.encode("utf-8", "replace"))
    return [single or double for single, double in _QUOTED.findall(text)]


def _read_object_cell(cell: Any) -> Any:
    """Read a struct, a map, or the text of one in JSON or Python."""
    if isinstance(cell, str):
        cell = _parse_object_cell(cell.strip())
    if isinstance(cell, list) and all(isinstance(it, tuple) for it in cell):
        with suppress(ValueError, TypeError):
            cell = dict(cell)
    if isinstance(cell, dict):
        return {name: _read_dump_part_cell(part) for name, part in cell.items()}
    return cell


def _read_dump_part_cell(part: Any) -> Any:
    """Read a part of an object that a writer may have spelled as text of its own."""
    part = _read_text_cell(part)
    if isinstance(part, str) and part.lstrip().startswith(("[", "{")):
        value = _read_list_cell(part) if part.lstrip().startswith("[") else _parse_object_cell(part)
        return part if value is None or value is Unreadable.CELL else value
    return part


def _parse_object_cell(text: str) -> Any:
    if text.lower() in _NOT_THERE:
        return None
    with suppress(msgspec.MsgspecError, RecursionError):
        return msgspec.json.decode(text)
    if (value := read_listing_row_leniently(text.encode("utf-8", "replace"))) is not None:
        return value
    with suppress(ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        if len(text) <= _MOST_LITERAL:
            return ast.literal_eval(text)
    return Unreadable.CELL


def _read_parents_cell(cell: Any) -> Any:
    """Take the struct of a model without parents, which has no list, for none."""
    cell = _read_object_cell(cell)
    if isinstance(cell, list):  # the parents alone
        cell = {"models": cell}
    models = cell.get("models") if isinstance(cell, dict) else None
    if models is None:
        return None if isinstance(cell, dict) else cell
    if isinstance(models, list):
        return {**cell, "models": [_read_parent_cell(parent) for parent in models]}
    return cell


def _read_parent_cell(parent: Any) -> Any:
    parent = _read_dump_part_cell(parent)
    if isinstance(parent, str):
        return {ID: parent}
    is_keyed = isinstance(parent, dict) and KEY in parent
    return (
        {**parent, KEY: _read_dump_key_cell(parent[KEY]), ID: _read_text_cell(parent.get(ID))}
        if is_keyed
        else parent
    )


def _read_gated_cell(cell: Any) -> Any:
    """Read `gated`: a flag, or how access is granted."""
    if isinstance(cell, str) and cell.strip().lower() not in _FLAGS:
        return cell.strip().lower()
    return _read_flag_cell(cell)


def _read_flag_cell(cell: Any) -> Any:
    """Read a flag, as a number or text too: one gap makes many writers store those."""
    if isinstance(cell, float) and math.isnan(cell):
        return None
    return _FLAGS.get(str(cell).strip().lower(), Unreadable.CELL)


def _read_dump_key_cell(cell: Any) -> Any:
    """Spell a key as the Hub does: in lower case; an ObjectId is the bytes of its digits."""
    if isinstance(cell, bytes) and len(cell) == KEY_LENGTH // 2:
        return cell.hex()
    text = _read_text_cell(cell)
    return text.lower() if isinstance(text, str) else text


def _read_weights_cell(cell: Any) -> Any:
    """Read numbers of parameters; a writer with one column a type has a gap for most of them."""
    weights = _read_object_cell(cell)
    if not isinstance(weights, dict) or not isinstance(types := weights.get("parameters"), dict):
        return weights
    return weights | {"parameters": {name: it for name, it in types.items() if it is not None}}


def _read_text_cell(cell: Any) -> Any:
    if not isinstance(cell, bytes):
        return cell
    try:
        return cell.decode()
    except UnicodeDecodeError:
        return Unreadable.CELL


_READERS: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("createdAt", "lastModified"), _read_moment_cell),
    **dict.fromkeys(("downloads", "downloadsAllTime", "likes"), _read_number_cell),
    **dict.fromkeys(("cardData", "config"), _read_object_cell),
    **dict.fromkeys(("safetensors", "gguf"), _read_weights_cell),
    "baseModels": _read_parents_cell,
    "gated": _read_gated_cell,
    "private": _read_flag_cell,
    "tags": _read_tags_cell,
}


# Values of Arrow as values of Python


def _is_moment_dump_column(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def _read_moment_cells(column: pa.Array) -> list[Any]:
    """Return moments to the microsecond; one without a zone is in UTC."""
    try:
        return _read_value_cells(column.cast(options=_TO_MOMENT))
    except pa.ArrowInvalid:  # one of them lies beyond what microseconds can tell
        if len(column) == 1:
            return [Unreadable.CELL]
        return [
            cell for at in range(len(column)) for cell in _read_moment_cells(column.slice(at, 1))
        ]


def _read_value_cells(column: pa.Array) -> list[Any]:
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):  # broken UTF-8 is a ValueError too
        return [_read_value_cell(cell) for cell in column]
    return values


def _read_value_cell(cell: pa.Scalar) -> Any:
    try:
        return cell.as_py()
    except (ValueError, OverflowError):
        return Unreadable.CELL
