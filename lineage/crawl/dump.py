"""A dump of the Hub's listing, from a file or an address: taken as a snapshot, or just opened."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from lineage.build.context import Publication
from lineage.build.pipeline import publish
from lineage.crawl.runs import CrawlReport, alone, publication, refuse_other_hub
from lineage.domain.clock import Clock, SystemClock
from lineage.domain.moments import iso
from lineage.domain.progress import Progress
from lineage.errors import SettingsError
from lineage.families.registry import load_families
from lineage.http.client import RequestTally, checked_address
from lineage.http.download import download
from lineage.settings import Settings
from lineage.sources.dump import BulkDump, open_dump
from lineage.store.manifest import Manifest, Origin, SnapshotKind
from lineage.version import __version__

_WEB = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True)
class Fetching:
    """What an address is fetched with."""

    settings: Settings
    progress: Progress
    tally: RequestTally


def crawl_dump(
    settings: Settings,
    place: str,
    *,
    taken_at: datetime | None = None,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> CrawlReport:
    """Take a dump as a snapshot, dated by `taken_at`, else by the newest moment in it.

    The same dump is taken once: again it gives the snapshot that there is. Raises SettingsError
    for what is no dump, SourceError where an address does not send it, StoreError where the draft
    is refused.
    """
    clock, progress = clock or SystemClock(), progress or Progress()
    checked_address(settings.endpoint)
    began, tally = clock.monotonic(), RequestTally()
    into = publication(settings, load_families(settings.families), clock, progress)
    with alone(into, f"lineage crawl --bulk {_name(place)}"):
        refuse_other_hub(into.store, settings)
        with opened(place, Fetching(settings, progress, tally)) as dump:
            manifest = _taken(dump, settings, into, taken_at)
    return CrawlReport(manifest, tally, clock.monotonic() - began)


@contextmanager
def opened(place: str, fetching: Fetching) -> Iterator[BulkDump]:
    """Open a dump; what lies at an address is fetched into the cache first, and let go after."""
    if urlsplit(place).scheme.lower() not in _WEB:
        with open_dump(place) as dump:
            yield dump
        return
    settings = fetching.settings
    if settings.offline:
        raise SettingsError("a dump at an address cannot be had offline", "name a file")
    folder = Path(settings.cache) / "dumps"
    folder.mkdir(parents=True, exist_ok=True)
    # One file an address, so that what a killed run left there is written over.
    target = folder / f"{hashlib.sha256(place.encode()).hexdigest()[:16]}.parquet"
    try:
        download(
            place,
            target,
            user_agent=f"lineage/{__version__} (llama-lineage; {settings.contact})",
            timeout_seconds=settings.timeout_seconds,
            max_bytes=settings.max_dump_bytes,
            max_requests=settings.max_requests,
            progress=fetching.progress,
            tally=fetching.tally,
        )
        with open_dump(str(target), _name(place)) as dump:
            yield dump
    finally:
        target.unlink(missing_ok=True)


def _taken(
    dump: BulkDump, settings: Settings, into: Publication, taken_at: datetime | None
) -> Manifest:
    moment = _moment(dump, taken_at, into.clock.now())
    versions = {one.id: one.version for one in into.families}
    about = {"file": dump.name, "sha256": dump.sha256, "missing": ", ".join(dump.missing)}
    if not dump.has_keys:
        about["keys"] = "stand-in"
    endpoint = settings.endpoint.rstrip("/")
    origin = Origin(SnapshotKind.DUMP, endpoint, moment, registry=versions, dump=about)
    for manifest in into.store.manifests():
        before = manifest.origin
        if before.dump == origin.dump and iso(before.taken_at) == iso(moment):
            into.progress.say(f"{dump.name} was taken before: it is snapshot {manifest.id}.")
            return manifest
    for sentence in _warnings(dump):
        into.progress.say(sentence)
    return publish(dump.everything(), origin, into)


def _moment(dump: BulkDump, taken_at: datetime | None, now: datetime) -> datetime:
    if taken_at is not None and taken_at > now:
        raise SettingsError(f"{iso(taken_at)} has not come yet", "when was the dump taken?")
    moment = taken_at or dump.newest(now)
    if moment is None:
        raise SettingsError(
            f"{dump.name} does not say when it was taken: it holds no date",
            "say so with --taken-at DATE",
        )
    return moment.replace(microsecond=0)


def _warnings(dump: BulkDump) -> Iterator[str]:
    if dump.missing:
        yield f"{dump.name} has {dump.rows:,} rows and lacks {', '.join(dump.missing)}."
    if not dump.has_keys:
        yield (
            "Without _id a model is known by its name alone: renames show as a removal and an "
            "addition, and keys that begin with ffffffff stand in for the Hub's own."
        )


def _name(place: str) -> str:
    """Return the end of a path or an address, without what may be a secret behind it."""
    return PurePosixPath(urlsplit(place).path if "://" in place else place).name or "the dump"
