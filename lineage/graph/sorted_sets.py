"""Sets of integers and of pairs of integers, kept as sorted arrays."""

from typing import TypeVar

import numpy as np

from lineage.domain.arrays import Indices, Int64s, Mask


def pack_node_pairs(high: Indices, low: Indices) -> Int64s:
    """Return pairs of numbers from 0 to below 2**31, each pair as one number."""
    pairs: Int64s = (high.astype(np.int64) << 32) | low
    return pairs


_Numbers = TypeVar("_Numbers", Int64s, Indices)


def sort_distinct_set(values: _Numbers) -> _Numbers:
    """Return the distinct values in rising order."""
    # Sorted by hand: numpy's own unique hashes, and is far slower on millions of packed pairs.
    ordered = np.sort(values)
    unique: _Numbers = ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]]
    return unique


def find_equal_rows(ordered: Indices, value: int) -> slice:
    """Return where a value stands in a column that is in rising order."""
    # Numbers of another width than the column's would have numpy copy the whole of it.
    return slice(*ordered.searchsorted(np.array([value, value + 1], ordered.dtype)))


def mark_set_members(values: Indices, members: Indices) -> Mask:
    """Mark the values that are in a sorted array."""
    if not members.size:
        return np.zeros(len(values), np.bool_)
    mask: Mask = members[np.minimum(np.searchsorted(members, values), members.size - 1)] == values
    return mask
