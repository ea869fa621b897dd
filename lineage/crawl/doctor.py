"""What a crawl will meet and cost: two small requests, and no change to anything."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lineage.crawl.plan import expect_models_of_full_crawl, refuse_crawl_with_set_back_clock
from lineage.crawl.runs import open_hub_for_crawl, refuse_crawl_of_other_hub
from lineage.domain.clock import Clock, SystemClock
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.domain.progress import Progress
from lineage.errors import LineageError, SettingsError, SnapshotDamaged, SourceError, StoreError
from lineage.http.bodies import Answer
from lineage.http.client import HubClient, check_endpoint_address
from lineage.http.pages import next_cursor
from lineage.settings import Settings
from lineage.sources.hub import FIELDS, FULL_PARAMS, LISTING, PAGE_SIZE
from lineage.sources.listing_pages import parse_page
from lineage.sources.listing_rows import cut_listing_rows, read_listing_row_leniently
from lineage.store.lease import FILE as LOCK_FILE
from lineage.store.store import ParquetStore

_ROWS = 100


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """One thing that `lineage doctor` checks."""

    name: str
    ok: bool | None
    """None where nothing can be said."""
    message: str
    exit_code: int = 1
    """Where it is not as it must be: what a crawl would end with."""


# What a field may cost of a page before it is left out.
_WORTH = 0.10


def probe_hub(client: HubClient) -> Iterator[DoctorFinding]:
    """Ask for the first rows as a full crawl would, and for the page after them."""
    first = client.get(LISTING, _page_params_of_crawl_probe())
    if first.status != 200:
        yield DoctorFinding("listing", False, f"{LISTING} answers {first.status}")
        return
    yield DoctorFinding("listing", True, f"{LISTING} answers, ascending by creation")
    yield from _probe_rows(first)
    yield _probe_crawl_budget(client)
    yield from _probe_paging(client, first)
    yield _probe_gguf_totals(client)


def _page_params_of_crawl_probe(cursor: str | None = None) -> tuple[tuple[str, str], ...]:
    own = tuple((name, value) for name, value in FULL_PARAMS if name != "limit")
    more = () if cursor is None else (("cursor", cursor),)
    return (*own, ("limit", str(_ROWS)), *more)


def _probe_rows(answer: Answer) -> Iterator[DoctorFinding]:
    page = parse_page(answer.body)
    if page.problem is not None or not page.records:
        yield DoctorFinding("rows", False, page.problem or "the listing is empty")
        return
    summary = f"{len(page.records)} rows read, {len(page.bad_rows)} unreadable"
    unread = ", ".join(f"{name} {n}x" for name, n in page.unread_fields.items())
    yield DoctorFinding(
        "rows", not page.bad_rows and not unread, summary + (f"; unread: {unread}" * bool(unread))
    )
    rows = [read_listing_row_leniently(raw) for raw in cut_listing_rows(answer.body) or ()]
    names_seen = {name for row in rows if isinstance(row, dict) for name in row}
    absent = [name for name in FIELDS if name not in names_seen]
    # A field that no row has may be a sign of change or of a sample: said, not judged.
    message = f"not seen in {len(page.records)} rows: {', '.join(absent)}" if absent else "all seen"
    yield DoctorFinding("fields", None if absent else True, message)
    weights = [row["safetensors"] for row in rows if isinstance(row, dict) and "safetensors" in row]
    cost = sum(len(json.dumps(it)) + len('"safetensors":,') for it in weights) / len(answer.body)
    known = sum(record.parameters is not None for record in page.records)
    yield DoctorFinding(
        "parameters",
        None,
        f"{known} of {len(page.records)} rows have a number of parameters; asking for it is"
        f" {100 * cost:.1f} % of the page",
    )
    ascending = all(a.key < b.key for a, b in zip(page.records, page.records[1:], strict=False))
    yield DoctorFinding(
        "order", ascending, "rows ascend by key" if ascending else "rows do not ascend"
    )


def _probe_gguf_totals(client: HubClient) -> DoctorFinding:
    """Ask for the newest rows with `gguf`, which a crawl does not; the oldest have none."""
    own = [pair for pair in _page_params_of_crawl_probe() if pair[0] not in {"sort", "direction"}]
    order = ("sort", "createdAt"), ("direction", "-1"), ("expand[]", "gguf")
    answer = client.get(LISTING, (*own, *order))
    raw = cut_listing_rows(answer.body) if answer.status == 200 else None
    rows = [it for each in raw or () if isinstance(it := read_listing_row_leniently(each), dict)]
    if not rows:
        return DoctorFinding("gguf", None, "the newest rows could not be read")
    files = [row["gguf"] for row in rows if isinstance(row.get("gguf"), dict)]
    totals = sum("total" in it for it in files)
    cost = sum(len(json.dumps(it)) + len('"gguf":,') for it in files) / len(answer.body)
    verdict = "more than a tenth" if cost > _WORTH else "at most a tenth"
    return DoctorFinding(
        "gguf",
        None,
        f"not asked for; {totals} of the {len(rows)} newest rows would tell a number of parameters,"
        f" for {100 * cost:.1f} % of the page: {verdict}",
    )


def _probe_crawl_budget(client: HubClient) -> DoctorFinding:
    last = client.budget.latest_limit
    if last is None or last.quota is None or last.window is None:
        return DoctorFinding(
            "rate limit", None, "no RateLimit headers: a crawl would not pace itself"
        )
    message = (
        f"{last.quota} requests in {last.window} s ({_name_probed_hub_plan(last.quota)}), "
        f"{last.remaining} left, reset in {last.reset_seconds} s"
    )
    return DoctorFinding("rate limit", True, message)


def _name_probed_hub_plan(quota: int) -> str:
    """Name the plan of a quota, as the Hub's documentation of September 2025 lists them."""
    tiers = {500: "anonymous", 1000: "free account", 2500: "PRO", 3000: "Team or Academia"}
    return tiers.get(quota, "Enterprise" if quota >= 6000 else "no plan we know")


def _probe_paging(client: HubClient, first: Answer) -> Iterator[DoctorFinding]:
    try:
        cursor = next_cursor(first.headers.get("link", ""))
    except LineageError as error:
        yield DoctorFinding("paging", False, error.message)
        return
    if cursor is None:
        yield DoctorFinding("paging", None, f"no next page after {_ROWS} rows: a small Hub")
        return
    second = client.get(LISTING, _page_params_of_crawl_probe(cursor))
    whole = second.status == 200
    fresh = {record.key for record in parse_page(second.body).records} if whole else set()
    repeated = fresh & {record.key for record in parse_page(first.body).records}
    good = bool(fresh) and not repeated
    yield DoctorFinding(
        "paging", good, "the next page follows" if good else "the next page does not follow"
    )


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


def diagnose_crawl(
    settings: Settings, *, clock: Clock | None = None, progress: Progress | None = None
) -> Examination:
    """Check settings, store and Hub with at most two requests; say what a full crawl will cost."""
    clock, progress = clock or SystemClock(), progress or Progress()
    check_endpoint_address(settings.endpoint)  # it may hold a secret, and what is found names it
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
    expected = expect_models_of_full_crawl(latest, endpoint, clock.now())
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
