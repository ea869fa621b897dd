"""What a crawl will meet and cost: two small requests, and no change to anything."""

import os
from dataclasses import dataclass
from pathlib import Path

from lineage.crawl.plan import expect_crawled_models, refuse_crawl_with_set_back_clock
from lineage.crawl.runs import open_hub_for_crawl, refuse_crawl_of_other_hub
from lineage.domain.clock import Clock, SystemClock
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.domain.progress import Progress
from lineage.errors import (
    LineageError,
    SettingsError,
    SnapshotDamaged,
    SourceError,
    StoreError,
)
from lineage.http.client import checked_address
from lineage.settings import Settings
from lineage.sources.hub import PAGE_SIZE
from lineage.sources.probe import DoctorFinding, probe_hub
from lineage.store.lease import FILE as LOCK_FILE
from lineage.store.store import ParquetStore

# Somebody sits and waits for the answer: the hour of retries that a crawl has is too long here.
_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Examination:
    """What `lineage doctor` found; nothing was changed."""

    findings: tuple[DoctorFinding, ...]
    models_expected: int
    requests_needed: int
    minutes: float | None
    """At the settings' share of the rate limit; None where the Hub tells no limit."""


def examine(
    settings: Settings, *, clock: Clock | None = None, progress: Progress | None = None
) -> Examination:
    """Check settings, store and Hub with at most two requests; say what a full crawl will cost."""
    clock, progress = clock or SystemClock(), progress or Progress()
    checked_address(settings.endpoint)  # it may hold a secret, and what is found names it
    store = ParquetStore(settings.store, NO_OPT_OUTS, settings.cache)
    latest = store.latest_whole()

    token = "a token was found" if settings.token else "no token: the anonymous limit holds"
    findings = [
        DoctorFinding("token", None, token),
        _examine_store_for_crawl(store, settings, clock),
    ]
    if latest is not None:
        most = settings.max_availability_requests
        extra = f"a full crawl may ask up to {most:,} times more what became of deleted members"
        skipped = "the Hub is not asked what became of them"
        findings.append(DoctorFinding("deleted models", None, extra if most else skipped))

    rate_limit = None
    if settings.offline:
        findings.append(DoctorFinding("hub", None, "not asked: offline"))
    else:
        with open_hub_for_crawl(settings, clock, progress, _ATTEMPTS) as client:
            try:
                findings += probe_hub(client)
            except (SourceError, SettingsError) as error:
                findings.append(DoctorFinding("hub", False, error.message, error.exit_code))
            rate_limit = client.budget.latest_limit

    endpoint = settings.endpoint.rstrip("/")
    expected = expect_crawled_models(latest, endpoint, clock.now())
    requests = -(-expected // PAGE_SIZE) + 1  # the newest model is asked for at the end
    minutes = None
    if rate_limit is not None and rate_limit.quota and rate_limit.window:
        requests_a_window = max(1, int(rate_limit.quota * settings.share))
        minutes = (requests / requests_a_window) * rate_limit.window / 60
    return Examination(tuple(findings), expected, requests, minutes)


def _examine_store_for_crawl(
    store: ParquetStore, settings: Settings, clock: Clock
) -> DoctorFinding:
    manifests, refused, damaged = store.manifests(), store.refused(), store.damaged()
    summary = f"{len(manifests)} snapshots in {store.location}, {len(refused)} drafts set aside"
    try:
        if damaged:
            raise SnapshotDamaged(f"{summary}; damaged: {'; '.join(damaged.values())}")
        refuse_crawl_of_other_hub(store, settings)
        refuse_crawl_with_set_back_clock(store, clock.now())
        for place in (settings.store, settings.cache):
            if "://" not in place:
                _refuse_unwritable_crawl_store(Path(place).absolute())
    except LineageError as error:
        return DoctorFinding("store", False, error.message, error.exit_code)
    return DoctorFinding("store", True, summary)


def _refuse_unwritable_crawl_store(folder: Path) -> None:
    """Raise what a crawl would end with where it may not write; nothing is made or changed."""
    # The folders that are missing would be made, in the first one above that is there.
    above = next(it for it in (folder, *folder.parents) if os.path.lexists(it))
    lock = folder / LOCK_FILE
    if not above.is_dir():
        raise StoreError(f"{folder} cannot be written: {above} is not a folder")
    if not os.access(above, os.W_OK | os.X_OK) or (lock.exists() and not os.access(lock, os.W_OK)):
        raise StoreError(f"{folder} cannot be written: no permission, or a read-only disk")
