"""What a snapshot says against the families: ids that are absent, and other declarations."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

import numpy as np
import pyarrow as pa

from lineage.analysis.registry.contradictions import (
    FindingSeverity,
    RegistryFinding,
    sort_registry_findings,
)
from lineage.analysis.scope import Scope
from lineage.domain.claims import RELATIONS, Relation
from lineage.domain.definitions import Definition
from lineage.domain.families import Family, Reupload, is_claimable
from lineage.graph import reach
from lineage.store import schema
from lineage.store.manifest import SnapshotKind

LATE = timedelta(days=60)
"""An official repository created so long after its release is worth a note."""

_NO_MIRROR = frozenset({Relation.QUANTIZED, Relation.ADAPTER, Relation.MERGE})
_MOST_NAMED = 3

Home = tuple[str, str]
"""A family and its release."""


@dataclass(frozen=True, slots=True)
class RegistryModels:
    """What a snapshot declares of the models that the families name; inferred links excluded."""

    snapshot: str
    is_whole: bool
    """Whether it was taken of everything."""
    nodes: Mapping[str, int]
    """By id as the families write it; unknown ids are left out."""
    listed: frozenset[str]
    parents: Mapping[str, Sequence[str]]
    """By id, the models that it declares, itself left out; nothing where it declares none."""
    relation: Mapping[str, Relation]
    license: Mapping[str, str]
    created_at: Mapping[str, datetime]
    inside: Mapping[str, frozenset[str]]
    """By family, those of its outsiders that lie below one of its roots."""
    homes: Mapping[str, Home]
    """By root or copy, where the registry puts it."""


SnapshotCheck = Callable[[Family, RegistryModels], Iterator[RegistryFinding]]


def check_against_snapshot(scope: Scope) -> tuple[RegistryFinding, ...]:
    """Return where a snapshot and the families disagree: warnings and notes, warnings first.

    Only what is declared in the snapshot counts, not what was inferred. Ids are compared as spelt.
    """
    # One look at the snapshot for all checks.
    models = read_registered_models(scope)
    return sort_registry_findings(
        finding
        for family in scope.families
        for check in CHECKS
        for finding in check(family, models)
    )


def find_ids_unknown_to_snapshot(
    family: Family, models: RegistryModels
) -> Iterator[RegistryFinding]:
    """Find ids that the snapshot does not know; mirrors listed as deleted are skipped."""
    # A snapshot below one base lacks almost everything by design.
    if not models.is_whole:
        return
    deleted = {id for release in family.releases for id in release.deleted}
    entries: dict[str, list[str]] = defaultdict(list)
    for release in family.releases:
        entries["official"] += release.official
        entries["mirror"] += [copy.id for copy in release.mirrors if copy.id not in deleted]
        entries["quantized"] += [copy.id for copy in release.quantized]
        entries["changed"] += [copy.id for copy in release.changed]
    entries["edge"] = [edge.child for edge in family.edges]
    entries["outsider"] = [outsider.id for outsider in family.outsiders]
    hint = "deleted, private, misspelt, or not in the sample that the snapshot was drawn from"
    for kind, ids in entries.items():
        absent = tuple(sorted(set(ids) - set(models.nodes)))
        if absent:
            number = f"{len(absent)} of {len(set(ids))}"
            says = f"{number} are not in {models.snapshot}: {_first_registered_of(absent)}"
            yield RegistryFinding(FindingSeverity.NOTE, family.id, kind, says, hint, absent)


def find_deletions_against_snapshot(
    family: Family, models: RegistryModels
) -> Iterator[RegistryFinding]:
    """Find roots that the registry calls deleted and the snapshot lists."""
    for id in chain.from_iterable(release.deleted for release in family.releases):
        if id in models.listed:
            says = f"is said to be deleted, and {models.snapshot} lists it"
            hint = "take it out of deleted"
            yield RegistryFinding(FindingSeverity.WARNING, family.id, id, says, hint)


def find_contradicted_copies(family: Family, models: RegistryModels) -> Iterator[RegistryFinding]:
    """Find re-uploads that declare to be something else, or to come from somewhere else."""
    for release in family.releases:
        for copy in release.mirrors:
            relation = models.relation.get(copy.id)
            if relation in _NO_MIRROR:
                says = f"is listed as a plain mirror, and its page says {relation}"
                hint = "a mirror holds the same weights: see if it belongs under quantized"
                yield RegistryFinding(FindingSeverity.WARNING, family.id, copy.id, says, hint)
        for copy in chain(release.mirrors, release.quantized, release.changed):
            yield from _compare_copy_origin((family.id, release.id), copy, models)


def _compare_copy_origin(
    home: Home, copy: Reupload, models: RegistryModels
) -> Iterator[RegistryFinding]:
    declared = models.parents.get(copy.id, ())
    declared_homes = {models.homes.get(parent) for parent in declared}
    if not declared or home in declared_homes:
        return
    in_family = home[0] in {other[0] for other in declared_homes if other is not None}
    severity = FindingSeverity.NOTE if in_family else FindingSeverity.WARNING
    says = f"is listed as a copy in {home[1]}, and its page names {_first_registered_of(declared)}"
    hint = "a copied card may name its original's parent; else it stands in the wrong place"
    yield RegistryFinding(severity, home[0], copy.id, says, hint)


def find_contradicted_edges(family: Family, models: RegistryModels) -> Iterator[RegistryFinding]:
    """Find curated edges to which the child's own declaration does not fit."""
    for edge in family.edges:
        declared = models.parents.get(edge.child, ())
        same_weights = {edge.parent, *family.family_mirrors_of(edge.parent)}
        if declared and same_weights.isdisjoint(declared):
            home = models.homes.get(edge.parent)
            declared_homes = {models.homes.get(id) for id in declared}
            # A source that names a release alone is contradicted by one alone, too.
            if is_claimable(edge.parent) and declared_homes <= {home, None}:
                continue
            is_near = home is not None and home in declared_homes
            severity = FindingSeverity.NOTE if is_near else FindingSeverity.WARNING
            says = f"the registry names {edge.parent}, its page {_first_registered_of(declared)}"
            hint = "compare the edge's source with the page; the page may be wrong"
            yield RegistryFinding(severity, family.id, edge.child, says, hint)


