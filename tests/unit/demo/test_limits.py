import json

from hypothesis import given
from hypothesis import strategies as st

from lineage.demo.box import Bucket, Quota, QuotaWindows
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_hub import refusal

HERE = "127.0.0.1"


def limits(quota: int = 2, **more: int) -> tuple[QuotaWindows, FakeClock]:
    clock = FakeClock()
    return QuotaWindows({None: Quota(quota)}, clock=clock, **more), clock


def test_the_headers_have_the_form_of_the_hub() -> None:
    known, clock = limits(500)
    known.spend_box_quota(HERE, None, Bucket.API)
    clock.pass_time(110.5)
    assert known.spend_box_quota(HERE, None, Bucket.API).rate_limit_headers_of_box() == {
        "RateLimit": '"api";r=498;t=190',
        "RateLimit-Policy": '"fixed window";"api";q=500;w=300',
    }


def test_the_request_after_the_last_is_refused_until_the_window_ends() -> None:
    known, clock = limits(2)
    standings = [known.spend_box_quota(HERE, None, Bucket.API) for _ in range(3)]
    assert [standing.refused for standing in standings] == [False, False, True]
    assert [standing.remaining for standing in standings] == [1, 0, 0]
    clock.pass_time(300)
    assert known.spend_box_quota(HERE, None, Bucket.API).remaining == 1


def test_buckets_addresses_and_tokens_have_windows_of_their_own() -> None:
    known, _ = limits(1)
    assert not known.spend_box_quota(HERE, None, Bucket.API).refused
    assert not known.spend_box_quota(HERE, None, Bucket.RESOLVERS).refused
    assert not known.spend_box_quota("10.0.0.1", None, Bucket.API).refused
    assert not known.spend_box_quota(HERE, "a", Bucket.API).refused
    assert known.spend_box_quota(HERE, None, Bucket.API).refused


def test_quotas_are_those_of_the_plans_unless_a_token_has_its_own() -> None:
    known = QuotaWindows({"pro": Quota(2500, 12000, 400)})
    assert known.spend_box_quota(HERE, None, Bucket.API).quota == 500
    assert known.spend_box_quota(HERE, None, Bucket.PAGES).quota == 100
    assert known.spend_box_quota(HERE, "any", Bucket.API).quota == 1000
    assert known.spend_box_quota(HERE, "any", Bucket.RESOLVERS).quota == 5000
    assert known.spend_box_quota(HERE, "pro", Bucket.RESOLVERS).quota == 12000


def test_a_refusal_is_json_without_retry_after_unless_switched() -> None:
    plain = refusal()
    assert plain.status == 429
    assert "error" in json.loads(plain.body)
    assert plain.headers == {}
    switched = refusal(html=True, retry_after=300)
    assert switched.body.startswith(b"<!DOCTYPE html>")
    assert switched.headers == {"Retry-After": "300"}


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 5), st.integers(1, 60))
def test_no_window_lets_more_through_than_its_quota(
    pauses: list[int], quota: int, window: int
) -> None:
    known, clock = limits(quota, window_seconds=window)
    start, spent = -1000.0, 0
    for pause in pauses:
        clock.pass_time(pause)
        if clock.monotonic() - start >= window:
            start, spent = clock.monotonic(), 0
        standing = known.spend_box_quota(HERE, None, Bucket.API)
        assert standing.refused is (spent >= quota)
        spent += not standing.refused
        assert standing.remaining == quota - spent
        assert 0 <= standing.reset_seconds - (start + window - clock.monotonic()) < 1.001


@given(st.floats(0, 1000), st.floats(0, 59))
def test_who_waits_as_long_as_told_is_let_through(start: float, later: float) -> None:
    known, clock = limits(1, window_seconds=60)
    clock.pass_time(start)
    known.spend_box_quota(HERE, None, Bucket.API)
    clock.pass_time(later)
    clock.pass_time(known.spend_box_quota(HERE, None, Bucket.API).reset_seconds)
    assert not known.spend_box_quota(HERE, None, Bucket.API).refused
