"""Claims from records take their nodes; then parents are inferred where no claim declares one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from lineage.build.draft import Draft
from lineage.build.former_names import FormerNames
from lineage.build.resolve import ResolvedNames, mark_declaring_in_draft, resolve_existing_nodes
from lineage.domain.claims import Claim, Claims, Relation, ResolvedClaims
from lineage.domain.families import Family
from lineage.evidence import Rule, infer_claims_by_rules, local_paths
from lineage.evidence.infer import (
    InferenceInput,
    InferredClaim,
    find_parentless_claimants,
    list_inferable_subjects,
)
from lineage.store.keys import NOWHERE

_NO_RELATION = -1

ClaimsFromCards = Callable[[ResolvedClaims, Sequence[Family]], Iterable[tuple[int, Claim]]]
"""Given the declared claims of listed models and the families, it reads cards: a child's row with
each claim."""


def number_claimable(families: Sequence[Family], resolved: ResolvedNames) -> dict[str, int]:
    """Return the nodes, behind all models, of what a claim may name in place of a model."""
    names = list_inferable_subjects(families)
    return {name: len(resolved.keys) + at for at, name in enumerate(names)}


def resolve_claims(
    claims: Claims,
    resolved: ResolvedNames,
    records: int,
    rules: Sequence[Rule],
    claimable: Mapping[str, int],
) -> ResolvedClaims:
    """Return the claims of records, those of deleted models too, with the nodes of their parents.

    An inferred claim that a model comes from itself makes no edge, and of a model whose parents are
    declared no inferred claim decides the relation.
    """
    child, parent = claims.child, resolved.parent.copy()
    # What was inferred of deleted models stands among their claims. Others may not name a release.
    is_inferred = np.array([rule.infer is not None for rule in rules], np.bool_)
    for at in np.flatnonzero(is_inferred[claims.rule]).tolist():
        parent[at] = claimable.get(claims.names[claims.name[at]], parent[at])
    declared = mark_declaring_in_draft(rules)[claims.rule]
    makes_edge = declared | (parent != child)
    is_open = find_parentless_claimants(records, child[declared], parent[declared])
    decides_relation = declared | is_open[child]
    return ResolvedClaims(
        child,
        np.where(makes_edge, parent, NOWHERE).astype(np.int32),
        claims.rule,
        np.where(decides_relation, claims.relation, _NO_RELATION).astype(np.int8),
    )


def infer_from_unresolved_paths(
    claims: Claims, resolved: ResolvedNames, families: Sequence[Family], rules: Sequence[Rule]
) -> list[tuple[int, Claim]]:
    """Return what the local paths among some claims name, each with its child's row."""
    if local_paths.RULE not in {rule.name for rule in rules}:
        return []
    find_official = local_paths.read_official_paths(families)
    rows = np.flatnonzero(resolved.parent == NOWHERE)
    names = np.unique(claims.name[rows]).tolist()
    official = {at: id for at in names if (id := find_official(claims.names[at])) is not None}
    rows = rows[np.isin(claims.name[rows], list(official))]
    is_adapter = [rule.name == "adapter_config" for rule in rules]
    by_child: dict[tuple[int, str], Claim] = {}
    for row in rows.tolist():
        at, relation = (
            int(claims.name[row]),
            Relation.ADAPTER if is_adapter[claims.rule[row]] else None,
        )
        claim = Claim(local_paths.RULE, official[at], claims.names[at], relation)
        by_child.setdefault((int(claims.child[row]), official[at]), claim)
    return [(child, claim) for (child, _), claim in by_child.items()]


def describe_draft_nodes(
    draft: Draft,
    claims: ResolvedClaims,
    resolved: ResolvedNames,
    former: FormerNames,
    rules: Sequence[Rule],
    *,
    claimable: Mapping[str, int],
) -> InferenceInput:
    """Return what inference may know of every node, its declared parents included.

    The last nodes are the releases and families that a claim may name in place of a model.
    """
    declared = claims.select((claims.parent >= 0) & mark_declaring_in_draft(rules)[claims.rule])
    names = pa.array(claimable, pa.string())
    return InferenceInput(
        pa.concat_arrays([resolved.keys, names]),
        pa.concat_arrays([resolved.ids, names]),
        draft.record_column("created_at"),
        draft.record_column("model_type"),
        draft.record_column("license"),
        draft.record_column("parameters"),
        declared.child,
        declared.parent,
        {**former.keys, **resolved.from_hub, **resolved.from_cards},
        former.now,
        claimable,
    )


