import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest

from lineage.demo.box import Quota
from tests.fakes.fake_hub import Cut, FakeHub, Fault, FaultKind, Faults, garbage
from tests.fakes.live_catalog import LiveCatalog
from tests.unit.demo.rows import WALK, a_catalog, a_row, ids, walked

Serve = Callable[..., tuple[FakeHub, httpx.Client]]
FIRST = "/api/models?sort=createdAt&direction=1&limit=2"
KINDS = [
    *[Fault(FaultKind.STATUS, status=status) for status in (500, 502, 503, 504, 408)],
    *[Fault(FaultKind.CUT, cut=cut) for cut in Cut],
    Fault(FaultKind.RESET),
    Fault(FaultKind.SLOW, seconds=0.01),
    Fault(FaultKind.REFUSE429),
    Fault(FaultKind.GARBAGE),
    Fault(FaultKind.HTML),
    Fault(FaultKind.LOOP),
    Fault(FaultKind.REDIRECT),
]


def scripted(serve: Serve, fault: Fault, count: int = 5) -> httpx.Client:
    _, client = serve(a_catalog(count), faults=Faults({1: fault}))
    return client


@pytest.mark.parametrize("fault", KINDS, ids=lambda fault: f"{fault.kind} {fault.cut}")
def test_each_fault_happens_once_is_recorded_and_leaves_the_box_well(
    serve: Serve, fault: Fault
) -> None:
    faults = Faults({2: fault})
    _, client = serve(a_catalog(3), faults=faults)
    sane = client.get(FIRST).json()
    with suppress(httpx.HTTPError):
        client.get(FIRST)
    assert faults.applied == [(2, fault)]
    assert client.get(FIRST).json() == sane
    assert len(faults.applied) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_an_error_status_has_no_json_body(serve: Serve, status: int) -> None:
    answer = scripted(serve, Fault(FaultKind.STATUS, status=status)).get(FIRST)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "RateLimit" in answer.headers


def test_a_reset_ends_the_connection_in_mid_body(serve: Serve) -> None:
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        scripted(serve, Fault(FaultKind.RESET)).get(FIRST)


def test_a_wrong_length_promises_more_than_comes(serve: Serve) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        scripted(serve, Fault(FaultKind.CUT, cut=Cut.LENGTH)).get(FIRST)


def test_cut_json_arrives_whole_and_cannot_be_read(serve: Serve) -> None:
    answer = scripted(serve, Fault(FaultKind.CUT, cut=Cut.JSON)).get(FIRST)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        answer.json()


def test_cut_gzip_has_no_end(serve: Serve) -> None:
    client = scripted(serve, Fault(FaultKind.CUT, cut=Cut.GZIP), 5)
    with client.stream("GET", FIRST) as answer:
        raw = b"".join(answer.iter_raw())
    assert len(raw) == int(answer.headers["Content-Length"])
    whole = client.get(FIRST)
    assert len(raw) == int(whole.headers["Content-Length"]) // 2


@pytest.mark.parametrize("in_body", [False, True])
def test_a_stalled_answer_runs_into_the_timeout_of_the_client(serve: Serve, in_body: bool) -> None:
    client = scripted(serve, Fault(FaultKind.SLOW, seconds=60, in_body=in_body))
    with pytest.raises(httpx.ReadTimeout):
        client.get(FIRST, timeout=0.2)


def test_a_stall_ends_when_the_box_closes() -> None:
    box = FakeHub(a_catalog(1), faults=Faults({1: Fault(FaultKind.SLOW, seconds=600)}))
    began = time.monotonic()
    with box, pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{box.url}{FIRST}", timeout=0.1)
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    ("fault", "standing"),
    [
        (Fault(FaultKind.REFUSE429, seconds=3), '"api";r=0;t=3'),
        (Fault(FaultKind.REFUSE429, seconds=241, remaining=99794), '"api";r=99794;t=241'),
        (Fault(FaultKind.REFUSE429, headers=False), None),
        (Fault(FaultKind.REFUSE429, html=True, seconds=1), '"api";r=0;t=1'),
    ],
)
def test_a_refusal_out_of_turn_says_what_the_script_says(
    serve: Serve, fault: Fault, standing: str | None
) -> None:
    answer = scripted(serve, fault).get(FIRST)
    assert answer.status_code == 429
    assert answer.headers.get("RateLimit") == standing
    assert answer.text.startswith("<") is fault.html
    assert "Retry-After" not in answer.headers


