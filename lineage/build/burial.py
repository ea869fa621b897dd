"""Burying: who was known before and is listed no more, with all that was said of them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from lineage.build.absences import absences
from lineage.build.draft import Draft
from lineage.build.earlier import only, said_before
from lineage.build.tombstones import in_order, newly_gone, still_gone
from lineage.domain.arrays import KeyBytes
from lineage.domain.opt_outs import OptOuts
from lineage.store import schema
from lineage.store.keys import bare, joined
from lineage.store.manifest import SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.redaction import dead_without, said_without


@dataclass(frozen=True, slots=True)
class Earlier:
    """A snapshot that a draft learns from."""

    snapshot: Snapshot
    missed_at: datetime | None
    """When the first sweep after it began; None where nobody was proved missing since."""


def bury(
    draft: Draft, past: Sequence[Earlier], gives_keys: Collection[str], opt_outs: OptOuts
) -> None:
    """Keep who is gone, with all that was said of them while they lived; once, for every draft.

    Of several snapshots the newest that knows a model tells of it. Only a sweep proves that a model
    is missing, and only who is met is back; what lies below one base says nothing of anybody else.
    """
    if draft.origin.kind is SnapshotKind.BELOW:
        past = ()
    present = bare(draft.keys)
    graves = list(_graves(past, present))
    draft.bury(dead_without(in_order([dead for _, dead in graves]), opt_outs))
    for before, dead in graves:
        rows_of = only(_keys(dead), draft.rows_of_the_dead)
        words = said_before(before, rows_of, gives_keys=gives_keys)
        draft.remember(said_without(words, opt_outs))
    known = (present, _keys(draft.dead))
    over = absences((one.snapshot for one in past), present, known, draft.origin.taken_at)
    draft.write(schema.ABSENCES_FILE, over)


def _graves(past: Sequence[Earlier], present: KeyBytes) -> Iterator[tuple[Snapshot, pa.Table]]:
    """Yield the dead that each snapshot tells of, the newest first."""
    known = [present]
    for one in past:
        dead = [still_gone(one.snapshot, known)]
        if one.missed_at is not None:
            dead.append(newly_gone(one.snapshot, known, one.missed_at))
        grave = in_order(dead)
        known.append(_keys(grave))
        yield one.snapshot, grave


def _keys(table: pa.Table) -> KeyBytes:
    return bare(joined(table["key"].chunks))
