"""Which models a question counts: the graph under a definition, cut to what is reached."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.scope import Scope
from lineage.domain.arrays import Codes, Mask, Nodes
from lineage.domain.claims import RELATIONS, Relation
from lineage.domain.clock import end_of
from lineage.domain.definitions import Closure, Definition
from lineage.graph import reach
from lineage.store import schema
from lineage.store.reader import EdgeColumns, Snapshot


@dataclass(frozen=True, slots=True)
class Members:
    """The models counted below some roots, and the edges they were counted by."""

    edges: EdgeColumns
    """After relations and strengths that the definition leaves out are removed."""
    nodes: int
    """How many nodes the graph has."""
    reached: Mask
    """All that lies below, counted or only passed through; a root may be among it."""
    counted: Mask
    direct: Mask
    """The counted ones right below a root."""


def members_below(scope: Scope, roots: Nodes) -> Members:
    """Return the models below the roots: distinct, with a record, none of them a root."""
    edges, nodes = scope.edges, scope.nodes
    direct = reach.direct_below(edges.child, edges.parent, nodes, roots)
    all_below = (
        direct
        if scope.definition.closure is Closure.DIRECT
        else reach.find_below(edges.child, edges.parent, nodes, roots)
    )
    countable_nodes = np.zeros(nodes, np.bool_)
    countable_nodes[: scope.snapshot.records] = find_countable(scope)
    countable_nodes[roots] = False
    counted = all_below & countable_nodes
    return Members(edges, nodes, all_below, counted, direct & countable_nodes)


def find_countable(scope: Scope) -> Mask:
    """Mark the models with a record, listed or deleted, that a definition counts where met."""
    mask = _mark_present(scope.snapshot, scope.definition)
    if (day := scope.definition.as_of) is not None:
        mask &= _known_by(scope.snapshot, end_of(day))
    if least := scope.definition.min_downloads:
        downloads = scope.snapshot.record_column("downloads", schema.METRICS_FILE)
        # An unknown number of downloads is not known to be high enough.
        mask &= _to_mask(pc.greater_equal(downloads, least))
    return mask


def _mark_present(snapshot: Snapshot, definition: Definition) -> Mask:
    """Mark the models not found missing; of a snapshot taken after the day, some were later."""
    mask = np.ones(snapshot.records, np.bool_)
    if definition.deleted:
        return mask
    day = definition.as_of
    if snapshot.manifest.tombstones:
        missed_at = snapshot.tombstones(["missed_at"])["missed_at"]
        mask[snapshot.manifest.models :] = (
            False if day is None else _to_mask(pc.greater_equal(missed_at, end_of(day)))
        )
    if day is not None and (away := find_absent(snapshot, end_of(day))):
        keys = snapshot.record_column("key")
        mask &= ~_to_mask(pc.is_in(keys, value_set=pa.array(away, pa.string())))
    return mask


def find_absent(snapshot: Snapshot, moment: datetime) -> list[str]:
    """Return the keys of models that were absent at a moment and came back after it."""
    over = snapshot.absences()
    missed = pc.less(over["missed_at"], moment)
    away = over.filter(pc.and_(missed, pc.greater_equal(over["back_at"], moment)))
    keys: list[str] = away["key"].to_pylist()
    return keys


def _known_by(snapshot: Snapshot, moment: datetime) -> Mask:
    """Mark models created before a moment; the undated count from when they were first seen."""
    created = snapshot.record_column("created_at")
    was_taken = snapshot.manifest.origin.taken_at < moment
    return _to_mask(pc.fill_null(pc.less(created, moment), was_taken))


def _to_mask(condition: pa.ChunkedArray) -> Mask:
    mask: Mask = np.array(pc.fill_null(condition, False), np.bool_)
    return mask


def relation_of(edges: EdgeColumns, nodes: int) -> Codes:
    """Return each node's relation: an edge carries that of its child."""
    relation = np.full(nodes, Relation.UNSPECIFIED.code, np.int8)
    relation[edges.child] = edges.relation
    return relation


def count_by_relation(members: Members, which: Mask) -> dict[Relation, int]:
    """Count models by their own relation; relations without any are left out."""
    codes = relation_of(members.edges, members.nodes)[which]
    numbers = np.bincount(codes, minlength=len(RELATIONS)).tolist()
    return {relation: n for relation, n in zip(RELATIONS, numbers, strict=True) if n}


def count_undated(snapshot: Snapshot, which: Mask) -> int:
    """Count the models without a known creation date."""
    return int(unknown_dates(snapshot)[which[: snapshot.records]].sum())


def unknown_dates(snapshot: Snapshot) -> Mask:
    """Say which models with a record have no known creation date."""
    return _to_mask(snapshot.record_column("created_at").is_null())
