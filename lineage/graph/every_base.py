"""The counts of every base at once: what publication stores, and what a ranking needs."""

from dataclasses import dataclass

import numpy as np

from lineage.domain.arrays import Indices, Mask
from lineage.domain.claims import Relation
from lineage.graph import reach


@dataclass(frozen=True, slots=True)
class EveryBase:
    """One element a node that has children, in order of the node.

    `direct` and `total` are bases x relations x (dated, undated): distinct models, each once.
    """

    node: Indices
    direct: Indices
    total: Indices


def count_every_base(
    child: Indices, parent: Indices, relation_of: Indices, undated: Mask
) -> EveryBase:
    """Count what lies below each node that has children; exact on any graph.

    `relation_of` and `undated` have one element a listed model; a model of relation -1, and nodes
    beyond the listed, are never counted, but ways lead through them.
    """
    nodes, (low_child, low_parent) = reach.compact(child, parent)
    listed = np.flatnonzero(nodes < len(relation_of))
    relation, unknown = relation_of[nodes[listed]], undated[nodes[listed]]
    kind = np.full(len(nodes), -1, np.int8)
    kind[listed] = np.where(relation < 0, -1, relation * 2 + unknown)
    bases = np.flatnonzero(np.bincount(low_parent, minlength=len(nodes)))
    shape = (len(bases), len(Relation), 2)
    kinds = 2 * len(Relation)
    return EveryBase(
        nodes[bases],
        reach.count_direct(low_child, low_parent, len(nodes), kind, kinds)[bases].reshape(shape),
        reach.count_below(low_child, low_parent, len(nodes), kind, kinds)[bases].reshape(shape),
    )
