"""What the snapshot knows of each row of a tree, as columns: dates, licenses, counters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.scope import Scope, select_scope_edges
from lineage.analysis.traces import find_evidence_of_paths
from lineage.analysis.tree.rows import TreeRows
from lineage.analysis.verdicts import PathClaim
from lineage.domain.arrays import Codes, Floats, Nodes, Positions
from lineage.domain.clock import end_of_day_utc
from lineage.store import schema
from lineage.store.reader import Snapshot

DATES = ("created_at", "modified_at")
MISSED, LAST_SEEN = "missed_at", "last_seen_in"
"""Of deleted models alone: the first listing without it, the last snapshot with it."""
WORDS = (
    *("license", "license_name", "license_link", "library", "pipeline", "model_type"),
    *("config_name_or_path", "gated"),
)
NUMBERS = ("downloads", "downloads_all_time", "likes")


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of words as places in a list."""

    words: Sequence[str]
    """Each once, most frequent first."""
    code: Nodes
    """Place of the word plus one; 0 where it is unknown."""


@dataclass(frozen=True, slots=True)
class RowFacts:
    """One element a row; what has no record has nothing."""

    dates: Mapping[str, Nodes]
    """By column: days since 1970 plus one; 0 where unknown."""
    words: Mapping[str, Coded]
    numbers: Mapping[str, Floats]
    """By column: the number plus one; 0 where unknown."""


def read_tree_row_facts(
    snapshot: Snapshot, forest: TreeRows, as_of: date | None = None
) -> RowFacts:
    """Read what the snapshot knows of every row with a record, of deleted models the last.

    A model found missing after the day `as_of` was still listed on it, and is not marked deleted.
    """
    rows = np.flatnonzero((forest.node >= 0) & (forest.node < snapshot.records))
    nodes, size = pa.array(forest.node[rows]), len(forest)

    def read_column(name: str, file: str) -> pa.ChunkedArray:
        return snapshot.record_column(name, file).take(nodes)

    models, metrics = schema.MODELS_FILE, schema.METRICS_FILE
    deleted, missed, last_seen = _deleted_tree_rows(snapshot, forest, as_of)
    return RowFacts(
        {name: _row_day_column(read_column(name, models), rows, size) for name in DATES}
        | {MISSED: _row_day_column(missed, deleted, size)},
        {name: _tree_row_code_column(read_column(name, models), rows, size) for name in WORDS}
        | {LAST_SEEN: _tree_row_code_column(last_seen, deleted, size)},
        {name: _tree_row_number_column(read_column(name, metrics), rows, size) for name in NUMBERS},
    )


def _deleted_tree_rows(
    snapshot: Snapshot, forest: TreeRows, as_of: date | None
) -> tuple[Positions, pa.ChunkedArray, pa.ChunkedArray]:
    """Return the rows of deleted models, when each was found missing, and seen last."""
    listed = snapshot.manifest.models
    rows = np.flatnonzero((forest.node >= listed) & (forest.node < snapshot.records))
    table = snapshot.tombstones([MISSED, LAST_SEEN]).take(pa.array(forest.node[rows] - listed))
    if as_of is not None:
        missed = pc.less(table[MISSED], end_of_day_utc(as_of))
        rows, table = rows[np.array(missed, np.bool_)], table.filter(missed)
    return rows, table[MISSED], table[LAST_SEEN]


def _row_day_column(read_column: pa.ChunkedArray, rows: Positions, size: int) -> Nodes:
    days = np.zeros(size, np.int32)
    since = read_column.cast(pa.timestamp("us")).cast(pa.date32(), safe=False).cast(pa.int32())
    # A day before 1970 is none that a model can have.
    days[rows] = np.maximum(pc.fill_null(since, -1).to_numpy() + 1, 0)
    return days


def _tree_row_number_column(read_column: pa.ChunkedArray, rows: Positions, size: int) -> Floats:
    numbers = np.zeros(size, np.float64)
    numbers[rows] = np.maximum(pc.fill_null(read_column, -1).to_numpy() + 1, 0)
    return numbers


def _tree_row_code_column(read_column: pa.ChunkedArray, rows: Positions, size: int) -> Coded:
    counted = read_column.drop_null().value_counts().to_pylist()
    words = [
        each["values"] for each in sorted(counted, key=lambda it: (-it["counts"], it["values"]))
    ]
    # A page holds each license once and not twenty thousand times; the most frequent gets the
    # smallest number, which packs best.
    code = np.zeros(size, np.int32)
    places = pc.index_in(read_column, value_set=pa.array(words, pa.string()))
    code[rows] = pc.fill_null(places, -1).to_numpy() + 1
    return Coded(words, code)


