"""Settling names: from what witnesses wrote to the models they meant, before parents are counted.

A name settles by exact spelling, else as a former name, else by the one known name that is equal
without case. What settles to nothing becomes a node of its own, `name:<as written>`, unless its
witness may just as well have named a local path.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lineage.domain.arrays import Mask, Nodes
from lineage.domain.gc_paused import gc_paused
from lineage.domain.repo_ids import tidy_name
from lineage.evidence.known_nodes import NOWHERE, KnownNodes


@dataclass(frozen=True, slots=True)
class Written:
    """What witnesses wrote: one element a witness, codes into the distinct names and keys."""

    child: Nodes
    name: Nodes
    names: pa.StringArray
    key: Nodes
    """-1 where the witness knows only a name."""
    keys: pa.StringArray
    is_hub: Mask
    is_card: Mask
    names_models: Mask
    """False where the name may be a local path."""
    is_guess: Mask
    """A guess alone makes no node of a name."""


@dataclass(frozen=True, slots=True)
class FormerNames:
    """Names that models had before: by their name now (curated) or by key (seen or learned)."""

    now: Mapping[str, str]
    """Former name to present name, from the registry."""
    keys: Mapping[str, str]
    """Former name to key, from earlier snapshots."""
    registered: frozenset[str] = frozenset()
    """Ids that the registry knows: models also where no listing shows them any more."""


@dataclass(frozen=True, slots=True)
class ResolvedNames:
    """Where every witness points, and the nodes that are no listed model."""

    parent: Nodes
    """Node of each witness's parent, -1 = nowhere."""
    keys: pa.StringArray
    """Key of every node: listed models first, in their rows' order, then the dead, then others."""
    ids: pa.StringArray
    learned: Mapping[str, str]
    """Former names that rows of this draft taught: name to key."""
    told: Mapping[str, str]
    """Former names that the Hub itself still wrote, with the key: name to key."""


@gc_paused()
def resolve_names(
    written: Written,
    keys: pa.StringArray,
    ids: pa.StringArray,
    former: FormerNames,
    dead: int = 0,
) -> ResolvedNames:
    """Settle every name; `keys` and `ids` are those of the listed models, row by row.

    The last `dead` of them are gone: their names are theirs as long as nobody else bears them.
    """
    nodes = KnownNodes(keys, ids, len(ids) - dead)
    key_nodes = nodes.of_keys(written.keys, _ids_the_hub_wrote(written))
    names = [tidy_name(name) for name in written.names.to_pylist()]
    name_nodes = nodes.of_names(names)
    before = _former_nodes(former, nodes)
    told = _told(written, name_nodes, key_nodes, names)
    _apply(name_nodes, names, told)
    _apply(name_nodes, names, before)
    learned = _taught(written, name_nodes, key_nodes, names)
    _apply(name_nodes, names, learned)
    _apply_without_case(name_nodes, names, nodes, {**before, **told, **learned})
    by_key = np.append(key_nodes, NOWHERE)[written.key]
    parent = np.where(by_key != NOWHERE, by_key, name_nodes[written.name])
    _give_own_nodes(parent, written, _as_registered(names, former), nodes, former.registered)
    order, all_keys, all_ids = nodes.ordered()

    def keys_of(found: Mapping[str, int]) -> dict[str, str]:
        return {name: all_keys[int(order[node])].as_py() for name, node in found.items()}

    parent = np.append(order, NOWHERE).astype(np.int32)[parent]
    return ResolvedNames(parent, all_keys, all_ids, keys_of(learned), keys_of(told))


def _ids_the_hub_wrote(written: Written) -> list[str]:
    """Return the name that goes with each distinct key, as the last witness wrote it."""
    said = np.flatnonzero(written.key != NOWHERE)
    name_of_key = np.zeros(len(written.keys), np.int64)
    name_of_key[written.key[said]] = written.name[said]
    names: list[str] = written.names.take(pa.array(name_of_key)).to_pylist()
    return names


def _former_nodes(former: FormerNames, nodes: KnownNodes) -> dict[str, int]:
    """Return the node of every former name whose model is known; the registry's word wins."""
    by_key = nodes.of_present_keys(former.keys)
    present = nodes.of_present_names(sorted(set(former.now.values())))
    by_name = {old: present[now] for old, now in former.now.items() if now in present}
    return {**by_key, **by_name}


