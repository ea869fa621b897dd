"""Settling names: from what witnesses wrote to the models they meant, before parents are counted.

A name settles by exact spelling, else as a former name, else by the one known name that is equal
without case. What settles to nothing becomes a node of its own, `name:<as written>`, unless its
witness may just as well have named a local path.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage.collecting import collector_paused
from lineage.domain.repo_ids import tidy_name

Int32s = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

NOWHERE = -1
NAME_PREFIX = "name:"


@dataclass(frozen=True, slots=True)
class Written:
    """What witnesses wrote: one element a witness, codes into the distinct names and keys."""

    child: Int32s
    name: Int32s
    names: pa.StringArray
    key: Int32s
    """-1 where the witness knows only a name."""
    keys: pa.StringArray
    is_hub: Bools
    is_card: Bools
    names_models: Bools
    """False where the name may be a local path."""
    is_guess: Bools
    """A guess alone makes no node of a name."""


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
class Settled:
    """Where every witness points, and the nodes that are no listed model."""

    parent: Int32s
    """Node of each witness's parent, -1 = nowhere."""
    keys: pa.StringArray
    """Key of every node: listed models first, in their rows' order, then the others by key."""
    ids: pa.StringArray
    learned: Mapping[str, str]
    """Former names that rows of this draft taught: name to key."""
    told: Mapping[str, str]
    """Former names that the Hub itself still wrote, with the key: name to key."""


@collector_paused()
def settle(
    written: Written, keys: pa.StringArray, ids: pa.StringArray, former: FormerNames
) -> Settled:
    """Settle every name; `keys` and `ids` are those of the listed models, row by row."""
    nodes = _Nodes(keys, ids)
    key_nodes = nodes.of_keys(written.keys, _ids_the_hub_wrote(written))
    names = [tidy_name(name) for name in written.names.to_pylist()]
    name_nodes = nodes.of_names(names)
    before = _former_nodes(former, nodes)
    told = _told(written, name_nodes, key_nodes, names)
    _apply(name_nodes, names, told)
    _apply(name_nodes, names, before)
    learned = _taught(written, name_nodes, key_nodes, names)
    _apply(name_nodes, names, learned)
    _apply_without_case(name_nodes, names, nodes, {**before, **told, **learned})
    by_key = np.append(key_nodes, NOWHERE)[written.key]
    parent = np.where(by_key != NOWHERE, by_key, name_nodes[written.name])
    _give_own_nodes(parent, written, _as_registered(names, former), nodes, former.registered)
    order, all_keys, all_ids = nodes.ordered()

    def keys_of(found: Mapping[str, int]) -> dict[str, str]:
        return {name: all_keys[int(order[node])].as_py() for name, node in found.items()}

    parent = np.append(order, NOWHERE).astype(np.int32)[parent]
    return Settled(parent, all_keys, all_ids, keys_of(learned), keys_of(told))


