"""Snapshots of schema 1 to 5 in today's words: what they hold is translated where it is read."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.clock import UNKNOWN_CREATIONS
from lineage.store import schema

_Rows = TypeVar("_Rows", pa.Table, pa.RecordBatch)

_RENAMED = 4
"""The first schema with today's values."""

_WITH_WHOLE_TOMBSTONES = 3
_WITH_PARAMETERS = 5
_WITH_ROWS_OF_CHANGES = 6

KINDS: Mapping[str, str] = {"sweep": "full", "bulk": "dump"}
"""Today's names of the kinds of snapshots."""
_VALUES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    schema.EDGES_FILE: {
        "relation": {"unstated": "unspecified"},
        "strength": {"guessed": "inferred", "stated": "declared"},
    }
}
_COLUMNS: Mapping[str, Mapping[str, str]] = {
    schema.COUNTS_FILE: {"unspecified": "unstated"},
    schema.TRENDS_FILE: {"unspecified": "unstated"},
}
"""What a column was called, by its present name."""
_PHRASES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    schema.TRENDS_FILE: {"definition": ("stated or better", "declared or better")}
}


def stored_columns(file: str, columns: Sequence[str], version: int) -> list[str]:
    """Return what columns are called in a table of some schema."""
    names = _COLUMNS.get(file, {}) if version < _RENAMED else {}
    return [names.get(name, name) for name in columns]


def may_lack_table_columns(file: str, version: int) -> bool:
    """Say whether a table of some schema had fewer columns: tombstones without their records."""
    return file == schema.TOMBSTONES_FILE and version < _WITH_WHOLE_TOMBSTONES


def absent_table_columns(file: str, version: int) -> frozenset[str]:
    """Return the columns that a table of some schema had not: nothing is known of them."""
    changes = schema.CHANGES[schema.MODELS_FILE]
    absent: set[str] = set()
    if version < _WITH_ROWS_OF_CHANGES:
        absent |= {changes: {schema.PLACE}, schema.CHANGED_FILE: {"claims", "row"}}.get(file, set())
    if version < _WITH_PARAMETERS and file in {schema.MODELS_FILE, schema.TOMBSTONES_FILE, changes}:
        absent |= {"parameters"}
    return frozenset(absent)


def fill_absent_table_columns(
    file: str, rows: _Rows, columns: Sequence[str] | None, version: int
) -> _Rows:
    """Return rows with the columns that were asked for, empty where their schema had none."""
    names = list(schema.ALL_TABLES[file].names if columns is None else columns)
    absent = absent_table_columns(file, version)
    if absent.isdisjoint(names):
        return rows
    fields = [
        schema.ALL_TABLES[file].field(name) if name in absent else rows.schema.field(name)
        for name in names
        if name in absent or name in rows.schema.names
    ]
    arrays = [
        pa.nulls(rows.num_rows, field.type) if field.name in absent else rows[field.name]
        for field in fields
    ]
    return type(rows).from_arrays(arrays, schema=pa.schema(fields))


def translate_former_table_rows(file: str, rows: _Rows, version: int) -> _Rows:
    """Return rows of a table of some schema under today's column names and in today's values."""
    if version >= _RENAMED:  # nearly all: an old snapshot pays for its age, no other
        return rows
    present = {stored: name for name, stored in _COLUMNS.get(file, {}).items()}
    fields = [field.with_name(present.get(field.name, field.name)) for field in rows.schema]
    values, phrases = _VALUES.get(file, {}), _PHRASES.get(file, {})
    columns = list(rows.columns)
    for at, field in enumerate(fields):
        if field.name in values:
            columns[at] = _replace_former_values(columns[at], values[field.name])
        elif field.name in phrases:
            columns[at] = pc.replace_substring(columns[at], *phrases[field.name])
        elif field.name == "created_at":
            # Take the second half of the Hub's constant for no date, which was taken for one
            moments = columns[at]
            first, last = (pa.scalar(moment, moments.type) for moment in UNKNOWN_CREATIONS)
            is_unknown = pc.and_(pc.greater_equal(moments, first), pc.less(moments, last))
            columns[at] = pc.if_else(is_unknown, pa.scalar(None, moments.type), moments)
    return type(rows).from_arrays(columns, schema=pa.schema(fields))


def _replace_former_values(
    column: pa.Array | pa.ChunkedArray, values: Mapping[str, str]
) -> pa.Array | pa.ChunkedArray:
    if isinstance(column, pa.ChunkedArray):
        chunks = [_replace_former_values(chunk, values) for chunk in column.chunks]
        return pa.chunked_array(chunks, column.type)
    if isinstance(column, pa.DictionaryArray):
        words = _replace_former_values(column.dictionary, values)
        return pa.DictionaryArray.from_arrays(column.indices, words)
    for former, new in values.items():
        column = pc.if_else(pc.equal(column, former), new, column)
    return column
