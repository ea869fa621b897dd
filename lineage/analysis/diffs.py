"""What changed between two snapshots: models, edges, families, bases; and what deserves an alert.

The results are spelled as JSON as they are: their field names are what scripts rely on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.anomalies.rules import find_anomalies
from lineage.analysis.growth.subjects import count_families_in_scope
from lineage.analysis.scope import Scope, select_scope_edges
from lineage.domain.anomalies import Anomaly, AnomalyKind
from lineage.domain.arrays import Int64s, Mask, Positions
from lineage.domain.claims import Strength
from lineage.domain.documents import NAME
from lineage.domain.families import Family
from lineage.domain.opt_outs import count_opt_out_marks
from lineage.domain.records import Availability
from lineage.domain.repo_ids import NAME_PREFIX, STAND_IN
from lineage.graph.sorted_sets import mark_set_members, pack_node_pairs, sort_distinct_set
from lineage.store import schema
from lineage.store.reader import Snapshot, read_stored_availability

NO_NODE = -1


@dataclass(frozen=True, slots=True)
class NamedNodes:
    """Nodes with their keys and names: the listed models first, then all further ones."""

    keys: pa.StringArray
    ids: pa.StringArray
    listed: int

    @classmethod
    def nodes_named_in_diff(cls, snapshot: Snapshot) -> "NamedNodes":
        """Read the nodes of a snapshot, in order of their numbers."""
        bases = snapshot.table(schema.COUNTS_FILE, ["node", "key", "id"])
        unrecorded = bases.filter(pc.greater_equal(bases["node"], snapshot.records)).sort_by("node")
        keys, ids = (
            pa.chunked_array([*snapshot.record_column(name).chunks, *unrecorded[name].chunks])
            for name in ("key", "id")
        )
        return cls(keys.combine_chunks(), ids.combine_chunks(), snapshot.manifest.models)

    def are_listed(self) -> Mask:
        """Say of each node whether it is a listed model."""
        return np.arange(len(self.keys)) < self.listed


def match_compared_nodes(before: NamedNodes, after: NamedNodes) -> Int64s:
    """Return for each node before its node after, NO_NODE where there is none; one to one."""
    nodes_after: Int64s = _places_in_compared_snapshot(before.keys, after.keys)
    is_free = np.ones(len(after.keys), np.bool_)
    is_free[nodes_after[nodes_after != NO_NODE]] = False
    rows, free = np.flatnonzero(nodes_after == NO_NODE), np.flatnonzero(is_free)
    if not len(rows) or not len(free):
        return nodes_after
    by_name = _places_in_compared_snapshot(
        before.ids.take(pa.array(rows)), after.ids.take(pa.array(free))
    )
    has_match = by_name != NO_NODE
    rows, nodes = rows[has_match], free[by_name[has_match]]
    # A key that is not the Hub's own (a stand-in of a dump without `_id`, or `name:...` of an
    # unlisted model) says no more than a name. Two keys of the Hub under one name are two models.
    is_weak = _are_compared_by_name(before.keys)[rows] | _are_compared_by_name(after.keys)[nodes]
    rows, nodes = rows[is_weak], nodes[is_weak]
    # Two models may share a name: the first one, which is the listed one, is matched.
    first = np.unique(nodes, return_index=True)[1]
    nodes_after[rows[first]] = nodes[first]
    return nodes_after


def _places_in_compared_snapshot(values: pa.StringArray, value_set: pa.StringArray) -> Int64s:
    places = pc.fill_null(pc.index_in(values, value_set=value_set), NO_NODE)
    column: Int64s = places.to_numpy(zero_copy_only=False).astype(np.int64)
    return column


def _are_compared_by_name(keys: pa.StringArray) -> Mask:
    names = pc.or_(pc.starts_with(keys, NAME_PREFIX), pc.starts_with(keys, STAND_IN))
    mask: Mask = names.to_numpy(zero_copy_only=False)
    return mask


MOST_BASES = 10
"""So many bases that gained most are reported, and as many that lost most."""
MOST_BURSTS = 20


@dataclass(frozen=True, slots=True)
class Rename:
    """A model that has another name now."""

    before: str = field(metadata={NAME: "from"})
    now: str = field(metadata={NAME: "to"})


@dataclass(frozen=True, slots=True)
class Change:
    """One number in both snapshots; 0 where a snapshot does not know its subject."""

    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class FamilyChange:
    """The total of a family in both snapshots, and of each part of it that either has."""

    family: str
    before: int
    after: int
    releases: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """What one snapshot has that the other has not."""

    before: str
    """Id of the snapshot compared from."""
    after: str
    added: tuple[str, ...]
    """Ids of models that only the later one lists, sorted."""
    removed: tuple[str, ...]
    renamed: tuple[Rename, ...]
    edges_added: int
    edges_removed: int
    """Pairs of child and parent; a rename changes none."""
    families: tuple[FamilyChange, ...]
    """Mirrors and curated edges included, as `count` counts a family."""
    bases_gained: tuple[Change, ...]
    """Bases with more descendants than before, by the definition of stored counts; most first."""
    bases_lost: tuple[Change, ...]
    availability: Mapping[str, Availability] = field(default_factory=dict)
    """What the Hub answered about the removed, by their ids; empty for those not asked about."""
    parents_known: bool = True
    """Whether both snapshots know parents; else edges that come or go say nothing."""
    opted_out: int = 0
    """How many models the later snapshot is read without."""


class AlertKind(StrEnum):
    """What deserves an alert; the values are stable handles."""

    ROOT_VANISHED = "root_vanished"
    FAMILY_LOST = "family_lost"
    UPLOAD_BURST = "upload_burst"


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to look at."""

    kind: AlertKind
    about: str
    """The root, the family, or the parent of a burst. From the Hub, like the sentence: hostile."""
    says: str


