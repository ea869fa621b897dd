"""Resolving names: from what claims wrote to the models they meant, before parents are counted.

A name resolves by exact spelling, else as a former name, else by the one name that is equal
without case. What resolves to nothing becomes a node of its own, `name:<as written>`, unless its
rule may just as well have read a local path.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.build.draft import Draft
from lineage.domain.arrays import Mask, Nodes
from lineage.domain.claims import Claims, Strength
from lineage.domain.families import Family
from lineage.domain.gc_paused import gc_paused
from lineage.domain.repo_ids import NAME_PREFIX, STAND_IN, find_repo_id, is_doubtful, is_full_id
from lineage.evidence import Rule
from lineage.evidence.infer import InferenceInput
from lineage.store import derived_rows, schema
from lineage.store.keys import NOWHERE, bare
from lineage.store.reader import Snapshot


class KnownNodes:
    """Every node so far: the listed models by row, the deleted, then others as they appear."""

    def __init__(self, keys: pa.StringArray, ids: pa.StringArray, listed: int) -> None:
        self.keys, self.ids = keys, ids
        self.listed_ids, self.deleted_ids = ids.slice(0, listed), ids.slice(listed)
        self.extra_keys: list[str] = []
        self.extra_ids: list[str] = []
        self._hub_parents: dict[str, int] = {}
        self._by_name: dict[str, int] = {}

    def find_or_add_keys(self, keys: Sequence[str], ids: Sequence[str]) -> Nodes:
        """Return a node for every key that the Hub gave; an unknown key becomes a node."""
        # An unlisted parent is private, gated from the listing or deleted: the Hub still vouches
        # for it by its key, so its children must not be lost.
        nodes = _rows_of(pa.array(keys, pa.string()), self.keys)
        for at in np.flatnonzero(nodes == NOWHERE).tolist():
            if (id := find_repo_id(ids[at])) is not None:
                nodes[at] = self._add(keys[at], id)
                self._hub_parents[id] = int(nodes[at])
        return nodes

    def find_names(self, names: Sequence[str]) -> Nodes:
        """Return the node that has each name now, -1 where none has.

        Listed models win, then those that the Hub names, then the deleted.
        """
        spellings = pa.array(names, pa.string())
        nodes = _rows_of(spellings, self.listed_ids)
        for at in np.flatnonzero(nodes == NOWHERE).tolist():
            nodes[at] = self._hub_parents.get(names[at], NOWHERE)
        among_deleted = _rows_of(spellings, self.deleted_ids)
        is_deleted = (nodes == NOWHERE) & (among_deleted != NOWHERE)
        nodes[is_deleted] = among_deleted[is_deleted] + len(self.listed_ids)
        return nodes

    def find_former_names(self, keys_by_name: Mapping[str, str]) -> dict[str, int]:
        """Return, for each former name, the node that has its key."""
        rows = _rows_of(pa.array(keys_by_name.values(), pa.string()), self.keys)
        extra = {key: len(self.keys) + at for at, key in enumerate(self.extra_keys)}
        nodes = {}
        for (name, key), row in zip(keys_by_name.items(), rows, strict=True):
            node = int(row) if row != NOWHERE else extra.get(key, NOWHERE)
            if node != NOWHERE:
                nodes[name] = node
        return nodes

    def find_without_case(self, lowered: Iterable[str]) -> dict[str, set[int]]:
        """Return, for each lower-case name, every node whose name is equal without case."""
        names = pa.array(sorted(set(lowered)), pa.string())
        nodes: dict[str, set[int]] = {}
        for id, row in _equal_without_case(names, self.listed_ids):
            nodes.setdefault(id, set()).add(row)
        for id, node in self._hub_parents.items():
            nodes.setdefault(id.lower(), set()).add(node)
        present = set(nodes)
        for id, row in _equal_without_case(names, self.deleted_ids):
            if id not in present:
                nodes.setdefault(id, set()).add(row + len(self.listed_ids))
        return nodes

    def add_name(self, name: str) -> int:
        """Return the node of a name that no model has."""
        if name not in self._by_name:
            self._by_name[name] = self._add(NAME_PREFIX + name, name)
        return self._by_name[name]

    def number(self) -> tuple[Nodes, pa.StringArray, pa.StringArray]:
        """Return the final number of each node so far, and all keys and ids by final number."""
        # In order of the key, so that the numbers do not depend on the order of the claims.
        recorded = len(self.keys)
        by_key = sorted(range(len(self.extra_keys)), key=self.extra_keys.__getitem__)
        order = np.arange(recorded + len(by_key), dtype=np.int32)
        order[[recorded + at for at in by_key]] = np.arange(recorded, len(order), dtype=np.int32)
        keys = pa.array([self.extra_keys[at] for at in by_key], pa.string())
        ids = pa.array([self.extra_ids[at] for at in by_key], pa.string())
        return order, pa.concat_arrays([self.keys, keys]), pa.concat_arrays([self.ids, ids])

    def _add(self, key: str, id: str) -> int:
        self.extra_keys.append(key)
        self.extra_ids.append(id)
        return len(self.keys) + len(self.extra_keys) - 1


def _equal_without_case(lowered: pa.StringArray, ids: pa.StringArray) -> Iterator[tuple[str, int]]:
    """Yield the name in lower case, and the row, of each id that is equal without case."""
    names = pc.utf8_lower(ids)
    rows = pc.indices_nonzero(pc.is_in(names, value_set=lowered))
    return zip(names.take(rows).to_pylist(), rows.to_pylist(), strict=True)


def _rows_of(sought: pa.StringArray, values: pa.StringArray) -> Nodes:
    """Return the row of each sought value, the last one of several, -1 for none."""
    # The few sought values are hashed and the many others looked up: half the memory.
    if len(sought) == 0:
        return np.empty(0, np.int32)
    distinct = sought.dictionary_encode()
    place = pc.index_in(values, value_set=distinct.dictionary)
    row_of = np.full(len(distinct.dictionary), NOWHERE, np.int32)
    row_of[pc.drop_null(place).to_numpy()] = np.flatnonzero(place.is_valid())
    rows: Nodes = row_of[distinct.indices.to_numpy()]
    return rows


_IDS_AT_ONCE = 131_072


@dataclass(frozen=True, slots=True)
class FormerNames:
    """Names that models had before: by their name now (curated) or by key (seen or learned)."""

    now: Mapping[str, str]
    """Former name to present name, from the registry."""
    keys: Mapping[str, str]
    """Former name to key, from earlier snapshots."""
    registered: frozenset[str] = frozenset()
    """Ids that the registry knows: models also where no listing shows them any more."""


@dataclass(frozen=True, slots=True)
class ResolvedNames:
    """Where every claim points, and every node there is."""

    parent: Nodes
    """Node of each claim's parent, -1 = none."""
    keys: pa.StringArray
    """Key of every node: the listed by row, then the deleted, then those that are only named."""
    ids: pa.StringArray
    from_cards: Mapping[str, str]
    """Former names that rows of this draft taught: name to key."""
    from_hub: Mapping[str, str]
    """Former names that the Hub itself still wrote, with the key: name to key."""


