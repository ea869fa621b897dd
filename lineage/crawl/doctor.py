"""What a crawl will meet and cost, found out with two small requests and no change to anything."""

from dataclasses import dataclass

from lineage.crawl.chronology import refuse_earlier
from lineage.crawl.clients import open_hub
from lineage.crawl.runs import refuse_other_hub
from lineage.domain.census import CENSUS_AT, CENSUS_MODELS, GROWTH_A_DAY
from lineage.domain.clock import Clock, SystemClock
from lineage.domain.progress import Progress
from lineage.errors import SourceError, StoreError
from lineage.settings import Settings
from lineage.sources.hub import PAGE_SIZE
from lineage.sources.probe import Finding, probe
from lineage.store.store import ParquetStore

_ATTEMPTS = 2
"""A patient waits for the answer: no long backing off here."""


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
    findings = [_token_finding(settings), _store_finding(store, settings, clock)]
    findings += [] if latest is None else [_missing_finding(settings)]
    last = None
    if settings.offline:
        findings.append(Finding("hub", None, "not asked: offline"))
    else:
        with open_hub(settings, clock, progress, _ATTEMPTS) as client:
            try:
                findings += probe(client)
            except SourceError as error:
                findings.append(Finding("hub", False, error.message))
            last = client.budget.last
    same_hub = latest is not None and latest.manifest.origin.endpoint == settings.endpoint.rstrip(
        "/"
    )
    expected = latest.manifest.models if latest is not None and same_hub else _expected(clock)
    requests = -(-expected // PAGE_SIZE)
    minutes = None
    if last is not None and last.quota and last.window:
        in_a_window = max(1, int(last.quota * settings.share))
        minutes = (requests / in_a_window) * last.window / 60
    return Examination(tuple(findings), expected, requests, minutes)


def _token_finding(settings: Settings) -> Finding:
    found = "a token was found" if settings.token else "no token: the anonymous limit holds"
    return Finding("token", None, found)


def _missing_finding(settings: Settings) -> Finding:
    most = settings.max_availability_requests
    told = f"a sweep may ask up to {most:,} times more what became of family members it misses"
    return Finding("missing", None, told if most else "nobody is asked what became of them")


def _store_finding(store: ParquetStore, settings: Settings, clock: Clock) -> Finding:
    manifests, refused, damaged = store.manifests(), store.refused(), store.damaged()
    try:
        refuse_other_hub(store, settings)
        refuse_earlier(store, clock.now())
    except StoreError as error:
        return Finding("store", False, error.message)
    says = f"{len(manifests)} snapshots in {store.location}, {len(refused)} drafts set aside"
    if damaged:
        return Finding("store", False, f"{says}; damaged: {'; '.join(damaged)}")
    return Finding("store", True, says)


def _expected(clock: Clock) -> int:
    """Estimate how many models the Hub lists, from the last census and its growth."""
    days = (clock.now() - CENSUS_AT).days
    return CENSUS_MODELS + max(0, days) * GROWTH_A_DAY
