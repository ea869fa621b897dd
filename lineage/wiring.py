"""The one place that chooses concrete parts from settings; everybody else is handed them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lineage.analysis.checks import Limits
from lineage.clock import Clock, SystemClock
from lineage.crawl.below import below
from lineage.crawl.sweep import sweep
from lineage.domain.families import Family
from lineage.domain.moments import iso
from lineage.errors import DraftRefused, PageNotRecorded, SourceError
from lineage.families.registry import bundled_families, family
from lineage.http.client import HubClient, RequestTally, open_client
from lineage.http.page_log import PageLog, PageLogs
from lineage.http.pages import PageReader
from lineage.pipeline import Publication, publish
from lineage.progress import Progress
from lineage.settings import Settings
from lineage.sources.hub import PAGE_SIZE, SWEEP_PARAMS, HubSource
from lineage.sources.parse import is_whole
from lineage.sources.probe import Finding, probe
from lineage.store.manifest import Kind, Manifest, Origin
from lineage.store.store import ParquetStore
from lineage.version import __version__

CENSUS_AT = datetime(2026, 10, 3, tzinfo=UTC)
CENSUS_MODELS = 3_117_871
GROWTH_A_DAY = 2_400


@dataclass(frozen=True, slots=True)
class CrawlReport:
    """What one crawl did."""

    manifest: Manifest
    tally: RequestTally
    seconds: float


def crawl(
    settings: Settings,
    *,
    base: str | None = None,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> CrawlReport:
    """Take a snapshot of everything, or of what lies below one base; publish it.

    Raises SourceError where the Hub cannot be read to its end (run again: it goes on), StoreError
    where the draft is refused.
    """
    clock, progress = clock or SystemClock(), progress or Progress()
    began = clock.monotonic()
    logs = _page_logs(settings, clock, progress)
    log = _log_to_read(logs, _identity(settings, base), settings)
    into = _publication(settings, all_families(), clock, progress)
    origin = _origin(settings, base, log, into.families)
    tally = RequestTally()
    manifest = None if settings.offline else _published_before(into.store, log, origin)
    if manifest is None:
        with _client(settings, clock, progress) as client, _over_when_refused(log, settings):
            tally = tally if client is None else client.tally
            source = HubSource(PageReader(client, log, tally))
            pages = sweep(source) if base is None else below(source, base)
            manifest = publish(pages, origin, into)
    if not settings.offline:
        log.close(manifest.id)
        logs.prune()
    return CrawlReport(manifest, tally, clock.monotonic() - began)


def all_families() -> tuple[Family, ...]:
    """Return every bundled family."""
    return tuple(family(name) for name in bundled_families())


def open_hub(settings: Settings, clock: Clock, progress: Progress) -> HubClient:
    """Return the client that talks to the settings' endpoint; close it after use."""
    return open_client(
        endpoint=settings.endpoint,
        token=settings.token,
        user_agent=f"lineage/{__version__} (llama-lineage; {settings.contact})",
        share=settings.share,
        max_requests=settings.max_requests,
        clock=clock,
        progress=progress,
        timeout_seconds=settings.timeout_seconds,
        max_body_bytes=settings.max_page_bytes,
        is_whole=is_whole,
    )


@contextmanager
def _client(settings: Settings, clock: Clock, progress: Progress) -> Iterator[HubClient | None]:
    if settings.offline:
        yield None
        return
    with open_hub(settings, clock, progress) as client:
        yield client


def _page_logs(settings: Settings, clock: Clock, progress: Progress) -> PageLogs:
    return PageLogs(
        Path(settings.cache) / "pages",
        clock,
        timedelta(hours=settings.max_log_age_hours),
        settings.keep_closed_logs,
        progress=progress,
        max_body_bytes=settings.max_page_bytes,
    )


def _log_to_read(logs: PageLogs, identity: Mapping[str, str], settings: Settings) -> PageLog:
    if not settings.offline:
        return logs.unfinished(identity) or logs.begin(identity)
    if (log := logs.latest(identity)) is None:
        raise PageNotRecorded(
            f"no recorded walk of {settings.endpoint} lies in {settings.cache}",
            "run once without --offline",
        )
    return log


