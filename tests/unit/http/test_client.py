import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.errors import SettingsError
from lineage.http.client import request_text
from tests.unit.http.doubles import TOKEN, ListProgress, ScriptTransport, client_of


def _ok() -> httpx.Response:
    return httpx.Response(200, json=[])


def test_a_request_is_spelled_as_the_hub_spells_it() -> None:
    params = [("sort", "createdAt"), ("expand[]", "author"), ("filter", "base_model:a/b c")]
    assert request_text("/api/models", params) == (
        "/api/models?sort=createdAt&expand%5B%5D=author&filter=base_model%3Aa%2Fb+c"
    )


def test_what_is_asked_is_what_is_sent() -> None:
    inner = ScriptTransport([_ok()])
    with client_of(inner, endpoint="https://hub.example/mirror/") as client:
        client.get("/api/models", [("expand[]", "author"), ("cursor", "eyI+/==")])
    sent = inner.requests[0]
    assert str(sent.url) == (
        "https://hub.example/mirror/api/models?expand%5B%5D=author&cursor=eyI%2B%2F%3D%3D"
    )
    assert sent.headers["user-agent"] == "lineage/test"
    assert sent.headers["accept-encoding"] == "gzip"
    assert "authorization" not in sent.headers


@given(st.text())
def test_no_path_leads_to_another_host(path: str) -> None:
    url = httpx.URL("https://hub.example" + request_text(path))
    assert url.host == "hub.example"
    assert not url.userinfo
    assert not url.query


@pytest.mark.parametrize(
    "endpoint",
    ["https://hub.example", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:80"],
)
def test_the_token_goes_over_https_and_to_this_machine(endpoint: str) -> None:
    inner = ScriptTransport([_ok()])
    with client_of(inner, endpoint=endpoint, token=TOKEN) as client:
        client.get("/")
    assert inner.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://hub.example",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://10.0.0.1",
    ],
)
def test_the_token_is_withheld_from_everyone_else(endpoint: str) -> None:
    inner, progress = ScriptTransport([_ok()]), ListProgress()
    with client_of(inner, endpoint=endpoint, token=TOKEN, progress=progress) as client:
        client.get("/")
    assert "authorization" not in inner.requests[0].headers
    assert len(progress.said) == 1
    assert "withheld" in progress.said[0]
    assert TOKEN not in progress.said[0]


@pytest.mark.parametrize(
    "endpoint",
    [
        "hub.example",
        "ftp://hub.example",
        "https://",
        "https://me:secret@hub.example",
        "https://hub.example?token=secret",
        "http://hub.example:port",
        "http://hub.example:65536",
        "http://hub.example:0",
        "http://xn--",
        "",
    ],
)
def test_an_unusable_endpoint_is_refused_without_showing_it(endpoint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        client_of(ScriptTransport([]), endpoint=endpoint)
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("token", ["hf_a\nb", "hf_a b", "hf_ä", '"hf_a\r'])
def test_a_token_that_is_none_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(SettingsError) as caught:
        client_of(ScriptTransport([]), token=token)
    assert "hf_" not in caught.value.message + caught.value.hint


def test_a_redirect_is_an_answer() -> None:
    headers = {"location": "https://elsewhere.example/x"}
    inner = ScriptTransport([httpx.Response(307, headers=headers, text="Temporary Redirect.")])
    with client_of(inner, token=TOKEN) as client:
        answer = client.get("/api/models/old/name")
    assert (answer.status, answer.headers["location"]) == (307, "https://elsewhere.example/x")
    assert len(inner.requests) == 1


def test_a_redirect_to_garbage_is_an_answer_too() -> None:
    turn = httpx.Response(307, headers={"location": "http://[::bad"})
    with client_of(ScriptTransport([turn])) as client:
        assert client.get("/").headers["location"] == "http://[::bad"


def test_closing_the_client_closes_the_network() -> None:
    inner = ScriptTransport([])
    client_of(inner).close()
    assert inner.closed