@gc_paused()
def resolve_names(
    claims: Claims,
    rules: Sequence[Rule],
    keys: pa.StringArray,
    ids: pa.StringArray,
    former: FormerNames,
    *,
    deleted: int = 0,
) -> ResolvedNames:
    """Resolve the name of every claim; `keys` and `ids` are those of the models, row by row.

    The last `deleted` of them are no longer listed: a name is theirs unless a listed one has it.
    """
    nodes = KnownNodes(keys, ids, len(ids) - deleted)
    key_nodes = nodes.find_or_add_keys(claims.keys, _ids_beside_keys(claims))
    # A path or a placeholder is evidence and names no model: it is the empty name from here on.
    names = [find_repo_id(name) or "" for name in claims.names]
    name_nodes = nodes.find_names(names)

    # Former names, the surest source first: what the Hub wrote beside a key in this very run, what
    # the registry and earlier snapshots know, what this run's cards teach. Each only fills in names
    # that are still open, so a name that a model has now is never taken away from it.
    now = sorted(set(former.now.values()))
    present = dict(zip(now, nodes.find_names(now).tolist(), strict=True))
    from_before = {
        **nodes.find_former_names(former.keys),
        **{old: present[now] for old, now in former.now.items() if present[now] != NOWHERE},
    }
    from_hub = _learn_from_hub(claims, name_nodes, key_nodes, names)
    _fill_open_names(name_nodes, names, from_hub)
    _fill_open_names(name_nodes, names, from_before)
    from_cards = _learn_from_cards(claims, rules, name_nodes, key_nodes, names)
    _fill_open_names(name_nodes, names, from_cards)
    _fill_without_case(name_nodes, names, nodes, {**from_before, **from_hub, **from_cards})

    # A key is an identity and a name is not: where the source gave the key, it decides.
    by_key = np.append(key_nodes, NOWHERE)[claims.key]
    parent = np.where(by_key != NOWHERE, by_key, name_nodes[claims.name])
    names = _spell_as_registered(names, former)
    _add_named_nodes(parent, claims, rules, names, nodes=nodes, registered=former.registered)
    order, all_keys, all_ids = nodes.number()

    def to_keys(nodes_by_name: Mapping[str, int]) -> dict[str, str]:
        return {name: all_keys[int(order[node])].as_py() for name, node in nodes_by_name.items()}

    parent = np.append(order, NOWHERE).astype(np.int32)[parent]
    return ResolvedNames(parent, all_keys, all_ids, to_keys(from_cards), to_keys(from_hub))


