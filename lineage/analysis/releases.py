"""Which release a model belongs to: the first official repository or mirror on each path up."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lineage.analysis.scope import Scope
from lineage.domain.arrays import LabelBits, Mask, Nodes
from lineage.domain.families import Release
from lineage.graph import reach
from lineage.store.reader import EdgeColumns

NONE = -1
SEVERAL = -2


@dataclass(frozen=True, slots=True)
class Releases:
    """Every release of the families, and which of them each node meets first on its paths up."""

    releases: Sequence[Release]
    roots: Sequence[Nodes]
    """The nodes of each release's roots, mirrors included, as far as they are known."""
    _words: Sequence[LabelBits]
    """64 releases a word, bit by bit."""

    def mark_release(self, release: Release) -> Mask:
        """Say which nodes meet this release first on some path up."""
        word, bit = divmod(self.releases.index(release), reach.MOST_LABELS)
        mask: Mask = (self._words[word] & np.uint64(1 << bit)) != 0
        return mask

    def mark_mixed(self) -> Mask:
        """Say which nodes meet more than one."""
        is_mixed: Mask = self.only_release() == SEVERAL
        return is_mixed

    def only_release(self) -> Nodes:
        """Return the position of the one release that each node meets, else NONE or SEVERAL."""
        single_by_node = np.full(len(self._words[0]) if self._words else 0, NONE, np.int32)
        for number, word in enumerate(self._words):
            some = np.flatnonzero(word)
            labels = word[some]
            alone = (labels & (labels - np.uint64(1))) == 0
            position = number * reach.MOST_LABELS + np.log2(labels)
            single = np.where(alone, position, SEVERAL).astype(np.int32)
            single_by_node[some] = np.where(single_by_node[some] == NONE, single, SEVERAL)
        return single_by_node


def release_nodes(scope: Scope) -> list[tuple[Release, Nodes]]:
    """Return every release of the families with the nodes of its roots, mirrors included."""
    releases = [release for family in scope.families for release in family.releases]
    nodes = scope.nodes_of([root for release in releases for root in release.roots()])
    return [
        (
            release,
            np.array(sorted({nodes[id] for id in release.roots() if id in nodes}), np.int32),
        )
        for release in releases
    ]


def find_releases(scope: Scope, edges: EdgeColumns) -> Releases:
    """Walk up from every node and stop on each path at the first root of any release."""
    labelled = release_nodes(scope)
    roots = [nodes for _, nodes in labelled]
    words = reach.words_from(edges.child, edges.parent, scope.nodes, roots)
    return Releases([release for release, _ in labelled], roots, words)
