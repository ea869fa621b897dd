"""A sweep: every model the source lists, each once."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lineage.sources.interface import RecordPage, Source


def sweep(source: Source) -> Iterator[RecordPage]:
    """Yield everything the source knows."""
    return without_repeats(source.everything())


def without_repeats(pages: Iterable[RecordPage]) -> Iterator[RecordPage]:
    """Drop a row that the next page repeats: at a page border the later one wins.

    The Hub's census of 2026-10-03 saw rows twice where a page border moved while it walked.
    """
    held: RecordPage | None = None
    for page in pages:
        if held is not None:
            yield _without(held, page)
        held = page
    if held is not None:
        yield held


def _without(page: RecordPage, later: RecordPage) -> RecordPage:
    if page.records and later.records and page.records[-1].key < later.records[0].key:
        return page  # the walk ascends: nothing is repeated
    again = {record.key for record in later.records}
    kept = [record for record in page.records if record.key not in again]
    return page if len(kept) == len(page.records) else replace(page, records=kept)
