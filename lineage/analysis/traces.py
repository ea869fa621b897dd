"""Where one model comes from: its paths up to the roots, the evidence of each edge, a verdict."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain

import numpy as np

from lineage.analysis.ancestry import Ancestry, NodePath, PathsUp, find_ancestry_in_scope
from lineage.analysis.definition_text import list_count_notes
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import find_subject_model
from lineage.analysis.verdicts import (
    Deletion,
    ModelOrigin,
    PathClaim,
    PathEdge,
    PathRoot,
    Trace,
    VerdictReason,
)
from lineage.domain.claims import RELATIONS, STRENGTHS, Strength
from lineage.domain.definitions import Definition
from lineage.domain.families import Family, Outsider
from lineage.domain.opt_outs import count_opt_out_marks
from lineage.domain.subjects import parse_repo_id_of_model
from lineage.errors import UnknownModel
from lineage.store.reader import STANDING_COLUMNS, Snapshot, read_stored_availability_answer

EVERYTHING = Definition(min_strength=Strength.INFERRED, mirrors=True, curated=True)
"""What a trace looks at: inferred edges too, which no `yes` rests on."""

Pair = tuple[str, str]
"""Keys of child and parent."""


@dataclass(frozen=True, slots=True)
class ModelEvidence:
    """The claims about the parents of some models."""

    by_edge: Mapping[Pair, tuple[PathClaim, ...]]
    unresolved: Mapping[str, tuple[PathClaim, ...]]
    """By the child's key: claims that lead to no known model."""


def find_evidence_of_paths(scope: Scope, nodes: Iterable[int]) -> ModelEvidence:
    """Return all claims about the parents of some nodes, the registry's included."""
    children = np.array(sorted(set(nodes)), np.int32)
    keys = scope.names_of(children)[0].to_pylist()
    by_edge: dict[Pair, tuple[PathClaim, ...]] = {}
    unresolved: dict[str, tuple[PathClaim, ...]] = {}
    for row in scope.snapshot.evidence_of(keys).to_pylist():
        claim = PathClaim(row["rule"], row["quote"])
        if row["parent_key"] is None:
            unresolved[row["child_key"]] = (*unresolved.get(row["child_key"], ()), claim)
        else:
            pair = row["child_key"], row["parent_key"]
            by_edge[pair] = (*by_edge.get(pair, ()), claim)
    among = set(children.tolist())
    curated = [pair for pair in scope.curated_pairs() if pair[0] in among]
    ends = np.unique([node for pair in curated for node in pair[:2]]).astype(int)
    key_of = scope.names_by_node(ends)[0]
    for child, parent, edge in curated:
        pair, source = (key_of[child], key_of[parent]), edge.source
        claim = PathClaim(edge.rule, source.quote, source.text, source.url)
        by_edge[pair] = (*by_edge.get(pair, ()), claim)
    return ModelEvidence(by_edge, unresolved)


def trace_model(
    scope: Scope, name: str, family: Family, origin: ModelOrigin | None = None
) -> Trace:
    """Say whether a model descends from a family: yes, no or not known, and why.

    `yes` needs a path of declared edges up to a root of the family; `no` a statement that it comes
    from elsewhere. Raises UnknownModel where neither snapshot nor registry knows the name.
    """
    (answer,) = trace_models(scope, [name], family, origin)
    if isinstance(answer, UnknownModel):
        raise answer
    return answer


