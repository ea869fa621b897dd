"""A made-up graph of the Hub's size and shape: the same columns for the same seed."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from lineage.domain.arrays import Codes, Int64s, Nodes

KINDS = 5

NODES = 2_500_000
DERIVED_SHARE = 0.4
SEVERAL_PARENTS_SHARE = 0.1
HUB = 0.038
FAMOUS = 0.02
ANYONE = 0.03
FERTILE_SHARE = 0.42
RECENCY = 0.5
CYCLE_EDGES = 800


@dataclass(frozen=True, slots=True)
class SyntheticGraph:
    """Edges from child to parent over nodes 0..nodes-1, oldest node first."""

    nodes: int
    child: Nodes
    parent: Nodes
    kind: Codes
    """The relation of each node to its parents, -1 where it has none."""


def synthetic_graph(nodes: int = NODES, seed: int = 20261121) -> SyntheticGraph:
    """Return a graph in recorded proportions.

    Two models in five have a parent, one in ten of these has several; one base has 4.3 % of the
    derived as its direct children; the longest line has about fifty generations; a few hundred
    edges close cycles.
    """
    rng = np.random.default_rng(seed)
    derived = _derived(rng, nodes)
    child = np.concatenate((derived, _several(rng, derived)))
    parent = _parents(rng, child, derived)
    back = rng.choice(child.size, size=max(1, CYCLE_EDGES * nodes // NODES), replace=False)
    back = back[parent[back] > nodes // 1000]
    lower = np.concatenate((child, parent[back])).astype(np.int32)
    upper = np.concatenate((parent, child[back])).astype(np.int32)
    kind = rng.choice(KINDS, size=nodes, p=(0.375, 0.02, 0.24, 0.345, 0.02)).astype(np.int8)
    kind[np.bincount(lower, minlength=nodes) == 0] = -1
    return SyntheticGraph(nodes=nodes, child=lower, parent=upper, kind=kind)


def save(graph: SyntheticGraph, path: Path) -> None:
    """Write the columns to a file of numpy's own format."""
    np.savez(path, **asdict(graph))


def load(path: Path) -> SyntheticGraph:
    """Read the columns back."""
    with np.load(path) as columns:
        return SyntheticGraph(
            nodes=int(columns["nodes"]),
            child=columns["child"],
            parent=columns["parent"],
            kind=columns["kind"],
        )


def _derived(rng: np.random.Generator, nodes: int) -> Int64s:
    """Choose who has a parent; the oldest thousandth are bases."""
    oldest = nodes // 1000
    return oldest + np.flatnonzero(rng.random(nodes - oldest) < DERIVED_SHARE)


def _several(rng: np.random.Generator, derived: Int64s) -> Int64s:
    """Name the children once more for each further parent: mostly one, seldom up to five."""
    several = rng.choice(derived, size=int(derived.size * SEVERAL_PARENTS_SHARE), replace=False)
    return np.repeat(several, np.minimum(rng.geometric(0.75, several.size), 5))


def _parents(rng: np.random.Generator, child: Int64s, derived: Int64s) -> Int64s:
    """Choose a parent older than its child: the hub, a famous base, any model or a derived one.

    Only some derived models have children of their own: most are quantized copies and adapters.
    """
    draw = rng.random(child.size)
    luck = rng.random(child.size)
    oldest = derived[0]
    famous = 1 + (oldest * luck**3).astype(np.int64)
    anyone = (child * luck).astype(np.int64)
    fertile = derived[rng.random(derived.size) < FERTILE_SHARE]
    older = np.searchsorted(fertile, child)
    line = np.where(older > 0, fertile[(older * luck**RECENCY).astype(np.int64)], famous)
    return np.select(
        [draw < HUB, draw < HUB + FAMOUS, draw < HUB + FAMOUS + ANYONE],
        [np.zeros_like(child), famous, anyone],
        line,
    )
