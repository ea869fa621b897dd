"""The token goes to the Hub that was named, and is found nowhere afterwards."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from lineage.crawl.runs import crawl
from lineage.demo.box import Quota
from lineage.domain.progress import Progress
from lineage.errors import SettingsError, SourceError
from lineage.http.client import HubClient, open_client
from lineage.settings import Settings, load_settings
from lineage.sources.listing_pages import is_whole_hub_body
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_hub import FakeHub, Fault, FaultKind, Faults
from tests.fakes.live_catalog import LiveCatalog
from tests.story.stage import a_world

SECRET = "hf_secrettesttoken"
WORLD = a_world(2500)
WITH_TOKEN_ALONE = {None: Quota(0), SECRET: Quota(10**6)}
"""Whoever comes without the token is refused, so that a crawl that ends has sent it."""


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(f"{SECRET}\n")
    return path


def flags(folder: Path, endpoint: str, token_file: Path) -> dict[str, str]:
    return {
        "store": str(folder / "snapshots"),
        "cache": str(folder / "cache"),
        "endpoint": endpoint,
        "token_file": str(token_file),
    }


def told_on_disk(folder: Path) -> list[Path]:
    """Every file that holds the token, in its content or its name."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [p for p in files if SECRET.encode() in p.read_bytes() or SECRET in p.name]


def run(
    told: dict[str, str], during: list[bytes], box: FakeHub
) -> subprocess.CompletedProcess[str]:
    """Crawl in a process of its own; `during` takes what the process list says while it runs."""
    command = [sys.executable, "-m", "tests.story.crawl_process", json.dumps(told)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        line = Path("/proc") / str(process.pid) / "cmdline"
        box.on_request = lambda _: during.append(line.read_bytes())
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def test_the_token_is_sent_and_stays_out_of_files_words_and_process_list(
    tmp_path: Path, token_file: Path
) -> None:
    during: list[bytes] = []
    with FakeHub(LiveCatalog(WORLD), quotas=WITH_TOKEN_ALONE) as box:
        ended = run(flags(tmp_path / "run", box.url, token_file), during, box)
    assert ended.returncode == 0, ended.stderr
    assert SECRET not in ended.stdout + ended.stderr
    assert len(during) == 5
    assert all(line and SECRET.encode() not in line for line in during)
    assert told_on_disk(tmp_path / "run") == []


@pytest.mark.parametrize("status", [401, 403, 404])
def test_an_error_does_not_tell_the_token(tmp_path: Path, token_file: Path, status: int) -> None:
    refused = Faults({2: Fault(FaultKind.STATUS, status=status)})
    with FakeHub(LiveCatalog(WORLD), quotas=WITH_TOKEN_ALONE, faults=refused) as box:
        ended = run(flags(tmp_path / "run", box.url, token_file), [], box)
    assert ended.returncode == 3
    assert str(status) in ended.stderr
    assert SECRET not in ended.stdout + ended.stderr
    assert told_on_disk(tmp_path / "run") == []


def test_settings_do_not_show_the_token(token_file: Path) -> None:
    settings = load_settings({"token_file": str(token_file)})
    assert settings.token == SECRET
    assert SECRET not in repr(settings)


@contextmanager
def another_host() -> Iterator[tuple[str, list[str]]]:
    """A server beside the Hub, and what it was asked with."""
    heard: list[str] = []

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(f"{self.path} {self.headers}")
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/models", heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("base", [None, "owner/model-0"])
def test_a_redirect_leads_neither_token_nor_request_to_another_host(
    tmp_path: Path, token_file: Path, at: int, base: str | None
) -> None:
    with another_host() as (elsewhere, heard):
        led_away = Faults({at: Fault(FaultKind.REDIRECT, location=elsewhere)}, everywhere=True)
        with FakeHub(LiveCatalog(WORLD), faults=led_away) as box, suppress(SourceError):
            settings = load_settings(flags(tmp_path / "run", box.url, token_file))
            crawl(settings, base=base, clock=FakeClock())
    assert led_away.applied
    assert heard == []


class ListProgress(Progress):
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, message: str) -> None:
        self.said.append(message)


def client_of(endpoint: str, heard: list[httpx.Request], progress: Progress) -> HubClient:
    def answer(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(200, content=b"[]")

    return open_client(
        endpoint=endpoint,
        token=SECRET,
        user_agent="lineage/test",
        share=0.9,
        max_requests=None,
        clock=FakeClock(),
        progress=progress,
        timeout_seconds=1,
        deadline_seconds=9,
        max_body_bytes=1000,
        is_whole=is_whole_hub_body,
        inner=httpx.MockTransport(answer),
    )


@pytest.mark.parametrize(
    ("endpoint", "may"),
    [
        ("https://hub.example", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost:8080", True),
        ("http://[::1]:8080", True),
        ("http://hub.example", False),
        ("http://127.0.0.1.hub.example", False),
        ("http://localhost.hub.example", False),
        ("http://10.0.0.1", False),
    ],
)
def test_the_token_goes_over_https_or_stays_on_this_machine(endpoint: str, may: bool) -> None:
    heard: list[httpx.Request] = []
    progress = ListProgress()
    with client_of(endpoint, heard, progress) as client:
        client.get("/api/models")
    (request,) = heard
    assert ("authorization" in request.headers) is may
    assert bool(progress.said) is not may
    assert SECRET not in "".join(progress.said)


@pytest.mark.parametrize("endpoint", [f"https://me:{SECRET}@hub.example", f"https://h/?t={SECRET}"])
def test_a_secret_in_the_endpoint_is_refused_before_anything_is_written(
    tmp_path: Path, endpoint: str
) -> None:
    settings = Settings(store=str(tmp_path / "s"), cache=str(tmp_path / "c"), endpoint=endpoint)
    with pytest.raises(SettingsError) as refused:
        crawl(settings, clock=FakeClock())
    assert SECRET not in str(refused.value)
    assert list(tmp_path.iterdir()) == []
