"""A crawl from settings to snapshot: the one place that chooses concrete parts, then runs them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from lineage.build.availability import AvailabilityChecks
from lineage.build.cards import CardPlan
from lineage.build.checks import Limits
from lineage.build.context import BuildContext, CardReading
from lineage.build.pipeline import build_snapshot
from lineage.crawl.plan import (
    CrawlMode,
    CrawlPlan,
    choose_plan,
    crawl_command_of,
    expect_models_of_full_crawl,
    newest_crawl_of,
    refuse_crawl_with_set_back_clock,
)
from lineage.domain.addresses import is_loopback_address
from lineage.domain.clock import Clock, ShiftedClock, SystemClock, iso, parse_http_date
from lineage.domain.families import Family
from lineage.domain.opt_outs import NO_OPT_OUTS, OptOuts
from lineage.domain.progress import Progress
from lineage.domain.repo_ids import find_repo_id
from lineage.errors import DraftRefused, LineageError, NamesOptedOut, PageNotRecorded, StoreError
from lineage.families.registry import load_families
from lineage.http.client import HubClient, RequestTally, check_endpoint_address, open_client
from lineage.http.page_log import PageLog, PageLogs
from lineage.http.pages import PageLogReader
from lineage.http.transports import MOST_ATTEMPTS
from lineage.settings import DEFAULT_ENDPOINT, Settings
from lineage.sources.availability import HubAvailability
from lineage.sources.cards import (
    ATTEMPTS_AT_A_CARD,
    MOST_BYTES_OF_A_CARD,
    QUOTAS,
    REQUESTS_A_CARD,
    WINDOW_SECONDS,
    HubCardCache,
    HubCards,
)
from lineage.sources.hub import HubSource
from lineage.sources.listing_pages import drop_private_rows, is_whole_hub_body
from lineage.store.lease import Holder
from lineage.store.manifest import Manifest, Origin, SnapshotKind
from lineage.store.store import ParquetStore


def open_page_logs_for_crawl(settings: Settings, clock: Clock, progress: Progress) -> PageLogs:
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
        unfinished = logs.find_unfinished_page_log(identity)
        if unfinished is not None and _find_overtaking_crawl(store, unfinished) is not None:
            unfinished.close("overtaken")
            unfinished = None
        return unfinished or logs.begin_page_log(identity)
    if (log := logs.find_latest_page_log(identity)) is None:
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


def find_published_crawl(store: ParquetStore, log: PageLog, origin: Origin) -> Manifest | None:
    """Return the snapshot of this very crawl: a run was killed before it could close the log."""

    def crawl_attempt_of(origin: Origin) -> tuple[str, ...]:
        return origin.kind, origin.endpoint, iso(origin.taken_at), origin.below or ""

    for manifest in store.manifests():
        last_page = manifest.origin.requests.get("last", "")
        # The same second can hold another run of the same kind: the pages tell them apart.
        if (
            crawl_attempt_of(manifest.origin) == crawl_attempt_of(origin)
            and log.get_logged_page(last_page) is not None
        ):
            return manifest
    return None


def find_published_update(plan: CrawlPlan, logs: PageLogs, settings: Settings) -> Manifest | None:
    """Return the update that a killed run published, but whose log it could not close any more.

    Otherwise the next run would make one more update, upon that one.
    """
    earlier = plan.previous_crawl_plan()
    if settings.offline or earlier is None or plan.previous is None:
        return None
    last = plan.previous.manifest
    log = logs.find_unfinished_page_log(earlier.identity(settings.endpoint.rstrip("/")))
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

    With `cards`, the texts of cards are read where they can help. `mode` means nothing where a
    base is given.

    Raises SourceError where the Hub cannot be read to its end (run again: it goes on), StoreError
    where the draft is refused.
    """
    progress = progress or Progress()
    # Before anything is written: an address may hold a secret, and manifests name the endpoint.
    check_endpoint_address(settings.endpoint)
    base = None if base is None else find_repo_id(base) or base
    families, tally = load_families(settings.families), RequestTally()
    context = make_crawl_context(settings, families, clock or SystemClock(), progress)
    with hold_store_for_crawl(context, crawl_command_of(mode, base)):
        refuse_crawl_of_other_hub(context.store, settings)
        clock = clock or choose_crawl_clock(settings, progress, tally)
        context = replace(context, clock=clock)
        plan = choose_plan(
            mode,
            base,
            context.store,
            now=clock.now(),
            full_interval=timedelta(days=settings.full_every_days),
            say=progress.say,
            opt_outs=context.opt_outs,
        )
        try:
            return _run_crawl_plan(settings, plan, context, tally, cards=cards)
        except NamesOptedOut as error:
            # Met while the update runs: a model moved to an owner who opted out.
            if mode is not CrawlMode.AUTO:
                raise
            progress.say(f"Full crawl: {error.message}.")
            return _run_crawl_plan(
                settings, CrawlPlan(SnapshotKind.FULL), context, tally, cards=cards
            )


