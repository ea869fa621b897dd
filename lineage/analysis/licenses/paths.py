"""The names on each model's way up to the nearest root, and on to what that root stands for."""

import numpy as np

from lineage.analysis.licenses.nearest import NONE, ways
from lineage.analysis.scope import Scope
from lineage.domain.arrays import Indices, Int64s
from lineage.domain.families import Family


def paths_up(scope: Scope, family: Family, up: Int64s, nodes: Indices) -> list[tuple[str, ...]]:
    """Return the ids from each model upwards; a mirror is followed by its official repository."""
    columns = list(ways(up, nodes))
    if not columns:
        return []
    met = np.unique(np.concatenate(columns))
    met = met[met != NONE]
    ids = scope.names_of(met)[1].to_pylist()
    originals = {one.id: one.of for each in family.releases for one in each.mirrors if one.of}
    known = scope.nodes_of(originals)
    stands_for = {node: originals[id] for id, node in known.items()}
    names = dict(zip(met.tolist(), ids, strict=True))
    tails = {
        node: (id, stands_for[node]) if node in stands_for else (id,) for node, id in names.items()
    }
    paths: list[tuple[str, ...]] = [()] * len(nodes)
    for column in columns:
        for at in np.flatnonzero(column != NONE).tolist():
            paths[at] += tails[int(column[at])]
    return paths
