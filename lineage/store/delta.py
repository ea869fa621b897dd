"""An update merged with the snapshot it builds on: whole tables, a part in memory at a time.

Both sides are in order of the key, or of the child's row; so is the result, and its bytes are those
of a crawl that had read everything.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import Int64s, KeyBytes, Mask
from lineage.store.keys import NO_KEYS, NOWHERE, mark_stored_keys, table_keys_as_bytes
from lineage.store.schema import PLACE


def merge_delta_rows(
    older: Iterable[pa.RecordBatch], changes: pa.Table, dropped_keys: KeyBytes = NO_KEYS
) -> Iterator[pa.Table]:
    """Yield the older rows, those in `changes` in place of theirs, without `dropped_keys`."""
    changed_keys = table_keys_as_bytes(changes["key"])
    start = 0
    for batch in older:
        keys = table_keys_as_bytes(batch["key"])
        end = int(np.searchsorted(changed_keys, keys[-1], side="right")) if len(keys) else start
        some = changed_keys[start:end]
        plan = plan_delta_by_key([keys], some, np.union1d(dropped_keys, some))
        yield from apply_delta_plan([batch], changes.slice(start, end - start), plan)
        start = end
    yield changes.slice(start)


@dataclass(frozen=True)
class MergePlan:
    """How a table and the changes to it go together, whichever columns are asked for."""

    # Made once from the keys alone and used for every column: most questions read a few columns of
    # many, and comparing keys costs more than reading them.

    stays: Mask
    """Which of the older rows stay."""
    ahead: Int64s
    """So many of those come before each change; never falling."""
    replaced_keys: KeyBytes = field(default_factory=NO_KEYS.copy)
    """Whose older rows do not stay, where rows are known by their keys."""

    @property
    def rows(self) -> int:
        """How many rows the whole table has."""
        return int(self.stays.sum()) + len(self.ahead)

    @cached_property
    def order(self) -> Int64s:
        """The row of each final row among all older ones with the changes behind them."""
        changes = len(self.stays) + np.arange(len(self.ahead))
        return np.insert(np.flatnonzero(self.stays), self.ahead, changes)

    def numbers(self) -> tuple[Int64s, Int64s]:
        """Return the final row of each older row, -1 where it does not stay, and of each change."""
        is_older = self.order < len(self.stays)
        rows = np.full(len(self.stays), NOWHERE, np.int64)
        rows[self.stays] = np.flatnonzero(is_older)
        return rows, np.flatnonzero(~is_older)


def plan_delta_by_key(
    older: Iterable[KeyBytes], changed: KeyBytes, dropped_keys: KeyBytes
) -> MergePlan:
    """Return the plan of a table in order of its keys; changed keys are among the dropped."""
    stays, ahead = [np.empty(0, np.bool_)], [np.empty(0, np.int64)]
    replaced = [NO_KEYS]
    remaining = start = 0
    for keys in older:
        mask = ~mark_stored_keys(dropped_keys, keys)
        end = int(np.searchsorted(changed, keys[-1], side="right")) if len(keys) else start
        ahead.append(remaining + np.searchsorted(keys[mask], changed[start:end]))
        stays.append(mask)
        replaced.append(keys[~mask])
        remaining, start = remaining + int(mask.sum()), end
    ahead.append(np.full(len(changed) - start, remaining))
    return MergePlan(np.concatenate(stays), np.concatenate(ahead), np.concatenate(replaced))


def plan_delta_by_place(
    stays: Mask, places: Int64s, replaced_keys: KeyBytes = NO_KEYS
) -> MergePlan:
    """Return the plan of a table whose changes know their rows in the whole, which rise.

    Raises ValueError where they cannot all stand where they say.
    """
    ahead = places - np.arange(len(places))
    remaining = int(stays.sum())
    if len(ahead) and not (ahead[0] >= 0 and (ahead[1:] >= ahead[:-1]).all()):
        raise ValueError(f"its column {PLACE} is not in order")
    if len(ahead) and ahead[-1] > remaining:
        raise ValueError(f"its column {PLACE} leads beyond the end")
    return MergePlan(stays, ahead, replaced_keys)


def select_stored_rows(batches: Iterable[pa.RecordBatch], chosen: Mask) -> Iterator[pa.Table]:
    """Yield the chosen rows of a table, a part in memory at a time."""
    start = 0
    for batch in batches:
        mask = pa.array(chosen[start : start + batch.num_rows])
        yield pa.Table.from_batches([batch.filter(mask)])
        start += batch.num_rows


def mark_stored_differences(before: pa.Array, now: pa.Array) -> Mask:
    """Mark the rows whose values differ; nothing differs from nothing alone."""
    if not pa.types.is_list(now.type):
        differs = pc.fill_null(pc.not_equal(before, now), False)
        differs = pc.or_(differs, pc.xor(before.is_null(), now.is_null()))
        is_other: Mask = np.array(differs, np.bool_)
        return is_other
    lengths = (np.asarray(pc.fill_null(pc.list_value_length(it), -1)) for it in (before, now))
    mask: Mask = np.not_equal(*lengths)
    rows = np.flatnonzero(~mask)
    older, newer = (it.take(pa.array(rows)) for it in (before, now))
    odd = np.asarray(
        pc.fill_null(pc.not_equal(pc.list_flatten(older), pc.list_flatten(newer)), True)
    )
    mask[rows[np.asarray(pc.list_parent_indices(newer))[odd]]] = True
    return mask


def mark_older_rows(keys: Iterable[KeyBytes], dropped_keys: KeyBytes) -> Mask:
    """Mark the rows, batch by batch, that are about none of some sorted keys."""
    masks = (~mark_stored_keys(dropped_keys, some) for some in keys)
    return np.concatenate([np.empty(0, np.bool_), *masks])


def apply_delta_plan(
    older: Iterable[pa.RecordBatch], changes: pa.Table, plan: MergePlan
) -> Iterator[pa.Table]:
    """Yield the older rows that stay and the changes, each in its place."""
    row = passed = start = 0
    for batch in older:
        stays = pa.array(plan.stays[row : row + batch.num_rows])
        remaining = pa.Table.from_batches([batch.filter(stays)]).cast(changes.schema)
        end = int(np.searchsorted(plan.ahead, passed + len(remaining)))
        ahead = plan.ahead[start:end] - passed
        yield _interleave_delta(remaining, changes.slice(start, end - start), ahead)
        row, passed, start = row + batch.num_rows, passed + len(remaining), end
    yield changes.slice(start)


def merge_delta_evidence(
    older: Iterable[pa.RecordBatch], fresh: pa.Table, rows: Int64s
) -> Iterator[pa.RecordBatch]:
    """Yield the older claims about children that did not change, and fresh ones, by child's row.

    `rows[n]` is the final row of child n of `fresh`; no child has claims on both sides.
    """
    child = rows[fresh["child"].to_numpy()]
    order = np.argsort(child, kind="stable")
    child = child[order].astype(np.int32)
    fresh = fresh.take(pa.array(order)).set_column(0, fresh.schema.field("child"), pa.array(child))
    start = 0
    for batch in older:
        end = int(np.searchsorted(child, batch["child"][-1].as_py(), side="right"))
        part = fresh.slice(start, end - start)
        start = end
        if not part.num_rows:
            yield batch
            continue
        merged = pa.concat_tables([pa.Table.from_batches([batch]), part])
        by_row = np.argsort(merged["child"].to_numpy(), kind="stable")
        yield from merged.take(pa.array(by_row)).combine_chunks().to_batches()
    yield from fresh.slice(start).to_batches()


def renumber_delta_children(
    claims: Iterable[pa.RecordBatch], final_rows: Int64s
) -> Iterator[pa.RecordBatch]:
    """Yield claims with the rows that their children have now: `final_rows[row]`."""
    for batch in claims:
        child = pa.array(final_rows[batch["child"].to_numpy()].astype(np.int32))
        yield pa.RecordBatch.from_arrays([child, *batch.columns[1:]], schema=batch.schema)


def merge_delta_bad_rows(older: pa.Table, fresh: pa.Table, read_keys: KeyBytes) -> pa.Table:
    """Return older bad rows that were not read now (sorted `read_keys`), then the fresh ones.

    Each once, as it was met last: recognized by its key, else by its text.
    """
    merged = pa.concat_tables([older.cast(fresh.schema), fresh])
    pairs = zip(merged["key"].to_pylist(), merged["raw"].to_pylist(), strict=True)
    identities = [key or raw for key, raw in pairs]
    last = {identity: row for row, identity in enumerate(identities)}
    readable = set(read_keys.tolist())
    stays = [
        last[identity] == row and (row >= older.num_rows or identity.encode() not in readable)
        for row, identity in enumerate(identities)
    ]
    return merged.filter(pa.array(stays, pa.bool_()))


def _interleave_delta(remaining: pa.Table, changes: pa.Table, ahead: Int64s) -> pa.Table:
    """Return both, so many remaining rows before each change as `ahead` has it."""
    if not len(changes):
        return remaining
    rows = len(remaining) + np.arange(len(changes))
    order = np.insert(np.arange(len(remaining)), ahead, rows)
    return pa.concat_tables([remaining, changes]).unify_dictionaries().take(pa.array(order))
