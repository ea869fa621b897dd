"""Where one model comes from: its ways up to the roots, the evidence of each step, a verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from lineage.analysis.edge_evidence import Heard, heard_of
from lineage.analysis.scope import Scope, select_edges
from lineage.analysis.subjects import find_model
from lineage.analysis.verdicts import (
    Deletion,
    Origin,
    PathClaim,
    PathEdge,
    PathRoot,
    Trace,
    VerdictReason,
)
from lineage.domain.claims import RELATIONS, STRENGTHS, Strength
from lineage.domain.definitions import Definition
from lineage.domain.families import Family, Outsider
from lineage.domain.repo_ids import tidy_name
from lineage.errors import UnknownModel
from lineage.graph.paths import NodePath, find_paths_up
from lineage.store.availability import STANDING_COLUMNS, asked_in
from lineage.store.reader import EdgeColumns, Snapshot

EVERYTHING = Definition(min_strength=Strength.INFERRED, mirrors=True, curated=True)
"""What a trace looks at: guesses too, which it tells apart."""

_STATED = Strength.DECLARED.code


def trace_model(scope: Scope, name: str, family: Family, origin: Origin | None = None) -> Trace:
    """Say whether a model descends from a family: yes, no or not known, and why.

    `yes` needs a line of stated edges up to a root of the family; `no` a statement that it comes
    from elsewhere. Raises UnknownModel where neither snapshot nor registry knows the name.
    """
    scope = scope.under(EVERYTHING)
    subject = _find(scope, name, origin)
    by_id = _roots(scope.families)
    roots = {node: by_id[id] for id, node in scope.nodes_of(by_id).items()}
    marks = _Marks(roots, _outsiders(scope, family))
    seat = Trace(
        model=name,
        id=subject.id,
        key=subject.key,
        snapshot=scope.snapshot.id,
        family=family.id,
        descends=None,
        reason=VerdictReason.NOTHING_DECLARED,
        origin=origin or subject.origin,
        outsider=_outsider(scope, family, subject, marks),
        deletion=_gone(scope.snapshot, subject),
    )
    if subject.node is None:
        return _judged(replace(seat, itself=by_id.get(subject.id)), _Above(), _Above())
    edges = scope.edges
    stated_edges = select_edges(edges, edges.strength >= _STATED)
    stated = _above(scope, stated_edges, subject.node, marks)
    anyhow = _above(scope, edges, subject.node, marks)
    seat = replace(seat, itself=roots.get(subject.node), unresolved_claims=_heard(scope, subject))
    disputed = [
        outsider
        for node, outsider in stated.outsiders.items()
        if _leads_to(_above(scope, stated_edges, node, _Marks(roots, {})), family.id)
    ]
    return _judged(seat, stated, anyhow, next(iter(disputed), None))


@dataclass(frozen=True, slots=True)
class _Subject:
    id: str
    key: str | None
    node: int | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class _Marks:
    """Where a walk up stops, by node."""

    roots: Mapping[int, PathRoot]
    outsiders: Mapping[int, Outsider]


@dataclass(frozen=True, slots=True)
class _Above:
    """What lies above the model by some edges: where its ways end, and the ways."""

    roots: tuple[PathRoot, ...] = ()
    outsiders: Mapping[int, Outsider] = field(default_factory=dict)
    """By node; one may be a root of another family too."""
    loose: tuple[str, ...] = ()
    """Ends that nobody knows more of, circles included; the model itself is none."""
    paths: tuple[tuple[PathEdge, ...], ...] = ()


def _judged(seat: Trace, stated: _Above, anyhow: _Above, disputed: Outsider | None = None) -> Trace:
    """Return the verdict: that of the first condition that holds.

    `disputed` is an outsider on the way that is stated to come from the family itself.
    """
    itself, outsider = seat.itself, seat.outsider
    is_root = itself is not None and itself.family == seat.family
    leads_here = _leads_to(stated, seat.family)
    no_loose_end = not stated.loose
    verdicts: Sequence[tuple[object, bool | None, VerdictReason]] = (
        (is_root, True, VerdictReason.IS_ROOT),
        (outsider and leads_here, None, VerdictReason.SOURCES_DISAGREE),
        (outsider, False, VerdictReason.IS_OUTSIDER),
        (leads_here, True, VerdictReason.DECLARED_PATH),
        (itself, False, VerdictReason.IS_OTHER_ROOT),
        (disputed, None, VerdictReason.SOURCES_DISAGREE),
        (stated.outsiders and no_loose_end, False, VerdictReason.BELOW_OUTSIDER),
        (stated.roots and no_loose_end, False, VerdictReason.OTHER_ROOTS),
        (_leads_to(anyhow, seat.family), None, VerdictReason.INFERRED_PATH),
        (stated.loose, None, VerdictReason.DEAD_ENDS),
        (True, None, VerdictReason.NOTHING_DECLARED),
    )
    descends, reason = next((says, why) for holds, says, why in verdicts if holds)
    shown = anyhow if reason is VerdictReason.INFERRED_PATH else stated
    return replace(
        seat,
        descends=descends,
        reason=reason,
        roots=shown.roots,
        paths=shown.paths,
        dead_ends=shown.loose,
        outsider=outsider or disputed or next(iter(shown.outsiders.values()), None),
    )


def _leads_to(above: _Above, family: str) -> bool:
    return any(root.family == family for root in above.roots)


def _find(scope: Scope, name: str, origin: Origin | None) -> _Subject:
    snapshot = scope.snapshot
    try:
        base = find_model(scope, name)
    except UnknownModel:
        if (found := _registered(scope, name)) is not None:
            return found
        if origin is not Origin.LIVE:
            raise
        return _Subject(tidy_name(name), None, None, Origin.LIVE)
    where = Origin.NAMED
    if base.node < snapshot.records:
        where = Origin.SNAPSHOT if base.node < snapshot.manifest.models else Origin.TOMBSTONE
    return _Subject(base.id, base.key, base.node, where)


def _gone(snapshot: Snapshot, subject: _Subject) -> Deletion | None:
    if subject.origin is not Origin.TOMBSTONE or subject.node is None:
        return None
    table = snapshot.tombstones(["last_seen_in", "missed_at", *STANDING_COLUMNS])
    row = table.slice(subject.node - snapshot.manifest.models, 1).to_pylist()[0]
    return Deletion(row["last_seen_in"], row["missed_at"], asked_in(row))


def _registered(scope: Scope, name: str) -> _Subject | None:
    """Find a model that no snapshot knows, but a curated edge, a root or an outsider's entry."""
    wanted = tidy_name(name).lower()
    renamed = (old for family in scope.families for old in family.former_names())
    wanted = {old.name.lower(): old.now.lower() for old in renamed}.get(wanted, wanted)
    known: dict[str, int | None] = {id: None for one in scope.families for id in one.roots()}
    known |= {it.id: None for one in scope.families for it in one.outsiders}
    for id, node in {**known, **scope.graph.added}.items():
        if id.lower() == wanted:
            return _Subject(id, None, node, Origin.REGISTRY)
    return None


