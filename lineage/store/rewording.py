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

from lineage.store import schema
from lineage.store.earlier import children_of
from lineage.store.keys import NOWHERE, Bare, Rows, bare, joined
from lineage.store.settled_words import SettledWords
from lineage.store.snapshot import Snapshot

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

_SAID = ("parent_key", "parent_as_written", "rule", "relation", "quote")
_NO_WORD = "\0"


@dataclass(frozen=True, slots=True)
class Before:
    """What the snapshot before says, seen from a draft."""

    snapshot: Snapshot
    again: Collection[str]
    """The rules that were asked anew."""
    nodes_of: Callable[[Bare], Rows]
    """The draft's node of each key; -1 where it has no record of it."""
    listed: int
    """How many of its nodes are listed: only those were guessed about."""
    nodes: int
    """How many have a record."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """How often each node was spoken of in the first hearing, and the words of the second."""

    times: Numbers
    guesses: pa.Table


def reworded(words: SettledWords, before: Before) -> tuple[Mask, Bare]:
    """Mark the nodes with other words than before; return too who has none and no node any more.

    Of whoever was read again, that may or may not be said.
    """
    other, now = _now(words, before.nodes)
    then, strangers = _then(before)
    guessed, were = (_counted(one.guesses["child"], before.nodes) for one in (now, then))
    other |= (now.times != then.times) | (guessed != were)
    other[_differing(_without(then.guesses, other), _without(now.guesses, other))] = True
    return other, strangers


def _now(words: SettledWords, nodes: int) -> tuple[Mask, _Heard]:
    other, times, guesses = np.zeros(nodes, np.bool_), np.zeros(nodes, np.int64), []
    for spool, batch, parents in words.in_order():
        keys = words.node_keys.take(parents)
        if spool is words.second:
            said = {name: batch[name] for name in _SAID} | {"parent_key": keys}
            guesses.append(pa.table({"child": batch["child"]} | said, _GUESSES))
            continue
        times += _counted(batch["child"], nodes)
        elsewhere = pc.not_equal(_words(batch["settled"]), _words(keys))
        other[np.asarray(batch["child"].filter(elsewhere))] = True
    return other, _Heard(times, pa.concat_tables([_GUESSES.empty_table(), *guesses]))


def _then(before: Before) -> tuple[_Heard, Bare]:
    times, guesses, strangers = np.zeros(before.nodes, np.int64), [], []
    anew = pa.array(sorted(before.again), pa.string())
    for batch in before.snapshot.batches(schema.EVIDENCE_FILE):
        child = children_of(batch["child_key"], before.nodes_of)
        strangers.append(batch["child_key"].filter(pa.array(child == NOWHERE)))
        again = np.asarray(pc.is_in(batch["rule"], value_set=anew)) & (child < before.listed)
        times += _counted(child[~again & (child != NOWHERE)], before.nodes)
        here = pa.array(again & (child != NOWHERE))
        said = {name: batch[name].filter(here) for name in _SAID}
        spoken_of = pa.array(child.astype(np.int32)).filter(here)
        guesses.append(pa.table({"child": spoken_of} | said, _GUESSES))
    heard = _Heard(times, pa.concat_tables([_GUESSES.empty_table(), *guesses]))
    return heard, np.unique(bare(joined(strangers)))


def _differing(then: pa.Table, now: pa.Table) -> npt.NDArray[np.int32]:
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


def _counted(child: npt.ArrayLike, nodes: int) -> Numbers:
    counted: Numbers = np.bincount(np.asarray(child), minlength=nodes)
    return counted


_GUESSES = pa.schema([("child", pa.int32()), *((name, pa.string()) for name in _SAID)])
