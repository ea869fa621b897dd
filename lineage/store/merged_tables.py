"""A snapshot's changes merged with the one it builds on: its tables read as if each were a file."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import Int64s, KeyBytes, Mask, Nodes
from lineage.errors import SnapshotDamaged
from lineage.store import schema
from lineage.store.delta import (
    MergePlan,
    apply_delta_plan,
    mark_older_rows,
    plan_delta_by_key,
    plan_delta_by_place,
)
from lineage.store.files import Files
from lineage.store.inventory import snapshot_base_of
from lineage.store.keys import NOWHERE, join_column_chunks, table_keys_as_bytes, table_rows_of_keys
from lineage.store.manifest import BuildsOn, Manifest
from lineage.store.tables import NODES, CountRow, Rows, Tables


class MergedTables(Tables):
    """Those of a snapshot that keeps changes alone of some tables."""

    def __init__(
        self, files: Files, id: str, builds_on: BuildsOn, manifest: Manifest | None = None
    ) -> None:
        super().__init__(files, id, manifest)
        self._builds_on = builds_on
        self._plans: dict[str, MergePlan] = {}

    @cached_property
    def base(self) -> Tables:
        """The tables below; SnapshotDamaged where they are not there, or others by now."""
        return tables_of(self._files, self.base_manifest)

    @cached_property
    def base_manifest(self) -> Manifest:
        try:
            return snapshot_base_of(self._files, self.id, self._builds_on)
        except SnapshotDamaged:
            self._refuse_pruned_table()
            raise

    @cached_property
    def changed(self) -> pa.Table:
        """Whose rows of the base hold no more: `key` in order, of record or claims or both.

        `row` is the record's row in the base; an older schema tells none, and means all claims.
        """
        rows = super().table(schema.CHANGED_FILE)
        is_meant = pc.fill_null(rows["claims"], True)
        return rows.set_column(rows.schema.get_field_index("claims"), "claims", is_meant)

    def keeps_changes(self, file: str) -> bool:
        """Say whether changes alone are kept of a table."""
        return file in self._builds_on.files

    def table(
        self, file: str, columns: Sequence[str] | None = None, as_codes: Sequence[str] = ()
    ) -> pa.Table:
        if not self.keeps_changes(file):
            return super().table(file, columns, as_codes)
        plan = self._plan_for(file)
        changes = self._present_changes(file, columns, as_codes)
        older = self._renumber_rows(file, self.base.table(file, columns, as_codes))
        rows = pa.concat_tables([older.cast(changes.schema), changes]).unify_dictionaries()
        return self._refuse_lost_nodes(file, rows.take(pa.array(plan.order)))

    def batches(self, file: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        if not self.keeps_changes(file):
            yield from super().batches(file, columns)
            return
        older = map(partial(self._renumber_rows, file), self.base.batches(file, columns))
        changes = self._present_changes(file, columns)
        for piece in apply_delta_plan(older, changes, self._plan_for(file)):
            if piece.num_rows:
                yield from self._refuse_lost_nodes(file, piece).combine_chunks().to_batches()

    def rows_of(self, file: str, column: str, values_sought: pa.Array) -> pa.Table:
        if not self.keeps_changes(file):
            return super().rows_of(file, column, values_sought)
        if column != schema.KEYS.get(file):
            raise ValueError(f"rows of {file} are found by {schema.KEYS.get(file)}")
        replaced = self._replaced_table_keys(file)
        unchanged = values_sought.filter(pc.invert(pc.is_in(values_sought, value_set=replaced)))
        changes = super().rows_of(schema.CHANGES[file], column, values_sought)
        older = self.base.rows_of(file, column, unchanged)
        return pa.concat_tables([older, changes.select(older.schema.names)])

    def find_counts(self, column: str, value: str) -> list[CountRow]:
        """Return the rows of the counts that have a value in `id` or `key`, in order."""
        if not self.keeps_changes(schema.COUNTS_FILE):
            return super().find_counts(column, value)
        changes = super()._find_count_rows(schema.CHANGES[schema.COUNTS_FILE], column, value)
        # Without a look at the plan: a look-up reads small parts of each file below and no more.
        replaced = {(row["id"], row["key"]) for row in changes}
        older = [
            CountRow(it.values, it.is_listed, partial(self._number_of, it))
            for it in self.base.find_counts(column, value)
            if (it.values["id"], it.values["key"]) not in replaced
        ]
        fresh = [row for row in changes if row[schema.PLACE] is not None]
        rows = [*older, *self._as_count_rows(fresh)]
        return sorted(rows, key=lambda it: (it.values["id"], it.values["key"]))

    def find_sources(self, file: str) -> tuple[list[int], Int64s, Int64s]:
        if not self.keeps_changes(file):
            return super().find_sources(file)
        sizes, part, row = self.base.find_sources(file)
        size = super().row_count(schema.CHANGES[file])
        fresh = np.arange(size)
        if file in schema.IDENTITIES:
            places = super().table(schema.CHANGES[file], [schema.PLACE])[schema.PLACE]
            fresh = fresh[np.asarray(places.is_valid())]
        order = self._plan_for(file).order
        part = np.concatenate([part, np.full(len(fresh), len(sizes))])[order]
        return [*sizes, size], part, np.concatenate([row, fresh])[order]

    def row_count(self, file: str) -> int:
        if not self.keeps_changes(file):
            return super().row_count(file)
        return self._plan_for(file).rows

    def _present_changes(
        self, file: str, columns: Sequence[str] | None, as_codes: Sequence[str] = ()
    ) -> pa.Table:
        """Return the changes that the whole table has, in its columns."""
        names = schema.TABLES[file].names if columns is None else list(columns)
        if file not in schema.IDENTITIES:
            return super().table(schema.CHANGES[file], names, as_codes)
        with_place = [*dict.fromkeys([*names, schema.PLACE])]
        rows = super().table(schema.CHANGES[file], with_place, as_codes)
        rows = rows.filter(pc.is_valid(rows[schema.PLACE])).select(names)
        fields = [
            field.with_nullable(schema.TABLES[file].field(field.name).nullable)
            for field in rows.schema
        ]
        return rows.cast(pa.schema(fields))

    def _plan_for(self, file: str) -> MergePlan:
        if file not in self._plans:
            with self._damage_of_changes(file):
                plan = self._make_plan(file)
            self._refuse_other_size(file, plan)
            self._plans[file] = plan
        return self._plans[file]

    def _make_plan(self, file: str) -> MergePlan:
        if file in schema.IDENTITIES:
            return plan_delta_by_place(*self._replacements(file))
        replaced = table_keys_as_bytes(self._replaced_table_keys(file))
        if file == schema.EVIDENCE_FILE:
            places = super().table(schema.CHANGES[file], [schema.PLACE])[schema.PLACE]
            return plan_delta_by_place(
                mark_older_rows(self._keys(file), replaced), np.asarray(places)
            )
        if file == schema.METRICS_FILE:
            return self._plan_for(schema.MODELS_FILE)
        fresh = super().table(schema.CHANGES[file], ["key", schema.PLACE])
        if fresh[schema.PLACE].null_count or not len(fresh):
            fresh_keys = table_keys_as_bytes(fresh["key"])
            return plan_delta_by_key(self._keys(file), fresh_keys, replaced)
        is_there = pc.and_(self.changed["record"], pc.is_valid(self.changed["row"]))
        of_base = self.changed.filter(is_there)
        stays = self._mark_rows_that_stay(file, "row", np.asarray(of_base["row"]))
        replaced = table_keys_as_bytes(of_base["key"])
        return plan_delta_by_place(stays, np.asarray(fresh[schema.PLACE]), replaced)

    def _replacements(self, file: str) -> tuple[Mask, Int64s]:
        """Return which rows of the base stay, and the places of the changes in the whole."""
        names = [schema.PLACE, schema.REPLACES]
        changes = super().table(schema.CHANGES[file], names)
        places, replaced = (np.asarray(changes[name].drop_null()) for name in names)
        return self._mark_rows_that_stay(file, schema.REPLACES, replaced), places

    def _mark_rows_that_stay(self, file: str, column: str, replaced: Int64s) -> Mask:
        stays = np.ones(self.base.row_count(file), np.bool_)
        if len(replaced) and not (replaced.min() >= 0 and replaced.max() < len(stays)):
            raise ValueError(f"its column {column} leads beyond the end")
        stays[replaced] = False
        if int(stays.sum()) + len(replaced) != len(stays):
            raise ValueError(f"its column {column} names a row twice")
        return stays

    def _refuse_other_size(self, file: str, plan: MergePlan) -> None:
        if self._manifest is None:
            return
        rows = {
            schema.MODELS_FILE: self._manifest.models,
            schema.EDGES_FILE: self._manifest.edges,
            schema.TOMBSTONES_FILE: self._manifest.tombstones,
        }
        if plan.rows != rows.get(file, plan.rows):
            raise self._say_table_damaged(
                schema.CHANGES[file],
                f"with what it builds on there are {plan.rows} rows, not {rows[file]}",
            )

    def _keys(self, file: str) -> Iterator[KeyBytes]:
        """Yield whom the rows of a table of the base are about, batch by batch."""
        key = schema.KEYS[file]
        return (table_keys_as_bytes(batch[key]) for batch in self.base.batches(file, [key]))

    def _replaced_table_keys(self, file: str) -> pa.StringArray:
        """Return in order whose rows of the base hold no more in this table."""
        meant = self.changed["claims" if file == schema.EVIDENCE_FILE else "record"]
        return join_column_chunks(self.changed["key"].filter(meant).chunks)

    # Numbers of nodes: a day's own rows have them, those of its base have the base's

    def _renumber_rows(self, file: str, rows: Rows) -> Rows:
        """Return rows of the base with today's nodes; those that are replaced may have none."""
        for at, name in enumerate(rows.schema.names):
            if name in NODES:
                with self._damage_of_changes(file):
                    nodes = pa.array(self.renumbering[np.asarray(rows[name])])
                rows = rows.set_column(at, rows.schema.field(name), nodes)
        return rows

    def _refuse_lost_nodes(self, file: str, rows: pa.Table) -> pa.Table:
        """Return merged rows; SnapshotDamaged where one that stays is about a node that is gone."""
        for name in NODES.intersection(rows.schema.names):
            if rows.num_rows and pc.min(rows[name]).as_py() < 0:
                raise self._say_table_damaged(
                    schema.CHANGES[file], f"rows of {self.base.id} name nodes that there are not"
                )
        return rows

    @contextmanager
    def _damage_of_changes(self, file: str) -> Iterator[None]:
        """Say of what does not go together with the base that the changes are damaged."""
        try:
            yield
        except (ValueError, IndexError) as error:
            raise self._say_table_damaged(schema.CHANGES[file], str(error)) from error

    def _number_of(self, row: CountRow) -> int:
        number = row.number if isinstance(row.number, int) else row.number()
        return int(self.renumbering[number])

    @cached_property
    def renumbering(self) -> Nodes:
        """Today's node of each node of the base, in its class: listed, deleted, without a record.

        -1 where it is none of its class any more: rows about such a node are among the changes.
        """
        records = self.renumber_records()
        others = self._renumber_others(len(records))
        return np.concatenate([records, others]).astype(np.int32)

    def renumber_records(self) -> Int64s:
        """Return today's node of each node of the base that has a record, in its class."""
        plan = self._plan_for(schema.MODELS_FILE)
        rows, places = plan.numbers()
        fresh = super().table(schema.CHANGES[schema.MODELS_FILE], ["key"])["key"]
        again = table_rows_of_keys(table_keys_as_bytes(fresh), plan.replaced_keys)
        places = np.append(places, NOWHERE)  # what is read again is listed still, the rest is not
        rows[~plan.stays] = places[again]
        return np.concatenate([rows, self._renumber_deleted()])

    def _renumber_deleted(self) -> Int64s:
        now = table_keys_as_bytes(self.table(schema.TOMBSTONES_FILE, ["key"])["key"])
        before = table_keys_as_bytes(self.base.table(schema.TOMBSTONES_FILE, ["key"])["key"])
        rows = table_rows_of_keys(now, before)
        return np.where(rows == NOWHERE, NOWHERE, rows + self._plan_for(schema.MODELS_FILE).rows)

    def _renumber_others(self, records_before: int) -> Int64s:
        """Return the nodes of those without a record; the counts have a row of each."""
        records = self._plan_for(schema.MODELS_FILE).rows + self.row_count(schema.TOMBSTONES_FILE)
        if not self.keeps_changes(schema.COUNTS_FILE):
            now, before = (
                rows.filter(pc.greater_equal(rows["node"], first)).sort_by("node")["key"]
                for rows, first in (
                    (super().table(schema.COUNTS_FILE, ["key", "node"]), records),
                    (self.base.table(schema.COUNTS_FILE, ["key", "node"]), records_before),
                )
            )
            rows = pc.index_in(before, value_set=now.combine_chunks())
            return np.asarray(pc.fill_null(pc.add(rows, records), NOWHERE)).astype(np.int64)
        before = np.asarray(self.base.table(schema.COUNTS_FILE, ["node"])["node"])
        names = ["node", schema.PLACE, schema.REPLACES]
        changes = super().table(schema.CHANGES[schema.COUNTS_FILE], names)
        is_gone, is_new = (np.asarray(changes[name].is_null()) for name in names[1:])
        gone = before[np.asarray(changes[schema.REPLACES].filter(pa.array(is_gone)))]
        new = np.asarray(changes["node"].filter(pa.array(is_new & ~is_gone)))
        gone, new = gone[gone >= records_before], new[new >= records]
        stays = np.ones(int((before >= records_before).sum()), np.bool_)
        stays[gone - records_before] = False
        is_free = np.ones(int(stays.sum()) + len(new), np.bool_)
        is_free[new - records] = False
        rows = np.full(len(stays), NOWHERE, np.int64)
        rows[stays] = np.flatnonzero(is_free) + records
        return rows


def tables_of(files: Files, manifest: Manifest) -> Tables:
    """Return the tables of a snapshot, or of a draft that is asked as one."""
    if manifest.builds_on is None:
        return Tables(files, manifest.id, manifest)
    return MergedTables(files, manifest.id, manifest.builds_on, manifest)


def files_of_table(
    manifest: Manifest, file: str, manifests: Mapping[str, Manifest]
) -> tuple[str, ...]:
    """Return the paths of what a table lies in: its own file, or those below it and the changes."""
    if manifest.builds_on is None or file not in manifest.builds_on.files:
        return (f"{manifest.id}/{file}",)
    below = files_of_table(manifests[manifest.builds_on.id], file, manifests)
    return *below, f"{manifest.id}/{schema.CHANGES[file]}"
