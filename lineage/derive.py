"""What follows from a sealed draft: names settled, evidence merged into edges, bases counted."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lineage.analysis.every_base import count_every_base
from lineage.crawl.cards import Heard
from lineage.domain.evidence import Relation, Strength, Witness
from lineage.domain.families import Family
from lineage.domain.forgotten import NOBODY, Forgotten
from lineage.evidence import Rule
from lineage.evidence.second_hearing import Guess
from lineage.graph.edges import Edges, Weights, merge, relations_of
from lineage.graph.later_names import nodes_called
from lineage.graph.names import FormerNames, Settled, Written, settle
from lineage.graph.renames import renamed
from lineage.graph.undeclared import Nodes, hear_again, parentless
from lineage.store import derived, schema
from lineage.store.draft import Draft
from lineage.store.earlier import said_before
from lineage.store.forgetting import dead_without, said_without
from lineage.store.manifest import Kind
from lineage.store.snapshot import Snapshot
from lineage.store.testimony import Testimony
from lineage.store.tombstones import in_order, newly_gone, still_gone

_STRENGTHS = list(Strength)
_RELATIONS = list(Relation)
_NOT_SAID = -1
_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class _Said:
    """What was said in both hearings, one element a witness, its parent settled to a node."""

    child: npt.NDArray[np.int32]
    parent: npt.NDArray[np.int32]
    rule: npt.NDArray[np.int8]
    relation: npt.NDArray[np.int8]

    def and_then(self, other: "_Said") -> "_Said":
        return _Said(
            np.concatenate([self.child, other.child]),
            np.concatenate([self.parent, other.parent]),
            np.concatenate([self.rule, other.rule]),
            np.concatenate([self.relation, other.relation]),
        )


class _Guessed(NamedTuple):
    """One witness of the second hearing."""

    child: int
    witness: Witness
    parent: int
    rule: int


HearCards = Callable[[Heard], Iterable[tuple[int, Witness]]]
"""Told what the first hearing brought, it reads cards: a child's row with each witness."""


def derive(
    draft: Draft,
    before: Snapshot | None,
    families: Sequence[Family],
    rules: Sequence[Rule],
    *,
    hear_cards: HearCards | None = None,
    forgotten: Forgotten = NOBODY,
) -> None:
    """Write every derived table of a sealed draft."""
    _bury(draft, before, rules, forgotten)
    testimony = draft.testimony([rule.name for rule in rules])
    former = _former_names(draft, before, families)
    dead = draft.dead.num_rows
    settled = settle(_written(testimony, rules), draft.all_keys, draft.all_ids, former, dead)
    said = _first_hearing(testimony, settled, draft.records, rules)
    nodes = _nodes(draft, said, settled, former, rules)
    guessed = _names(draft, said, nodes, families, rules)
    if hear_cards is not None:
        guessed += _cards(draft.models, said, nodes, rules, hear_cards)
    said = said.and_then(_second_hearing(draft, nodes, guessed))
    draft.write_evidence(settled.keys, said.parent)
    relation_of = relations_of(said.child, said.rule, said.relation, _weights(rules), draft.records)
    edges = merge(said.child, said.parent, said.rule, relation_of, _weights(rules))
    _write_edges(draft, settled, edges, rules)
    counted = edges.strength >= _STRENGTHS.index(Strength.STATED)
    bases = count_every_base(
        edges.child[counted], edges.parent[counted], relation_of[: draft.models], draft.undated
    )
    draft.write(
        schema.COUNTS_FILE,
        derived.counts_table(settled.keys, settled.ids, bases.node, bases.direct, bases.total),
    )
    draft.write(
        schema.NAMES_FILE,
        derived.names_table(
            one for one in _learned(before, former, settled) if not forgotten.covers(one[0])
        ),
    )


def _bury(
    draft: Draft, before: Snapshot | None, rules: Sequence[Rule], forgotten: Forgotten
) -> None:
    """Keep who is gone, with all that was said of them while they lived.

    Only a full listing proves that a model is missing, and only who is met is back. What lies
    below one base says nothing of anybody else.
    """
    if before is None or draft.origin.kind is Kind.BELOW:
        draft.remember(())
        return
    present = draft.present()
    dead = [still_gone(before, present)]
    if draft.origin.kind is Kind.SWEEP:
        dead.append(newly_gone(before, present, draft.origin.taken_at))
    draft.bury(dead_without(in_order(dead), forgotten))
    words = said_before(before, draft.rows_of_the_dead, gives_keys=_giving_keys(rules))
    draft.remember(said_without(words, forgotten))


def _giving_keys(rules: Sequence[Rule]) -> list[str]:
    return [rule.name for rule in rules if rule.strength is Strength.CONFIRMED]


def _first_hearing(
    testimony: Testimony, settled: Settled, records: int, rules: Sequence[Rule]
) -> _Said:
    """Return what records said, those of the dead too.

    A guess that a model comes from itself says nothing. Of a model whose parents are stated, no
    guess tells the relation.
    """
    child, parent = testimony.child, settled.parent
    stated = _is_stated(rules)[testimony.rule]
    kept = stated | (parent != child)
    tells = stated | parentless(records, child[stated], parent[stated])[child]
    return _Said(
        child,
        np.where(kept, parent, _NOWHERE).astype(np.int32),
        testimony.rule,
        np.where(tells, testimony.relation, _NOT_SAID).astype(np.int8),
    )


