"""Who was deleted and left children behind."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pyarrow.compute as pc

from lineage.store import schema
from lineage.store.reader import Snapshot


@dataclass(frozen=True, slots=True)
class Grave:
    """A model that is gone, and what still stands below it."""

    id: str
    direct: int
    total: int
    """Distinct models at any depth, the deleted left out."""
    missed_at: datetime
    """When the sweep began that listed it no more."""
    gone_from: datetime | None
    """The first weekly list without it, from the corpus itself."""


@dataclass(frozen=True, slots=True)
class Graves:
    """The dead of a snapshot."""

    dead: int
    parents: int
    """How many of them have descendants that are listed still."""
    shown: tuple[Grave, ...]
    """Those with most below them first."""


def graves(snapshot: Snapshot, gone_from: Callable[[str], datetime | None], most: int) -> Graves:
    """Join the tombstones of a snapshot with its stored counts."""
    counts = snapshot.table(schema.COUNTS_FILE, ["key", "direct", "total"])
    dead = snapshot.tombstones(["key", "id", "missed_at"])
    left = dead.join(counts.filter(pc.greater(counts["total"], 0)), "key", join_type="inner")
    first = left.sort_by([("total", "descending"), ("id", "ascending")]).slice(0, most)
    shown = tuple(
        Grave(one["id"], one["direct"], one["total"], one["missed_at"], gone_from(one["id"]))
        for one in first.to_pylist()
    )
    return Graves(dead.num_rows, left.num_rows, shown)