def trace_models(
    scope: Scope, names: Sequence[str], family: Family, origin: ModelOrigin | None = None
) -> list[Trace | UnknownModel]:
    """Trace many models by one look at the snapshot; UnknownModel stands for a name it lacks."""
    asked = scope.definition
    scope = scope.under(EVERYTHING).with_columns_held()
    subjects = _find_all_traced(scope, names, origin)
    known = [subject for subject in subjects if isinstance(subject, _Subject)]
    marks = _Marks(find_root_nodes(scope), _outsider_nodes(scope, family))
    nodes = {it.node for it in known if it.node is not None}
    ancestry = find_ancestry_in_scope(scope, nodes)
    walks = {node: _Walks(ancestry, node, marks, family) for node in nodes}
    # One reading of the evidence for all paths that are shown; a start may have claims alone.
    children = {int(ancestry.edges.child[edge]) for it in walks.values() for edge in it.edges}
    evidence = find_evidence_of_paths(scope, children | set(walks))
    answers: list[Trace | UnknownModel] = []
    for name, subject in zip(names, subjects, strict=True):
        if isinstance(subject, UnknownModel):
            answers.append(subject)
            continue
        opted_out = _count_ancestors_opted_out(scope, subject)
        draft = Trace(
            model=name,
            id=subject.id,
            key=subject.key,
            snapshot=scope.snapshot.id,
            family=family.id,
            descends=None,
            reason=VerdictReason.NOTHING_DECLARED,
            origin=origin or subject.origin,
            outsider=_find_outsider_for_trace(scope, family, subject, marks),
            deletion=_find_traced_deletion(scope.snapshot, subject),
            opted_out=opted_out,
            parents_known=scope.snapshot.manifest.origin.parents_known,
            notes=list_count_notes(asked, scope.snapshot.manifest, opted_out=opted_out),
        )
        if subject.node is None:
            itself = _roots_by_id(scope.families).get(subject.id)
            answers.append(
                _decide_trace_verdict(replace(draft, itself=itself), _Origins(), _Origins())
            )
            continue
        key, walk = subject.key or "", walks[subject.node]
        draft = replace(
            draft,
            itself=marks.roots.get(subject.node),
            # Claims that lead to no model but perhaps itself.
            unresolved_claims=evidence.unresolved.get(key, ())
            + evidence.by_edge.get((key, key), ()),
        )
        describe = partial(_trace_origins_of_paths, ancestry, evidence, marks, subject.node)
        answers.append(
            _decide_trace_verdict(
                draft, describe(walk.declared), describe(walk.by_any_edge), walk.disputed
            )
        )
    return answers


@dataclass(frozen=True, slots=True)
class _Subject:
    id: str
    key: str | None
    node: int | None
    origin: ModelOrigin


@dataclass(frozen=True, slots=True)
class _Marks:
    """Where paths up stop, by node."""

    roots: Mapping[int, PathRoot]
    outsiders: Mapping[int, Outsider]


class _Walks:
    """The paths up from one model: by declared edges, and by inferred ones too."""

    def __init__(self, ancestry: Ancestry, start: int, marks: _Marks, family: Family) -> None:
        stops = marks.roots.keys() | marks.outsiders.keys()
        self.declared = ancestry.find_paths_up(start, stops, inferred=False)
        self.by_any_edge = ancestry.find_paths_up(start, stops, inferred=True)
        self.disputed = next(
            (
                marks.outsiders[node]
                for node in self.declared.to_stops
                if node in marks.outsiders
                for above in ancestry.find_paths_up(node, marks.roots, inferred=False).to_stops
                if marks.roots[above].family == family.id
            ),
            None,
        )
        """An outsider on a path that is declared to come from the family itself."""

    @property
    def edges(self) -> Iterator[int]:
        """The numbers of all edges on the paths."""
        for paths in (self.declared, self.by_any_edge):
            for ends in (paths.to_stops, paths.to_tops, paths.to_cycles):
                yield from chain.from_iterable(ends.values())


@dataclass(frozen=True, slots=True)
class _Origins:
    """What lies above the model by some edges: where its paths end, and the paths."""

    roots: tuple[PathRoot, ...] = ()
    outsiders: Mapping[int, Outsider] = field(default_factory=dict)
    """By node; one may be a root of another family too."""
    dead_ends: tuple[str, ...] = ()
    """Ends whose own origin is unknown, cycles included; the model itself is none."""
    paths: tuple[tuple[PathEdge, ...], ...] = ()


