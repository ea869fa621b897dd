"""The count of every base by the default definition, computed once, at publication."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lineage.domain.evidence import Relation
from lineage.graph import reach

Ints = npt.NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class EveryBase:
    """One element a node that has children, in order of the node."""

    node: Ints
    direct: Ints
    by_relation: Ints
    """Matrix bases x relations, in order of `Relation`: distinct models below, each once."""
    undated: Ints


def count_every_base(
    child: Ints, parent: Ints, relation_of: Ints, undated: npt.NDArray[np.bool_]
) -> EveryBase:
    """Count what lies below each node that has children; exact on any graph.

    `relation_of` and `undated` have one element a listed model; nodes beyond are never counted.
    """
    nodes, compact = np.unique(np.concatenate([child, parent]), return_inverse=True)
    low_child, low_parent = compact[: len(child)], compact[len(child) :]
    listed = nodes < len(relation_of)
    kind = np.full(len(nodes), -1, np.int8)
    kind[listed] = relation_of[nodes[listed]] * 2 + undated[nodes[listed]]
    kinds = 2 * len(Relation)
    total = reach.count_below(low_child, low_parent, len(nodes), kind, kinds)
    direct = reach.count_direct(low_child, low_parent, len(nodes), kind, kinds)
    bases = np.unique(low_parent)
    of_base = total[bases].reshape(len(bases), len(Relation), 2)
    return EveryBase(
        nodes[bases],
        direct[bases].sum(axis=1),
        of_base.sum(axis=2),
        of_base[:, :, 1].sum(axis=1),
    )
