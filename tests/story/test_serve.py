"""The server as a process of its own, with real clients: httpx, curl, bare sockets and MCP's."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

import httpx
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters

from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.store.store import ParquetStore
from tests.builders import published, row
from tests.fakes.fake_clock import NOON
from tests.own_loop import run_in_own_loop

BASE = "meta-llama/Llama-3.1-8B"
COUNTS = f"/api/models/{BASE}/counts"


@dataclass(frozen=True, slots=True)
class Running:
    url: str
    process: "subprocess.Popen[str]"
    log: Path

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    @property
    def port(self) -> int:
        return int(self.url.rstrip("/").rpartition(":")[2])


def environment() -> dict[str, str]:
    root = str(Path(__file__).parents[2])
    return {**os.environ, "PYTHONPATH": root, "PYTHONWARNINGS": "ignore"}


def words_of(store: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "lineage", "serve", "--store", str(store), *words]


@contextmanager
def serving(store: Path, log: Path, *words: str) -> Iterator[Running]:
    with log.open("w") as errors:
        process = subprocess.Popen(
            words_of(store, "--port", "0", "--log-format", "json", *words),
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment(),
            text=True,
        )
    try:
        assert process.stdout is not None
        yield Running(_first_document(process.stdout)["url"], process, log)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()  # closes its output


def _first_document(output: IO[str]) -> dict[str, str]:
    text = ""
    while not text.rstrip().endswith("}"):
        line = output.readline()
        assert line, "the server ended"
        text += line
    document: dict[str, str] = json.loads(text)
    return document


def publish_day(store: Path, children: int, day: int) -> str:
    rows = [row(BASE), *(row(f"o/child-{number}", [BASE]) for number in range(children))]
    return published(rows, store, taken_at=NOON + timedelta(days=day)).id


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("serving")
    publish_day(folder / "snapshots", 3, 0)
    with serving(folder / "snapshots", folder / "log", "--cors", "https://example.org") as running:
        yield running


def test_curl_reads_an_answer_and_a_refusal(server: Running) -> None:
    def curl(*words: str) -> str:
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--include", "--max-time", "20", *words],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    assert '"total":3' in curl(f"{server.url}api/models/{BASE}/counts")
    assert curl("--head", f"{server.url}healthz").startswith("HTTP/1.1 200")
    large = server.log.with_name("large")
    large.write_bytes(b" " * 10_000_000)
    for more in ((), ("-H", "Expect:")):
        answer = curl(*more, "--data-binary", f"@{large}", f"{server.url}api/check")
        assert "413" in answer.splitlines()[0]
        assert "X-Error-Code: RequestTooLarge".lower() in answer.lower()


def test_pages_of_one_other_origin_may_ask(server: Running) -> None:
    headers = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    answer = httpx.options(f"{server.url}api/check", headers=headers)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "https://example.org"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /api/models/\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /api/check HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"POST /api/check HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999\r\n\r\nx",
        b"POST /api/check HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_request_is_refused_and_harms_nobody(
    request_bytes: bytes, server: Running
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 10) as client:
        client.sendall(request_bytes)
        status = client.recv(4096).split(b"\r\n")[0]
    assert status.split(b" ")[1] in (b"400", b"404", b"413"), status
    assert httpx.get(f"{server.url}healthz").status_code == 200


def test_a_slow_client_holds_up_nobody(server: Running) -> None:
    slow = [socket.create_connection(("127.0.0.1", server.port), 10) for _ in range(40)]
    try:
        for client in slow:
            client.sendall(b"POST /api/check HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: httpx.get(server.url[:-1] + COUNTS), range(32)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
    finally:
        for client in slow:
            client.close()


def test_each_request_is_one_line_in_which_nothing_acts(tmp_path: Path) -> None:
    publish_day(tmp_path / "snapshots", 2, 0)
    with serving(tmp_path / "snapshots", tmp_path / "log") as running:
        httpx.get(f"{running.url}api/models/%1b%5b31m%0aforged/counts?x=%E2%80%AE")
        # A line is written after its answer; a server that has stopped has written all of them.
        assert running.stop() == 0
    lines = [json.loads(line) for line in running.log.read_text("utf-8").splitlines()]
    (line,) = [it for it in lines if "forged" in it.get("target", "")]
    assert (line["method"], line["status"], line["client"]) == ("GET", 404, "127.0.0.1")
    assert line["target"].startswith("/api/models/%1b%5b31m%0aforged/counts")
    assert not [it for it in lines if "traceback" in it or "Traceback" in it["message"]]


def test_agents_ask_over_http_and_over_standard_streams(server: Running) -> None:
    folder = server.log.with_name("snapshots")
    command, *arguments = words_of(folder, "--mcp-stdio")
    streams = StdioServerParameters(command=command, args=arguments, env=environment())
    texts = []

    async def ask(target: str | StdioServerParameters) -> None:
        async with Client(target) as client:
            assert len((await client.list_tools()).tools) == 6
            answer = await client.call_tool("count_derivatives", {"subject": BASE})
            texts.append(answer.content[0].text)  # type: ignore[union-attr]

    for target in (f"{server.url}mcp", streams):
        run_in_own_loop(ask, target)
    assert texts[0] == texts[1]
    assert "3 models descend from" in texts[0]
    assert httpx.get(f"{server.url}mcp").status_code == 405
    foreign = {"Host": "evil.example", "Accept": "application/json, text/event-stream"}
    assert httpx.post(f"{server.url}mcp", json={}, headers=foreign).status_code == 421


def test_a_store_fills_grows_and_is_pruned_while_it_is_served(tmp_path: Path) -> None:
    store = tmp_path / "snapshots"
    with serving(store, tmp_path / "log") as running:
        client = httpx.Client(base_url=running.url, timeout=20)
        empty = client.get(COUNTS)
        assert (empty.status_code, empty.headers["x-error-code"]) == (503, "NoSuchSnapshot")
        assert int(empty.headers["retry-after"]) > 0
        assert client.get("/healthz").status_code == 503
        first = publish_day(store, 3, 0)
        while (answer := client.get(COUNTS)).status_code == 503:
            pass
        assert answer.json()["total"] == 3
        page = client.get(f"/api/models/{BASE}/derivatives?limit=2").json()
        tag = answer.headers["etag"]
        # Every answer is of one snapshot, whichever it is, and none fails.
        second = publish_day(store, 5, 1)
        seen = set()
        while second not in seen:
            document = client.get(COUNTS).raise_for_status().json()
            seen.add(document["snapshot"])
            assert document["total"] == (3 if document["snapshot"] == first else 5)
        assert client.get(COUNTS, headers={"If-None-Match": tag}).status_code == 200
        # A list goes on in the snapshot that it began in.
        following = client.get(f"/api/models/{BASE}/derivatives?limit=2&cursor={page['next']}")
        assert (following.json()["snapshot"], len(following.json()["items"])) == (first, 1)
        ParquetStore(str(store), NO_OPT_OUTS).delete(first)
        # What was read of it may answer until it is missed; then nothing does.
        while (pruned := client.get(f"{COUNTS}?snapshot={first}&deleted=true")).is_success:
            assert pruned.json()["total"] == 3
        assert pruned.status_code in (404, 503)
        assert pruned.headers["x-error-code"] in ("UnknownSnapshot", "SnapshotPruned")
        client.close()
        assert running.stop() == 0
    assert "stopped" in (tmp_path / "log").read_text("utf-8")


def test_a_request_that_is_open_when_the_server_stops_is_answered(tmp_path: Path) -> None:
    publish_day(tmp_path / "snapshots", 2, 0)
    with serving(tmp_path / "snapshots", tmp_path / "log") as running:
        body = json.dumps({"models": ["o/child-1"], "deny": ["Qwen/*"]}).encode()
        head = f"POST /api/check HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", running.port), 20) as client:
            client.sendall(head.encode() + body[:5])
            httpx.get(f"{running.url}healthz")  # by now the other request has begun
            running.process.send_signal(signal.SIGTERM)
            client.sendall(body[5:])
            answer = client.recv(65536)
        assert answer.startswith(b"HTTP/1.1 200")
        assert running.process.wait(20) == 0
