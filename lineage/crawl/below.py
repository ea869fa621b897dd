"""A descent: one base and everything below it, for one small family now.

Costs at least one request for every member, leaves included, since a listing does not say who has
children; above some three thousand members a sweep is cheaper.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

from lineage.sources.interface import RecordPage, Source


def below(source: Source, base: str) -> Iterator[RecordPage]:
    """Yield the base itself, where the source shows it, and each descendant once."""
    seen: set[str] = set()
    waiting = deque([base])
    if (found := source.model(base)) is not None:
        yield _fresh(found, seen)
        # A former name leads to the model; its children are listed under the name it has now.
        waiting = deque(record.id for record in found.records) or waiting
    while waiting:
        for page in source.children(waiting.popleft()):
            fresh = _fresh(page, seen)
            waiting.extend(record.id for record in fresh.records)
            yield fresh


def _fresh(page: RecordPage, seen: set[str]) -> RecordPage:
    """Return the page without models seen before, told by key: a name may change on the way."""
    records = {record.key: record for record in page.records if record.key not in seen}
    seen.update(records)
    return replace(page, records=list(records.values()))
