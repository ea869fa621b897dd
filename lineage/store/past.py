"""Which earlier snapshots a new one learns from: the newest, and those that a dump hides from it.

A sweep knows everybody of before: who it does not list is among its tombstones. An update keeps the
rows it builds on. A dump keeps nobody's: it may hold a part of the Hub, and proves nobody missing.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from lineage.store.manifest import Kind, Manifest


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
    kept_elsewhere: set[str | None] = set()
    walk: Manifest | None = None
    missed_at, swept = taken_at, False
    for one in newest_first:
        kind = one.origin.kind
        if swept and walk is not None:
            late = kind is Kind.BULK and one.published_at >= walk.published_at
        else:
            late = one.id not in kept_elsewhere
        if late and not unharmed(one):
            continue
        if late:
            yield Heard(one, missed_at)
        if kind is Kind.UPDATE:
            kept_elsewhere.add(one.previous)
        if kind is Kind.SWEEP:
            missed_at, swept = one.origin.taken_at, True
        if kind is not Kind.BULK:
            walk = walk or one