def _run_crawl_plan(
    settings: Settings, plan: CrawlPlan, context: BuildContext, tally: RequestTally, *, cards: bool
) -> CrawlReport:
    clock = context.clock
    began = clock.monotonic()
    if not settings.offline and plan.base is None:
        refuse_crawl_with_set_back_clock(context.store, clock.now())

    # What an earlier run recorded or even published is taken up before anything is asked.
    logs = open_page_logs_for_crawl(settings, clock, context.progress)
    if (manifest := find_published_update(plan, logs, settings)) is not None:
        return CrawlReport(manifest, tally, clock.monotonic() - began)
    log = choose_crawl_log(logs, plan, settings, context.store)
    versions = {family.id: family.version for family in context.families}
    endpoint = settings.endpoint.rstrip("/")
    origin = Origin(plan.kind, endpoint, log.started_at, plan.base, versions)
    if plan.kind is SnapshotKind.FULL:
        latest = context.store.latest_whole()
        # Of another Hub than the census was taken of, nothing is known before its first snapshot.
        if latest is not None or endpoint == DEFAULT_ENDPOINT:
            expected = expect_models_of_full_crawl(latest, endpoint, clock.now())
            context = replace(context, models_expected=expected)
    card_reading = None
    manifest = None if settings.offline else find_published_crawl(context.store, log, origin)

    if manifest is None:
        with (
            open_client_for_crawl(settings, context, tally) as client,
            close_crawl_when_refused(log, settings),
        ):
            reader = PageLogReader(client, log, tally, drop_private_rows)
            most = settings.max_availability_requests
            with open_crawl_cards(settings, context, tally, enabled=cards) as card_reading:
                availability = AvailabilityChecks(HubAvailability(reader), most)
                context = replace(context, cards=card_reading, availability=availability)
                pages = plan.read_pages(HubSource(reader))
                manifest = build_snapshot(pages, origin, context, update_of=plan.previous)
    if not settings.offline:
        log.close(manifest.id)
        logs.prune_page_logs()
    cards_asked = None if card_reading is None else card_reading.source.requested
    return CrawlReport(manifest, tally, clock.monotonic() - began, cards_asked)


def refuse_crawl_of_other_hub(store: ParquetStore, settings: Settings) -> None:
    """Raise DraftRefused before the first request where the store holds another Hub's history."""
    # The check of the finished draft would say the same, after half an hour.
    manifests, endpoint = store.manifests(), settings.endpoint.rstrip("/")
    if manifests and (earlier := manifests[-1].origin.endpoint.rstrip("/")) != endpoint:
        raise DraftRefused(
            f"the snapshots in {store.location} were taken from {earlier}, "
            f"this crawl would ask {endpoint}",
            "one store holds one Hub's history: name another with --store",
        )


@contextmanager
def hold_store_for_crawl(context: BuildContext, command: str) -> Iterator[None]:
    """Keep other runs out of the store, and say so where that cannot be done."""
    with context.store.lock(Holder.this_process(command, context.clock.now())) as locked:
        if not locked:
            context.progress.say(
                f"{context.store.location} knows no locks: "
                "see to it that no other run writes to it."
            )
        yield


