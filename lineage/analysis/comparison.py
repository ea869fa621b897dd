"""One subject counted by one definition after the other, each a step from the one before."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.definition_text import list_count_notes
from lineage.analysis.groups import ReleasesOfNodes, find_releases_above_nodes
from lineage.analysis.members import Members, count_undated, find_members_absent_at, members_below
from lineage.analysis.results import ComparedCount, Comparison, ComparisonStep
from lineage.analysis.scope import Scope, select_scope_edges
from lineage.analysis.subjects import ResolvedSubject, count_members_opted_out, model_roots
from lineage.domain.arrays import Mask, Nodes
from lineage.domain.claims import RELATIONS, Relation, Strength
from lineage.domain.clock import end_of_day_utc
from lineage.domain.definitions import Closure, Definition
from lineage.domain.families import Release
from lineage.domain.subjects import SubjectKind
from lineage.graph.sorted_sets import pack_node_pairs
from lineage.store import schema
from lineage.store.reader import Snapshot

LEAST_DOWNLOADS = 10


def compare_definitions(
    scope: Scope, subject: ResolvedSubject, least_downloads: int = LEAST_DOWNLOADS
) -> Comparison:
    """Count a subject by every definition, and divide a family's numbers by release.

    Of the scope's own definition the day alone is heeded: each number as it stood at its end. One
    row is the subject's default number: what `count` answers without a filter.
    """
    manifest = scope.snapshot.manifest
    default_step = default_comparison_step(subject)
    rows, undated, opted_out = [], 0, 0
    for step, definition in definitions_of_steps(least_downloads, scope.definition.as_of):
        step_scope = scope.under(definition)
        root_ids, members = members_of_comparison_step(step_scope, subject)
        releases = None
        if subject.family is not None and subject.release is None:
            releases = find_releases_above_nodes(step_scope, step_scope.edges)
        row = _count_members_of_comparison_step(step, step_scope, root_ids, members, releases)
        if step is ComparisonStep.INFERRED:
            row = replace(row, by_rule=_count_by_rule(step_scope, subject))
        rows.append(replace(row, default=step is default_step))
        if step is default_step:
            undated = count_undated(scope.snapshot, members.possible)
            opted_out = count_members_opted_out(step_scope, subject, row.at_most)
        if step is ComparisonStep.DOWNLOADS:
            # Half of a family may be one author's quantized copies of a week.
            rows.append(
                replace(
                    row,
                    step=ComparisonStep.AUTHORS,
                    number=row.authors,
                    at_most=len(np.unique(_author_codes_of_members(step_scope, members.possible))),
                    by_release={},
                )
            )
    return Comparison(
        subject=subject.spelling,
        id=subject.id,
        kind=subject.kind,
        key=subject.key,
        snapshot=scope.snapshot.id,
        steps=tuple(rows),
        known_deleted=_count_deleted_for_comparison(scope.snapshot, scope.definition.as_of),
        undated=undated,
        opted_out=opted_out,
        parents_known=manifest.origin.parents_known,
        notes=list_count_notes(scope.definition, manifest, opted_out=opted_out),
    )


def _count_by_rule(scope: Scope, subject: ResolvedSubject) -> dict[str, int]:
    """Count what each rule's inferred edges add to the declared ones, rule by rule."""
    stored, edges = scope.stored_edges, scope.edges
    inferred = np.flatnonzero(stored.strength < Strength.DECLARED.code)
    rules = scope.snapshot.column(schema.EDGES_FILE, "rules").take(pa.array(inferred))
    rules = rules.combine_chunks()
    names, rows = pc.list_flatten(rules), pc.list_parent_indices(rules).to_numpy()
    pairs = pack_node_pairs(stored.child[inferred], stored.parent[inferred])
    places = np.flatnonzero(edges.strength < Strength.DECLARED.code)
    placed = pack_node_pairs(edges.child[places], edges.parent[places])
    numbers = {}
    for rule in [None, *sorted(pc.unique(names).to_pylist())]:
        chosen = edges.strength >= Strength.DECLARED.code
        if rule is not None:
            by_rule = rows[pc.equal(names, rule).to_numpy(zero_copy_only=False)]
            chosen[places[np.isin(placed, pairs[by_rule])]] = True
        part = scope.scope_on_edges(select_scope_edges(edges, chosen))
        _, members = members_of_comparison_step(part, subject)
        numbers[rule] = int(members.counted.sum())
    return {rule: number - numbers[None] for rule, number in numbers.items() if rule is not None}


def default_comparison_step(subject: ResolvedSubject) -> ComparisonStep:
    """Return the step that counts a subject's default number."""
    is_model = subject.kind is SubjectKind.MODEL
    return ComparisonStep.MERGES if is_model else ComparisonStep.CURATED


