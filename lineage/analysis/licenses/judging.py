"""Every derivative and plain mirror of a family, its license compared with the terms above it."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.counts import count_members
from lineage.analysis.groups import find_releases_above_nodes
from lineage.analysis.licenses.classes import (
    NO_NODE,
    ApplicableTerms,
    LicenseCase,
    classify_license_cases,
    find_license_notes,
    find_terms_above_nodes,
    license_forms_of,
    license_paths_up,
    nearest_license_parents,
)
from lineage.analysis.licenses.statements import (
    CONFLICTS,
    Judged,
    LicenseFindings,
    license_knowledge_of,
    license_name_level,
    read_license_statements,
    same_license,
)
from lineage.analysis.members import find_countable
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import ResolvedSubject, SubjectMembers, full_scope, select_members
from lineage.domain.arrays import Indices
from lineage.domain.families import Family
from lineage.domain.licenses import LicenseTerms
from lineage.errors import SettingsError
from lineage.families.license_terms import families_with_terms, license_terms
from lineage.store import schema
from lineage.store.reader import Snapshot

_Value = TypeVar("_Value")


def families_of_subject(scope: Scope, subject: ResolvedSubject) -> list[Family]:
    """Return the family of a release; of a model those that it belongs to or descends from."""
    if subject.family is not None:
        return [subject.family]
    assert subject.model is not None
    scope = full_scope(scope)
    releases = find_releases_above_nodes(scope, scope.edges)
    marks = {release.id for release in releases.releases}
    return [
        family
        for family in scope.families
        if any(
            release.id in marks and releases.mark_nodes_of_release(release)[subject.model.node]
            for release in family.releases
        )
    ]


def judge_licenses(
    scope: Scope, subject: ResolvedSubject, terms: LicenseTerms | None = None
) -> LicenseFindings:
    """Class what the derivatives of a subject declare; of a family or release its mirrors too.

    Each is held against the terms of one family, by default the first of the subject's that this
    package has terms of. Official repositories are not judged: the rest is compared with them.

    Raises:
        SettingsError: the subject belongs to no family, or there are no terms of its families.
    """
    families = families_of_subject(scope, subject)
    if not families:
        raise SettingsError(
            f"{subject.id} descends from no family of the registry, so no terms are known to apply",
            f"ask for what lies above it: lineage trace {subject.id}",
        )
    if terms is None:
        bundled = [family.id for family in families if family.id in families_with_terms()]
        terms = license_terms(bundled[0] if bundled else families[0].id)
    (family,) = (family for family in families if family.id == terms.family)
    selection = select_members(scope, subject)
    count = count_members(scope, subject, selection)
    rows = _judge_model_licenses(selection, subject, family, terms)
    return LicenseFindings(
        snapshot=scope.snapshot.id,
        subject=subject,
        family=family,
        other_families=tuple(each.name for each in families if each is not family),
        terms=terms,
        definition=count.definition,
        count=count,
        knowledge=license_knowledge_of(scope.snapshot),
        rows=sorted(rows, key=_license_conflict_sort_key),
    )


def _license_conflict_sort_key(row: Judged) -> tuple[bool, int, int, str, str]:
    downloads = -1 if row.downloads is None else row.downloads
    return row.severity not in CONFLICTS, -downloads, -row.below, row.model, row.key


def _judge_model_licenses(
    selection: SubjectMembers, subject: ResolvedSubject, family: Family, terms: LicenseTerms
) -> list[Judged]:
    scope, members = selection.scope, selection.members
    snapshot = scope.snapshot
    roots = scope.tops_of(family)
    official = scope.roots_of([id for release in family.releases for id in release.official])
    mirrors = _list_mirrors_with_judged_license(scope, subject, official)
    applicable = find_terms_above_nodes(scope, family, terms)
    nodes = np.union1d(np.setdiff1d(np.flatnonzero(members.counted), official), mirrors)
    nodes = nodes[applicable.bits[nodes] != 0]

    # What each model declares, and the terms that apply to it; each distinct case once.
    declared = read_license_statements(snapshot, nodes, terms)
    forms = license_forms_of(scope, members, nodes, mirrors)
    # In a sample a missing license says nothing of the author: it may not have been looked at.
    is_sample = license_knowledge_of(snapshot).is_sample
    cases, case = classify_license_cases(
        declared, applicable, nodes, forms, terms, is_sample=is_sample
    )

    def spread_license(value_of: Callable[[LicenseCase], _Value]) -> list[_Value]:
        values = [value_of(each) for each in cases]
        return [values[place] for place in case.tolist()]

    # Where each model hangs, and whether its tag was only copied from its parent.
    up = nearest_license_parents(scope.edges, scope.nodes, roots, official)
    parents = np.where(np.isin(up[nodes], official), NO_NODE, up[nodes])
    repeats = same_license(snapshot, nodes, parents)

    # A mirror makes no model of its own: the duty is about "any such AI model name".
    is_mirror = np.isin(nodes, mirrors).tolist()
    prefixes = spread_license(lambda each: each.name_prefix)
    prefixes = [None if copy else it for copy, it in zip(is_mirror, prefixes, strict=True)]
    levels = [
        license_name_level(id, prefix) if prefix else None
        for id, prefix in zip(declared.id, prefixes, strict=True)
    ]
    columns = (
        declared.id,
        declared.key,
        _judged_release_names(applicable, nodes),
        spread_license(lambda each: each.terms),
        declared.license,
        declared.license_name,
        declared.license_link,
        spread_license(lambda each: each.drift),
        spread_license(lambda each: each.severity),
        spread_license(lambda each: each.clauses),
        spread_license(lambda each: each.form),
        is_mirror,
        license_paths_up(scope, family, up, nodes),
        prefixes,
        levels,
        find_license_notes(declared, applicable, nodes, cases=cases, case=case, repeats=repeats),
        *_read_usage_of_license_conflicts(snapshot, nodes),
    )
    return list(map(Judged._make, zip(*columns, strict=True)))


def _list_mirrors_with_judged_license(
    scope: Scope, subject: ResolvedSubject, official: Indices
) -> Indices:
    # Mirrors are no derivatives, yet who publishes the weights anew owes the terms as well.
    releases = [subject.release] if subject.release else []
    if subject.family is not None and subject.release is None:
        releases = [*subject.family.releases]
    copies = [mirror.id for release in releases for mirror in release.mirrors]
    nodes = np.setdiff1d(scope.roots_of(copies), official)
    listed: Indices = nodes[nodes < scope.snapshot.manifest.models]
    counted: Indices = listed[find_countable(scope).surely[listed]]
    return counted


def _judged_release_names(applicable: ApplicableTerms, nodes: Indices) -> list[str]:
    releases = applicable.releases.releases
    mark_release = applicable.releases.mark_nodes_of_release
    meets_release = np.array([mark_release(release)[nodes] for release in releases])
    combinations, which = np.unique(meets_release, axis=1, return_inverse=True)
    names = [
        ", ".join(release.name for release, is_met in zip(releases, column, strict=True) if is_met)
        for column in combinations.T.tolist()
    ]
    return [names[place] for place in which.ravel().tolist()]


def _read_usage_of_license_conflicts(
    snapshot: Snapshot, nodes: Indices
) -> tuple[list[int | None], list[int]]:
    """Return downloads, and how many models lie below each as counted at publication."""
    column = snapshot.record_column("downloads", schema.METRICS_FILE)
    downloads: list[int | None] = column.take(pa.array(nodes)).to_pylist()
    table = snapshot.table(schema.COUNTS_FILE, ["node", "total"]).combine_chunks()
    row = pc.index_in(pa.array(nodes, pa.int32()), value_set=table["node"].combine_chunks())
    totals: list[int] = pc.fill_null(table["total"].take(row), 0).to_pylist()
    return downloads, totals
