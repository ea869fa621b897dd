"""What lies below what, on bare integer columns: graph kernels for the size of the whole Hub.

Nodes are 0..nodes-1 and edge i leads from child[i] to parent[i]. Edges may be given twice, lead
from a node to itself or close cycles; a node may have many parents or no edge at all. The order
of the edges never changes a result.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lineage.domain.arrays import Codes, Counts, Generations, Indices, Int64s, LabelBits, Mask

MOST_LABELS = 64

_MOST_GENERATIONS = np.iinfo(np.int16).max
_TOPS_AT_ONCE = 8192


def count_below(child: Indices, parent: Indices, nodes: int, kind: Codes, kinds: int) -> Counts:
    """Count the distinct nodes below every node, split by kind, as a matrix [nodes, kinds].

    A node of kind -1 is never counted, but paths lead through it; no node counts itself.
    """
    # Most nodes have one parent, so the graph is cut into trees: a node with several parents (and
    # one on a cycle of single parents) is the top of a tree of its own. First every node counts
    # what its own tree holds below it. Then each top gives its whole tree to every distinct node
    # above it. That is all, and nothing twice: a node lies in one tree, and is reached either
    # inside that tree or through its top. Both at once happens only to a node whose own top can be
    # reached from it, by a cycle; what it holds already is not given to it again.
    child, parent = _distinct_edges(child, parent, nodes)
    counted = _one_column_per_kind(kind, kinds)
    trees = _grow_trees(child, parent, counted)
    total = trees.weight - counted
    for top, above in _pairs_above(child, parent, trees):
        share = trees.weight[top]
        again = trees.top[above] == top
        share[again] -= trees.weight[above[again]]
        for column in range(kinds):
            np.add.at(total[:, column], above, share[:, column])
    return total


def count_direct(child: Indices, parent: Indices, nodes: int, kind: Codes, kinds: int) -> Counts:
    """Count the distinct children of every node but itself, split by kind, as [nodes, kinds]."""
    child, parent = _distinct_edges(child, parent, nodes)
    counted = kind[child] >= 0
    cell = parent[counted] * kinds + kind[child[counted]]
    return np.bincount(cell, minlength=nodes * kinds).astype(np.int32).reshape(nodes, kinds)


def find_below(child: Indices, parent: Indices, nodes: int, roots: Indices) -> Mask:
    """Mark the nodes that at least one edge, or any path, leads down to from a root.

    A root is marked only where another root or a cycle leads to it, or an edge from itself: the
    caller takes the roots out.
    """
    return count_generations(child, parent, nodes, roots) > 0


def find_direct_below(child: Indices, parent: Indices, nodes: int, roots: Indices) -> Mask:
    """Mark the children of the roots; a root is marked where it is a child of one, or its own."""
    is_root = _mark_reached_nodes(nodes, roots)
    return _mark_reached_nodes(nodes, child[is_root[parent]])


def count_generations(child: Indices, parent: Indices, nodes: int, roots: Indices) -> Generations:
    """Return how many edges each node lies below the nearest root, 0 where it lies below none.

    A root has the length of the shortest path that leads back to it or down from another root.
    The last generation that fits, 32767, stands for all beyond it.
    """
    children = Rows.build(parent, child, nodes)
    generation = np.zeros(nodes, dtype=np.int16)
    front = np.unique(roots)
    depth = 0
    while front.size:
        depth = min(depth + 1, _MOST_GENERATIONS)
        touched = children.list_cells(front)
        front = _sort_distinct_nodes(touched[generation[touched] == 0])
        generation[front] = depth
    return generation


def reach_labels_from(
    child: Indices, parent: Indices, nodes: int, seeds: Sequence[Indices]
) -> LabelBits:
    """Return for every node, as bits, the labels that it meets first on its paths up.

    Bit i of a node is set where it is one of seeds[i], or where a path leads down to it from one
    of seeds[i] without passing through a seed of any label. A seed has its own labels alone.
    Raises ValueError for more than 64 labels.
    """
    if len(seeds) > MOST_LABELS:
        raise ValueError(f"{len(seeds)} labels do not fit into {MOST_LABELS} bits")
    return reach_label_words_from(child, parent, nodes, seeds)[0]


def reach_label_words_from(
    child: Indices, parent: Indices, nodes: int, seeds: Sequence[Indices]
) -> list[LabelBits]:
    """Return the same for any number of labels: bit i % 64 of word i // 64, one word at least."""
    is_seed = _mark_reached_nodes(nodes, np.concatenate([np.empty(0, np.int64), *seeds]))
    open_to_labels = ~is_seed[child]
    children = Rows.build(parent[open_to_labels], child[open_to_labels], nodes)
    starts_of_words = range(0, max(len(seeds), 1), MOST_LABELS)
    return [
        _spread_labels(children, nodes, seeds[first : first + MOST_LABELS])
        for first in starts_of_words
    ]


