"""Which models a question counts: the graph under a definition, cut to what is reached."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from lineage.domain.definitions import Closure, Definition
from lineage.domain.evidence import Relation, Strength
from lineage.errors import SettingsError
from lineage.graph import reach
from lineage.store import schema
from lineage.store.snapshot import EdgeColumns, Snapshot

Nodes = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

_RELATIONS = list(Relation)
_STRENGTHS = list(Strength)


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


def edges_under(snapshot: Snapshot, definition: Definition) -> EdgeColumns:
    """Return the edges that a definition counts by; SettingsError for what is not built yet."""
    if definition.as_of is not None or definition.deleted:
        raise SettingsError(
            "this version cannot count as of a date, nor the deleted",
            "leave out as_of and deleted: a number must be what its definition says",
        )
    edges = snapshot.edges()
    relations = [_RELATIONS.index(relation) for relation in definition.relations]
    keep = np.isin(edges.relation, relations)
    keep &= edges.strength >= _STRENGTHS.index(definition.least)
    return EdgeColumns(
        edges.child[keep], edges.parent[keep], edges.relation[keep], edges.strength[keep]
    )


def members_below(snapshot: Snapshot, roots: Nodes, definition: Definition) -> Members:
    """Return the models below the roots: distinct, listed, none of them a root."""
    edges = edges_under(snapshot, definition)
    nodes = node_count(snapshot, edges, roots)
    direct = reach.direct_below(edges.child, edges.parent, nodes, roots)
    all_below = (
        direct
        if definition.closure is Closure.DIRECT
        else reach.below(edges.child, edges.parent, nodes, roots)
    )
    countable_nodes = np.zeros(nodes, np.bool_)
    countable_nodes[: snapshot.manifest.models] = countable(snapshot, definition)
    countable_nodes[roots] = False
    counted = all_below & countable_nodes
    return Members(edges, nodes, all_below, counted, direct & countable_nodes)


def countable(snapshot: Snapshot, definition: Definition) -> Mask:
    """Say which listed models a definition counts where they are reached."""
    if not definition.min_downloads:
        return np.ones(snapshot.manifest.models, np.bool_)
    downloads = snapshot.column(schema.METRICS_FILE, "downloads").combine_chunks()
    enough = pc.greater_equal(downloads, definition.min_downloads)
    # Who has no known number of downloads has not that many.
    mask: Mask = pc.fill_null(enough, False).to_numpy(zero_copy_only=False)
    return mask


def node_count(snapshot: Snapshot, edges: EdgeColumns, *more: Nodes) -> int:
    """Return how many node numbers a kernel must have room for."""
    tops = [int(part.max(initial=-1)) for part in (edges.child, edges.parent, *more)]
    return max(snapshot.manifest.models, *(top + 1 for top in tops))


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


def release_labels(
    edges: EdgeColumns, nodes: int, seeds: Sequence[Nodes]
) -> npt.NDArray[np.uint64]:
    """Return, bit by bit, the releases each node meets first on its ways up."""
    return reach.labels_from(edges.child, edges.parent, nodes, seeds)
