"""One published snapshot, read column by column; nothing is read that is not asked for."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import Codes, Indices, Nodes
from lineage.domain.claims import RELATIONS, STRENGTHS, Relation
from lineage.domain.records import Availability, AvailabilityAnswer
from lineage.domain.repo_ids import NAME_PREFIX, STAND_IN
from lineage.errors import SnapshotDamaged
from lineage.store import schema
from lineage.store.column_cache import ColumnCache, NameIndex, TableReader
from lineage.store.files import Files
from lineage.store.manifest import Manifest
from lineage.store.merged_tables import tables_of
from lineage.store.tables import CountRow

_FEW = 1000
"""So many names are looked up one by one in an index; more are looked for in whole columns."""


class EdgeColumns(NamedTuple):
    """Every edge as bare integers: node numbers, and positions in `Relation` and `Strength`."""

    child: Nodes
    parent: Nodes
    relation: Codes
    strength: Codes


@dataclass(frozen=True, slots=True)
class BaseRow:
    """What was counted at publication for one node that has children."""

    key: str
    id: str
    number: int | Callable[[], int] = field(compare=False)
    """Its node, or what looks for it: a number that was stored days ago need not be today's."""
    direct: int
    total: int
    by_relation: dict[Relation, int]
    undated: int
    is_listed: bool = field(default=False, compare=False)
    """Whether it is known without its number that the model is listed."""

    @property
    def node(self) -> int:
        """The node's number."""
        return self.number if isinstance(self.number, int) else self.number()