def test_a_repeated_row_comes_on_the_next_page_too_and_none_is_lost(serve: Serve) -> None:
    faults = Faults({number: Fault(FaultKind.REPEAT) for number in (1, 2)})
    _, client = serve(a_catalog(5), faults=faults)
    seen = ids(walked(client, limit=2, **WALK))
    assert seen == [f"owner/model-{number}" for number in (0, 1, 1, 2, 3, 4)]
    assert [number for number, _ in faults.applied] == [2]


@pytest.mark.parametrize("variant", range(len(garbage({}))))
def test_garbage_comes_beside_the_rows_or_in_place_of_one(serve: Serve, variant: int) -> None:
    inserted = Fault(FaultKind.GARBAGE, variant=variant)
    replaced = Fault(FaultKind.GARBAGE, variant=variant, replaces=True)
    _, client = serve(a_catalog(5), faults=Faults({1: inserted, 2: replaced}))
    spoiled = garbage(a_row(1, modelId="owner/model-1"))[variant]
    first, second = client.get(FIRST).json(), client.get(FIRST).json()
    assert [len(first), len(second)] == [3, 2]
    assert type(first[1]) is type(second[1]) is type(spoiled)
    assert ids([first[0], first[2], second[0]]) == [f"owner/model-{n}" for n in (0, 1, 0)]


def test_no_garbage_can_be_read_as_a_model() -> None:
    for row in garbage(a_row(1)):
        named: Any = row.get("id") if isinstance(row, dict) else None
        keyed: Any = row.get("_id") if isinstance(row, dict) else None
        good = isinstance(named, str) and isinstance(keyed, str) and named not in ("", "../escape")
        assert not good


def test_a_page_for_people_comes_with_200(serve: Serve) -> None:
    answer = scripted(serve, Fault(FaultKind.HTML)).get(FIRST)
    assert answer.status_code == 200
    assert answer.text.startswith("<!DOCTYPE html>")


def test_a_loop_links_to_the_page_itself(serve: Serve) -> None:
    _, client = serve(a_catalog(9), faults=Faults({2: Fault(FaultKind.LOOP)}))
    second = client.get(client.get(FIRST).links["next"]["url"])
    assert second.links["next"]["url"] == str(second.url)


def test_a_redirect_leads_to_another_host(serve: Serve) -> None:
    answer = scripted(serve, Fault(FaultKind.REDIRECT)).get(FIRST)
    assert answer.status_code == 307
    assert answer.headers["Location"] == "https://elsewhere.invalid/api/models"


def test_only_the_listing_is_counted_and_struck_unless_said(serve: Serve) -> None:
    script = {1: Fault(FaultKind.HTML)}
    _, client = serve(a_catalog(1), faults=Faults(script))
    assert client.get("/api/models/owner/model-0").json()["id"] == "owner/model-0"
    assert client.get(FIRST).text.startswith("<")
    _, client = serve(a_catalog(1), faults=Faults(script, everywhere=True))
    assert client.get("/api/models/owner/model-0").text.startswith("<")


def test_what_is_refused_for_its_quota_does_not_use_up_the_script(serve: Serve) -> None:
    faults = Faults({1: Fault(FaultKind.HTML)})
    _, client = serve(a_catalog(1), quotas={None: Quota(0)}, faults=faults)
    assert client.get(FIRST).status_code == 429
    assert faults.applied == []


def test_chance_is_the_same_for_the_same_seed_and_ends_at_the_most() -> None:
    def drawn(seed: int, most: int | None = None) -> list[tuple[int, Fault]]:
        odds = {Fault(FaultKind.STATUS): 0.2, Fault(FaultKind.RESET): 0.2}
        faults = Faults(odds=odds, seed=seed, most=most)
        for _ in range(200):
            faults.draw(listing=True, first_page=False)
        return faults.applied

    assert drawn(1) == drawn(1) != drawn(2)
    assert 40 < len(drawn(1)) < 120
    assert {fault.kind for _, fault in drawn(1)} == {FaultKind.STATUS, FaultKind.RESET}
    assert drawn(1, most=3) == drawn(1)[:3]


def test_an_empty_catalog_can_be_spoiled_too(serve: Serve) -> None:
    faults = Faults({1: Fault(FaultKind.GARBAGE), 2: Fault(FaultKind.LOOP)})
    _, client = serve(LiveCatalog(), faults=faults)
    assert len(client.get(FIRST).json()) == 1
    assert client.get(FIRST).links["next"]
