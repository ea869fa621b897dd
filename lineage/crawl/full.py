"""A sweep: every model the source lists, each once."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lineage.domain.records import ModelRecord
from lineage.sources.interface import RecordPage, Source

BORDER = 50
"""How many rows at a page border may be repeated."""


def sweep(source: Source) -> Iterator[RecordPage]:
    """Yield everything the source knows."""
    return without_repeats(source.everything())


def without_repeats(pages: Iterable[RecordPage]) -> Iterator[RecordPage]:
    """Drop rows that the next page repeats: at a page border the later one wins.

    The Hub's census of 2026-10-03 saw rows twice where a page border moved while it walked. Only
    the end of a page is held back for that, so that the rest of it can go; what is repeated from
    further away a draft settles when it is sealed.
    """
    tail: list[ModelRecord] = []
    for page in pages:
        rows = _without(tail, page.records[:BORDER]) + page.records
        tail = rows[-BORDER:]
        yield replace(page, records=rows[:-BORDER])
    if tail:
        yield RecordPage(tail)


def _without(tail: list[ModelRecord], next_rows: list[ModelRecord]) -> list[ModelRecord]:
    if not tail or not next_rows or tail[-1].key < next_rows[0].key:
        return tail  # the walk ascends: nothing is repeated
    again = {record.key for record in next_rows}
    return [record for record in tail if record.key not in again]
