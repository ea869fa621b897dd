"""What follows from a sealed draft: names settled, evidence merged into edges, bases counted."""

from collections.abc import Sequence

import numpy as np

from lineage.analysis.every_base import count_every_base
from lineage.domain.evidence import Strength
from lineage.domain.families import Family
from lineage.evidence import Rule
from lineage.graph.edges import Edges, Weights, merge, relations_of
from lineage.graph.names import FormerNames, Settled, Written, settle
from lineage.graph.renames import renamed
from lineage.store import derived, schema
from lineage.store.draft import Draft
from lineage.store.snapshot import Snapshot
from lineage.store.testimony import Testimony

_STRENGTHS = list(Strength)


def derive(
    draft: Draft, before: Snapshot | None, families: Sequence[Family], rules: Sequence[Rule]
) -> None:
    """Write every derived table of a sealed draft."""
    testimony = draft.testimony([rule.name for rule in rules])
    former = _former_names(draft, before, families)
    settled = settle(_written(testimony, rules), draft.keys, draft.ids, former)
    draft.write_evidence(settled.keys, settled.parent)
    relation_of = relations_of(
        testimony.child, testimony.rule, testimony.relation, _weights(rules), draft.models
    )
    edges = merge(testimony.child, settled.parent, testimony.rule, relation_of, _weights(rules))
    _write_edges(draft, settled, edges, rules)
    counted = edges.strength >= _STRENGTHS.index(Strength.STATED)
    bases = count_every_base(
        edges.child[counted], edges.parent[counted], relation_of, draft.undated
    )
    draft.write(
        schema.COUNTS_FILE,
        derived.counts_table(settled.keys, settled.ids, bases.node, bases.direct, bases.total),
    )
    said = {} if before is None else derived.former_sources(before.former_names())
    seen = {
        name: (name, key, said.get((name, key), "earlier snapshot"))
        for name, key in former.keys.items()
    }
    taught = {name: (name, key, "card") for name, key in settled.learned.items()}
    told = {name: (name, key, "hub") for name, key in settled.told.items()}
    draft.write(schema.NAMES_FILE, derived.names_table((seen | taught | told).values()))
    draft.write(schema.TOMBSTONES_FILE, schema.TOMBSTONES.empty_table())


def _written(testimony: Testimony, rules: Sequence[Rule]) -> Written:
    names_models = np.array([rule.names_models for rule in rules], np.bool_)
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
    )


def _former_names(draft: Draft, before: Snapshot | None, families: Sequence[Family]) -> FormerNames:
    keys: dict[str, str] = {}
    if before is not None:
        models = before.table(schema.MODELS_FILE, ["key", "id"])
        keys = dict(derived.former_keys(before.former_names())) | renamed(
            models["key"].combine_chunks(), models["id"].combine_chunks(), draft.keys, draft.ids
        )
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
