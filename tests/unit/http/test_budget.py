import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.errors import SettingsError
from lineage.http.budget import LONGEST_WAIT, Budget, RateLimit, read_rate_limit
from tests.unit.http.fixed_window_server import FixedWindowServer

POLICY = '"fixed window";"api";q=500;w=300'


def _told(remaining: int, reset: int, **more: str) -> dict[str, str]:
    return {"RateLimit": f'"api";r={remaining};t={reset}', "RateLimit-Policy": POLICY, **more}


def test_the_hubs_own_headers_are_read() -> None:
    said = {"ratelimit": '"api";r=489;t=189', "ratelimit-policy": POLICY}
    assert read_rate_limit(said) == RateLimit("api", 489, 189, 500, 300)


@pytest.mark.parametrize(
    ("header", "policy", "limit"),
    [
        ('"API" ; R=1 ; T=2', '"Fixed Window";"API";Q=3;W=4', RateLimit("api", 1, 2, 3, 4)),
        ("api;r=1;t=2", "", RateLimit("api", 1, 2)),
        (
            '"api";t=2;r=1',
            '"x";"pages";q=7;w=8, "x";"api";q=3;w=4',
            RateLimit("api", 1, 2, 3, 4),
        ),
        ('"day";r=9;t=5, "api";r=1;t=2', "", RateLimit("api", 1, 2)),
        ('"a,b";r=1;t=2', "", RateLimit("a,b", 1, 2)),
    ],
)
def test_other_spellings_are_read(header: str, policy: str, limit: RateLimit) -> None:
    assert read_rate_limit({"ratelimit": header, "ratelimit-policy": policy}) == limit


@pytest.mark.parametrize("header", ["", "x", '"api";r=1', '"api";r=-1;t=3', '"api";r=x;t=3'])
def test_garbage_counts_as_not_said(header: str) -> None:
    assert read_rate_limit({"ratelimit": header}) is None


def test_nothing_is_waited_for_while_no_limit_is_told() -> None:
    budget = Budget(0.5)
    budget.observe_answer({"Content-Type": "text/html"}, 200, 0)
    assert budget.seconds_until_request(0) == 0
    assert budget.latest_limit is None


@pytest.mark.parametrize(
    ("share", "remaining", "wait"),
    [(0.9, 51, 0), (0.9, 50, 190), (1.0, 1, 0), (1.0, 0, 190), (0.5, 251, 0), (0.5, 250, 190)],
)
def test_a_share_is_spent_and_the_named_reset_waited_for(
    share: float, remaining: int, wait: float
) -> None:
    budget = Budget(share)
    budget.observe_answer(_told(remaining, 189), 200, 1000)
    assert budget.seconds_until_request(1000) == wait


def test_the_wait_runs_down_with_time() -> None:
    budget = Budget(1.0)
    budget.observe_answer(_told(0, 9), 200, 100)
    assert [
        budget.seconds_until_request(100),
        budget.seconds_until_request(104),
        budget.seconds_until_request(110),
        budget.seconds_until_request(500),
    ] == [
        10,
        6,
        0,
        0,
    ]


def test_the_quota_is_remembered_when_an_answer_leaves_it_out() -> None:
    budget = Budget(0.5)
    budget.observe_answer(_told(499, 300), 200, 0)
    budget.observe_answer({"RateLimit": '"api";r=250;t=40'}, 200, 1)
    assert budget.latest_limit == RateLimit("api", 250, 40, 500, 300)
    assert budget.seconds_until_request(1) == 41


def test_a_request_without_an_answer_counts_as_spent() -> None:
    budget = Budget(1.0)
    budget.observe_answer(_told(1, 100), 200, 0)
    budget.observe_unanswered_request(10)
    assert budget.seconds_until_request(10) == 91


def test_a_request_lost_after_the_reset_costs_nothing() -> None:
    budget = Budget(1.0)
    budget.observe_unanswered_request(0)
    budget.observe_answer(_told(1, 100), 200, 0)
    budget.observe_unanswered_request(150)
    assert budget.seconds_until_request(150) == 0


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        (_told(0, 55), 56),
        ({"Retry-After": "40"}, 40),
        (
            {
                "Date": "Sat, 21 Nov 2026 12:00:00 GMT",
                "Retry-After": "Sat, 21 Nov 2026 12:02:00 GMT",
            },
            120,
        ),
        ({"Retry-After": "Sat, 21 Nov 2026 12:02:00 GMT"}, 30),
        ({"Retry-After": "soon"}, 30),
        ({}, 30),
        (_told(300, 241), 242),
        (_told(300, 5), 30),
        (_told(300, 5, **{"Retry-After": "90"}), 90),
        (_told(0, 31_536_000), LONGEST_WAIT),
        ({"Retry-After": "99999999"}, LONGEST_WAIT),
    ],
)
def test_a_refusal_is_waited_out(headers: dict[str, str], wait: float) -> None:
    budget = Budget(0.9)
    budget.observe_answer(headers, 429, 0)
    assert budget.seconds_until_request(0) == wait


