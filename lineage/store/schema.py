"""Every table of a snapshot, column by column; docs/data.md describes them for readers.

Plain Parquet: no Arrow dictionary types, timestamps in microseconds UTC, so that DuckDB, pandas,
Polars and Spark read it without us.
"""

from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa

from lineage.domain.claims import RELATIONS, STRENGTHS
from lineage.domain.records import Availability

# Two names of one thing would be two columns for ever: what readers outside know is never renamed
# without a new version, and former_schemas.py says what it was.
VERSION = 6
"""Raised whenever a reader of the version before could misread a file."""

MODELS_FILE = "models.parquet"
METRICS_FILE = "metrics.parquet"
EVIDENCE_FILE = "evidence.parquet"
EDGES_FILE = "edges.parquet"
COUNTS_FILE = "counts.parquet"
NAMES_FILE = "names.parquet"
TOMBSTONES_FILE = "tombstones.parquet"
ABSENCES_FILE = "absences.parquet"
BAD_ROWS_FILE = "bad_rows.parquet"
TRENDS_FILE = "trends.parquet"

_MOMENT = pa.timestamp("us", tz="UTC")

MODELS = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        ("author", pa.string()),
        ("created_at", _MOMENT),
        ("modified_at", _MOMENT),
        ("license", pa.string()),
        ("license_name", pa.string()),
        ("license_link", pa.string()),
        ("library", pa.string()),
        ("pipeline", pa.string()),
        ("model_type", pa.string()),
        ("config_name_or_path", pa.string()),
        ("tags", pa.list_(pa.string())),
        ("gated", pa.string()),
        ("sha", pa.string()),
        ("parameters", pa.int64()),
    ]
)

METRICS = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        ("downloads", pa.int64()),
        ("downloads_all_time", pa.int64()),
        ("likes", pa.int64()),
    ]
)

EVIDENCE = pa.schema(
    [
        pa.field("child_key", pa.string(), nullable=False),
        ("parent_key", pa.string()),
        pa.field("parent_as_written", pa.string(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        ("relation", pa.string()),
        ("quote", pa.string()),
    ]
)

EDGES = pa.schema(
    [
        pa.field("child_key", pa.string(), nullable=False),
        pa.field("child", pa.string(), nullable=False),
        pa.field("parent_key", pa.string(), nullable=False),
        pa.field("parent", pa.string(), nullable=False),
        pa.field("relation", pa.string(), nullable=False),
        pa.field("strength", pa.string(), nullable=False),
        pa.field("rules", pa.list_(pa.string()), nullable=False),
        pa.field("child_node", pa.int32(), nullable=False),
        pa.field("parent_node", pa.int32(), nullable=False),
    ]
)

COUNTS = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("node", pa.int32(), nullable=False),
        pa.field("direct", pa.int64(), nullable=False),
        pa.field("total", pa.int64(), nullable=False),
        *(pa.field(relation.value, pa.int64(), nullable=False) for relation in RELATIONS),
        pa.field("undated", pa.int64(), nullable=False),
    ]
)

NAMES = pa.schema(
    [
        pa.field("name", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
    ]
)

TOMBSTONES = pa.schema(
    [
        *MODELS,
        *(field for field in METRICS if field.name != "key"),
        pa.field("last_seen_in", pa.string(), nullable=False),
        pa.field("missed_at", _MOMENT, nullable=False),
        ("standing", pa.string()),
        ("hub_status", pa.int32()),
        ("asked_at", _MOMENT),
    ]
)

ABSENCES = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("missed_at", _MOMENT, nullable=False),
        pa.field("back_at", _MOMENT, nullable=False),
        pa.field("last_seen_in", pa.string(), nullable=False),
    ]
)

