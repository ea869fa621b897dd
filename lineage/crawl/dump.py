"""A dump of the Hub's listing, from a file or an address, taken as a snapshot."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from lineage.build.context import BuildContext
from lineage.build.pipeline import build_snapshot
from lineage.crawl.runs import (
    CrawlReport,
    hold_store_for_crawl,
    make_crawl_context,
    refuse_crawl_of_other_hub,
)
from lineage.domain.clock import Clock, SystemClock, iso
from lineage.domain.progress import Progress
from lineage.errors import SettingsError
from lineage.families.registry import load_families
from lineage.http.client import RequestTally, check_endpoint_address
from lineage.http.download import download
from lineage.settings import Settings
from lineage.sources.dump import ListingDump, dump_display_name, open_dump
from lineage.store.manifest import Manifest, Origin, SnapshotKind

_WEB_SCHEMES = frozenset({"http", "https"})


def crawl_dump(
    settings: Settings,
    place: str,
    *,
    taken_at: datetime | None = None,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> CrawlReport:
    """Take a dump as a snapshot, dated by `taken_at`, else by the newest moment in it.

    The same dump is imported once: again it gives the snapshot that there is. Raises SettingsError
    for what is no dump, SourceError where an address does not send it, StoreError where the draft
    is refused.
    """
    clock, progress = clock or SystemClock(), progress or Progress()
    check_endpoint_address(settings.endpoint)
    began, tally = clock.monotonic(), RequestTally()
    context = make_crawl_context(settings, load_families(settings.families), clock, progress)
    with hold_store_for_crawl(context, f"lineage crawl --dump {dump_display_name(place)}"):
        refuse_crawl_of_other_hub(context.store, settings)
        with _fetch_dump_for_crawl(place, settings, progress, tally) as dump:
            manifest = _publish_crawled_dump(dump, settings, context, taken_at)
    return CrawlReport(manifest, tally, clock.monotonic() - began)


@contextmanager
def _fetch_dump_for_crawl(
    place: str, settings: Settings, progress: Progress, tally: RequestTally
) -> Iterator[ListingDump]:
    """Open a dump; one at an address is fetched into the cache first, and deleted after."""
    if place.partition("://")[0].lower() not in _WEB_SCHEMES:
        with open_dump(place) as dump:
            yield dump
        return
    if settings.offline:
        raise SettingsError("a dump at an address cannot be fetched offline", "name a file")
    folder = Path(settings.cache) / "dumps"
    folder.mkdir(parents=True, exist_ok=True)
    # One file an address, so that what a killed run left there is written over.
    target = folder / f"{hashlib.sha256(place.encode()).hexdigest()[:16]}.parquet"
    try:
        download(
            place,
            target,
            user_agent=settings.user_agent,
            timeout_seconds=settings.timeout_seconds,
            deadline_seconds=settings.request_deadline_seconds,
            max_bytes=settings.max_dump_bytes,
            max_requests=settings.max_requests,
            progress=progress,
            tally=tally,
        )
        with open_dump(str(target), dump_display_name(place)) as dump:
            yield dump
    finally:
        target.unlink(missing_ok=True)


def _publish_crawled_dump(
    dump: ListingDump, settings: Settings, context: BuildContext, taken_at: datetime | None
) -> Manifest:
    moment = _date_dump_to_crawl(dump, taken_at, context.clock.now())
    versions = {family.id: family.version for family in context.families}
    facts = {"file": dump.name, "sha256": dump.sha256, "missing": ", ".join(dump.missing)}
    if not dump.has_keys:
        facts["keys"] = "stand-in"
    endpoint = settings.endpoint.rstrip("/")
    origin = Origin(
        SnapshotKind.DUMP,
        endpoint,
        moment,
        registry=versions,
        dump=facts,
        parents_known=dump.parents_known,
    )

    # The file's digest and its date decide: the same bytes may be imported under another date.
    for manifest in context.store.manifests():
        earlier = manifest.origin
        if earlier.dump == origin.dump and iso(earlier.taken_at) == iso(moment):
            context.progress.say(f"{dump.name} is already imported as snapshot {manifest.id}.")
            return manifest

    if dump.missing:
        columns = ", ".join(dump.missing)
        context.progress.say(f"{dump.name} has {dump.rows:,} rows and lacks {columns}.")
    if dump.unread:
        context.progress.say(
            f"Only Parquet files are read; models in these are not in the snapshot: "
            f"{', '.join(dump.unread)}."
        )
    if not dump.parents_known:
        context.progress.say(
            "None of its columns names a parent: every answer about this snapshot will say so."
        )
    if not dump.has_keys:
        context.progress.say(
            "Without _id a model is known by its name alone: renames show as a removal and an "
            "addition, and keys that begin with ffffffff stand in for the Hub's own."
        )
    manifest = build_snapshot(
        dump.list_everything_of_source(), origin, replace(context, models_expected=dump.rows)
    )
    if manifest.unread_fields:
        # A column that is read in part is published, and not in silence.
        cells = ", ".join(f"{n:,} of {name}" for name, n in sorted(manifest.unread_fields.items()))
        context.progress.say(f"Cells that could not be read: {cells}.")
    return manifest


def _date_dump_to_crawl(dump: ListingDump, taken_at: datetime | None, now: datetime) -> datetime:
    if taken_at is not None and taken_at > now:
        raise SettingsError(f"{iso(taken_at)} is in the future", "when was the dump taken?")
    moment = taken_at or dump.newest(now)
    if moment is None:
        raise SettingsError(
            f"{dump.name} does not say when it was taken: it holds no date",
            "say so with --taken-at DATE",
        )
    return moment.replace(microsecond=0)