def _decide_trace_verdict(
    draft: Trace, declared: _Origins, by_any_edge: _Origins, disputed: Outsider | None = None
) -> Trace:
    """Return the verdict: that of the first condition that holds.

    `disputed` is an outsider on a path that is declared to come from the family itself.
    """
    itself, outsider = draft.itself, draft.outsider
    is_root = itself is not None and itself.family == draft.family
    leads_here = _trace_leads_to_root(declared, draft.family)
    no_dead_end = not declared.dead_ends
    verdicts: Sequence[tuple[object, bool | None, VerdictReason]] = (
        (is_root, True, VerdictReason.IS_ROOT),
        (outsider and leads_here, None, VerdictReason.SOURCES_DISAGREE),
        (outsider, False, VerdictReason.IS_OUTSIDER),
        (leads_here, True, VerdictReason.DECLARED_PATH),
        (itself, False, VerdictReason.IS_OTHER_ROOT),
        (disputed, None, VerdictReason.SOURCES_DISAGREE),
        (declared.outsiders and no_dead_end, False, VerdictReason.BELOW_OUTSIDER),
        (declared.roots and no_dead_end, False, VerdictReason.OTHER_ROOTS),
        (_trace_leads_to_root(by_any_edge, draft.family), None, VerdictReason.INFERRED_PATH),
        (declared.dead_ends, None, VerdictReason.DEAD_ENDS),
        (True, None, VerdictReason.NOTHING_DECLARED),
    )
    descends, reason = next((says, why) for holds, says, why in verdicts if holds)
    result = by_any_edge if reason is VerdictReason.INFERRED_PATH else declared
    return replace(
        draft,
        descends=descends,
        reason=reason,
        roots=result.roots,
        paths=result.paths,
        dead_ends=result.dead_ends,
        outsider=outsider or disputed or next(iter(result.outsiders.values()), None),
    )


def _trace_leads_to_root(above: _Origins, family: str) -> bool:
    return any(root.family == family for root in above.roots)


def _find_all_traced(
    scope: Scope, names: Sequence[str], origin: ModelOrigin | None
) -> list[_Subject | UnknownModel]:
    """Find the models of many names: all present names at once, the others one by one."""
    subjects: list[_Subject | UnknownModel] = []
    nodes = scope.snapshot.nodes_of(list(set(names)))
    order = np.array(sorted({*nodes.values()}), np.int32)
    keys = scope.names_by_node(order)[0]
    for name in names:
        if (node := nodes.get(name)) is not None:
            subjects.append(
                _Subject(name, keys[node], node, _traced_origin_of(scope.snapshot, node))
            )
            continue
        try:
            subjects.append(_find_traced(scope, name, origin))
        except UnknownModel as error:
            subjects.append(error)
    return subjects


def _find_traced(scope: Scope, name: str, origin: ModelOrigin | None) -> _Subject:
    try:
        base = find_subject_model(scope, name)
    except UnknownModel:
        if (registered := _find_traced_in_registry(scope, name)) is not None:
            return registered
        if origin is not ModelOrigin.LIVE:
            raise
        return _Subject(parse_repo_id_of_model(name), None, None, ModelOrigin.LIVE)
    return _Subject(base.id, base.key, base.node, _traced_origin_of(scope.snapshot, base.node))


def _traced_origin_of(snapshot: Snapshot, node: int) -> ModelOrigin:
    if node >= snapshot.records:
        return ModelOrigin.NAMED
    return ModelOrigin.SNAPSHOT if node < snapshot.manifest.models else ModelOrigin.TOMBSTONE


def _count_ancestors_opted_out(scope: Scope, subject: _Subject) -> int:
    """Return by how much fewer models stand above a model since some opted out."""
    whole = scope.snapshot.unredacted
    if whole is None:
        return count_opt_out_marks(scope.snapshot.manifest.left_out)
    left_out = count_opt_out_marks(whole.manifest.left_out)
    if subject.key is None or (match := whole.node_of_key(subject.key)) is None:
        return left_out
    above, above_in_whole = (
        int(it.find_below(np.array([node]), upwards=True).sum())
        for it, node in ((scope, subject.node), (scope.of_snapshot(whole), match[0]))
    )
    return max(above_in_whole - above, 0) + left_out


def _find_traced_deletion(snapshot: Snapshot, subject: _Subject) -> Deletion | None:
    if subject.origin is not ModelOrigin.TOMBSTONE or subject.node is None:
        return None
    table = snapshot.tombstones(["last_seen_in", "missed_at", *STANDING_COLUMNS])
    row = table.slice(subject.node - snapshot.manifest.models, 1).to_pylist()[0]
    return Deletion(row["last_seen_in"], row["missed_at"], read_stored_availability_answer(row))


