"""A family or base as a tree of its largest branches, small ones folded and counted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lineage.analysis.counts import count_members
from lineage.analysis.groups import MIXED, find_releases
from lineage.analysis.members import Members, relation_of
from lineage.analysis.results import Tree, TreeNode
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import ResolvedSubject, select_members
from lineage.analysis.tree.rows import choose_parents
from lineage.domain.arrays import Codes, Int64s, Mask, Nodes, Positions
from lineage.domain.claims import RELATIONS, Strength
from lineage.graph import reach
from lineage.graph.every_base import count_every_base

_INFERRED = Strength.INFERRED.code
_DRAWN_SHARE = 40
"""Unless the reader chooses a size, a branch is drawn when it holds a 40th of the whole."""

_ROOTS_DRAWN = 2


def build_tree(
    scope: Scope, subject: ResolvedSubject, *, depth: int = 3, at_least: int | None = None
) -> Tree:
    """Return what lies below a subject, `depth` generations deep; a family by release.

    Branches with fewer than `at_least` models below them are pruned; by default a 40th of all.
    Every number is that of `count`: the releases of a family add up to it, with what comes from
    several of them as the last branch.
    """
    selection = select_members(scope, subject)
    count = count_members(scope, subject, selection)
    scope, members, total = selection.scope, selection.members, count.total
    bound = _default_size(total) if at_least is None else at_least
    builder = _TreeBuilder.of(scope, members, selection.roots, bound)
    if subject.model is not None:
        root = TreeNode(subject.id, None, total, *builder.build_branches(selection.roots, depth))
    elif subject.release is not None:
        root = _build_release(subject.release.name, total, selection.roots, builder, depth)
    else:
        assert subject.family is not None
        releases = find_releases(scope, members.edges)
        release_of = releases.only_release()
        branches = [
            _build_release(release.name, size, roots, builder, depth)
            for at, (release, roots) in enumerate(
                zip(releases.releases, releases.roots, strict=True)
            )
            if release in subject.family.releases
            and (size := int((members.counted & (release_of == at)).sum()))
        ]
        if size := int((members.counted & releases.mark_mixed()).sum()):
            branches.append(TreeNode(MIXED, None, size))
        root = TreeNode(subject.family.name, None, total, tuple(branches))
    return Tree(count, root)


def _build_release(
    name: str, size: int, roots: Nodes, builder: "_TreeBuilder", depth: int
) -> TreeNode:
    drawn_nodes, pruned = builder.divide(roots, always=_ROOTS_DRAWN)
    branches = tuple(builder.build_node(node, depth - 1, is_root=True) for node in drawn_nodes)
    return TreeNode(name, None, size, branches, len(pruned), builder.count_below_any(pruned))


def _default_size(total: int) -> int:
    return max(1, total // _DRAWN_SHARE)


@dataclass(frozen=True, slots=True)
class _TreeBuilder:
    """The children of every node of one cut, with how much lies below each."""

    names: dict[int, str]
    children: dict[int, list[int]]
    parents: Int64s
    below: Int64s
    relation: Codes
    inferred: Mask
    counted: Mask
    edges: tuple[Nodes, Nodes]
    """Child and parent of every edge of the cut."""
    at_least: int

    @classmethod
    def of(cls, scope: Scope, members: Members, roots: Nodes, at_least: int) -> "_TreeBuilder":
        """Count below every node of the cut; each model hangs below its largest parent.

        What `min_downloads` leaves out is drawn where a path leads through it.
        """
        edges = members.edges
        is_root = np.zeros(members.nodes, np.bool_)
        is_root[roots] = True
        inside = members.reached | is_root
        real = edges.child != edges.parent
        is_inside = real & inside[edges.child] & inside[edges.parent]
        child, parent = edges.child[is_inside], edges.parent[is_inside]
        relation = relation_of(edges, members.nodes)
        kind = np.where(members.counted, relation, -1)
        bases = count_every_base(child, parent, kind, np.zeros(members.nodes, np.bool_))
        below = np.zeros(members.nodes, np.int64)
        below[bases.node] = bases.total.sum(axis=(1, 2))
        generation = reach.count_generations(child, parent, members.nodes, roots)
        generation[roots] = 0
        # A root is drawn as a root, not below another.
        is_drawn = ~is_root[child] & (members.counted | (below > 0))[child]
        weight = below + members.counted
        pairs = choose_parents(child[is_drawn], parent[is_drawn], weight, generation)
        children: dict[int, list[int]] = {}
        for low, high in zip(*(column.tolist() for column in pairs), strict=True):
            children.setdefault(high, []).append(low)
        parents = np.bincount(edges.child[real], minlength=members.nodes)
        names = _read_names(scope, np.flatnonzero(inside))
        cut = (child, parent)
        inferred = np.ones(members.nodes, np.bool_)
        inferred[edges.child[edges.strength > _INFERRED]] = False
        return cls(
            names, children, parents, below, relation, inferred, members.counted, cut, at_least
        )

    def build_branches(self, roots: Nodes, depth: int) -> tuple[tuple[TreeNode, ...], int, int]:
        """Return the branches right below some roots, how many are pruned, and their models."""
        children = [child for root in roots.tolist() for child in self.children.get(root, [])]
        drawn_nodes, pruned = self.divide(np.array(children, np.int32))
        if depth <= 0:
            return (), len(children), self.count_below_any(children)
        branches = tuple(self.build_node(node, depth - 1) for node in drawn_nodes)
        return branches, len(pruned), self.count_below_any(pruned)

    def build_node(self, node: int, depth: int, *, is_root: bool = False) -> TreeNode:
        """Return one model with its branches."""
        return TreeNode(
            self.names[node],
            None if is_root else RELATIONS[self.relation[node]],
            int(self.below[node]),
            *self.build_branches(np.array([node], np.int32), depth),
            other_parents=0 if is_root else int(self.parents[node]) - 1,
            inferred=not is_root and bool(self.inferred[node]),
        )

    def divide(self, nodes: Nodes, always: int = 0) -> tuple[list[int], list[int]]:
        """Divide nodes into those to draw, largest first, and those to prune.

        The first `always` are drawn whatever their size, if anything lies below them.
        """
        ordered = sorted(nodes.tolist(), key=lambda at: (-self.below[at], self.names[at]))
        large = sum(self.below[at] >= self.at_least for at in ordered)
        some = sum(self.below[at] > 0 for at in ordered[:always])
        return ordered[: max(large, some)], ordered[max(large, some) :]

    def count_below_any(self, nodes: Sequence[int]) -> int:
        """Count the distinct models below some nodes, themselves left out."""
        if not self.below[nodes].any():
            return 0
        tops = np.array(nodes, np.int32)
        mask = reach.find_below(*self.edges, len(self.counted), tops)
        mask[tops] = False
        return int((mask & self.counted).sum())


def _read_names(scope: Scope, nodes: Positions) -> dict[int, str]:
    _, ids = scope.names_of(nodes)
    return dict(zip(nodes.tolist(), ids.to_pylist(), strict=True))
