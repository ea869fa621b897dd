"""What the snapshot knows of each row of a tree, as columns: dates, licenses, counters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.tree.rows import TreeRows
from lineage.domain.arrays import Floats, Nodes, Positions
from lineage.domain.moments import end_of
from lineage.store import schema
from lineage.store.reader import Snapshot

DATES = ("created_at", "modified_at")
MISSED, LAST_SEEN = "missed_at", "last_seen_in"
"""Of deleted models alone: the first listing without it, the last snapshot with it."""
WORDS = (
    *("license", "license_name", "license_link", "library", "pipeline", "model_type"),
    *("config_name_or_path", "gated"),
)
NUMBERS = ("downloads", "downloads_all_time", "likes")


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of words as places in a list."""

    words: Sequence[str]
    """Each once, most frequent first."""
    code: Nodes
    """Place of the word plus one; 0 where it is unknown."""


@dataclass(frozen=True, slots=True)
class RowFacts:
    """One element a row; what has no record has nothing."""

    dates: Mapping[str, Nodes]
    """By column: days since 1970 plus one; 0 where unknown."""
    words: Mapping[str, Coded]
    numbers: Mapping[str, Floats]
    """By column: the number plus one; 0 where unknown."""


def read_row_facts(snapshot: Snapshot, forest: TreeRows, as_of: date | None = None) -> RowFacts:
    """Read what the snapshot knows of every row with a record, of deleted models the last.

    A model found missing after the day `as_of` was still listed on it, and is not marked deleted.
    """
    rows = np.flatnonzero((forest.node >= 0) & (forest.node < snapshot.records))
    nodes, size = pa.array(forest.node[rows]), len(forest)

    def read_column(name: str, file: str) -> pa.ChunkedArray:
        return snapshot.record_column(name, file).take(nodes)

    models, metrics = schema.MODELS_FILE, schema.METRICS_FILE
    deleted, missed, last_seen = _deleted_rows(snapshot, forest, as_of)
    return RowFacts(
        {name: _day_column(read_column(name, models), rows, size) for name in DATES}
        | {MISSED: _day_column(missed, deleted, size)},
        {name: _code_column(read_column(name, models), rows, size) for name in WORDS}
        | {LAST_SEEN: _code_column(last_seen, deleted, size)},
        {name: _number_column(read_column(name, metrics), rows, size) for name in NUMBERS},
    )


def _deleted_rows(
    snapshot: Snapshot, forest: TreeRows, as_of: date | None
) -> tuple[Positions, pa.ChunkedArray, pa.ChunkedArray]:
    """Return the rows of deleted models, when each was found missing, and seen last."""
    listed = snapshot.manifest.models
    rows = np.flatnonzero((forest.node >= listed) & (forest.node < snapshot.records))
    table = snapshot.tombstones([MISSED, LAST_SEEN]).take(pa.array(forest.node[rows] - listed))
    if as_of is not None:
        missed = pc.less(table[MISSED], end_of(as_of))
        rows, table = rows[np.array(missed, np.bool_)], table.filter(missed)
    return rows, table[MISSED], table[LAST_SEEN]


def _day_column(read_column: pa.ChunkedArray, rows: Positions, size: int) -> Nodes:
    days = np.zeros(size, np.int32)
    since = read_column.cast(pa.timestamp("us")).cast(pa.date32(), safe=False).cast(pa.int32())
    # A day before 1970 is none that a model can have.
    days[rows] = np.maximum(pc.fill_null(since, -1).to_numpy() + 1, 0)
    return days


def _number_column(read_column: pa.ChunkedArray, rows: Positions, size: int) -> Floats:
    numbers = np.zeros(size, np.float64)
    numbers[rows] = np.maximum(pc.fill_null(read_column, -1).to_numpy() + 1, 0)
    return numbers


def _code_column(read_column: pa.ChunkedArray, rows: Positions, size: int) -> Coded:
    counted = read_column.drop_null().value_counts().to_pylist()
    words = [
        each["values"] for each in sorted(counted, key=lambda it: (-it["counts"], it["values"]))
    ]
    code = np.zeros(size, np.int32)
    places = pc.index_in(read_column, value_set=pa.array(words, pa.string()))
    code[rows] = pc.fill_null(places, -1).to_numpy() + 1
    return Coded(words, code)
