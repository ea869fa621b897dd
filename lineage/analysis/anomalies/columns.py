"""What the anomalies are looked for in: columns of one snapshot, each read when first wanted."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.scope import Scope, kept
from lineage.domain.anomalies import Bounds
from lineage.domain.arrays import Indices, Int64s, Mask
from lineage.domain.claims import Relation, Strength
from lineage.domain.definitions import Definition
from lineage.evidence import RULES
from lineage.evidence.known_nodes import NOWHERE
from lineage.store import schema
from lineage.store.reader import EdgeColumns, Snapshot

UNDATED = np.iinfo(np.int64).min
_AS_CODES = ["parent_key", "parent_as_written", "rule", "relation"]
RELATIONS = [relation.value for relation in Relation if relation is not Relation.UNSPECIFIED]
_GUESSING = [rule.name for rule in RULES if rule.strength is Strength.INFERRED]


@dataclass(frozen=True, slots=True)
class Statements:
    """What Hub and authors said, one element a witness, in order of the child; no guesses."""

    child: Indices
    rule: Indices
    """Position in `rules`."""
    rules: list[str]
    relation: Indices
    """Position in RELATIONS, -1 where none was said."""
    name: Indices
    """Position in `names`: the parent as written."""
    names: pa.StringArray
    parent: Indices
    """The node it settled to, -1 for nowhere."""


class Columns:
    """A snapshot's columns, cut to the listed models that are asked about: `inside`, or all.

    An edge or a statement belongs to its child.
    """

    def __init__(self, snapshot: Snapshot, bounds: Bounds, inside: Mask | None) -> None:
        self.snapshot = snapshot
        self.bounds = bounds
        self.inside = inside
        self.listed = snapshot.manifest.models

    def is_inside(self, nodes: Indices) -> Mask:
        """Say which of these nodes are asked about."""
        listed: Mask = nodes < self.listed
        return listed if self.inside is None else listed & self.inside[nodes]

    @cached_property
    def scope(self) -> Scope:
        """What Hub and authors said, whoever is asked about: no guesses, no registry."""
        return Scope.of(self.snapshot, Definition(), ())

    @property
    def nodes(self) -> int:
        """How many nodes a kernel must have room for."""
        return self.scope.nodes

    @cached_property
    def edges(self) -> EdgeColumns:
        """The edges of the models that are asked about."""
        edges = self.scope.edges
        return kept(edges, self.is_inside(edges.child))

    @cached_property
    def keys(self) -> pa.StringArray:
        """The key of every listed model."""
        return self.snapshot.column(schema.MODELS_FILE, "key").combine_chunks()

    @cached_property
    def ids(self) -> pa.StringArray:
        """The id of every listed model."""
        return self.snapshot.column(schema.MODELS_FILE, "id").combine_chunks()

    @cached_property
    def created(self) -> Int64s:
        """When each listed model was created, in microseconds; UNDATED where nobody knows."""
        moments = self.snapshot.column(schema.MODELS_FILE, "created_at").combine_chunks()
        numbers = pc.fill_null(moments.cast(pa.int64()), UNDATED)
        column: Int64s = numbers.to_numpy(zero_copy_only=False)
        return column

    @cached_property
    def unlisted(self) -> dict[int, tuple[str, str]]:
        """Key and name of every node that is not listed: the dead, and those without a record."""
        table = self.snapshot.table(schema.COUNTS_FILE, ["node", "key", "id"])
        table = table.filter(pc.greater_equal(table["node"], self.listed))
        names = zip(table["key"].to_pylist(), table["id"].to_pylist(), strict=True)
        dead = self.snapshot.tombstones(["key", "id"]).to_pylist()
        gone = {self.listed + at: (one["key"], one["id"]) for at, one in enumerate(dead)}
        return gone | dict(zip(table["node"].to_pylist(), names, strict=True))

    def name(self, node: int) -> str:
        """Return the name of a node."""
        return str(self.ids[node].as_py()) if node < self.listed else self.unlisted[node][1]

    @cached_property
    def statements(self) -> Statements:
        """Everything that Hub and authors said."""
        table = self.snapshot.table(schema.EVIDENCE_FILE, ["child_key", *_AS_CODES], _AS_CODES)
        child = self._nodes_of_children(table["child_key"])
        rule, rules = _codes(table["rule"])
        name, names = _codes(table["parent_as_written"])
        parent, parents = _codes(table["parent_key"])
        relation, relations = _codes(table["relation"])
        of_relation = pc.fill_null(pc.index_in(relations, value_set=pa.array(RELATIONS)), -1)
        wanted = (child != NOWHERE) & self.is_inside(child)
        wanted &= ~np.isin(
            rule, [at for at, one in enumerate(rules.to_pylist()) if one in _GUESSING]
        )
        return Statements(
            child[wanted],
            rule[wanted],
            rules.to_pylist(),
            np.append(of_relation.to_numpy(), -1)[relation[wanted]],
            name[wanted],
            names,
            np.append(self._nodes_of(parents), NOWHERE)[parent[wanted]],
        )

    def _nodes_of_children(self, keys: pa.ChunkedArray) -> Indices:
        """Return the child of each statement, -1 for the dead; one child's stand together."""
        whole = keys.combine_chunks()
        if not len(whole):
            return np.empty(0, np.int64)
        differs = pc.not_equal(whole[1:], whole[:-1]).to_numpy(zero_copy_only=False)
        first = np.flatnonzero(np.append(True, differs))
        speakers = whole.take(pa.array(first)).dictionary_encode()
        place = pc.index_in(self.keys, value_set=speakers.dictionary)
        row_of = np.full(len(speakers.dictionary), NOWHERE, np.int64)
        row_of[pc.drop_null(place).to_numpy()] = np.flatnonzero(place.is_valid())
        rows = row_of[speakers.indices.to_numpy()]
        return np.repeat(rows, np.diff(np.append(first, len(whole))))

    def _nodes_of(self, keys: pa.StringArray) -> Indices:
        """Return the node of each of some distinct keys, listed or not."""
        elsewhere = {key: node for node, (key, _) in self.unlisted.items()}
        nodes = np.array([elsewhere.get(key, NOWHERE) for key in keys.to_pylist()], np.int64)
        place = pc.index_in(self.keys, value_set=keys)
        nodes[pc.drop_null(place).to_numpy()] = np.flatnonzero(place.is_valid())
        return nodes


def packed(high: Indices, low: Indices) -> Int64s:
    """Return pairs of numbers from 0 to below 2**31, each pair as one number."""
    pairs: Int64s = (high.astype(np.int64) << 32) | low
    return pairs


def distinct(values: Int64s) -> Int64s:
    """Return the distinct values in order: by sorting, as numpy's own unique is far slower."""
    ordered = np.sort(values)
    new: Int64s = ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]]
    return new


def are_in(values: Int64s, known: Int64s) -> Mask:
    """Mark the values that stand in a sorted array."""
    if not known.size:
        return np.zeros(len(values), np.bool_)
    mask: Mask = known[np.minimum(np.searchsorted(known, values), known.size - 1)] == values
    return mask


def _codes(column: pa.ChunkedArray) -> tuple[Indices, pa.StringArray]:
    """Return positions in the distinct values, -1 where there is none, and those values."""
    encoded = column.unify_dictionaries().combine_chunks()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return codes, encoded.dictionary
