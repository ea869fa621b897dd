from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import process_time

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.errors import (
    AccessRefused,
    LineageError,
    PageNotRecorded,
    SourceUnavailable,
    UnexpectedPage,
)
from lineage.http.client import HubClient, RequestTally
from lineage.http.page_log import PageLog, PageLogs
from lineage.http.pages import PageLogReader, next_cursor
from tests.fakes.fake_clock import FakeClock
from tests.unit.http.doubles import ScriptTransport, Turn, client_of

PARAMS = [("limit", "2"), ("expand[]", "author")]
FIRST = "/api/models?limit=2&expand%5B%5D=author"


@pytest.fixture
def log(tmp_path: Path) -> PageLog:
    return PageLogs(tmp_path, FakeClock()).begin_page_log({"kind": "test"})


def _page(number: int, cursor: str | None = None) -> httpx.Response:
    link = f'<https://evil.example/steal?limit=9&cursor={cursor}>; rel="next"'
    return httpx.Response(200, json=[number], headers={"link": link} if cursor else {})


def _client(turns: Sequence[Turn]) -> tuple[HubClient, ScriptTransport]:
    inner = ScriptTransport(turns)
    return client_of(inner), inner


def test_a_walk_takes_the_cursor_from_the_link_and_nothing_else(log: PageLog) -> None:
    client, inner = _client([_page(1, "eyI%2Ba%3D%3D"), _page(2, "b"), _page(3)])
    with client:
        pages = list(PageLogReader(client, log, client.tally).walk_pages("/api/models", PARAMS))
    assert [page.body for page in pages] == [b"[1]", b"[2]", b"[3]"]
    assert [page.request for page in pages] == [
        FIRST,
        FIRST + "&cursor=eyI%2Ba%3D%3D",
        FIRST + "&cursor=b",
    ]
    assert [page.next_cursor for page in pages] == ["eyI+a==", "b", None]
    assert [str(request.url) for request in inner.requests] == [
        "https://hub.example" + page.request for page in pages
    ]


def test_what_is_recorded_is_not_asked_again(log: PageLog) -> None:
    client, _ = _client([_page(1, "a"), httpx.Response(404), _page(2)])
    with client:
        reader = PageLogReader(client, log, client.tally)
        with pytest.raises(UnexpectedPage):
            list(reader.walk_pages("/api/models", PARAMS))
        pages = list(reader.walk_pages("/api/models", PARAMS))
    assert [(page.body, page.replayed) for page in pages] == [(b"[1]", True), (b"[2]", False)]
    assert (client.tally.sent, client.tally.replayed) == (3, 1)


def test_a_replayed_page_is_the_page_that_came(log: PageLog) -> None:
    client, _ = _client([_page(1, "a")])
    with client:
        live = PageLogReader(client, log, client.tally).read_page_of_answer("/api/models", PARAMS)
    replayed = PageLogReader(None, log, RequestTally()).read_page_of_answer("/api/models", PARAMS)
    assert (live.request, live.body, live.next_cursor, live.headers) == (
        replayed.request,
        replayed.body,
        replayed.next_cursor,
        replayed.headers,
    )


def test_a_walk_asks_for_no_page_before_it_is_wanted(log: PageLog) -> None:
    client, inner = _client([_page(1, "a"), _page(2)])
    with client:
        walk = PageLogReader(client, log, client.tally).walk_pages("/api/models", PARAMS)
        next(walk)
        assert len(inner.requests) == 1


def test_offline_a_missing_page_ends_the_run_with_what_to_do(log: PageLog) -> None:
    with pytest.raises(PageNotRecorded, match="/api/models") as caught:
        PageLogReader(None, log, RequestTally()).read_page_of_answer("/api/models", PARAMS)
    assert "--offline" in caught.value.hint


