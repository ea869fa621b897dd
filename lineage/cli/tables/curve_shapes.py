"""Curves as plain documents with the names that scripts rely on; JSON and CSV spell them."""

from lineage.analysis.growth import Curve, Moment, Point
from lineage.cli.tables.shapes import of_definition
from lineage.domain.claims import RELATIONS
from lineage.domain.documents import Document
from lineage.domain.moments import iso


def of_curve(curve: Curve) -> Document:
    """Return a curve with a point for each snapshot, its parts within."""
    points = []
    for at, moment in enumerate(curve.moments):
        point = _of_moment(moment) | _of_point(curve.whole.values[at])
        if curve.by is not None:
            point["groups"] = [
                {curve.by.value: part.key} | _of_point(part.values[at]) for part in curve.parts
            ]
        points.append(point)
    head: Document = {"base": curve.base, "id": curve.id, "key": curve.key}
    return head | {"definition": of_definition(curve.definition), "points": points}


def rows_of_curve(curve: Curve) -> list[Document]:
    """Return a flat row for each snapshot and part; without parts a row for each snapshot."""
    rows = []
    for at, moment in enumerate(curve.moments):
        head = {"base": curve.base, "id": curve.id, "key": curve.key} | _of_moment(moment)
        if curve.by is None:
            rows.append(head | _columns(curve.whole.values[at]))
            continue
        rows += [
            head | {curve.by.value: part.key} | _columns(part.values[at]) for part in curve.parts
        ]
    return rows


def _of_moment(moment: Moment) -> Document:
    return {
        "snapshot": moment.snapshot,
        "kind": moment.kind.value,
        "taken_at": iso(moment.taken_at),
        "registry": moment.registry,
        "stored": moment.stored,
    }


def _of_point(point: Point) -> Document:
    by_relation = {word.value: n for word, n in point.by_relation.items()}
    return _totals(point) | {"by_relation": by_relation}


def _columns(point: Point) -> Document:
    return _totals(point) | {one.value: point.by_relation.get(one, 0) for one in RELATIONS}


def _totals(point: Point) -> Document:
    return {
        "total": point.total,
        "new": point.new,
        "gone": point.gone,
        "known_gone": point.known_gone,
        "authors": point.authors,
    }
