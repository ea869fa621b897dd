"""The nodes of a draft while names are resolved: found by key, by name, and added where new."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import Nodes
from lineage.domain.repo_ids import NAME_PREFIX, find_repo_id
from lineage.store.keys import NOWHERE


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
        nodes = _rows_of_resolved_names(pa.array(keys, pa.string()), self.keys)
        for at in np.flatnonzero(nodes == NOWHERE).tolist():
            if (id := find_repo_id(ids[at])) is not None:
                nodes[at] = self._add_node(keys[at], id)
                self._hub_parents[id] = int(nodes[at])
        return nodes

    def find_names(self, names: Sequence[str]) -> Nodes:
        """Return the node that has each name now, -1 where none has.

        Listed models win, then those that the Hub names, then the deleted.
        """
        spellings = pa.array(names, pa.string())
        nodes = _rows_of_resolved_names(spellings, self.listed_ids)
        for at in np.flatnonzero(nodes == NOWHERE).tolist():
            nodes[at] = self._hub_parents.get(names[at], NOWHERE)
        among_deleted = _rows_of_resolved_names(spellings, self.deleted_ids)
        is_deleted = (nodes == NOWHERE) & (among_deleted != NOWHERE)
        nodes[is_deleted] = among_deleted[is_deleted] + len(self.listed_ids)
        return nodes

    def id_of(self, node: int) -> str:
        """Return the name of a node."""
        recorded = len(self.ids)
        return str(self.ids[node]) if node < recorded else self.extra_ids[node - recorded]

    def find_elders(self, names: Iterable[str]) -> dict[str, list[int]]:
        """Return the nodes that no listing shows and that have one of some names, by name."""
        sought = pa.array(sorted(set(names)), pa.string())
        is_named = pc.is_in(self.deleted_ids, value_set=sought)
        rows = pc.indices_nonzero(is_named).to_pylist()
        elders: dict[str, list[int]] = {}
        for row, id in zip(rows, self.deleted_ids.filter(is_named).to_pylist(), strict=True):
            elders.setdefault(id, []).append(row + len(self.listed_ids))
        for id in self._hub_parents.keys() & set(sought.to_pylist()):
            elders.setdefault(id, []).append(self._hub_parents[id])
        return elders

    def find_former_names(self, keys_by_name: Mapping[str, str]) -> dict[str, int]:
        """Return, for each former name, the node that has its key."""
        rows = _rows_of_resolved_names(pa.array(keys_by_name.values(), pa.string()), self.keys)
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
        for id, row in _resolve_equal_without_case(names, self.listed_ids):
            nodes.setdefault(id, set()).add(row)
        for id, node in self._hub_parents.items():
            nodes.setdefault(id.lower(), set()).add(node)
        present = set(nodes)
        for id, row in _resolve_equal_without_case(names, self.deleted_ids):
            if id not in present:
                nodes.setdefault(id, set()).add(row + len(self.listed_ids))
        return nodes

    def add_name(self, name: str) -> int:
        """Return the node of a name that no model has."""
        if name not in self._by_name:
            self._by_name[name] = self._add_node(NAME_PREFIX + name, name)
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

    def _add_node(self, key: str, id: str) -> int:
        self.extra_keys.append(key)
        self.extra_ids.append(id)
        return len(self.keys) + len(self.extra_keys) - 1


def _resolve_equal_without_case(
    lowered: pa.StringArray, ids: pa.StringArray
) -> Iterator[tuple[str, int]]:
    """Yield the name in lower case, and the row, of each id that is equal without case."""
    names = pc.utf8_lower(ids)
    rows = pc.indices_nonzero(pc.is_in(names, value_set=lowered))
    return zip(names.take(rows).to_pylist(), rows.to_pylist(), strict=True)


def _rows_of_resolved_names(sought: pa.StringArray, values: pa.StringArray) -> Nodes:
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
