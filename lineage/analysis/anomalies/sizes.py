"""Models whose size says another release than the one they are declared to come from."""

import numpy as np

from lineage.analysis.anomalies.columns import Occurrence, Occurrences, SnapshotColumns, join_names
from lineage.analysis.groups import find_releases
from lineage.evidence.sizes import match_known_numbers, sizes_by_number

_NAMED = 3


def find_impossible_sizes(columns: SnapshotColumns) -> Occurrences:
    """Find models that have the size of one release and declare another, of known sizes too."""
    scope, snapshot = columns.scope, columns.snapshot
    sizes = sizes_by_number(scope.families)
    # The listed alone: what is known of a deleted model stands as it was.
    parameters = snapshot.column("models.parquet", "parameters").combine_chunks()
    number = match_known_numbers(parameters, list(sizes))
    rows = np.flatnonzero(number > 0)
    rows = rows[columns.is_inside(rows)]
    releases = find_releases(scope, scope.edges)
    odd: list[tuple[int, str, str]] = []
    for row in rows.tolist():
        declared = releases.met_by(row)
        alike = sizes[int(number[row])]
        if not declared or not all(release.parameters for release in declared):
            continue
        if {release.id for release in declared}.isdisjoint(release.id for _, release, _ in alike):
            ours = join_names((it.name for it in declared), len(declared), _NAMED)
            theirs = [f"{release.name} {size}" for _, release, size in alike]
            odd.append((row, ours, join_names(theirs, len(theirs), _NAMED)))

    def describe_size(row: int, ours: str, theirs: str) -> Occurrence:
        name = columns.name(row)
        detail = (
            f"{name} is declared to come from {ours}, and has the size of {theirs}:"
            f" {number[row]:,} parameters"
        )
        return Occurrence([name], detail)

    return Occurrences(len(odd), (describe_size(*each) for each in odd))
