"""How often inference is right: declared edges are hidden, rules infer, the two are compared.

A claim is right in three ways, each reported by itself. `parent`: it names a declared parent or
one with the same weights, be it a plain mirror or the original behind a quantized copy. `line`: or
what it names declares a declared parent itself, as where a card was copied from the original
together with the original's own parent. `release`: both lead to the same nearest releases of every
family.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.definition_text import count_notes_of_snapshot
from lineage.analysis.evaluate.accuracy import (
    ALL,
    Accuracy,
    JudgedClaim,
    Share,
    measure_accuracy_by_family,
    measure_accuracy_by_rule,
    measure_accuracy_by_year,
)
from lineage.analysis.evaluate.known_answers import (
    DeclaredLineage,
    Labels,
    find_parents,
    read_known_lineage,
    read_nodes,
)
from lineage.analysis.scope import Scope
from lineage.domain.arrays import Positions
from lineage.domain.claims import Claim, Strength
from lineage.domain.families import Family
from lineage.evidence import Rule
from lineage.evidence.infer import InferenceInput, InferredClaim, infer_claims
from lineage.graph.reach import mark_nodes
from lineage.store import schema
from lineage.store.reader import Snapshot

OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Score:
    """What one pattern of one rule, or all together, did for the models of one family."""

    family: str
    """A family's id, `others`, or `all`."""
    rule: str
    pattern: str
    hidden: int
    """Models whose parents were hidden."""
    inferred: int
    """Models for which it inferred a parent."""
    parent: Share
    line: Share
    release: Share
    """Among the models that lead to a release of any family."""
    checked: Share
    """`line` on the half of the authors that no rule was tuned on."""
    authors: Share
    """`line` as the mean of the authors' shares, so that no single author decides."""
    coverage: Share = field(init=False)
    """The models it inferred a parent for among those it was asked about."""
    recall: Share = field(init=False)
    """The models it was right about (`line`) among those it was asked about."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "coverage", Share(self.inferred, self.hidden))
        object.__setattr__(self, "recall", Share(self.line.hits, self.hidden))


@dataclass(frozen=True, slots=True)
class Mistake:
    """An inferred parent that is wrong."""

    child: str
    inferred: str
    declared: tuple[str, ...]
    rule: str
    pattern: str
    quote: str
    children: int
    """How many models would come along."""
    crosses: bool
    """Whether it leads into a family that the declared parents do not belong to."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How good inference is, by family, rule and pattern."""

    snapshot: str
    rules: tuple[Accuracy, ...]
    """Every rule that inferred anything; the first one, `all`, is all of them together."""
    by_family: tuple[Accuracy, ...]
    """All rules together, by the families that hidden parents lead to."""
    by_year: tuple[Accuracy, ...]
    """Likewise by the year in which the model was created, `unknown` last."""
    family: str
    hidden_by: str
    """`declared` or `labels`."""
    scores: tuple[Score, ...]
    mistakes: tuple[Mistake, ...]
    """The worst first: into another family, then with most models below."""
    crossings: int
    """How many inferred links lead into the family from outside."""
    unmeasured: tuple[str, ...]
    """Rules that infer and inferred nothing in this snapshot."""
    labels_unknown: int = 0
    """Labelled children that the snapshot does not hold."""
    labels_bad: int = 0
    """Lines of the labels that held no pair of ids."""
    notes: tuple[str, ...] = ()
    """What the snapshot cannot say, a sentence each."""


HiddenParents = Mapping[int, tuple[int, ...]]
"""The hidden parents of every model that the rules are asked about, by node."""

_MISTAKES = 20


