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
    found = source.model(base)
    if found is not None:
        yield found
    present = found.records[0].id if found is not None and found.records else base
    waiting, seen = deque([present]), {present}
    while waiting:
        for page in source.children(waiting.popleft()):
            fresh = [record for record in page.records if record.id not in seen]
            seen.update(record.id for record in fresh)
            waiting.extend(record.id for record in fresh)
            yield replace(page, records=fresh)
