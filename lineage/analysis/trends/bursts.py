"""Which members were uploaded many at once: the rule of the anomalies, as a mask."""

import numpy as np

from lineage.analysis.trends.moments import DAY, UNDATED
from lineage.domain.anomalies import Bounds
from lineage.domain.arrays import Indices, Int64s, Mask
from lineage.graph.anomalies import find_sibling_bursts
from lineage.store.reader import EdgeColumns


def in_bursts(
    edges: EdgeColumns, counted: Mask, author: Indices, moments: Int64s, by: Bounds
) -> Mask:
    """Mark counted models that are among many children of one parent by one author within days.

    `counted`, `author` and `moments` have an element for each listed model. Models without a known
    date or author are in no burst.
    """
    listed = edges.child < len(counted)
    child, parent = edges.child[listed], edges.parent[listed]
    rows = counted[child] & (author[child] >= 0) & (moments[child] != UNDATED) & (child != parent)
    child, parent = child[rows], parent[rows]
    bursts = find_sibling_bursts(
        child,
        parent,
        author[child],
        moments[child],
        least=by.burst_models,
        within=by.burst_days * DAY,
    )
    mask = np.zeros(len(counted), np.bool_)
    for start, stop in bursts.ranges:
        mask[bursts.child[start:stop]] = True
    return mask