BAD_ROWS = pa.schema(
    [
        ("key", pa.string()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("raw", pa.string(), nullable=False),
        pa.field("request", pa.string(), nullable=False),
    ]
)

TRENDS = pa.schema(
    [
        pa.field("family", pa.string(), nullable=False),
        pa.field("of", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        ("key", pa.string()),
        ("month", pa.string()),
        pa.field("total", pa.int64(), nullable=False),
        *(pa.field(relation.value, pa.int64(), nullable=False) for relation in RELATIONS),
        pa.field("gone", pa.int64(), nullable=False),
        pa.field("authors", pa.int64(), nullable=False),
        pa.field("definition", pa.string(), nullable=False),
        pa.field("registry", pa.string(), nullable=False),
        pa.field("overlay", pa.string(), nullable=False),
    ]
)

TABLES: Mapping[str, pa.Schema] = {
    MODELS_FILE: MODELS,
    METRICS_FILE: METRICS,
    EVIDENCE_FILE: EVIDENCE,
    EDGES_FILE: EDGES,
    COUNTS_FILE: COUNTS,
    NAMES_FILE: NAMES,
    TOMBSTONES_FILE: TOMBSTONES,
    ABSENCES_FILE: ABSENCES,
    BAD_ROWS_FILE: BAD_ROWS,
    TRENDS_FILE: TRENDS,
}


def with_absent_columns(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return the wanted columns of tombstones; what an older version had not is not known."""
    for name in set(names) - set(table.schema.names):
        field = TOMBSTONES.field(name)
        table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table.select(names)


CHANGED_FILE = "changed.parquet"

CHANGED = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("record", pa.bool_(), nullable=False),
        pa.field("claims", pa.bool_(), nullable=False),
        ("row", pa.int64()),
    ]
)

KEYS: Mapping[str, str] = {MODELS_FILE: "key", METRICS_FILE: "key", EVIDENCE_FILE: "child_key"}
"""The tables whose changes name the models they are about, by the column that has their keys."""

PLACE, REPLACES = "place", "replaces"
IDENTITIES: Mapping[str, Sequence[str]] = {
    EDGES_FILE: ("child_key", "parent_key"),
    COUNTS_FILE: ("key", "id"),
    TOMBSTONES_FILE: ("key",),
}
"""The tables whose changes name the rows of the base that they replace, by what a row is about."""

CHANGES: Mapping[str, str] = {
    name: f"{name.partition('.')[0]}.changes.parquet" for name in (*KEYS, *IDENTITIES)
}
"""Where a snapshot that builds on another keeps what changed of a table."""


def _changed_rows_table_schema(file: str) -> pa.Schema:
    """Return the table of changed rows: of one that is no more only the identity is filled."""
    identity = IDENTITIES[file]
    fields = [field.with_nullable(field.name not in identity) for field in TABLES[file]]
    return pa.schema([*fields, (PLACE, pa.int64()), (REPLACES, pa.int64())])


UPDATE_TABLES: Mapping[str, pa.Schema] = {
    **{CHANGES.get(name, name): table for name, table in TABLES.items()},
    **{
        CHANGES[name]: TABLES[name].append(pa.field(PLACE, pa.int64(), nullable=False))
        for name in (MODELS_FILE, EVIDENCE_FILE)
    },
    **{CHANGES[name]: _changed_rows_table_schema(name) for name in IDENTITIES},
    CHANGED_FILE: CHANGED,
}
"""The tables of a snapshot that builds on another, where it keeps changes alone of all it can."""

ALL_TABLES: Mapping[str, pa.Schema] = {**TABLES, **UPDATE_TABLES}

WORDS: Mapping[tuple[str, str], Collection[str]] = {
    **{
        (file, column): words
        for file in (EDGES_FILE, CHANGES[EDGES_FILE])
        for column, words in (("relation", RELATIONS), ("strength", STRENGTHS))
    },
    **{
        (file, "standing"): tuple(Availability)
        for file in (TOMBSTONES_FILE, CHANGES[TOMBSTONES_FILE])
    },
}
"""The only words that some columns hold, by table and column."""

RISING = frozenset({PLACE, REPLACES, "row"})
"""Numbers of rows that mostly rise: stored as steps."""

READ_BY_HUNDREDS = frozenset({TRENDS_FILE})
"""Small files that one question reads of every snapshot: snappy, as zstd takes twice the time."""

UNREPEATED = frozenset(
    {
        *RISING,
        "key",
        "id",
        "author",
        "created_at",
        "modified_at",
        "sha",
        "tags.list.element",
        "child_key",
        "child",
        "quote",
        "raw",
    }
)
"""Columns for which a Parquet dictionary only costs time: zstd finds what little repeats."""
