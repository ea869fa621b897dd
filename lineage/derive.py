"""What follows from a sealed draft: names settled, evidence merged into edges, bases counted."""

from collections.abc import Iterable, Sequence

import numpy as np

from lineage.analysis.every_base import count_every_base
from lineage.domain.evidence import Strength
from lineage.domain.families import Family
from lineage.domain.forgotten import NOBODY, Forgotten
from lineage.evidence import Rule
from lineage.graph.edges import Edges, Weights, merge, relations_of
from lineage.graph.names import FormerNames, Settled, Written, settle
from lineage.graph.renames import renamed
from lineage.hearings import HearCards, first_hearing, is_stated, second_hearing, what_exists
from lineage.store import derived, schema
from lineage.store.draft import Draft
from lineage.store.earlier import said_before
from lineage.store.forgetting import dead_without, is_forgotten, said_without
from lineage.store.manifest import Kind
from lineage.store.snapshot import Snapshot
from lineage.store.testimony import Testimony
from lineage.store.tombstones import in_order, newly_gone, still_gone

_STRENGTHS = list(Strength)


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
    said = first_hearing(testimony, settled, draft.records, rules)
    exists = what_exists(draft, said, settled, former, rules)
    said = said.and_then(
        second_hearing(draft, said, exists, families, rules, hear_cards=hear_cards)
    )
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
            one
            for one in _learned(before, former, settled)
            if not is_forgotten(*one[:2], forgotten)
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
    names_models = np.array([rule.names_models for rule in rules], np.bool_) & is_stated(rules)
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
        is_guess=~is_stated(rules)[testimony.rule],
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
