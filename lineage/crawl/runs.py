"""The one place that chooses concrete parts from settings; everybody else is handed them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from lineage.build.availability import Questions
from lineage.build.checks import Limits
from lineage.build.context import Publication
from lineage.build.pipeline import publish
from lineage.crawl.chronology import not_overtaken, refuse_earlier, still_open
from lineage.crawl.clients import card_reading, listing_client
from lineage.crawl.mode import CrawlMode, Walk, choose, spelled
from lineage.domain.clock import Clock, SystemClock
from lineage.domain.families import Family
from lineage.domain.moments import iso
from lineage.domain.opt_outs import OptOuts
from lineage.domain.progress import Progress
from lineage.domain.repo_ids import tidy_name
from lineage.errors import DraftRefused, NamesOptedOut, PageNotRecorded
from lineage.families.registry import load_families
from lineage.http.client import RequestTally, checked_address
from lineage.http.page_log import PageLog, PageLogs
from lineage.http.pages import PageReader
from lineage.settings import Settings
from lineage.sources.availability import HubStandings
from lineage.sources.hub import HubSource
from lineage.store.lease import Holder
from lineage.store.manifest import Manifest, Origin, SnapshotKind
from lineage.store.store import ParquetStore


@dataclass(frozen=True, slots=True)
class CrawlReport:
    """What one crawl did."""

    manifest: Manifest
    tally: RequestTally
    seconds: float
    cards: int | None = None
    """How many cards were asked for, where cards were to be read; their requests are in `tally`."""


def crawl(
    settings: Settings,
    *,
    base: str | None = None,
    mode: CrawlMode = CrawlMode.FULL,
    cards: bool = False,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> CrawlReport:
    """Take a snapshot of everything, of what changed, or of what lies below one base; publish it.

    With `cards`, the texts of cards are read where they can help. Where a base is given, `wish` is
    not asked.

    Raises SourceError where the Hub cannot be read to its end (run again: it goes on), StoreError
    where the draft is refused.
    """
    clock, progress = clock or SystemClock(), progress or Progress()
    checked_address(settings.endpoint)  # before anything is written: it may hold a secret
    base = None if base is None else tidy_name(base)
    into = publication(settings, load_families(settings.families), clock, progress)
    with alone(into, spelled(mode, base)):
        refuse_other_hub(into.store, settings)
        walk = choose(
            mode,
            base,
            into.store,
            now=clock.now(),
            every=timedelta(days=settings.full_every_days),
            say=progress.say,
            opt_outs=into.opt_outs,
        )
        try:
            return _crawl_alone(settings, walk, into, cards=cards)
        except NamesOptedOut as error:
            if mode is not CrawlMode.AUTO:
                raise
            progress.say(f"A sweep is due: {error.message}.")
            return _crawl_alone(settings, Walk(SnapshotKind.FULL), into, cards=cards)


def _crawl_alone(settings: Settings, walk: Walk, into: Publication, *, cards: bool) -> CrawlReport:
    clock, progress = into.clock, into.progress
    began = clock.monotonic()
    if not settings.offline and walk.base is None:
        refuse_earlier(into.store, clock.now())
    logs = _page_logs(settings, clock, progress)
    if (manifest := _left_open(walk, logs, settings)) is not None:
        return CrawlReport(manifest, RequestTally(), clock.monotonic() - began)
    log = _log_to_read(logs, walk, settings, into.store)
    origin = _origin(settings, walk, log, into.families)
    tally, texts = RequestTally(), None
    manifest = None if settings.offline else _published_before(into.store, log, origin)
    if manifest is None:
        with listing_client(settings, into, tally) as client, _over_when_refused(log, settings):
            reader, most = PageReader(client, log, tally), settings.max_availability_requests
            with card_reading(settings, into, tally, wanted=cards) as texts:
                whole = replace(into, cards=texts, questions=Questions(HubStandings(reader), most))
                manifest = publish(walk.pages(HubSource(reader)), origin, whole, onto=walk.before)
    if not settings.offline:
        log.close(manifest.id)
        logs.prune()
    asked = None if texts is None else texts.source.asked
    return CrawlReport(manifest, tally, clock.monotonic() - began, asked)


def refuse_other_hub(store: ParquetStore, settings: Settings) -> None:
    """Raise DraftRefused before the first request where the store holds another Hub's history.

    The check of the finished draft would say the same, after half an hour.
    """
    manifests = store.manifests()
    if manifests and (before := manifests[-1].origin.endpoint.rstrip("/")) != _endpoint(settings):
        raise DraftRefused(
            f"the snapshots in {store.location} were taken from {before}, "
            f"this crawl would ask {_endpoint(settings)}",
            "one store holds one Hub's history: name another with --store",
        )


@contextmanager
def alone(into: Publication, command: str) -> Iterator[None]:
    """Keep other runs out of the store, and say so where that cannot be done."""
    with into.store.held(Holder.this_process(command, into.clock.now())) as held:
        if not held:
            into.progress.say(
                f"{into.store.location} knows no locks: see to it that no other run writes there."
            )
        yield


def _page_logs(settings: Settings, clock: Clock, progress: Progress) -> PageLogs:
    return PageLogs(
        Path(settings.cache) / "pages",
        clock,
        timedelta(hours=settings.max_log_age_hours),
        settings.keep_closed_logs,
        progress=progress,
        max_body_bytes=settings.max_page_bytes,
    )


def _log_to_read(logs: PageLogs, walk: Walk, settings: Settings, store: ParquetStore) -> PageLog:
    identity = walk.identity(_endpoint(settings))
    if not settings.offline:
        return still_open(logs, identity, store) or logs.begin(identity)
    if (log := logs.latest(identity)) is None:
        raise PageNotRecorded(
            f"no recorded walk of {settings.endpoint} lies in {settings.cache}",
            "run once without --offline",
        )
    return not_overtaken(store, log)


def _published_before(store: ParquetStore, log: PageLog, origin: Origin) -> Manifest | None:
    """Return the snapshot of this very walk: a run was killed before it could close the log."""

    def walk(one: Origin) -> tuple[str, ...]:
        return one.kind, one.endpoint, iso(one.taken_at), one.below or ""

    for manifest in store.manifests():
        last = manifest.origin.requests.get("last", "")
        if walk(manifest.origin) == walk(origin) and log.get(last) is not None:
            return manifest
    return None


def _left_open(walk: Walk, logs: PageLogs, settings: Settings) -> Manifest | None:
    """Return the update that a killed run published, but whose log it could no more close.

    Else the next run would take one more, upon that one.
    """
    if settings.offline or (earlier := walk.repeated()) is None or walk.before is None:
        return None
    last, log = walk.before.manifest, logs.unfinished(earlier.identity(_endpoint(settings)))
    if log is None or iso(log.started_at) != iso(last.origin.taken_at):
        return None
    log.close(last.id)
    return last


@contextmanager
def _over_when_refused(log: PageLog, settings: Settings) -> Iterator[None]:
    """Close the log of a refused draft: left open, the next runs would replay what was refused."""
    try:
        yield
    except (DraftRefused, NamesOptedOut):
        if not settings.offline:
            log.close("refused")
        raise


def _origin(settings: Settings, walk: Walk, log: PageLog, families: Sequence[Family]) -> Origin:
    versions = {one.id: one.version for one in families}
    return Origin(walk.kind, _endpoint(settings), log.started_at, walk.base, versions)


def _endpoint(settings: Settings) -> str:
    return settings.endpoint.rstrip("/")


def publication(
    settings: Settings, families: tuple[Family, ...], clock: Clock, progress: Progress
) -> Publication:
    """Return what a run needs besides its pages, as the settings say."""
    limits = Limits(settings.max_bad_share, settings.min_kept_share)
    opt_outs = OptOuts.listed(settings.opt_outs)
    store = ParquetStore(settings.store)
    return Publication(store, families, limits, clock, progress, opt_outs=opt_outs)
