"""What a row's own parents say of names: the Hub's keys beside the names that its author wrote.

A row with exactly one of each means the one by the other, whatever other rows say. Such rows teach
the names that no model has, by majority: one of them alone undoes no name for the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

from lineage.domain.arrays import Indices, Mask, Nodes
from lineage.domain.claims import Claims, Strength
from lineage.domain.repo_ids import is_doubtful_repo_id
from lineage.evidence import Rule
from lineage.graph.sorted_sets import (
    find_equal_rows,
    mark_set_members,
    pack_node_pairs,
    sort_distinct_set,
)
from lineage.store.keys import NOWHERE

ONE_OF_ITS_OWN = -2
"""In place of a parent: it is one of those that the Hub names by key, and makes no further edge."""
_LOW = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class RowParents:
    """For each child that makes claims: its one Hub parent, and its one name."""

    names: Sequence[str]
    """Every name as it is looked up, in the order of `Claims.names`; empty where it can be none."""
    code: Nodes
    """A number for each name without case, -1 for none."""
    hub_node: Nodes
    """The node of each claim that has a key, else -1."""
    is_author: Mask
    """Which claims carry the names that the author wrote: the card's, without a card the tags'."""
    node: Nodes
    """By child: its one Hub parent, -1 where there is none or several."""
    name: Nodes
    """By child: the number of its one name, -1 where there is none or several."""

    @classmethod
    def of(
        cls,
        claims: Claims,
        rules: Sequence[Rule],
        key_nodes: Nodes,
        names: Sequence[str],
        now: Mapping[str, str],
    ) -> Self:
        """Look through the claims of every child; `now` gives the present of two equal names."""
        size = int(claims.child.max(initial=-1)) + 1
        lowered = pa.array([now.get(it, it).lower() or None for it in names], pa.string())
        code = lowered.dictionary_encode().indices.fill_null(NOWHERE).to_numpy(zero_copy_only=False)
        hub_node = np.append(key_nodes, NOWHERE)[claims.key]
        has_name = (np.append(code, NOWHERE)[claims.name] >= 0) & (claims.key == NOWHERE)
        is_card = np.array([rule.teaches_names for rule in rules], np.bool_)[claims.rule] & has_name
        declares = [rule.names_models and rule.strength is Strength.DECLARED for rule in rules]
        is_tag = np.array(declares, np.bool_)[claims.rule] & has_name & ~is_card
        # The Hub makes the tags of the card, but a dump may have lost the card.
        has_card = np.zeros(size, np.bool_)
        has_card[claims.child[is_card]] = True
        # A parent that the Hub gives without a key may be what a name means, too.
        is_confirmed = np.array([rule.strength is Strength.CONFIRMED for rule in rules], np.bool_)
        is_keyless = is_confirmed[claims.rule] & (claims.key == NOWHERE)
        node = _find_single_parents(claims.child, hub_node, hub_node >= 0, size)
        node[claims.child[is_keyless]] = NOWHERE
        is_author = is_card | (is_tag & ~has_card[claims.child])
        return cls(
            names,
            code,
            hub_node,
            is_author,
            node,
            _find_single_parents(claims.child, code[claims.name], is_author, size),
        )

    def learn_from_cards(
        self, claims: Claims, name_nodes: Nodes, deleted: frozenset[str]
    ) -> dict[str, int]:
        """Learn open names from rows with one Hub parent and one name: what most of them mean.

        Where two models are meant equally often, neither is learned, nor is a name in `deleted`.
        """
        is_own = self.is_author & self._mark_own_parents(claims)
        rows = np.flatnonzero(is_own & (name_nodes[claims.name] == NOWHERE))
        # A card that spells its parent in two ways has one vote.
        _, first = np.unique(claims.child[rows], return_index=True)
        learned = self._find_meant_parent(claims, rows[first], self.node[claims.child[rows[first]]])
        return {name: node for name, node in learned.items() if name.lower() not in deleted}

    def learn_from_hub(self, claims: Claims, name_nodes: Nodes) -> dict[str, int]:
        """Learn names that the Hub gave with a key and no model has: renamed during the run."""
        is_open = (self.hub_node >= 0) & (name_nodes[claims.name] == NOWHERE)
        # Else all that cannot be a name, the empty one here, would be what one row's key is.
        rows = np.flatnonzero(is_open & (self.code[claims.name] >= 0))
        return self._find_meant_parent(claims, rows, self.hub_node[rows])

    def _find_meant_parent(self, claims: Claims, rows: Indices, node: Nodes) -> dict[str, int]:
        """Return the node that most rows mean by each name that they write; of equals none."""
        pairs, votes = np.unique(
            pack_node_pairs(self.code[claims.name[rows]], node), return_counts=True
        )
        winners: dict[int, tuple[int, int]] = {}
        for pair, number in zip(pairs.tolist(), votes.tolist(), strict=True):
            code, candidate = pair >> 32, pair & _LOW
            most, _ = winners.get(code, (0, NOWHERE))
            if number >= most:
                winners[code] = number, NOWHERE if number == most else candidate
        learned = {}
        for place in np.unique(claims.name[rows]).tolist():
            name, candidate = self.names[place], winners.get(int(self.code[place]), (0, NOWHERE))[1]
            if candidate != NOWHERE and not is_doubtful_repo_id(name):
                learned[name] = candidate
        return learned

    def decide_parents(self, parent: Nodes, claims: Claims) -> None:
        """Lead names to the row's own Hub parents where these must be meant."""
        is_own = self._mark_own_parents(claims)
        parent[is_own] = self.node[claims.child[is_own]]
        # With several parents the Hub's order says nothing, but each of its keys is one of the
        # author's names: where it has as many keys, no name can be a further parent.
        hub_parents = np.bincount(claims.child[self.hub_node >= 0], minlength=len(self.node))
        rows = np.flatnonzero(hub_parents[claims.child] > 1)
        pairs = pack_node_pairs(claims.child[rows], self.hub_node[rows])
        keyed = sort_distinct_set(pairs[self.hub_node[rows] >= 0])
        is_stray = ~mark_set_members(pack_node_pairs(claims.child[rows], parent[rows]), keyed)
        is_stray &= self.is_author[rows]
        for child in np.unique(claims.child[rows[is_stray]]).tolist():
            self._decide_row_parents(parent, claims, find_equal_rows(claims.child, child))

    def _decide_row_parents(self, parent: Nodes, claims: Claims, row: slice) -> None:
        hub, is_author = set(self.hub_node[row].tolist()) - {NOWHERE}, self.is_author[row]
        code, resolved = self.code[claims.name[row]], parent[row]
        if len(set(code[is_author].tolist())) > len(hub):
            return
        is_stray = ~np.isin(resolved, list(hub)) & (claims.key[row] == NOWHERE)
        stray_names = set(code[is_author & is_stray].tolist())
        unnamed = hub - set(resolved[is_author].tolist())
        is_last = len(stray_names) == len(unnamed) == 1
        parent_node = unnamed.pop() if is_last else ONE_OF_ITS_OWN
        resolved[np.isin(code, list(stray_names)) & is_stray] = parent_node

    def _mark_own_parents(self, claims: Claims) -> Mask:
        """Mark the claims that write their row's one name beside its one Hub parent."""
        name, node = self.name[claims.child], self.node[claims.child]
        by_name = (claims.key == NOWHERE) & (node != NOWHERE) & (name != NOWHERE)
        is_own: Mask = by_name & (self.code[claims.name] == name)
        return is_own


def _find_single_parents(child: Nodes, value: Nodes, chosen: Mask, size: int) -> Nodes:
    """Return the one value of each child among the chosen claims, -1 for none or several."""
    low, high = np.full(size, np.iinfo(np.int32).max, np.int32), np.full(size, NOWHERE, np.int32)
    np.minimum.at(low, child[chosen], value[chosen])
    np.maximum.at(high, child[chosen], value[chosen])
    return np.where(low == high, high, NOWHERE).astype(np.int32)
