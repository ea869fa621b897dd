"""How often inference is right: declared edges are hidden, rules infer, the two are compared.

A claim is right in three ways, each reported by itself. `exact`: it names a declared parent or one
with the same weights, be it a plain mirror or the original behind a quantized copy. `release`: the
nearest releases that it leads to are among those of the declared parents. `family`: both lead to
one family; where the declared parents lead to none, what it names must be one of them or declare
one of them itself, as where a card was copied together with the original's own parent.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.definition_text import count_notes_of_snapshot
from lineage.analysis.evaluate.accuracy import (
    Accuracy,
    JudgedClaim,
    measure_accuracy_by_family,
    measure_accuracy_by_pattern,
    measure_accuracy_by_rule,
    measure_accuracy_by_year,
)
from lineage.analysis.evaluate.known_answers import (
    EvaluatedLineage,
    Labels,
    read_evaluation_answers,
    read_nodes_to_evaluate,
)
from lineage.analysis.scope import Scope
from lineage.domain.arrays import Positions
from lineage.domain.claims import Claim, Strength
from lineage.domain.families import Family
from lineage.evidence import Rule, infer_claims_by_rules
from lineage.evidence.infer import InferenceInput, InferredClaim, find_parents
from lineage.graph.reach import mark_nodes
from lineage.store import schema
from lineage.store.reader import Snapshot


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
    patterns: tuple[Accuracy, ...]
    """Each rule's patterns."""
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
_PARTS = 5
"""The authors in so many parts: what one part declares is hidden at a time."""


def evaluate(
    scope: Scope, rules: Sequence[Rule], family: str, labels: Labels | None = None
) -> Evaluation:
    """Hide what is declared of models, or labelled, let each rule infer, and compare."""
    snapshot = scope.snapshot
    nodes = read_nodes_to_evaluate(scope)
    lineage = read_evaluation_answers(scope, nodes)
    hidden, unknown = _hide_evaluated_parents(scope, nodes, labels)
    claims = list(
        _infer_evaluated_claims(snapshot, nodes, hidden, scope.families_of_scope_as_now(), rules)
    )
    judged = [_judge_claim(claim, nodes, lineage, hidden) for claim in claims]

    # A claim that names a model is wrong where the line is; one that names a release, where its
    # family is.
    wrong = [
        each
        for each in judged
        if each.right is False or not (each.line or each.claim.parent in lineage.claimable)
    ]
    children = np.bincount(nodes.parent, minlength=len(nodes.ids))
    wrong.sort(key=lambda each: (not each.crosses, -children[each.claim.child], each.claim.child))
    worst = islice(_evaluate_once_each(wrong), _MISTAKES)
    fired = {claim.claim.rule for claim in claims}
    inferring = [rule.name for rule in rules if rule.strength is Strength.INFERRED]
    by_family = _count_by_family(hidden, lineage)
    if family not in by_family:
        raise KeyError(family)
    return Evaluation(
        snapshot.id,
        measure_accuracy_by_rule(judged, len(hidden)),
        measure_accuracy_by_family(judged, by_family),
        measure_accuracy_by_year(judged, list(hidden), snapshot.record_column("created_at")),
        family,
        "declared" if labels is None else "labels",
        measure_accuracy_by_pattern(judged, len(hidden)),
        tuple(_describe_evaluated_mistake(each, nodes, hidden, children) for each in worst),
        sum(family in each.crosses for each in judged),
        tuple(name for name in inferring if name not in fired),
        unknown,
        0 if labels is None else labels.bad_lines,
        tuple(count_notes_of_snapshot(snapshot.manifest)),
    )


def _count_by_family(hidden: HiddenParents, lineage: EvaluatedLineage) -> dict[str, int]:
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
    # A root that the snapshot does not list is known all the same: its release stands for it.
    releases = [release for family in scope.families for release in family.releases]
    release_of = {root.lower(): it.subject for it in releases for root in it.root_repo_ids()}
    hidden: dict[int, tuple[int, ...]] = {}
    unlisted: set[str] = set()
    for child, parent in labels.pairs:
        node = node_of.get(child, listed)
        if node >= listed:
            unlisted.add(child)
            continue
        # A snapshot in which something was inferred to come from a release has a node of that name.
        above = nodes.claimable.get(parent, node_of.get(parent))
        if above is None:
            above = nodes.claimable.get(release_of.get(parent.lower(), ""))
        parents = () if above is None else (above,)
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
    # Whole authors at a time: what an author declares elsewhere must not give the answer away.
    owners = pc.replace_substring_regex(nodes.ids, "/.*$", "").dictionary_encode()
    part_of_owner = [_part_of_author(owner) for owner in owners.dictionary.to_pylist()]
    part = np.array(part_of_owner, np.int8)[owners.indices.to_numpy()]
    for number in range(_PARTS):
        is_other = part[nodes.child] != number
        remaining = replace(nodes, child=nodes.child[is_other], parent=nodes.parent[is_other])
        models = candidates & (part[: len(candidates)] == number)
        yield from infer_claims_by_rules(rules, families, remaining, models)
    at_reading = {
        rule.name for rule in rules if rule.strength is Strength.INFERRED and rule.infer is None
    }
    # These read cards and configurations, which are not kept: what they inferred is.
    yield from _read_evaluated_claims(snapshot, nodes, hidden, at_reading)


def _part_of_author(owner: str) -> int:
    return hashlib.sha256(owner.encode()).digest()[1] % _PARTS


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
    claim: InferredClaim, nodes: InferenceInput, lineage: EvaluatedLineage, hidden: HiddenParents
) -> JudgedClaim:
    # A quantized copy and its original carry the same weights: either is a right answer.
    declared = hidden[claim.child]
    behind = {node for parent in declared for node in lineage.weights_behind(parent)}
    exact = lineage.original_of(claim.parent) in behind
    above = {lineage.original_of(parent) for parent in lineage.parents_of(claim.parent)}
    line = exact or bool(above & {lineage.original_of(parent) for parent in declared})
    declared_releases = lineage.releases_of(declared)
    claimed_releases = lineage.releases_of([claim.parent])
    families, claimed = (
        frozenset(id for id, bits in zip(lineage.families, releases, strict=True) if bits)
        for releases in (declared_releases, claimed_releases)
    )
    is_model = claim.parent not in lineage.claimable
    # What the registry calls no descendant is known, though it leads to no root.
    is_outsider = any(lineage.outsider[node] for node in declared)
    is_known = bool(families) or is_model or is_outsider
    # A parent without a listing may well come from that family.
    is_listed = any(node < len(nodes.created_at) for node in declared)
    several = not is_model and sum(map(int.bit_count, claimed_releases)) > 1
    pairs = zip(claimed_releases, declared_releases, strict=True)
    return JudgedClaim(
        claim,
        str(nodes.ids[claim.child]).partition("/")[0],
        families,
        claimed,
        exact,
        line,
        None
        if not families or not claimed or several
        else all(ours & ~theirs == 0 for ours, theirs in pairs),
        (bool(claimed & families) if families else line) if is_known else None,
        bool(families) or is_outsider or is_listed,
    )


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