def diff_snapshots(before: Snapshot, after: Snapshot, families: Sequence[Family]) -> Diff:
    """Compare two snapshots by key; today's families are counted in both."""
    old, new = NamedNodes.nodes_named_in_diff(before), NamedNodes.nodes_named_in_diff(after)
    node_after = match_compared_nodes(old, new)
    was_listed, is_listed = old.are_listed(), new.are_listed()
    stayed = np.flatnonzero(was_listed & (node_after != NO_NODE) & is_listed[node_after])
    appeared, vanished = is_listed.copy(), was_listed.copy()
    appeared[node_after[stayed]] = False
    vanished[stayed] = False
    removed = np.flatnonzero(vanished)
    edges_added, edges_removed = _count_edge_changes(before, after, node_after, len(new.keys))
    gained, shrunk = _compare_base_counts(before, after, old, new, node_after)
    keys, ids = (names.take(pa.array(removed)).to_pylist() for names in (old.keys, old.ids))
    by_key = read_stored_availability(after, keys) if keys else {}
    pairs = sorted(zip(ids, keys, strict=True))
    return Diff(
        before=before.id,
        after=after.id,
        added=_sort_diff_names(new, np.flatnonzero(appeared)),
        removed=_sort_diff_names(old, removed),
        renamed=_diff_renames(old, new, stayed, node_after[stayed]),
        edges_added=edges_added,
        edges_removed=edges_removed,
        families=tuple(_compare_family_counts(before, after, families)),
        bases_gained=gained,
        bases_lost=shrunk,
        availability={id: by_key[key] for id, key in pairs if key in by_key},
        parents_known=all(it.manifest.origin.parents_known for it in (before, after)),
        opted_out=count_opt_out_marks(after.manifest.left_out),
    )


def _sort_diff_names(nodes: NamedNodes, rows: Positions) -> tuple[str, ...]:
    return tuple(sorted(nodes.ids.take(pa.array(rows)).to_pylist()))


def _diff_renames(
    old: NamedNodes, new: NamedNodes, nodes_before: Int64s, nodes_after: Int64s
) -> tuple[Rename, ...]:
    before, after = old.ids.take(pa.array(nodes_before)), new.ids.take(pa.array(nodes_after))
    differ = pc.not_equal(before, after)
    names = zip(before.filter(differ).to_pylist(), after.filter(differ).to_pylist(), strict=True)
    return tuple(Rename(*pair) for pair in sorted(names))


def _count_edge_changes(
    before: Snapshot, after: Snapshot, node_after: Int64s, nodes: int
) -> tuple[int, int]:
    # A node without a match gets a number that no node has there, so its edges count as vanished.
    place = np.where(node_after == NO_NODE, nodes + np.arange(len(node_after)), node_after)
    # Inferred links come and go with names and rules: a number has them where they are asked for.
    old, new = (
        select_scope_edges(edges, edges.strength >= Strength.DECLARED.code)
        for edges in (before.edges(), after.edges())
    )
    pairs_before = sort_distinct_set(pack_node_pairs(place[old.child], place[old.parent]))
    pairs_after = sort_distinct_set(pack_node_pairs(new.child, new.parent))
    shared = int(mark_set_members(pairs_before, pairs_after).sum())
    return len(pairs_after) - shared, len(pairs_before) - shared


