"""Stand-ins for the network and for who listens, shared by the tests of lineage.http."""

import json
from collections.abc import Callable, Iterable
from random import Random

import httpx

from lineage.domain.clock import Clock
from lineage.domain.progress import Progress
from lineage.http.client import HubClient, open_client
from tests.fakes.fake_clock import FakeClock

Turn = httpx.Response | Exception
TOKEN = "hf_averysecrettoken"


class ScriptTransport(httpx.BaseTransport):
    """Plays one turn for each request: an answer, or an exception; remembers what was asked."""

    def __init__(self, turns: Iterable[Turn]) -> None:
        self._turns = iter(turns)
        self.requests: list[httpx.Request] = []
        self.closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        turn = next(self._turns)
        if isinstance(turn, Exception):
            raise turn
        return turn

    def close(self) -> None:
        self.closed = True


class ListProgress(Progress):
    def __init__(self) -> None:
        self.said: list[str] = []
        self.waits: list[float] = []

    def waiting(self, seconds: float, why: str) -> None:
        self.waits.append(seconds)

    def say(self, message: str) -> None:
        self.said.append(message)


def is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def client_of(
    inner: httpx.BaseTransport | None,
    *,
    endpoint: str = "https://hub.example",
    token: str | None = None,
    share: float = 1.0,
    max_requests: int | None = None,
    clock: Clock | None = None,
    progress: Progress | None = None,
    timeout_seconds: float = 5.0,
    deadline_seconds: float = 9.0,
    max_body_bytes: int = 1_000_000,
    is_whole: Callable[[bytes], bool] = is_json,
) -> HubClient:
    return open_client(
        endpoint=endpoint,
        token=token,
        user_agent="lineage/test",
        share=share,
        max_requests=max_requests,
        clock=clock or FakeClock(),
        progress=progress or Progress(),
        timeout_seconds=timeout_seconds,
        deadline_seconds=deadline_seconds,
        max_body_bytes=max_body_bytes,
        is_whole=is_whole,
        random=Random(7),
        inner=inner,
    )
