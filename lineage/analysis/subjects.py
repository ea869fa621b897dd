"""From a subject to what it means in a scope: a model, a release or a family, and its roots."""

import difflib
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.groups import find_releases_above_nodes
from lineage.analysis.members import Members, members_below
from lineage.analysis.scope import DEFAULT, Scope
from lineage.domain.arrays import Nodes
from lineage.domain.families import Family, Release
from lineage.domain.opt_outs import count_opt_out_marks
from lineage.domain.repo_ids import name_other_kind_of_repository
from lineage.domain.subjects import Subject, SubjectKind, parse_subject
from lineage.errors import LineageError, SettingsError, UnknownModel
from lineage.families.registry import find_release
from lineage.store import schema
from lineage.store.reader import Snapshot

_SUGGESTIONS = 3
_CANDIDATES = 2000
_SHORTEST_PIECE = 4
"""A shorter piece of a name stands in too many names."""


class ModelNode(NamedTuple):
    """One model of a snapshot."""

    id: str
    """Its name now."""
    key: str
    number: int | Callable[[], int]
    """Its node, or what looks for it."""
    is_listed: bool = False
    """Whether it is known without its number that the snapshot lists it."""

    @property
    def node(self) -> int:
        """The node's number."""
        return self.number if isinstance(self.number, int) else self.number()


class ResolvedSubject(NamedTuple):
    """What a question is about, found in a snapshot or in the registry."""

    spelling: str
    """As it was spelled."""
    model: ModelNode | None = None
    family: Family | None = None
    """The family, or the release's."""
    release: Release | None = None

    @property
    def kind(self) -> SubjectKind:
        """What it is."""
        if self.model is not None:
            return SubjectKind.MODEL
        return SubjectKind.FAMILY if self.release is None else SubjectKind.RELEASE

    @property
    def id(self) -> str:
        """A model's name now, `release:<id>` or `family:<id>`; all of them are subjects again."""
        if self.model is not None:
            return self.model.id
        if self.release is not None:
            return f"release:{self.release.id}"
        assert self.family is not None
        return f"family:{self.family.id}"

    @property
    def key(self) -> str | None:
        """A model's key; a family and a release are no nodes and have none."""
        return None if self.model is None else self.model.key


class SubjectMembers(NamedTuple):
    """The models that a subject's number counts."""

    scope: Scope
    """Of a family or release with its mirrors and curated edges, which always join."""
    root_ids: tuple[str, ...]
    roots: Nodes
    members: Members


def find_subject(scope: Scope, subject: str | Subject) -> ResolvedSubject:
    """Find what a subject means: a model, else a release, else a family, unless it says its kind.

    A model of just this name comes before both, one that is equal but for the case after them.
    Raises UnknownModel, with the best candidates, where nothing of that name is known.
    """
    spelling = subject if isinstance(subject, str) else subject.name
    try:
        parsed = parse_subject(subject) if isinstance(subject, str) else subject
    except ValueError as error:
        raise SettingsError(str(error), "give a model as owner/name") from error
    if parsed.kind is not SubjectKind.MODEL:
        curated = _match_registry(scope, spelling, parsed)
        # The look-up is that of the registry's roots, which a family's number needs anyway.
        is_model = parsed.kind is None and curated is not None and scope.nodes_of([parsed.name])
        if curated is not None and not is_model:
            return curated
    if parsed.kind is SubjectKind.FAMILY:
        known = ", ".join(family.id for family in scope.families)
        raise UnknownModel(f"no family is called {parsed.name!r}", f"known families: {known}")
    if parsed.kind is SubjectKind.RELEASE:
        releases = [release.id for family in scope.families for release in family.releases]
        close = difflib.get_close_matches(parsed.name.lower(), releases, _SUGGESTIONS, cutoff=0.6)
        raise UnknownModel(
            f"no release is called {parsed.name!r}",
            f"did you mean {', '.join(close)}?" if close else "see: lineage families show FAMILY",
            [f"release:{id}" for id in close],
        )
    model = match_subject_model(scope, parsed.name)
    if model is None:
        raise _unknown_subject(scope, parsed.name, spelling)
    return ResolvedSubject(spelling, model)


def lists_subject(scope: Scope, subject: str) -> bool:
    """Say whether a snapshot lists a model, or any root of a family or release."""
    try:
        resolved = find_subject(scope, subject)
    except UnknownModel:
        return False
    # A crawl below one model may know another's name as a parent: listed are those that it read.
    models = scope.snapshot.manifest.models
    if resolved.model is not None:
        return resolved.model.node < models
    registered = resolved.release or resolved.family
    assert registered is not None
    return any(node < models for node in scope.nodes_of(registered.root_repo_ids()).values())


