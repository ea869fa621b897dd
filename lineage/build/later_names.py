"""Settling names that were heard after all others: they meet the nodes there are and make none."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import Nodes
from lineage.domain.repo_ids import tidy_name
from lineage.evidence.infer import InferenceInput

_IDS_AT_ONCE = 131_072
_NOWHERE = -1


def nodes_called(names: Sequence[str], nodes: InferenceInput) -> Nodes:
    """Return the node that each name means, -1 where none does.

    As in the first settling: by exact spelling, else as a former name, else by the one name that
    is equal without case.
    """
    tidy = [tidy_name(name) for name in names]
    now = {name: nodes.renamed[name] for name in tidy if name in nodes.renamed}
    exact, without_case = _bearers({*tidy, *now.values()}, nodes.ids)
    former = {name: nodes.former[name] for name in tidy if name in nodes.former}
    by_key = dict(
        zip(
            former,
            pc.index_in(pa.array(former.values(), pa.string()), nodes.keys).to_pylist(),
            strict=True,
        )
    )
    found = np.full(len(tidy), _NOWHERE, np.int32)
    for at, name in enumerate(tidy):
        alike = without_case.get(name.lower(), [])
        meant = (
            exact.get(name),
            exact.get(now.get(name, "")),
            by_key.get(name),
            alike[0] if len(alike) == 1 else None,
        )
        found[at] = next((node for node in meant if node is not None), _NOWHERE)
    return found


def _bearers(names: set[str], ids: pa.StringArray) -> tuple[dict[str, int], dict[str, list[int]]]:
    """Return the node of each name, and all nodes of each name in lower case."""
    wanted = pa.array(sorted({name.lower() for name in names}), pa.string())
    exact: dict[str, int] = {}
    without_case: dict[str, list[int]] = {}
    for start in range(0, len(ids), _IDS_AT_ONCE):
        some = ids.slice(start, _IDS_AT_ONCE)
        hits = pc.indices_nonzero(pc.is_in(pc.utf8_lower(some), value_set=wanted))
        for at, id in zip(hits.to_pylist(), some.take(hits).to_pylist(), strict=True):
            exact.setdefault(id, start + at)
            without_case.setdefault(id.lower(), []).append(start + at)
    return exact, without_case
