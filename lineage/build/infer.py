"""Two hearings: what records say of themselves, then what is guessed where nobody says a parent."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lineage.build.cards import Heard
from lineage.build.claims_spool import Claims
from lineage.build.draft import Draft
from lineage.build.later_names import nodes_called
from lineage.build.resolve import FormerNames, ResolvedNames
from lineage.domain.arrays import Codes, Mask, Nodes
from lineage.domain.claims import Claim, Relation, Strength
from lineage.domain.families import Family
from lineage.evidence import Rule
from lineage.evidence.infer import InferenceInput, infer_claims, parentless

_NOT_SAID = -1
_NOWHERE = -1


InferFromCards = Callable[[Heard], Iterable[tuple[int, Claim]]]
"""Told what the first hearing brought, it reads cards: a child's row with each witness."""


@dataclass(frozen=True, slots=True)
class Said:
    """What was said in both hearings, one element a witness, its parent settled to a node."""

    child: Nodes
    parent: Nodes
    rule: Codes
    relation: Codes

    def and_then(self, other: "Said") -> "Said":
        """Return both, one after the other."""
        return Said(
            np.concatenate([self.child, other.child]),
            np.concatenate([self.parent, other.parent]),
            np.concatenate([self.rule, other.rule]),
            np.concatenate([self.relation, other.relation]),
        )


class _Guessed(NamedTuple):
    """One witness of the second hearing."""

    child: int
    claim: Claim
    parent: int
    rule: int


def first_hearing(
    claims: Claims, resolved: ResolvedNames, records: int, rules: Sequence[Rule]
) -> Said:
    """Return what records said, those of the dead too.

    A guess that a model comes from itself says nothing. Of a model whose parents are stated, no
    guess tells the relation.
    """
    child, parent = claims.child, resolved.parent
    stated = is_stated(rules)[claims.rule]
    kept = stated | (parent != child)
    tells = stated | parentless(records, child[stated], parent[stated])[child]
    return Said(
        child,
        np.where(kept, parent, _NOWHERE).astype(np.int32),
        claims.rule,
        np.where(tells, claims.relation, _NOT_SAID).astype(np.int8),
    )


def what_exists(
    draft: Draft, said: Said, resolved: ResolvedNames, former: FormerNames, rules: Sequence[Rule]
) -> InferenceInput:
    """Return the view of what is known that the second hearing needs."""
    stated = (said.parent >= 0) & is_stated(rules)[said.rule]
    return InferenceInput(
        resolved.keys,
        resolved.ids,
        draft.record_column("created_at"),
        draft.record_column("model_type"),
        said.child[stated],
        said.parent[stated],
        {**former.keys, **resolved.told, **resolved.learned},
        former.now,
    )


def second_hearing(
    draft: Draft,
    said: Said,
    exists: InferenceInput,
    families: Sequence[Family],
    rules: Sequence[Rule],
    *,
    hear_cards: InferFromCards | None = None,
) -> Said:
    """Ask the rules that guess, and read cards where a crawl does; return what they say."""
    guessed = _names(draft, said, exists, families, rules)
    if hear_cards is not None:
        guessed += _cards(draft.models, said, exists, rules, hear_cards)
    return _kept(draft, exists, guessed)


def _kept(draft: Draft, nodes: InferenceInput, guessed: Iterable[_Guessed]) -> Said:
    """Keep the words of the second hearing in the draft, and return what they say.

    Of a model whose parents are stated, no guess tells the relation.
    """
    # By child and by rule's name, so that the order of the rules shows nowhere.
    guessed = sorted(guessed, key=lambda one: (one.child, one.claim[:3]))
    children = np.array([one.child for one in guessed], np.int32)
    draft.hear_again(children, [one.claim for one in guessed])
    relations = np.array([_position(one.claim.relation) for one in guessed], np.int8)
    alone = parentless(draft.records, nodes.child, nodes.parent)
    return Said(
        children,
        np.array([one.parent for one in guessed], np.int32),
        np.array([one.rule for one in guessed], np.int8),
        np.where(alone[children], relations, _NOT_SAID).astype(np.int8),
    )


def _names(
    draft: Draft,
    said: Said,
    nodes: InferenceInput,
    families: Sequence[Family],
    rules: Sequence[Rule],
) -> list[_Guessed]:
    """Ask the rules that guess about listed models without a parent."""
    asked = parentless(draft.records, said.child, said.parent)
    asked[draft.models :] = False
    return [
        _Guessed(one.child, one.claim, one.parent, number)
        for number, rule in enumerate(rules)
        if rule.make_inference is not None
        for one in infer_claims(rule.make_inference(families), nodes, asked)
    ]


def _cards(
    models: int,
    said: Said,
    nodes: InferenceInput,
    rules: Sequence[Rule],
    hear_cards: InferFromCards,
) -> list[_Guessed]:
    """Return what the texts of cards say, each name settled to a model that there is."""
    numbers = {rule.name: number for number, rule in enumerate(rules)}
    stated = is_stated(rules)[said.rule] & (said.child < models)
    heard = Heard(
        said.child[stated],
        said.parent[stated],
        said.rule[stated],
        said.relation[stated],
        models,
    )
    told = [(child, one) for child, one in hear_cards(heard) if one.rule in numbers]
    parents = nodes_called([one.parent_as_written for _, one in told], nodes)
    return [
        _Guessed(child, one, _NOWHERE if parent == child else parent, numbers[one.rule])
        for (child, one), parent in zip(told, parents.tolist(), strict=True)
    ]


def _position(relation: str | None) -> int:
    return _NOT_SAID if relation is None else Relation(relation).code


def is_stated(rules: Sequence[Rule]) -> Mask:
    """Say of each rule whether it states or guesses."""
    return np.array([rule.strength is not Strength.INFERRED for rule in rules], np.bool_)