def mark_declaring(rules: Sequence[Rule]) -> Mask:
    """Say of each rule whether it declares or infers."""
    return np.array([rule.strength is not Strength.INFERRED for rule in rules], np.bool_)


def _ids_beside_keys(claims: Claims) -> list[str]:
    """Return the name that goes with each distinct key, as the last claim wrote it."""
    keyed = np.flatnonzero(claims.key != NOWHERE)
    name_of_key = np.zeros(len(claims.keys), np.int64)
    name_of_key[claims.key[keyed]] = claims.name[keyed]
    return [claims.names[name] for name in name_of_key.tolist()]


def _fill_open_names(
    name_nodes: Nodes, names: Sequence[str], nodes_by_name: Mapping[str, int]
) -> None:
    for at in np.flatnonzero(name_nodes == NOWHERE).tolist():
        name_nodes[at] = nodes_by_name.get(names[at], NOWHERE)


def _fill_without_case(
    name_nodes: Nodes, names: Sequence[str], nodes: KnownNodes, former: Mapping[str, int]
) -> None:
    open_names = np.flatnonzero(name_nodes == NOWHERE).tolist()
    candidates = nodes.find_without_case(names[at].lower() for at in open_names)
    for name, node in former.items():
        candidates.setdefault(name.lower(), set()).add(node)
    for at in open_names:
        if len(alike := candidates.get(names[at].lower(), set())) == 1:
            name_nodes[at] = next(iter(alike))


def _learn_from_cards(
    claims: Claims, rules: Sequence[Rule], name_nodes: Nodes, key_nodes: Nodes, names: Sequence[str]
) -> dict[str, int]:
    """Learn former names from rows with exactly one Hub parent and exactly one card name.

    Rows that teach one name for two models teach nothing.
    """
    # Never by position in a list: the Hub sorts its parents, so where either side has two, nothing
    # says which name goes with which key.
    is_hub = claims.key >= 0
    is_card = np.array([rule.teaches_names for rule in rules], np.bool_)[claims.rule]
    size = int(claims.child.max(initial=-1)) + 1
    has_one_each = (np.bincount(claims.child[is_hub], minlength=size) == 1) & (
        np.bincount(claims.child[is_card], minlength=size) == 1
    )
    node_of_child = np.full(size, NOWHERE, np.int32)
    node_of_child[claims.child[is_hub]] = key_nodes[claims.key[is_hub]]
    cards = np.flatnonzero(is_card & has_one_each[claims.child])
    name = claims.name[cards]
    return _find_undisputed(name, node_of_child[claims.child[cards]], name_nodes, names)


