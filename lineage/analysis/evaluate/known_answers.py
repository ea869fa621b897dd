"""What is known of hidden edges: declared parents, labels, whose weights are whose, releases."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lineage.analysis.scope import Scope, select_scope_edges
from lineage.domain.arrays import LabelBits, Mask, Nodes
from lineage.domain.claims import Relation, Strength
from lineage.domain.families import Family
from lineage.domain.repo_ids import is_doubtful_repo_id, is_repo_id
from lineage.domain.subjects import SubjectKind, parse_subject
from lineage.evidence.infer import InferenceInput, find_parents, list_inferable_subjects
from lineage.graph import reach
from lineage.store.reader import EdgeColumns, Snapshot

_HEADER = ("child", "parent")
_MOST_COPIES = 3
"""Quantized copies of quantized copies are followed so far."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Pairs of child and parent, each once, and how many lines held none."""

    pairs: tuple[tuple[str, str], ...]
    bad_lines: int = 0


def read_evaluation_labels(lines: Iterable[str]) -> Labels:
    """Read CSV lines `child,parent`; a header, empty lines and further columns are passed over.

    The parent may be a release or a family with its kind before it, `release:llama-3.1`.
    """
    pairs: dict[tuple[str, str], None] = {}
    bad = 0
    for number, line in enumerate(lines, start=1):
        cells = _split_evaluation_label_line(line)
        if not cells or (number == 1 and tuple(cell.lower() for cell in cells[:2]) == _HEADER):
            continue
        first, second = [*cells, "", ""][:2]
        child, parent = (
            _read_evaluation_label_id(first),
            _read_evaluation_label_id(second, may_be_release=True),
        )
        if child is None or parent is None:
            bad += 1
        else:
            pairs[child, parent] = None
    return Labels(tuple(pairs), bad)


def _split_evaluation_label_line(line: str) -> list[str]:
    # Line by line, so that a stray quote spoils its own line and not the rest of the file; a field
    # too large for the reader is a bad line too.
    try:
        cells = next(csv.reader([line.removeprefix("\ufeff")], skipinitialspace=True), [])
    except csv.Error:
        return [""]
    return cells if any(cell.strip() for cell in cells) else []


def _read_evaluation_label_id(cell: str, *, may_be_release: bool = False) -> str | None:
    """Return the id of a model that a cell spells as a SUBJECT may be; None where it is none."""
    try:
        subject = parse_subject(cell)
    except ValueError:
        return None
    if may_be_release and subject.kind in {SubjectKind.RELEASE, SubjectKind.FAMILY}:
        return f"{subject.kind.value}:{subject.name.lower()}"
    is_model = subject.kind in {None, SubjectKind.MODEL} and is_repo_id(subject.name)
    # `None` and `unknown` are how a spreadsheet says that there is no answer.
    is_word = "/" not in subject.name and is_doubtful_repo_id(subject.name)
    return subject.name if is_model and not is_word else None


@dataclass(frozen=True, slots=True)
class EvaluatedLineage:
    """What a snapshot and the registry declare of every node, looked up by node."""

    child: Nodes
    """Declared and curated edges, in order of the child; `parent` is the other end."""
    parent: Nodes
    quantized: Mask
    """Of every node whether it is declared to be a quantized copy."""
    copies: Mapping[int, int]
    """Quantized copies that the registry knows, and what they are copies of."""
    mirrors: Mapping[int, int]
    """Mirrors and what they are mirrors of, by the registry."""
    families: Sequence[str]
    releases: LabelBits
    """Families x nodes: the releases that each node meets first on its paths up, as bits; of a
    release or a family that a claim may name, those that it may mean."""
    claimable: frozenset[int]
    """The nodes of those."""
    outsider: Mask
    """Of every node whether the registry calls it no descendant."""

    def parents_of(self, node: int) -> list[int]:
        """Return the parents of a node, itself left out."""
        return find_parents(node, self.child, self.parent)

    def original_of(self, node: int) -> int:
        """Return whose weights a node carries unchanged: itself, unless it is a plain mirror."""
        return self.mirrors.get(node, node)

    def weights_behind(self, node: int) -> set[int]:
        """Return the nodes whose weights stand behind one: its own, and those it is a copy of."""
        nodes = {self.original_of(node)}
        for _ in range(_MOST_COPIES):
            source = self.copies.get(node)
            if source is None and self.quantized[node]:
                parents = self.parents_of(node)
                source = parents[0] if len(parents) == 1 else None
            if source is None:
                break
            node = source
            nodes.add(self.original_of(node))
        return nodes

    def releases_of(self, nodes: Sequence[int]) -> tuple[int, ...]:
        """Return, family by family, the releases that some nodes belong to, as bits."""
        bits = np.bitwise_or.reduce(self.releases[:, list(nodes)], axis=1)
        return tuple(bits.tolist())


