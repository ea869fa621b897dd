"""Which models a count counts, one by one: in the order of the snapshot's rows, page by page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.members import relations_of_members
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import ResolvedSubject, select_members
from lineage.domain.arrays import Codes, Mask, Nodes, Positions
from lineage.domain.claims import RELATIONS, STRENGTHS, Relation, Strength
from lineage.graph.reach import mark_nodes
from lineage.store import schema


@dataclass(frozen=True, slots=True)
class Derivative:
    """One model that a count counts."""

    id: str
    key: str
    direct: bool
    """Whether it lies right below a root."""
    relation: Relation
    strength: Strength
    """Of the strongest of its edges to what lies above it here."""
    created_at: datetime | None
    downloads: int | None
    deleted: bool


@dataclass(frozen=True, slots=True)
class Derivatives:
    """All models that a count counts, one element each, in the order of their nodes."""

    nodes: Nodes
    direct: Mask
    relation: Codes
    strength: Codes

    def __len__(self) -> int:
        return len(self.nodes)


def find_derivatives(scope: Scope, subject: ResolvedSubject) -> Derivatives:
    """Find exactly the models that the count of a subject counts, by the scope's definition."""
    selection = select_members(scope, subject)
    members = selection.members
    edges, counted = members.edges, members.counted
    above = members.reached | mark_nodes(members.nodes, selection.roots)
    on_path = counted[edges.child] & above[edges.parent]
    strength = np.zeros(members.nodes, np.int8)
    np.maximum.at(strength, edges.child[on_path], edges.strength[on_path])
    nodes = np.flatnonzero(counted).astype(np.int32)
    return Derivatives(
        nodes,
        members.direct[nodes],
        relations_of_members(edges, members.nodes)[nodes],
        strength[nodes],
    )


def read_derivatives(
    scope: Scope, derivatives: Derivatives, places: Sequence[int]
) -> Iterator[Derivative]:
    """Yield the models at some places of a list, in the order asked."""
    snapshot = scope.snapshot
    at = np.array(places, np.int64)
    nodes = pa.array(derivatives.nodes[at])
    columns = (
        *(snapshot.record_column(name).take(nodes) for name in ("id", "key", "created_at")),
        snapshot.record_column("downloads", schema.METRICS_FILE).take(nodes),
    )
    codes = (derivatives.direct, derivatives.relation, derivatives.strength, derivatives.nodes)
    facts = zip(*(column[at].tolist() for column in codes), strict=True)
    rows = zip(*(column.to_pylist() for column in columns), facts, strict=True)
    for id, key, created, downloads, (direct, relation, strength, node) in rows:
        deleted = node >= snapshot.manifest.models
        words = RELATIONS[relation], STRENGTHS[strength]
        yield Derivative(id, key, direct, *words, created, downloads, deleted)


class DerivativeOrder(StrEnum):
    """What a list can be sorted by."""

    NAME = "name"
    CREATED = "created"
    DOWNLOADS = "downloads"
    RELATION = "relation"


def filter_and_rank_derivatives(
    scope: Scope,
    derivatives: Derivatives,
    order: DerivativeOrder,
    *,
    falls: bool = True,
    letters: str = "",
    relation: Relation | None = None,
) -> Positions:
    """Return the places of those that match, in an order; what is not known comes last."""
    snapshot = scope.snapshot
    chosen = np.ones(len(derivatives), np.bool_)
    if relation is not None:
        chosen &= derivatives.relation == relation.code
    nodes = pa.array(derivatives.nodes)
    if letters or order is DerivativeOrder.NAME:
        ids = snapshot.record_column("id").take(nodes).combine_chunks()
        if letters:
            chosen &= np.array(pc.match_substring(ids, letters, ignore_case=True), np.bool_)
    places: Positions = np.flatnonzero(chosen)
    match order:
        case DerivativeOrder.RELATION:
            values = pa.array(derivatives.relation[places])
        case DerivativeOrder.NAME:
            values = pc.utf8_lower(ids.take(pa.array(places)))
        case DerivativeOrder.CREATED:
            values = snapshot.record_column("created_at").take(nodes.take(pa.array(places)))
        case DerivativeOrder.DOWNLOADS:
            downloads = snapshot.record_column("downloads", schema.METRICS_FILE)
            values = downloads.take(nodes.take(pa.array(places)))
    table = pa.table({"missing": pc.is_null(values), "value": values, "place": places})
    # Among equals the snapshot's order: a page must not change between two looks.
    direction = "descending" if falls else "ascending"
    keys = [("missing", "ascending"), ("value", direction), ("place", "ascending")]
    sorted_places: Positions = places[pc.sort_indices(table, sort_keys=keys).to_numpy()]
    return sorted_places