@dataclass(frozen=True, slots=True)
class SharedClaim:
    """Words that many edges share, with room for the parent's name where they name it."""

    rule: str
    before: str
    """All of the words where `after` is None; empty where only the source is known."""
    after: str | None
    """What follows the parent's name."""
    source: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class RowEvidence:
    """The edges of a tree in order of their child's row, and the claims of each."""

    child: Nodes
    """The child's row."""
    parent: Nodes
    """The parent's row; below zero -1 - place among `outside`."""
    strength: Codes
    """Position in `Strength`."""
    outside: Sequence[str]
    """Parents that are no part of the family, by name."""
    claim_edge: Nodes
    """The edge that a claim is about, in rising order."""
    claim_text: Nodes
    """The claim's words: their place among `texts`."""
    texts: Sequence[SharedClaim]


def read_tree_row_evidence(scope: Scope, forest: TreeRows) -> RowEvidence:
    """Return every edge above every row, also to parents outside the family."""
    row_of = np.full(scope.nodes, -1, np.int32)
    rows = np.flatnonzero(forest.node >= 0)
    row_of[forest.node[rows]] = rows
    edges = scope.edges
    edges = select_scope_edges(edges, (row_of[edges.child] >= 0) & (edges.child != edges.parent))
    edges = select_scope_edges(edges, np.lexsort((edges.parent, row_of[edges.child])))
    # Parents outside are kept by name alone: a merge says where its other half comes from.
    strangers = np.unique(edges.parent[row_of[edges.parent] < 0])
    place = np.searchsorted(strangers, edges.parent)
    parent = np.where(row_of[edges.parent] >= 0, row_of[edges.parent], -1 - place)
    keys, names = scope.names_by_node(np.union1d(edges.child, edges.parent))
    claims = _ClaimColumns(keys, names, edges.child, edges.parent)
    claims.add_snapshot(scope)
    claims.add_registry(scope)
    claim_edge, claim_text = claims.in_order()
    return RowEvidence(
        child=row_of[edges.child],
        parent=parent.astype(np.int32),
        strength=edges.strength,
        outside=[names[node] for node in strangers.tolist()],
        claim_edge=claim_edge,
        claim_text=claim_text,
        texts=list(claims.texts),
    )


class _ClaimColumns:
    """The claims of some edges, with equal words kept once."""

    def __init__(
        self, keys: dict[int, str], names: dict[int, str], child: Nodes, parent: Nodes
    ) -> None:
        self.texts: dict[SharedClaim, int] = {}
        self._child, self._keys = child, keys
        pairs = zip(child.tolist(), parent.tolist(), strict=True)
        self._edge = {(keys[low], keys[high]): at for at, (low, high) in enumerate(pairs)}
        self._name = {keys[node]: name for node, name in names.items()}
        self._pairs: list[tuple[int, int]] = []

    def add_snapshot(self, scope: Scope) -> None:
        """Add every claim that the snapshot keeps."""
        children = [self._keys[node] for node in np.unique(self._child).tolist()]
        table = scope.snapshot.evidence_of(children)
        table = table.filter(pc.is_valid(table["parent_key"]))
        names = ("child_key", "parent_key", "rule", "quote")
        columns = (table[name].to_pylist() for name in names)
        for child, parent, rule, quote in zip(*columns, strict=True):
            self._add_tree_row_claim(child, parent, PathClaim(rule, quote))

    def add_registry(self, scope: Scope) -> None:
        """Add what the families' registries say, with its source."""
        curated_children = {child for child, *_ in scope.curated_pairs()}.intersection(
            self._child.tolist()
        )
        by_edge = find_evidence_of_paths(scope, curated_children).by_edge
        for (child, parent), claims in by_edge.items():
            for claim in claims:
                if claim.source is not None:
                    self._add_tree_row_claim(child, parent, claim)

    def in_order(self) -> tuple[Nodes, Nodes]:
        """Return the edge and the words of each claim, by edge, in order of extraction."""
        ordered = np.array(self._pairs, np.int32).reshape(-1, 2)
        ordered = ordered[np.argsort(ordered[:, 0], kind="stable")]
        return ordered[:, 0], ordered[:, 1]

    def _add_tree_row_claim(self, child: str, parent: str, claim: PathClaim) -> None:
        edge = self._edge.get((child, parent))
        if edge is None:  # A weaker edge than asked for, or a model's word about itself.
            return
        before, name, after = (claim.quote or "").partition(self._name[parent])
        text = SharedClaim(claim.rule, before, after if name else None, claim.source, claim.url)
        self._pairs.append((edge, self.texts.setdefault(text, len(self.texts))))