def infer_claims(
    draft: Draft,
    claims: ResolvedClaims,
    nodes: InferenceInput,
    families: Sequence[Family],
    rules: Sequence[Rule],
    *,
    from_paths: Sequence[tuple[int, Claim]] = (),
    read_cards: ClaimsFromCards | None = None,
) -> ResolvedClaims:
    """Infer claims from names, and from cards where a crawl reads them; add them to the draft."""
    inferred: list[InferredClaim] = []
    families = name_draft_node_as_now(families, nodes)

    # From names: asked only about listed models without a parent.
    candidates = find_parentless_claimants(draft.records, claims.child, claims.parent)
    candidates[draft.models :] = False
    inferred += infer_claims_by_rules(rules, families, nodes, candidates)

    # From local paths: the official models that they end in, where those are known.
    parents = resolve_existing_nodes([claim.parent_as_written for _, claim in from_paths], nodes)
    inferred += [
        InferredClaim(child, parent, claim, claim.rule)
        for (child, claim), parent in zip(from_paths, parents.tolist(), strict=True)
        if parent not in {NOWHERE, child} and candidates[child]
    ]

    # From the texts of cards: each name means a model that there is, or nothing.
    if read_cards is not None:
        names = {rule.name for rule in rules}
        declared = mark_declaring_in_draft(rules)[claims.rule] & (claims.child < draft.models)
        from_cards = [
            (child, claim)
            for child, claim in read_cards(claims.select(declared), families)
            if claim.rule in names
        ]
        parents = resolve_existing_nodes(
            [claim.parent_as_written for _, claim in from_cards], nodes
        )
        inferred += [
            InferredClaim(child, NOWHERE if parent == child else parent, claim, "card")
            for (child, claim), parent in zip(from_cards, parents.tolist(), strict=True)
        ]
    return _add_inferred_claims(draft, nodes, inferred, rules)


def drop_unclaimed_nodes(
    claims: ResolvedClaims, nodes: InferenceInput
) -> tuple[ResolvedClaims, pa.StringArray, pa.StringArray]:
    """Leave out the releases and families that no claim names: node numbers have no gaps.

    Returns the claims with keys and ids of all nodes that stay.
    """
    first = len(nodes.ids) - len(nodes.claimable)
    claimed = np.unique(claims.parent[claims.parent >= first])
    place = np.searchsorted(claimed, claims.parent) + first
    parent = np.where(claims.parent >= first, place, claims.parent).astype(np.int32)
    rows = pa.array(np.concatenate([np.arange(first), claimed]))
    return replace(claims, parent=parent), nodes.keys.take(rows), nodes.ids.take(rows)


def name_draft_node_as_now(families: Sequence[Family], nodes: InferenceInput) -> Sequence[Family]:
    """Return the families under the names that their models have now: rules compare names."""
    ids = sorted(
        {
            id
            for each in families
            for id in (*each.root_repo_ids(), *(it.id for it in each.outsiders))
        }
    )
    rows = resolve_existing_nodes(ids, nodes)
    known = np.flatnonzero(rows != NOWHERE)
    names = zip(known.tolist(), nodes.ids.take(pa.array(rows[known])).to_pylist(), strict=True)
    present = {ids[at]: name for at, name in names if name != ids[at]}
    return (
        [family.family_under_present_names(present) for family in families] if present else families
    )


def _add_inferred_claims(
    draft: Draft, nodes: InferenceInput, inferred: list[InferredClaim], rules: Sequence[Rule]
) -> ResolvedClaims:
    """Keep inferred claims in the draft, and return them as columns."""
    numbers = {rule.name: number for number, rule in enumerate(rules)}
    # By child and by rule's name, so that the order of the rules shows in no byte.
    inferred.sort(key=lambda row: (row.child, row.claim[:3]))
    children = np.array([row.child for row in inferred], np.int32)
    draft.claims.inferred.add_claims(children, [row.claim for row in inferred])
    relations = np.array(
        [
            _NO_RELATION if row.claim.relation is None else Relation(row.claim.relation).code
            for row in inferred
        ],
        np.int8,
    )
    # A card is read for models with declared parents too; then it must not change the relation.
    is_open = find_parentless_claimants(draft.records, nodes.child, nodes.parent)
    return ResolvedClaims(
        children,
        np.array([row.parent for row in inferred], np.int32),
        np.array([numbers[row.claim.rule] for row in inferred], np.int8),
        np.where(is_open[children], relations, _NO_RELATION).astype(np.int8),
    )
