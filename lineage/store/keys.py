"""Columns of keys as sorted bytes of one length: who is in which row, without an object a key."""

import numpy as np
import pyarrow as pa

from lineage.domain.arrays import Int64s, KeyBytes, Mask
from lineage.domain.repo_ids import KEY_LENGTH

NOWHERE = -1
NO_KEYS: KeyBytes = np.empty(0, f"S{KEY_LENGTH}")


def joined(chunks: list[pa.Array]) -> pa.StringArray:
    """Join chunks into one array that begins at the start of its own buffers."""
    return pa.concat_arrays([*chunks, pa.array([], pa.string())])


def bare(keys: pa.StringArray) -> KeyBytes:
    """Return keys as bytes; what has another length than a key of the Hub becomes no key."""
    if len(keys) == 0:
        return np.empty(0, f"S{KEY_LENGTH}")
    whole = joined([keys])
    if len(whole.buffers()[2]) < KEY_LENGTH * len(whole):
        raise ValueError("a key of the Hub has 24 characters")
    return np.frombuffer(whole.buffers()[2], f"S{KEY_LENGTH}", len(whole))


def rows_in(known: KeyBytes, wanted: KeyBytes) -> Int64s:
    """Return the row of each wanted key in `known`, which is sorted; -1 where it is not."""
    if not len(known) or not len(wanted):
        return np.full(len(wanted), NOWHERE, np.int64)
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[place] == wanted, place, NOWHERE)


def are_in(known: KeyBytes, wanted: KeyBytes) -> Mask:
    """Say of each wanted key whether it is in `known`, which is sorted.

    Where the wanted ones rise, as they do in a table, the few known ones are looked for in them.
    """
    if not len(known) or not len(wanted) or not bool((wanted[1:] >= wanted[:-1]).all()):
        there: Mask = rows_in(known, wanted) != NOWHERE
        return there
    low, high = np.searchsorted(known, wanted[0]), np.searchsorted(known, wanted[-1], "right")
    steps = np.zeros(len(wanted) + 1, np.int64)
    np.add.at(steps, np.searchsorted(wanted, known[low:high], "left"), 1)
    np.add.at(steps, np.searchsorted(wanted, known[low:high], "right"), -1)
    mask: Mask = np.cumsum(steps[:-1]) > 0
    return mask


def canonical_order(keys: pa.StringArray) -> Int64s | None:
    """Return the rows to keep in order of their key, or None where they already are just so.

    Of several rows with one key the last is kept.
    """
    found = bare(keys)
    if bool((found[1:] > found[:-1]).all()):
        return None
    order = np.argsort(found, kind="stable")
    kept: Int64s = order[np.append(found[order][1:] != found[order][:-1], True)]
    return kept
