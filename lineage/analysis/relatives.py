"""Which of some models belong to any family of the registry: its roots, and their descendants."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.scope import DEFAULT, Scope
from lineage.analysis.subjects import find_roots, full_scope
from lineage.graph import reach
from lineage.store import schema


def find_relatives(scope: Scope, keys: pa.ChunkedArray) -> list[str]:
    """Return those of some keys that declared edges lead down to from a root, and the roots.

    Those with most descendants come first, then by key; keys unknown to the snapshot are excluded.
    """
    if not len(keys):
        return []
    snapshot, scope = scope.snapshot, full_scope(scope.under(DEFAULT))
    keys_of_records = snapshot.record_column("key")
    nodes = np.flatnonzero(np.asarray(pc.is_in(keys_of_records, value_set=keys)))
    roots = find_roots(scope, [root for family in scope.families for root in family.roots()])
    edges = scope.edges
    of_a_family = reach.find_below(edges.child, edges.parent, scope.nodes, roots)
    of_a_family[roots] = True
    nodes = nodes[of_a_family[nodes]]
    total = np.zeros(scope.nodes, np.int64)
    counted = snapshot.table(schema.COUNTS_FILE, ["node", "total"])
    total[counted["node"].to_numpy()] = counted["total"].to_numpy()
    members: list[str] = keys_of_records.take(pa.array(nodes)).to_pylist()
    return [key for _, key in sorted(zip((-total[nodes]).tolist(), members, strict=True))]
