"""The nodes that names are settled to: the listed models, the dead, and others as they are met."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import Nodes

NOWHERE = -1
NAME_PREFIX = "name:"


class KnownNodes:
    """Every node so far: the listed models by row, the dead, then others as they are met."""

    def __init__(self, keys: pa.StringArray, ids: pa.StringArray, listed: int) -> None:
        self.keys, self.ids = keys, ids
        self.listed_ids, self.dead_ids = ids.slice(0, listed), ids.slice(listed)
        self.more_keys: list[str] = []
        self.more_ids: list[str] = []
        self._more_by_id: dict[str, int] = {}
        self._named: dict[str, int] = {}

    def of_keys(self, wanted: pa.StringArray, ids: Sequence[str]) -> Nodes:
        """Return a node for every key the Hub gave; one that nobody knows becomes a node."""
        found = _rows_of(wanted, self.keys)
        missing = np.flatnonzero(found == NOWHERE)
        for at, key in zip(
            missing.tolist(), wanted.take(pa.array(missing)).to_pylist(), strict=True
        ):
            found[at] = self._add(key, ids[at])
            self._more_by_id[ids[at]] = int(found[at])
        return found

    def of_names(self, names: Sequence[str]) -> Nodes:
        """Return the node that bears each name now, -1 where none does.

        Listed models win, then those that the Hub names, then the dead.
        """
        wanted = pa.array(names, pa.string())
        found = _rows_of(wanted, self.listed_ids)
        for at in np.flatnonzero(found == NOWHERE).tolist():
            found[at] = self._more_by_id.get(names[at], NOWHERE)
        among_dead = _rows_of(wanted, self.dead_ids)
        is_dead = (found == NOWHERE) & (among_dead != NOWHERE)
        found[is_dead] = among_dead[is_dead] + len(self.listed_ids)
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
        found: dict[str, set[int]] = {}
        for id, row in _alike(wanted, self.listed_ids):
            found.setdefault(id, set()).add(row)
        for id, node in self._more_by_id.items():
            found.setdefault(id.lower(), set()).add(node)
        living = set(found)
        for id, row in _alike(wanted, self.dead_ids):
            if id not in living:
                found.setdefault(id, set()).add(row + len(self.listed_ids))
        return found

    def named(self, name: str) -> int:
        """Return the node of a name that no model bears."""
        if name not in self._named:
            self._named[name] = self._add(NAME_PREFIX + name, name)
        return self._named[name]

    def ordered(self) -> tuple[Nodes, pa.StringArray, pa.StringArray]:
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


def _alike(lowered: pa.StringArray, ids: pa.StringArray) -> Iterator[tuple[str, int]]:
    """Yield the name in lower case, and the row, of each id that is equal without case."""
    names = pc.utf8_lower(ids)
    rows = pc.indices_nonzero(pc.is_in(names, value_set=lowered))
    return zip(names.take(rows).to_pylist(), rows.to_pylist(), strict=True)


def _rows_of(wanted: pa.StringArray, known: pa.StringArray) -> Nodes:
    """Return the row of each wanted value in `known`, the last one of several, -1 for none.

    The few wanted values are hashed and the many known ones looked up: half the memory.
    """
    if len(wanted) == 0:
        return np.empty(0, np.int32)
    distinct = wanted.dictionary_encode()
    place = pc.index_in(known, value_set=distinct.dictionary)
    row_of = np.full(len(distinct.dictionary), NOWHERE, np.int32)
    row_of[pc.drop_null(place).to_numpy()] = np.flatnonzero(place.is_valid())
    found: Nodes = row_of[distinct.indices.to_numpy()]
    return found
