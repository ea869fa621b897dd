"""One card at a time: from the store or from the Hub, whatever either of them holds."""

import tempfile
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.errors import SourceUnavailable, StoreError
from lineage.http.client import HubClient
from lineage.sources.cards import KEPT_BYTES, HubCardCache, HubCards, StoredCard
from tests.unit.http.doubles import ScriptTransport, Turn, client_of

KEY, ID = "a" * 24, "owner/model"
ASKED = "/owner/model/resolve/main/README.md"
CACHED = "/api/resolve-cache/models/owner/model/abc/README.md"
TAG = '"0123"'


def to_cache(tag: str = TAG) -> httpx.Response:
    location = f"{CACHED}?etag=%220123%22"
    return httpx.Response(307, headers={"Location": location, "X-Linked-Etag": tag})


def a_card(text: bytes = b"# Card", tag: str = TAG) -> httpx.Response:
    return httpx.Response(200, content=text, headers={"ETag": tag})


def asked_with(*turns: Turn, folder: Path, sha: str = "s1") -> tuple[HubCards, ScriptTransport]:
    network = ScriptTransport(turns)
    cards = HubCards(client_for(network), HubCardCache(folder))
    cards.request_card(KEY, ID, sha)
    return cards, network


def client_for(network: ScriptTransport) -> HubClient:
    return client_of(network, is_whole=lambda body: True)


def paths(network: ScriptTransport) -> list[str]:
    return [request.url.raw_path.decode() for request in network.requests]


def test_a_card_is_read_behind_its_redirect(tmp_path: Path) -> None:
    cards, network = asked_with(to_cache(), a_card(), folder=tmp_path)
    assert paths(network) == [ASKED, f"{CACHED}?etag=%220123%22"]
    assert cards.stored_text(KEY) == "# Card"
    assert not cards.needs_request(KEY, "s1")
    assert cards.needs_request(KEY, "s2")


def test_a_card_may_also_come_at_once(tmp_path: Path) -> None:
    cards, network = asked_with(a_card(), folder=tmp_path)
    assert (cards.stored_text(KEY), len(network.requests)) == ("# Card", 1)


def test_a_redirect_that_names_the_known_tag_is_answer_enough(tmp_path: Path) -> None:
    asked_with(to_cache(), a_card(), folder=tmp_path)
    cards, network = asked_with(to_cache(), folder=tmp_path, sha="s2")
    assert network.requests[0].headers["If-None-Match"] == TAG
    assert (cards.stored_text(KEY), cards.needs_request(KEY, "s2")) == ("# Card", False)


def test_unchanged_is_answer_enough(tmp_path: Path) -> None:
    asked_with(a_card(), folder=tmp_path)
    cards, _ = asked_with(httpx.Response(304), folder=tmp_path, sha="s2")
    assert (cards.stored_text(KEY), cards.needs_request(KEY, "s2")) == ("# Card", False)


def test_a_changed_card_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    asked_with(to_cache(), a_card(), folder=tmp_path)
    cards, _ = asked_with(to_cache('"9"'), a_card(b"new", '"9"'), folder=tmp_path, sha="s2")
    assert cards.stored_text(KEY) == "new"


@pytest.mark.parametrize("status", [401, 403, 404])
def test_that_there_is_no_card_is_remembered(tmp_path: Path, status: int) -> None:
    cards, _ = asked_with(httpx.Response(status), folder=tmp_path)
    assert cards.stored_text(KEY) is None
    assert not cards.needs_request(KEY, "s1")
    assert cards.needs_request(KEY, "s2")


@pytest.mark.parametrize(
    "location",
    [
        "https://cdn.example/file",
        "//cdn.example/file",
        "/\\cdn.example/file",
        "https://hub.example.evil.example/file",
        "http://hub.example/file",
        "",
    ],
)
def test_no_redirect_leads_to_another_host(tmp_path: Path, location: str) -> None:
    away = httpx.Response(302, headers={"Location": location})
    cards, network = asked_with(away, folder=tmp_path)
    assert len(network.requests) == 1
    assert cards.stored_text(KEY) is None
    assert not cards.needs_request(KEY, "s1")