class _Nodes:
    """Every node so far: the listed models by row, then others in the order they are met."""

    def __init__(self, keys: pa.StringArray, ids: pa.StringArray) -> None:
        self.keys, self.ids = keys, ids
        self.more_keys: list[str] = []
        self.more_ids: list[str] = []
        self._more_by_id: dict[str, int] = {}
        self._named: dict[str, int] = {}

    def of_keys(self, wanted: pa.StringArray, ids: Sequence[str]) -> Int32s:
        """Return a node for every key the Hub gave; an unlisted one becomes a node."""
        found = _rows_of(wanted, self.keys)
        missing = np.flatnonzero(found == NOWHERE)
        for at, key in zip(
            missing.tolist(), wanted.take(pa.array(missing)).to_pylist(), strict=True
        ):
            found[at] = self._add(key, ids[at])
            self._more_by_id[ids[at]] = int(found[at])
        return found

    def of_names(self, names: Sequence[str]) -> Int32s:
        """Return the node that bears each name now, -1 where none does; listed models win."""
        found = _rows_of(pa.array(names, pa.string()), self.ids)
        for at in np.flatnonzero(found == NOWHERE).tolist():
            found[at] = self._more_by_id.get(names[at], NOWHERE)
        return found

    def of_present_names(self, names: Sequence[str]) -> dict[str, int]:
        """Return the nodes of those names that some node bears now."""
        found = self.of_names(names)
        return {name: int(node) for name, node in zip(names, found, strict=True) if node != NOWHERE}

    def of_present_keys(self, former: Mapping[str, str]) -> dict[str, int]:
        """Return, for each former name, the node that has its key."""
        keys = pa.array(former.values(), pa.string())
        found = _rows_of(keys, self.keys)
        more = {key: len(self.keys) + at for at, key in enumerate(self.more_keys)}
        nodes = {}
        for name, key, row in zip(former, former.values(), found, strict=True):
            node = int(row) if row != NOWHERE else more.get(key, NOWHERE)
            if node != NOWHERE:
                nodes[name] = node
        return nodes

    def without_case(self, lowered: Iterable[str]) -> dict[str, set[int]]:
        """Return, for each lower-case name, every node whose name is equal without case."""
        wanted = pa.array(sorted(set(lowered)), pa.string())
        rows = pc.indices_nonzero(pc.is_in(pc.utf8_lower(self.ids), value_set=wanted))
        found: dict[str, set[int]] = {}
        for row, id in zip(rows.to_pylist(), self.ids.take(rows).to_pylist(), strict=True):
            found.setdefault(id.lower(), set()).add(row)
        for id, node in self._more_by_id.items():
            found.setdefault(id.lower(), set()).add(node)
        return found

    def named(self, name: str) -> int:
        """Return the node of a name that no model bears."""
        if name not in self._named:
            self._named[name] = self._add(NAME_PREFIX + name, name)
        return self._named[name]

    def ordered(self) -> tuple[Int32s, pa.StringArray, pa.StringArray]:
        """Return the final number of each node so far, and all keys and ids by final number."""
        listed = len(self.keys)
        by_key = sorted(range(len(self.more_keys)), key=self.more_keys.__getitem__)
        order = np.arange(listed + len(by_key), dtype=np.int32)
        order[[listed + at for at in by_key]] = np.arange(listed, len(order), dtype=np.int32)
        keys = pa.array([self.more_keys[at] for at in by_key], pa.string())
        ids = pa.array([self.more_ids[at] for at in by_key], pa.string())
        return order, pa.concat_arrays([self.keys, keys]), pa.concat_arrays([self.ids, ids])

    def _add(self, key: str, id: str) -> int:
        self.more_keys.append(key)
        self.more_ids.append(id)
        return len(self.keys) + len(self.more_keys) - 1


def _rows_of(wanted: pa.StringArray, known: pa.StringArray) -> Int32s:
    """Return the row of each wanted value in `known`, the last one of several, -1 for none.

    The few wanted values are hashed and the many known ones looked up: half the memory.
    """
    if len(wanted) == 0:
        return np.empty(0, np.int32)
    distinct = wanted.dictionary_encode()
    place = pc.index_in(known, value_set=distinct.dictionary)
    row_of = np.full(len(distinct.dictionary), NOWHERE, np.int32)
    row_of[pc.drop_null(place).to_numpy()] = np.flatnonzero(place.is_valid())
    found: Int32s = row_of[distinct.indices.to_numpy()]
    return found


def _ids_the_hub_wrote(written: Written) -> list[str]:
    """Return the name that goes with each distinct key, as the last witness wrote it."""
    said = np.flatnonzero(written.key != NOWHERE)
    name_of_key = np.zeros(len(written.keys), np.int64)
    name_of_key[written.key[said]] = written.name[said]
    names: list[str] = written.names.take(pa.array(name_of_key)).to_pylist()
    return names


def _former_nodes(former: FormerNames, nodes: _Nodes) -> dict[str, int]:
    """Return the node of every former name whose model is known; the registry's word wins."""
    by_key = nodes.of_present_keys(former.keys)
    present = nodes.of_present_names(sorted(set(former.now.values())))
    by_name = {old: present[now] for old, now in former.now.items() if now in present}
    return {**by_key, **by_name}


