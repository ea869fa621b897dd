"""Up to which moment a snapshot has seen every commit: where an update goes on."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.moments import iso
from lineage.store import schema
from lineage.store.reader import Snapshot

NAME = "watermark"
_DATE, _LAST = "hub_date", "last"
_ASCENDING = "sort=createdAt&direction=1&"


def watermark(modified_at: pa.Array, requests: Mapping[str, str], taken_at: datetime) -> datetime:
    """Return the earlier of the newest commit and the Hub's clock when the walk began.

    So that neither a commit during the walk nor a date in the future is lost. Where the Hub told
    no time, the walk's own clock stands in for it.
    """
    newest = pc.max(modified_at).as_py()
    began = _moment(requests.get(_DATE, "")) or taken_at
    return began if newest is None else min(newest, began)


def watermark_of(snapshot: Snapshot) -> datetime:
    """Return a snapshot's watermark: kept in its manifest, or told from its rows if it is older."""
    origin = snapshot.manifest.origin
    kept = origin.requests.get(NAME)
    if kept is not None:
        return datetime.fromisoformat(kept)
    column = snapshot.column(schema.MODELS_FILE, "modified_at")
    return watermark(column, origin.requests, origin.taken_at)


def noted(requests: Mapping[str, str], modified_at: pa.Array, taken_at: datetime) -> dict[str, str]:
    """Return what a manifest keeps of its requests, the watermark with them."""
    return {**requests, NAME: iso(watermark(modified_at, requests, taken_at))}


def last_page_of(snapshot: Snapshot) -> str | None:
    """Return the last page of a snapshot's walk in order of creation, None where it made none."""
    last = snapshot.manifest.origin.requests.get(_LAST, "")
    return last if _ASCENDING in last else None


def _moment(date: str) -> datetime | None:
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
