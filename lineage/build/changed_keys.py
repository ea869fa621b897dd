"""Whose rows an update keeps: who changed since the whole snapshot that it builds on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pyarrow as pa

from lineage.domain.arrays import KeyBytes, Mask
from lineage.store import schema
from lineage.store.bases import as_base
from lineage.store.keys import are_in, bare, joined
from lineage.store.manifest import BuildsOn
from lineage.store.reader import Snapshot
from lineage.store.tables import LaidTables

MOST_SHARE = 1 / 3
"""Of the models; where more changed an update is written whole, and the next ones build on it."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Sorted keys, counted since a whole snapshot: never a chain of updates."""

    since: BuildsOn
    records: KeyBytes
    """Whose record is another or no more."""
    words: KeyBytes
    """Whose words are others, of nobody in `records`."""

    @classmethod
    def upon(cls, before: Snapshot, read: KeyBytes) -> Self | None:
        """Return who changed where these were read since `before`; None where it is too much.

        Rows of an older schema may lack columns: what follows them stands alone.
        """
        manifest, tables = before.manifest, before.tables
        if manifest.schema_version != schema.VERSION:
            return None
        if isinstance(tables, LaidTables) and manifest.builds_on is not None:
            found = cls(manifest.builds_on, *_kept(tables.changed))
        else:
            nobody = read[:0]
            found = cls(as_base(manifest), nobody, nobody)
        records = np.union1d(found.records, read)
        if len(records) + len(found.words) > MOST_SHARE * manifest.models:
            return None
        return replace(found, records=records).and_words(found.words)

    def and_words(self, of: KeyBytes) -> Self:
        """Return it with more children whose words are others."""
        words = np.union1d(self.words, of)
        return replace(self, words=words[~are_in(self.records, words)])

    def of(self, keys: KeyBytes) -> Mask:
        """Mark the keys whose words are not those of the base."""
        return are_in(self.records, keys) | are_in(self.words, keys)

    def table(self) -> pa.Table:
        """Return it as it is stored, in order of the key."""
        keys = np.concatenate([self.records, self.words])
        order = np.argsort(keys, kind="stable")
        columns = {
            "key": pa.array(keys[order].astype(str), pa.string()),
            "record": pa.array(order < len(self.records)),
        }
        return pa.table(columns, schema=schema.CHANGED)


def changes_of(snapshot: Snapshot, file: str) -> Iterator[pa.RecordBatch]:
    """Yield the rows that a snapshot itself keeps as changes; none where it stands alone."""
    if snapshot.manifest.builds_on is not None:
        yield from snapshot.tables.batches(schema.CHANGES[file])


def _kept(table: pa.Table) -> tuple[KeyBytes, KeyBytes]:
    keys, record = bare(joined(table["key"].chunks)), np.asarray(table["record"])
    return keys[record], keys[~record]