def _compare_family_counts(
    before: Snapshot, after: Snapshot, families: Sequence[Family]
) -> Iterator[FamilyChange]:
    totals_before, totals_after = (
        count_families_in_scope(Scope(snapshot, families)) for snapshot in (before, after)
    )
    for id, now in totals_after.items():
        then = totals_before[id]
        names = {**now.releases, **then.releases}
        releases = tuple(
            Change(name, then.releases.get(name, 0), now.releases.get(name, 0)) for name in names
        )
        yield FamilyChange(id, then.total, now.total, releases)


def _compare_base_counts(
    before: Snapshot, after: Snapshot, old: NamedNodes, new: NamedNodes, node_after: Int64s
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Return the bases that gained most, and those that lost most."""
    totals_before = _read_base_totals(before, len(old.keys))
    totals_after = _read_base_totals(after, len(new.keys))
    # One row for each node of the later snapshot, then one for each base that it does not have.
    matched = node_after != NO_NODE
    then = np.zeros(len(new.keys), np.int64)
    then[node_after[matched]] = totals_before[matched]
    vanished = np.flatnonzero(~matched & (totals_before > 0))
    ids = pa.concat_arrays([new.ids, old.ids.take(pa.array(vanished))])
    then = np.append(then, totals_before[vanished])
    now = np.append(totals_after, np.zeros(len(vanished), np.int64))
    # One sort serves both ends; stable, so that equal changes come in order of the node.
    order = np.argsort(then - now, kind="stable")
    gained = [row for row in order[:MOST_BASES] if now[row] > then[row]]
    shrunk = [row for row in order[::-1][:MOST_BASES] if now[row] < then[row]]

    def describe(rows: Sequence[np.int64]) -> tuple[Change, ...]:
        return tuple(Change(ids[int(row)].as_py(), int(then[row]), int(now[row])) for row in rows)

    return describe(gained), describe(shrunk)


def _read_base_totals(snapshot: Snapshot, nodes: int) -> Int64s:
    table = snapshot.table(schema.COUNTS_FILE, ["node", "total"])
    totals = np.zeros(nodes, np.int64)
    totals[table["node"].to_numpy()] = table["total"].to_numpy()
    return totals


# Alerts


def find_diff_alerts(
    before: Snapshot, after: Snapshot, diff: Diff, families: Sequence[Family], lost_share: float
) -> list[Alert]:
    """Return what to look at between two snapshots; `diff` is theirs.

    A family alerts that lost more than `lost_share` of its total. Of bursts the largest are
    reported.
    """
    alerts = []
    were_listed, are_listed = (
        _list_roots_of_diff(Scope(each, families)) for each in (before, after)
    )
    for family in families:
        for root in family.root_repo_ids():
            if root in were_listed - are_listed:
                says = f"{root}, a root of family {family.id}, is no longer listed"
                alerts.append(Alert(AlertKind.ROOT_VANISHED, root, says))
    for change in diff.families:
        if change.before - change.after > lost_share * change.before:
            says = (
                f"family {change.family} went from {change.before:,} to {change.after:,}"
                f" derivatives: it lost {1 - change.after / change.before:.1%}"
            )
            alerts.append(Alert(AlertKind.FAMILY_LOST, change.family, says))
    return [*alerts, *_list_anomalous_bursts_new_in_diff(before, after)]


def _list_roots_of_diff(scope: Scope) -> set[str]:
    """Return the registry's roots that a snapshot lists, under whatever name."""
    models = scope.snapshot.manifest.models
    nodes = scope.every_scope_node_of(
        [root for family in scope.families for root in family.root_repo_ids()]
    )
    return {id for id, each in nodes.items() if min(each) < models}


def _list_anomalous_bursts_new_in_diff(before: Snapshot, after: Snapshot) -> Iterator[Alert]:
    """Yield the bursts that share no named model with a burst of the same parent before."""
    # A burst that grows by a day is known already, and would otherwise alert every day.
    reported = {pair for burst in _find_diff_bursts(before) for pair in _name_edges_of_diff(burst)}
    new = [
        burst
        for burst in _find_diff_bursts(after)
        if reported.isdisjoint(_name_edges_of_diff(burst))
    ]
    for burst in new[:MOST_BURSTS]:
        yield Alert(AlertKind.UPLOAD_BURST, burst.models[0], burst.detail)


def _find_diff_bursts(snapshot: Snapshot) -> Sequence[Anomaly]:
    """Return every burst, the largest first."""
    kind = AnomalyKind.UPLOAD_BURST
    return find_anomalies(Scope(snapshot), kind=kind, examples=None).anomalies[0].examples


def _name_edges_of_diff(burst: Anomaly) -> set[tuple[str, str]]:
    parent, *children = burst.models
    return {(parent, child) for child in children}