def _spread_labels(children: "Rows", nodes: int, seeds: Sequence[Indices]) -> LabelBits:
    """Let each label go down from its seeds; no child is a seed here."""
    labels = np.zeros(nodes, dtype=np.uint64)
    for bit, labelled in enumerate(seeds):
        labels[labelled] |= np.uint64(1 << bit)
    front: Indices = np.flatnonzero(labels)
    while front.size:
        touched = children.list_cells(front)
        incoming = np.repeat(labels[front], children.count_cells(front))
        news = (incoming & ~labels[touched]) != 0
        touched = touched[news]
        np.bitwise_or.at(labels, touched, incoming[news])
        front = _sort_distinct_nodes(touched)
    return labels


def compact_nodes(child: Indices, parent: Indices) -> tuple[Int64s, tuple[Int64s, Int64s]]:
    """Number the nodes with an edge without gaps: their old numbers, and the edges by new ones."""
    used = np.zeros(max(child.max(initial=-1), parent.max(initial=-1)) + 1, np.bool_)
    used[child] = used[parent] = True
    place = np.cumsum(used, dtype=np.int64) - 1
    return np.flatnonzero(used), (place[child], place[parent])


@dataclass(frozen=True, slots=True)
class Rows:
    """For every node a row of other nodes: its children, or its parents."""

    start: Int64s
    """Row i is cells[start[i] : start[i + 1]]."""
    cells: Indices

    @classmethod
    def build(cls, key: Indices, value: Indices, nodes: int) -> "Rows":
        start = np.zeros(nodes + 1, dtype=np.int64)
        np.cumsum(np.bincount(key, minlength=nodes), out=start[1:])
        return cls(start=start, cells=value[np.argsort(key, kind="stable")])

    def count_cells(self, keys: Indices) -> Int64s:
        return self.start[keys + 1] - self.start[keys]

    def list_cells(self, keys: Indices) -> Indices:
        """Return the rows of these keys, one after another."""
        sizes = self.count_cells(keys)
        ends = np.cumsum(sizes)
        shift = np.repeat(self.start[keys] - (ends - sizes), sizes)
        return self.cells[shift + np.arange(shift.size)]


def _distinct_edges(child: Indices, parent: Indices, nodes: int) -> tuple[Int64s, Int64s]:
    """Return the edges by child, then parent, each once and none from a node to itself."""
    code = _sort_distinct_nodes(child.astype(np.int64) * nodes + parent)
    child, parent = np.divmod(code, max(nodes, 1))
    real = child != parent
    return child[real], parent[real]


@dataclass(frozen=True, slots=True)
class _Trees:
    """The graph without the edges that lead up from a top, for every node."""

    top: Indices
    """The top of its tree: itself where it has no parent, several, or lies on a cycle."""
    up: Indices
    """Its only parent; means nothing for a top."""
    weight: Counts
    """What its tree holds at and below it, [nodes, kinds]."""