def evaluate(
    scope: Scope, rules: Sequence[Rule], family: str, labels: Labels | None = None
) -> Evaluation:
    """Hide what is declared of models, or labelled, let each rule infer, and compare."""
    snapshot = scope.snapshot
    nodes = read_nodes(scope)
    lineage = read_known_lineage(scope, nodes)
    hidden, unknown = _hide_evaluated_parents(scope, nodes, labels)
    claims = list(_infer_evaluated_claims(snapshot, nodes, hidden, scope.families_as_now(), rules))
    judged = [_judge_claim(claim, nodes, lineage, hidden) for claim in claims]

    wrong = [each for each in judged if not each.line]
    children = np.bincount(nodes.parent, minlength=len(nodes.ids))
    wrong.sort(key=lambda each: (not each.crosses, -children[each.claim.child], each.claim.child))
    worst = islice(_evaluate_once_each(wrong), _MISTAKES)
    fired = {claim.claim.rule for claim in claims}
    inferring = [rule.name for rule in rules if rule.strength is Strength.INFERRED]
    by_family = _count_by_family(hidden, lineage)
    inside = by_family[family]
    asked_about = {family: inside, OTHERS: len(hidden) - inside, ALL: len(hidden)}
    return Evaluation(
        snapshot.id,
        measure_accuracy_by_rule(judged, len(hidden)),
        measure_accuracy_by_family(judged, by_family),
        measure_accuracy_by_year(judged, list(hidden), snapshot.record_column("created_at")),
        family,
        "declared" if labels is None else "labels",
        tuple(_score_groups(judged, asked_about, family)),
        tuple(_describe_evaluated_mistake(each, nodes, hidden, children) for each in worst),
        sum(family in each.crosses for each in judged),
        tuple(name for name in inferring if name not in fired),
        unknown,
        0 if labels is None else labels.bad_lines,
        tuple(count_notes_of_snapshot(snapshot.manifest)),
    )


def _count_by_family(hidden: HiddenParents, lineage: DeclaredLineage) -> dict[str, int]:
    """Count the models whose hidden parents lead to each family."""
    children = np.repeat(np.arange(len(hidden)), [len(parents) for parents in hidden.values()])
    parents = np.array([parent for each in hidden.values() for parent in each], np.int64)
    return {
        family: len(np.unique(children[lineage.releases[at][parents] != 0]))
        for at, family in enumerate(lineage.families)
    }


def _hide_evaluated_parents(
    scope: Scope, nodes: InferenceInput, labels: Labels | None
) -> tuple[HiddenParents, int]:
    """Return the hidden parents by child, and how many labelled children are not listed."""
    listed = scope.snapshot.manifest.models
    if labels is None:
        children = np.unique(nodes.child[nodes.child != nodes.parent]).tolist()
        return {node: tuple(find_parents(node, nodes.child, nodes.parent)) for node in children}, 0
    node_of = scope.nodes_of({id for pair in labels.pairs for id in pair})
    hidden: dict[int, tuple[int, ...]] = {}
    unlisted: set[str] = set()
    for child, parent in labels.pairs:
        node = node_of.get(child, listed)
        if node >= listed:
            unlisted.add(child)
            continue
        parents = (node_of[parent],) if parent in node_of else ()
        hidden[node] = tuple(dict.fromkeys((*hidden.get(node, ()), *parents)))
    return hidden, len(unlisted)


def _infer_evaluated_claims(
    snapshot: Snapshot,
    nodes: InferenceInput,
    hidden: HiddenParents,
    families: Sequence[Family],
    rules: Sequence[Rule],
) -> Iterator[InferredClaim]:
    candidates = mark_nodes(snapshot.manifest.models, np.array(list(hidden), np.int64))
    at_reading = set()
    for rule in rules:
        if rule.make_inference is not None:
            yield from infer_claims(rule.make_inference(families), nodes, candidates)
        elif rule.strength is Strength.INFERRED:
            at_reading.add(rule.name)
    # These read cards and configurations, which are not kept: what they inferred is.
    yield from _read_evaluated_claims(snapshot, nodes, hidden, at_reading)


def _read_evaluated_claims(
    snapshot: Snapshot, nodes: InferenceInput, candidates: Collection[int], rules: set[str]
) -> Iterator[InferredClaim]:
    """Yield what rules inferred when the models were read, from the evidence."""
    columns = ["child_key", "parent_key", "rule", "quote"]
    table = snapshot.table(schema.EVIDENCE_FILE, columns)
    value_set = pa.array(sorted(rules), pa.string())
    table = table.filter(pc.is_in(table["rule"], value_set=value_set)).drop_null()
    child, parent = (
        pc.index_in(table[name], value_set=nodes.keys).to_pylist()
        for name in ("child_key", "parent_key")
    )
    texts = (table[name].to_pylist() for name in ("rule", "quote"))
    for node, above, rule, quote in zip(child, parent, *texts, strict=True):
        if node is not None and above is not None and node != above and node in candidates:
            yield InferredClaim(node, above, Claim(rule, str(nodes.ids[above]), quote), rule)


