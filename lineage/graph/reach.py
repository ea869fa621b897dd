"""What lies below what, on bare integer columns: graph kernels for the size of the whole Hub.

Nodes are 0..nodes-1 and edge i leads from child[i] to parent[i]. Edges may be given twice, lead
from a node to itself or close cycles; a node may have many parents or no edge at all. The order
of the edges never changes a result.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from lineage.domain.arrays import Codes, Counts, Generations, Indices, Int64s, LabelBits, Mask
from lineage.domain.claims import Relation
from lineage.graph.sorted_sets import mark_set_members, sort_distinct_set

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
    child, parent = _sort_distinct_edge_pairs(child, parent, nodes)
    # A matrix [nodes, kinds] with a one where a node is of that kind
    counted: Counts = (kind[:, None] == np.arange(kinds)).astype(np.int32)
    trees = _grow_graph_trees(child, parent, counted)
    total = trees.weight - counted
    for top, above in _reach_pairs_above(child, parent, trees):
        share = trees.weight[top]
        again = trees.top[above] == top
        share[again] -= trees.weight[above[again]]
        for column in range(kinds):
            np.add.at(total[:, column], above, share[:, column])
    return total


def count_direct_below(
    child: Indices, parent: Indices, nodes: int, kind: Codes, kinds: int
) -> Counts:
    """Count the distinct children of every node but itself, split by kind, as [nodes, kinds]."""
    child, parent = _sort_distinct_edge_pairs(child, parent, nodes)
    counted = kind[child] >= 0
    cell = parent[counted] * kinds + kind[child[counted]]
    return np.bincount(cell, minlength=nodes * kinds).astype(np.int32).reshape(nodes, kinds)


def find_below(child: Indices, parent: Indices, nodes: int, roots: Indices) -> Mask:
    """Mark the nodes that at least one edge, or any path, leads down to from a root.

    A root is marked only where another root or a cycle leads to it, or an edge from itself: the
    caller takes the roots out.
    """
    return generations_below_roots(child, parent, nodes, roots) > 0


def find_direct_below(child: Indices, parent: Indices, nodes: int, roots: Indices) -> Mask:
    """Mark the children of the roots; a root is marked where it is a child of one, or its own."""
    is_root = mark_nodes(nodes, roots)
    return mark_nodes(nodes, child[is_root[parent]])


def generations_below_roots(
    child: Indices, parent: Indices, nodes: int, roots: Indices
) -> Generations:
    """Return how many edges each node lies below the nearest root, 0 where it lies below none.

    A root has the length of the shortest path that leads back to it or down from another root.
    The last generation that fits, 32767, stands for all beyond it.
    """
    return count_row_generations(AdjacencyRows.build(parent, child, nodes), nodes, roots)


def count_row_generations(children: "AdjacencyRows", nodes: int, roots: Indices) -> Generations:
    """Return the same, where the children of every node stand in rows already."""
    generation = np.zeros(nodes, dtype=np.int16)
    front = np.unique(roots)
    depth = 0
    while front.size:
        depth = min(depth + 1, _MOST_GENERATIONS)
        touched = children.list_cells(front)
        front = sort_distinct_set(touched[generation[touched] == 0])
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
    return reach_row_labels(AdjacencyRows.build(parent, child, nodes), nodes, seeds)[0]


def reach_row_labels(
    children: "AdjacencyRows", nodes: int, seeds: Sequence[Indices]
) -> list[LabelBits]:
    """Return the same where the children of every node stand in rows already.

    For any number of labels: bit i % 64 of word i // 64, one word at least.
    """
    is_open = ~mark_nodes(nodes, np.concatenate([np.empty(0, np.int64), *seeds]))
    starts_of_words = range(0, max(len(seeds), 1), MOST_LABELS)
    return [
        _spread_labels_downwards(children, nodes, seeds[first : first + MOST_LABELS], is_open)
        for first in starts_of_words
    ]


def _spread_labels_downwards(
    children: "AdjacencyRows", nodes: int, seeds: Sequence[Indices], is_open: Mask
) -> LabelBits:
    """Let each label go down from its seeds, to nodes that are open: no seeds of any label."""
    labels = np.zeros(nodes, dtype=np.uint64)
    for bit, labelled in enumerate(seeds):
        labels[labelled] |= np.uint64(1 << bit)
    front: Indices = np.flatnonzero(labels)
    while front.size:
        touched = children.list_cells(front)
        incoming = np.repeat(labels[front], children.count_cells(front))
        news = ((incoming & ~labels[touched]) != 0) & is_open[touched]
        touched = touched[news]
        np.bitwise_or.at(labels, touched, incoming[news])
        front = sort_distinct_set(touched)
    return labels


def compact_nodes(child: Indices, parent: Indices) -> tuple[Int64s, tuple[Int64s, Int64s]]:
    """Number the nodes with an edge without gaps: their old numbers, and the edges by new ones."""
    used = np.zeros(max(child.max(initial=-1), parent.max(initial=-1)) + 1, np.bool_)
    used[child] = used[parent] = True
    place = np.cumsum(used, dtype=np.int64) - 1
    return np.flatnonzero(used), (place[child], place[parent])


class AdjacencyRows(NamedTuple):
    """For every node a row of other nodes: its children, or its parents."""

    start: Int64s
    """Row i is cells[start[i] : start[i + 1]]."""
    cells: Indices

    @classmethod
    def build(cls, key: Indices, value: Indices, nodes: int) -> "AdjacencyRows":
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


def _sort_distinct_edge_pairs(child: Indices, parent: Indices, nodes: int) -> tuple[Int64s, Int64s]:
    """Return the edges by child, then parent, each once and none from a node to itself."""
    code = sort_distinct_set(child.astype(np.int64) * nodes + parent)
    child, parent = np.divmod(code, max(nodes, 1))
    real = child != parent
    return child[real], parent[real]


class _Trees(NamedTuple):
    """The graph without the edges that lead up from a top, for every node."""

    top: Indices
    """The top of its tree: itself where it has no parent, several, or lies on a cycle."""
    up: Indices
    """Its only parent; means nothing for a top."""
    weight: Counts
    """What its tree holds at and below it, [nodes, kinds]."""


def _grow_graph_trees(child: Indices, parent: Indices, counted: Counts) -> _Trees:
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


def _reach_pairs_above(
    child: Indices, parent: Indices, trees: _Trees
) -> Iterator[tuple[Indices, Indices]]:
    """Yield, some tops at a time, the pairs of a top and each distinct node above it.

    From top to top first, whole trees at a step; then once along the paths inside the trees.
    """
    # A pair travels as one number: single numbers are sorted and compared fastest.
    nodes = len(trees.top)
    is_joint = trees.top[child] == child
    joints = sort_distinct_set(child[is_joint])
    parents = AdjacencyRows.build(child[is_joint], parent[is_joint], nodes)

    def list_entry_nodes(pairs: Indices) -> Indices:
        giver, top = np.divmod(pairs, nodes)
        return np.repeat(giver, parents.count_cells(top)) * nodes + parents.list_cells(top)

    for start in range(0, joints.size, _TOPS_AT_ONCE):
        tops = fresh = joints[start : start + _TOPS_AT_ONCE] * (nodes + 1)
        while fresh.size:
            giver, entry = np.divmod(sort_distinct_set(list_entry_nodes(fresh)), nodes)
            fresh = sort_distinct_set(giver * nodes + trees.top[entry])
            fresh = fresh[~mark_set_members(fresh, tops)]
            tops = np.sort(np.concatenate((tops, fresh)))
        giver, above = np.divmod(sort_distinct_set(list_entry_nodes(tops)), nodes)
        line = [giver * nodes + above]
        while giver.size:
            inside = trees.top[above] != above
            giver, above = giver[inside], trees.up[above[inside]]
            line.append(giver * nodes + above)
        giver, above = np.divmod(sort_distinct_set(np.concatenate(line)), nodes)
        yield giver, above


def mark_nodes(nodes: int, chosen: Indices) -> Mask:
    """Mark some of so many nodes."""
    mask = np.zeros(nodes, dtype=np.bool_)
    mask[chosen] = True
    return mask


# Few nodes lie below most starts, so that no matrix of all pairs is made: so many of them have a
# flag in memory at a time, a byte each.
_AT_ONCE = 1 << 25


class EveryBase(NamedTuple):
    """One element a node that has children, in order of the node.

    `direct` and `total` are bases x relations x (dated, undated): distinct models, each once.
    """

    node: Indices
    direct: Indices
    total: Indices


def count_closure_of_every_base(
    child: Indices, parent: Indices, relation_of: Indices, undated: Mask
) -> EveryBase:
    """Count what lies below each node that has children; exact on any graph.

    `relation_of` and `undated` have one element a listed model; a model of relation -1, and nodes
    beyond the listed, are never counted, but paths lead through them.
    """
    nodes, (low_child, low_parent) = compact_nodes(child, parent)
    listed = np.flatnonzero(nodes < len(relation_of))
    relation, unknown = relation_of[nodes[listed]], undated[nodes[listed]]
    kind = np.full(len(nodes), -1, np.int8)
    kind[listed] = np.where(relation < 0, -1, relation * 2 + unknown)
    bases = np.flatnonzero(np.bincount(low_parent, minlength=len(nodes)))
    shape = (len(bases), len(Relation), 2)
    kinds = 2 * len(Relation)
    return EveryBase(
        nodes[bases],
        count_direct_below(low_child, low_parent, len(nodes), kind, kinds)[bases].reshape(shape),
        count_below(low_child, low_parent, len(nodes), kind, kinds)[bases].reshape(shape),
    )


def pairs_below(
    child: Indices, parent: Indices, starts: Sequence[Indices]
) -> tuple[Int64s, Int64s]:
    """Return the pairs of a start and each distinct node below its roots, as two columns.

    `starts[i]` are the roots of start i, which may be below each other. As in `find_below` a root
    is among its own only where a path leads to it. The pairs of a start stand together.
    """
    used, (low_child, low_parent) = compact_nodes(child, parent)
    children = AdjacencyRows.build(low_parent, low_child, len(used))
    roots, whose = _place_graph_roots(used, starts)
    nodes, at_once = max(len(used), 1), max(1, _AT_ONCE // max(len(used), 1))
    pairs = [np.empty(0, np.int64)]
    for first in range(0, len(starts), at_once):
        some = (whose >= first) & (whose < first + at_once)
        front = (whose[some] - first) * nodes + roots[some]
        pairs.append(_pairs_below(children, front, nodes) + first * nodes)
    start, node = np.divmod(np.concatenate(pairs), nodes)
    return start, used[node] if len(used) else node


def _place_graph_roots(used: Int64s, starts: Sequence[Indices]) -> tuple[Int64s, Int64s]:
    """Return the places of those roots that have an edge, and the starts they belong to."""
    whose = np.repeat(np.arange(len(starts)), list(map(len, starts)))
    roots = np.concatenate([np.empty(0, np.int64), *starts])
    place = np.searchsorted(used, roots)
    has_edge = place < len(used)
    has_edge[has_edge] = used[place[has_edge]] == roots[has_edge]
    return place[has_edge], whose[has_edge]


def _pairs_below(children: AdjacencyRows, front: Int64s, nodes: int) -> Int64s:
    """Go down from pairs, written start * nodes + node, and return all pairs that are reached."""
    is_below = np.zeros((int(front.max(initial=0)) // nodes + 1) * nodes, np.bool_)
    pairs = [front[:0]]
    while front.size:
        start, node = np.divmod(front, nodes)
        below = np.repeat(start, children.count_cells(node)) * nodes + children.list_cells(node)
        below = np.sort(below[~is_below[below]])
        front = below[np.diff(below, prepend=-1) != 0]
        is_below[front] = True
        pairs.append(front)
    return np.sort(np.concatenate(pairs))


def sum_upwards(above: Indices, values: Int64s) -> Int64s:
    """Return for every node the sum of the values on its path up to the top, its own included.

    The top's own value is left out.
    """
    # A node first knows its own value; at each step it adds what the node at its reach knows, and
    # reaches twice as far: a chain of 20,000 takes 15 steps.
    sums = values.astype(np.int64)
    sums[0] = 0
    reach = above.astype(np.int64)
    for _ in range(len(above).bit_length()):
        if not reach.any():
            break
        sums += sums[reach]
        reach = reach[reach]
    return sums


def sum_forest_branches(above: Indices, depth: Indices, values: Int64s) -> Int64s:
    """Return for every node the sum of the values at and below it."""
    sums = values.astype(np.int64)
    order = np.argsort(-depth, kind="stable")
    # Deepest first: what is added to a node is whole by then.
    bounds = np.flatnonzero(np.diff(depth[order], prepend=-1, append=-1))
    for first, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        layer = order[first:end]
        if layer[0]:
            np.add.at(sums, above[layer], sums[layer])
    return sums


def depth_first_rows(above: Indices, size: Int64s, sort_keys: Sequence[Indices]) -> Int64s:
    """Return the row of every node in a walk: a node, then all below it, a branch after another.

    `size` is how many rows a node's branch takes; neighbors stand in the order of their sort keys,
    the last of which counts most, as in numpy's lexsort.
    """
    order = np.lexsort((*sort_keys, above, np.arange(len(above)) > 0))[1:]
    before = np.cumsum(size[order]) - size[order]
    first = np.diff(above[order], prepend=-1) != 0
    start = before[first][np.cumsum(first) - 1]
    offset = np.zeros(len(above), np.int64)
    offset[order] = before - start + 1
    return sum_upwards(above, offset)