def find_outsiders_inside(family: Family, models: RegistryModels) -> Iterator[RegistryFinding]:
    """Find outsiders that declared parents bring below a root of the family."""
    for outsider in family.outsiders:
        if outsider.id in models.inside[family.id]:
            says = f"is an outsider for {outsider.reason}, and declared parents lead to a root"
            hint = "see the path with: lineage trace"
            yield RegistryFinding(FindingSeverity.WARNING, family.id, outsider.id, says, hint)


def find_other_licenses(family: Family, models: RegistryModels) -> Iterator[RegistryFinding]:
    """Find releases whose official repositories carry another license tag."""
    for release in family.releases:
        tags = defaultdict(list)
        for id in release.official:
            # The tag `other` names no license: that stands in a field beside it, or in a file.
            if models.license.get(id, release.license) not in {release.license, "other"}:
                tags[models.license[id]].append(id)
        for tag, ids in tags.items() if release.license else ():
            says = f"the registry says license {release.license}, {len(ids)} official pages {tag}"
            hint = "a later tag may be the right one, or the release is two"
            severity = FindingSeverity.WARNING
            yield RegistryFinding(severity, family.id, release.id, says, hint, tuple(ids))


def find_late_official_anomalies(
    family: Family, models: RegistryModels
) -> Iterator[RegistryFinding]:
    """Find official repositories created long after their release."""
    created_at = models.created_at
    hint = "a later batch, a repository made anew, or a wrong date"
    for release in family.releases:
        late = tuple(
            id
            for id in release.official
            if id in created_at and created_at[id].date() > release.released + LATE
        )
        if late:
            says = (
                f"{len(late)} official were created over {LATE.days} days after"
                f" {release.released}: {_first_registered_of(late)}"
            )
            severity = FindingSeverity.NOTE
            yield RegistryFinding(severity, family.id, release.id, says, hint, late)


