"""Which earlier snapshots a new one learns from: the newest, and those that a dump hides from it.

A sweep knows everybody of before: who it does not list is among its tombstones. An update keeps the
rows of the walk it builds on. A dump keeps nobody's: it may hold a part of the Hub, and proves
nobody missing.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from lineage.store.manifest import Manifest, SnapshotKind


@dataclass(frozen=True, slots=True)
class Heard:
    """A snapshot that a draft learns from."""

    manifest: Manifest
    missed_at: datetime | None
    """When the first sweep after it began, which missed whoever is not known since; None where
    there was none."""


def heard_by(
    taken_at: datetime | None,
    newest_first: Iterable[Manifest],
    unharmed: Callable[[Manifest], bool] = lambda manifest: True,
) -> Iterator[Heard]:
    """Yield what a draft learns from, the newest first; `taken_at` is its own, if it is a sweep.

    Behind the last sweep only dumps are left to be heard, that were taken since the last walk was
    published: a walk has heard all that lay there before it. `unharmed` is asked of no others.
    """
    walk: Manifest | None = None
    builds_on: str | None = None
    missed_at, walks_are_known, swept = taken_at, False, False
    for one in newest_first:
        kind = one.origin.kind
        if kind is not SnapshotKind.DUMP:
            is_news = not walks_are_known
        elif swept and walk is not None:
            is_news = one.published_at >= walk.published_at
        else:
            is_news = one.id != builds_on
        if is_news and not unharmed(one):
            continue
        if is_news:
            yield Heard(one, missed_at)
        if kind is SnapshotKind.FULL:
            missed_at, swept = one.origin.taken_at, True
        if kind is SnapshotKind.DUMP:
            # An update upon a dump has its rows, not those of the walk before it.
            walks_are_known = walks_are_known and (swept or one.id != builds_on)
        else:
            walk, builds_on, walks_are_known = walk or one, one.previous, True
