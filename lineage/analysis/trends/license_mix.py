"""Which license tags are known, by month and by release; what is not known stays apart."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.trends.findings import LicenseMix, Line, ReleaseLicenses, Timeline
from lineage.analysis.trends.moments import Calendar
from lineage.domain.arrays import Int64s, Mask
from lineage.store.reader import Snapshot


def license_mix(
    snapshot: Snapshot, counted: Mask, calendar: Calendar, releases: Sequence[tuple[str, Mask]]
) -> LicenseMix:
    """Count known tags column-wise; every mask has an element for each model with a record."""
    tags, code = _tags(snapshot, counted)
    # One row more for who has no known tag, one column more for who has no known date.
    shape = len(tags) + 1, len(calendar.span) + 1
    month = np.where(calendar.month < 0, shape[1] - 1, calendar.month)[counted]
    table = np.bincount(code[counted] * shape[1] + month, minlength=shape[0] * shape[1])
    lines = [
        Line(tag, numbers[:-1], numbers[-1])
        for tag, numbers in zip([*tags, ""], table.reshape(shape).tolist(), strict=True)
    ]
    by_release = []
    for name, which in releases:
        numbers = np.bincount(code[which & counted], minlength=shape[0]).tolist()
        by_release.append(ReleaseLicenses(name, numbers[:-1], numbers[-1]))
    return LicenseMix(tags, Timeline(calendar.months, lines[:-1]), lines[-1], by_release)


def _tags(snapshot: Snapshot, counted: Mask) -> tuple[list[str], Int64s]:
    """Return the tags of counted models, the most frequent first, and each record's position."""
    encoded = snapshot.record_column("license").combine_chunks().dictionary_encode()
    words: list[str] = encoded.dictionary.to_pylist()
    none = len(words)
    found = pc.fill_null(encoded.indices.cast(pa.int64()), none)
    code: Int64s = found.to_numpy(zero_copy_only=False)
    numbers = np.bincount(code[counted], minlength=none + 1).tolist()
    order = sorted(
        (at for at in range(none) if numbers[at]), key=lambda at: (-numbers[at], words[at])
    )
    position = np.full(none + 1, len(order), np.int64)
    position[order] = np.arange(len(order))
    return [words[at] for at in order], position[code]