def _published_before(store: ParquetStore, log: PageLog, origin: Origin) -> Manifest | None:
    """Return the snapshot of this very walk: a run was killed before it could close the log."""

    def walk(one: Origin) -> tuple[str, ...]:
        return one.kind, one.endpoint, iso(one.taken_at), one.below or ""

    for manifest in store.manifests():
        last = manifest.origin.requests.get("last", "")
        if walk(manifest.origin) == walk(origin) and log.get(last) is not None:
            return manifest
    return None


@contextmanager
def _over_when_refused(log: PageLog, settings: Settings) -> Iterator[None]:
    """Close the log of a refused draft: left open, the next runs would replay what was refused."""
    try:
        yield
    except DraftRefused:
        if not settings.offline:
            log.close("refused")
        raise


def _origin(
    settings: Settings, base: str | None, log: PageLog, families: Sequence[Family]
) -> Origin:
    kind = Kind.SWEEP if base is None else Kind.BELOW
    versions = {one.id: one.version for one in families}
    return Origin(kind, _endpoint(settings), log.started_at, base, versions)


def _endpoint(settings: Settings) -> str:
    return settings.endpoint.rstrip("/")


def _identity(settings: Settings, base: str | None) -> dict[str, str]:
    asked = "&".join(f"{name}={value}" for name, value in SWEEP_PARAMS)
    return {"endpoint": _endpoint(settings), "asked": asked, "below": base or ""}


def _publication(
    settings: Settings, families: tuple[Family, ...], clock: Clock, progress: Progress
) -> Publication:
    limits = Limits(settings.max_bad_share, settings.min_kept_share)
    return Publication(ParquetStore(settings.store), families, limits, clock, progress)


@dataclass(frozen=True, slots=True)
class Examination:
    """What `lineage doctor` found; nothing was changed."""

    findings: tuple[Finding, ...]
    models_expected: int
    requests_needed: int
    minutes: float | None
    """At the settings' share of the rate limit; None where the Hub tells no limit."""


def examine(
    settings: Settings, *, clock: Clock | None = None, progress: Progress | None = None
) -> Examination:
    """Look at settings, store and Hub with at most two requests; say what a sweep will cost."""
    clock, progress = clock or SystemClock(), progress or Progress()
    store = ParquetStore(settings.store)
    latest = store.latest_sweep()
    findings = [_token_finding(settings), _store_finding(store)]
    last = None
    if settings.offline:
        findings.append(Finding("hub", None, "not asked: offline"))
    else:
        with open_hub(settings, clock, progress) as client:
            try:
                findings += probe(client)
            except SourceError as error:
                findings.append(Finding("hub", False, error.message))
            last = client.budget.last
    expected = _expected(clock) if latest is None else latest.manifest.models
    requests = -(-expected // PAGE_SIZE)
    minutes = None
    if last is not None and last.quota and last.window:
        in_a_window = max(1, int(last.quota * settings.share))
        minutes = (requests / in_a_window) * last.window / 60
    return Examination(tuple(findings), expected, requests, minutes)


def _token_finding(settings: Settings) -> Finding:
    found = "a token was found" if settings.token else "no token: the anonymous limit holds"
    return Finding("token", None, found)


def _store_finding(store: ParquetStore) -> Finding:
    manifests, refused = store.manifests(), store.refused()
    says = f"{len(manifests)} snapshots in {store.location}, {len(refused)} drafts set aside"
    return Finding("store", True, says)


def _expected(clock: Clock) -> int:
    """Estimate how many models the Hub lists, from the last census and its growth.

    Source: complete anonymous enumeration of 2026-10-03 (3,117,871); net growth 2,000 to 2,700 a
    day between mid-2025 and then.
    """
    days = (clock.now() - CENSUS_AT).days
    return CENSUS_MODELS + max(0, days) * GROWTH_A_DAY
