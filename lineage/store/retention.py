"""Which snapshots a new one learns from, and which are kept when others are deleted."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lineage.errors import SettingsError
from lineage.store.manifest import Manifest, SnapshotKind, is_snapshot_below_base


@dataclass(frozen=True, slots=True)
class PreviousManifest:
    """A snapshot that a draft learns from."""

    manifest: Manifest
    missed_at: datetime | None
    """When the first full crawl after it began: models that were not seen since were found missing
    then; None where there was none."""


# A full crawl knows every model of before: those that it does not list are among its tombstones. An
# update keeps the rows of the snapshot it builds on. A dump keeps none: it may hold a part of the
# Hub, and proves no model missing, so what lies behind it must still be read.


def select_previous_manifests(
    taken_at: datetime | None,
    newest_first: Iterable[Manifest],
    is_intact: Callable[[Manifest], bool] = lambda manifest: True,
) -> Iterator[PreviousManifest]:
    """Yield what a draft learns from, the newest first; `taken_at` is that of a full crawl.

    Behind the last full crawl only dumps are left to learn from that were imported since the last
    crawl was published: that crawl has learned from all before it. `is_intact` is asked of no
    others.
    """
    crawl: Manifest | None = None
    builds_on: str | None = None
    missed_at, knows_crawls, knows_full = taken_at, False, False
    for manifest in newest_first:
        kind = manifest.origin.kind
        if kind is not SnapshotKind.DUMP:
            is_news = not knows_crawls
        elif knows_full and crawl is not None:
            is_news = manifest.published_at >= crawl.published_at
        else:
            is_news = manifest.id != builds_on
        if is_news and not is_intact(manifest):
            continue
        if is_news:
            yield PreviousManifest(manifest, missed_at)
        if kind is SnapshotKind.FULL:
            missed_at, knows_full = manifest.origin.taken_at, True
        if kind is SnapshotKind.DUMP:
            # An update upon a dump has its rows, not those of the crawl before it.
            knows_crawls = knows_crawls and (knows_full or manifest.id != builds_on)
        else:
            crawl, builds_on, knows_crawls = crawl or manifest, manifest.previous, True


DEFAULT = "30 daily, 52 weekly, all monthly"
_PART = re.compile(r"\s*(all|[1-9][0-9]{0,4})\s+(daily|weekly|monthly|yearly)\s*")


class Rhythm(StrEnum):
    """How long one period lasts."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"

    def period(self, moment: datetime) -> tuple[int, ...]:
        """Return the period that a moment lies in; weeks begin on Monday, all in UTC."""
        match self:
            case Rhythm.DAILY:
                return (moment.toordinal(),)
            case Rhythm.WEEKLY:
                return ((moment - timedelta(days=moment.weekday())).toordinal(),)
            case Rhythm.MONTHLY:
                return moment.year, moment.month
        return (moment.year,)


@dataclass(frozen=True, slots=True)
class RetentionPart:
    """The newest snapshot of each of the last periods of one rhythm."""

    periods: int | None
    """How many periods that hold a snapshot; None for all."""
    rhythm: Rhythm


def read_retention_rule(text: str) -> tuple[RetentionPart, ...]:
    """Read `30 daily, 52 weekly, all monthly`; SettingsError where it is spelled otherwise."""
    parts = []
    for word in text.split(","):
        match = _PART.fullmatch(word.lower())
        if match is None:
            raise SettingsError(f"{word.strip()!r} is no rule of retention", f"example: {DEFAULT}")
        periods = None if match[1] == "all" else int(match[1])
        parts.append(RetentionPart(periods, Rhythm(match[2])))
    return tuple(parts)


def snapshots_kept_by(
    rule: Sequence[RetentionPart], manifests: Sequence[Manifest]
) -> Mapping[str, str]:
    """Return the ids that are kept, each with the reason; the others may go.

    Whatever the rule says: the newest snapshot and the last full crawl stay: the next crawl goes
    on from them, and so does a crawl that a dump hides; the first one stays, since it answers for
    every day before it; what lies below one base stays, which was asked for by hand; and what a
    kept one builds on stays with it.
    """
    reasons = {it.id: f"below {it.origin.below}" for it in manifests if is_snapshot_below_base(it)}
    whole = [it for it in manifests if not is_snapshot_below_base(it)]
    whole.sort(key=_snapshot_moment, reverse=True)
    if not whole:
        return reasons
    # Later reasons overwrite earlier ones: what must stay whatever the rule says is named as such.
    for part in rule:
        reasons = _newest_snapshot_of_each(part, whole) | reasons
    reasons[whole[-1].id] = "the first one"
    hidden = [
        entry.manifest.id
        for entry in select_previous_manifests(None, whole)
        if entry.manifest.origin.kind is not SnapshotKind.DUMP
    ]
    full_crawls = [manifest.id for manifest in whole if manifest.origin.kind is SnapshotKind.FULL]
    reasons |= dict.fromkeys(hidden, "the next full crawl learns from it")
    reasons |= dict.fromkeys(full_crawls[:1], "the last full crawl") | {whole[0].id: "the newest"}
    return _list_kept_bases(whole, reasons) | reasons


def _list_kept_bases(
    newest_first: Sequence[Manifest], reasons: Mapping[str, str]
) -> dict[str, str]:
    """Return what kept snapshots build on, each with the first of them as its reason."""
    kept: dict[str, str] = {}
    # The newest first: what a base builds on itself is met after those that build on it.
    for manifest in newest_first:
        if manifest.builds_on is not None and manifest.id in {**reasons, **kept}:
            kept[manifest.builds_on.id] = f"{manifest.id} builds on it"
    return kept


def _newest_snapshot_of_each(part: RetentionPart, whole: Sequence[Manifest]) -> dict[str, str]:
    newest: dict[tuple[int, ...], str] = {}
    for manifest in whole:
        newest.setdefault(part.rhythm.period(_snapshot_moment(manifest)), manifest.id)
    return dict.fromkeys(list(newest.values())[: part.periods], part.rhythm.value)


def _snapshot_moment(manifest: Manifest) -> datetime:
    return manifest.origin.taken_at