def test_a_renamed_model_leads_to_its_name_now(tmp_path: Path) -> None:
    now = "https://hub.example/new/name/resolve/main/README.md"
    renamed = httpx.Response(307, headers={"Location": now})
    cards, network = asked_with(renamed, to_cache(), a_card(), folder=tmp_path)
    assert paths(network)[1] == "/new/name/resolve/main/README.md"
    assert cards.stored_text(KEY) == "# Card"


def test_a_circle_of_redirects_ends(tmp_path: Path) -> None:
    turns = [httpx.Response(307, headers={"Location": ASKED}) for _ in range(9)]
    cards, network = asked_with(*turns, folder=tmp_path)
    assert len(network.requests) < 9
    assert not cards.needs_request(KEY, "s1")


def test_of_a_huge_card_the_beginning_is_kept(tmp_path: Path) -> None:
    cards, _ = asked_with(a_card(b"x" * (KEPT_BYTES + 1)), folder=tmp_path)
    assert len(cards.stored_text(KEY) or "") == KEPT_BYTES


def test_a_card_over_the_cap_is_none_and_not_asked_again(tmp_path: Path) -> None:
    network = ScriptTransport([a_card(b"x" * 300_001)])
    client = client_of(network, is_whole=lambda body: True, max_body_bytes=300_000)
    cards = HubCards(client, HubCardCache(tmp_path))
    cards.request_card(KEY, ID, "s1")
    assert cards.stored_text(KEY) is None
    assert not cards.needs_request(KEY, "s1")


def test_a_card_that_does_not_come_is_asked_for_again(tmp_path: Path) -> None:
    network = ScriptTransport([httpx.Response(503)] * 20)
    cards = HubCards(client_for(network), HubCardCache(tmp_path))
    with pytest.raises(SourceUnavailable):
        cards.request_card(KEY, ID, "s1")
    assert cards.needs_request(KEY, "s1")


@pytest.mark.parametrize("error", [b'{"error": "timeout"}', b' [{"error": "timeout"}]'])
def test_an_error_is_no_card(tmp_path: Path, error: bytes) -> None:
    cards, network = asked_with(a_card(error), a_card(), folder=tmp_path)
    assert (cards.stored_text(KEY), len(network.requests)) == ("# Card", 2)


def test_without_a_client_nothing_is_asked(tmp_path: Path) -> None:
    asked_with(a_card(), folder=tmp_path)
    offline = HubCards(None, HubCardCache(tmp_path))
    assert not offline.needs_request(KEY, "another")
    assert not offline.needs_request("unknown", None)
    offline.request_card(KEY, ID, "another")
    assert offline.stored_text(KEY) == "# Card"


@given(st.binary(max_size=300), st.data())
def test_a_stored_card_comes_back_whole_or_not_at_all(text: bytes, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store, card = HubCardCache(Path(folder)), StoredCard("sha", 200, TAG, text)
        store.put_stored_card(KEY, card)
        assert store.get_stored_card(KEY) == card
        (path,) = Path(folder).glob("*/*.card")
        whole = path.read_bytes()
        at = data.draw(st.integers(0, len(whole) - 1))
        path.write_bytes(whole[:at])
        assert store.get_stored_card(KEY) is None


def test_no_key_becomes_a_path(tmp_path: Path) -> None:
    store = HubCardCache(tmp_path / "cards")
    store.put_stored_card("../../escape", StoredCard("sha", 404))
    assert store.get_stored_card("../../escape") == StoredCard("sha", 404)
    assert [path.name for path in tmp_path.iterdir()] == ["cards"]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "cards").write_text("in the way")
    with pytest.raises(StoreError, match="A card cannot be kept"):
        HubCardCache(tmp_path / "cards").put_stored_card(KEY, StoredCard(None, 404))
