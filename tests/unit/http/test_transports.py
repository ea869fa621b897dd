import gzip
import logging

import httpx
import pytest

from lineage.errors import RequestLimitReached, SourceUnavailable, UnexpectedPage
from tests.fakes.fake_clock import FakeClock
from tests.unit.http.doubles import TOKEN, ListProgress, ScriptTransport, Turn, client_of

FAULTS: list[Turn] = [
    httpx.ConnectError("refused"),
    httpx.ReadTimeout("stalled"),
    httpx.ReadError("reset"),
    httpx.RemoteProtocolError("cut"),
    httpx.DecodingError("bad gzip"),
    httpx.Response(408),
    httpx.Response(500, html="<h1>oh</h1>"),
    httpx.Response(502),
    httpx.Response(503),
    httpx.Response(504),
    httpx.Response(200, content=b'[{"id": "a'),
    httpx.Response(
        200,
        stream=httpx.ByteStream(gzip.compress(b"[]" * 99)[:-9]),
        headers={"content-encoding": "gzip"},
    ),
]


def _page() -> httpx.Response:
    return httpx.Response(200, json=[1])


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
def test_a_fault_that_may_pass_is_asked_again(fault: Turn) -> None:
    inner, clock = ScriptTransport([fault, _page()]), FakeClock()
    with client_of(inner, clock=clock) as client:
        answer = client.get("/api/models")
    assert (answer.status, answer.body) == (200, b"[1]")
    assert (client.tally.sent, client.tally.retried) == (2, 1)
    assert len(clock.naps) == 1
    assert 1 <= clock.naps[0] <= 2


def test_pauses_grow_and_then_the_run_ends_with_what_to_do() -> None:
    inner, clock = ScriptTransport([httpx.ReadTimeout("stalled")] * 6), FakeClock()
    said = r"stalled.*/api/models in 6 attempts"
    with (
        client_of(inner, clock=clock, token=TOKEN) as client,
        pytest.raises(SourceUnavailable, match=said) as caught,
    ):
        client.get("/api/models")
    assert "goes on where it stopped" in caught.value.hint
    assert TOKEN not in caught.value.message + caught.value.hint
    assert clock.naps == sorted(clock.naps)
    assert 30 < sum(clock.naps) < 62
    assert (client.tally.sent, client.tally.retried) == (6, 5)


@pytest.mark.parametrize("status", [200, 204, 304, 307, 400, 401, 403, 404, 410, 501])
def test_an_answer_is_an_answer_whatever_its_status(status: int) -> None:
    body = b"" if status in {204, 304} else b"{}"
    inner = ScriptTransport([httpx.Response(status, content=body, headers={"X-Own": "1"})])
    with client_of(inner) as client:
        answer = client.get("/api/models/a/b")
    assert (answer.status, answer.body, answer.headers["x-own"]) == (status, body, "1")


def test_a_body_is_unzipped_and_its_framing_not_claimed_any_more() -> None:
    headers = {"Content-Encoding": "gzip", "ETag": 'W/"1"'}
    turn = httpx.Response(200, content=gzip.compress(b"[1, 2]"), headers=headers)
    with client_of(ScriptTransport([turn])) as client:
        answer = client.get("/")
    assert answer.body == b"[1, 2]"
    assert "content-encoding" not in answer.headers
    assert answer.headers["etag"] == 'W/"1"'


def test_a_body_over_the_cap_is_not_asked_again() -> None:
    inner = ScriptTransport([httpx.Response(200, content=b" " * 2000)])
    with (
        client_of(inner, max_body_bytes=1999) as client,
        pytest.raises(UnexpectedPage, match="1999 bytes") as caught,
    ):
        client.get("/api/models")
    assert "max_page_bytes" in caught.value.hint
    assert len(inner.requests) == 1


def test_a_spent_window_is_waited_for_and_told() -> None:
    headers = {"RateLimit": '"api";r=0;t=59', "RateLimit-Policy": '"api";q=500;w=300'}
    inner = ScriptTransport([httpx.Response(200, json=[], headers=headers), _page()])
    clock, progress = FakeClock(), ListProgress()
    with client_of(inner, clock=clock, progress=progress) as client:
        client.get("/1")
        client.get("/2")
    assert clock.naps == progress.waits == [60]
    assert client.budget.latest_limit is not None
    assert client.budget.latest_limit.quota == 500


def test_a_429_is_waited_out_and_asked_again() -> None:
    refusal = httpx.Response(429, html="<html>slow</html>", headers={"RateLimit": '"api";r=0;t=9'})
    clock = FakeClock()
    with client_of(ScriptTransport([refusal, _page()]), clock=clock) as client:
        assert client.get("/").status == 200
    assert clock.naps == [10]
    assert (client.tally.sent, client.tally.refused_429, client.tally.retried) == (2, 1, 0)


def test_eight_429_in_a_row_end_the_run() -> None:
    inner, clock = ScriptTransport([httpx.Response(429)] * 9), FakeClock()
    with (
        client_of(inner, clock=clock) as client,
        pytest.raises(SourceUnavailable, match="8 times") as caught,
    ):
        client.get("/api/models")
    assert "later" in caught.value.hint
    assert len(inner.requests) == 8
    assert clock.naps == [30, 60, 120, 240, 300, 300, 300]


def test_not_one_request_more_than_allowed_is_sent() -> None:
    inner = ScriptTransport([_page(), httpx.ReadError("reset"), _page()])
    with client_of(inner, max_requests=2) as client:
        client.get("/1")
        with pytest.raises(RequestLimitReached, match="2 requests"):
            client.get("/2")
    assert len(inner.requests) == client.tally.sent == 2


def test_request_headers_are_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    inner = ScriptTransport([httpx.ReadError("reset"), httpx.Response(429), _page()])
    with caplog.at_level(logging.DEBUG), client_of(inner, token=TOKEN) as client:
        client.get("/api/models")
    assert inner.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert "asking again" in caplog.text
    assert TOKEN not in caplog.text


def test_an_interrupt_is_not_retried() -> None:
    class _Interrupted(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            raise KeyboardInterrupt

    with client_of(_Interrupted()) as client, pytest.raises(KeyboardInterrupt):
        client.get("/")
    assert client.tally.retried == 0