def members_of_comparison_step(
    scope: Scope, subject: ResolvedSubject
) -> tuple[tuple[str, ...], Members]:
    """Return the ids of the roots, and the models below them by the definition of a step.

    The roots of a family or release are the official ones, and mirrors where they join.
    """
    if subject.model is not None:
        ids, roots = model_roots(scope, subject.model)
        return ids, members_below(scope, roots)
    if subject.release is not None:
        releases: tuple[Release, ...] = (subject.release,)
    else:
        assert subject.family is not None
        releases = subject.family.releases
    # Without mirrors a family is its official repositories alone: what copies of their weights add
    # is a step of its own, as with a named model.
    official = tuple(id for release in releases for id in release.official)
    everything = tuple(id for release in releases for id in release.root_repo_ids())
    ids = everything if scope.definition.mirrors else official
    of_subject = subject.release or subject.family
    assert of_subject is not None
    has_mirrors = scope.definition.mirrors
    roots = scope.tops_of(of_subject) if has_mirrors else scope.roots_of(ids)
    members = members_below(scope, roots)
    if subject.release is not None:
        # On the edges of the step: others lead to releases that a model does not reach by it.
        labels = find_releases_above_nodes(scope, scope.edges)
        own = labels.only_release() == labels.releases.index(subject.release)
        members = members.members_among(own)
    return ids, members


def _count_deleted_for_comparison(snapshot: Snapshot, as_of: date | None) -> int:
    """Return how many models were known to be deleted, by the end of a day where one is given.

    Those that were absent on that day only are among them: they are excluded like the others.
    """
    if as_of is None:
        return snapshot.manifest.tombstones
    # Those that came back since were away on that day all the same.
    missed_at = snapshot.tombstones(["missed_at"])["missed_at"]
    deleted = int(pc.sum(pc.less(missed_at, end_of_day_utc(as_of))).as_py() or 0)
    return deleted + len(find_members_absent_at(snapshot, end_of_day_utc(as_of)))


def definitions_of_steps(
    least_downloads: int, as_of: date | None = None
) -> Iterator[tuple[ComparisonStep, Definition]]:
    """Yield each step but the authors with the definition it counts by.

    Deleted models are in no number but the last two: what a default leaves out comes last.
    """
    # A merge has many parents and brings all that descends from each: left out first, it shows how
    # much of a number merges make.
    unmerged = tuple(relation for relation in Relation if relation is not Relation.MERGE)
    rule = Definition(relations=unmerged, closure=Closure.DIRECT, as_of=as_of)
    yield ComparisonStep.DIRECT, rule
    yield ComparisonStep.ALL_GENERATIONS, (rule := replace(rule, closure=Closure.ALL))
    yield ComparisonStep.MERGES, (rule := replace(rule, relations=RELATIONS))
    yield ComparisonStep.MIRRORS, (rule := replace(rule, mirrors=True))
    yield ComparisonStep.CURATED, (rule := replace(rule, curated=True))
    yield ComparisonStep.DOWNLOADS, replace(rule, min_downloads=least_downloads)
    yield ComparisonStep.DELETED, (rule := replace(rule, deleted=True))
    yield ComparisonStep.INFERRED, replace(rule, min_strength=Strength.INFERRED)


def _count_members_of_comparison_step(
    step: ComparisonStep,
    scope: Scope,
    root_ids: tuple[str, ...],
    members: Members,
    releases: ReleasesOfNodes | None,
) -> ComparedCount:
    nodes = np.flatnonzero(members.counted).astype(np.int32)
    return ComparedCount(
        step=step,
        number=len(nodes),
        direct=int(members.direct.sum()),
        authors=len(np.unique(_author_codes_of_members(scope, members.counted))),
        definition=replace(scope.definition, roots=root_ids),
        at_most=int(members.possible.sum()),
        by_release={} if releases is None else _compare_by_release(releases, nodes),
    )


def _author_codes_of_members(scope: Scope, which: Mask) -> Nodes:
    """Return a number for the author of each of some models; those without one are left out."""
    nodes = np.flatnonzero(which).astype(np.int32)
    author = scope.snapshot.record_column("author").combine_chunks().take(nodes)
    named = pc.drop_null(author).dictionary_encode()
    codes: Nodes = named.indices.to_numpy()
    return codes


def _compare_by_release(releases: ReleasesOfNodes, nodes: Nodes) -> dict[str, int]:
    names = releases.names_of_counted_releases()
    numbers = np.bincount(releases.place_by_node()[nodes], minlength=len(names)).tolist()
    return {name: number for name, number in zip(names, numbers, strict=True) if number}
