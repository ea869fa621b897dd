"""Which models a question counts: the graph under a definition, cut to what is reached."""

from datetime import datetime
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.scope import Scope
from lineage.domain.arrays import Codes, Mask, Nodes
from lineage.domain.claims import RELATIONS, Relation
from lineage.domain.clock import end_of_day_utc
from lineage.domain.definitions import Closure, Definition
from lineage.graph import reach
from lineage.store import schema
from lineage.store.reader import EdgeColumns, Snapshot


class Members(NamedTuple):
    """The models counted below some roots, and the edges they were counted by."""

    edges: EdgeColumns
    """After relations and strengths that the definition leaves out are removed."""
    nodes: int
    """How many nodes the graph has."""
    reached: Mask
    """All that lies below, counted or only passed through; a root may be among it."""
    counted: Mask
    possible: Mask
    """The counted, and the undated that may have existed on the day of the question."""
    direct: Mask
    """The counted ones right below a root."""

    def members_among(self, some: Mask) -> "Members":
        """Return those of them that are among some nodes, on the same edges."""
        return self._replace(
            counted=self.counted & some,
            possible=self.possible & some,
            direct=self.direct & some,
        )


class Countable(NamedTuple):
    """The models with a record, listed or deleted, that a definition counts where it meets them."""

    surely: Mask
    possibly: Mask
    """And the undated that may have existed on the day of the question."""


def members_below(scope: Scope, roots: Nodes) -> Members:
    """Return the models below the roots: distinct, with a record, none of them a root."""
    edges, nodes = scope.edges, scope.nodes
    direct = reach.find_direct_below(edges.child, edges.parent, nodes, roots)
    all_below = direct if scope.definition.closure is Closure.DIRECT else scope.find_below(roots)
    countable = find_countable(scope)
    counted = possible = _mark_member_nodes(countable.surely, all_below, roots)
    if countable.possibly is not countable.surely:
        possible = _mark_member_nodes(countable.possibly, all_below, roots)
    return Members(edges, nodes, all_below, counted, possible, direct & counted)


def _mark_member_nodes(countable: Mask, below: Mask, roots: Nodes) -> Mask:
    # A node without a record has neither date nor license: paths lead through it, none counts it.
    mask = below.copy()
    mask[len(countable) :] = False
    mask[: len(countable)] &= countable
    mask[roots] = False
    return mask


def find_countable(scope: Scope) -> Countable:
    """Return which models a definition counts where it meets them."""
    snapshot, definition = scope.snapshot, scope.definition
    mask = _mark_countable_models(snapshot, definition)
    if least := definition.min_downloads:
        downloads = snapshot.record_column("downloads", schema.METRICS_FILE)
        # An unknown number of downloads is not known to be high enough.
        mask &= _make_member_mask(pc.greater_equal(downloads, least))
    if (day := definition.as_of) is None:
        return Countable(mask, mask)
    created = snapshot.record_column("created_at")
    possibly = mask & _make_member_mask(pc.fill_null(pc.less(created, end_of_day_utc(day)), True))
    # A model in a snapshot of that day existed then, with a date or without.
    if snapshot.manifest.origin.taken_at < end_of_day_utc(day):
        return Countable(possibly, possibly)
    return Countable(possibly & ~find_members_without_date(snapshot), possibly)


def _mark_countable_models(snapshot: Snapshot, definition: Definition) -> Mask:
    """Mark the models not found missing; of a snapshot taken after the day, some were later."""
    mask = np.ones(snapshot.records, np.bool_)
    if definition.deleted:
        return mask
    day = definition.as_of
    if snapshot.manifest.tombstones:
        missed_at = snapshot.tombstones(["missed_at"])["missed_at"]
        mask[snapshot.manifest.models :] = (
            False
            if day is None
            else _make_member_mask(pc.greater_equal(missed_at, end_of_day_utc(day)))
        )
    if day is not None and (away := find_members_absent_at(snapshot, end_of_day_utc(day))):
        keys = snapshot.record_column("key")
        mask &= ~_make_member_mask(pc.is_in(keys, value_set=pa.array(away, pa.string())))
    return mask


def find_members_absent_at(snapshot: Snapshot, moment: datetime) -> list[str]:
    """Return the keys of models that were absent at a moment and came back after it."""
    over = snapshot.absences()
    missed = pc.less(over["missed_at"], moment)
    away = over.filter(pc.and_(missed, pc.greater_equal(over["back_at"], moment)))
    keys: list[str] = away["key"].to_pylist()
    return keys


def _make_member_mask(condition: pa.ChunkedArray) -> Mask:
    mask: Mask = np.array(pc.fill_null(condition, False), np.bool_)
    return mask


def relations_of_members(edges: EdgeColumns, nodes: int) -> Codes:
    """Return each node's relation: an edge carries that of its child."""
    relation = np.full(nodes, Relation.UNSPECIFIED.code, np.int8)
    relation[edges.child] = edges.relation
    return relation


def count_by_relation(members: Members, which: Mask) -> dict[Relation, int]:
    """Count models by their own relation; relations without any are left out."""
    codes = relations_of_members(members.edges, members.nodes)[which]
    numbers = np.bincount(codes, minlength=len(RELATIONS)).tolist()
    return {relation: n for relation, n in zip(RELATIONS, numbers, strict=True) if n}


def count_undated(snapshot: Snapshot, which: Mask) -> int:
    """Count the models without a known creation date."""
    return int(find_members_without_date(snapshot)[which[: snapshot.records]].sum())


def find_members_without_date(snapshot: Snapshot) -> Mask:
    """Say which models with a record have no known creation date."""
    return _make_member_mask(snapshot.record_column("created_at").is_null())