def _learn_from_hub(
    claims: Claims, name_nodes: Nodes, key_nodes: Nodes, names: Sequence[str]
) -> dict[str, int]:
    """Return names that the Hub gave with a key and no model has: renamed during the run."""
    hub = np.flatnonzero(claims.key >= 0)
    return _find_undisputed(claims.name[hub], key_nodes[claims.key[hub]], name_nodes, names)


def _find_undisputed(
    name: Nodes, node: Nodes, name_nodes: Nodes, names: Sequence[str]
) -> dict[str, int]:
    """Return the node of each open name for which one node is claimed and no other."""
    is_open = np.flatnonzero(name_nodes[name] == NOWHERE)
    candidates: dict[str, set[int]] = {}
    for code, candidate in np.unique(np.stack([name[is_open], node[is_open]], 1), axis=0).tolist():
        candidates.setdefault(names[code], set()).add(candidate)
    return {
        spelling: next(iter(nodes))
        for spelling, nodes in candidates.items()
        if spelling and len(nodes) == 1 and not is_doubtful(spelling)
    }


def _add_named_nodes(
    parent: Nodes,
    claims: Claims,
    rules: Sequence[Rule],
    names: Sequence[str],
    *,
    nodes: KnownNodes,
    registered: frozenset[str],
) -> None:
    """Give open names nodes of their own, unless only a possible local path names them.

    What the registry knows is a model in any claim, but an inferred claim can only mean one that a
    declared claim names as well.
    """
    # Decided claim by claim, not name by name: whether the path in one row's configuration makes
    # an edge must not depend on the card of another row. Claims of deleted models count as inferred
    # where they were, since their parents may have vanished without a trace by now.
    declares = mark_declaring(rules)
    names_models = np.array([rule.names_models for rule in rules], np.bool_) & declares
    is_registered = np.array([name in registered for name in names], np.bool_)
    # One word is a model for the Hub or the registry alone: its owner's name would stand before it.
    is_name = np.array([is_full_id(name) for name in names], np.bool_)
    chosen = (names_models[claims.rule] & is_name[claims.name]) | is_registered[claims.name]
    chosen &= parent == NOWHERE
    node_of_name = np.full(len(names), NOWHERE, np.int32)
    for at in np.unique(claims.name[chosen & declares[claims.rule]]):
        node_of_name[at] = nodes.add_name(names[at])
    parent[chosen] = node_of_name[claims.name[chosen]]


def _spell_as_registered(names: Sequence[str], former: FormerNames) -> list[str]:
    """Spell names that the registry knows as it does: their model may not be listed."""
    spelling = {id: id for id in former.registered} | dict(former.now)
    by_lower: dict[str, set[str]] = {}
    for id, now in spelling.items():
        by_lower.setdefault(id.lower(), set()).add(now)
    without_case = {low: next(iter(now)) for low, now in by_lower.items() if len(now) == 1}
    return [spelling.get(name) or without_case.get(name.lower(), name) for name in names]


# Names that are read after all others: those of card texts


def find_existing_nodes(names: Sequence[str], nodes: InferenceInput) -> Nodes:
    """Return the node that each name means, -1 where none does; none is added.

    As for other claims: by exact spelling, else as a former name, else by the one name that is
    equal without case.
    """
    tidy = [find_repo_id(name) or "" for name in names]
    now = {name: nodes.renamed[name] for name in tidy if name in nodes.renamed}
    exact, without_case = _find_holders({*tidy, *now.values()}, nodes.ids)
    former = {name: nodes.former[name] for name in tidy if name in nodes.former}
    rows = pc.index_in(pa.array(former.values(), pa.string()), nodes.keys).to_pylist()
    by_key = dict(zip(former, rows, strict=True))
    result = np.full(len(tidy), NOWHERE, np.int32)
    for at, name in enumerate(tidy):
        alike = without_case.get(name.lower(), [])
        candidates = (
            exact.get(name),
            exact.get(now.get(name, "")),
            by_key.get(name),
            alike[0] if len(alike) == 1 else None,
        )
        result[at] = next((node for node in candidates if node is not None), NOWHERE)
    return result


