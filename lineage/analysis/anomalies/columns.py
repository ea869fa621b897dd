"""What the rules for anomalies look at: columns of one snapshot, each read when first needed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.scope import Scope, select_scope_edges
from lineage.domain.anomalies import Bounds
from lineage.domain.arrays import Indices, Int64s, Mask
from lineage.domain.claims import RELATIONS, Relation, Strength
from lineage.evidence import RULES
from lineage.store import schema
from lineage.store.keys import NOWHERE
from lineage.store.reader import EdgeColumns, Snapshot

UNDATED = np.iinfo(np.int64).min
SPECIFIED = [relation.value for relation in RELATIONS if relation is not Relation.UNSPECIFIED]
_AS_CODES = ["parent_key", "parent_as_written", "rule", "relation"]
_INFERRING = [rule.name for rule in RULES if rule.strength is Strength.INFERRED]


@dataclass(frozen=True, slots=True)
class DeclaredClaims:
    """What the Hub and authors declare, one element a claim, in order of the child."""

    child: Indices
    rule: Indices
    """Position in `rules`."""
    rules: list[str]
    relation: Indices
    """Position in SPECIFIED, -1 where the claim names no relation."""
    name: Indices
    """Position in `names`: the parent as written."""
    names: pa.StringArray
    parent: Indices
    """The node that the name resolved to, -1 for none."""


class SnapshotColumns:
    """A snapshot's columns, cut to the listed models in question: those of a mask, or all.

    An edge or a claim belongs to its child.
    """

    def __init__(self, scope: Scope, bounds: Bounds, inside: Mask | None) -> None:
        self.scope = scope
        self.snapshot: Snapshot = scope.snapshot
        self.bounds = bounds
        self.inside = inside
        self.listed = self.snapshot.manifest.models

    def is_inside_anomaly_bounds(self, nodes: Indices) -> Mask:
        """Say which of these nodes are in question."""
        listed: Mask = nodes < self.listed
        return listed if self.inside is None else listed & self.inside[nodes]

    @property
    def nodes(self) -> int:
        """How many nodes a kernel must have room for."""
        return self.scope.nodes

    @cached_property
    def edges(self) -> EdgeColumns:
        """The edges of the models in question."""
        edges = self.scope.edges
        return select_scope_edges(edges, self.is_inside_anomaly_bounds(edges.child))

    @cached_property
    def keys_of_anomalous(self) -> pa.StringArray:
        """The key of every listed model."""
        return self.snapshot.column(schema.MODELS_FILE, "key").combine_chunks()

    @cached_property
    def ids_of_anomalous(self) -> pa.StringArray:
        """The id of every listed model."""
        return self.snapshot.column(schema.MODELS_FILE, "id").combine_chunks()

    @cached_property
    def created(self) -> Int64s:
        """When each listed model was created, in microseconds; UNDATED where it is not known."""
        moments = self.snapshot.column(schema.MODELS_FILE, "created_at").combine_chunks()
        numbers = pc.fill_null(moments.cast(pa.int64()), UNDATED)
        column: Int64s = numbers.to_numpy(zero_copy_only=False)
        return column

    @cached_property
    def find_unlisted_anomalous(self) -> dict[int, tuple[str, str]]:
        """Key and name of every node that is not listed: deleted, or known by its name alone."""
        table = self.snapshot.table(schema.COUNTS_FILE, ["node", "key", "id"])
        table = table.filter(pc.greater_equal(table["node"], self.listed))
        names = zip(table["key"].to_pylist(), table["id"].to_pylist(), strict=True)
        tombstones = self.snapshot.tombstones(["key", "id"]).to_pylist()
        deleted = {
            self.listed + place: (row["key"], row["id"]) for place, row in enumerate(tombstones)
        }
        return deleted | dict(zip(table["node"].to_pylist(), names, strict=True))

    def name_of_anomalous(self, node: int) -> str:
        """Return the name of a node."""
        return (
            str(self.ids_of_anomalous[node].as_py())
            if node < self.listed
            else self.find_unlisted_anomalous[node][1]
        )

    @cached_property
    def claims(self) -> DeclaredClaims:
        """Everything that the Hub and authors declare of the models in question."""
        table = self.snapshot.table(schema.EVIDENCE_FILE, ["child_key", *_AS_CODES], _AS_CODES)
        child = self._nodes_of_children(table["child_key"])
        rule, rules = _anomaly_codes(table["rule"])
        name, names = _anomaly_codes(table["parent_as_written"])
        parent, parents = _anomaly_codes(table["parent_key"])
        relation, relations = _anomaly_codes(table["relation"])
        specified = pc.fill_null(pc.index_in(relations, value_set=pa.array(SPECIFIED)), -1)
        inferring = [place for place, name in enumerate(rules.to_pylist()) if name in _INFERRING]
        # What we infer ourselves must not be reported as a contradiction of the Hub or an author.
        keep = (child != NOWHERE) & self.is_inside_anomaly_bounds(child) & ~np.isin(rule, inferring)
        return DeclaredClaims(
            child[keep],
            rule[keep],
            rules.to_pylist(),
            # One element more, so that the code -1 of a claim without a relation finds -1.
            np.append(specified.to_numpy(), -1)[relation[keep]],
            name[keep],
            names,
            np.append(self._nodes_of(parents), NOWHERE)[parent[keep]],
        )

    def _nodes_of_children(self, keys: pa.ChunkedArray) -> Indices:
        """Return the child of each claim, -1 for a deleted one."""
        # The evidence lists one child's claims together: each child is looked up once.
        whole = keys.combine_chunks()
        if not len(whole):
            return np.empty(0, np.int64)
        differs = pc.not_equal(whole[1:], whole[:-1]).to_numpy(zero_copy_only=False)
        first = np.flatnonzero(np.append(True, differs))
        children = whole.take(pa.array(first)).dictionary_encode()
        place = pc.index_in(self.keys_of_anomalous, value_set=children.dictionary)
        row_of = np.full(len(children.dictionary), NOWHERE, np.int64)
        row_of[pc.drop_null(place).to_numpy()] = np.flatnonzero(place.is_valid())
        rows = row_of[children.indices.to_numpy()]
        return np.repeat(rows, np.diff(np.append(first, len(whole))))

    def _nodes_of(self, keys: pa.StringArray) -> Indices:
        """Return the node of each of some distinct keys, listed or not."""
        unlisted = {key: node for node, (key, _) in self.find_unlisted_anomalous.items()}
        nodes = np.array([unlisted.get(key, NOWHERE) for key in keys.to_pylist()], np.int64)
        place = pc.index_in(self.keys_of_anomalous, value_set=keys)
        nodes[pc.drop_null(place).to_numpy()] = np.flatnonzero(place.is_valid())
        return nodes


def _anomaly_codes(column: pa.ChunkedArray) -> tuple[Indices, pa.StringArray]:
    """Return positions in the distinct values, -1 where there is none, and those values."""
    encoded = column.unify_dictionaries().combine_chunks()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return codes, encoded.dictionary


MOST_MODELS = 20
"""Of more models than these only the first are named."""
MOST_IN_A_SENTENCE = 3


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One odd thing as a rule describes it; names stay raw, the outputs escape them."""

    models: Sequence[str]
    detail: str
    size: int = 0
    """How many models are involved, where not all of them are in `models`."""


@dataclass(frozen=True, slots=True)
class Occurrences:
    """All that one rule finds."""

    count: int
    each: Iterator[Occurrence]
    """The most telling first."""
    # An iterator, as looking up names costs far more than counting: most callers read three.


def join_names_of_anomaly(names: Iterable[str], size: int, most: int = MOST_MODELS) -> str:
    """Return `a, b and 7 more`; `size` is how many names there are in all."""
    first = list(islice(names, most))
    more = size - len(first)
    return ", ".join(first) + (f" and {more:,} more" if more else "")


def format_duration_of_anomaly(microseconds: int) -> str:
    """Return a length of time in days, in hours below two days."""
    hours = microseconds / 3_600_000_000
    if hours < 1:
        return "less than an hour"
    return plural(int(hours), "hour") if hours < 48 else plural(int(hours // 24), "day")


def plural(number: int, word: str) -> str:
    """Return `1 day`, `2 days`."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
