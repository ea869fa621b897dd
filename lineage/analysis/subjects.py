"""From a name or a family to the nodes whose descendants are counted."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.scope import Scope
from lineage.domain.arrays import Nodes
from lineage.domain.families import Family
from lineage.domain.repo_ids import tidy_name
from lineage.errors import UnknownModel
from lineage.store import schema
from lineage.store.reader import Snapshot

_SUGGESTIONS = 3
_CANDIDATES = 2000
_TELLING = 4
"""A shorter piece of a name stands in too many others."""


@dataclass(frozen=True, slots=True)
class Base:
    """One model that a question is about."""

    id: str
    """Its name now."""
    key: str
    node: int


def find_base(snapshot: Snapshot, name: str, families: Sequence[Family]) -> Base:
    """Find the model of a name: as it is now, as it was called before, or but for the case.

    Raises UnknownModel, with close spellings, where no name of the snapshot is meant.
    """
    tidy = tidy_name(name)
    if (base := _bearer(snapshot, tidy)) is not None:
        return base
    former = {old.name: old.now for family in families for old in family.former_names()}
    if (base := _bearer(snapshot, former.get(tidy, tidy))) is not None:
        return base
    known = snapshot.former_keys()
    for other in (known.get(tidy), *_without_case(snapshot, tidy, {**former, **known})):
        if other is not None:
            base = _bearer(snapshot, other) or _holder(snapshot, other)
            if base is not None:
                return base
    raise UnknownModel(
        f"{name!r} is not in snapshot {snapshot.id}, and no model listed there names it as a base",
        _hint(_close_spellings(snapshot, tidy)),
    )


def base_roots(scope: Scope, base: Base) -> tuple[tuple[str, ...], Nodes]:
    """Return the ids and the nodes of a base, and of its plain mirrors where they join it."""
    mirrors: list[str] = []
    if scope.definition.mirrors:
        mirrors += [mirror for family in scope.families for mirror in family.mirrors_of(base.id)]
    nodes = np.union1d(root_nodes(scope, mirrors), [base.node]).astype(np.int32)
    return (base.id, *mirrors), nodes


def root_nodes(scope: Scope, ids: Sequence[str]) -> Nodes:
    """Return the nodes of those ids that are known, by their name now or a former one."""
    return np.array(sorted(set(scope.nodes_of(ids).values())), np.int32)


def _bearer(snapshot: Snapshot, id: str) -> Base | None:
    """Return the node that bears a name now, whether it has children or not."""
    row = snapshot.base(id)
    if row is None or row.node >= snapshot.manifest.models:
        # A model deleted and made anew: the listed one of two bears the name.
        node = snapshot.nodes_of([id]).get(id, snapshot.records)
        if node < snapshot.records:
            key = snapshot.record_column("key")[node].as_py()
            return Base(id, key, node)
    return None if row is None else Base(row.id, row.key, row.node)


def _holder(snapshot: Snapshot, key: str) -> Base | None:
    """Return the node that has a key, under the name it has now."""
    if (found := snapshot.node_of_key(key)) is None:
        return None
    node, id = found
    return Base(id, key, node)


def _without_case(snapshot: Snapshot, name: str, former: dict[str, str]) -> list[str]:
    """Return the one name or key that is equal but for the case; present names before former."""
    present: set[str] = set()
    for ids in _names(snapshot):
        present.update(ids.filter(pc.equal(pc.utf8_lower(ids), name.lower())).to_pylist())
    same = present or {meant for old, meant in former.items() if old.lower() == name.lower()}
    return sorted(same) if len(same) == 1 else []


def _close_spellings(snapshot: Snapshot, name: str) -> list[str]:
    """Return names like this one: of the same owner, or with the same repository name elsewhere."""
    owner, _, repository = name.lower().rpartition("/")
    found: set[str] = set()
    for ids in _names(snapshot):
        lowered = pc.utf8_lower(ids)
        hits = pc.ends_with(lowered, f"/{repository}")
        if owner:
            hits = pc.or_(hits, pc.starts_with(lowered, f"{owner}/"))
        elif len(repository) >= _TELLING:
            hits = pc.or_(hits, pc.match_substring(lowered, repository))
        found.update(ids.filter(hits).slice(0, _CANDIDATES).to_pylist())
    by_case = {id.lower(): id for id in sorted(found)}
    close = difflib.get_close_matches(name.lower(), by_case, _SUGGESTIONS, cutoff=0.6)
    return [by_case[id] for id in close]


def _names(snapshot: Snapshot) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Return the names of all models with a record, and of those known as parents alone."""
    return snapshot.record_column("id"), snapshot.column(schema.COUNTS_FILE, "id")


def _hint(names: Sequence[str]) -> str:
    return f"did you mean {', '.join(names)}?" if names else "check the spelling: owner/name"
