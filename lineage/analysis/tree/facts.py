"""What the snapshot knows of each row of a forest, as columns: dates, licenses, counters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.tree.forest import Forest
from lineage.domain.arrays import Floats, Nodes, Positions
from lineage.domain.moments import end_of
from lineage.store import schema
from lineage.store.reader import Snapshot

DATES = ("created_at", "modified_at")
MISSED, LAST_SEEN = "missed_at", "last_seen_in"
"""What is known of the gone alone: the first listing without it, the last snapshot with it."""
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
    """Place of the word plus one; 0 where nobody says."""


@dataclass(frozen=True, slots=True)
class ForestFacts:
    """One element a row; what has no record has nothing."""

    dates: Mapping[str, Nodes]
    """By column: days since 1970 plus one; 0 where unknown."""
    words: Mapping[str, Coded]
    numbers: Mapping[str, Floats]
    """By column: the number plus one; 0 where unknown."""


def facts_of(snapshot: Snapshot, forest: Forest, as_of: date | None = None) -> ForestFacts:
    """Read what the snapshot knows of every row with a record, of the gone as it was last.

    Who was missed after the day `as_of` was there on it, and is not told of as gone.
    """
    here = np.flatnonzero((forest.node >= 0) & (forest.node < snapshot.records))
    nodes, size = pa.array(forest.node[here]), len(forest)

    def column(name: str, file: str) -> pa.ChunkedArray:
        return snapshot.record_column(name, file).take(nodes)

    models, metrics = schema.MODELS_FILE, schema.METRICS_FILE
    gone, missed, seen = _gone(snapshot, forest, as_of)
    return ForestFacts(
        {name: _days(column(name, models), here, size) for name in DATES}
        | {MISSED: _days(missed, gone, size)},
        {name: _coded(column(name, models), here, size) for name in WORDS}
        | {LAST_SEEN: _coded(seen, gone, size)},
        {name: _numbers(column(name, metrics), here, size) for name in NUMBERS},
    )


def _gone(
    snapshot: Snapshot, forest: Forest, as_of: date | None
) -> tuple[Positions, pa.ChunkedArray, pa.ChunkedArray]:
    """Return the rows that are gone, when each was missed, and where it was seen last."""
    listed = snapshot.manifest.models
    rows = np.flatnonzero((forest.node >= listed) & (forest.node < snapshot.records))
    table = snapshot.tombstones([MISSED, LAST_SEEN]).take(pa.array(forest.node[rows] - listed))
    if as_of is not None:
        missed = pc.less(table[MISSED], end_of(as_of))
        rows, table = rows[np.array(missed, np.bool_)], table.filter(missed)
    return rows, table[MISSED], table[LAST_SEEN]


def _days(column: pa.ChunkedArray, here: Positions, size: int) -> Nodes:
    days = np.zeros(size, np.int32)
    since = column.cast(pa.timestamp("us")).cast(pa.date32(), safe=False).cast(pa.int32())
    # A day before 1970 is none that a model can have.
    days[here] = np.maximum(pc.fill_null(since, -1).to_numpy() + 1, 0)
    return days


def _numbers(column: pa.ChunkedArray, here: Positions, size: int) -> Floats:
    numbers = np.zeros(size, np.float64)
    numbers[here] = np.maximum(pc.fill_null(column, -1).to_numpy() + 1, 0)
    return numbers


def _coded(column: pa.ChunkedArray, here: Positions, size: int) -> Coded:
    counted = column.drop_null().value_counts().to_pylist()
    words = [one["values"] for one in sorted(counted, key=lambda it: (-it["counts"], it["values"]))]
    code = np.zeros(size, np.int32)
    places = pc.index_in(column, value_set=pa.array(words, pa.string()))
    code[here] = pc.fill_null(places, -1).to_numpy() + 1
    return Coded(words, code)
