"""Resolving names: from what claims wrote to the models they meant, before parents are counted.

A name resolves by exact spelling, else as a former name, else by the one name that is equal
without case. What resolves to nothing becomes a node of its own, `name:<as written>`, unless its
rule may just as well have read a local path.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.build.former_names import FormerNames
from lineage.build.known_nodes import KnownNodes
from lineage.build.row_parents import ONE_OF_ITS_OWN, RowParents
from lineage.domain.arrays import Int64s, Mask, Nodes
from lineage.domain.claims import Claims, Strength
from lineage.domain.progress import garbage_collector_paused
from lineage.domain.repo_ids import find_repo_id, is_doubtful_repo_id, is_full_id
from lineage.evidence import Rule
from lineage.evidence.infer import InferenceInput
from lineage.graph.sorted_sets import (
    find_equal_rows,
    mark_set_members,
    pack_node_pairs,
    sort_distinct_set,
)
from lineage.store.keys import NOWHERE

_IDS_AT_ONCE = 131_072
_UNKNOWN = np.iinfo(np.int64).min
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class DraftRecordDates:
    """Moments of the models with a record, listed or deleted, in microseconds."""

    created: Int64s
    """The least number where it is not known: those models are older than all others."""
    missed: Int64s
    """When each of the deleted was found missing."""

    @classmethod
    def of(cls, created_at: pa.Array, missed_at: pa.Array) -> "DraftRecordDates":
        """Read both columns."""
        created, missed = (
            pc.fill_null(column.cast(pa.int64()), _UNKNOWN).to_numpy(zero_copy_only=False)
            for column in (created_at, missed_at)
        )
        return cls(created, missed)

    def creation_moment(self, node: int) -> int:
        """Return when a node was created; what has no record is older than all that has one."""
        return int(self.created[node]) if 0 <= node < len(self.created) else _UNKNOWN

    def missed_moment(self, node: int) -> int:
        """Return when a node was found missing, the greatest number where it never was."""
        listed = len(self.created) - len(self.missed)
        return int(self.missed[node - listed]) if listed <= node < len(self.created) else _NEVER


@dataclass(frozen=True, slots=True)
class ResolvedNames:
    """Where every claim points, and every node there is."""

    parent: Nodes
    """Node of each claim's parent, -1 = none."""
    keys: pa.StringArray
    """Key of every node: the listed by row, then the deleted, then those that are only named."""
    ids: pa.StringArray
    from_cards: Mapping[str, str]
    """Former names that rows of this draft taught: name to key."""
    from_hub: Mapping[str, str]
    """Former names that the Hub itself still wrote, with the key: name to key."""


@garbage_collector_paused()
def resolve_names(
    claims: Claims,
    rules: Sequence[Rule],
    keys: pa.StringArray,
    ids: pa.StringArray,
    former: FormerNames,
    *,
    dates: DraftRecordDates,
) -> ResolvedNames:
    """Resolve the name of every claim; `keys` and `ids` are those of the models, row by row.

    The last ones are the deleted: a name is theirs unless a listed one has it.
    """
    nodes = KnownNodes(keys, ids, len(ids) - len(dates.missed))
    key_nodes = nodes.find_or_add_keys(claims.keys, _resolved_ids_beside_keys(claims))
    # A path or a placeholder is evidence and names no model: it is the empty name from here on.
    names = [find_repo_id(name) or "" for name in claims.names]
    name_nodes = nodes.find_names(names)
    # A placeholder that no model is called beside a row's one name is no second one.
    pairs = zip(names, name_nodes.tolist(), strict=True)
    row_names = [
        "" if node == NOWHERE and is_doubtful_repo_id(name) else name for name, node in pairs
    ]
    rows = RowParents.of(claims, rules, key_nodes, row_names, former.now)

    from_before = _resolve_names_from_before(nodes, former)
    from_hub, from_cards = _resolve_former_names(
        claims, name_nodes, names, rows, former=former, from_before=from_before
    )
    present_names = _resolve_without_case(
        name_nodes, names, nodes, {**from_before, **from_hub, **from_cards}
    )

    # What a name means to most is not what it means to all: a row's own parents come first, then
    # the model that stood when the row was made.
    parent = name_nodes[claims.name]
    rivals = _find_name_rivals_to_resolve(nodes, present_names, from_before)
    _choose_resolved_by_date(
        parent, claims, name_nodes, rivals, hub_node=rows.hub_node, dates=dates
    )
    rows.decide_parents(parent, claims)
    # A key is an identity and a name is not: where the source gave the key, it decides.
    by_key = np.append(key_nodes, NOWHERE)[claims.key]
    parent = np.where(by_key != NOWHERE, by_key, parent)
    names = _resolve_as_registered(names, former)
    _add_resolved_nodes(parent, claims, rules, names, nodes=nodes, registered=former.registered)
    parent[parent == ONE_OF_ITS_OWN] = NOWHERE
    order, all_keys, all_ids = nodes.number()

    def to_resolved_keys(nodes_by_name: Mapping[str, int]) -> dict[str, str]:
        return {name: all_keys[int(order[node])].as_py() for name, node in nodes_by_name.items()}

    parent = np.append(order, NOWHERE).astype(np.int32)[parent]
    return ResolvedNames(
        parent, all_keys, all_ids, to_resolved_keys(from_cards), to_resolved_keys(from_hub)
    )


