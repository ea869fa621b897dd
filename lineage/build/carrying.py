"""Rows that could not be read: whoever is known from before keeps the last record and words."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.build.claims_spool import SPOOL
from lineage.build.draft import Draft
from lineage.build.earlier import RowsOf, only, said_before
from lineage.build.tombstones import some_rows
from lineage.domain.arrays import KeyBytes, Mask
from lineage.domain.opt_outs import OptOuts
from lineage.store import schema
from lineage.store.keys import NOWHERE, bare, joined, rows_in
from lineage.store.overlay import renumbered, rows_laid_over, words_laid_over
from lineage.store.reader import Snapshot
from lineage.store.redaction import dead_without, said_without


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of who was known before."""

    gives_keys: Collection[str]
    """The rules that knew a key themselves."""
    without: Collection[str]
    """The rules that are heard again."""
    opt_outs: OptOuts

    def said(self, before: Snapshot, listed: KeyBytes, rows_of: RowsOf) -> Iterator[pa.RecordBatch]:
        """Yield what was said of some models in an earlier snapshot."""
        words = said_before(
            before, only(listed, rows_of), gives_keys=self.gives_keys, without=self.without
        )
        return said_without(words, self.opt_outs)


def carry_unread(
    draft: Draft, past: Iterable[Snapshot], kept: Kept, onto: Snapshot | None = None
) -> None:
    """Keep in a sealed draft, as it was last read, each known model whose row could not be read.

    The newest snapshot that knows a model decides, and `past` begins with it: who is gone by it
    stays gone, since nobody could read that it is back. Over `onto` an update is laid after this:
    whoever it lists is kept by that.
    """
    unread = np.unique(bare(pa.array(draft.unreadable, pa.string())))
    unread = _without(unread, draft.keys)
    for before in past:
        if not len(unread):
            return
        keys = joined(before.column(schema.MODELS_FILE, "key").chunks)
        listed = rows_in(unread, bare(keys)) != NOWHERE
        if listed.any() and (onto is None or before.id != onto.id):
            _take_over(draft, before, listed, kept)
        gone = joined(before.tombstones(["key"])["key"].chunks)
        unread = _without(_without(unread, keys), gone)


def _take_over(draft: Draft, before: Snapshot, wanted: Mask, kept: Kept) -> None:
    """Put some models of before among those that streamed in, with what was said of them."""
    models = dead_without(_some(before, schema.MODELS_FILE, wanted), kept.opt_outs)
    metrics = _some(before, schema.METRICS_FILE, wanted)
    metrics = metrics.filter(pc.is_in(metrics["key"], value_set=models["key"]))
    streamed = bare(draft.keys)
    for file, rows in ((schema.MODELS_FILE, models), (schema.METRICS_FILE, metrics)):
        draft.rewrite(file, partial(rows_laid_over, changes=rows))
    draft.list_anew()
    keys = bare(draft.keys)
    words = kept.said(before, bare(joined(models["key"].chunks)), partial(rows_in, keys))
    older = renumbered(draft.said(), rows_in(keys, streamed))
    fresh = pa.Table.from_batches(words, SPOOL)
    draft.say_anew(words_laid_over(older, fresh, np.arange(len(keys))))


def _some(before: Snapshot, file: str, wanted: Mask) -> pa.Table:
    shape = schema.TABLES[file]
    return pa.table(some_rows(before, file, shape.names, wanted), schema=shape)


def _without(keys: KeyBytes, known: pa.StringArray) -> KeyBytes:
    left: KeyBytes = keys[rows_in(bare(known), keys) == NOWHERE]
    return left
