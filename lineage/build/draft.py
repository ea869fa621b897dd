"""A snapshot in the making: rows stream in, then derived tables, then it is published or set aside.

All files are written where they will stay. Until the manifest is there the folder is no snapshot,
so a kill at any moment leaves nothing that could be taken for one.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import partial

import numpy as np
import pyarrow as pa

from lineage.build.changed_keys import Changed
from lineage.build.claims_spool import Claims, ClaimsSpool, as_columns, spooled
from lineage.build.draft_rows import DraftRows
from lineage.build.earlier import said_before
from lineage.build.evidence_changes import Before, reworded
from lineage.build.resolved_claims import ResolvedClaims
from lineage.build.watermark import noted
from lineage.domain.arrays import Int64s, KeyBytes, Nodes
from lineage.domain.claims import Claim
from lineage.store import schema
from lineage.store.files import Files
from lineage.store.folders import unmark
from lineage.store.keys import bare, rows_in
from lineage.store.manifest import (
    FILE,
    REFUSAL_FILE,
    CheckResult,
    FileFacts,
    Manifest,
    Origin,
    SnapshotKind,
)
from lineage.store.overlay import bad_rows_laid_over, words_laid_over
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore
from lineage.version import __version__


class Draft(DraftRows):
    """Takes one walk's records and what was said of them; call `seal` before the derived tables."""

    def __init__(self, files: Files, id: str, origin: Origin) -> None:
        super().__init__(files, id, origin)
        self.previous: str | None = None
        """The snapshot that it stands beside."""
        self.left_out: tuple[str, ...] = ()
        """Digests of who asked to be left out."""
        self._before: Snapshot | None = None
        self._again: Collection[str] = ()
        self._of_the_dead, self._second = (
            self._open.enter_context(closing(ClaimsSpool())) for _ in range(2)
        )

    def lay_over(
        self, before: Snapshot, gives_keys: Collection[str], without: Collection[str]
    ) -> None:
        """Make whole what streamed in as changes to an earlier snapshot; once, when sealed.

        Of whoever did not change, all words are taken over but those of the rules in `without`.
        """
        changed = bare(self.keys)
        self.lay_rows_over(before, changed)
        bad_rows = self.whole(schema.BAD_ROWS_FILE)
        bad_rows = bad_rows_laid_over(before.table(schema.BAD_ROWS_FILE), bad_rows, changed)
        self.write(schema.BAD_ROWS_FILE, bad_rows)
        self._bad_rows.rows = bad_rows.num_rows
        self.list_anew()
        listed = bare(self.keys)
        older = said_before(
            before, partial(_unchanged, listed, changed), gives_keys=gives_keys, without=without
        )
        self.say_anew(words_laid_over(older, self._spool.whole(), rows_in(listed, changed)))
        self._before, self._again = before, without

    def note_watermark(self) -> None:
        """Keep up to which moment every commit was seen, where the walk saw everything."""
        origin = self.origin
        if origin.kind is not SnapshotKind.BELOW and self.models:
            modified_at = self.column("modified_at")
            requests = noted(origin.requests, modified_at, origin.taken_at)
            self.origin = replace(origin, requests=requests)

    def said(self) -> Iterator[pa.RecordBatch]:
        """Yield what records said, by child's row."""
        return self._spool.batches()

    def say_anew(self, said: Iterable[pa.RecordBatch]) -> None:
        """Put other words in place of those; they may be made of them."""
        words = self._open.enter_context(closing(spooled(said)))
        self._spool.close()
        self._spool = words

    # What is derived once everything is in

    def remember(self, said: Iterable[pa.RecordBatch]) -> None:
        """Add what was said of the dead while they lived; the evidence lists it after the rest."""
        self._of_the_dead.add_batches(said)

    def claims(self, rule_names: Sequence[str]) -> Claims:
        """Return all that was said, as columns; once, when everybody gone is remembered."""
        self._of_the_dead.finish(np.arange(self.records))
        return as_columns((self._spool, self._of_the_dead), rule_names)

    def hear_again(self, children: Nodes, claims: Sequence[Claim]) -> None:
        """Add what a second hearing brought: one witness for each of some children's rows.

        The evidence lists it after all of the first hearing.
        """
        self._second.add_for(children, claims)

    def write_evidence(self, node_keys: pa.StringArray, parent_nodes: Nodes) -> None:
        """Write each witness with the keys its names settled to; -1 = settled to nothing."""
        self._second.finish(None)
        first = (self._spool, self._of_the_dead)
        words = ResolvedClaims(first, self._second, self.all_keys, node_keys, parent_nodes)
        if self.changed is None or self._before is None:
            self.write_batches(schema.EVIDENCE_FILE, words.of_all())
        else:
            self._write_changed_words(words, self.changed, self._before)

    def _write_changed_words(self, words: ResolvedClaims, changed: Changed, onto: Snapshot) -> None:
        nodes_of = partial(self._nodes_of, bare(self.keys))
        before = Before(onto, self._again, nodes_of, self.models, self.records)
        other, gone = reworded(words, before)
        keys = bare(self.all_keys)
        self.changed = changed.and_words(np.union1d(keys[other], gone))
        known = self.changed.of(keys)
        self.write_batches(schema.CHANGES[schema.EVIDENCE_FILE], words.of_some(known))
        self.write(schema.CHANGED_FILE, self.changed.table())

    def _nodes_of(self, listed: KeyBytes, keys: KeyBytes) -> Int64s:
        """Return the node of each key that has a record, else -1."""
        rows = rows_in(listed, keys)
        return np.where(rows < 0, self.rows_of_the_dead(keys), rows)

    # How it ends

    def publish(self, checks: Sequence[CheckResult], now: datetime) -> Manifest:
        """Make it a snapshot: the manifest is written last."""
        return self._finish(FILE, checks, now)

    def set_aside(self, checks: Sequence[CheckResult], now: datetime) -> Manifest:
        """Keep it for a human to look at; it is no snapshot."""
        return self._finish(REFUSAL_FILE, checks, now)

    def close(self) -> None:
        """Let go of what is open; an unfinished draft stays unfinished."""
        self._open.close()

    def so_far(self) -> Snapshot:
        """Return what is written as a snapshot, to ask it what will be asked of it later."""
        return Snapshot(self._files, self._manifest({}, (), self.origin.taken_at))

    def _finish(self, file: str, checks: Sequence[CheckResult], now: datetime) -> Manifest:
        manifest = self._manifest(self.facts(), checks, now)
        self._files.write_whole(f"{self.id}/{file}", manifest.to_json())
        unmark(self._files, self.id)
        return manifest

    def _manifest(
        self, facts: Mapping[str, FileFacts], checks: Sequence[CheckResult], now: datetime
    ) -> Manifest:
        return Manifest(
            id=self.id,
            origin=self.origin,
            published_at=now,
            previous=self.previous,
            models=self.models,
            edges=self.rows_written[schema.EDGES_FILE],
            bad_rows=self.bad_rows,
            tombstones=int(self.dead.num_rows),
            unread_fields=dict(sorted(self.unread_fields.items())),
            files=facts,
            checks=tuple(checks),
            written_by=f"lineage {__version__}",
            left_out=self.left_out,
            builds_on=None if self.changed is None else self.changed.since,
        )


def open_draft(store: ParquetStore, origin: Origin) -> Draft:
    """Begin a draft in a store, in a folder named by the moment its walk began."""
    return Draft(store.files, store.begin_folder(origin.taken_at), origin)


def _unchanged(listed: KeyBytes, changed: KeyBytes, keys: KeyBytes) -> Int64s:
    """Return the row of each key that is listed and did not change, else -1."""
    return np.where(rows_in(changed, keys) < 0, rows_in(listed, keys), -1)