def _resolve_former_names(
    claims: Claims,
    name_nodes: Nodes,
    names: Sequence[str],
    rows: RowParents,
    *,
    former: FormerNames,
    from_before: Mapping[str, int],
) -> tuple[dict[str, int], dict[str, int]]:
    """Fill in the nodes of former names; return those that the Hub wrote, and that cards taught.

    The surest source first: what the Hub wrote beside a key in this very run, what the registry and
    earlier snapshots know, what this run's cards teach. Each only fills in names that are still
    open, so a name that a model has now is never taken away from it.
    """
    from_hub = rows.learn_from_hub(claims, name_nodes)
    _resolve_open_names(name_nodes, names, from_hub)
    _resolve_open_names(name_nodes, names, from_before)
    from_cards = rows.learn_from_cards(claims, name_nodes, former.deleted)
    from_cards |= _resolve_other_ends(former, from_before, {**from_hub, **from_cards})
    _resolve_open_names(name_nodes, names, from_cards)
    return from_hub, from_cards


def mark_declaring_in_draft(rules: Sequence[Rule]) -> Mask:
    """Say of each rule whether it declares or infers."""
    return np.array([rule.strength is not Strength.INFERRED for rule in rules], np.bool_)


def _resolved_ids_beside_keys(claims: Claims) -> list[str]:
    """Return the name that goes with each distinct key, as the last claim wrote it."""
    keyed = np.flatnonzero(claims.key != NOWHERE)
    name_of_key = np.zeros(len(claims.keys), np.int64)
    name_of_key[claims.key[keyed]] = claims.name[keyed]
    return [claims.names[name] for name in name_of_key.tolist()]


def _resolve_open_names(
    name_nodes: Nodes, names: Sequence[str], nodes_by_name: Mapping[str, int]
) -> None:
    for at in np.flatnonzero(name_nodes == NOWHERE).tolist():
        name_nodes[at] = nodes_by_name.get(names[at], NOWHERE)


def _resolve_without_case(
    name_nodes: Nodes, names: Sequence[str], nodes: KnownNodes, former: Mapping[str, int]
) -> list[str]:
    """Find open names without case; return all names as their models have them."""
    present_names = list(names)
    open_names = np.flatnonzero(name_nodes == NOWHERE).tolist()
    candidates = nodes.find_without_case(names[at].lower() for at in open_names)
    for name, node in former.items():
        candidates.setdefault(name.lower(), set()).add(node)
    for at in open_names:
        if len(alike := candidates.get(names[at].lower(), set())) == 1:
            name_nodes[at] = next(iter(alike))
            present_names[at] = nodes.id_of(int(name_nodes[at]))
    return present_names


def _resolve_registered_names(
    now: Mapping[str, str], node_by_name: Mapping[str, int]
) -> dict[str, int]:
    """Return the node of each name in the registry that is one end of a rename, if either has one.

    A dump may be older than the rename: then the model is listed under the former name.
    """
    node_of = {name: node_by_name[name] for name in now.values() if name in node_by_name}
    for old, present in now.items():
        if old in node_by_name:
            node_of.setdefault(present, node_by_name[old])
    return node_of | {old: node_of[name] for old, name in now.items() if name in node_of}


