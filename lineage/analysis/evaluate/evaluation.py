"""How often guesses are right: declared edges are hidden, rules guess, the two are compared.

A guess is right in three ways, each reported by itself. `parent`: it is a declared parent or one
with the same weights, be it a plain mirror or the original behind a quantized copy. `line`: or it
declares a declared parent itself, as where a card was copied from the original together with the
original's own parent. `release`: both lead to the same nearest releases of every family.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.evaluate.accuracy import ALL, OTHERS, Evaluation, Mistake, Score
from lineage.analysis.evaluate.known_answers import (
    Lineage,
    find_nodes,
    lineage_of,
    nodes_of,
    parents_of,
)
from lineage.analysis.evaluate.labels import Labels
from lineage.analysis.evaluate.shares import Share
from lineage.domain.arrays import Positions
from lineage.domain.claims import Claim, Strength
from lineage.domain.families import Family
from lineage.evidence import Rule
from lineage.evidence.infer import InferenceInput, InferredClaim, infer_claims
from lineage.store import schema
from lineage.store.reader import Snapshot

Truth = Mapping[int, tuple[int, ...]]
"""The hidden parents of every model that is asked about, by node."""

_MISTAKES = 20


@dataclass(frozen=True, slots=True)
class _Case:
    """One guess beside what is known."""

    guess: InferredClaim
    author: str
    families: frozenset[str]
    parent: bool
    line: bool
    release: bool | None
    """None where the hidden parents lead to no release."""
    crosses: frozenset[str]
    """Families that the guess alone leads to."""


def evaluate(
    snapshot: Snapshot,
    families: Sequence[Family],
    rules: Sequence[Rule],
    family: str,
    labels: Labels | None = None,
) -> Evaluation:
    """Hide what is declared of models, or labelled, let each rule that guesses speak, compare."""
    nodes = nodes_of(snapshot, families)
    stated = lineage_of(snapshot, nodes, families)
    truth, unknown = _truth(snapshot, nodes, labels)
    guesses = list(_guesses(snapshot, nodes, truth, families, rules))
    cases = [_case(guess, nodes, stated, truth) for guess in guesses]
    wrong = [case for case in cases if not case.line]
    count = np.bincount(nodes.parent, minlength=len(nodes.ids))
    wrong.sort(key=lambda case: (not case.crosses, -count[case.guess.child], case.guess.child))
    spoke = {guess.claim.rule for guess in guesses}
    guessing = [rule.name for rule in rules if rule.strength is Strength.INFERRED]
    worst = islice(_one_of_a_kind(wrong), _MISTAKES)
    mistakes = [_mistake(case, nodes, truth, count) for case in worst]
    return Evaluation(
        snapshot.id,
        family,
        "declared" if labels is None else "labels",
        tuple(_scores(cases, _hidden(truth, stated, family), family)),
        tuple(mistakes),
        sum(family in case.crosses for case in cases),
        tuple(name for name in guessing if name not in spoke),
        unknown,
        0 if labels is None else labels.bad_lines,
    )


def _truth(snapshot: Snapshot, nodes: InferenceInput, labels: Labels | None) -> tuple[Truth, int]:
    """Return the hidden parents by child, and how many labelled children are not there."""
    listed = snapshot.manifest.models
    if labels is None:
        children = np.unique(nodes.child[nodes.child != nodes.parent]).tolist()
        return {one: tuple(parents_of(one, nodes.child, nodes.parent)) for one in children}, 0
    known = find_nodes(nodes, sorted({id for pair in labels.pairs for id in pair}))
    truth: dict[int, tuple[int, ...]] = {}
    for child, parent in labels.pairs:
        if known.get(child, listed) < listed:
            found = (known[parent],) if parent in known else ()
            truth[known[child]] = (*truth.get(known[child], ()), *found)
    strangers = {child for child, _ in labels.pairs if known.get(child, listed) >= listed}
    return truth, len(strangers)


def _guesses(
    snapshot: Snapshot,
    nodes: InferenceInput,
    truth: Truth,
    families: Sequence[Family],
    rules: Sequence[Rule],
) -> Iterator[InferredClaim]:
    asked = np.zeros(snapshot.manifest.models, np.bool_)
    asked[list(truth)] = True
    for rule in rules:
        if rule.make_inference is not None:
            yield from infer_claims(rule.make_inference(families), nodes, asked)
    names = {rule.name for rule in rules if rule.strength is Strength.INFERRED}
    silent = {rule.name for rule in rules if rule.make_inference is not None}
    yield from _heard_before(snapshot, nodes, truth, names - silent)


def _heard_before(
    snapshot: Snapshot, nodes: InferenceInput, asked: Collection[int], rules: set[str]
) -> Iterator[InferredClaim]:
    """Yield what rules guessed when the models were read: that is in the evidence already."""
    columns = ["child_key", "parent_key", "rule", "quote"]
    table = snapshot.table(schema.EVIDENCE_FILE, columns)
    wanted = pa.array(sorted(rules), pa.string())
    table = table.filter(pc.is_in(table["rule"], value_set=wanted)).drop_null()
    child, parent = (
        pc.index_in(table[name], value_set=nodes.keys).to_pylist()
        for name in ("child_key", "parent_key")
    )
    said = (table[name].to_pylist() for name in ("rule", "quote"))
    for one, other, rule, quote in zip(child, parent, *said, strict=True):
        if one is not None and other is not None and one != other and one in asked:
            yield InferredClaim(one, other, Claim(rule, str(nodes.ids[other]), quote), rule)


def _case(guess: InferredClaim, nodes: InferenceInput, stated: Lineage, truth: Truth) -> _Case:
    declared = truth[guess.child]
    behind = {node for one in declared for node in stated.weights(one)}
    right = stated.original(guess.parent) in behind
    above = {stated.original(one) for one in stated.parents(guess.parent)}
    line = right or bool(above & {stated.original(one) for one in declared})
    met, led = stated.releases_of(declared), stated.releases_of([guess.parent])
    families = _families(stated, met)
    return _Case(
        guess,
        str(nodes.ids[guess.child]).partition("/")[0],
        families,
        right,
        line,
        met == led if families else None,
        _families(stated, led) - families,
    )


def _families(stated: Lineage, releases: Sequence[int]) -> frozenset[str]:
    return frozenset(id for id, bits in zip(stated.families, releases, strict=True) if bits)


def _hidden(truth: Truth, stated: Lineage, family: str) -> dict[str, int]:
    """Return how many models were asked about, by group."""
    belongs = stated.releases[stated.families.index(family)] != 0
    inside = sum(bool(belongs[list(declared)].any()) for declared in truth.values())
    return {family: inside, OTHERS: len(truth) - inside, ALL: len(truth)}


def _scores(cases: Sequence[_Case], hidden: Mapping[str, int], family: str) -> Iterator[Score]:
    groups: dict[tuple[str, str, str], list[_Case]] = defaultdict(list)
    for case in cases:
        for group in (family if family in case.families else OTHERS, ALL):
            groups[group, case.guess.claim.rule, case.guess.pattern].append(case)
            groups[group, ALL, ALL].append(case)
    order = {group: place for place, group in enumerate(hidden)}
    for group, rule, habit in sorted(groups, key=lambda key: (order[key[0]], key[1:])):
        members = groups[group, rule, habit]
        yield _score(members, group, rule, habit, hidden[group])


def _score(cases: Sequence[_Case], group: str, rule: str, habit: str, hidden: int) -> Score:
    by_author: dict[str, list[bool]] = defaultdict(list)
    for case in cases:
        by_author[case.author].append(case.line)
    means = [sum(lines) / len(lines) for lines in by_author.values()]
    return Score(
        group,
        rule,
        habit,
        hidden,
        len({case.guess.child for case in cases}),
        Share(sum(case.parent for case in cases), len(cases)),
        _lines(cases),
        Share(
            sum(case.release is True for case in cases),
            sum(case.release is not None for case in cases),
        ),
        _lines([case for case in cases if is_held_out(case.author)]),
        Share(sum(means), len(means)),
    )


def _lines(cases: Sequence[_Case]) -> Share:
    return Share(sum(case.line for case in cases), len(cases))


def is_held_out(author: str) -> bool:
    """Say whether an author belongs to the half that no rule was tuned on, by a hash."""
    return bool(hashlib.sha256(author.encode()).digest()[0] & 1)


def _one_of_a_kind(wrong: Sequence[_Case]) -> Iterator[_Case]:
    """Yield one mistake for each author and guessed parent."""
    told: set[tuple[str, int]] = set()
    for case in wrong:
        kind = case.author, case.guess.parent
        if kind not in told:
            told.add(kind)
            yield case


def _mistake(case: _Case, nodes: InferenceInput, truth: Truth, children: Positions) -> Mistake:
    guess = case.guess
    return Mistake(
        str(nodes.ids[guess.child]),
        str(nodes.ids[guess.parent]),
        tuple(str(nodes.ids[one]) for one in truth[guess.child]),
        guess.claim.rule,
        guess.pattern,
        guess.claim.quote,
        int(children[guess.child]),
        bool(case.crosses),
    )