CHECKS: tuple[SnapshotCheck, ...] = (
    find_ids_unknown_to_snapshot,
    find_deletions_against_snapshot,
    find_contradicted_copies,
    find_contradicted_edges,
    find_outsiders_inside,
    find_other_licenses,
    find_late_official_anomalies,
)


def _first_registered_of(ids: Sequence[str]) -> str:
    names = ", ".join(ids[:_MOST_NAMED])
    return names if len(ids) <= _MOST_NAMED else f"{names} and {len(ids) - _MOST_NAMED} more"


# Reading the snapshot


def read_registered_models(scope: Scope) -> RegistryModels:
    """Read from a snapshot what the checks need."""
    # What the page itself declares: the registry is what it is compared with.
    scope = scope.under(Definition())
    snapshot, families = scope.snapshot, scope.families
    nodes = scope.nodes_of(sorted(set(_registry_ids(families))))
    listed = {id: node for id, node in nodes.items() if node < snapshot.manifest.models}
    parents, relation = _read_parents_to_compare(scope, nodes)
    table = snapshot.table(schema.MODELS_FILE, ["license", "created_at"])
    rows = table.take(pa.array(listed.values(), pa.int32())).to_pylist()
    by_id = list(zip(listed, rows, strict=True))
    return RegistryModels(
        snapshot=snapshot.id,
        is_whole=snapshot.manifest.origin.kind is not SnapshotKind.BELOW,
        nodes=nodes,
        listed=frozenset(listed),
        parents=parents,
        relation=relation,
        license={id: row["license"] for id, row in by_id if row["license"] is not None},
        created_at={id: row["created_at"] for id, row in by_id if row["created_at"] is not None},
        inside={family.id: _outsiders_below(scope, family, nodes) for family in families},
        homes=_homes_of_registry_entries(families),
    )


def _homes_of_registry_entries(families: Sequence[Family]) -> dict[str, Home]:
    homes: dict[str, Home] = {}
    parents = {edge.child: edge.parent for family in families for edge in family.edges}
    for family in families:
        for release in family.releases:
            copies = (copy.id for copy in chain(release.quantized, release.changed))
            ids = (release.subject, *release.root_repo_ids(), *copies)
            homes |= dict.fromkeys(ids, (family.id, release.id))
    # What curated edges bring below a release is at home there too.
    for child in parents:
        path, above = [child], parents.get(child)
        while path[-1] not in homes and above is not None and above not in path:
            path.append(above)
            above = parents.get(above)
        if path[-1] in homes:
            homes |= dict.fromkeys(path, homes[path[-1]])
    return homes


def _registry_ids(families: Sequence[Family]) -> Iterator[str]:
    for family in families:
        yield from family.root_repo_ids()
        for edge in family.curated_family_edges():
            yield from (edge.child, edge.parent)
        yield from (outsider.id for outsider in family.outsiders)


def _read_parents_to_compare(
    scope: Scope, nodes: Mapping[str, int]
) -> tuple[dict[str, list[str]], dict[str, Relation]]:
    ids = {node: id for id, node in nodes.items()}
    edges = scope.edges
    rows = np.flatnonzero(np.isin(edges.child, np.fromiter(ids, np.int32, len(ids))))
    above = np.unique(edges.parent[rows])
    # The registry's spelling wins over the present name, as it is what the checks compare with.
    names = scope.names_by_node(above)[1] | ids
    parents: dict[str, list[str]] = defaultdict(list)
    relation: dict[str, Relation] = {}
    for row in rows.tolist():
        child, parent = int(edges.child[row]), int(edges.parent[row])
        relation[ids[child]] = RELATIONS[edges.relation[row]]
        if child != parent:
            parents[ids[child]].append(names[parent])
    return dict(parents), relation


def _outsiders_below(scope: Scope, family: Family, nodes: Mapping[str, int]) -> frozenset[str]:
    outsiders = [outsider.id for outsider in family.outsiders if outsider.id in nodes]
    if not outsiders:
        return frozenset()
    roots = np.array([nodes[id] for id in family.root_repo_ids() if id in nodes], np.int32)
    below = reach.find_below(scope.edges.child, scope.edges.parent, scope.nodes, roots)
    return frozenset(id for id in outsiders if below[nodes[id]])
