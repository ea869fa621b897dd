"""Anomalies as plain documents with the names that scripts rely on; JSON and CSV spell them."""

from lineage.domain.anomalies import Anomalies, AnomaliesOfKind, Anomaly
from lineage.domain.documents import Document


def of_anomalies(odd: Anomalies) -> Document:
    """Return every kind that was looked for, its examples nested."""
    return {
        "snapshot": odd.snapshot,
        "family": odd.family,
        "bounds": {
            "burst_models": odd.bounds.burst_models,
            "burst_days": odd.bounds.burst_days,
            "many_parents": odd.bounds.many_parents,
        },
        "anomalies": [
            _of_kind(found)
            | {"meaning": found.meaning, "examples": [_of_one(one) for one in found.examples]}
            for found in odd.anomalies
        ],
    }


def rows_of_anomalies(odd: Anomalies) -> list[Document]:
    """Return a flat row for each example; a kind without any has a row for its number alone."""
    nobody: Document = {"size": None, "models": None, "detail": None}
    return [
        {"snapshot": odd.snapshot, "family": odd.family} | _of_kind(found) | row
        for found in odd.anomalies
        for row in [_row(one) for one in found.examples] or [nobody]
    ]


def _of_kind(found: AnomaliesOfKind) -> Document:
    return {
        "kind": found.kind.value,
        "severity": found.severity.value,
        "count": found.count,
    }


def _of_one(one: Anomaly) -> Document:
    return {"kind": one.kind.value, "severity": one.severity.value} | _row(one)


def _row(one: Anomaly) -> Document:
    return {"size": one.size, "models": list(one.models), "detail": one.detail}
