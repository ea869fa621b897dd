"""What of the family registry decides a count, as one word: registries of one word count alike."""

import hashlib
import json
from collections.abc import Iterator, Sequence

from lineage.domain.families import Family

_DIGITS = 16


def overlay_of(families: Sequence[Family]) -> str:
    """Return a digest of the roots by release and of the curated edges of all families.

    Versions, sources and whatever else only tells of them are not in it.
    """
    told = json.dumps(list(map(list, map(_decisive, families))))
    return hashlib.sha256(told.encode()).hexdigest()[:_DIGITS]


def _decisive(family: Family) -> Iterator[object]:
    yield family.id
    yield [[release.name, *release.roots()] for release in family.releases]
    yield [[edge.child, edge.parent, edge.relation] for edge in family.curated_edges()]
