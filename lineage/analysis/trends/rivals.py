"""Which family each model stems from: each model once, and every family by the same rules."""

import numpy as np

from lineage.analysis.groups import MIXED
from lineage.analysis.members import members_below
from lineage.analysis.releases import Releases
from lineage.analysis.scope import Scope
from lineage.domain.arrays import Mask


def rivals(scope: Scope, met: Releases, records: int) -> list[tuple[str, Mask]]:
    """Return the models of each family that has any; who meets two first is in `mixed` alone.

    Official repositories and plain mirrors of any family are roots and count nowhere.
    """
    roots = np.unique(np.concatenate([np.empty(0, np.int32), *met.roots])).astype(np.int32)
    counted = members_below(scope, roots).counted[:records]
    below = {family.id: np.zeros(records, np.bool_) for family in scope.families}
    owner = [family.id for family in scope.families for _ in family.releases]
    for family, release in zip(owner, met.releases, strict=True):
        below[family] |= met.met(release)[:records] & counted
    times = np.zeros(records, np.int8)
    for mask in below.values():
        times += mask
    columns = [(family, mask & (times == 1)) for family, mask in below.items()]
    return [(key, mask) for key, mask in [*columns, (MIXED, times > 1)] if mask.any()]