def _names(
    draft: Draft, said: _Said, nodes: Nodes, families: Sequence[Family], rules: Sequence[Rule]
) -> list[_Guessed]:
    """Ask the rules that guess about listed models without a parent."""
    asked = parentless(draft.records, said.child, said.parent)
    asked[draft.models :] = False
    return [
        _Guessed(one.child, _witness(rule, one.guess), one.parent, number)
        for number, rule in enumerate(rules)
        if rule.hear_again is not None
        for one in hear_again(rule.hear_again(families), nodes, asked)
    ]


def _second_hearing(draft: Draft, nodes: Nodes, guessed: Iterable[_Guessed]) -> _Said:
    """Keep the words of the second hearing in the draft, and return what they say.

    Of a model whose parents are stated, no guess tells the relation.
    """
    # By child and by rule's name, so that the order of the rules shows nowhere.
    guessed = sorted(guessed, key=lambda one: (one.child, one.witness[:3]))
    children = np.array([one.child for one in guessed], np.int32)
    draft.hear_again(children, [one.witness for one in guessed])
    relations = np.array([_position(one.witness.relation) for one in guessed], np.int8)
    alone = parentless(draft.records, nodes.child, nodes.parent)
    return _Said(
        children,
        np.array([one.parent for one in guessed], np.int32),
        np.array([one.rule for one in guessed], np.int8),
        np.where(alone[children], relations, _NOT_SAID).astype(np.int8),
    )


def _cards(
    models: int, said: _Said, nodes: Nodes, rules: Sequence[Rule], hear_cards: HearCards
) -> list[_Guessed]:
    """Return what the texts of cards say, each name settled to a model that there is."""
    numbers = {rule.name: number for number, rule in enumerate(rules)}
    stated = _is_stated(rules)[said.rule] & (said.child < models)
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


def _witness(rule: Rule, guess: Guess) -> Witness:
    relation = None if guess.relation is None else guess.relation.value
    return Witness(rule.name, guess.parent, guess.quote, relation)


def _nodes(
    draft: Draft, said: _Said, settled: Settled, former: FormerNames, rules: Sequence[Rule]
) -> Nodes:
    stated = (said.parent >= 0) & _is_stated(rules)[said.rule]
    return Nodes(
        settled.keys,
        settled.ids,
        draft.record_column("created_at"),
        draft.record_column("model_type"),
        said.child[stated],
        said.parent[stated],
        {**former.keys, **settled.told, **settled.learned},
        former.now,
    )


def _position(relation: str | None) -> int:
    return _NOT_SAID if relation is None else _RELATIONS.index(Relation(relation))


def _is_stated(rules: Sequence[Rule]) -> npt.NDArray[np.bool_]:
    return np.array([rule.strength is not Strength.GUESSED for rule in rules], np.bool_)


def _learned(
    before: Snapshot | None, former: FormerNames, settled: Settled
) -> Iterable[tuple[str, str, str]]:
    """Return every former name with its key, and who taught it."""
    said = {} if before is None else derived.former_sources(before.former_names())
    seen = {
        name: (name, key, said.get((name, key), "earlier snapshot"))
        for name, key in former.keys.items()
    }
    taught = {name: (name, key, "card") for name, key in settled.learned.items()}
    told = {name: (name, key, "hub") for name, key in settled.told.items()}
    return (seen | taught | told).values()


def _written(testimony: Testimony, rules: Sequence[Rule]) -> Written:
    # The dead are heard with their guesses, whose parents may be gone without a trace by now.
    names_models = np.array([rule.names_models for rule in rules], np.bool_) & _is_stated(rules)
    teaches = np.array([rule.teaches_names for rule in rules], np.bool_)
    return Written(
        child=testimony.child,
        name=testimony.name,
        names=testimony.names,
        key=testimony.key,
        keys=testimony.keys,
        is_hub=testimony.key >= 0,
        is_card=teaches[testimony.rule],
        names_models=names_models[testimony.rule],
        is_guess=~_is_stated(rules)[testimony.rule],
    )


def _former_names(draft: Draft, before: Snapshot | None, families: Sequence[Family]) -> FormerNames:
    keys: dict[str, str] = {}
    if before is not None:
        models = before.table(schema.MODELS_FILE, ["key", "id"])
        keys = dict(derived.former_keys(before.former_names()))
        for known in (before.tombstones(["key", "id"]), models):
            old_keys, old_ids = (known[name].combine_chunks() for name in ("key", "id"))
            keys |= renamed(old_keys, old_ids, draft.keys, draft.ids)
    return FormerNames(
        now={former.name: former.now for family in families for former in family.former_names()},
        keys=keys,
        registered=frozenset(root for family in families for root in family.roots()),
    )


def _weights(rules: Sequence[Rule]) -> Weights:
    return Weights(
        [_STRENGTHS.index(rule.strength) for rule in rules],
        [rule.relation_rank for rule in rules],
    )


def _write_edges(draft: Draft, settled: Settled, edges: Edges, rules: Sequence[Rule]) -> None:
    tables = derived.edge_tables(
        settled.keys,
        settled.ids,
        child=edges.child,
        parent=edges.parent,
        relation=edges.relation,
        strength=edges.strength,
        rules=edges.rules,
        rule_names=[rule.name for rule in rules],
    )
    draft.write_streamed(schema.EDGES_FILE, tables)
