"""All that a snapshot knows of one model: its record, names, counts, deletion and verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.counts import count_subject
from lineage.analysis.documents import count_document
from lineage.analysis.results import Count
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import ModelNode, ResolvedSubject
from lineage.analysis.traces import trace_model
from lineage.analysis.verdicts import Trace, explain_trace
from lineage.domain.documents import Document, convert_to_document
from lineage.domain.families import Family
from lineage.store import schema


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """One model as a snapshot knows it."""

    subject: str
    """As it was asked."""
    id: str
    """Its name now."""
    key: str
    snapshot: str
    record: Mapping[str, Any] | None
    """The columns of `models` and `metrics`; None where others name it and it is not listed."""
    former_names: tuple[str, ...]
    count: Count
    trace: Trace


def describe_model(scope: Scope, subject: ResolvedSubject, family: Family) -> ModelDescription:
    """Return what a snapshot knows of a model, with its verdict on a family."""
    assert subject.model is not None
    model, snapshot = subject.model, scope.snapshot
    names = snapshot.former_names()
    former = names.filter(pc.equal(names["key"], model.key))["name"].to_pylist()
    return ModelDescription(
        subject=subject.spelling,
        id=model.id,
        key=model.key,
        snapshot=snapshot.id,
        record=_read_record_to_describe(scope, model),
        former_names=tuple(sorted({*former} - {model.id})),
        count=count_subject(scope, subject),
        trace=trace_model(scope, model.id, family),
    )


def _read_record_to_describe(scope: Scope, model: ModelNode) -> Mapping[str, Any] | None:
    snapshot = scope.snapshot
    columns = [*schema.MODELS.names, *(it for it in schema.METRICS.names if it != "key")]
    if model.node >= snapshot.records:
        return None
    if model.node >= snapshot.manifest.models:
        deleted = snapshot.tombstones(columns)
        rows = deleted.slice(model.node - snapshot.manifest.models, 1).to_pylist()
    else:
        key = pa.array([model.key])
        parts = [
            snapshot.tables.rows_of(file, "key", key).to_pylist()
            for file in (schema.MODELS_FILE, schema.METRICS_FILE)
        ]
        rows = [{**record, **metrics} for record, metrics in zip(*parts, strict=True)]
    return {name: rows[0].get(name) for name in columns if name not in ("key", "id")}


def model_document(model: ModelDescription) -> Document:
    """Return a model's record with counts and verdict as they stand in their own documents."""
    trace = model.trace
    deletion = None if trace.deletion is None else convert_to_document(trace.deletion)
    availability = None if deletion is None else deletion.pop("asked")
    return {
        "subject": model.subject,
        "id": model.id,
        "key": model.key,
        "snapshot": model.snapshot,
        "origin": trace.origin.value,
        "deleted": deletion is not None,
        "deletion": deletion,
        "availability": availability,
        "record": convert_to_document(model.record),
        "former_names": list(model.former_names),
        "counts": count_document(model.count),
        "verdict": {
            "family": trace.family,
            "descends": trace.descends,
            "reason": trace.reason.value,
            "explanation": explain_trace(trace),
            "roots": convert_to_document(trace.roots),
            "itself": convert_to_document(trace.itself),
        },
    }