def test_refusals_that_name_no_moment_are_waited_out_ever_longer() -> None:
    budget, now, waits = Budget(1.0), 0.0, []
    for _ in range(6):
        budget.observe_answer({}, 429, now)
        waits.append(budget.seconds_until_request(now))
        now += waits[-1]
    assert waits == [30, 60, 120, 240, 300, 300]
    budget.observe_answer({}, 200, now)
    budget.observe_answer({}, 429, now)
    assert budget.seconds_until_request(now) == 30


def test_a_server_that_names_no_time_to_speak_of_is_not_hammered() -> None:
    budget, now = Budget(1.0), 0.0
    for _ in range(8):
        budget.observe_answer(_told(0, 0), 429, now)
        now += budget.seconds_until_request(now)
    assert now > 200


def test_an_overloaded_server_is_given_the_time_it_asks_for() -> None:
    budget = Budget(1.0)
    budget.observe_answer({"Retry-After": "17"}, 503, 0)
    assert budget.seconds_until_request(0) == 17


@pytest.mark.parametrize("share", [0.0, -1.0, 1.01, math.nan, math.inf])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(SettingsError, match="share"):
        Budget(share)


@given(
    st.text(),
    st.text(),
    st.text(),
    st.text(),
    st.sampled_from([200, 307, 404, 429, 503]),
)
def test_no_header_raises_or_stops_the_run_for_longer_than_an_hour(
    limit: str, policy: str, retry: str, date: str, status: int
) -> None:
    budget = Budget(0.7)
    headers = {"RateLimit": limit, "RateLimit-Policy": policy, "Retry-After": retry, "Date": date}
    budget.observe_answer(headers, status, 5.0)
    assert 0 <= budget.seconds_until_request(5.0) <= LONGEST_WAIT


@given(
    st.from_regex(r'("[a-z]{0,3}"|api)?(;[rtqw]=-?[0-9]{0,20}){0,4}(, ?"b";r=[0-9];t=9)?'),
    st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,5} [A-Z][a-z]{2} [0-9]{1,9} [0-9:]{0,9}( [-+]?\w+)?"),
)
def test_nearly_right_headers_do_no_harm_either(text: str, date: str) -> None:
    budget = Budget(0.7)
    headers = {"RateLimit": text, "RateLimit-Policy": text, "Retry-After": date, "Date": date}
    budget.observe_answer(headers, 429, 5.0)
    assert 0 < budget.seconds_until_request(5.0) <= LONGEST_WAIT


def _crawl(
    server: FixedWindowServer, share: float, latency: float, requests: int
) -> list[tuple[float, int]]:
    budget, now, asked = Budget(share), 0.0, []
    for _ in range(requests):
        now += budget.seconds_until_request(now)
        status, headers = server.ask(now + latency / 2)
        asked.append((now, status))
        now += latency
        budget.observe_answer(headers, status, now)
    return asked


@given(
    share=st.floats(0.01, 1.0),
    server=st.builds(
        FixedWindowServer,
        quota=st.integers(1, 40),
        window=st.integers(1, 300),
        offset=st.floats(0, 300),
        rounds_up=st.booleans(),
    ),
    latency=st.floats(0.001, 30.0),
)
def test_alone_on_the_address_a_429_never_happens(
    share: float, server: FixedWindowServer, latency: float
) -> None:
    _crawl(server, share, latency, 150)
    assert server.refused == 0


@given(
    share=st.floats(0.05, 1.0),
    quota=st.sampled_from([100, 500, 1000]),
    offset=st.floats(0, 300),
    haste=st.floats(0.05, 0.95),
)
def test_the_share_is_used_to_98_percent_where_latency_allows(
    share: float, quota: int, offset: float, haste: float
) -> None:
    server = FixedWindowServer(quota, 300, offset)
    latency = haste * 295 / math.ceil(share * quota)
    _crawl(server, share, latency, requests=math.ceil(share * quota) * 4)
    whole_windows = [server.used[number] for number in sorted(server.used)[1:-1]]
    assert whole_windows
    assert all(0.98 * share * quota <= used for used in whole_windows)
    assert all(used <= math.ceil(share * quota) for used in server.used.values())
