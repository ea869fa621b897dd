"""Which recorded pages a run reads, so that an ended, killed or offline run costs nothing again."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from lineage.crawl.plan import CrawlPlan, newest_crawl_of
from lineage.domain.clock import Clock, iso
from lineage.domain.progress import Progress
from lineage.errors import DraftRefused, NamesOptedOut, PageNotRecorded, StoreError
from lineage.http.page_log import PageLog, PageLogs
from lineage.settings import Settings
from lineage.store.manifest import Manifest, Origin
from lineage.store.store import ParquetStore


def open_page_logs(settings: Settings, clock: Clock, progress: Progress) -> PageLogs:
    """Return the page logs in the settings' cache."""
    return PageLogs(
        Path(settings.cache) / "pages",
        clock,
        timedelta(hours=settings.max_log_age_hours),
        settings.keep_closed_logs,
        progress=progress,
        max_body_bytes=settings.max_page_bytes,
    )


def choose_crawl_log(
    logs: PageLogs, plan: CrawlPlan, settings: Settings, store: ParquetStore
) -> PageLog:
    """Return the log that a run goes on with, else a new one; offline the newest recorded one.

    Raises PageNotRecorded where nothing is recorded to replay, StoreError where a snapshot was
    taken since the recorded crawl began.
    """
    identity = plan.identity(settings.endpoint.rstrip("/"))
    if not settings.offline:
        unfinished = logs.find_unfinished(identity)
        if unfinished is not None and _find_overtaking_crawl(store, unfinished) is not None:
            unfinished.close("overtaken")
            unfinished = None
        return unfinished or logs.begin(identity)
    if (log := logs.find_latest(identity)) is None:
        raise PageNotRecorded(
            f"no recorded crawl of {settings.endpoint} lies in {settings.cache}",
            "run once without --offline",
        )
    if (newest := _find_overtaking_crawl(store, log)) is not None:
        raise StoreError(
            f"the recorded crawl of {iso(log.started_at)} began before snapshot {newest.id} was "
            "taken, and knows nothing of what happened since",
            "replay it into a store of its own: --store elsewhere",
        )
    return log


def find_published(store: ParquetStore, log: PageLog, origin: Origin) -> Manifest | None:
    """Return the snapshot of this very crawl: a run was killed before it could close the log."""

    def crawl_attempt_of(origin: Origin) -> tuple[str, ...]:
        return origin.kind, origin.endpoint, iso(origin.taken_at), origin.below or ""

    for manifest in store.manifests():
        last_page = manifest.origin.requests.get("last", "")
        # The same second can hold another run of the same kind: the pages tell them apart.
        if (
            crawl_attempt_of(manifest.origin) == crawl_attempt_of(origin)
            and log.get(last_page) is not None
        ):
            return manifest
    return None


def find_published_update(plan: CrawlPlan, logs: PageLogs, settings: Settings) -> Manifest | None:
    """Return the update that a killed run published, but whose log it could not close any more.

    Otherwise the next run would make one more update, upon that one.
    """
    earlier = plan.previous_plan()
    if settings.offline or earlier is None or plan.previous is None:
        return None
    last = plan.previous.manifest
    log = logs.find_unfinished(earlier.identity(settings.endpoint.rstrip("/")))
    if log is None or iso(log.started_at) != iso(last.origin.taken_at):
        return None
    log.close(last.id)
    return last


@contextmanager
def close_crawl_when_refused(log: PageLog, settings: Settings) -> Iterator[None]:
    """Close the log of a refused draft: left open, the next runs would replay what was refused."""
    try:
        yield
    except (DraftRefused, NamesOptedOut):
        if not settings.offline:
            log.close("refused")
        raise


def _find_overtaking_crawl(store: ParquetStore, log: PageLog) -> Manifest | None:
    """Return the snapshot taken since a crawl began, unless that is one below a base."""
    newest = None if log.identity.get("below") else newest_crawl_of(store)
    return newest if newest is not None and newest.origin.taken_at > log.started_at else None