def find_subject_model(scope: Scope, name: str) -> ModelNode:
    """Find the model of a name: as it is now, as it was called before, or but for the case.

    Raises UnknownModel, with the best candidates, where no name of the snapshot is meant.
    """
    try:
        subject = parse_subject(name)
    except ValueError as error:
        raise SettingsError(str(error), "give a model as owner/name") from error
    model = match_subject_model(scope, subject.name)
    if model is None:
        raise _unknown_subject(scope, subject.name, name)
    return model


def match_subject_model(scope: Scope, name: str) -> ModelNode | None:
    """Return the model of a name as the Hub spells it, None where the snapshot knows none."""
    snapshot = scope.snapshot
    model = _subject_node_named(snapshot, name)
    if model is not None and (model.is_listed or model.node < snapshot.records):
        return model
    # A bare name that no model has may be a family's: only from here on is the registry read.
    nodes = scope.under(DEFAULT).every_scope_node_of([name]).get(name, ())
    if not nodes and model is None:
        keys_elsewhere = snapshot.keys_elsewhere([name], thorough=True)
        nodes = [*snapshot.nodes_of_keys(keys_elsewhere.values()).values()]
    if not nodes or (model is not None and model.node == nodes[0]):
        return model
    keys, ids = snapshot.names_of(np.array(nodes[:1], np.int32))
    return ModelNode(ids[0].as_py(), keys[0].as_py(), int(nodes[0]))


def select_members(scope: Scope, subject: ResolvedSubject) -> SubjectMembers:
    """Return the models below a subject, by the scope's definition; no root is among them.

    A named model is counted on what the Hub and the authors declare; mirrors and curated edges
    always join for a family or release. A release holds the models that meet it, and no other
    release, first on every path up, so that releases add up to their family.
    """
    if subject.model is not None:
        ids, roots = model_roots(scope, subject.model)
        return SubjectMembers(scope, ids, roots, members_below(scope, roots))
    scope = full_scope(scope)
    of_subject = subject.family if subject.release is None else subject.release
    assert of_subject is not None
    ids, roots = of_subject.root_repo_ids(), scope.tops_of(of_subject)
    members = members_below(scope, roots)
    if subject.release is not None:
        releases_by_node = find_releases_above_nodes(scope, scope.edges)
        own = releases_by_node.only_release() == releases_by_node.releases.index(subject.release)
        members = members.members_among(own)
    return SubjectMembers(scope, ids, roots, members)


def count_members_opted_out(scope: Scope, subject: ResolvedSubject, at_most: int) -> int:
    """Return by how much a subject's `at_most` is smaller since models opted out.

    That is theirs and that of all models that descend through them alone. Of what was left out
    when the snapshot was made only how many there were is known: all of those are in it.
    """
    whole = scope.snapshot.unredacted
    if whole is None:
        return count_opt_out_marks(scope.snapshot.manifest.left_out)
    left_out = count_opt_out_marks(whole.manifest.left_out)
    model = None
    if subject.model is not None:
        if (match := whole.node_of_key(subject.model.key)) is None:
            return left_out
        row = whole.base(match[1]) if scope.definition == DEFAULT else None
        if row is not None and row.key == subject.model.key:  # stored, as the number asked about is
            return max(row.total - at_most, 0) + left_out
        model = subject.model._replace(number=match[0], id=match[1])
    members = select_members(scope.of_snapshot(whole), subject._replace(model=model)).members
    more = int(members.possible.sum()) - at_most
    return max(more, 0) + left_out


def full_scope(scope: Scope) -> Scope:
    """Return the scope with mirrors among the roots and curated edges: what families count by."""
    return scope.under(replace(scope.definition, mirrors=True, curated=True))


def model_roots(scope: Scope, model: ModelNode) -> tuple[tuple[str, ...], Nodes]:
    """Return the ids and the nodes of a model, and of its mirrors where they join it."""
    mirrors: list[str] = []
    if scope.definition.mirrors:
        releases = [release for family in scope.families for release in family.releases]
        copies = [copy for release in releases for copy in release.mirrors if copy.of is not None]
        originals = scope.every_scope_node_of({copy.of for copy in copies if copy.of is not None})
        mirrors += [copy.id for copy in copies if model.node in originals.get(copy.of or "", ())]
    nodes = np.union1d(scope.roots_of(mirrors), [model.node]).astype(np.int32)
    return (model.id, *mirrors), nodes


