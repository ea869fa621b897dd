"""Models of which nothing was said, sifted by columns; rules that guess are asked about the rest.

Python sees only the models whose names a rule's pattern finds, and of what exists only the names
that the rule asks for: a few of a hundred.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import Mask, Nodes
from lineage.evidence.inference import Guess, Known, SecondHearing

_IDS_AT_ONCE = 131_072


@dataclass(frozen=True, slots=True)
class InferenceInput:
    """Every node after the first hearing: the listed models by row, the dead, then the others."""

    keys: pa.StringArray
    ids: pa.StringArray
    created_at: pa.Array
    """Of the models with a record, listed or dead, as is `model_type`."""
    model_type: pa.Array
    child: Nodes
    """What was stated in the first hearing, a pair of nodes each, in order of the child."""
    parent: Nodes
    former: Mapping[str, str]
    """Former name to key."""
    renamed: Mapping[str, str]
    """Former name to present name, from the registry."""


@dataclass(frozen=True, slots=True)
class Guessed:
    """One guess, with the nodes it speaks of."""

    child: int
    parent: int
    guess: Guess


def parentless(models: int, child: Nodes, parent: Nodes) -> Mask:
    """Say of each listed model whether no edge leads up from it but one to itself."""
    alone = np.ones(models, np.bool_)
    alone[child[(parent >= 0) & (parent != child)]] = False
    return alone


def hear_again(hearing: SecondHearing, nodes: InferenceInput, asked: Mask) -> Iterator[Guessed]:
    """Ask one rule about the listed models in `asked`, in order of their rows.

    The rule sees nothing of what was said of the model itself.
    """
    rows = _found(hearing.pattern, nodes.ids, asked)
    ids = nodes.ids.take(pa.array(rows)).to_pylist()
    wanted = [tuple(hearing.asks_for(id)) for id in ids]
    catalog = NamedModels(nodes, {name for names in wanted for name in names})
    # Most names ask for models that there are not.
    rows = rows[np.array([any(map(catalog.called, names)) for names in wanted], np.bool_)]
    for row, model in zip(rows.tolist(), catalog.about(rows, with_parents=False), strict=True):
        for guess in hearing.hear(model, catalog):
            yield Guessed(row, catalog.node_of[guess.parent], guess)


class NamedModels:
    """What exists of some repository names."""

    def __init__(self, nodes: InferenceInput, wanted: set[str]) -> None:
        self._nodes = nodes
        names = pa.array(sorted(wanted), pa.string())
        found = _bearers(nodes.ids, names)
        models = self.about(found, with_parents=True)
        self.node_of: dict[str, int] = {}
        self._called: dict[str, list[Known]] = {}
        for node, model in zip(found.tolist(), models, strict=True):
            # Of two nodes with one name the listed one bears it: those come first.
            self.node_of.setdefault(model.id, node)
            self._add(_repository(model.id), model)
        self._add_former(wanted)
        for named in self._called.values():
            named.sort(key=lambda model: model.id)

    def called(self, repository: str) -> Sequence[Known]:
        return self._called.get(repository, ())

    def about(self, nodes: Nodes, *, with_parents: bool) -> list[Known]:
        """Return what is known of some nodes, listed or not, in their order."""
        known = self._nodes
        listed = pa.array(nodes, pa.int64(), mask=nodes >= len(known.created_at))
        created = _moments(known.created_at.take(listed))
        types = known.model_type.take(listed).to_pylist()
        parents = self._parents(nodes) if with_parents else [()] * len(nodes)
        ids = known.ids.take(pa.array(nodes)).to_pylist()
        return [Known(*one) for one in zip(ids, created, types, parents, strict=True)]

    def _parents(self, nodes: Nodes) -> list[tuple[str, ...]]:
        child, parent = self._nodes.child, self._nodes.parent
        starts, ends = (np.searchsorted(child, nodes, side) for side in ("left", "right"))
        spans = [parent[start:end] for start, end in zip(starts, ends, strict=True)]
        flat = np.concatenate([np.empty(0, np.int32), *spans])
        ids = iter(self._nodes.ids.take(pa.array(flat)).to_pylist())
        return [tuple(dict.fromkeys(islice(ids, len(span)))) for span in spans]

    def _add_former(self, wanted: set[str]) -> None:
        """Let former names find their models."""
        nodes = self._nodes
        by_name = {old: now for old, now in nodes.renamed.items() if _repository(old) in wanted}
        by_key = {old: key for old, key in nodes.former.items() if _repository(old) in wanted}
        there = [*_met(by_name, nodes.ids), *_met(by_key, nodes.keys)]
        rows = np.array([node for _, node in there], np.int32)
        for (old, node), model in zip(there, self.about(rows, with_parents=True), strict=True):
            self.node_of.setdefault(model.id, node)
            self._add(_repository(old), model)

    def _add(self, repository: str, model: Known) -> None:
        named = self._called.setdefault(repository, [])
        if all(one.id != model.id for one in named):
            named.append(model)


def _met(wanted: Mapping[str, str], known: pa.StringArray) -> list[tuple[str, int]]:
    """Return each name with the node that bears its value; the few are hashed, not the many."""
    values = pc.unique(pa.array(wanted.values(), pa.string()))
    if not len(values):
        return []
    place = pc.index_in(known, value_set=values)
    rows = pc.indices_nonzero(pc.is_valid(place)).to_pylist()
    places = values.take(pc.drop_null(place)).to_pylist()
    # Read backwards, so that of two nodes with one name the listed one is kept.
    node_of = dict(zip(reversed(places), reversed(rows), strict=True))
    return [(old, node_of[value]) for old, value in wanted.items() if value in node_of]


def _found(pattern: str, ids: pa.StringArray, asked: Mask) -> Nodes:
    """Return the rows of `asked` whose id the pattern finds."""
    rows = np.flatnonzero(asked).astype(np.int32)
    hits = pc.match_substring_regex(ids.take(pa.array(rows)), pattern)
    found: Nodes = rows[hits.to_numpy(zero_copy_only=False)]
    return found


def _bearers(ids: pa.StringArray, names: pa.StringArray) -> Nodes:
    """Return the nodes whose repository name is one of these, without case."""
    found = [np.empty(0, np.int64)]
    for start in range(0, len(ids), _IDS_AT_ONCE):
        some = pc.utf8_lower(ids.slice(start, _IDS_AT_ONCE))
        repositories = pc.replace_substring_regex(some, r"^.*/", "")
        hits = pc.indices_nonzero(pc.is_in(repositories, value_set=names)).to_numpy()
        found.append(hits.astype(np.int64) + start)
    return np.concatenate(found).astype(np.int32)


def _moments(created: pa.Array) -> list[datetime | None]:
    moments: list[datetime | None] = created.to_pylist()
    return moments


def _repository(id: str) -> str:
    return id.rpartition("/")[2].lower()