def read_nodes_to_evaluate(scope: Scope) -> InferenceInput:
    """Return every node of a snapshot as rules that infer see it at publication."""
    snapshot = scope.snapshot
    edges = _known_declared_edges(snapshot)
    tops = (int(part.max(initial=-1)) + 1 for part in (edges.child, edges.parent))
    number = max(snapshot.records, *tops)
    listed = edges.child < snapshot.manifest.models
    keys, ids = snapshot.names_of(np.arange(number, dtype=np.int32))
    claimable = list_inferable_subjects(scope.families)
    names = pa.array(claimable, pa.string())
    return InferenceInput(
        pa.concat_arrays([keys, names]),
        pa.concat_arrays([ids, names]),
        snapshot.record_column("created_at").combine_chunks(),
        snapshot.record_column("model_type").combine_chunks(),
        snapshot.record_column("license").combine_chunks(),
        snapshot.record_column("parameters").combine_chunks(),
        edges.child[listed],
        edges.parent[listed],
        snapshot.former_keys(),
        {old.name: old.now for family in scope.families for old in family.former_names()},
        {name: number + at for at, name in enumerate(claimable)},
    )


def read_evaluation_answers(scope: Scope, nodes: InferenceInput) -> EvaluatedLineage:
    """Return what is declared of every node."""
    snapshot, families = scope.snapshot, scope.families
    edges = _known_declared_edges(snapshot)
    copies = edges.child[edges.relation == Relation.QUANTIZED.code]
    quantized = reach.mark_nodes(len(nodes.ids), copies)

    # Declared and curated edges together, in order of the child.
    node_of = scope.nodes_of(id for family in families for id in _registered_answer_ids(family))
    node_of |= nodes.claimable
    curated = [
        (node_of[edge.child], node_of[edge.parent])
        for family in families
        for edge in family.curated_family_edges()
        if edge.child in node_of and edge.parent in node_of
    ]
    child = np.concatenate([nodes.child, np.array([pair[0] for pair in curated], np.int32)])
    parent = np.concatenate([nodes.parent, np.array([pair[1] for pair in curated], np.int32)])
    order = np.argsort(child, kind="stable")
    child, parent = child[order], parent[order]

    seeds = [
        [
            np.array(
                [
                    node_of[id]
                    for id in (release.subject, *release.root_repo_ids())
                    if id in node_of
                ],
                np.int32,
            )
            for release in family.releases
        ]
        for family in families
    ]
    bits = [reach.reach_labels_from(child, parent, len(nodes.ids), roots) for roots in seeds]
    for family, labels in zip(families, bits, strict=True):
        place = {release.id: at for at, release in enumerate(family.releases)}
        for name, entry in family.claimable().items():
            labels[nodes.claimable[name]] = sum(1 << place[it.id] for it in entry.releases)
    outsiders = scope.nodes_of({it.id for family in families for it in family.outsiders})
    return EvaluatedLineage(
        child,
        parent,
        quantized,
        _known_copies_by_node(families, "quantized", node_of),
        _known_copies_by_node(families, "mirrors", node_of),
        [family.id for family in families],
        np.array(bits, np.uint64).reshape(len(families), len(nodes.ids)),
        frozenset(nodes.claimable.values()),
        reach.mark_nodes(len(nodes.ids), np.array([*outsiders.values()], np.int64)),
    )


def _known_declared_edges(snapshot: Snapshot) -> EdgeColumns:
    edges = snapshot.edges()
    return select_scope_edges(edges, edges.strength >= Strength.DECLARED.code)


def _registered_answer_ids(family: Family) -> Iterator[str]:
    yield from family.root_repo_ids()
    for edge in family.curated_family_edges():
        yield from (edge.child, edge.parent)


def _known_copies_by_node(
    families: Sequence[Family], kind: str, node_of: Mapping[str, int]
) -> dict[int, int]:
    return {
        node_of[copy.id]: node_of[copy.of]
        for family in families
        for release in family.releases
        for copy in getattr(release, kind)
        if copy.of is not None and copy.id in node_of and copy.of in node_of
    }
