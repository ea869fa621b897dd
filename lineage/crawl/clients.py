"""The clients that talk to the Hub, as the settings say; each is closed after use."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lineage.build.cards import Plan
from lineage.build.context import CardReading, Publication
from lineage.domain.clock import Clock
from lineage.domain.progress import Progress
from lineage.http.client import HubClient, RequestTally, open_client
from lineage.http.transports import MOST_ATTEMPTS
from lineage.settings import Settings
from lineage.sources.card_store import CardStore
from lineage.sources.cards import (
    ATTEMPTS_AT_A_CARD,
    MOST_BYTES_OF_A_CARD,
    QUOTAS,
    REQUESTS_A_CARD,
    WINDOW_SECONDS,
    HubCards,
)
from lineage.sources.parse import is_whole
from lineage.version import __version__


def open_hub(
    settings: Settings,
    clock: Clock,
    progress: Progress,
    attempts: int = MOST_ATTEMPTS,
    tally: RequestTally | None = None,
) -> HubClient:
    """Return the client that talks to the settings' endpoint; close it after use."""
    return _open(
        settings, clock, progress, is_whole, settings.max_page_bytes, attempts=attempts, tally=tally
    )


def _open(
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
        user_agent=f"lineage/{__version__} (llama-lineage; {settings.contact})",
        share=settings.share,
        max_requests=settings.max_requests,
        clock=clock,
        progress=progress,
        timeout_seconds=settings.timeout_seconds,
        max_body_bytes=max_body_bytes,
        is_whole=is_whole,
        attempts=attempts,
        tally=tally,
    )


@contextmanager
def listing_client(
    settings: Settings, into: Publication, tally: RequestTally
) -> Iterator[HubClient | None]:
    """Give the client that reads listings; None where the network is off."""
    if settings.offline:
        yield None
        return
    with open_hub(settings, into.clock, into.progress, tally=tally) as client:
        yield client


@contextmanager
def card_reading(
    settings: Settings, into: Publication, tally: RequestTally, *, wanted: bool
) -> Iterator[CardReading | None]:
    """Give what reads cards: a client of its own, since their quota is not the listing's."""
    store = CardStore(Path(settings.cache) / "cards")
    quota = QUOTAS[settings.token is not None] * settings.share
    plan = Plan(REQUESTS_A_CARD, quota, WINDOW_SECONDS)
    if not wanted:
        yield None
    elif settings.offline:
        yield CardReading(HubCards(None, store), most=0, plan=None)
    else:
        with _open(
            settings,
            into.clock,
            into.progress,
            lambda body: True,  # any text is a card
            MOST_BYTES_OF_A_CARD,
            attempts=ATTEMPTS_AT_A_CARD,
            tally=tally,
        ) as client:
            yield CardReading(HubCards(client, store), settings.max_cards, plan)
