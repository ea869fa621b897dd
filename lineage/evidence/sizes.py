"""Claims inferred from a number of parameters: who has just that many comes from those who had.

A tune that keeps the vocabulary keeps the number. It says the narrowest thing that all releases
with that number share: a release, else a group of releases, else the family; nothing where two
families have it and no license tag decides.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import Int64s, Mask
from lineage.domain.claims import Claim
from lineage.domain.families import Family, Release
from lineage.evidence.infer import InferenceInput, InferredClaim
from lineage.evidence.names import list_ids_never_inferred

RULE = "parameters"
# GGUF files count some numbers of their own, the factors of rotary positions, beside the weights.
_MOST_MORE = 128


def sizes_by_number(families: Sequence[Family]) -> dict[int, list[tuple[Family, Release, str]]]:
    """Return which releases have a size of just so many parameters."""
    sizes: dict[int, list[tuple[Family, Release, str]]] = {}
    for family in families:
        for release in family.releases:
            for size, number in release.parameters:
                sizes.setdefault(number, []).append((family, release, size))
    return sizes


def match_parameters_to_known_sizes(parameters: pa.Array, numbers: Sequence[int]) -> Int64s:
    """Return for each model the number among the known ones that it has; 0 where it has none."""
    known = np.array([0, *sorted(numbers)], np.int64)
    column = pc.fill_null(parameters, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    nearest: Int64s = known[np.searchsorted(known, column, "right") - 1]
    return np.where(column - nearest <= _MOST_MORE, nearest, 0)


def infer_from_sizes(
    families: Sequence[Family], nodes: InferenceInput, candidates: Mask
) -> Iterator[InferredClaim]:
    """Infer a release, a group or a family from the exact number of parameters."""
    sizes = sizes_by_number(families)
    curated = list_ids_never_inferred(families)
    number = match_parameters_to_known_sizes(nodes.parameters, list(sizes))[: len(candidates)]
    for row in np.flatnonzero(candidates & (number > 0)).tolist():
        if str(nodes.ids[row]).lower() in curated:
            continue
        tag, kind = nodes.license[row].as_py() or "", nodes.model_type[row].as_py()
        by_family: dict[str, tuple[Family, list[str]]] = {}
        for family, release, _ in sizes[int(number[row])]:
            types = family.names.model_types
            if kind is None or not types or kind in types:
                by_family.setdefault(family.id, (family, []))[1].append(release.id)
        # Some architectures were copied to the digit; then the tag must say whose weights they are.
        if len(by_family) > 1:
            by_family = {id: it for id, it in by_family.items() if tag.startswith(id)}
        if len(by_family) == 1:
            ((family, ids),) = by_family.values()
            subject = _narrowest_claimable_subject(family, set(ids))
            quote = f"{number[row]:,} parameters"
            yield InferredClaim(row, nodes.claimable[subject], Claim(RULE, subject, quote), subject)


def _narrowest_claimable_subject(family: Family, ids: set[str]) -> str:
    subjects: Mapping[str, set[str]] = {
        subject: {release.id for release in entry.releases}
        for subject, entry in family.claimable().items()
    }
    fitting = [subject for subject, releases in subjects.items() if ids <= releases]
    return min(fitting, key=lambda subject: (len(subjects[subject]), subject))