class Snapshot:
    """A published snapshot. Node numbers 0..models-1 are rows of its models.

    An update that keeps changes alone reads like any other.
    """

    def __init__(
        self, files: Files, manifest: Manifest, unredacted: "Snapshot | None" = None
    ) -> None:
        self.manifest = manifest
        self.id = manifest.id
        self.unredacted = unredacted
        """Of a copy without the models that opted out what it was made of: to count by how much
        an answer differs, and for nothing else."""
        self.list_teachers: Callable[[bool], Iterable[Snapshot]] = lambda thorough: ()
        """Gives the snapshots that may know what its models are called elsewhere in its history:
        the newest, and, where one asks thoroughly, dumps that were imported after it."""
        self.files = files
        """Where its tables lie: the store, or the folder of a copy without opt-outs."""
        self._source: Snapshot | None = None
        self.tables: TableReader = tables_of(files, manifest)
        self.index: NameIndex | None = None
        """Of a snapshot that is held in memory: what finds a name without reading columns."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}: {self.manifest.models:,} models>"

    def with_columns_held(self) -> "Snapshot":
        """Return the same snapshot, which reads each column once, for a question that asks often.

        What it read goes with it; the snapshot itself holds nothing.
        """
        if isinstance(self.tables, ColumnCache):
            return self
        held = Snapshot(self.files, self.manifest, self.unredacted)
        held.list_teachers, held.tables = self.list_teachers, ColumnCache(self.tables)
        held._source = self  # a redacted copy's files go when its reader goes
        return held

    def hold_in_memory(self) -> None:
        """Keep what is read from now on in memory, for a process that answers many questions.

        Counts are read at once. `index.add_records`, which takes longer, is the caller's to call.
        """
        self.tables = ColumnCache(self.tables)
        self.index = NameIndex.from_stored_counts(self.table(schema.COUNTS_FILE))
        if self.unredacted is not None:
            self.unredacted.hold_in_memory()

    def column(self, file: str, name: str) -> pa.ChunkedArray:
        """Return one column of one table, whole."""
        return self.table(file, [name])[name]

    def table(
        self, file: str, columns: Sequence[str] | None = None, as_codes: Sequence[str] = ()
    ) -> pa.Table:
        """Return some columns of one table, or all of them; `as_codes` as Arrow dictionaries."""
        return self.tables.table(file, columns, as_codes)

    def batches(self, file: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield a table piece by piece, so that it never stands in memory whole."""
        return self.tables.batches(file, columns)

    def tombstones(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the last records of the deleted models, in order of the key."""
        names = list(columns or schema.TOMBSTONES.names)
        if not self.manifest.tombstones:  # the oldest have fewer columns and no rows
            return schema.TOMBSTONES.empty_table().select(names)
        return schema.with_absent_columns(self.table(schema.TOMBSTONES_FILE, names), names)

    def absences(self) -> pa.Table:
        """Return when models that are back, or deleted again, were missing before."""
        if schema.ABSENCES_FILE not in self.manifest.files:  # older ones know of none
            return schema.ABSENCES.empty_table()
        return self.table(schema.ABSENCES_FILE).cast(schema.ABSENCES)

    @property
    def records(self) -> int:
        """How many nodes have a record: the listed models, then the deleted."""
        return self.manifest.models + self.manifest.tombstones

    def record_column(self, name: str, file: str = schema.MODELS_FILE) -> pa.ChunkedArray:
        """Return one column of every record: of the listed by row, then of the deleted."""
        return self.record_table([name], file)[name]

    def record_table(self, columns: Sequence[str], file: str = schema.MODELS_FILE) -> pa.Table:
        """Return some columns of every record: of the listed by row, then of the deleted."""
        listed = self.table(file, columns)
        if not self.manifest.tombstones:
            return listed
        deleted = self.tombstones(columns)
        both = [[*listed[name].chunks, *deleted[name].chunks] for name in columns]
        return pa.table([pa.chunked_array(chunks) for chunks in both], names=list(columns))

    def authors(self) -> pa.Table:
        """Return `author` of the listed models, and how many `models` each has, most first."""
        if self.index is not None and self.index.authors is not None:
            return self.index.authors
        counted = self.column(schema.MODELS_FILE, "author").drop_null().value_counts()
        table = pa.table({"author": counted.field("values"), "models": counted.field("counts")})
        table = table.sort_by([("models", "descending"), ("author", "ascending")])
        if self.index is not None:
            self.index.authors = table
        return table

    def edges(self) -> EdgeColumns:
        """Return every edge as integers."""
        return read_edges(self.tables)

    # Looking up

    def base(self, id: str) -> BaseRow | None:
        """Return the stored count of a node by its exact id, or None where it has no children."""
        if self.index is not None:
            stored = self.index.find_stored_count_row(id)
            return (
                None if stored is None else _read_stored_base_row(stored, int(str(stored["node"])))
            )
        return _first_stored_base_row(self.tables.find_counts("id", id))

    def base_of_key(self, key: str) -> BaseRow | None:
        """Return the stored count of a node by its key, whatever it was called then."""
        return _first_stored_base_row(self.tables.find_counts("key", key))

    def largest_bases(self, top: int) -> list[BaseRow]:
        """Return the nodes with most descendants, largest first, ties by id."""
        table = self.table(schema.COUNTS_FILE)
        order = pc.sort_indices(table, [("total", "descending"), ("id", "ascending")])[:top]
        return [_read_stored_base_row(row, row["node"]) for row in table.take(order).to_pylist()]

    def names_of_bases(self, nodes: Indices) -> tuple[pa.Array, pa.Array]:
        """Return key and present id of nodes that have children, in the order asked."""
        if not len(nodes):
            return pa.array([], pa.string()), pa.array([], pa.string())
        table, sought = self.table(schema.COUNTS_FILE, ["node", "key", "id"]), pa.array(nodes)
        sought = sought.cast(pa.int32())
        table = table.filter(pc.is_in(table["node"], value_set=sought)).combine_chunks()
        rows = pc.index_in(sought, value_set=table["node"])
        rows_found = table.take(rows)
        return rows_found["key"].combine_chunks(), rows_found["id"].combine_chunks()

    def names_of(self, nodes: Indices) -> tuple[pa.Array, pa.Array]:
        """Return key and present id of nodes in rising order, listed or not."""
        recorded = nodes[nodes < self.records]
        more = self.names_of_bases(nodes[len(recorded) :])
        columns = (self.record_column(name).take(pa.array(recorded)) for name in ("key", "id"))
        keys, ids = (
            pa.concat_arrays([*column.chunks, names])
            for column, names in zip(columns, more, strict=True)
        )
        return keys, ids

    def nodes_of(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the node number of each id that the snapshot knows under just this spelling."""
        if self.index is not None and self.index.record_ids is not None and len(ids) < _FEW:
            return {id: node for id in ids if (node := self._indexed_node_of(self.index, id)) >= 0}
        return _look_up_stored_nodes(self._named_snapshot_nodes(), ids) if ids else {}

    def _indexed_node_of(self, index: NameIndex, id: str) -> int:
        """Return the node that has a name, the listed one first; -1 where none has it."""
        nodes = index.find_stored_record_nodes(id)
        if nodes and nodes[0] < self.manifest.models:
            return nodes[0]
        # An unlisted model that the Hub still names has its name before a deleted one.
        stored = self.base(id)
        return stored.node if stored is not None else max(nodes, default=-1)

    def _named_snapshot_nodes(self) -> Iterator[tuple[pa.Array, pa.Array | None]]:
        """Yield names with their nodes (None: by row); who wins of two with one name comes last."""
        bases = self.table(schema.COUNTS_FILE, ["id", "node"]).combine_chunks()
        # An unlisted model that the Hub still names has its name before a deleted one.
        deleted = self.tombstones(["id"])["id"].combine_chunks()
        yield deleted, pa.array(np.arange(self.manifest.models, self.records, dtype=np.int32))
        yield bases["id"].combine_chunks(), bases["node"].combine_chunks()
        ids = self.column(schema.MODELS_FILE, "id").combine_chunks()
        # Raise SnapshotDamaged where a model's row is not the node that it has in the counts
        # Keys in order would prove it as well; reading them doubles the time of a question.
        listed = bases.filter(pc.less(bases["node"], len(ids)))
        if not pc.all(pc.equal(ids.take(listed["node"]), listed["id"]), min_count=0).as_py():
            raise SnapshotDamaged(
                f"{self.id}/{schema.MODELS_FILE} cannot be read: its column id is in another order "
                f"than {schema.COUNTS_FILE} has it",
                f"see what is wrong with: lineage snapshots verify {self.id}",
            )
        yield ids, None

    def owners_without_case(self, names: Collection[str]) -> dict[str, dict[str, list[int]]]:
        """Return for each name, in small letters, the known names that equal it but for the case.

        Each with the nodes that have it, the one that has it now first.
        """
        lowered = pa.array({name.lower() for name in names}, pa.string())
        owners: dict[str, dict[str, list[int]]] = {name.lower(): {} for name in names}
        for ids, nodes in self._named_snapshot_nodes() if names else ():
            rows = pc.indices_nonzero(pc.is_in(pc.utf8_lower(ids), value_set=lowered))
            at = rows.to_numpy() if nodes is None else nodes.take(rows).to_numpy()
            for id, node in zip(ids.take(rows).to_pylist(), at.tolist(), strict=True):
                alike = owners[id.lower()]
                # A model with a record and children is met twice.
                alike[id] = [node, *(other for other in alike.get(id, ()) if other != node)]
        return owners

    def node_of_key(self, key: str) -> tuple[int, str] | None:
        """Return the node number and present name of a key, or None."""
        if (node := self.nodes_of_keys([key]).get(key)) is None:
            return None
        return node, str(self.names_of(np.array([node], np.int32))[1][0].as_py())

    def nodes_of_keys(self, keys: Collection[str]) -> dict[str, int]:
        """Return the node number of each key that the snapshot knows."""
        if not keys:
            return {}
        bases = self.table(schema.COUNTS_FILE, ["key", "node"]).combine_chunks()
        known = self.record_column("key").combine_chunks()
        columns = ((bases["key"].combine_chunks(), bases["node"]), (known, None))
        return _look_up_stored_nodes(columns, keys)

    def keys_elsewhere(self, names: Collection[str], *, thorough: bool = False) -> dict[str, str]:
        """Return the keys by which other snapshots of its history know some names.

        A model keeps its key through every rename, so that later names lead to it here.
        """
        keys: dict[str, str] = {}
        with suppress(SnapshotDamaged):
            for other in self.list_teachers(thorough) if names else ():
                keys = other.keys_of_names(set(names) - set(keys)) | keys
        return keys

    def keys_of_names(self, names: Collection[str]) -> dict[str, str]:
        """Return the key of the model that has each name, but for the case, or had it before."""
        former = self.former_keys()
        keys = {name: former[name] for name in names if name in former}
        owners = self.owners_without_case(names)
        nodes = {}
        for name in names:
            alike = owners[name.lower()]
            if own := alike.get(name) or (next(iter(alike.values())) if len(alike) == 1 else []):
                nodes[name] = own[0]
        order = np.unique(np.array([*nodes.values()], np.int32))
        key_of = dict(zip(order.tolist(), self.names_of(order)[0].to_pylist(), strict=True))
        keys |= {name: key_of[node] for name, node in nodes.items()}
        made_up = (NAME_PREFIX, STAND_IN)
        return {name: key for name, key in keys.items() if not key.startswith(made_up)}

    def evidence_of(self, child_keys: Sequence[str]) -> pa.Table:
        """Return every claim about some models, in the order of the evidence."""
        keys = pa.array(child_keys, pa.string())
        return self.tables.rows_of(schema.EVIDENCE_FILE, "child_key", keys)

    def former_names(self) -> pa.Table:
        """Return every former name learned so far: `name`, `key`, `source`."""
        return self.table(schema.NAMES_FILE)

    def former_keys(self) -> Mapping[str, str]:
        """Return the key of the model that bore each former name."""
        names = self.former_names()
        return dict(zip(names["name"].to_pylist(), names["key"].to_pylist(), strict=True))


def _look_up_stored_nodes(
    columns: Iterable[tuple[pa.Array, pa.Array | None]], values: Collection[str]
) -> dict[str, int]:
    """Return the node of each value in columns with their nodes (None: by row); the last wins."""
    sought = pa.array(values, pa.string())
    nodes_by_value: dict[str, int] = {}
    # Looked for in columns: a dictionary of three million names takes a second.
    for column, nodes in columns:
        rows = pc.indices_nonzero(pc.is_in(column, value_set=sought))
        at = rows.to_numpy() if nodes is None else nodes.take(rows).to_numpy()
        nodes_by_value.update(zip(column.take(rows).to_pylist(), at.tolist(), strict=True))
    return nodes_by_value


def read_edges(tables: TableReader) -> EdgeColumns:
    """Return every edge of some tables as integers."""
    columns = ("child_node", "parent_node", "relation", "strength")
    table = tables.table(schema.EDGES_FILE, columns, as_codes=("relation", "strength"))
    return EdgeColumns(
        table["child_node"].to_numpy(),
        table["parent_node"].to_numpy(),
        _positions_of_keys(table["relation"], RELATIONS),
        _positions_of_keys(table["strength"], STRENGTHS),
    )


def _first_stored_base_row(rows: Sequence[CountRow]) -> BaseRow | None:
    return (
        _read_stored_base_row(rows[0].values, rows[0].number, rows[0].is_listed) if rows else None
    )


def _read_stored_base_row(
    row: Mapping[str, Any], number: int | Callable[[], int], is_listed: bool = False
) -> BaseRow:
    fields = {name: row[name] for name in ("key", "id", "direct", "total", "undated")}
    by_relation = {relation: row[relation.value] for relation in RELATIONS}
    return BaseRow(**fields, number=number, by_relation=by_relation, is_listed=is_listed)


def _positions_of_keys(column: pa.ChunkedArray, words: Sequence[str]) -> Codes:
    """Map a dictionary-encoded column to positions in a fixed list of words."""
    parts = [np.empty(0, np.int8)]
    for chunk in column.chunks:
        place = [words.index(word) for word in chunk.dictionary.to_pylist()]
        parts.append(np.array(place, np.int8)[chunk.indices.to_numpy()])
    return np.concatenate(parts)


STANDING_COLUMNS = ("standing", "hub_status", "asked_at")


def read_stored_availability_answer(row: Mapping[str, Any]) -> AvailabilityAnswer | None:
    """Return what the Hub said of the model of one tombstone; None where it was not asked."""
    standing, status, asked_at = (row[name] for name in STANDING_COLUMNS)
    return (
        None if asked_at is None else AvailabilityAnswer(Availability(standing), status, asked_at)
    )


def read_stored_availability(snapshot: Snapshot, keys: Collection[str]) -> dict[str, Availability]:
    """Return what the Hub said of those of some models, by key, whom it was asked about."""
    table = snapshot.tombstones(["key", "standing"])
    answered = table.filter(pc.is_valid(table["standing"])).to_pylist()
    chosen = set(keys)
    return {row["key"]: Availability(row["standing"]) for row in answered if row["key"] in chosen}


def stored_availability_counts(snapshot: Snapshot) -> dict[Availability | None, int]:
    """Count the deleted models by what the Hub answers about them; None = never asked."""
    values = pc.value_counts(snapshot.tombstones(["standing"])["standing"]).to_pylist()
    numbers = {row["values"]: int(row["counts"]) for row in values}
    return {None if word is None else Availability(word): n for word, n in numbers.items()}
