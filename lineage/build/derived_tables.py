"""What follows from a sealed draft: names settled, evidence merged into edges, bases counted."""

from collections.abc import Iterable, Sequence

import numpy as np

from lineage.analysis.every_base import count_every_base
from lineage.build.burial import Earlier, bury
from lineage.build.claims_spool import Claims
from lineage.build.draft import Draft
from lineage.build.edges import Edges, Weights, merge, relations_of
from lineage.build.infer import (
    InferFromCards,
    first_hearing,
    is_stated,
    second_hearing,
    what_exists,
)
from lineage.build.renames import renamed
from lineage.build.resolve import FormerNames, ResolvedNames, Written, resolve_names
from lineage.domain.claims import Strength
from lineage.domain.families import Family
from lineage.domain.opt_outs import NO_OPT_OUTS, OptOuts
from lineage.domain.repo_ids import STAND_IN
from lineage.evidence import Rule
from lineage.store import derived_rows, schema
from lineage.store.reader import Snapshot
from lineage.store.redaction import is_forgotten


def derive(
    draft: Draft,
    past: Sequence[Earlier],
    families: Sequence[Family],
    rules: Sequence[Rule],
    *,
    hear_cards: InferFromCards | None = None,
    opt_outs: OptOuts = NO_OPT_OUTS,
) -> None:
    """Write every derived table of a sealed draft; `past` begins with the newest before it."""
    bury(draft, past, giving_keys(rules), opt_outs)
    claims = draft.claims([rule.name for rule in rules])
    former = _former_names(draft, past, families)
    dead = draft.dead.num_rows
    resolved = resolve_names(_written(claims, rules), draft.all_keys, draft.all_ids, former, dead)
    said = first_hearing(claims, resolved, draft.records, rules)
    exists = what_exists(draft, said, resolved, former, rules)
    said = said.and_then(
        second_hearing(draft, said, exists, families, rules, hear_cards=hear_cards)
    )
    draft.write_evidence(resolved.keys, said.parent)
    relation_of = relations_of(said.child, said.rule, said.relation, _weights(rules), draft.records)
    edges = merge(said.child, said.parent, said.rule, relation_of, _weights(rules))
    _write_edges(draft, resolved, edges, rules)
    counted = edges.strength >= Strength.DECLARED.code
    bases = count_every_base(
        edges.child[counted], edges.parent[counted], relation_of[: draft.models], draft.undated
    )
    draft.write(
        schema.COUNTS_FILE,
        derived_rows.counts_table(
            resolved.keys, resolved.ids, bases.node, bases.direct, bases.total
        ),
    )
    draft.write(
        schema.NAMES_FILE,
        derived_rows.names_table(
            one for one in _learned(past, former, resolved) if not is_forgotten(*one[:2], opt_outs)
        ),
    )


def giving_keys(rules: Sequence[Rule]) -> list[str]:
    """Return the names of the rules that know a parent's key themselves."""
    return [rule.name for rule in rules if rule.strength is Strength.CONFIRMED]


def _learned(
    past: Sequence[Earlier], former: FormerNames, resolved: ResolvedNames
) -> Iterable[tuple[str, str, str]]:
    """Return every former name with its key, and who taught it."""
    said: dict[tuple[str, str], str] = {}
    for one in reversed(past):
        said |= derived_rows.former_sources(one.snapshot.former_names())
    seen = {
        name: (name, key, said.get((name, key), "earlier snapshot"))
        for name, key in former.keys.items()
    }
    taught = {name: (name, key, "card") for name, key in resolved.learned.items()}
    told = {name: (name, key, "hub") for name, key in resolved.told.items()}
    return (seen | taught | told).values()


def _written(claims: Claims, rules: Sequence[Rule]) -> Written:
    # The dead are heard with their guesses, whose parents may be gone without a trace by now.
    names_models = np.array([rule.names_models for rule in rules], np.bool_) & is_stated(rules)
    teaches = np.array([rule.teaches_names for rule in rules], np.bool_)
    return Written(
        child=claims.child,
        name=claims.name,
        names=claims.names,
        key=claims.key,
        keys=claims.keys,
        is_hub=claims.key >= 0,
        is_card=teaches[claims.rule],
        names_models=names_models[claims.rule],
        is_guess=~is_stated(rules)[claims.rule],
    )


def _former_names(draft: Draft, past: Sequence[Earlier], families: Sequence[Family]) -> FormerNames:
    keys: dict[str, str] = {}
    for one in reversed(past):  # what is newer has the last word
        keys |= _names_known(one.snapshot) | _renamed(draft, one.snapshot)
    return FormerNames(
        now={former.name: former.now for family in families for former in family.former_names()},
        keys=keys,
        registered=frozenset(root for family in families for root in family.roots()),
    )


def _names_known(before: Snapshot) -> dict[str, str]:
    """Return the former names a snapshot knows; keys that stand in are of no use to others."""
    known = derived_rows.former_keys(before.former_names())
    return {name: key for name, key in known.items() if not key.startswith(STAND_IN)}


def _renamed(draft: Draft, before: Snapshot) -> dict[str, str]:
    """Return the names that a snapshot has of models, listed or gone, that are called otherwise."""
    found: dict[str, str] = {}
    dead_keys, dead_ids = (draft.dead[name].combine_chunks() for name in ("key", "id"))
    listed = before.table(schema.MODELS_FILE, ["key", "id"])
    for known in (before.tombstones(["key", "id"]), listed):
        keys, ids = (known[name].combine_chunks() for name in ("key", "id"))
        found |= renamed(keys, ids, dead_keys, dead_ids)
        found |= renamed(keys, ids, draft.keys, draft.ids)
    return found


def _weights(rules: Sequence[Rule]) -> Weights:
    return Weights(
        [rule.strength.code for rule in rules],
        [rule.relation_rank for rule in rules],
    )


def _write_edges(
    draft: Draft, resolved: ResolvedNames, edges: Edges, rules: Sequence[Rule]
) -> None:
    tables = derived_rows.edge_tables(
        resolved.keys,
        resolved.ids,
        child=edges.child,
        parent=edges.parent,
        relation=edges.relation,
        strength=edges.strength,
        rules=edges.rules,
        rule_names=[rule.name for rule in rules],
    )
    draft.write_streamed(schema.EDGES_FILE, tables)