def _apply(name_nodes: Nodes, names: Sequence[str], known: Mapping[str, int]) -> None:
    for at in np.flatnonzero(name_nodes == NOWHERE).tolist():
        name_nodes[at] = known.get(names[at], NOWHERE)


def _apply_without_case(
    name_nodes: Nodes, names: Sequence[str], nodes: KnownNodes, former: Mapping[str, int]
) -> None:
    unsettled = np.flatnonzero(name_nodes == NOWHERE).tolist()
    known = nodes.without_case(names[at].lower() for at in unsettled)
    for name, node in former.items():
        known.setdefault(name.lower(), set()).add(node)
    for at in unsettled:
        if len(meant := known.get(names[at].lower(), set())) == 1:
            name_nodes[at] = next(iter(meant))


def _taught(
    written: Written, name_nodes: Nodes, key_nodes: Nodes, names: Sequence[str]
) -> dict[str, int]:
    """Learn former names from rows with exactly one Hub parent and exactly one card name.

    Never by position in a list: where either side has two, which is which is not said. Rows that
    teach one name for two models teach nothing.
    """
    size = int(written.child.max(initial=-1)) + 1
    alone = (np.bincount(written.child[written.is_hub], minlength=size) == 1) & (
        np.bincount(written.child[written.is_card], minlength=size) == 1
    )
    node_of_child = np.full(size, NOWHERE, np.int32)
    hub = np.flatnonzero(written.is_hub)
    node_of_child[written.child[hub]] = key_nodes[written.key[hub]]
    cards = np.flatnonzero(written.is_card & alone[written.child])
    name = written.name[cards]
    return _undisputed(name, node_of_child[written.child[cards]], name_nodes, names)


def _told(
    written: Written, name_nodes: Nodes, key_nodes: Nodes, names: Sequence[str]
) -> dict[str, int]:
    """Return names that the Hub gave with a key and no model bears: renamed while it was walked."""
    hub = np.flatnonzero(written.is_hub)
    return _undisputed(written.name[hub], key_nodes[written.key[hub]], name_nodes, names)


def _undisputed(
    name: Nodes, node: Nodes, name_nodes: Nodes, names: Sequence[str]
) -> dict[str, int]:
    """Return the node of each unsettled name that is said to mean one node and no other."""
    open_ones = np.flatnonzero(name_nodes[name] == NOWHERE)
    meant: dict[str, set[int]] = {}
    for code, one in np.unique(np.stack([name[open_ones], node[open_ones]], 1), axis=0).tolist():
        meant.setdefault(names[code], set()).add(one)
    return {said: next(iter(ones)) for said, ones in meant.items() if said and len(ones) == 1}


def _give_own_nodes(
    parent: Nodes,
    written: Written,
    names: Sequence[str],
    nodes: KnownNodes,
    registered: frozenset[str],
) -> None:
    """Give unsettled names nodes of their own, unless only a possible local path says them.

    Whether one row's path makes an edge must not hang on another row's card: it is decided by
    witness, not by name. What the registry knows is a model whoever says it, but a guess can only
    mean one that somebody states.
    """
    is_model = np.array([name in registered for name in names], np.bool_)
    is_name = np.array([bool(name) for name in names], np.bool_)
    mine = (parent == NOWHERE) & is_name[written.name]
    mine &= written.names_models | is_model[written.name]
    node_of_name = np.full(len(names), NOWHERE, np.int32)
    for at in np.unique(written.name[mine & ~written.is_guess]):
        node_of_name[at] = nodes.named(names[at])
    parent[mine] = node_of_name[written.name[mine]]


def _as_registered(names: Sequence[str], former: FormerNames) -> list[str]:
    """Spell names that the registry knows as it does: their model may be listed nowhere."""
    spelled = {id: id for id in former.registered} | dict(former.now)
    lowered: dict[str, set[str]] = {}
    for known, now in spelled.items():
        lowered.setdefault(known.lower(), set()).add(now)
    without_case = {low: next(iter(now)) for low, now in lowered.items() if len(now) == 1}
    return [spelled.get(name) or without_case.get(name.lower(), name) for name in names]
