"""One answer about one name tells what it can of the model that had it, and no answer more."""

import json
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.domain.records import Availability, AvailabilityAnswer
from lineage.errors import SourceError
from lineage.http.client import RequestTally
from lineage.http.page_log import PageLogs, RecordedPage
from lineage.http.pages import PageLogReader
from lineage.sources.availability import HubAvailability, availability_from_hub_answer
from tests.fakes.fake_clock import NOON, FakeClock
from tests.unit.http.doubles import ScriptTransport, client_of

KEY, OTHER = "0123456789abcdef01234567", "fedcba9876543210fedcba98"
SHOWN = json.dumps({"_id": KEY, "id": "owner/name", "disabled": False}).encode()


def answer(status: int, body: bytes = b"", **headers: str) -> RecordedPage:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return RecordedPage("/api/models/owner/name", named, body, NOON, status)


@pytest.mark.parametrize(
    ("status", "body", "code", "expected"),
    [
        (401, b'{"error":"Invalid username or password."}', "", Availability.GONE),
        (404, b'{"error":"Repository not found"}', "RepoNotFound", Availability.GONE),
        (401, b"", "GatedRepo", Availability.HIDDEN),
        (403, b"", "GatedRepo", Availability.HIDDEN),
        (403, b'{"error":"Access to this resource is disabled."}', "", Availability.HIDDEN),
        (307, b"Temporary Redirect.", "", Availability.RENAMED),
        (200, SHOWN, "", Availability.UNLISTED),
        (200, SHOWN.replace(KEY.encode(), OTHER.encode()), "", Availability.REPLACED),
        (200, SHOWN.replace(b"{", b'{"private": true, '), "", Availability.GONE),
        (401, b'{"error":"Invalid credentials in Authorization header"}', "", None),
        (200, SHOWN.replace(b"owner/name", b"Owner/Name"), "", Availability.UNLISTED),
        (200, SHOWN.replace(b"owner/name", b"owner/other"), "", None),
        (200, b'{"id":"owner/name"}', "", None),
        (200, b'[{"_id":"1"}]', "", None),
        (200, b"<html>", "", None),
        (200, b'{"_id":17}', "", None),
        (418, b"", "", None),
    ],
)
def test_an_answer_tells(
    status: int, body: bytes, code: str, expected: Availability | None
) -> None:
    assert (
        availability_from_hub_answer(answer(status, body, x_error_code=code), KEY, "owner/name")
        is expected
    )


@given(st.integers(100, 599), st.binary(), st.text())
def test_no_answer_is_too_odd(status: int, body: bytes, code: str) -> None:
    found = availability_from_hub_answer(answer(status, body, x_error_code=code), KEY, "owner/name")
    assert found is None or found in Availability


def test_a_question_is_one_request_and_is_recorded(tmp_path: Path) -> None:
    log = PageLogs(tmp_path, FakeClock()).begin_page_log({"kind": "test"})
    moved = httpx.Response(307, headers={"location": "/api/models/owner/new"})
    inner = ScriptTransport([httpx.Response(404), moved])
    with client_of(inner) as client:
        hub = HubAvailability(PageLogReader(client, log, client.tally))
        first, second = hub.ask(KEY, "owner/name"), hub.ask(KEY, "owner/näme #1")
        assert client.tally.sent == 2
    assert first == AvailabilityAnswer(Availability.GONE, 404, NOON)
    assert second == AvailabilityAnswer(Availability.RENAMED, 307, NOON)
    assert [request.url.raw_path for request in inner.requests] == [
        b"/api/models/owner/name?expand%5B%5D=disabled&expand%5B%5D=private",
        b"/api/models/owner/n%C3%A4me%20%231?expand%5B%5D=disabled&expand%5B%5D=private",
    ]
    tally = RequestTally()
    offline = HubAvailability(PageLogReader(None, log, tally))
    assert (offline.ask(KEY, "owner/name"), offline.ask(KEY, "owner/näme #1")) == (first, second)
    assert offline.ask(KEY, "owner/never-asked") is None
    assert (tally.sent, tally.replayed) == (0, 2)


@pytest.mark.parametrize(
    "sent",
    [
        httpx.Response(403, html="<html>Request blocked by our CDN</html>"),
        httpx.Response(404, html="<html>nginx</html>"),
        httpx.Response(302, headers={"location": "https://portal.example/login"}),
    ],
)
def test_what_somebody_on_the_way_says_is_no_answer_about_a_model(
    tmp_path: Path, sent: httpx.Response
) -> None:
    log = PageLogs(tmp_path, FakeClock()).begin_page_log({"kind": "test"})
    with client_of(ScriptTransport([sent])) as client, pytest.raises(SourceError) as refused:
        HubAvailability(PageLogReader(client, log, client.tally)).ask(KEY, "owner/name")
    assert "token" not in refused.value.hint
    assert not list(log.logged_requests())


def test_an_answer_about_another_model_is_asked_again(tmp_path: Path) -> None:
    log = PageLogs(tmp_path, FakeClock()).begin_page_log({"kind": "test"})
    other = httpx.Response(200, content=SHOWN.replace(b"owner/name", b"owner/other"))
    inner = ScriptTransport([other, httpx.Response(200, content=SHOWN)])
    with client_of(inner) as client:
        asked = HubAvailability(PageLogReader(client, log, client.tally)).ask(KEY, "owner/name")
    assert asked == AvailabilityAnswer(Availability.UNLISTED, 200, NOON)
