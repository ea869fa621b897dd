"""One model under several names, and several models under what is nearly one."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.anomalies.columns import Columns, Statements, distinct, packed
from lineage.analysis.anomalies.wording import Sighting, Sightings, listed, plural
from lineage.domain.arrays import Indices, Int64s


def two_names(columns: Columns) -> Sightings:
    """Find models that name one parent by two names or more."""
    said = columns.statements
    rows = _of_children_with_several_names(said)
    pairs = _distinct(said.child[rows], said.parent[rows], said.name[rows])
    same = (pairs[1:, :2] == pairs[:-1, :2]).all(axis=1)
    first = np.flatnonzero(np.append(True, ~same)[: len(pairs)])
    last = np.append(first[1:], len(pairs)) if first.size else first
    several = np.flatnonzero(last - first > 1)
    each = (_two_names(columns, pairs[first[at] : last[at]]) for at in several.tolist())
    return Sightings(len(several), each)


def several_names(columns: Columns) -> Sightings:
    """Find models that go by several names over the snapshot, those with most first."""
    said = columns.statements
    resolved = said.parent >= 0
    spelled = distinct(packed(said.parent[resolved], said.name[resolved])) >> 32
    numbers = np.bincount(spelled)
    several = np.flatnonzero(numbers > 1)
    several = several[np.argsort(-numbers[several], kind="stable")]
    return Sightings(len(several), _several_names(columns, several))


def case_twins(columns: Columns) -> Sightings:
    """Find listed models whose ids differ by case alone."""
    lowered = pc.utf8_lower(columns.ids).dictionary_encode()
    codes = lowered.indices.to_numpy()
    numbers = np.bincount(codes, minlength=len(lowered.dictionary))
    rows = np.flatnonzero(numbers[codes] > 1)
    asked = set(codes[rows[columns.is_inside(rows)]].tolist())
    twins: dict[int, list[int]] = {}
    for row in rows.tolist():
        if int(codes[row]) in asked:
            twins.setdefault(int(codes[row]), []).append(row)
    return Sightings(len(twins), (_twins(columns, found) for found in twins.values()))


def _of_children_with_several_names(said: Statements) -> Indices:
    """Return the rows of children that write more than one name: few, so the rest is cheap."""
    if not len(said.child):
        return np.empty(0, np.int64)
    first = np.flatnonzero(np.append(True, said.child[1:] != said.child[:-1]))
    several = np.minimum.reduceat(said.name, first) != np.maximum.reduceat(said.name, first)
    sizes = np.diff(np.append(first, len(said.child)))
    return np.flatnonzero(np.repeat(several, sizes) & (said.parent >= 0))


def _distinct(*columns: Indices) -> Int64s:
    """Return the distinct rows of some columns, in order."""
    rows = np.stack([column.astype(np.int64) for column in columns], axis=1)
    rows = rows[np.lexsort(rows.T[::-1])]
    new = (rows[1:] != rows[:-1]).any(axis=1)
    found: Int64s = rows[np.append(True, new)[: len(rows)]]
    return found


def _two_names(columns: Columns, rows: Int64s) -> Sighting:
    said = columns.statements
    child, parent = columns.name(int(rows[0, 0])), columns.name(int(rows[0, 1]))
    names = _quoted(said.names, rows[:, 2])
    detail = f"{child} names {parent} by {plural(len(names), 'name')}: {listed(names, len(names))}"
    return Sighting([child, parent], detail)


def _several_names(columns: Columns, parents: Indices) -> Iterator[Sighting]:
    """Tell of each name how many models write it; rows of other parents are put aside first."""
    said = columns.statements
    is_wanted = np.zeros(columns.nodes + 1, np.bool_)
    is_wanted[parents] = True
    rows = np.flatnonzero(is_wanted[said.parent])
    written = _distinct(said.parent[rows], said.name[rows], said.child[rows])
    starts = np.searchsorted(written[:, 0], parents)
    stops = np.searchsorted(written[:, 0], parents, side="right")
    for parent, start, stop in zip(parents.tolist(), starts, stops, strict=True):
        codes, numbers = np.unique(written[start:stop, 1], return_counts=True)
        order = np.argsort(-numbers, kind="stable")
        names = _quoted(said.names, codes[order])
        told = [
            f"{name} ({plural(number, 'model')})"
            for name, number in zip(names, numbers[order].tolist(), strict=True)
        ]
        name = columns.name(parent)
        detail = f"{name} is named in {len(names):,} ways: {listed(told, len(told))}"
        yield Sighting([name], detail)


def _twins(columns: Columns, rows: list[int]) -> Sighting:
    names = sorted(columns.name(row) for row in rows)
    if len(set(names)) == 1:  # renamed, or made anew, while the listing was walked
        return Sighting(names, f"{len(names):,} models bear the name {names[0]}")
    return Sighting(names, f"{listed(names, len(names))} differ by case alone")


def _quoted(names: pa.StringArray, codes: Indices) -> list[str]:
    """Return names in quotation marks: a trailing space is a difference too."""
    return [f'"{name}"' for name in names.take(pa.array(codes)).to_pylist()]