def _resolve_names_from_before(nodes: KnownNodes, former: FormerNames) -> dict[str, int]:
    """Return the node of each former name that the registry and earlier snapshots know."""
    names = sorted({*former.now, *former.now.values()})
    pairs = zip(names, nodes.find_names(names).tolist(), strict=True)
    present = {name: node for name, node in pairs if node != NOWHERE}
    by_key = nodes.find_former_names(former.keys)
    return {**by_key, **_resolve_registered_names(former.now, present)}


def _resolve_other_ends(
    former: FormerNames, from_before: Mapping[str, int], learned: Mapping[str, int]
) -> dict[str, int]:
    """Return what rows teach of further names: of one end of a registered rename means of both."""
    return {
        name: node
        for name, node in _resolve_registered_names(former.now, learned).items()
        if name not in {*from_before, *learned} and name.lower() not in former.deleted
    }


def _find_name_rivals_to_resolve(
    nodes: KnownNodes, names: Sequence[str], former: Mapping[str, int]
) -> dict[int, list[int]]:
    """Return, by its place in `names`, the nodes that had a name and may have lost it."""
    elders = nodes.find_elders(names)
    for name, node in former.items():
        elders.setdefault(name, []).append(node)
    return {at: elders[name] for at, name in enumerate(names) if name in elders}


def _choose_resolved_by_date(
    parent: Nodes,
    claims: Claims,
    name_nodes: Nodes,
    rivals: Mapping[int, Sequence[int]],
    *,
    hub_node: Nodes,
    dates: DraftRecordDates,
) -> None:
    """Where several models had a name, lead each child to the one that stood when it was made.

    `hub_node` has the node of each claim that has a key: one of them among the several is meant.
    """
    is_by_name = claims.key == NOWHERE
    ambiguous = np.zeros(len(name_nodes) + 1, np.bool_)
    ambiguous[list(rivals)] = True
    rows = np.flatnonzero(ambiguous[claims.name] & is_by_name)
    rows = rows[np.argsort(claims.name[rows], kind="stable")]
    names = claims.name[rows]
    keyed = (
        sort_distinct_set(pack_node_pairs(claims.child, hub_node)[hub_node >= 0])
        if len(rows)
        else rows
    )
    for at in np.unique(names).tolist():
        of_name = rows[find_equal_rows(names, at)]
        heir = int(name_nodes[at])
        taken_at = dates.creation_moment(heir)
        moment_by_node = {node: dates.creation_moment(node) for node in rivals[at] if node != heir}
        # Of a model that is as old as the heir or older nothing says when it gave up the name.
        elders = sorted(
            (moment, node) for node, moment in moment_by_node.items() if moment < taken_at
        )
        created = dates.created[claims.child[of_name]]
        if elders:
            moments, elder_nodes = (np.array(column) for column in zip(*elders, strict=True))
            last = np.searchsorted(moments, created, side="right") - 1
            choice = elder_nodes[np.maximum(last, 0)]
            parent[of_name] = np.where(created < taken_at, choice, heir)
        # Creation alone does not say who stood: an older model may have taken the name over from
        # one that is deleted. The newest that was there when a child was created is meant.
        deleted = [node for node in moment_by_node if dates.missed_moment(node) != _NEVER]
        candidates = {heir, *deleted, *(node for _, node in elders)}
        # Of two as old as each other the one that bears the name now is meant.
        by_age = sorted((dates.creation_moment(it), it == heir, it) for it in candidates)
        for moment, _, node in by_age:
            stood = (moment <= created) & (created < dates.missed_moment(node))
            parent[of_name[stood & (created != _UNKNOWN)]] = node
        for node in (heir, *moment_by_node):
            is_keyed = mark_set_members(
                pack_node_pairs(claims.child[of_name], np.full(len(of_name), node)), keyed
            )
            parent[of_name[is_keyed]] = node

    # No model can come from what was made after it was gone: such a name is open again.
    listed = len(dates.created) - len(dates.missed)
    rows = np.flatnonzero((claims.child >= listed) & is_by_name & (parent >= 0))
    rows = rows[parent[rows] < len(dates.created)]
    is_later = dates.created[parent[rows]] > dates.missed[claims.child[rows] - listed]
    parent[rows[is_later]] = NOWHERE


