"""History goes forwards: no walk is published behind the newest snapshot.

Nobody would ask for such a one, nothing would go on from it, and it would know nothing of what came
after. Dumps may be dated back; what lies below one base stands apart.
"""

from collections.abc import Mapping
from datetime import datetime

from lineage.domain.moments import iso
from lineage.errors import StoreError
from lineage.http.page_log import PageLog, PageLogs
from lineage.store.manifest import Manifest, SnapshotKind
from lineage.store.store import ParquetStore


def refuse_earlier(store: ParquetStore, now: datetime) -> None:
    """Raise StoreError, before the first request, where the clock stands before history's end."""
    if (newest := newest_of(store)) is not None and now < newest.origin.taken_at:
        raise StoreError(
            f"the clock says {iso(now)}, but snapshot {newest.id} was taken at "
            f"{iso(newest.origin.taken_at)}: it was set back, or was wrong then",
            "set the clock right; if it was wrong then, move the folder "
            f"{newest.id} out of {store.location}",
        )


def not_overtaken(store: ParquetStore, log: PageLog) -> PageLog:
    """Return a recorded walk; StoreError where a snapshot was taken since it began."""
    if (newest := _overtaking(store, log)) is not None:
        raise StoreError(
            f"the recorded walk of {iso(log.started_at)} began before snapshot {newest.id} was "
            "taken, and knows nothing of what happened since",
            "replay it into a store of its own: --store elsewhere",
        )
    return log


def still_open(logs: PageLogs, identity: Mapping[str, str], store: ParquetStore) -> PageLog | None:
    """Return the unfinished walk that a run goes on with; one that was overtaken is closed."""
    log = logs.unfinished(identity)
    if log is not None and _overtaking(store, log) is not None:
        log.close("overtaken")
        return None
    return log


def _overtaking(store: ParquetStore, log: PageLog) -> Manifest | None:
    """Return the snapshot that was taken since a walk began, unless that is one below a base."""
    newest = None if log.identity.get("below") else newest_of(store)
    return newest if newest is not None and newest.origin.taken_at > log.started_at else None


def newest_of(store: ParquetStore) -> Manifest | None:
    """Return the snapshot of more than one family that was taken last."""
    whole = [one for one in store.manifests() if one.origin.kind is not SnapshotKind.BELOW]
    return max(whole, key=lambda one: one.origin.taken_at, default=None)
