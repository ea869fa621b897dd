"""What cards said at an earlier snapshot, of models to which nobody has committed since."""

from collections.abc import Collection, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.build.draft import Draft
from lineage.domain.arrays import Int64s
from lineage.domain.claims import Claim
from lineage.store import schema
from lineage.store.keys import NOWHERE, bare, joined, rows_in
from lineage.store.reader import Snapshot

_TOLD = ["child_key", *Claim._fields[:-1]]


def said_by_cards(
    before: Snapshot, draft: Draft, rules: Collection[str]
) -> Iterator[tuple[int, Claim]]:
    """Yield a listed model's row with each witness of these rules, where its commit is the same.

    What a name settled to then is left out: it is settled anew.
    """
    told = _told(before, rules)
    if told.num_rows == 0:
        return
    rows = _same_commit(before, draft, pc.unique(told["child_key"]))
    columns = (told[name].to_pylist() for name in _TOLD)
    for key, *said in zip(*columns, strict=True):
        if key in rows:
            yield rows[key], Claim(*said)


def _told(before: Snapshot, rules: Collection[str]) -> pa.Table:
    """Return the words of these rules; where none spoke, nothing but the rules is read."""
    wanted = pa.array(sorted(rules), pa.string())
    spoke = before.table(schema.EVIDENCE_FILE, ["rule"], as_codes=["rule"])["rule"]
    known = {rule for chunk in spoke.chunks for rule in chunk.dictionary.to_pylist()}
    found = [schema.EVIDENCE.empty_table().select(_TOLD)]
    for batch in before.batches(schema.EVIDENCE_FILE, _TOLD) if known & set(rules) else ():
        here = batch.filter(pc.is_in(batch["rule"], value_set=wanted))
        found.append(pa.Table.from_batches([here]).select(_TOLD).cast(found[0].schema))
    return pa.concat_tables(found)


def _same_commit(before: Snapshot, draft: Draft, keys: pa.StringArray) -> dict[str, int]:
    """Return the row of each of some models that is listed with the commit that it had."""
    found = rows_in(bare(draft.keys), bare(joined([keys])))
    chosen = np.zeros(draft.models, np.bool_)
    chosen[found[found != NOWHERE]] = True
    now = {key: (row, sha) for row, key, sha in draft.rows_of(chosen, ("key", "sha"))}
    rows: dict[str, int] = {}
    for key, sha in _commits(before, found, keys):
        row, sha_now = now.get(key, (NOWHERE, None))
        if sha is not None and sha == sha_now:
            rows[key] = row
    return rows


def _commits(
    before: Snapshot, found: Int64s, keys: pa.StringArray
) -> Iterator[tuple[str, str | None]]:
    """Yield key and commit of those that are still listed, from when they were seen last."""
    wanted = keys.filter(pa.array(found != NOWHERE))
    for table in (before.batches(schema.MODELS_FILE, ["key", "sha"]), _dead(before)):
        for batch in table:
            some = batch.filter(pc.is_in(batch["key"], value_set=wanted))
            yield from zip(some["key"].to_pylist(), some["sha"].to_pylist(), strict=True)


def _dead(before: Snapshot) -> Iterator[pa.RecordBatch]:
    yield from before.tombstones(["key", "sha"]).to_batches()
