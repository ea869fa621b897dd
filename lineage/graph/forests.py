"""Trees of bare columns: every node has one node above it, the top of all has itself.

Nodes are 0..n-1, node 0 is the top, and every path upwards ends there.
"""

from collections.abc import Sequence

import numpy as np

from lineage.domain.arrays import Indices, Int64s


def sum_upwards(above: Indices, values: Int64s) -> Int64s:
    """Return for every node the sum of the values on its path up to the top, its own included.

    The top's own value is left out.
    """
    # A node first knows its own value; at each step it adds what the node at its reach knows, and
    # reaches twice as far: a chain of 20,000 takes 15 steps.
    sums = values.astype(np.int64)
    sums[0] = 0
    reach = above.astype(np.int64)
    for _ in range(len(above).bit_length()):
        if not reach.any():
            break
        sums += sums[reach]
        reach = reach[reach]
    return sums


def sum_branches(above: Indices, depth: Indices, values: Int64s) -> Int64s:
    """Return for every node the sum of the values at and below it."""
    sums = values.astype(np.int64)
    order = np.argsort(-depth, kind="stable")
    # Deepest first: what is added to a node is whole by then.
    bounds = np.flatnonzero(np.diff(depth[order], prepend=-1, append=-1))
    for first, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        layer = order[first:end]
        if layer[0]:
            np.add.at(sums, above[layer], sums[layer])
    return sums


def place_forest_rows(above: Indices, size: Int64s, sort_keys: Sequence[Indices]) -> Int64s:
    """Return the row of every node in a walk: a node, then all below it, a branch after another.

    `size` is how many rows a node's branch takes; neighbors stand in the order of their sort keys,
    the last of which counts most, as in numpy's lexsort.
    """
    order = np.lexsort((*sort_keys, above, np.arange(len(above)) > 0))[1:]
    before = np.cumsum(size[order]) - size[order]
    first = np.diff(above[order], prepend=-1) != 0
    start = before[first][np.cumsum(first) - 1]
    offset = np.zeros(len(above), np.int64)
    offset[order] = before - start + 1
    return sum_upwards(above, offset)
