"""The tables of a published data set: today's for look-ups in parts, and what changed each day."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.store import schema
from lineage.store.delta import mark_stored_differences, select_stored_rows
from lineage.store.local_files import LocalFiles
from lineage.store.reader import Snapshot
from lineage.store.table_writer import TableWriter

LATEST: Mapping[str, str] = {
    "counts": schema.COUNTS_FILE,
    "edges": schema.EDGES_FILE,
    "models": schema.MODELS_FILE,
    "metrics": schema.METRICS_FILE,
    "tombstones": schema.TOMBSTONES_FILE,
}
"""The tables of the newest snapshot, whole; by the name of the data set's configuration."""

HISTORY: Mapping[str, Sequence[str]] = {
    "counts": ("key",),
    "edges": ("child_key", "parent_key"),
    "models": ("key",),
    "metrics": ("key",),
    "trends": (),
}
"""The tables with a history, by what tells their rows apart; of trends every snapshot has all."""

_SMALLEST_GROUP, _LARGEST_GROUP = 1024, 4096
# So many bytes of the footer tell of one group, where so many of its column are one row.
_GROUP_BYTES, _ROW_BYTES = 800, 10
_LOOK_UP = {"write_page_index": True, "data_page_size": 8192, "write_statistics": ["id"]}
_SORTED_IDS = {"column_encoding": {"id": "DELTA_BYTE_ARRAY"}}

# A model that is new gives another number to every node behind it: as a change that says nothing.
_NUMBERS = frozenset({"node", "child_node", "parent_node"})
_DAY_COLUMNS = (
    pa.field("snapshot", pa.string(), nullable=False),
    pa.field("date", pa.date32(), nullable=False),
)
_CHANGE = pa.field("change", pa.string(), nullable=False)
_ADDED, _CHANGED, _REMOVED = "added", "changed", "removed"
_JOINT = "\x1f"


def write_latest_data_set_table(snapshot: Snapshot, name: str, folder: Path) -> Path:
    """Write one of today's tables for look-ups by range requests; return where.

    Small groups and pages with an index: fetched are the footer, and of the columns that are asked
    for one group or page.
    """
    file, options = LATEST[name], dict[str, object](_LOOK_UP)
    if file == schema.TOMBSTONES_FILE:  # older snapshots have a narrower table
        rows, batches = snapshot.manifest.tombstones, iter(snapshot.tombstones().to_batches())
    else:
        rows, batches = snapshot.manifest.models, snapshot.batches(file)
    if file == schema.COUNTS_FILE:
        rows, options = snapshot.table(file, ["node"]).num_rows, options | _SORTED_IDS
    # Fewer groups make a shorter footer, smaller ones a shorter column: least is fetched between.
    best = math.isqrt(rows * _GROUP_BYTES // _ROW_BYTES)
    group = min(max(1 << best.bit_length(), _SMALLEST_GROUP), _LARGEST_GROUP)
    files = LocalFiles(str(folder), "TMPDIR")
    with TableWriter(files, file, schema.TABLES[file], row_group=group, options=options) as writer:
        for batch in batches:
            writer.write_table(pa.Table.from_batches([batch]))
    return folder / file


def write_data_set_changes(
    before: Snapshot | None, snapshot: Snapshot, name: str, folder: Path
) -> Path:
    """Write what differs in one table from the snapshot before, else all of it; return where.

    Each row bears the snapshot, its day and `change`: a row stands until the next one of its keys,
    and one that was removed is shown as it was last.
    """
    file, keys = f"{name}.parquet", HISTORY[name]
    fields = [field for field in schema.TABLES[file] if field.name not in _NUMBERS]
    columns, extra = [field.name for field in fields], [*_DAY_COLUMNS]
    if keys:
        extra.append(_CHANGE)
        rows = _list_data_set_changes(before, snapshot, file, keys, columns)
    elif file in snapshot.manifest.files:
        rows = ((batch, "") for batch in snapshot.batches(file, columns))
    else:  # the oldest snapshots have no trends
        rows = iter(())
    written = pa.schema([*extra, *fields])
    day = snapshot.manifest.origin.taken_at.date()
    with TableWriter(LocalFiles(str(folder), "TMPDIR"), file, written) as writer:
        for batch, change in rows:
            values = [pa.scalar(value) for value in (snapshot.id, day, change)[: len(extra)]]
            arrays = [*(pa.repeat(it, len(batch)) for it in values), *map(batch.column, columns)]
            writer.write_table(pa.table(arrays, schema=written))
    return folder / file


def _list_data_set_changes(
    before: Snapshot | None,
    snapshot: Snapshot,
    file: str,
    keys: Sequence[str],
    columns: Sequence[str],
) -> Iterator[tuple[pa.RecordBatch | pa.Table, str]]:
    """Yield batches of rows with what happened to them, the removed ones last."""
    if before is None:
        yield from ((batch, _ADDED) for batch in snapshot.batches(file, columns))
        return
    old_keys, new_keys = (_join_data_set_keys(it, file, keys) for it in (before, snapshot))
    place = pc.index_in(new_keys, value_set=old_keys)
    is_new = np.array(place.is_null(), np.bool_)
    differs = np.zeros(len(place), np.bool_)
    # Column by column: two days of the Hub never stand in memory whole.
    for column in columns:
        if column not in keys:
            old, new = (it.column(file, column).combine_chunks() for it in (before, snapshot))
            differs |= mark_stored_differences(old.take(place), new)
    removed = ~np.array(pc.is_in(old_keys, value_set=new_keys), np.bool_)
    for rows, source, change in (
        (is_new, snapshot, _ADDED),
        (differs & ~is_new, snapshot, _CHANGED),
        (removed, before, _REMOVED),
    ):
        if rows.any():
            pieces = select_stored_rows(source.batches(file, columns), rows)
            yield from ((piece, change) for piece in pieces)


def _join_data_set_keys(snapshot: Snapshot, file: str, keys: Sequence[str]) -> pa.Array:
    columns = [snapshot.column(file, key).combine_chunks() for key in keys]
    return columns[0] if len(columns) == 1 else pc.binary_join_element_wise(*columns, _JOINT)
