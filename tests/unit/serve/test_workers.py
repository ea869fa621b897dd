"""Bounds on work, and what becomes of faults."""

import asyncio
import threading

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from lineage.serve.server import Front, Metrics, Overloaded, ServerWorkers, TimeLimitReached
from tests.own_loop import run_in_own_loop


def test_more_than_can_wait_is_refused_and_places_become_free_again() -> None:
    workers, release = ServerWorkers("test", threads=1, waiting=1, seconds=20), threading.Event()

    async def ask() -> None:
        first, second = (
            asyncio.ensure_future(workers.run_in_worker(release.wait)) for _ in range(2)
        )
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await workers.run_in_worker(release.wait)
        release.set()
        assert all(await asyncio.gather(first, second))
        assert await workers.run_in_worker(lambda: 7) == 7

    run_in_own_loop(ask)
    workers.close_workers()


def test_what_takes_too_long_is_given_up_and_keeps_its_place_until_it_ends() -> None:
    workers, release = ServerWorkers("test", threads=1, waiting=0, seconds=0.01), threading.Event()

    async def ask() -> None:
        with pytest.raises(TimeLimitReached):
            await workers.run_in_worker(release.wait)
        with pytest.raises(Overloaded):
            await workers.run_in_worker(release.wait)
        release.set()

    run_in_own_loop(ask)
    workers.close_workers()


def test_an_error_in_a_worker_is_the_askers() -> None:
    workers = ServerWorkers("test", threads=1, waiting=0, seconds=20)

    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        run_in_own_loop(workers.run_in_worker, fail)
    workers.close_workers()


def test_a_fault_is_answered_without_a_traceback() -> None:
    async def fail(_: Request) -> Response:
        raise ZeroDivisionError("secret")

    metrics = Metrics()
    front = Front(Starlette(routes=[Route("/", fail)]), metrics, None)
    answer = TestClient(front, raise_server_exceptions=False).get("/")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert metrics.in_flight == 0
    assert sum(metrics.requests.values()) == 1
