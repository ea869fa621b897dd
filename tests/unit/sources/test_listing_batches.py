"""Wherever a page is cut into batches, its rows are read as if each came alone."""

import json
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.sources import listing_pages
from lineage.sources.listing_pages import ParsedPage, parse_batches, parse_page
from tests.builders import Row, hub_parents, key_of, row

BORDER = '},{"_id":"'
ROWS: list[Row] = [
    row("a/one", ["b/1", "b/2", "b/3"], "merge"),
    row("a/two", cardData={"base_model": f"text{BORDER}", "license": f'[{{"x":1{BORDER}'}),
    row(
        "a/three", trendingScore=[{"_id": "x", "id": "y"}, {"_id": "z", "deep": [{}, {"_id": ""}]}]
    ),
    row("a/four", tags=[BORDER, f"base_model:{BORDER}", "license:mit"]),
    row("a/five", baseModels=hub_parents("b/1", "b/1", "b/4")),
]
ODD: list[object] = [
    {"_id": "no key", "id": "c/d"},
    5,
    row("a/odd", likes=-1),
    [{"_id": "in a list"}],
]
BROKEN = [b'{"_id":"%s","id":"e/f","x":undefined}' % key_of("e/f").encode(), b'"\xff"', b"{1}"]


def page_of(rows: Iterable[bytes]) -> bytes:
    return b"[%s]" % b",".join(rows)


def as_the_hub_writes(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


PLAIN = [as_the_hub_writes(one) for one in ROWS]
MIXED = [raw for both in zip(PLAIN, map(as_the_hub_writes, [*ODD, 7]), strict=True) for raw in both]
WORST = [raw for both in zip(PLAIN, [*BROKEN, *BROKEN[:2]], strict=True) for raw in both]


def each_alone(rows: Iterable[bytes]) -> ParsedPage:
    whole = ParsedPage()
    for one in rows:
        page = parse_page(page_of([one]))
        whole.records += page.records
        whole.bad_rows += page.bad_rows
        whole.unread_fields.update(page.unread_fields)
    return whole


@pytest.mark.parametrize("rows", [PLAIN, MIXED, WORST], ids=["plain", "odd", "broken"])
def test_no_place_of_a_cut_changes_what_a_page_says(
    rows: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    body, expected = page_of(rows), each_alone(rows)
    assert len(expected.records) >= len(ROWS)
    for size in range(len(body)):
        monkeypatch.setattr(listing_pages, "BATCH_BYTES", size)
        assert parse_page(body) == expected, size


def test_a_page_is_read_in_several_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [as_the_hub_writes(row(f"a/{number}")) for number in range(20)]
    monkeypatch.setattr(listing_pages, "BATCH_BYTES", 2 * len(rows[0]))
    sizes = [len(part.records) for part in parse_batches(page_of(rows))]
    assert set(sizes) <= {2, 3}
    assert sum(sizes) == len(rows)


def test_a_cut_between_two_parents_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    parents = [f"b/{number}" for number in range(50)]
    monkeypatch.setattr(listing_pages, "BATCH_BYTES", 1)
    (record,) = parse_page(page_of([as_the_hub_writes(row("a/one", parents))])).records
    assert [parent.id for parent in record.hub_parents] == parents


@pytest.mark.parametrize("size", [0, 1, 700, 10_000])
@pytest.mark.parametrize("end", [b"", b"]]", b"]}", b"],1", b",]", b',{"_id":"'])
def test_a_page_that_ends_wrongly_is_none_wherever_it_is_cut(
    end: bytes, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing_pages, "BATCH_BYTES", size)
    page = parse_page(page_of(PLAIN)[:-1] + end)
    assert page.problem is not None
    assert not page.records
    assert not page.bad_rows


@pytest.mark.parametrize("size", [0, 1, 700, 10_000])
@pytest.mark.parametrize("before", [b"x", b"{", b'{"rows":', b"[", b'"', b"1,"])
def test_what_stands_before_the_rows_is_not_overlooked(
    before: bytes, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing_pages, "BATCH_BYTES", size)
    assert parse_page(before + page_of(PLAIN)).problem is not None


def test_spaces_around_and_between_rows_are_no_matter() -> None:
    assert parse_page(b" \n[ %s ]\n" % b" ,\n ".join(PLAIN)) == each_alone(PLAIN)
    assert parse_page(b" [ ] ") == ParsedPage()
    assert len(list(parse_batches(b" [ ] "))) == 1


def test_too_many_rows_are_no_listing_though_no_batch_holds_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listing_pages, "MOST_ROWS", 4)
    for size in (1, 1000, 100_000):
        monkeypatch.setattr(listing_pages, "BATCH_BYTES", size)
        assert parse_page(page_of(PLAIN)) == ParsedPage(problem="more than 4 rows")
        assert parse_page(page_of(PLAIN[:4])).problem is None


@given(st.data())
@settings(max_examples=200)
def test_what_is_cut_out_of_a_page_anywhere_never_makes_rows_of_its_own(
    data: st.DataObject,
) -> None:
    body = page_of(MIXED)
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(start + 60, len(body))))
    harmed = body[:start] + body[end:]
    size = data.draw(st.integers(0, len(harmed)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listing_pages, "BATCH_BYTES", len(harmed) + 1)
        whole = parse_page(harmed)
        patch.setattr(listing_pages, "BATCH_BYTES", size)
        assert parse_page(harmed) == whole
