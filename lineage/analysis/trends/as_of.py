"""Who may have been there on a day that is asked about: the undated are told, not dropped."""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pyarrow as pa

from lineage.analysis.trends.moments import UNDATED, end_of
from lineage.domain.arrays import Int64s, Mask
from lineage.domain.definitions import Definition
from lineage.domain.moments import end_of as end_of_day
from lineage.store.reader import Snapshot


@dataclass(frozen=True, slots=True)
class Day:
    """What a day cuts off."""

    definition: Definition
    """For the graph: without the day, with whoever was missed since."""
    may: Mask
    """Models with a record that were there by then, or are undated and may have been."""
    surely: Mask
    """Those that `count --as-of` counts: of the undated those seen by then."""

    @classmethod
    def of(cls, snapshot: Snapshot, definition: Definition, moments: Int64s) -> "Day":
        """Read a definition's day; without one, everybody is there."""
        everyone = np.ones(len(moments), np.bool_)
        if definition.as_of is None:
            return cls(definition, everyone, everyone)
        end = end_of(definition.as_of)
        may = (moments == UNDATED) | (moments < end)
        if not definition.deleted and snapshot.manifest.tombstones:
            may[snapshot.manifest.models :] &= missed(snapshot) >= end
        seen: datetime = snapshot.manifest.origin.taken_at
        is_seen = seen < end_of_day(definition.as_of)
        surely = may if is_seen else may & (moments != UNDATED)
        return cls(replace(definition, as_of=None, deleted=True), may, surely)


def missed(snapshot: Snapshot) -> Int64s:
    """Return the moment of the first listing without each tombstone, in microseconds."""
    column = snapshot.tombstones(["missed_at"])["missed_at"].combine_chunks().cast(pa.int64())
    found: Int64s = column.to_numpy(zero_copy_only=False)
    return found