def _add_resolved_nodes(
    parent: Nodes,
    claims: Claims,
    rules: Sequence[Rule],
    names: Sequence[str],
    *,
    nodes: KnownNodes,
    registered: frozenset[str],
) -> None:
    """Give open names nodes of their own, unless only a possible local path names them.

    What the registry knows is a model in any claim, but an inferred claim can only mean one that a
    declared claim names as well.
    """
    # Decided claim by claim, not name by name: whether the path in one row's configuration makes
    # an edge must not depend on the card of another row. Claims of deleted models count as inferred
    # where they were, since their parents may have vanished without a trace by now.
    declares = mark_declaring_in_draft(rules)
    names_models = np.array([rule.names_models for rule in rules], np.bool_) & declares
    is_registered = np.array([name in registered for name in names], np.bool_)
    is_open = parent == NOWHERE
    # One word is a model for the Hub or the registry alone: its owner's name would stand before it.
    is_name = np.zeros(len(names), np.bool_)
    for at in np.unique(claims.name[is_open]).tolist():
        is_name[at] = is_full_id(names[at])
    chosen = (names_models[claims.rule] & is_name[claims.name]) | is_registered[claims.name]
    chosen &= is_open
    node_of_name = np.full(len(names), NOWHERE, np.int32)
    for at in np.unique(claims.name[chosen & declares[claims.rule]]):
        node_of_name[at] = nodes.add_name(names[at])
    parent[chosen] = node_of_name[claims.name[chosen]]


def _resolve_as_registered(names: Sequence[str], former: FormerNames) -> list[str]:
    """Spell names that the registry knows as it does: their model may not be listed."""
    spelling = {id: id for id in former.registered} | dict(former.now)
    by_lower: dict[str, set[str]] = {}
    for id, now in spelling.items():
        by_lower.setdefault(id.lower(), set()).add(now)
    without_case = {low: next(iter(now)) for low, now in by_lower.items() if len(now) == 1}
    return [spelling.get(name) or without_case.get(name.lower(), name) for name in names]


# Names that are read after all others: those of card texts


def resolve_existing_nodes(names: Sequence[str], nodes: InferenceInput) -> Nodes:
    """Return the node that each name means, -1 where none does; none is added.

    As for other claims: by exact spelling, else as a former name, else by the one name that is
    equal without case.
    """
    tidy = [find_repo_id(name) or "" for name in names]
    now = {name: nodes.renamed[name] for name in tidy if name in nodes.renamed}
    exact, without_case = _resolve_name_holders({*tidy, *now.values()}, nodes.ids)
    former = {name: nodes.former[name] for name in tidy if name in nodes.former}
    rows = pc.index_in(pa.array(former.values(), pa.string()), nodes.keys).to_pylist()
    by_key = dict(zip(former, rows, strict=True))
    result = np.full(len(tidy), NOWHERE, np.int32)
    for at, name in enumerate(tidy):
        alike = without_case.get(name.lower(), [])
        candidates = (
            exact.get(name),
            exact.get(now.get(name, "")),
            by_key.get(name),
            alike[0] if len(alike) == 1 else None,
        )
        result[at] = next((node for node in candidates if node is not None), NOWHERE)
    return result


def _resolve_name_holders(
    names: set[str], ids: pa.StringArray
) -> tuple[dict[str, int], dict[str, list[int]]]:
    """Return the node of each name, and all nodes of each name in lower case."""
    lowered = pa.array(sorted({name.lower() for name in names}), pa.string())
    exact: dict[str, int] = {}
    without_case: dict[str, list[int]] = {}
    for start in range(0, len(ids), _IDS_AT_ONCE):
        part = ids.slice(start, _IDS_AT_ONCE)
        hits = pc.indices_nonzero(pc.is_in(pc.utf8_lower(part), value_set=lowered))
        for at, id in zip(hits.to_pylist(), part.take(hits).to_pylist(), strict=True):
            exact.setdefault(id, start + at)
            without_case.setdefault(id.lower(), []).append(start + at)
    return exact, without_case
