"""The client against real sockets: what a scripted transport cannot show."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage.errors import SourceUnavailable, UnexpectedPage
from lineage.http.client import HubClient
from lineage.http.page_log import PageLogs
from lineage.http.pages import PageLogReader
from tests.fakes.fake_clock import FakeClock
from tests.unit.http.doubles import TOKEN, client_of
from tests.unit.http.loopback import ROWS, MisbehavingServer, serving


@pytest.fixture
def server() -> Iterator[MisbehavingServer]:
    with serving() as server:
        yield server


@pytest.fixture
def client(server: MisbehavingServer) -> Iterator[HubClient]:
    with client_of(None, endpoint=server.endpoint, token=TOKEN, timeout_seconds=0.6) as client:
        yield client


@pytest.mark.parametrize(
    "path",
    [
        "/reset",
        "/reset-in-the-body",
        "/stall",
        "/stall-in-the-body",
        "/shorter-than-said",
        "/json-cut",
        "/gzip-cut",
        "/chunks-without-an-end",
        "/no-http",
    ],
)
def test_a_fault_on_the_wire_is_asked_again(client: HubClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status, answer.body) == (200, ROWS)
    assert (client.tally.sent, client.tally.retried) == (2, 1)


def test_a_429_with_a_page_of_html_is_waited_out(server: MisbehavingServer) -> None:
    clock = FakeClock()
    with client_of(None, endpoint=server.endpoint, clock=clock) as client:
        assert client.get("/html-429").body == ROWS
    assert clock.naps == [30]
    assert client.tally.refused_429 == 1


def test_nobody_listening_ends_the_run() -> None:
    with serving() as server:
        endpoint = server.endpoint
    with (
        client_of(None, endpoint=endpoint) as client,
        pytest.raises(SourceUnavailable, match="ConnectError"),
    ):
        client.get("/api/models")
    assert client.tally.sent == 6


@pytest.mark.parametrize("path", ["/bomb", "/bomb-in-chunks"])
def test_a_gzip_bomb_is_refused_once(
    server: MisbehavingServer, client: HubClient, path: str
) -> None:
    with pytest.raises(UnexpectedPage, match="over 1000000 bytes"):
        client.get(path)
    assert server.asked[path] == 1


def test_a_redirect_carries_the_token_nowhere(server: MisbehavingServer, client: HubClient) -> None:
    with serving() as elsewhere:
        server.redirect_to = elsewhere.endpoint + "/take"
        answer = client.get("/redirect")
        assert answer.status == 307
        assert not elsewhere.asked
    assert server.authorizations == [f"Bearer {TOKEN}"]


def test_a_netrc_file_is_not_asked_for_credentials(
    server: MisbehavingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with client_of(None, endpoint=server.endpoint) as client:
        client.get("/")
    assert server.authorizations == [None]


def test_a_proxy_is_used_for_others_and_never_for_this_machine(
    server: MisbehavingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving() as proxy:
        monkeypatch.setenv("http_proxy", proxy.endpoint)
        with client_of(None, endpoint=server.endpoint, token=TOKEN) as client:
            client.get("/here")
        with client_of(None, endpoint="http://hub.example", token=TOKEN) as client:
            client.get("/there")
        assert list(server.asked) == ["/here"]
        assert list(proxy.asked) == ["http://hub.example/there"]
        assert proxy.authorizations == [None]


def test_a_circle_of_cursors_ends(client: HubClient, tmp_path: Path) -> None:
    log = PageLogs(tmp_path, FakeClock()).begin_page_log({"kind": "test"})
    walk = PageLogReader(client, log, client.tally).walk_pages("/circle", [("limit", "9")])
    with pytest.raises(UnexpectedPage, match="same came before"):
        list(walk)
    assert client.tally.sent == 2


def test_the_token_is_in_no_file_of_the_log(client: HubClient, tmp_path: Path) -> None:
    log = PageLogs(tmp_path, FakeClock()).begin_page_log({"endpoint": client.endpoint})
    PageLogReader(client, log, client.tally).read_page_of_answer("/api/models")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 4
    assert not [path for path in files if TOKEN.encode() in path.read_bytes()]
