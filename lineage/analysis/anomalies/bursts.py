"""Who published many children of one parent within days."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow.compute as pc

from lineage.analysis.anomalies.columns import UNDATED, Columns
from lineage.analysis.anomalies.wording import MOST_NAMED, Sighting, Sightings, duration
from lineage.domain.arrays import Indices, Int64s
from lineage.graph import anomalies as kernels
from lineage.store import schema

_DAY = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def upload_bursts(columns: Columns) -> Sightings:
    """Find many siblings by one author in few days, the largest burst first.

    Windows that overlap are one burst, which may last longer than one window. Who has no known
    date or author is in none.
    """
    child, parent, author, moment = _dated_children(columns)
    group = (parent.astype(np.int64) << 32) | author
    order = np.lexsort((child, moment, group))
    group, child, moment = group[order], child[order], moment[order]
    bounds = columns.bounds
    found = kernels.bursts(group, moment, bounds.burst_models, bounds.burst_days * _DAY)
    found.sort(key=lambda burst: burst[0] - burst[1])
    each = (
        _burst(columns, int(group[start]) >> 32, child[start:stop], moment[start:stop])
        for start, stop in found
    )
    return Sightings(len(found), each)


def _dated_children(columns: Columns) -> tuple[Indices, Indices, Indices, Int64s]:
    """Return child, parent, author and moment of each edge of which all four are known."""
    names = columns.snapshot.column(schema.MODELS_FILE, "author").dictionary_encode()
    authors = pc.fill_null(names.combine_chunks().indices, -1).to_numpy(zero_copy_only=False)
    edges, created = columns.edges, columns.created
    known = (authors >= 0) & (created != UNDATED)
    kept = known[edges.child] & (edges.child != edges.parent)
    child = edges.child[kept]
    return child, edges.parent[kept], authors[child], created[child]


def _burst(columns: Columns, parent: int, children: Indices, moments: Int64s) -> Sighting:
    names = [columns.name(node) for node in (parent, *children[: MOST_NAMED - 1].tolist())]
    author = columns.snapshot.column(schema.MODELS_FILE, "author")[int(children[0])].as_py()
    first, last = int(moments[0]), int(moments[-1])
    detail = (
        f"{author} published {len(children):,} children of {names[0]} within"
        f" {duration(last - first)}, {_day(first)} to {_day(last)}"
    )
    return Sighting(names, detail, len(children) + 1)


def _day(microseconds: int) -> str:
    return f"{_EPOCH + timedelta(microseconds=microseconds):%Y-%m-%d}"
