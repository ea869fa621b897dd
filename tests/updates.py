"""Updates without any HTTP: some rows read again, laid over an earlier snapshot."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from lineage.build.pipeline import build_snapshot
from lineage.store.manifest import SnapshotKind
from lineage.store.reader import Snapshot
from tests.builders import ENDPOINT, Row, origin, pages, publication


def updated(
    before: Snapshot, rows: Sequence[Row], folder: Path, *, endpoint: str = ENDPOINT
) -> Snapshot:
    """Publish an update that read these rows, a day after the snapshot before."""
    into = publication(folder)
    at = before.manifest.origin.taken_at + timedelta(days=1)
    later = origin(SnapshotKind.UPDATE, endpoint=endpoint, taken_at=at)
    return into.store.snapshot(build_snapshot(pages(rows), later, into, update_of=before).id)
