"""Who says of each row of a forest that it comes from where: every edge, every word, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from lineage.analysis.edge_evidence import find_evidence
from lineage.analysis.scope import Scope, select_edges
from lineage.analysis.tree.forest import Forest
from lineage.analysis.verdicts import PathClaim
from lineage.domain.arrays import Codes, Mask, Nodes


@dataclass(frozen=True, slots=True)
class Said:
    """Words that many edges share, with room for the parent's name where they name it."""

    rule: str
    before: str
    """All of the words where `after` is None; empty where only the source is known."""
    after: str | None
    """What follows the parent's name."""
    source: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ForestEvidence:
    """The edges of a forest in order of their child's row, and the witnesses of each."""

    child: Nodes
    """The child's row."""
    parent: Nodes
    """The parent's row; below zero -1 - place among `outside`."""
    strength: Codes
    """Position in `Strength`."""
    outside: Sequence[str]
    """Parents that are no part of the family, by name."""
    voice_edge: Nodes
    """The edge that a witness speaks of, in rising order."""
    voice_said: Nodes
    """What the witness says: its place among `said`."""
    said: Sequence[Said]


def evidence_of(scope: Scope, forest: Forest) -> ForestEvidence:
    """Return every edge above every row, also to parents outside the family."""
    row_of = np.full(scope.nodes, -1, np.int32)
    rows = np.flatnonzero(forest.node >= 0)
    row_of[forest.node[rows]] = rows
    edges = select_edges(scope.edges, (row_of[scope.edges.child] >= 0) & _real(scope))
    edges = select_edges(edges, np.lexsort((edges.parent, row_of[edges.child])))
    strangers = np.unique(edges.parent[row_of[edges.parent] < 0])
    place = np.searchsorted(strangers, edges.parent)
    parent = np.where(row_of[edges.parent] >= 0, row_of[edges.parent], -1 - place)
    keys, names = _names(scope, np.union1d(edges.child, edges.parent))
    voices = _Voices(keys, names, edges.child, edges.parent)
    voices.hear_snapshot(scope)
    voices.hear_registry(scope)
    voice_edge, voice_said = voices.in_order()
    return ForestEvidence(
        child=row_of[edges.child],
        parent=parent.astype(np.int32),
        strength=edges.strength,
        outside=[names[node] for node in strangers.tolist()],
        voice_edge=voice_edge,
        voice_said=voice_said,
        said=list(voices.said),
    )


def _real(scope: Scope) -> Mask:
    real: Mask = scope.edges.child != scope.edges.parent
    return real


def _names(scope: Scope, nodes: Nodes) -> tuple[dict[int, str], dict[int, str]]:
    keys, ids = (column.to_pylist() for column in scope.names_of(nodes))
    numbers = nodes.tolist()
    return dict(zip(numbers, keys, strict=True)), dict(zip(numbers, ids, strict=True))


class _Voices:
    """The witnesses of some edges, with equal words kept once."""

    def __init__(
        self, keys: dict[int, str], names: dict[int, str], child: Nodes, parent: Nodes
    ) -> None:
        self.said: dict[Said, int] = {}
        self._child, self._keys = child, keys
        pairs = zip(child.tolist(), parent.tolist(), strict=True)
        self._edge = {(keys[low], keys[high]): at for at, (low, high) in enumerate(pairs)}
        self._name = {keys[node]: name for node, name in names.items()}
        self._heard: list[tuple[int, int]] = []

    def hear_snapshot(self, scope: Scope) -> None:
        """Take in every witness that the snapshot keeps."""
        children = [self._keys[node] for node in np.unique(self._child).tolist()]
        table = scope.snapshot.evidence_of(children)
        table = table.filter(pc.is_valid(table["parent_key"]))
        names = ("child_key", "parent_key", "rule", "quote")
        columns = (table[name].to_pylist() for name in names)
        for child, parent, rule, quote in zip(*columns, strict=True):
            self._take(child, parent, PathClaim(rule, quote))

    def hear_registry(self, scope: Scope) -> None:
        """Take in what the families' registries say, with its source."""
        curated = [edge for family in scope.families for edge in family.curated_edges()]
        nodes = set(scope.nodes_of({edge.child for edge in curated}).values())
        here = nodes & set(np.unique(self._child).tolist())
        for (child, parent), voices in find_evidence(scope, here).by_edge.items():
            for voice in voices:
                if voice.source is not None:
                    self._take(child, parent, voice)

    def in_order(self) -> tuple[Nodes, Nodes]:
        """Return the edge and the words of each witness, by edge, in the order they were heard."""
        heard = np.array(self._heard, np.int32).reshape(-1, 2)
        heard = heard[np.argsort(heard[:, 0], kind="stable")]
        return heard[:, 0], heard[:, 1]

    def _take(self, child: str, parent: str, voice: PathClaim) -> None:
        edge = self._edge.get((child, parent))
        if edge is None:  # A weaker edge than asked for, or a model's word about itself.
            return
        before, name, after = (voice.quote or "").partition(self._name[parent])
        said = Said(voice.rule, before, after if name else None, voice.source, voice.url)
        self._heard.append((edge, self.said.setdefault(said, len(self.said))))