def _outsiders(scope: Scope, family: Family) -> dict[int, Outsider]:
    by_id = {outsider.id: outsider for outsider in family.outsiders}
    return {node: by_id[id] for id, node in scope.nodes_of(by_id).items()}


def _outsider(scope: Scope, family: Family, subject: _Subject, marks: _Marks) -> Outsider | None:
    """Return the registry's entry on a model, by its node, its name or the name it got later."""
    if subject.node is not None and subject.node in marks.outsiders:
        return marks.outsiders[subject.node]
    renamed = {old.name.lower(): old.now for one in scope.families for old in one.former_names()}
    by_id = {outsider.id.lower(): outsider for outsider in family.outsiders}
    id = subject.id.lower()
    return by_id.get(id) or by_id.get(renamed.get(id, id).lower())


def _heard(scope: Scope, subject: _Subject) -> tuple[PathClaim, ...]:
    """Return the words that lead to no model but perhaps itself."""
    heard = heard_of(scope, [] if subject.node is None else [subject.node])
    key = subject.key or ""
    return heard.unsettled.get(key, ()) + heard.by_edge.get((key, key), ())


def _roots(families: Sequence[Family]) -> dict[str, PathRoot]:
    """Return every root of every family by its id."""
    return {
        root: PathRoot(root, release.name, family.id, root in release.official)
        for family in families
        for release in family.releases
        for root in release.roots()
    }


def _above(scope: Scope, edges: EdgeColumns, start: int, marks: _Marks) -> _Above:
    stops = np.zeros(scope.nodes, np.bool_)
    stops[[*marks.roots, *marks.outsiders]] = True
    ways = find_paths_up(edges.child, edges.parent, scope.nodes, start, stops)
    shown = [*ways.to_stops.values(), *ways.to_tops.values(), *ways.to_cycles.values()]
    shown = [way for way in shown if way]
    names = _names(scope, edges, shown)
    heard = heard_of(scope, [int(edges.child[edge]) for way in shown for edge in way])
    paths = [tuple(_step(edges, edge, names, heard) for edge in way) for way in shown]
    loose = [node for node in (*ways.to_tops, *ways.to_cycles) if node != start]
    return _Above(
        tuple(marks.roots[node] for node in ways.to_stops if node in marks.roots),
        {node: marks.outsiders[node] for node in ways.to_stops if node in marks.outsiders},
        tuple(names[node][1] for node in loose),
        tuple(sorted(paths, key=_surest_first)),
    )


def _step(
    edges: EdgeColumns, edge: int, names: Mapping[int, tuple[str, str]], heard: Heard
) -> PathEdge:
    (child_key, child), (parent_key, parent) = (
        names[int(column[edge])] for column in (edges.child, edges.parent)
    )
    return PathEdge(
        parent,
        child,
        RELATIONS[edges.relation[edge]],
        STRENGTHS[edges.strength[edge]],
        heard.by_edge.get((child_key, parent_key), ()),
    )


def _names(
    scope: Scope, edges: EdgeColumns, ways: Sequence[NodePath]
) -> dict[int, tuple[str, str]]:
    """Return key and id of every node on some ways."""
    used = np.array([edge for way in ways for edge in way], np.int64)
    nodes = np.union1d(edges.child[used], edges.parent[used])
    keys, ids = (column.to_pylist() for column in scope.names_of(nodes))
    return dict(zip(nodes.tolist(), zip(keys, ids, strict=True), strict=True))


def _surest_first(path: Sequence[PathEdge]) -> tuple[int, int, str]:
    weakest = min(step.strength.code for step in path)
    return -weakest, len(path), path[-1].parent
