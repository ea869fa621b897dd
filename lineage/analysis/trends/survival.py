"""How long the models of a family lived that are gone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lineage.analysis.members import members_below
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import root_nodes
from lineage.analysis.trends import moments as times
from lineage.analysis.trends.as_of import missed
from lineage.analysis.trends.findings import Part, Survival
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.store.reader import Snapshot

_DAYS = ((0, "0-6"), (7, "7-29"), (30, "30-89"), (90, "90-364"), (365, "365+"))
"""From how many days on a life falls into a class."""


def survival(
    snapshot: Snapshot, family: Family, families: Sequence[Family], definition: Definition
) -> Survival | None:
    """Return what is known of the gone; None where the snapshot knows of nobody.

    A life ends with the first listing that missed the model: it may have ended some days before.
    As of a day, who was missed later lives.
    """
    if not snapshot.manifest.tombstones:
        return None
    scope = Scope.of(snapshot, replace(definition, deleted=True), families)
    counted = members_below(scope, root_nodes(scope, family.roots())).counted
    listed = snapshot.manifest.models
    died = missed(snapshot)
    gone = counted[listed : snapshot.records]
    if definition.as_of is not None:
        gone = gone & (died < times.end_of(definition.as_of))
    born = times.created(snapshot)[listed:][gone]
    lived = (died[gone] - born)[born != times.UNDATED] // times.DAY
    starts = [start for start, _ in _DAYS]
    classes = Counter((np.searchsorted(starts, np.maximum(lived, 0), "right") - 1).tolist())
    parts = [Part(name, classes[at]) for at, (_, name) in enumerate(_DAYS)]
    return Survival(
        gone=int(gone.sum()),
        known=int(counted[: snapshot.records].sum()),
        lived=parts,
        undated=int((born == times.UNDATED).sum()),
    )
