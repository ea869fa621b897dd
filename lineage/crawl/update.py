"""An update: what changed since a snapshot was taken, and what was created since.

A listing in order of the last commit moves while it is walked: who is committed to meanwhile goes
to its top, unseen. The next update begins early enough to meet them (`lineage.build.watermark`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice

from lineage.crawl.full import without_repeats
from lineage.domain.records import ModelRecord
from lineage.errors import PageNotRecorded, QueryRefused
from lineage.sources.interface import ChangingSource, RecordPage

OVERLAP = 500
"""So many rows from before the watermark are read again, and the rest of what came with them."""


@dataclass(frozen=True, slots=True)
class Since:
    """Where an update goes on."""

    watermark: datetime
    """Every commit before it was seen; those of that very second lie in the overlap."""
    last_page: str | None
    """The request of the last page of a walk in order of creation; None where there is none."""
    newest_key: str
    """The greatest key that is known."""


def update(source: ChangingSource, since: Since) -> Iterator[RecordPage]:
    """Yield the models that were committed to since, then those created since; some twice."""
    yield from _changed(source, since.watermark)
    # Created last: of a row that both lists show the later one wins, and the draft's last request
    # is where the next update goes on.
    goes_on = None if since.last_page is None else _from_there(source, since.last_page)
    if goes_on is None:
        yield from _created(source, since.newest_key)
    else:
        yield from without_repeats(goes_on)


def _from_there(source: ChangingSource, last_page: str) -> Iterator[RecordPage] | None:
    """Return the walk from a page that was asked for before; None where it is taken no more.

    The cursor in it is the Hub's own and may expire. No refusal is recorded, so that a replay
    misses the page instead.
    """
    pages = source.created_from(last_page)
    try:
        first = list(islice(pages, 1))
    except (QueryRefused, PageNotRecorded):
        return None
    return chain(first, pages)


def _changed(source: ChangingSource, watermark: datetime) -> Iterator[RecordPage]:
    older = 0
    for page in source.by_last_commit():
        yield page
        older += sum(not _is_since(record, watermark) for record in page.records)
        if older >= OVERLAP:
            return


def _created(source: ChangingSource, newest_key: str) -> Iterator[RecordPage]:
    for page in source.newest_first():
        yield page
        if any(record.key <= newest_key for record in page.records):
            return


def _is_since(record: ModelRecord, watermark: datetime) -> bool:
    return record.modified_at is not None and record.modified_at > watermark
