"""What the doctor finds: a Hub in our shape, and each way in which it may not be."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from lineage.build.checks import CENSUS_AT, CENSUS_MODELS
from lineage.build.pipeline import build_snapshot
from lineage.crawl.doctor import Examination, diagnose_crawl
from lineage.demo.box import FREE, Quota
from lineage.demo.catalog import Row
from lineage.demo.repo_answers import BoxAnswer
from lineage.errors import SettingsError
from lineage.settings import Settings
from tests.builders import ENDPOINT, origin, pages, publication
from tests.fakes.fake_clock import NOON, FakeClock
from tests.fakes.fake_hub import BAD_TOKEN, HTML, FakeHub, Fault, FaultKind, Faults
from tests.fakes.live_catalog import LiveCatalog
from tests.unit.demo.rows import a_row

Spoil = Callable[[BoxAnswer], BoxAnswer]


class SpoiledBox(FakeHub):
    """A box whose every answer is spoiled in one way."""

    def __init__(self, catalog: LiveCatalog, spoil: Spoil) -> None:
        super().__init__(catalog)
        self._spoil = spoil

    def answer_box_request(self, *request: Any) -> BoxAnswer:
        return self._spoil(super().answer_box_request(*request))


def whole(number: int) -> Row:
    """A row that has every field."""
    return a_row(
        number,
        baseModels={"relation": "finetune", "models": [{"_id": "a" * 24, "id": "o/base"}]},
        cardData={"base_model": "o/base"},
        config={"model_type": "llama"},
        library_name="peft",
        pipeline_tag="text-generation",
        gated=False,
        downloads=1,
        downloadsAllTime=2,
        likes=3,
        safetensors={"parameters": {"BF16": 5}, "total": 5},
    )


CATALOG = LiveCatalog(whole(number) for number in range(250))


def examined(
    box: FakeHub, folder: Path, at: datetime = CENSUS_AT, **more: Any
) -> tuple[Examination, dict[str, Any]]:
    settings = Settings(
        **({"store": str(folder / "s"), "cache": str(folder / "c"), "endpoint": box.url} | more)
    )
    found = diagnose_crawl(settings, clock=FakeClock(at))
    return found, {one.name: one.ok for one in found.findings}


def of_spoiled(
    spoil: Spoil, folder: Path, catalog: LiveCatalog = CATALOG
) -> tuple[Examination, Any]:
    with SpoiledBox(catalog, spoil) as box:
        return examined(box, folder)


def says(found: Examination, name: str) -> str:
    (finding,) = (one for one in found.findings if one.name == name)
    return finding.message


def with_rows(change: Callable[[list[Any]], Any]) -> Spoil:
    return lambda answer: replace(answer, body=json.dumps(change(json.loads(answer.body))).encode())


def without(*names: str) -> Spoil:
    def spoil(answer: BoxAnswer) -> BoxAnswer:
        kept = {name: value for name, value in answer.headers.items() if name not in names}
        return replace(answer, headers=kept)

    return spoil


GOOD: dict[str, bool | None] = {
    **dict.fromkeys(("listing", "rows", "fields", "order", "rate limit", "paging"), True),
    "parameters": None,
    "gguf": None,
}


def test_a_hub_in_our_shape_is_good_in_every_point(tmp_path: Path) -> None:
    with FakeHub(CATALOG) as box:
        found, ok = examined(box, tmp_path)
        assert len(box.requests) == 3
    assert ok == {"token": None, "store": True, **GOOD}
    assert "500 requests in 300 s (anonymous)" in says(found, "rate limit")
    assert list(tmp_path.iterdir()) == []


def test_a_full_crawl_costs_what_the_census_and_the_limit_make_of_it(tmp_path: Path) -> None:
    with FakeHub(CATALOG) as box:
        found, _ = examined(box, tmp_path)
    assert (found.models_expected, found.requests_needed) == (CENSUS_MODELS, 3119)
    assert found.minutes == pytest.approx(3119 / 450 * 5)


def test_after_a_full_crawl_the_next_costs_as_much_as_that(tmp_path: Path) -> None:
    with FakeHub(CATALOG) as box:
        _publish(1001, box.url, tmp_path / "s")
        found, ok = examined(box, tmp_path, NOON)
    assert (found.models_expected, found.requests_needed) == (1001, 3)
    assert ok["store"] is True


def test_a_later_full_crawl_may_ask_what_became_of_the_missing(tmp_path: Path) -> None:
    with FakeHub(CATALOG) as box:
        assert "deleted models" not in examined(box, tmp_path)[1]
        _publish(3, box.url, tmp_path / "s")
        assert "up to 1,000 times" in says(examined(box, tmp_path)[0], "deleted models")
        none, _ = examined(box, tmp_path, max_availability_requests=0)
    assert "is not asked what became" in says(none, "deleted models")


def test_a_store_that_is_damaged_or_of_a_later_day_is_told(tmp_path: Path) -> None:
    with FakeHub(CATALOG) as box:
        _publish(1001, box.url, tmp_path / "s")
        early, ok = examined(box, tmp_path)
        assert ok["store"] is False
        assert any("the clock says 2026-10" in one.message for one in early.findings)
        next((tmp_path / "s").glob("*/manifest.json")).unlink()
        found, ok = examined(box, tmp_path, NOON)
    assert ok["store"] is False
    assert any("it was lost" in one.message for one in found.findings)


def test_a_store_of_another_hub_tells_nothing_about_this_one(tmp_path: Path) -> None:
    _publish(3, ENDPOINT, tmp_path / "s")
    with FakeHub(CATALOG) as box:
        found, ok = examined(box, tmp_path)
    assert (found.models_expected, ok["store"]) == (CENSUS_MODELS, False)


def _publish(models: int, endpoint: str, folder: Path) -> None:
    rows = [whole(number) for number in range(models)]
    build_snapshot(pages(rows), origin(endpoint=endpoint), publication(folder))


def test_a_token_is_said_to_be_found_and_is_not_shown(tmp_path: Path) -> None:
    token = "hf_averysecrettoken"
    with FakeHub(CATALOG, quotas={token: FREE}) as box:
        found, _ = examined(box, tmp_path, token=token)
    assert "free account" in says(found, "rate limit")
    assert says(found, "token") == "a token was found"
    assert token not in str(found)


def test_an_unknown_plan_is_said_to_be_unknown(tmp_path: Path) -> None:
    with FakeHub(CATALOG, quotas={None: Quota(777)}) as box:
        found, ok = examined(box, tmp_path)
    assert (ok["rate limit"], "no plan we know" in says(found, "rate limit")) == (True, True)


def test_a_refused_token_is_bad(tmp_path: Path) -> None:
    with FakeHub(CATALOG) as box:
        found, ok = examined(box, tmp_path, token=BAD_TOKEN)
    assert ok == {"token": None, "store": True, "listing": False}
    assert "401" in says(found, "listing")


def test_without_headers_the_limit_is_not_known_and_no_minutes_are_told(tmp_path: Path) -> None:
    found, ok = of_spoiled(without("RateLimit", "RateLimit-Policy"), tmp_path)
    assert ok == {"token": None, "store": True, **GOOD, "rate limit": None}
    assert found.minutes is None


def test_rows_in_another_order_are_bad(tmp_path: Path) -> None:
    _, ok = of_spoiled(with_rows(lambda rows: rows[::-1]), tmp_path)
    assert (ok["order"], ok["rows"], ok["paging"]) == (False, True, True)


def test_rows_that_cannot_be_read_are_bad(tmp_path: Path) -> None:
    found, ok = of_spoiled(with_rows(lambda rows: [{"id": "no/key"}, *rows]), tmp_path)
    assert (ok["rows"], says(found, "rows")) == (False, "100 rows read, 1 unreadable")


def test_it_says_how_many_rows_tell_their_size_and_what_that_costs(tmp_path: Path) -> None:
    def spoil_half(rows: list[Row]) -> list[Row]:
        return [*(_without(one, "safetensors") for one in rows[:50]), *rows[50:]]

    found, _ = of_spoiled(with_rows(spoil_half), tmp_path)
    message = says(found, "parameters")
    assert message.startswith("50 of 100 rows have a number of parameters; asking for it is ")
    assert 1 < float(message.rpartition(" is ")[2].partition(" %")[0]) < 10


def test_it_says_what_gguf_would_cost_on_the_newest_rows(tmp_path: Path) -> None:
    def spoil_newest(rows: list[Row]) -> list[Row]:
        template = {"total": 5, "chat_template": "x" * 9_000}
        return [*(one | {"gguf": template} for one in rows[:40]), *rows[40:]]

    message = says(of_spoiled(with_rows(spoil_newest), tmp_path)[0], "gguf")
    assert message.startswith("not asked for; 40 of the 100 newest rows would tell a number")
    assert message.endswith(": more than a tenth")
    with FakeHub(CATALOG) as box:
        none = says(examined(box, tmp_path)[0], "gguf")
    assert "0 of the 100 newest rows" in none
    assert none.endswith("0.0 % of the page: at most a tenth")


def test_a_field_of_another_shape_is_bad_and_named(tmp_path: Path) -> None:
    spoil = with_rows(lambda rows: [one | {"likes": "many"} for one in rows])
    found, ok = of_spoiled(spoil, tmp_path)
    assert not ok["rows"]
    assert "likes 100x" in says(found, "rows")


def test_a_field_that_no_row_has_is_said_and_not_judged(tmp_path: Path) -> None:
    found, ok = of_spoiled(
        with_rows(lambda rows: [_without(one, "config") for one in rows]), tmp_path
    )
    assert (ok["fields"], says(found, "fields")) == (None, "not seen in 100 rows: config")


def _without(row: Row, name: str) -> Row:
    return {field: value for field, value in row.items() if field != name}


@pytest.mark.parametrize("page", [{"error": "moved"}, []])
def test_an_object_or_nothing_is_no_listing(tmp_path: Path, page: Any) -> None:
    _, ok = of_spoiled(with_rows(lambda rows: page), tmp_path)
    assert ok["rows"] is False
    assert "order" not in ok


def test_a_page_for_people_is_no_hub(tmp_path: Path) -> None:
    html = BoxAnswer(200, b"<html>Be right back</html>", HTML)
    found, ok = of_spoiled(lambda answer: html, tmp_path)
    assert ok == {"token": None, "store": True, "hub": False}
    assert found.models_expected == CENSUS_MODELS


def test_a_page_for_people_in_between_is_asked_again(tmp_path: Path) -> None:
    with FakeHub(CATALOG, faults=Faults({1: Fault(FaultKind.HTML)})) as box:
        assert examined(box, tmp_path)[1]["listing"] is True


def test_bytes_that_are_no_text_do_not_end_the_doctor(tmp_path: Path) -> None:
    """One row of a real page may hold them; the rows around it are read."""

    def spoil(answer: BoxAnswer) -> BoxAnswer:
        return replace(answer, body=answer.body.replace(b'"owner"', b'"\xff\xfe"', 1))

    _, ok = of_spoiled(spoil, tmp_path)
    assert ok["listing"] is True
    assert ok["paging"] is True


def test_a_next_page_that_is_this_page_is_bad(tmp_path: Path) -> None:
    with FakeHub(CATALOG, faults=Faults({1: Fault(FaultKind.LOOP)})) as box:
        _, ok = examined(box, tmp_path)
    assert ok["paging"] is False


def test_a_small_hub_has_no_next_page_to_look_at(tmp_path: Path) -> None:
    _, ok = of_spoiled(lambda answer: answer, tmp_path, LiveCatalog([whole(1), whole(2)]))
    assert ok == {"token": None, "store": True, **GOOD, "paging": None}


def test_another_link_is_bad_and_ends_nothing(tmp_path: Path) -> None:
    def spoil(answer: BoxAnswer) -> BoxAnswer:
        return replace(answer, headers=answer.headers | {"Link": '</api/models>; rel="next"'})

    _, ok = of_spoiled(spoil, tmp_path)
    assert ok["paging"] is False


def test_a_hub_that_does_not_answer_is_said_and_what_was_found_before_stays(tmp_path: Path) -> None:
    faults = Faults(dict.fromkeys(range(2, 40), Fault(FaultKind.STATUS, status=502)))
    with FakeHub(CATALOG, faults=faults) as box:
        _, ok = examined(box, tmp_path)
    assert (ok["rows"], ok["hub"]) == (True, False)


def test_offline_nobody_is_asked(tmp_path: Path) -> None:
    with FakeHub(CATALOG) as box:
        _, ok = examined(box, tmp_path, offline=True)
        assert box.requests == []
    assert ok == {"token": None, "store": True, "hub": None}


@pytest.mark.parametrize(
    "endpoint", ["http://u:s3cr3t@hub.example", "https://hub.example?t=s3cr3t", "s3://u:s3cr3t@b"]
)
def test_an_endpoint_that_cannot_be_used_is_not_shown_offline_either(
    endpoint: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as ended:
        diagnose_crawl(Settings(store=str(tmp_path), endpoint=endpoint, offline=True))
    assert "s3cr3t" not in ended.value.message + ended.value.hint
