"""Of whom other words are kept than in the snapshot before, where an update keeps changes alone.

Most words of an update are those of before, word for word. What may differ is the node that a name
settled to, what is guessed anew each time, and how much is left of it.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage.build.earlier import children_of
from lineage.build.resolved_claims import ResolvedClaims
from lineage.domain.arrays import Int64s, KeyBytes, Mask, Nodes
from lineage.store import schema
from lineage.store.keys import NOWHERE, bare, joined
from lineage.store.reader import Snapshot

_SAID = ("parent_key", "parent_as_written", "rule", "relation", "quote")
_NO_WORD = "\0"


@dataclass(frozen=True, slots=True)
class Before:
    """What the snapshot before says, seen from a draft."""

    snapshot: Snapshot
    again: Collection[str]
    """The rules that were asked anew."""
    nodes_of: Callable[[KeyBytes], Int64s]
    """The draft's node of each key; -1 where it has no record of it."""
    listed: int
    """How many of its nodes are listed: only those were guessed about."""
    nodes: int
    """How many have a record."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """How often each node was spoken of in words that are taken over, and all other words."""

    times: Int64s
    others: pa.Table
    """The guesses, and what was said of the dead, which may be made to name somebody no more."""


def reworded(words: ResolvedClaims, before: Before) -> tuple[Mask, KeyBytes]:
    """Mark the nodes with other words than before; return too who has none and no node any more.

    Of whoever was read again, that may or may not be said.
    """
    other, now = _now(words, before)
    then, strangers = _then(before)
    told, were = (_counted(one.others["child"], before.nodes) for one in (now, then))
    other |= (now.times != then.times) | (told != were)
    other[_differing(_without(then.others, other), _without(now.others, other))] = True
    return other, strangers


def _now(words: ResolvedClaims, before: Before) -> tuple[Mask, _Heard]:
    other, times, others = np.zeros(before.nodes, np.bool_), np.zeros(before.nodes, np.int64), []
    for spool, batch, parents in words.in_order():
        child, keys = np.asarray(batch["child"]), words.node_keys.take(parents)
        apart = (child >= before.listed) | (spool is words.second)
        times += _counted(child[~apart], before.nodes)
        elsewhere = np.asarray(pc.not_equal(_words(batch["settled"]), _words(keys)))
        other[child[elsewhere & ~apart]] = True
        said = {name: batch[name] for name in _SAID} | {"parent_key": keys}
        others.append(_some(batch["child"], said, apart))
    return other, _Heard(times, pa.concat_tables([_OTHERS.empty_table(), *others]))


def _then(before: Before) -> tuple[_Heard, KeyBytes]:
    times, others, strangers = np.zeros(before.nodes, np.int64), [], []
    anew = pa.array(sorted(before.again), pa.string())
    for batch in before.snapshot.batches(schema.EVIDENCE_FILE):
        child = children_of(batch["child_key"], before.nodes_of)
        known = child != NOWHERE
        strangers.append(batch["child_key"].filter(pa.array(~known)))
        guessed = np.asarray(pc.is_in(batch["rule"], value_set=anew))
        apart = (child >= before.listed) | (guessed & known)
        times += _counted(child[known & ~apart], before.nodes)
        said = {name: batch[name] for name in _SAID}
        others.append(_some(pa.array(child.astype(np.int32)), said, apart))
    heard = _Heard(times, pa.concat_tables([_OTHERS.empty_table(), *others]))
    return heard, np.unique(bare(joined(strangers)))


def _some(child: pa.Array, said: dict[str, pa.Array], here: Mask) -> pa.Table:
    wanted = pa.array(here)
    columns = {name: values.filter(wanted) for name, values in said.items()}
    return pa.table({"child": child.filter(wanted)} | columns, _OTHERS)


def _differing(then: pa.Table, now: pa.Table) -> Nodes:
    """Return the children with other words; both sides have equally many of each."""
    then, now = (one.take(np.argsort(one["child"], kind="stable")) for one in (then, now))
    other = np.zeros(len(now), np.bool_)
    for name in _SAID:
        other |= np.asarray(pc.not_equal(_words(then[name]), _words(now[name])))
    return np.asarray(now["child"])[other]


def _without(said: pa.Table, known: Mask) -> pa.Table:
    return said.filter(pa.array(~known[np.asarray(said["child"])]))


def _words(column: pa.Array) -> pa.Array:
    return pc.fill_null(column, _NO_WORD)


def _counted(child: npt.ArrayLike, nodes: int) -> Int64s:
    counted: Int64s = np.bincount(np.asarray(child), minlength=nodes)
    return counted


_OTHERS = pa.schema([("child", pa.int32()), *((name, pa.string()) for name in _SAID)])
