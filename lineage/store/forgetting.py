"""What an earlier snapshot kept, without those who asked to be forgotten since."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.forgotten import Forgotten
from lineage.store import schema
from lineage.store.snapshot import Snapshot


def holds_forgotten(snapshot: Snapshot, forgotten: Forgotten) -> bool:
    """Say whether a snapshot lists, keeps or counts somebody who is to be forgotten."""
    columns = (snapshot.record_column("id"), snapshot.column(schema.COUNTS_FILE, "id"))
    return any(_covered(pc.utf8_lower(ids), forgotten) for ids in columns)


def dead_without(table: pa.Table, forgotten: Forgotten) -> pa.Table:
    """Return tombstones without those of the forgotten, whom no other one names either."""
    if not forgotten:
        return table
    kept = [not forgotten.covers(id) for id in table["id"].to_pylist()]
    table = table.filter(pa.array(kept, pa.bool_()))
    tags = [_tags_without(tags, forgotten) for tags in table["tags"].to_pylist()]
    named = [_without(name, forgotten) for name in table["config_name_or_path"].to_pylist()]
    for name, values in (("tags", tags), ("config_name_or_path", named)):
        at = table.schema.get_field_index(name)
        table = table.set_column(
            at, table.schema.field(at), pa.array(values, table.schema.types[at])
        )
    return table


def said_without(words: Iterable[pa.RecordBatch], forgotten: Forgotten) -> Iterator[pa.RecordBatch]:
    """Yield what was said, but for what names somebody who is to be forgotten."""
    for batch in words:
        if not forgotten:
            yield batch
            continue
        named = batch["parent_as_written"].to_pylist()
        yield batch.filter(pa.array([not forgotten.covers(one) for one in named], pa.bool_()))


def _covered(lowered: pa.ChunkedArray, forgotten: Forgotten) -> bool:
    names = pa.array(sorted(forgotten.names), pa.string())
    found = bool(pc.any(pc.is_in(lowered, value_set=names)).as_py())
    return found or any(
        pc.any(pc.starts_with(lowered, f"{owner}/")).as_py() for owner in forgotten.names
    )


def _tags_without(tags: list[str] | None, forgotten: Forgotten) -> list[str] | None:
    if tags is None:
        return None
    return [tag for tag in tags if not forgotten.covers(tag.rpartition(":")[2])]


def _without(name: str | None, forgotten: Forgotten) -> str | None:
    return None if name is None or forgotten.covers(name) else name
