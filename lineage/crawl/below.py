"""A descent: one base and everything below it, for one small family now.

Costs at least one request for every member, leaves included, since a listing does not say who has
children; above some three thousand members a sweep is cheaper.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

from lineage.errors import UnknownModel
from lineage.sources.interface import RecordPage, Source

_HINT = "check the spelling, upper and lower case included: owner/name"


def below(source: Source, base: str) -> Iterator[RecordPage]:
    """Yield the base itself, where the source shows it, and each descendant once.

    Raises UnknownModel where the source shows neither the base nor a child of it.
    """
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
    if not seen:
        raise UnknownModel(f"the Hub shows no model {base!r} and no model made from it", _HINT)


def _fresh(page: RecordPage, seen: set[str]) -> RecordPage:
    """Return the page without rows seen before, told by key: a name may change on the way.

    A child of two parents is listed twice, and counts once also where it cannot be read.
    """
    records = {record.key: record for record in page.records if record.key not in seen}
    bad_rows = {row.key or row.raw: row for row in page.bad_rows}
    bad_rows = {key: row for key, row in bad_rows.items() if key not in seen}
    seen.update(records, bad_rows)
    return replace(page, records=list(records.values()), bad_rows=list(bad_rows.values()))
