"""Which members were uploaded many at once: the rule of the anomalies, as a mask."""

import numpy as np

from lineage.analysis.trends.moments import DAY, UNDATED
from lineage.domain.anomalies import Bounds
from lineage.domain.arrays import Indices, Int64s, Mask
from lineage.graph import anomalies as kernels
from lineage.store.reader import EdgeColumns


def in_bursts(
    edges: EdgeColumns, counted: Mask, author: Indices, moments: Int64s, by: Bounds
) -> Mask:
    """Mark counted models that are among many children of one parent by one author within days.

    `counted`, `author` and `moments` have an element for each listed model. Who has no known date
    or author is in no burst.
    """
    listed = edges.child < len(counted)
    child, parent = edges.child[listed], edges.parent[listed]
    told = counted[child] & (author[child] >= 0) & (moments[child] != UNDATED) & (child != parent)
    child, parent = child[told], parent[told]
    group = (parent.astype(np.int64) << 32) | author[child]
    order = np.lexsort((child, moments[child], group))
    child, group = child[order], group[order]
    mask = np.zeros(len(counted), np.bool_)
    for start, stop in kernels.bursts(group, moments[child], by.burst_models, by.burst_days * DAY):
        mask[child[start:stop]] = True
    return mask
