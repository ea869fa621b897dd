"""What the edges alone show: self-parents, cycles, parents nobody lists, far too many parents."""

from collections.abc import Iterator

import numpy as np

from lineage.analysis.anomalies.columns import UNDATED, Columns
from lineage.analysis.anomalies.wording import (
    MOST_NAMED,
    Sighting,
    Sightings,
    duration,
    listed,
    plural,
)
from lineage.domain.arrays import Indices
from lineage.evidence.known_nodes import NAME_PREFIX
from lineage.graph import anomalies as kernels

_NAMED_IN_A_SENTENCE = 3


def self_parents(columns: Columns) -> Sightings:
    """Find models that are their own parent."""
    edges = columns.edges
    found = edges.child[edges.child == edges.parent].tolist()
    names = (columns.name(node) for node in found)
    each = (Sighting([name], f"{name} is given as its own parent") for name in names)
    return Sightings(len(found), each)


def cycles(columns: Columns) -> Sightings:
    """Find models that descend from each other, each circle once, the largest first."""
    edges = columns.edges
    found = kernels.cycles(edges.child, edges.parent, columns.nodes)
    return Sightings(len(found), (_cycle(columns, members) for members in found))


def unknown_parents(columns: Columns) -> Sightings:
    """Find parents that no listing shows, those with most children first."""
    edges = columns.edges
    at = np.flatnonzero(edges.parent >= columns.listed)
    groups = _grouped(edges.parent[at], edges.child[at])
    each = (_unknown_parent(columns, node, children) for node, children in groups)
    return Sightings(len(np.unique(edges.parent[at])), each)


def many_parents(columns: Columns) -> Sightings:
    """Find models with more parents than the bound, those with most first."""
    edges = columns.edges
    numbers = np.bincount(edges.child, minlength=columns.nodes)
    at = np.flatnonzero(numbers[edges.child] > columns.bounds.many_parents)
    groups = _grouped(edges.child[at], edges.parent[at])
    each = (_many_parents(columns, node, parents) for node, parents in groups)
    return Sightings(int((numbers > columns.bounds.many_parents).sum()), each)


def older_than_parent(columns: Columns) -> Sightings:
    """Find models created before a parent of theirs, the widest gap first; no date is no date."""
    edges = columns.edges
    both = np.flatnonzero(edges.parent < columns.listed)
    child, parent = edges.child[both], edges.parent[both]
    born, elder = columns.created[child], columns.created[parent]
    early = np.flatnonzero((born != UNDATED) & (elder != UNDATED) & (born < elder))
    gap = elder[early] - born[early]
    order = np.argsort(-gap, kind="stable")
    rows = zip(
        child[early][order].tolist(),
        parent[early][order].tolist(),
        gap[order].tolist(),
        strict=True,
    )
    return Sightings(len(early), (_older(columns, *row) for row in rows))


def _grouped(node: Indices, other: Indices) -> Iterator[tuple[int, Indices]]:
    """Yield each node with its others: those with most first, then by node."""
    order = np.argsort(node, kind="stable")
    nodes, first, numbers = np.unique(node[order], return_index=True, return_counts=True)
    for at in np.argsort(-numbers, kind="stable").tolist():
        yield int(nodes[at]), other[order[first[at] : first[at] + numbers[at]]]


def _cycle(columns: Columns, members: list[int]) -> Sighting:
    names = [columns.name(node) for node in members[:MOST_NAMED]]
    told = listed(names, len(members))
    return Sighting(names, f"{len(members):,} models descend from each other: {told}", len(members))


def _unknown_parent(columns: Columns, node: int, children: Indices) -> Sighting:
    key, name = columns.unlisted[node]
    names = [columns.name(child) for child in children[: MOST_NAMED - 1].tolist()]
    told = listed(names, len(children), _NAMED_IN_A_SENTENCE)
    known = "known by its name alone" if key.startswith(NAME_PREFIX) else "the Hub gives its key"
    detail = (
        f"{name} is a parent of {plural(len(children), 'model')} and not listed ({known}): {told}"
    )
    return Sighting([name, *names], detail, len(children) + 1)


def _many_parents(columns: Columns, node: int, parents: Indices) -> Sighting:
    names = [columns.name(parent) for parent in parents[: MOST_NAMED - 1].tolist()]
    told = listed(names, len(parents), _NAMED_IN_A_SENTENCE)
    name = columns.name(node)
    return Sighting(
        [name, *names], f"{name} has {len(parents):,} parents: {told}", len(parents) + 1
    )


def _older(columns: Columns, child: int, parent: int, gap: int) -> Sighting:
    names = [columns.name(child), columns.name(parent)]
    return Sighting(names, f"{names[0]} was created {duration(gap)} before its parent {names[1]}")
