"""Every derivative and plain mirror of a family, its license held against the terms above it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.licenses.applicable_terms import Owed, owed_by
from lineage.analysis.licenses.cases import Case, cases_of, forms_of, with_cards
from lineage.analysis.licenses.declared import declared_by, knowledge_of, same_license
from lineage.analysis.licenses.findings import CONFLICTS, Judged, LicenseFindings
from lineage.analysis.licenses.model_names import name_level
from lineage.analysis.licenses.nearest import NONE, steps_up
from lineage.analysis.licenses.notes import notes_on
from lineage.analysis.licenses.paths import paths_up
from lineage.analysis.members import Members, countable, members_below
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import root_nodes
from lineage.domain.arrays import Indices
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.domain.licenses import LicenseTerms
from lineage.store import schema
from lineage.store.reader import Snapshot

_Value = TypeVar("_Value")


def judge_licenses(
    snapshot: Snapshot,
    family: Family,
    terms: LicenseTerms,
    definition: Definition,
    families: Sequence[Family],
) -> LicenseFindings:
    """Class what a family's derivatives declare, and its listed plain mirrors too.

    Counted as by `--family`: mirrors join the roots and curated edges are laid over. Official
    repositories are held against nothing.
    """
    full = replace(definition, mirrors=True, curated=True)
    scope = Scope.of(snapshot, full, families)
    members = members_below(scope, root_nodes(scope, family.roots()))
    rows = _rows(scope, family, terms, members)
    return LicenseFindings(
        snapshot=snapshot.id,
        family=family,
        terms=terms,
        definition=replace(full, roots=family.roots()),
        knowledge=knowledge_of(snapshot),
        rows=sorted(rows, key=_most_used_conflicts_first),
    )


def _most_used_conflicts_first(row: Judged) -> tuple[bool, int, int, str, str]:
    used = NONE if row.downloads is None else row.downloads
    return row.severity not in CONFLICTS, -used, -row.below, row.model, row.key


def _rows(scope: Scope, family: Family, terms: LicenseTerms, members: Members) -> list[Judged]:
    snapshot = scope.snapshot
    official = root_nodes(scope, [id for one in family.releases for id in one.official])
    mirrors = _listed_mirrors(scope, family, official)
    nodes = np.union1d(np.flatnonzero(members.counted), mirrors)
    owed = owed_by(scope, family, terms)
    declared = with_cards(declared_by(snapshot, nodes, terms), terms)
    forms = forms_of(scope, members, nodes, mirrors)
    is_sample = knowledge_of(snapshot).is_sample
    cases, case = cases_of(declared, owed, nodes, forms, terms, is_sample=is_sample)
    up = steps_up(scope.edges, scope.nodes, root_nodes(scope, family.roots()), official)
    parents = np.where(np.isin(up[nodes], official), NONE, up[nodes])
    repeats = same_license(snapshot, nodes, parents)
    is_mirror = np.isin(nodes, mirrors).tolist()

    def told(what: Callable[[Case], _Value]) -> list[_Value]:
        values = [what(one) for one in cases]
        return [values[at] for at in case.tolist()]

    # A mirror makes no model of its own: the duty is about "any such AI model name".
    asked = told(lambda one: one.name_prefix)
    prefixes = [None if copied else to for copied, to in zip(is_mirror, asked, strict=True)]
    columns = (
        *(declared.id, declared.key, _release_names(owed, nodes), told(lambda one: one.terms)),
        *(declared.license, declared.license_name, declared.license_link),
        *(told(lambda one: one.drift), told(lambda one: one.severity)),
        *(told(lambda one: one.clauses), told(lambda one: one.form), is_mirror),
        *(paths_up(scope, family, up, nodes), prefixes),
        [name_level(id, to) if to else None for id, to in zip(declared.id, prefixes, strict=True)],
        notes_on(declared, owed, nodes, cases=cases, case=case, repeats=repeats),
        *(_downloads(snapshot, nodes), _below(snapshot, nodes)),
    )
    return list(map(Judged._make, zip(*columns, strict=True)))


def _listed_mirrors(scope: Scope, family: Family, official: Indices) -> Indices:
    copies = [mirror.id for release in family.releases for mirror in release.mirrors]
    nodes = np.setdiff1d(root_nodes(scope, copies), official)
    listed: Indices = nodes[nodes < scope.snapshot.manifest.models]
    counted: Indices = listed[countable(scope)[listed]]
    return counted


def _release_names(owed: Owed, nodes: Indices) -> list[str]:
    releases = owed.releases.releases
    met = np.array([owed.releases.met(release)[nodes] for release in releases])
    kinds, which = np.unique(met, axis=1, return_inverse=True)
    names = [
        " + ".join(release.name for release, is_met in zip(releases, kind, strict=True) if is_met)
        for kind in kinds.T.tolist()
    ]
    return [names[at] for at in which.ravel().tolist()]


def _downloads(snapshot: Snapshot, nodes: Indices) -> list[int | None]:
    column = snapshot.record_column("downloads", schema.METRICS_FILE)
    known: list[int | None] = column.take(pa.array(nodes)).to_pylist()
    return known


def _below(snapshot: Snapshot, nodes: Indices) -> list[int]:
    """Return how many models lie below each, as counted at publication."""
    table = snapshot.table(schema.COUNTS_FILE, ["node", "total"]).combine_chunks()
    row = pc.index_in(pa.array(nodes, pa.int32()), value_set=table["node"].combine_chunks())
    totals: list[int] = pc.fill_null(table["total"].take(row), 0).to_pylist()
    return totals
