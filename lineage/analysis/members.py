"""Which models a question counts: the graph under a definition, cut to what is reached."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from lineage.analysis.ground import Ground
from lineage.domain.definitions import Closure
from lineage.domain.evidence import Relation
from lineage.graph import reach
from lineage.store import schema
from lineage.store.snapshot import EdgeColumns, Snapshot

Nodes = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

_RELATIONS = list(Relation)


@dataclass(frozen=True, slots=True)
class Members:
    """The models counted below some roots, and the edges they were counted by."""

    edges: EdgeColumns
    """After relations and strengths that the definition leaves out are removed."""
    nodes: int
    """How many nodes the graph has."""
    reached: Mask
    """All that some way leads down to, counted or only passed through; a root may be among them."""
    counted: Mask
    direct: Mask
    """The counted ones right below a root."""


def members_below(ground: Ground, roots: Nodes) -> Members:
    """Return the models below the roots: distinct, listed, none of them a root."""
    edges, nodes = ground.edges, ground.nodes
    direct = reach.direct_below(edges.child, edges.parent, nodes, roots)
    all_below = (
        direct
        if ground.definition.closure is Closure.DIRECT
        else reach.below(edges.child, edges.parent, nodes, roots)
    )
    countable_nodes = np.zeros(nodes, np.bool_)
    countable_nodes[: ground.snapshot.manifest.models] = countable(ground)
    countable_nodes[roots] = False
    counted = all_below & countable_nodes
    return Members(edges, nodes, all_below, counted, direct & countable_nodes)


def countable(ground: Ground) -> Mask:
    """Say which listed models a definition counts where they are reached."""
    snapshot, least = ground.snapshot, ground.definition.min_downloads
    if not least:
        return np.ones(snapshot.manifest.models, np.bool_)
    downloads = snapshot.column(schema.METRICS_FILE, "downloads").combine_chunks()
    enough = pc.greater_equal(downloads, least)
    # Who has no known number of downloads has not that many.
    mask: Mask = pc.fill_null(enough, False).to_numpy(zero_copy_only=False)
    return mask


def relation_of(edges: EdgeColumns, nodes: int) -> npt.NDArray[np.int8]:
    """Return each node's relation: an edge carries that of its child."""
    relation = np.full(nodes, _RELATIONS.index(Relation.UNSTATED), np.int8)
    relation[edges.child] = edges.relation
    return relation


def by_relation(members: Members, which: Mask) -> dict[Relation, int]:
    """Count models by their own relation; relations without any are left out."""
    codes = relation_of(members.edges, members.nodes)[which]
    numbers = np.bincount(codes, minlength=len(_RELATIONS)).tolist()
    return {relation: n for relation, n in zip(_RELATIONS, numbers, strict=True) if n}


def undated(snapshot: Snapshot, which: Mask) -> int:
    """Count the models whose creation date nobody knows."""
    return int(unknown_dates(snapshot)[which[: snapshot.manifest.models]].sum())


def unknown_dates(snapshot: Snapshot) -> Mask:
    """Say which listed models have no known creation date."""
    created = snapshot.column(schema.MODELS_FILE, "created_at").combine_chunks()
    mask: Mask = created.is_null().to_numpy(zero_copy_only=False)
    return mask