def test_a_circle_of_cursors_is_named(log: PageLog) -> None:
    client, _ = _client([_page(1, "aa"), _page(2, "bb"), _page(3, "aa"), _page(4)])
    with client:
        reader = PageLogReader(client, log, client.tally)
        with pytest.raises(UnexpectedPage, match="aa came before"):
            list(reader.walk_pages("/api/models", PARAMS))
        pages = list(reader.walk_pages("/api/models", PARAMS))
    assert [page.body for page in pages] == [b"[1]", b"[2]", b"[4]"]
    assert [page.replayed for page in pages] == [True, True, False]


def test_a_walk_may_begin_at_a_cursor(log: PageLog) -> None:
    client, inner = _client([_page(1, "b"), _page(2, "a")])
    walk = PageLogReader(client, log, client.tally).walk_pages(
        "/api/models", [("cursor", "a"), ("limit", "2")]
    )
    with client, pytest.raises(UnexpectedPage):
        list(walk)
    assert [request.url.query for request in inner.requests] == [
        b"cursor=a&limit=2",
        b"limit=2&cursor=b",
    ]


def test_a_next_page_without_a_cursor_is_not_taken_for_the_end(log: PageLog) -> None:
    link = {"link": '<https://hub.example/api/models?p=2>; rel="next"'}
    client, _ = _client([httpx.Response(200, json=[], headers=link), _page(1)])
    with client:
        reader = PageLogReader(client, log, client.tally)
        with pytest.raises(UnexpectedPage, match="without a cursor"):
            list(reader.walk_pages("/api/models"))
        assert [page.body for page in reader.walk_pages("/api/models")] == [b"[1]"]


def test_a_deleted_page_is_asked_again(log: PageLog) -> None:
    client, _ = _client([_page(1), _page(2)])
    with client:
        reader = PageLogReader(client, log, client.tally)
        reader.set_aside(reader.read_page_of_answer("/api/models"))
        assert reader.read_page_of_answer("/api/models").body == b"[2]"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, AccessRefused),
        (403, AccessRefused),
        (307, UnexpectedPage),
        (400, UnexpectedPage),
        (404, UnexpectedPage),
        (501, UnexpectedPage),
    ],
)
def test_a_refusal_shows_its_status_and_what_was_said(
    log: PageLog, status: int, error: type[LineageError]
) -> None:
    body = b'{"error":"no\x1b[31m"} ' + b"x" * 500
    client, _ = _client([httpx.Response(status, content=body)])
    with client, pytest.raises(error, match=str(status)) as caught:
        PageLogReader(client, log, client.tally).read_page_of_answer("/api/models")
    assert '{"error":"no [31m"} xxx' in caught.value.message
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 300
    assert not list(log.logged_requests())


def test_a_refused_token_is_hinted_at(log: PageLog) -> None:
    client, _ = _client([httpx.Response(401, json={"error": "Invalid username or password."})])
    with client, pytest.raises(AccessRefused) as caught:
        PageLogReader(client, log, client.tally).read_page_of_answer("/api/models")
    assert "token" in caught.value.hint


def test_a_redirect_says_where_it_points(log: PageLog) -> None:
    client, _ = _client([httpx.Response(301, headers={"location": "https://other.example/x"})])
    with client, pytest.raises(UnexpectedPage) as caught:
        PageLogReader(client, log, client.tally).read_page_of_answer("/api/models")
    assert "https://other.example/x" in caught.value.hint


