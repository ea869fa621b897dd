"""What the snapshot knows of each row of a forest, as columns: dates, licenses, counters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.forest.forest import Forest
from lineage.store import schema
from lineage.store.snapshot import Snapshot

DATES = ("created_at", "modified_at")
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
    code: npt.NDArray[np.int32]
    """Place of the word plus one; 0 where nobody says."""


@dataclass(frozen=True, slots=True)
class ForestFacts:
    """One element a row; what is no listed model has nothing."""

    dates: Mapping[str, npt.NDArray[np.int32]]
    """By column: days since 1970 plus one; 0 where unknown."""
    words: Mapping[str, Coded]
    numbers: Mapping[str, npt.NDArray[np.float64]]
    """By column: the number plus one; 0 where unknown."""


def facts_of(snapshot: Snapshot, forest: Forest) -> ForestFacts:
    """Read what the snapshot knows of every listed row."""
    here = np.flatnonzero((forest.node >= 0) & (forest.node < snapshot.manifest.models))
    nodes = pa.array(forest.node[here])
    models = snapshot.table(schema.MODELS_FILE, [*DATES, *WORDS]).take(nodes)
    metrics = snapshot.table(schema.METRICS_FILE, list(NUMBERS)).take(nodes)
    size = len(forest)
    return ForestFacts(
        {name: _days(models[name], here, size) for name in DATES},
        {name: _coded(models[name], here, size) for name in WORDS},
        {name: _numbers(metrics[name], here, size) for name in NUMBERS},
    )


def _days(column: pa.ChunkedArray, here: npt.NDArray[np.intp], size: int) -> npt.NDArray[np.int32]:
    days = np.zeros(size, np.int32)
    since = column.cast(pa.timestamp("us")).cast(pa.date32(), safe=False).cast(pa.int32())
    # A day before 1970 is none that a model can have.
    days[here] = np.maximum(pc.fill_null(since, -1).to_numpy() + 1, 0)
    return days


def _numbers(
    column: pa.ChunkedArray, here: npt.NDArray[np.intp], size: int
) -> npt.NDArray[np.float64]:
    numbers = np.zeros(size, np.float64)
    numbers[here] = np.maximum(pc.fill_null(column, -1).to_numpy() + 1, 0)
    return numbers


def _coded(column: pa.ChunkedArray, here: npt.NDArray[np.intp], size: int) -> Coded:
    counted = column.drop_null().value_counts().to_pylist()
    words = [one["values"] for one in sorted(counted, key=lambda it: (-it["counts"], it["values"]))]
    code = np.zeros(size, np.int32)
    places = pc.index_in(column, value_set=pa.array(words, pa.string()))
    code[here] = pc.fill_null(places, -1).to_numpy() + 1
    return Coded(words, code)