def _apply(name_nodes: Int32s, names: Sequence[str], known: Mapping[str, int]) -> None:
    for at in np.flatnonzero(name_nodes == NOWHERE).tolist():
        name_nodes[at] = known.get(names[at], NOWHERE)


def _apply_without_case(
    name_nodes: Int32s, names: Sequence[str], nodes: _Nodes, former: Mapping[str, int]
) -> None:
    unsettled = np.flatnonzero(name_nodes == NOWHERE).tolist()
    known = nodes.without_case(names[at].lower() for at in unsettled)
    for name, node in former.items():
        known.setdefault(name.lower(), set()).add(node)
    for at in unsettled:
        if len(meant := known.get(names[at].lower(), set())) == 1:
            name_nodes[at] = next(iter(meant))


def _taught(
    written: Written, name_nodes: Int32s, key_nodes: Int32s, names: Sequence[str]
) -> dict[str, int]:
    """Learn former names from rows with exactly one Hub parent and exactly one card name.

    Never by position in a list: where either side has two, which is which is not said. Rows that
    teach one name for two models teach nothing.
    """
    size = int(written.child.max(initial=-1)) + 1
    alone = (np.bincount(written.child[written.is_hub], minlength=size) == 1) & (
        np.bincount(written.child[written.is_card], minlength=size) == 1
    )
    node_of_child = np.full(size, NOWHERE, np.int32)
    hub = np.flatnonzero(written.is_hub)
    node_of_child[written.child[hub]] = key_nodes[written.key[hub]]
    cards = np.flatnonzero(written.is_card & alone[written.child])
    name = written.name[cards]
    return _undisputed(name, node_of_child[written.child[cards]], name_nodes, names)


def _told(
    written: Written, name_nodes: Int32s, key_nodes: Int32s, names: Sequence[str]
) -> dict[str, int]:
    """Return names that the Hub gave with a key and no model bears: renamed while it was walked."""
    hub = np.flatnonzero(written.is_hub)
    return _undisputed(written.name[hub], key_nodes[written.key[hub]], name_nodes, names)


def _undisputed(
    name: Int32s, node: Int32s, name_nodes: Int32s, names: Sequence[str]
) -> dict[str, int]:
    """Return the node of each unsettled name that is said to mean one node and no other."""
    open_ones = np.flatnonzero(name_nodes[name] == NOWHERE)
    meant: dict[str, set[int]] = {}
    for code, one in np.unique(np.stack([name[open_ones], node[open_ones]], 1), axis=0).tolist():
        meant.setdefault(names[code], set()).add(one)
    return {said: next(iter(ones)) for said, ones in meant.items() if said and len(ones) == 1}


def _give_own_nodes(
    parent: Int32s,
    written: Written,
    names: Sequence[str],
    nodes: _Nodes,
    registered: frozenset[str],
) -> None:
    """Give unsettled names nodes of their own, unless only a possible local path says them.

    Whether one row's path makes an edge must not hang on another row's card: it is decided by
    witness, not by name. What the registry knows is a model whoever says it, but a guess can only
    mean one that somebody states.
    """
    is_model = np.array([name in registered for name in names], np.bool_)
    is_name = np.array([bool(name) for name in names], np.bool_)
    mine = (parent == NOWHERE) & is_name[written.name]
    mine &= written.names_models | is_model[written.name]
    node_of_name = np.full(len(names), NOWHERE, np.int32)
    for at in np.unique(written.name[mine & ~written.is_guess]):
        node_of_name[at] = nodes.named(names[at])
    parent[mine] = node_of_name[written.name[mine]]


def _as_registered(names: Sequence[str], former: FormerNames) -> list[str]:
    """Spell names that the registry knows as it does: their model may be listed nowhere."""
    spelled = {id: id for id in former.registered} | dict(former.now)
    lowered: dict[str, set[str]] = {}
    for known, now in spelled.items():
        lowered.setdefault(known.lower(), set()).add(now)
    without_case = {low: next(iter(now)) for low, now in lowered.items() if len(now) == 1}
    return [spelled.get(name) or without_case.get(name.lower(), name) for name in names]
