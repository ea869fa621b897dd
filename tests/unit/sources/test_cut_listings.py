"""A listing that ends early, or goes on for ever, is noticed, whatever the answers look like."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import httpx
import pytest

from lineage.crawl.plan import UpdateStart, crawl_below, crawl_changes
from lineage.demo.catalog import Row
from lineage.errors import SourceError, SourceUnavailable, UnexpectedPage
from lineage.http.page_log import PageLogs
from lineage.http.pages import PageLogReader
from lineage.sources.hub import HubSource
from lineage.sources.interface import RecordPage
from lineage.sources.listing_pages import drop_private_rows
from tests.fakes.fake_clock import NOON, FakeClock
from tests.fakes.scripted_listing import Page, ScriptedListing, Spoil
from tests.unit.demo.rows import a_child, a_row
from tests.unit.http.doubles import client_of

ROWS = [
    a_row(number, lastModified=f"2024-04-{number * 7 % 28 + 1:02}T00:00:00.000Z")
    for number in range(97)
]
LAST = 9
SMALL_PAGES = 1
"""That the Hub's pages are smaller than was asked for is seen by asking for the first one twice."""


def sent(body: object) -> Spoil:
    """Send this and no link."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda page: Page((), body=content)


SPOILED: dict[str, Spoil] = {
    "nothing": sent([]),
    "nothing, with spaces": sent(b"[ \n ]"),
    "nothing and a link": lambda page: replace(page, rows=()),
    "a full page without a link": lambda page: replace(page, link=""),
    "a short page without a link": lambda page: Page(page.rows[:3]),
    "one row without a link": lambda page: Page(page.rows[:1]),
    "a short page with a link": lambda page: replace(page, rows=page.rows[:3]),
    "an error in a list": sent([{"error": "timeout"}]),
    "errors in a list": sent([{"error": "timeout"}] * 10),
    "an error in a list and a link": lambda page: replace(page, body=b'[{"error": "timeout"}]'),
    "an error": sent({"error": "timeout"}),
    "an error and a link": lambda page: replace(page, body=b'{"error": "timeout"}'),
    "null": sent(None),
    "nulls": sent([None] * 10),
    "a text": sent("timeout"),
    "numbers": sent([1, 2, 3]),
    "rows in an object": lambda page: sent({"models": page.rows})(page),
    "rows without keys": sent([{"id": "a/b"}] * 10),
    "cut JSON": lambda page: replace(page, body=page.content[:-9]),
    "two answers": lambda page: replace(page, body=page.content + b"[]"),
    "left-over bytes first": lambda page: replace(page, body=b"]" + page.content),
    "no bytes": sent(b""),
    "a page for people": sent(b"<html>Be right back</html>"),
    "another order": lambda page: replace(page, rows=page.rows[::-1]),
    "the first page": lambda page: replace(page, rows=ROWS[:10]),
    "the first page, and no link": lambda page: Page(ROWS[:10]),
    "one row again and again": lambda page: replace(page, rows=[page.rows[0]] * 10),
    "one model": lambda page: Page((), body=json.dumps(page.rows[0]).encode()),
}
HARMLESS_IF_IT_STAYS = {"another order"}
"""All rows are there, and the links lead on."""


@pytest.fixture
def walk(tmp_path: Path) -> Callable[[ScriptedListing], list[str]]:
    """Walks a whole listing, each time in a log of its own; gives the names in order."""
    numbers = count()

    def walked(listing: ScriptedListing) -> list[str]:
        with open_source(listing, tmp_path / f"{next(numbers)}") as source:
            return names_of(source.list_everything_of_source())

    return walked


class open_source:
    def __init__(self, listing: ScriptedListing, folder: Path) -> None:
        self._client = client_of(listing.transport())
        log = PageLogs(folder, FakeClock()).begin_page_log({"kind": "test"})
        self._source = HubSource(PageLogReader(self._client, log, self._client.tally))

    def __enter__(self) -> HubSource:
        return self._source

    def __exit__(self, *error: object) -> None:
        self._client.close()


def names_of(pages: Iterator[RecordPage]) -> list[str]:
    return [record.id for page in pages for record in page.records]


@pytest.mark.parametrize("at", [0, 5, LAST])
@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_a_spoiled_page_is_asked_for_again(
    walk: Callable[[ScriptedListing], list[str]], spoil: Spoil, at: int
) -> None:
    assert walk(ScriptedListing(ROWS, {at: spoil})) == [row["id"] for row in ROWS]


@pytest.mark.parametrize("name", sorted(SPOILED.keys() - HARMLESS_IF_IT_STAYS))
def test_a_page_that_stays_spoiled_is_never_taken_for_the_end(
    walk: Callable[[ScriptedListing], list[str]], name: str
) -> None:
    listing = ScriptedListing(ROWS, {LAST - 1: SPOILED[name]}, times=10**6)
    try:
        names = walk(listing)
    except SourceError:
        names = []
    # A short page in the midst loses its own rows; they are asked for by name later.
    assert names[-1:] in ([], [ROWS[-1]["id"]])


def test_a_whole_walk_takes_one_request_more(
    walk: Callable[[ScriptedListing], list[str]],
) -> None:
    listing = ScriptedListing(ROWS)
    walk(listing)
    assert len(listing.asked) == SMALL_PAGES + LAST + 1 + 1
    assert "direction=-1&limit=1&" in listing.asked[-1]


def test_a_full_last_page_is_asked_for_three_times_and_believed(
    walk: Callable[[ScriptedListing], list[str]],
) -> None:
    listing = ScriptedListing(ROWS[:90])
    assert len(walk(listing)) == 90
    assert len(listing.asked) == SMALL_PAGES + 9 + 2 + 1


def test_models_created_during_the_walk_are_no_cut(
    walk: Callable[[ScriptedListing], list[str]],
) -> None:
    young = [
        a_row(2**25 + number, createdAt="2026-11-21T12:00:01.000Z", id=f"owner/young-{number}")
        for number in range(3)
    ]

    def first_without(page: Page) -> Page:
        return Page([row for row in page.rows if "young" not in row["id"]])

    listing = ScriptedListing([*ROWS, *young], {LAST: first_without}, times=10**6)
    assert walk(listing) == [row["id"] for row in ROWS]
    assert len(listing.asked) == SMALL_PAGES + LAST + 1 + 2
    cut = ScriptedListing([*ROWS, *young], {5: lambda page: Page(page.rows)}, times=10**6)
    with pytest.raises(SourceUnavailable, match="ends too early"):
        walk(cut)


def test_a_cut_walk_goes_on_where_it_was_cut(tmp_path: Path) -> None:
    listing = ScriptedListing(ROWS, {5: lambda page: Page(page.rows)}, times=9)
    log = PageLogs(tmp_path, FakeClock()).begin_page_log({"kind": "test"})
    with client_of(listing.transport()) as client:
        source = HubSource(PageLogReader(client, log, client.tally))
        with pytest.raises(SourceUnavailable, match="ends too early"):
            names_of(source.list_everything_of_source())
        before = len(listing.asked)
        assert len(names_of(source.list_everything_of_source())) == 97
    assert len(listing.asked) - before == 5


def test_new_cursors_for_ever_with_the_same_rows_end(
    walk: Callable[[ScriptedListing], list[str]],
) -> None:
    listing = ScriptedListing(ROWS[:90], endless=True)
    with pytest.raises(UnexpectedPage, match="goes in a circle"):
        walk(listing)
    assert len(listing.asked) == SMALL_PAGES + 9 + 3


# Updates

START = UpdateStart(NOON.replace(year=2025), None, ROWS[-1]["_id"], len(ROWS))


@pytest.mark.parametrize(
    "name", [name for name in SPOILED if "short" not in name and "one row" not in name]
)
def test_an_update_misses_no_change(name: str, tmp_path: Path) -> None:
    changed = [
        a_row(number, lastModified=f"2026-01-01T00:00:{60 - number}Z") for number in range(1, 50)
    ]
    rows = [*ROWS[50:], *changed, ROWS[0]]
    # One that stays and is a page of another walk, in order and with its link, cannot be told.
    for times in (1,) if name == "the first page" else (1, 10**6):
        listing = ScriptedListing(rows, {2: SPOILED[name]}, times)
        with open_source(listing, tmp_path / f"{times}") as source:
            try:
                names = set(names_of(crawl_changes(source, START)))
            except SourceError:
                assert times > 1
                continue
        assert {row["id"] for row in changed} <= names


def test_an_update_that_goes_in_a_circle_ends(tmp_path: Path) -> None:
    listing = ScriptedListing(ROWS[:90], endless=True)
    with (
        open_source(listing, tmp_path) as source,
        pytest.raises(UnexpectedPage, match="goes in a circle"),
    ):
        names_of(crawl_changes(source, START))


# Below a base

FAMILY: list[Row] = [ROWS[0], *[a_child(number, ROWS[0]) for number in range(100, 125)]]
FAMILY += [a_child(number, FAMILY[1]) for number in range(125, 130)]


@pytest.mark.parametrize("at", [0, 1])
@pytest.mark.parametrize("name", SPOILED)
def test_a_crawl_below_a_base_loses_nobody(name: str, at: int, tmp_path: Path) -> None:
    listing = ScriptedListing(FAMILY, {at: SPOILED[name]})
    with open_source(listing, tmp_path) as source:
        names = names_of(crawl_below(source, FAMILY[0]["id"]))
    assert sorted(names) == sorted(row["id"] for row in FAMILY)


def test_a_crawl_below_a_base_checks_the_ends_of_few_families(tmp_path: Path) -> None:
    rows = [ROWS[0], *[a_child(number, ROWS[0]) for number in range(100, 200)]]
    listing = ScriptedListing(rows, size=1000)
    with open_source(listing, tmp_path) as source:
        names_of(crawl_below(source, ROWS[0]["id"]))
    assert len(listing.asked) == 1 + 101 + 50


def test_a_private_model_that_is_the_newest_is_no_cut(tmp_path: Path) -> None:
    mine = a_row(500, private=True, createdAt="2024-05-01T00:00:00.000Z")
    listing = ScriptedListing([*ROWS, mine])
    log = PageLogs(tmp_path, FakeClock()).begin_page_log({"kind": "test"})
    with client_of(listing.transport()) as client:
        source = HubSource(PageLogReader(client, log, client.tally, drop_private_rows))
        assert names_of(source.list_everything_of_source()) == [row["id"] for row in ROWS]


OF_ANOTHER = {
    "another model": httpx.Response(200, json=ROWS[8]),
    "nothing in a list": httpx.Response(200, json=[]),
    "the model in a list": httpx.Response(200, json=[ROWS[7]]),
    "an error": httpx.Response(200, json={"error": "timeout"}),
    "no key": httpx.Response(200, json={"id": ROWS[7]["id"]}),
}


@pytest.mark.parametrize("name", OF_ANOTHER)
@pytest.mark.parametrize("renamed", [False, True])
def test_a_model_is_the_one_that_was_asked_for(name: str, renamed: bool, tmp_path: Path) -> None:
    """Else a descent below it would be one below another model."""
    asked = "a/former" if renamed else ROWS[7]["id"]
    first = [httpx.Response(307, headers={"location": f"/api/models/{ROWS[7]['id']}"})] * renamed
    answers = iter([*first, OF_ANOTHER[name], httpx.Response(200, json=ROWS[7])])
    log = PageLogs(tmp_path, FakeClock()).begin_page_log({"kind": "test"})
    with client_of(httpx.MockTransport(lambda request: next(answers))) as client:
        page = HubSource(PageLogReader(client, log, client.tally)).read_model_from_source(asked)
    assert page is not None
    assert [record.id for record in page.records] == [ROWS[7]["id"]]


def test_an_answer_about_another_model_that_stays_ends_a_descent(tmp_path: Path) -> None:
    log = PageLogs(tmp_path, FakeClock()).begin_page_log({"kind": "test"})
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=ROWS[8]))
    with client_of(transport) as client, pytest.raises(UnexpectedPage, match="another model"):
        HubSource(PageLogReader(client, log, client.tally)).read_model_from_source(ROWS[7]["id"])
    assert not list(log.logged_requests())


def test_children_are_those_that_bear_the_name_of_their_parent(tmp_path: Path) -> None:
    """Else a page of another listing would lead a descent past the children."""
    children = [a_child(number, ROWS[0]) for number in range(200, 230)]

    def of_all(page: Page) -> Page:
        return replace(page, rows=ROWS[50:60])

    for spoiled in range(3):
        listing = ScriptedListing([*ROWS, *children], {spoiled: of_all})
        with open_source(listing, tmp_path / f"{spoiled}") as source:
            assert names_of(source.list_children_from_source(ROWS[0]["id"])) == [
                row["id"] for row in children
            ]
        assert listing.spoils == 1
