"""What somebody may want to be woken for: a root that vanished, a family that shrank, a burst."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lineage.analysis.anomalies import find_anomalies
from lineage.analysis.diff.diffs import Diff
from lineage.domain.anomalies import Anomaly, AnomalyKind
from lineage.domain.families import Family
from lineage.store.reader import Snapshot

MOST_BURSTS = 20


class AlertKind(StrEnum):
    """What can be told; the values are stable handles."""

    ROOT_VANISHED = "root_vanished"
    FAMILY_LOST = "family_lost"
    UPLOAD_BURST = "upload_burst"


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to look at."""

    kind: AlertKind
    about: str
    """The root, the family, or the parent of a burst. From the Hub, like the sentence: hostile."""
    says: str


def alerts(
    before: Snapshot,
    after: Snapshot,
    diff: Diff,
    families: Sequence[Family],
    lost_share: float,
) -> list[Alert]:
    """Return what to look at between two snapshots; `diff` is theirs.

    A family alerts that lost more than `lost_share` of its total. Of bursts the largest are told.
    """
    return [
        *_vanished_roots(diff, families),
        *_shrunk_families(diff, lost_share),
        *_new_bursts(before, after),
    ]


def _vanished_roots(diff: Diff, families: Sequence[Family]) -> Iterator[Alert]:
    gone = set(diff.removed) - set(diff.added)
    for family in families:
        for root in family.roots():
            if root in gone:
                says = f"{root}, a root of family {family.id}, is no longer listed"
                yield Alert(AlertKind.ROOT_VANISHED, root, says)


def _shrunk_families(diff: Diff, lost_share: float) -> Iterator[Alert]:
    for one in diff.families:
        if one.before - one.after > lost_share * one.before:
            says = (
                f"family {one.family} went from {one.before:,} to {one.after:,} derivatives:"
                f" it lost {1 - one.after / one.before:.1%}"
            )
            yield Alert(AlertKind.FAMILY_LOST, one.family, says)


def _new_bursts(before: Snapshot, after: Snapshot) -> Iterator[Alert]:
    """Yield the bursts none of whose named models were in a burst below the same parent before."""
    known = {pair for burst in _bursts(before) for pair in _pairs(burst)}
    new = [burst for burst in _bursts(after) if known.isdisjoint(_pairs(burst))]
    for burst in new[:MOST_BURSTS]:
        yield Alert(AlertKind.UPLOAD_BURST, burst.models[0], burst.detail)


def _bursts(snapshot: Snapshot) -> Sequence[Anomaly]:
    """Return every burst, the largest first."""
    kind = AnomalyKind.UPLOAD_BURST
    return find_anomalies(snapshot, kind=kind, examples=None).anomalies[0].examples


def _pairs(burst: Anomaly) -> set[tuple[str, str]]:
    parent, *children = burst.models
    return {(parent, child) for child in children}