@pytest.mark.parametrize(
    "location",
    [
        "/api/models/new/name",
        "https://hub.example/api/models/new/name?x=1#y",
        "//evil.example/api/models/new/name",
        "https://evil.example/api/models/new/name",
    ],
)
def test_a_renamed_thing_is_found_on_the_same_hub(log: PageLog, location: str) -> None:
    client, inner = _client([httpx.Response(307, headers={"location": location}), _page(7)])
    with client:
        reader = PageLogReader(client, log, client.tally)
        pages = [reader.find_logged_page("/api/models/old/name", PARAMS) for _ in range(2)]
    assert [page and (page.body, page.replayed) for page in pages] == [
        (b"[7]", False),
        (b"[7]", True),
    ]
    assert str(inner.requests[1].url) == (
        "https://hub.example/api/models/new/name?limit=2&expand%5B%5D=author"
    )


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_the_hub_does_not_show_is_not_found_and_asked_for_again(
    log: PageLog, status: int
) -> None:
    client, inner = _client([httpx.Response(status), _page(1)])
    with client:
        reader = PageLogReader(client, log, client.tally)
        assert reader.find_logged_page("/api/models/a/b") is None
        assert PageLogReader(None, log, RequestTally()).find_logged_page("/api/models/a/b") is None
        found = reader.find_logged_page("/api/models/a/b")
    assert found is not None
    assert (found.body, len(inner.requests)) == (b"[1]", 2)


@pytest.mark.parametrize("location", [b"", b"//[", b"http://[::1", b"\xff", b"#", b"no/slash"])
def test_a_rename_to_garbage_is_an_error_that_we_know(log: PageLog, location: bytes) -> None:
    client, _ = _client([httpx.Response(307, headers={b"location": location}), _page(1)])
    with client, pytest.raises(UnexpectedPage):
        PageLogReader(client, log, client.tally).find_logged_page("/api/models/a/b")
    assert not list(log.logged_requests())


def test_a_thing_that_was_renamed_twice_is_not_followed_further(log: PageLog) -> None:
    moved = httpx.Response(307, headers={"location": "/api/models/c/d"})
    client, inner = _client([moved, moved, _page(1)])
    with client, pytest.raises(UnexpectedPage, match="307"):
        PageLogReader(client, log, client.tally).find_logged_page("/api/models/a/b")
    assert len(inner.requests) == 2


def test_when_retries_are_spent_nothing_is_recorded(log: PageLog) -> None:
    client, _ = _client([httpx.Response(500)] * 6)
    with client, pytest.raises(SourceUnavailable):
        PageLogReader(client, log, client.tally).read_page_of_answer("/api/models")
    assert not list(log.logged_requests())


@pytest.mark.parametrize(
    ("link", "cursor"),
    [
        ("", None),
        ('<https://h/a?cursor=x>; rel="prev"', None),
        ('<https://h/a?cursor=x>; rel="next"', "x"),
        ("<https://h/a?cursor=x>;rel=next", "x"),
        ('<https://h/a?b=1&cursor=x%3D%3D#f>; title="t"; REL="last next"', "x=="),
        ('<https://h/a?cursor=p>; rel="prev", <https://h/a?cursor=n>; rel="next"', "n"),
        ("</a?cursor=a+b>; rel=next", "a+b"),
        ('<http://[bad?cursor=x>; rel="next"', "x"),
        ('<https://h/a?cursor=x>; rel="next-archive"', None),
    ],
)
def test_the_next_cursor_is_read(link: str, cursor: str | None) -> None:
    assert next_cursor(link) == cursor


@pytest.mark.parametrize(
    "link",
    ["<x>; rel=next", "<x?cursor=>; rel=next", 'x?cursor=a; rel="next"', "<x#?cursor=a>;rel=next"],
)
def test_a_next_page_that_cannot_be_read_is_an_error(link: str) -> None:
    with pytest.raises(UnexpectedPage, match="cursor"):
        next_cursor(link)


@given(st.text() | st.from_regex(r'(<[a-z?&=%#+]{0,9}>?; ?rel="?[a-z ]{0,5}"?,? ?){0,3}'))
def test_no_link_header_breaks_the_walk_in_any_other_way(link: str) -> None:
    with suppress(UnexpectedPage):
        assert next_cursor(link) != ""


def test_a_link_header_of_endless_spaces_is_read_in_no_time() -> None:
    began = process_time()
    assert next_cursor("<x>; rel=" + " " * 50_000) is None
    assert process_time() - began < 1
