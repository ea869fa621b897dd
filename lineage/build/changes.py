"""What an update keeps: the rows and claims that changed since the whole snapshot it builds on.

Most claims of an update are those of the snapshot before, word for word. What may differ is the
node that a name was resolved to, what was inferred anew, and how much of that is left.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage.build.claims_spool import EvidenceRows, find_children
from lineage.domain.arrays import Int64s, KeyBytes, Mask, Nodes
from lineage.store import schema
from lineage.store.bases import as_base
from lineage.store.keys import NOWHERE, are_in, bare, joined
from lineage.store.manifest import BuildsOn
from lineage.store.reader import Snapshot
from lineage.store.tables import LaidTables

MAX_CHANGED_SHARE = 1 / 3
"""Of the models; where more changed an update is written whole, and the next ones build on it."""
_TEXTS = ("parent_key", "parent_as_written", "rule", "relation", "quote")
_COMPARED = pa.schema([("child", pa.int32()), *((name, pa.string()) for name in _TEXTS)])
_NULL_TEXT = "\0"


@dataclass(frozen=True, slots=True)
class ChangedKeys:
    """Sorted keys of what changed since a whole snapshot."""

    # Always since a whole one, never since another update: reading a day then opens two folders,
    # however many updates lie between.

    base: BuildsOn
    records: KeyBytes
    """Whose record is another or no more."""
    claims: KeyBytes
    """Whose claims are compared, of none in `records`."""

    @classmethod
    def since(cls, previous: Snapshot, listed_now: KeyBytes) -> Self | None:
        """Return what changed where these keys were read since `previous`; None if it is too much.

        Rows of an older schema may lack columns: what follows them stands alone.
        """
        manifest, tables = previous.manifest, previous.tables
        if manifest.schema_version != schema.VERSION:
            return None
        if isinstance(tables, LaidTables) and manifest.builds_on is not None:
            keys, is_record = bare(joined(tables.changed["key"].chunks)), tables.changed["record"]
            is_record = np.asarray(is_record)
            before = cls(manifest.builds_on, keys[is_record], keys[~is_record])
        else:
            before = cls(as_base(manifest), listed_now[:0], listed_now[:0])
        records = np.union1d(before.records, listed_now)
        if len(records) + len(before.claims) > MAX_CHANGED_SHARE * manifest.models:
            return None
        return replace(before, records=records).with_claims(before.claims)

    def with_claims(self, children: KeyBytes) -> Self:
        """Return it with more children whose claims are compared."""
        claims = np.union1d(self.claims, children)
        return replace(self, claims=claims[~are_in(self.records, claims)])

    def mark(self, keys: KeyBytes) -> Mask:
        """Mark the keys whose claims are not those of the base."""
        return are_in(self.records, keys) | are_in(self.claims, keys)

    def to_table(self) -> pa.Table:
        """Return it as it is stored, in order of the key."""
        keys = np.concatenate([self.records, self.claims])
        order = np.argsort(keys, kind="stable")
        columns = {
            "key": pa.array(keys[order].astype(str), pa.string()),
            "record": pa.array(order < len(self.records)),
        }
        return pa.table(columns, schema=schema.CHANGED)


def changes_in(snapshot: Snapshot, file: str) -> Iterator[pa.RecordBatch]:
    """Yield the rows that a snapshot itself keeps as changes; none where it stands alone."""
    if snapshot.manifest.builds_on is not None:
        yield from snapshot.tables.batches(schema.CHANGES[file])


@dataclass(frozen=True, slots=True)
class PreviousEvidence:
    """The snapshot that an update goes on from, in the numbers of its draft."""

    snapshot: Snapshot
    repeated_rules: Collection[str]
    """The rules that were asked anew."""
    nodes_of: Callable[[KeyBytes], Int64s]
    """The draft's node of each key; -1 where it has no record of it."""
    listed: int
    """How many of its nodes are listed: inference was asked about those alone."""
    records: int
    """How many nodes have a record."""


@dataclass(frozen=True, slots=True)
class _Tally:
    """How often each node is the child of a claim that was carried over, and all other claims."""

    times: Int64s
    compared: pa.Table
    """Inferred claims, and those of deleted models, which an opt-out may have shortened."""