def _judge_claim(
    claim: InferredClaim, nodes: InferenceInput, lineage: DeclaredLineage, hidden: HiddenParents
) -> JudgedClaim:
    # A quantized copy and its original carry the same weights: either is a right answer.
    declared = hidden[claim.child]
    behind = {node for parent in declared for node in lineage.weights_behind(parent)}
    right = lineage.original_of(claim.parent) in behind
    above = {lineage.original_of(parent) for parent in lineage.parents_of(claim.parent)}
    line = right or bool(above & {lineage.original_of(parent) for parent in declared})
    declared_releases = lineage.releases_of(declared)
    claimed_releases = lineage.releases_of([claim.parent])
    families, claimed = (
        _families_of_labels(lineage, releases) for releases in (declared_releases, claimed_releases)
    )
    return JudgedClaim(
        claim,
        str(nodes.ids[claim.child]).partition("/")[0],
        families,
        right,
        line,
        declared_releases == claimed_releases if families else None,
        bool(claimed & families),
        claimed - families,
    )


def _families_of_labels(lineage: DeclaredLineage, releases: Sequence[int]) -> frozenset[str]:
    return frozenset(id for id, bits in zip(lineage.families, releases, strict=True) if bits)


def _score_groups(
    judged: Sequence[JudgedClaim], hidden: Mapping[str, int], family: str
) -> Iterator[Score]:
    groups: dict[tuple[str, str, str], list[JudgedClaim]] = defaultdict(list)
    for each in judged:
        for group in (family if family in each.families else OTHERS, ALL):
            groups[group, each.claim.claim.rule, each.claim.pattern].append(each)
            groups[group, ALL, ALL].append(each)
    order = {group: place for place, group in enumerate(hidden)}
    for group, rule, pattern in sorted(groups, key=lambda key: (order[key[0]], key[1:])):
        members = groups[group, rule, pattern]
        yield _evaluate_claims(members, group, rule, pattern, hidden[group])


def _evaluate_claims(
    judged: Sequence[JudgedClaim], group: str, rule: str, pattern: str, hidden: int
) -> Score:
    by_author: dict[str, list[bool]] = defaultdict(list)
    for each in judged:
        by_author[each.author].append(each.line)
    # An author who publishes a thousand models in one manner would decide the share alone.
    means = [sum(lines) / len(lines) for lines in by_author.values()]
    unseen = [each for each in judged if is_held_out_of_evaluation(each.author)]
    return Score(
        group,
        rule,
        pattern,
        hidden,
        len({each.claim.child for each in judged}),
        parent=Share(sum(each.parent for each in judged), len(judged)),
        line=Share(sum(each.line for each in judged), len(judged)),
        release=Share(
            sum(each.release is True for each in judged),
            sum(each.release is not None for each in judged),
        ),
        checked=Share(sum(each.line for each in unseen), len(unseen)),
        authors=Share(sum(means), len(means)),
    )


def is_held_out_of_evaluation(author: str) -> bool:
    """Say whether an author belongs to the half that no rule was tuned on, by a hash."""
    return bool(hashlib.sha256(author.encode()).digest()[0] & 1)


def _evaluate_once_each(wrong: Sequence[JudgedClaim]) -> Iterator[JudgedClaim]:
    """Yield one mistake for each author and inferred parent."""
    reported: set[tuple[str, int]] = set()
    for each in wrong:
        manner = each.author, each.claim.parent
        if manner not in reported:
            reported.add(manner)
            yield each


def _describe_evaluated_mistake(
    judged: JudgedClaim, nodes: InferenceInput, hidden: HiddenParents, children: Positions
) -> Mistake:
    claim = judged.claim
    return Mistake(
        str(nodes.ids[claim.child]),
        str(nodes.ids[claim.parent]),
        tuple(str(nodes.ids[parent]) for parent in hidden[claim.child]),
        claim.claim.rule,
        claim.pattern,
        claim.claim.quote,
        int(children[claim.child]),
        bool(judged.crosses),
    )