def make_crawl_context(
    settings: Settings, families: tuple[Family, ...], clock: Clock, progress: Progress
) -> BuildContext:
    """Return what a run needs besides its pages, as the settings say."""
    limits = Limits(settings.max_bad_share, settings.min_kept_share)
    opt_outs = OptOuts.parse(settings.opt_outs)
    store = ParquetStore(settings.store, NO_OPT_OUTS, settings.cache)
    return BuildContext(
        store,
        families,
        limits,
        clock,
        progress,
        whole_every=timedelta(days=settings.whole_every_days),
        opt_outs=opt_outs,
    )


def choose_crawl_clock(settings: Settings, progress: Progress, tally: RequestTally) -> Clock:
    """Return the machine's clock, set to the day that a Hub in a box on this machine shows."""
    clock, moment = SystemClock(), None
    if settings.offline or not is_loopback_address(settings.endpoint):
        return clock
    # What a box serves is of its day: a snapshot of it that bore today's date would lie. Where no
    # answer comes, the crawl itself meets the fault and says so.
    with suppress(LineageError), open_hub_for_crawl(settings, clock, progress, 1, tally) as client:
        moment = parse_http_date(client.get("/").headers.get("date", ""))
    # A day ahead of ours cannot be that of data, and a broken clock may name any year.
    if moment is None or moment.year < 2000 or clock.now() - moment < timedelta(days=1):
        return clock
    progress.say(f"The Hub on this machine shows {moment.date()}: its snapshot bears that date.")
    return ShiftedClock(moment)


def open_hub_for_crawl(
    settings: Settings,
    clock: Clock,
    progress: Progress,
    attempts: int = MOST_ATTEMPTS,
    tally: RequestTally | None = None,
) -> HubClient:
    """Return the client that talks to the settings' endpoint; close it after use."""
    return _open_crawl_client(
        settings,
        clock,
        progress,
        is_whole_hub_body,
        settings.max_page_bytes,
        attempts=attempts,
        tally=tally,
    )


@contextmanager
def open_client_for_crawl(
    settings: Settings, context: BuildContext, tally: RequestTally
) -> Iterator[HubClient | None]:
    """Give the client that reads listings; None where the network is off."""
    if settings.offline:
        yield None
        return
    with open_hub_for_crawl(settings, context.clock, context.progress, tally=tally) as client:
        yield client


@contextmanager
def open_crawl_cards(
    settings: Settings, context: BuildContext, tally: RequestTally, *, enabled: bool
) -> Iterator[CardReading | None]:
    """Give what reads cards; None where none are to be read."""
    store = HubCardCache(Path(settings.cache) / "cards")
    quota = QUOTAS[settings.token is not None] * settings.share
    plan = CardPlan(REQUESTS_A_CARD, quota, WINDOW_SECONDS)
    if not enabled:
        yield None
    elif settings.offline:
        yield CardReading(HubCards(None, store), most=0, plan=None)
    else:
        # A client of its own, with a budget of its own: the Hub counts files and listings apart.
        with _open_crawl_client(
            settings,
            context.clock,
            context.progress,
            lambda body: True,  # any text is a card
            MOST_BYTES_OF_A_CARD,
            attempts=ATTEMPTS_AT_A_CARD,
            tally=tally,
        ) as client:
            yield CardReading(HubCards(client, store), settings.max_cards, plan)


def _open_crawl_client(
    settings: Settings,
    clock: Clock,
    progress: Progress,
    is_whole: Callable[[bytes], bool],
    max_body_bytes: int,
    *,
    attempts: int,
    tally: RequestTally | None,
) -> HubClient:
    return open_client(
        endpoint=settings.endpoint,
        token=settings.token,
        user_agent=settings.user_agent,
        share=settings.share,
        max_requests=settings.max_requests,
        clock=clock,
        progress=progress,
        timeout_seconds=settings.timeout_seconds,
        deadline_seconds=settings.request_deadline_seconds,
        max_body_bytes=max_body_bytes,
        is_whole=is_whole,
        attempts=attempts,
        tally=tally,
    )