def find_changed_claims(
    evidence: EvidenceRows, previous: PreviousEvidence
) -> tuple[Mask, KeyBytes]:
    """Mark the nodes with other claims than before; return too the keys that lost theirs and node.

    Nodes that were read again may or may not be marked.
    """
    # Claims carried over are equal word for word, so counting them and comparing their nodes is
    # enough; only the few others are compared as texts. An update of the whole Hub carries over
    # millions.
    changed, now = _tally_draft(evidence, previous)
    before, strangers = _tally_previous(previous)
    compared_now, compared_before = (
        _count_children(tally.compared["child"], previous.records) for tally in (now, before)
    )
    changed |= (now.times != before.times) | (compared_now != compared_before)
    changed[_differing_children(_drop(before.compared, changed), _drop(now.compared, changed))] = (
        True
    )
    return changed, strangers


def _tally_draft(evidence: EvidenceRows, previous: PreviousEvidence) -> tuple[Mask, _Tally]:
    moved = np.zeros(previous.records, np.bool_)
    times, compared = np.zeros(previous.records, np.int64), [_COMPARED.empty_table()]
    for spool, batch, parents in evidence.in_order():
        child, keys = np.asarray(batch["child"]), evidence.node_keys.take(parents)
        is_other = (child >= previous.listed) | (spool is evidence.claims.inferred)
        times += _count_children(child[~is_other], previous.records)
        elsewhere = np.asarray(pc.not_equal(_fill_texts(batch["settled"]), _fill_texts(keys)))
        moved[child[elsewhere & ~is_other]] = True
        texts = {name: batch[name] for name in _TEXTS} | {"parent_key": keys}
        compared.append(_select(batch["child"], texts, is_other))
    return moved, _Tally(times, pa.concat_tables(compared))


def _tally_previous(previous: PreviousEvidence) -> tuple[_Tally, KeyBytes]:
    times, strangers = np.zeros(previous.records, np.int64), []
    compared = [_COMPARED.empty_table()]
    repeated = pa.array(sorted(previous.repeated_rules), pa.string())
    for batch in previous.snapshot.batches(schema.EVIDENCE_FILE):
        child = find_children(batch["child_key"], previous.nodes_of)
        has_node = child != NOWHERE
        strangers.append(batch["child_key"].filter(pa.array(~has_node)))
        is_repeated = np.asarray(pc.is_in(batch["rule"], value_set=repeated))
        is_other = (child >= previous.listed) | (is_repeated & has_node)
        times += _count_children(child[has_node & ~is_other], previous.records)
        texts = {name: batch[name] for name in _TEXTS}
        compared.append(_select(pa.array(child.astype(np.int32)), texts, is_other))
    return _Tally(times, pa.concat_tables(compared)), np.unique(bare(joined(strangers)))


def _select(child: pa.Array, texts: dict[str, pa.Array], chosen: Mask) -> pa.Table:
    mask = pa.array(chosen)
    columns = {name: values.filter(mask) for name, values in texts.items()}
    return pa.table({"child": child.filter(mask)} | columns, _COMPARED)


def _differing_children(before: pa.Table, now: pa.Table) -> Nodes:
    """Return the children with other claims; both sides have equally many of each."""
    before, now = (table.take(np.argsort(table["child"], kind="stable")) for table in (before, now))
    differs = np.zeros(len(now), np.bool_)
    for name in _TEXTS:
        differs |= np.asarray(pc.not_equal(_fill_texts(before[name]), _fill_texts(now[name])))
    return np.asarray(now["child"])[differs]


def _drop(claims: pa.Table, children: Mask) -> pa.Table:
    return claims.filter(pa.array(~children[np.asarray(claims["child"])]))


def _fill_texts(column: pa.Array) -> pa.Array:
    return pc.fill_null(column, _NULL_TEXT)


def _count_children(child: npt.ArrayLike, nodes: int) -> Int64s:
    times: Int64s = np.bincount(np.asarray(child), minlength=nodes)
    return times
