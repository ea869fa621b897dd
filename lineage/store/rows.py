"""Records as the columns of the tables that hold them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from lineage.domain.records import ModelRecord
from lineage.store import schema

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AT = {name: at for at, name in enumerate(ModelRecord._fields)}
_MODELS_COLUMNS = [(_AT[field.name], field.type) for field in schema.MODELS]
_METRICS_COLUMNS = [
    (_AT[field.name], field.type) for field in schema.METRICS if field.name != "key"
]


def batches_of(records: Sequence[ModelRecord]) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Return some records as rows of the models and of the metrics."""
    columns = tuple(zip(*records, strict=True))
    models = pa.RecordBatch.from_arrays(_arrays(columns, _MODELS_COLUMNS), schema=schema.MODELS)
    metrics = [models["key"], *_arrays(columns, _METRICS_COLUMNS)]
    return models, pa.RecordBatch.from_arrays(metrics, schema=schema.METRICS)


def _arrays(
    columns: Sequence[Sequence[object]], kinds: Sequence[tuple[int, pa.DataType]]
) -> list[pa.Array]:
    return [_array(columns[at], kind) for at, kind in kinds]


def _array(column: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if not pa.types.is_timestamp(kind):
        return pa.array(column, kind)
    # As lengths of time since 1970: the same values, five times as fast as from aware datetimes.
    since = [None if moment is None else moment - _EPOCH for moment in column]
    return pa.array(since, pa.duration("us")).view(kind)
