"""Columns of keys as sorted bytes of one length: rows by key without an object for each."""

import numpy as np
import pyarrow as pa

from lineage.domain.arrays import Int64s, KeyBytes, Mask
from lineage.domain.repo_ids import KEY_LENGTH

NOWHERE = -1
NO_KEYS: KeyBytes = np.empty(0, f"S{KEY_LENGTH}")


def join_column_chunks(chunks: list[pa.Array]) -> pa.StringArray:
    """Join chunks into one array that begins at the start of its own buffers."""
    return pa.concat_arrays([*chunks, pa.array([], pa.string())])


def table_keys_as_bytes(keys: pa.StringArray | pa.ChunkedArray) -> KeyBytes:
    """Return keys as bytes; ValueError where one has another length than a key of the Hub."""
    if len(keys) == 0:
        return np.empty(0, f"S{KEY_LENGTH}")
    whole = join_column_chunks(keys.chunks if isinstance(keys, pa.ChunkedArray) else [keys])
    ends = np.frombuffer(whole.buffers()[1], np.int32, len(whole) + 1)
    if whole.null_count or not (np.diff(ends) == KEY_LENGTH).all():
        raise ValueError(f"a key of the Hub has {KEY_LENGTH} characters")
    return np.frombuffer(whole.buffers()[2], f"S{KEY_LENGTH}", len(whole))


def table_rows_of_keys(sorted_keys: KeyBytes, keys: KeyBytes) -> Int64s:
    """Return the row of each key in `sorted_keys`, which is sorted; -1 where it is not."""
    # By binary search: a set of three million keys takes longer to make than all look-ups.
    if not len(sorted_keys) or not len(keys):
        return np.full(len(keys), NOWHERE, np.int64)
    place = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    return np.where(sorted_keys[place] == keys, place, NOWHERE)


def mark_stored_keys(sorted_keys: KeyBytes, keys: KeyBytes) -> Mask:
    """Say of each key whether it is in `sorted_keys`, which is sorted.

    Where `keys` rise, as they do in a table, the few sorted keys are looked for in them.
    """
    if not len(sorted_keys) or not len(keys) or not bool((keys[1:] >= keys[:-1]).all()):
        is_known: Mask = table_rows_of_keys(sorted_keys, keys) != NOWHERE
        return is_known
    low, high = (
        np.searchsorted(sorted_keys, keys[0]),
        np.searchsorted(sorted_keys, keys[-1], "right"),
    )
    steps = np.zeros(len(keys) + 1, np.int64)
    np.add.at(steps, np.searchsorted(keys, sorted_keys[low:high], "left"), 1)
    np.add.at(steps, np.searchsorted(keys, sorted_keys[low:high], "right"), -1)
    mask: Mask = np.cumsum(steps[:-1]) > 0
    return mask


def canonical_key_order(keys: pa.StringArray) -> Int64s | None:
    """Return the rows to keep in order of their key, or None where they already are just so.

    Of several rows with one key the last is kept.
    """
    key_bytes = table_keys_as_bytes(keys)
    if bool((key_bytes[1:] > key_bytes[:-1]).all()):
        return None
    # Stable, so that of two rows with one key the one that was read later is the last.
    order = np.argsort(key_bytes, kind="stable")
    rows: Int64s = order[np.append(key_bytes[order][1:] != key_bytes[order][:-1], True)]
    return rows
