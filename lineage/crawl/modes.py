"""What each mode reads from a source: everything, what changed, or what lies below one base."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, islice

from lineage.domain.records import ModelRecord
from lineage.errors import PageNotRecorded, QueryRefused, UnknownModel
from lineage.sources.interface import ChangingSource, RecordPage, Source
from lineage.sources.listing_check import BORDER_ROWS

OVERLAP = 500
"""So many rows from before the watermark are read again, and the rest of their page."""


@dataclass(frozen=True, slots=True)
class UpdateStart:
    """Where an update goes on."""

    watermark: datetime
    """Every commit before it was seen; those of that very second lie in the overlap."""
    last_page: str | None
    """The request of the last page in order of creation; None where there is none."""
    newest_key: str
    """The greatest key of the snapshot."""
    models: int
    """How many models the snapshot holds."""


# Listings do not say who has children, so walking down costs a request for every member, leaves
# included; the whole Hub is some 3,240 requests. So everything is listed, not descended.
def crawl_everything(source: Source) -> Iterator[RecordPage]:
    """Yield every model the source lists, each once."""
    return drop_repeated_crawl_rows(source.everything())


def drop_repeated_crawl_rows(pages: Iterable[RecordPage]) -> Iterator[RecordPage]:
    """Drop rows that the next page repeats: at a page border the later one wins."""
    # The Hub's census of 2026-10-03 saw rows twice where a page border moved during the listing.
    # Only the end of a page is held back for that, so that the rest can be stored at once; what is
    # repeated from further away the draft resolves when it is sealed.
    tail: list[ModelRecord] = []
    for page in pages:
        rows = _drop_rows_crawled_before(tail, page.records[:BORDER_ROWS]) + page.records
        tail = rows[-BORDER_ROWS:]
        yield replace(page, records=rows[:-BORDER_ROWS])
    if tail:
        yield RecordPage(tail)


def _drop_rows_crawled_before(
    tail: list[ModelRecord], next_rows: list[ModelRecord]
) -> list[ModelRecord]:
    # In the full listing keys ascend, so a look at two of them nearly always settles it.
    if not tail or not next_rows or tail[-1].key < next_rows[0].key:
        return tail
    repeated = {record.key for record in next_rows}
    return [record for record in tail if record.key not in repeated]


def crawl_changes(source: ChangingSource, start: UpdateStart) -> Iterator[RecordPage]:
    """Yield the models committed to since a snapshot, then those created since; some twice."""
    # A listing in order of the last commit moves while it is read: a model committed to meanwhile
    # goes to its top, unseen. The next update begins early enough to meet it (build.draft).
    older = 0
    for page in source.by_last_commit(start.models):
        yield page
        older += sum(not _crawl_changed_after(record, start.watermark) for record in page.records)
        if older >= OVERLAP:
            break
    # The created ones come last: of a row in both listings the later one wins, and the draft's
    # last request is where the next update goes on.
    pages = _continue_crawl_from(source, start)
    if pages is not None:
        yield from drop_repeated_crawl_rows(pages)
        return
    for page in source.newest_first(start.models):
        yield page
        if any(record.key <= start.newest_key for record in page.records):
            return


def _continue_crawl_from(source: ChangingSource, start: UpdateStart) -> Iterator[RecordPage] | None:
    """Return the listing from a page asked for before; None where the Hub refuses its cursor."""
    # The cursor is the Hub's own and may expire. A refusal is not recorded, so that in a replay
    # the page is missing instead.
    if start.last_page is None:
        return None
    pages = source.created_from(start.last_page, start.newest_key)
    try:
        first_page = list(islice(pages, 1))
    except (QueryRefused, PageNotRecorded):
        return None
    return chain(first_page, pages)


def _crawl_changed_after(record: ModelRecord, watermark: datetime) -> bool:
    return record.modified_at is not None and record.modified_at > watermark


def crawl_below(source: Source, base: str) -> Iterator[RecordPage]:
    """Yield the base itself, where the source shows it, and each descendant once.

    One request for every member at least: above some three thousand a full crawl is cheaper.
    Raises UnknownModel where the source shows neither the base nor a child of it.
    """
    seen_keys: set[str] = set()
    parents = deque([base])
    if (base_page := source.model(base)) is not None:
        yield _drop_rows_of_this_crawl(base_page, seen_keys)
        # A former name leads to the model; its children are listed under the name it has now.
        parents = deque(record.id for record in base_page.records) or parents
    while parents:
        for page in source.children(parents.popleft()):
            new_rows = _drop_rows_of_this_crawl(page, seen_keys)
            parents.extend(record.id for record in new_rows.records)
            yield new_rows
    if not seen_keys:
        raise UnknownModel(
            f"the Hub shows no model {base!r} and no model made from it",
            "check the spelling, upper and lower case included: owner/name",
        )


def _drop_rows_of_this_crawl(page: RecordPage, seen_keys: set[str]) -> RecordPage:
    """Return the page without rows of earlier pages; a name may change meanwhile, a key not."""
    # A child of two parents is listed twice, and counts once also where it cannot be read.
    records = {record.key: record for record in page.records if record.key not in seen_keys}
    bad_rows = {row.key or row.raw: row for row in page.bad_rows}
    bad_rows = {key: row for key, row in bad_rows.items() if key not in seen_keys}
    seen_keys.update(records, bad_rows)
    return replace(page, records=list(records.values()), bad_rows=list(bad_rows.values()))