def _find_traced_in_registry(scope: Scope, name: str) -> _Subject | None:
    """Find a model that only the registry knows: a curated edge, a root or an outsider names it."""
    lowered = parse_repo_id_of_model(name).lower()
    renamed = (old for family in scope.families for old in family.former_names())
    lowered = {old.name.lower(): old.now.lower() for old in renamed}.get(lowered, lowered)
    by_id: dict[str, int | None] = {
        id: None for entry in scope.families for id in entry.root_repo_ids()
    }
    by_id |= {it.id: None for entry in scope.families for it in entry.outsiders}
    for id, node in {**by_id, **scope.graph.added}.items():
        if id.lower() == lowered:
            return _Subject(id, None, node, ModelOrigin.REGISTRY)
    return None


def _outsider_nodes(scope: Scope, family: Family) -> dict[int, Outsider]:
    by_id = {outsider.id: outsider for outsider in family.outsiders}
    return {
        node: by_id[id] for id, nodes in scope.every_scope_node_of(by_id).items() for node in nodes
    }


def _find_outsider_for_trace(
    scope: Scope, family: Family, subject: _Subject, marks: _Marks
) -> Outsider | None:
    """Return the registry's entry on a model, by its node, its name or the name it got later."""
    if subject.node is not None and subject.node in marks.outsiders:
        return marks.outsiders[subject.node]
    renamed = {
        old.name.lower(): old.now for entry in scope.families for old in entry.former_names()
    }
    by_id = {outsider.id.lower(): outsider for outsider in family.outsiders}
    id = subject.id.lower()
    return by_id.get(id) or by_id.get(renamed.get(id, id).lower())


def find_root_nodes(scope: Scope) -> dict[int, PathRoot]:
    """Return every root of every family by its node, under the name that the snapshot has of it."""
    by_id = _roots_by_id(scope.families)
    roots = {
        node: by_id[id] for id, nodes in scope.every_scope_node_of(by_id).items() for node in nodes
    }
    order = np.array(sorted(roots), np.int32)
    names = scope.names_by_node(order)[1]
    roots = {node: replace(roots[node], root=name) for node, name in names.items()}
    # A path may end at a release or a family that a claim names in place of a model.
    ends = {
        subject: PathRoot(None, entry.name, family.id, official=False, subject=subject)
        for family in scope.families
        for subject, entry in family.claimable().items()
        if subject in scope.graph.claimed
    }
    for subject, nodes in scope.every_scope_node_of(ends).items():
        roots |= dict.fromkeys(nodes, ends[subject])
    return roots


def _roots_by_id(families: Sequence[Family]) -> dict[str, PathRoot]:
    return {
        root: PathRoot(root, release.name, family.id, root in release.official)
        for family in families
        for release in family.releases
        for root in release.root_repo_ids()
    }


def _trace_origins_of_paths(
    ancestry: Ancestry, evidence: ModelEvidence, marks: _Marks, start: int, paths_up: PathsUp
) -> _Origins:
    """Return where some paths end, and the paths with the claims behind each edge."""
    ends = (paths_up.to_stops, paths_up.to_tops, paths_up.to_cycles)
    paths = [
        describe_traced_path(ancestry, evidence, path)
        for end in ends
        for path in end.values()
        if path
    ]
    dead_ends = [node for node in (*paths_up.to_tops, *paths_up.to_cycles) if node != start]
    return _Origins(
        tuple(marks.roots[node] for node in paths_up.to_stops if node in marks.roots),
        {node: marks.outsiders[node] for node in paths_up.to_stops if node in marks.outsiders},
        tuple(ancestry.ids[node] for node in dead_ends),
        tuple(sorted(paths, key=_sort_trace_paths_by_strength)),
    )


def describe_traced_path(
    ancestry: Ancestry, evidence: ModelEvidence, path: NodePath
) -> tuple[PathEdge, ...]:
    """Return the edges of a path by name, each with its relation, strength and claims."""
    edges, keys, ids = ancestry.edges, ancestry.keys, ancestry.ids
    ends = [(int(edges.child[edge]), int(edges.parent[edge])) for edge in path]
    return tuple(
        PathEdge(
            ids[parent],
            ids[child],
            RELATIONS[edges.relation[edge]],
            STRENGTHS[edges.strength[edge]],
            evidence.by_edge.get((keys[child], keys[parent]), ()),
        )
        for edge, (child, parent) in zip(path, ends, strict=True)
    )


def _sort_trace_paths_by_strength(path: Sequence[PathEdge]) -> tuple[int, int, str]:
    weakest = min(step.strength.code for step in path)
    return -weakest, len(path), path[-1].parent