def find_family_members(scope: Scope, keys: pa.ChunkedArray) -> list[str]:
    """Return those of some keys that declared edges lead down to from a root, and the roots.

    Those with most descendants come first, then by key; keys unknown to the snapshot are excluded.
    """
    if not len(keys):
        return []
    snapshot, scope = scope.snapshot, full_scope(scope.under(DEFAULT))
    keys_of_records = snapshot.record_column("key")
    nodes = np.flatnonzero(np.asarray(pc.is_in(keys_of_records, value_set=keys)))
    roots = scope.roots_of([root for family in scope.families for root in family.root_repo_ids()])
    of_a_family = scope.find_below(roots)
    of_a_family[roots] = True
    nodes = nodes[of_a_family[nodes]]
    total = np.zeros(scope.nodes, np.int64)
    counted = snapshot.table(schema.COUNTS_FILE, ["node", "total"])
    total[counted["node"].to_numpy()] = counted["total"].to_numpy()
    members: list[str] = keys_of_records.take(pa.array(nodes)).to_pylist()
    return [key for _, key in sorted(zip((-total[nodes]).tolist(), members, strict=True))]


def _match_registry(scope: Scope, spelling: str, subject: Subject) -> ResolvedSubject | None:
    """Return the release, else the family, of a name without a slash; None where there is none."""
    if "/" in subject.name:
        return None  # without a look at the registry, which a plain look-up need not read
    if subject.kind is not SubjectKind.FAMILY:
        match = find_release(subject.name, scope.families)
        if match is not None:
            return ResolvedSubject(spelling, family=match[0], release=match[1])
    if subject.kind is SubjectKind.RELEASE:
        return None
    id = subject.name.lower()
    families = (family for family in scope.families if family.id == id)
    return next((ResolvedSubject(spelling, family=family) for family in families), None)


def _subject_node_named(snapshot: Snapshot, id: str) -> ModelNode | None:
    """Return the node that has a name now, whether it has children or not."""
    row = snapshot.base(id)
    if row is None or not (row.is_listed or row.node < snapshot.manifest.models):
        # A model deleted and made anew: of the two, the listed one has the name.
        node = snapshot.nodes_of([id]).get(id, snapshot.records)
        if node < snapshot.records:
            key = snapshot.record_column("key")[node].as_py()
            return ModelNode(id, key, node)
    return None if row is None else ModelNode(row.id, row.key, row.number, row.is_listed)


def _unknown_subject(scope: Scope, name: str, spelling: str) -> LineageError:
    """Return the error for a name that nothing has, with the best candidates in its hint."""
    # Without an address around it `datasets/squad` could be a model; no account has that name.
    if "/" in name and (other := name_other_kind_of_repository(f"hf://{name}")) is not None:
        return SettingsError(f"{spelling!r} is {other}, not a model", "give a model as owner/name")
    candidates = _find_subject_candidates(scope, name)
    hint = f"did you mean {', '.join(candidates)}?" if candidates else ""
    return UnknownModel(
        f"{spelling!r} is unknown to snapshot {scope.snapshot.id}, as a model and as a parent",
        hint or "check the spelling: owner/name",
        candidates,
    )


def _find_subject_candidates(scope: Scope, name: str) -> list[str]:
    """Return what may be meant: the same name elsewhere, roots first, then close spellings.

    Among equals the model with most descendants comes first.
    """
    owner, _, repository = name.lower().rpartition("/")
    same_name: set[str] = set()
    similar: set[str] = set()
    # The names of all models with a record, and of those known as parents alone
    for ids in scope.snapshot.record_column("id"), scope.snapshot.column(schema.COUNTS_FILE, "id"):
        lowered = pc.utf8_lower(ids)
        same = pc.or_(pc.ends_with(lowered, f"/{repository}"), pc.equal(lowered, repository))
        same_name.update(ids.filter(same).to_pylist())
        close = pc.starts_with(lowered, f"{owner}/") if owner else same
        if not owner and len(repository) >= _SHORTEST_PIECE:
            close = pc.match_substring(lowered, repository)
        similar.update(ids.filter(close).slice(0, _CANDIDATES).to_pylist())
    roots = {root.lower() for family in scope.families for root in family.root_repo_ids()}
    counts = scope.snapshot.table(schema.COUNTS_FILE, ["id", "total"])
    rows = counts.filter(pc.is_in(counts["id"], value_set=pa.array(sorted(same_name), pa.string())))
    total = dict(zip(rows["id"].to_pylist(), rows["total"].to_pylist(), strict=True))
    ranked = sorted(same_name, key=lambda id: (id.lower() not in roots, -total.get(id, 0), id))
    by_case = {id.lower(): id for id in sorted(similar - same_name)}
    close_names = difflib.get_close_matches(name.lower(), by_case, _SUGGESTIONS, cutoff=0.6)
    return [*ranked, *(by_case[id] for id in close_names)][:_SUGGESTIONS]