def _find_holders(
    names: set[str], ids: pa.StringArray
) -> tuple[dict[str, int], dict[str, list[int]]]:
    """Return the node of each name, and all nodes of each name in lower case."""
    lowered = pa.array(sorted({name.lower() for name in names}), pa.string())
    exact: dict[str, int] = {}
    without_case: dict[str, list[int]] = {}
    for start in range(0, len(ids), _IDS_AT_ONCE):
        part = ids.slice(start, _IDS_AT_ONCE)
        hits = pc.indices_nonzero(pc.is_in(pc.utf8_lower(part), value_set=lowered))
        for at, id in zip(hits.to_pylist(), part.take(hits).to_pylist(), strict=True):
            exact.setdefault(id, start + at)
            without_case.setdefault(id.lower(), []).append(start + at)
    return exact, without_case


# Former names: what earlier snapshots and the registry know, and what is kept for later ones


def collect_former_names(
    draft: Draft, previous: Sequence[Snapshot], families: Sequence[Family]
) -> FormerNames:
    """Return the former names that earlier snapshots (newest first) and the registry know."""
    keys: dict[str, str] = {}
    for snapshot in reversed(previous):  # so that the newer one has the last word
        stored = snapshot.former_keys()
        # A key that stands in for an unknown one is another in every snapshot.
        keys |= {name: key for name, key in stored.items() if not key.startswith(STAND_IN)}
        keys |= _find_renamed(draft, snapshot)
    return FormerNames(
        now={former.name: former.now for family in families for former in family.former_names()},
        keys=keys,
        registered=frozenset(root for family in families for root in family.roots()),
    )


def former_name_rows(
    previous: Sequence[Snapshot], former: FormerNames, resolved: ResolvedNames
) -> Iterable[tuple[str, str, str]]:
    """Return every former name with its key, and its source."""
    sources: dict[tuple[str, str], str] = {}
    for snapshot in reversed(previous):
        sources |= derived_rows.former_sources(snapshot.former_names())
    from_before = {
        name: (name, key, sources.get((name, key), "earlier snapshot"))
        for name, key in former.keys.items()
    }
    from_cards = {name: (name, key, "card") for name, key in resolved.from_cards.items()}
    from_hub = {name: (name, key, "hub") for name, key in resolved.from_hub.items()}
    return (from_before | from_cards | from_hub).values()


def _find_renamed(draft: Draft, previous: Snapshot) -> dict[str, str]:
    """Return the names that a snapshot has of models, listed or deleted, that have others now."""
    names: dict[str, str] = {}
    deleted_keys, deleted_ids = (draft.deleted[name].combine_chunks() for name in ("key", "id"))
    listed = previous.table(schema.MODELS_FILE, ["key", "id"])
    for table in (previous.tombstones(["key", "id"]), listed):
        keys, ids = (table[name].combine_chunks() for name in ("key", "id"))
        names |= find_renames(keys, ids, deleted_keys, deleted_ids)
        names |= find_renames(keys, ids, draft.keys, draft.ids)
    return names


def find_renames(
    keys_before: pa.StringArray,
    ids_before: pa.StringArray,
    keys: pa.StringArray,
    ids: pa.StringArray,
) -> dict[str, str]:
    """Return former name to key of every model whose key has another name now.

    Both sides are models in order of their keys.
    """
    # No request is needed to see a rename, since a model keeps its key.
    if len(keys) == 0 or len(keys_before) == 0:
        return {}
    now, before = bare(keys), bare(keys_before)
    place = np.minimum(np.searchsorted(now, before), len(now) - 1)
    same = np.flatnonzero(now[place] == before)
    old_ids = ids_before.take(pa.array(same))
    differs = pc.indices_nonzero(pc.not_equal(old_ids, ids.take(pa.array(place[same]))))
    renamed_ids = old_ids.take(differs).to_pylist()
    renamed_keys = keys_before.take(pa.array(same)).take(differs).to_pylist()
    return dict(zip(renamed_ids, renamed_keys, strict=True))