def _grow_trees(child: Indices, parent: Indices, counted: Counts) -> _Trees:
    """Cut distinct edges into trees and weigh them from the leaves upwards, a layer at a time."""
    # A node's turn comes when all its children had theirs. On a cycle it never comes: the nodes
    # left over are just those on cycles of single parents, and become tops.
    nodes = len(counted)
    weight = counted.copy()
    single = np.bincount(child, minlength=nodes)[child] == 1
    up = np.full(nodes, -1, dtype=np.int64)
    up[child[single]] = parent[single]
    waits_for = np.bincount(parent[single], minlength=nodes)
    layers = []
    layer = np.flatnonzero((waits_for == 0) & (up >= 0))
    while layer.size:
        layer = layer[np.argsort(up[layer], kind="stable")]
        layers.append(layer)
        above, first, children = np.unique(up[layer], return_index=True, return_counts=True)
        weight[above] += np.add.reduceat(weight[layer], first, axis=0)
        waits_for[above] -= children
        layer = above[(waits_for[above] == 0) & (up[above] >= 0)]
    top = np.arange(nodes)
    for layer in reversed(layers):
        top[layer] = top[up[layer]]
    return _Trees(top=top, up=up, weight=weight)


def _pairs_above(
    child: Indices, parent: Indices, trees: _Trees
) -> Iterator[tuple[Indices, Indices]]:
    """Yield, some tops at a time, the pairs of a top and each distinct node above it.

    From top to top first, whole trees at a step; then once along the paths inside the trees.
    """
    # A pair travels as one number: single numbers are sorted and compared fastest.
    nodes = len(trees.top)
    is_joint = trees.top[child] == child
    joints = _sort_distinct_nodes(child[is_joint])
    parents = Rows.build(child[is_joint], parent[is_joint], nodes)

    def list_entry_nodes(pairs: Indices) -> Indices:
        giver, top = np.divmod(pairs, nodes)
        return np.repeat(giver, parents.count_cells(top)) * nodes + parents.list_cells(top)

    for start in range(0, joints.size, _TOPS_AT_ONCE):
        tops = fresh = joints[start : start + _TOPS_AT_ONCE] * (nodes + 1)
        while fresh.size:
            giver, entry = np.divmod(_sort_distinct_nodes(list_entry_nodes(fresh)), nodes)
            fresh = _sort_distinct_nodes(giver * nodes + trees.top[entry])
            fresh = fresh[~_mark_members(fresh, tops)]
            tops = np.sort(np.concatenate((tops, fresh)))
        giver, above = np.divmod(_sort_distinct_nodes(list_entry_nodes(tops)), nodes)
        line = [giver * nodes + above]
        while giver.size:
            inside = trees.top[above] != above
            giver, above = giver[inside], trees.up[above[inside]]
            line.append(giver * nodes + above)
        giver, above = np.divmod(_sort_distinct_nodes(np.concatenate(line)), nodes)
        yield giver, above


def _one_column_per_kind(kind: Codes, kinds: int) -> Counts:
    """Return a matrix [nodes, kinds] with a one where a node is of that kind."""
    ones: Counts = (kind[:, None] == np.arange(kinds)).astype(np.int32)
    return ones


def _mark_members(values: Indices, members: Indices) -> Mask:
    """Mark the values that stand in a sorted array, which is not empty."""
    place = np.minimum(np.searchsorted(members, values), members.size - 1)
    mask: Mask = members[place] == values
    return mask


def _mark_reached_nodes(nodes: int, chosen: Indices) -> Mask:
    mask = np.zeros(nodes, dtype=np.bool_)
    mask[chosen] = True
    return mask


def _sort_distinct_nodes(values: Indices) -> Indices:
    """Return the distinct values in order."""
    # By sorting: numpy's own unique hashes, and is far slower.
    ordered = np.sort(values)
    distinct: Indices = ordered[np.diff(ordered, prepend=-1) != 0]
    return distinct
