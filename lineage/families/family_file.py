"""One family file: its shape, the values made of it, and what must agree across its entries."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

from msgspec import field

from lineage.domain.claims import Relation
from lineage.domain.families import (
    CuratedEdge,
    CuratedSource,
    Family,
    FormerName,
    NameReading,
    Outsider,
    OutsiderReason,
    Proof,
    Release,
    ReleaseGroup,
    Reupload,
    Spelling,
    is_claimable,
)
from lineage.domain.repo_ids import is_repo_id
from lineage.errors import SettingsError
from lineage.families.toml_file import (
    REPO_ID,
    Address,
    Handle,
    RepoId,
    Shape,
    SourcedShape,
    Text,
    check_registry_quote,
    make_registry_source,
    read_registry_toml,
    replace_registry_marks,
)

# Rows of a count by release that are no release: none may take their names.
_RESERVED = ("mixed", "unknown")
_RELATIONS = frozenset(Relation)


class _FamilyHead(Shape):
    id: Handle
    name: Text
    version: Text
    organization: Text | None = None


class _Reupload(Shape):
    id: RepoId
    of: RepoId | None = None
    source: Text | None = None
    note: Text | None = None


class _Release(Shape):
    id: Handle
    name: Text
    released: date
    source: Text
    official: tuple[RepoId, ...]
    license: Text | None = None
    sizes: tuple[Text, ...] = ()
    parameters: dict[str, int] = field(default_factory=dict)
    gated: Literal["manual", "auto", "false"] | None = None
    deleted: tuple[RepoId, ...] = ()
    mirror: tuple[_Reupload, ...] = ()
    mirror_source: Text | None = None
    quantized: tuple[_Reupload, ...] = ()
    quantized_source: Text | None = None
    changed: tuple[_Reupload, ...] = ()
    changed_source: Text | None = None
    former_names: dict[str, str] = field(default_factory=dict)


class _Edge(SourcedShape, kw_only=True):
    child: RepoId
    parent: RepoId
    relation: Relation
    proof: Proof


class _Outsider(SourcedShape, kw_only=True):
    id: RepoId
    reason: OutsiderReason
    sentence: Text
    root: RepoId | None = None


class _ReleaseGroup(Shape):
    id: Handle
    name: Text
    releases: tuple[Handle, ...]


class _NameSpelling(Shape):
    means: Handle
    pattern: Text
    sizes: tuple[Text, ...] = ()


class _NameTable(Shape):
    mentions: tuple[Text, ...]
    spelling: tuple[_NameSpelling, ...]
    look_alikes: tuple[Text, ...] = ()
    model_types: tuple[Text, ...] = ()
    fewest: int = 0


# Hundreds of entries out of one source stand as lines of one text: a table each would take the
# TOML parser three times as long, and a reader five times as many lines.
class _EdgeLines(Shape, kw_only=True):
    source: Text
    url: Address
    """`*` stands for the file that a line names."""
    proof: Proof
    lines: Text
    """child | relation | parent | place | quote"""


class _OutsiderLines(Shape, kw_only=True):
    source: Text
    url: Address
    reason: OutsiderReason
    sentence: Text
    root: RepoId | None = None
    lines: Text
    """id | place | quote"""


class _FamilyFile(Shape):
    family: _FamilyHead
    sources: dict[str, str] = field(default_factory=dict)
    release: tuple[_Release, ...] = ()
    edge: tuple[_Edge, ...] = ()
    edges: tuple[_EdgeLines, ...] = ()
    outsider: tuple[_Outsider, ...] = ()
    outsiders: tuple[_OutsiderLines, ...] = ()
    former_names: dict[str, str] = field(default_factory=dict)
    group: tuple[_ReleaseGroup, ...] = ()
    names: _NameTable | None = None


def load_family_file(file: Path | Traversable, *, is_proven: bool = False) -> Family:
    """Read one family file.

    A proven one has been read before without that word: no rule between its entries is asked again.

    Raises:
        SettingsError: it cannot be read, or it breaks a rule; the message names file and entry.
    """
    name, content = file.name, read_registry_toml(file, _FamilyFile)
    if not content.release:
        raise SettingsError(f"{name}: a family needs at least one [[release]]")
    head, marks = content.family, content.sources
    edges = [
        CuratedEdge(
            *(it.child, it.parent, it.relation, it.proof),
            make_registry_source(f"{name}, edge {it.child}", it, marks),
        )
        for it in content.edge
    ]
    for edge_lines in content.edges:
        edges += _read_family_file_edges(name, edge_lines, marks)
    outsiders = [
        Outsider(
            *(it.id, it.reason, it.sentence),
            make_registry_source(f"{name}, outsider {it.id}", it, marks),
            it.root,
        )
        for it in content.outsider
    ]
    for outsider_lines in content.outsiders:
        outsiders += _read_outsider_lines(name, outsider_lines, marks)
    family = Family(
        id=head.id,
        name=head.name,
        version=head.version,
        releases=tuple(_make_family_release(name, it, marks) for it in content.release),
        organization=head.organization,
        edges=tuple(edges),
        outsiders=tuple(outsiders),
        renamed=_make_former_family_names(name, content.former_names),
        groups=tuple(ReleaseGroup(it.id, it.name, it.releases) for it in content.group),
        names=_make_family_name_reading(content.names),
    )
    if not is_proven:
        _check_family_agreement(name, family)
    return family


def _read_family_file_edges(
    file: str, entry: _EdgeLines, marks: Mapping[str, str]
) -> Iterator[CuratedEdge]:
    sources = _read_family_file_sources(file, entry, marks, cells=5)
    for (child, relation, parent), source in sources:
        if relation not in _RELATIONS:
            hint = f"it can be {', '.join(Relation)}"
            raise SettingsError(f"{file}, edges {child}: {relation!r} is no relation", hint)
        # Where a source names no checkpoint, the parent is a release: `release:llama-3`.
        for id in (child,) if is_claimable(parent) else (child, parent):
            if not is_repo_id(id):
                raise SettingsError(f"{file}, edges {child}: {id!r} is not {REPO_ID}")
        yield CuratedEdge(child, parent, Relation(relation), entry.proof, source)


def _read_outsider_lines(
    file: str, entry: _OutsiderLines, marks: Mapping[str, str]
) -> Iterator[Outsider]:
    for (id,), source in _read_family_file_sources(file, entry, marks, cells=3):
        if not is_repo_id(id):
            raise SettingsError(f"{file}, outsiders {id}: {id!r} is not {REPO_ID}")
        yield Outsider(id, entry.reason, entry.sentence, source, entry.root)


def _read_family_file_sources(
    file: str, entry: _EdgeLines | _OutsiderLines, marks: Mapping[str, str], *, cells: int
) -> Iterator[tuple[list[str], CuratedSource]]:
    """Yield the first cells of each line, and the source that its last two complete."""
    shared = make_registry_source(file, SourcedShape(source=entry.source, url=entry.url), marks)
    for line in entry.lines.strip("\n").splitlines():
        # The last cell is a quotation and may hold a bar itself.
        row = [cell.strip() for cell in line.split("|", cells - 1)]
        if len(row) < cells or not all(row) or not line.isprintable():
            hint = "write all cells in printable characters, with a bar between"
            raise SettingsError(f"{file}: {line!r} is no line of {cells} cells", hint)
        *head, place, quote = row
        check_registry_quote(f"{file}, {row[0]}", quote)
        url = entry.url.replace("*", place.partition(" ")[0])
        yield head, CuratedSource(f"{shared.text}, {place}", quote, url)


def _make_family_release(file: str, entry: _Release, marks: Mapping[str, str]) -> Release:
    place = f"{file}, release {entry.id}"

    def make_family_copies(
        kind: str, copies: Iterable[_Reupload], source: str | None, originals: tuple[str, ...]
    ) -> tuple[Reupload, ...]:
        return tuple(
            _make_family_reupload(f"{place}, {kind} {it.id}", it, source, originals, marks)
            for it in copies
        )

    mirrors = make_family_copies("mirror", entry.mirror, entry.mirror_source, entry.official)
    roots = entry.official + tuple(mirror.id for mirror in mirrors)
    if not roots:
        raise SettingsError(f"{place}: neither an official repository nor a mirror")
    for id in sorted(set(entry.deleted) - set(roots)):
        hint = "list it under official or mirror too, spelled alike"
        raise SettingsError(f"{place}: deleted = {id!r} is no root of this release", hint)
    for old, now in entry.former_names.items():
        if now not in roots:
            hint = "names of other models stand in [former_names] of the file"
            raise SettingsError(f"{place}: {old} = {now!r} is no root of this release", hint)
    return Release(
        id=entry.id,
        name=entry.name,
        released=entry.released,
        license=entry.license,
        official=entry.official,
        mirrors=mirrors,
        former_names=_make_former_family_names(place, entry.former_names),
        # A quantized or changed copy may have been made of a mirror.
        quantized=make_family_copies("quantized", entry.quantized, entry.quantized_source, roots),
        changed=make_family_copies("changed", entry.changed, entry.changed_source, roots),
        deleted=entry.deleted,
        sizes=entry.sizes,
        parameters=tuple(entry.parameters.items()),
        gated=entry.gated,
        source=replace_registry_marks(place, entry.source, marks),
    )


def _make_family_reupload(
    place: str,
    entry: _Reupload,
    shared_source: str | None,
    originals: tuple[str, ...],
    marks: Mapping[str, str],
) -> Reupload:
    if entry.of is None and originals:
        raise SettingsError(f"{place}: of is missing", f"it can be {', '.join(originals)}")
    if entry.of is not None and entry.of not in originals:
        hint = (
            f"it can be {', '.join(originals)}" if originals else "leave it out: none is official"
        )
        raise SettingsError(f"{place}: of = {entry.of!r} is no checkpoint of this release", hint)
    source = entry.source or shared_source
    if source is None:
        hint = "give it a source, or the release one for all copies of its kind: mirror_source ..."
        raise SettingsError(f"{place}: nothing says why it is taken for that", hint)
    text = source if entry.note is None else f"{source}; {entry.note}"
    return Reupload(entry.id, entry.of, replace_registry_marks(place, text, marks))


def _make_family_name_reading(names: _NameTable | None) -> NameReading:
    if names is None:
        return NameReading()
    spellings = tuple(Spelling(it.pattern, it.means, it.sizes) for it in names.spelling)
    head = names.mentions, names.look_alikes, names.model_types
    return NameReading(*head, spellings, names.fewest)


def _make_former_family_names(place: str, names: Mapping[str, str]) -> tuple[FormerName, ...]:
    for id in (*names, *names.values()):
        if not is_repo_id(id):
            raise SettingsError(f"{place}, former_names: {id!r} is not {REPO_ID}")
    return tuple(FormerName(old, now) for old, now in names.items())


# What must agree across entries. The Hub compares ids without case, and so does all of this.


def list_root_names(family: Family) -> Iterator[tuple[str, str]]:
    """Yield every name that leads to a root of a family, with its role."""
    for release in family.releases:
        yield from ((id, f"official in {release.id}") for id in release.official)
        yield from ((it.id, f"a mirror in {release.id}") for it in release.mirrors)
        yield from ((it.name, f"an old name in {release.id}") for it in release.former_names)


def _check_family_agreement(file: str, family: Family) -> None:
    """Raise SettingsError for the first contradiction in a family."""
    for pattern in (*family.names.look_alikes, *(it.pattern for it in family.names.spellings)):
        try:
            re.compile(pattern)
        except re.error as error:
            raise SettingsError(f"{file}, names: {pattern!r} is no pattern: {error}") from error

    # The handles by which releases are asked for.
    handles = [(word, "a word for what has no single release") for word in _RESERVED]
    named = [(it.id, it.name) for it in family.releases]
    for id, name in (*named, *((it.id, it.name) for it in family.groups)):
        handles += [(handle, f"release {id}") for handle in sorted({id, name.lower()})]
    _refuse_second_family_role(file, handles, {})
    ids = [release.id for release in family.releases]
    grouped = [id for group in family.groups for id in group.releases]
    meant = [id for it in family.names.spellings if (id := it.means) != family.id]
    meant = [id for id in meant if id not in {group.id for group in family.groups}]
    for id in (id for id in (*grouped, *meant) if id not in ids):
        raise SettingsError(f"{file}: {id!r} is no release of it", f"it can be {', '.join(ids)}")

    # Repositories: a name is one root, one copy or one former name.
    roles = _refuse_second_family_role(file, list_root_names(family), {})
    for release in family.releases:
        copies = [(it.id, f"a quantized copy in {release.id}") for it in release.quantized]
        copies += [(it.id, f"a changed copy in {release.id}") for it in release.changed]
        _refuse_second_family_role(file, copies, roles)
    _refuse_second_family_role(file, ((it.name, "an old name") for it in family.renamed), roles)

    # Edges; quantized and changed copies are edges by themselves.
    claimable = family.claimable()
    for edge in family.edges:
        if is_claimable(edge.parent) and edge.parent not in claimable:
            hint = f"it can be {', '.join(claimable)}"
            raise SettingsError(f"{file}, edge {edge.child}: no {edge.parent}", hint)
    pairs: set[tuple[str, str]] = set()
    for edge in family.curated_family_edges():
        place, pair = f"{file}, edge {edge.child}", (edge.child.lower(), edge.parent.lower())
        if pair[0] == pair[1]:
            raise SettingsError(f"{place}: it is its own parent", "name another parent")
        if pair in pairs:
            hint = "keep one; quantized and changed copies are edges by themselves"
            raise SettingsError(f"{place}: its edge to {edge.parent} is listed twice", hint)
        pairs.add(pair)
        roles[edge.child.lower()] = f"a child of {edge.parent}"

    # Outsiders are nothing else in the family.
    _refuse_second_family_role(file, ((it.id, "an outsider") for it in family.outsiders), roles)

    # Answers name models as they are called now, and entries are compared with those names.
    present = {former.name.lower(): former.now for former in family.former_names()}
    ids = [id for edge in family.edges for id in (edge.child, edge.parent)]
    for id in (*ids, *present.values()):
        if id.lower() in present:
            what = f"{file}: {id} is an old name of {present[id.lower()]}"
            raise SettingsError(what, "write the name it has now")


def _refuse_second_family_role(
    file: str, names: Iterable[tuple[str, str]], roles: dict[str, str]
) -> dict[str, str]:
    """Enter the role of each name; SettingsError where one has a role already."""
    for name, role in names:
        if name.lower() in roles:
            hint = "one name stands for one thing: keep one of the two entries"
            raise SettingsError(f"{file}: {name} is {roles[name.lower()]} and also {role}", hint)
        roles[name.lower()] = role
    return roles
