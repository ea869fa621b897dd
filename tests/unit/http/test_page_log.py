import os
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from lineage.domain.files import temporary_name
from lineage.errors import StoreError
from lineage.http.page_log import (
    PageLog,
    PageLogs,
    RecordedPage,
    pack_logged_page,
    unpack_logged_page,
)
from tests.fakes.fake_clock import NOON, FakeClock
from tests.unit.http.doubles import ListProgress

FULL = {"endpoint": "https://hub.example", "kind": "full"}
OTHER = {"endpoint": "http://127.0.0.1:1", "kind": "full"}
REQUEST = "/api/models?limit=1000&cursor=..%2F..%2Fetc"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def progress() -> ListProgress:
    return ListProgress()


@pytest.fixture
def logs(tmp_path: Path, clock: FakeClock, progress: ListProgress) -> PageLogs:
    return PageLogs(tmp_path / "cache", clock, progress=progress)


def _files(log: PageLog) -> list[str]:
    return sorted(path.name for path in log.folder.iterdir())


def test_a_page_comes_back_as_it_came(logs: PageLogs, clock: FakeClock) -> None:
    log = logs.begin_page_log(FULL)
    headers = {"Link": "<x>", "ETag": 'W/"1"', "RateLimit": "r", "Set-Cookie": "s", "X-Own": "o"}
    log.put_logged_page(REQUEST, headers, b"[1]")
    kept = {"etag": 'W/"1"', "link": "<x>", "ratelimit": "r"}
    assert log.get_logged_page(REQUEST) == RecordedPage(REQUEST, kept, b"[1]", clock.now())
    assert log.get_logged_page("/another") is None
    assert list(log.logged_requests()) == [REQUEST]


@given(st.text(), st.binary(max_size=3000), st.dictionaries(st.text(), st.text()))
def test_any_page_survives_the_way_through_a_file(
    request: str, body: bytes, headers: dict[str, str]
) -> None:
    page = RecordedPage(request, headers, body, NOON)
    back = unpack_logged_page(pack_logged_page(page), request, len(body))
    assert back is not None
    assert (back.request, back.body, back.recorded_at) == (request, body, NOON)


@given(st.data())
def test_a_damaged_file_is_never_taken_for_a_page(data: st.DataObject) -> None:
    page = RecordedPage(REQUEST, {"link": "<abc>"}, b"[1, 2, 3]" * 20, NOON)
    whole = pack_logged_page(page)
    place = data.draw(st.integers(0, len(whole) - 1))
    flip = data.draw(st.integers(1, 255))
    bent = whole[:place] + bytes([whole[place] ^ flip]) + whole[place + 1 :]
    read = unpack_logged_page(bent, REQUEST, 1000)
    # A letter of JSON may be spelled in more than one way; what is read must be the same.
    assert read is None or read == page
    assert unpack_logged_page(whole[:place], REQUEST, 1000) is None


@given(st.binary(max_size=300))
def test_garbage_is_no_page(data: bytes) -> None:
    assert unpack_logged_page(data, REQUEST, 1000) is None


def test_a_page_over_the_cap_is_not_unfolded() -> None:
    page = RecordedPage(REQUEST, {}, bytes(2000), NOON)
    assert unpack_logged_page(pack_logged_page(page), REQUEST, 1999) is None
    assert unpack_logged_page(pack_logged_page(page), REQUEST, 2000) == page


def test_a_frame_that_does_not_tell_its_size_is_no_page() -> None:
    page = RecordedPage(REQUEST, {}, b"[]", NOON)
    line = pack_logged_page(page).partition(b"\n")[0]
    frame = zstandard.ZstdCompressor(write_content_size=False).compress(b"[]")
    assert unpack_logged_page(line + b"\n" + frame, REQUEST, 1000) is None


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def _swap(path: Path) -> None:
    path.write_bytes(pack_logged_page(RecordedPage("/another", {}, b"[]", NOON)))


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [_cut, _swap, _empty])
def test_a_damaged_page_is_set_aside_and_asked_again(
    logs: PageLogs, harm: Callable[[Path], None]
) -> None:
    log = logs.begin_page_log(FULL)
    log.put_logged_page(REQUEST, {}, b"[1]")
    harm(next(log.folder.glob("*.page")))
    assert log.get_logged_page(REQUEST) is None
    assert not list(log.folder.glob("*.page"))
    log.put_logged_page(REQUEST, {}, b"[2]")
    page = log.get_logged_page(REQUEST)
    assert page is not None
    assert page.body == b"[2]"


def test_a_deleted_page_is_not_there(logs: PageLogs) -> None:
    log = logs.begin_page_log(FULL)
    log.put_logged_page(REQUEST, {}, b"[1]")
    log.set_aside(REQUEST)
    log.set_aside("/never asked")
    assert log.get_logged_page(REQUEST) is None


def test_nothing_that_came_in_becomes_a_path(logs: PageLogs, tmp_path: Path) -> None:
    log = logs.begin_page_log({"kind": "../../evil"})
    for request in ("../../x", "/a\0b", "C:\\x", "x" * 9999):
        log.put_logged_page(request, {}, b"")
    assert {path.parent for path in tmp_path.rglob("*.page")} == {log.folder}
    assert log.folder.parent == tmp_path / "cache"


def test_a_log_is_named_by_its_start_and_who_it_is(logs: PageLogs) -> None:
    log = logs.begin_page_log(FULL)
    assert log.folder.name.startswith("20261121T120000Z-")
    assert len(log.folder.name) == len("20261121T120000Z-") + 8
    assert _files(log) == ["log.json"]
    assert log.identity == FULL
    assert log.started_at == NOON


def test_two_begun_in_the_same_second_are_two(logs: PageLogs) -> None:
    folders = {logs.begin_page_log(FULL).folder for _ in range(12)}
    assert len(folders) == 12
    newest = logs.find_latest_page_log(FULL)
    assert newest is not None
    assert newest.folder.name.endswith("-12")


def test_an_unfinished_walk_goes_on(logs: PageLogs, clock: FakeClock) -> None:
    logs.begin_page_log(FULL).put_logged_page(REQUEST, {}, b"[1]")
    clock.pass_time(3600)
    log = logs.find_unfinished_page_log(FULL)
    assert log is not None
    assert log.started_at == NOON
    assert log.get_logged_page(REQUEST) is not None
    assert logs.find_unfinished_page_log(OTHER) is None


def test_an_unfinished_walk_that_is_too_old_is_removed_and_told(
    logs: PageLogs, clock: FakeClock, progress: ListProgress
) -> None:
    old = logs.begin_page_log(FULL)
    other = logs.begin_page_log(OTHER)
    clock.pass_time(24 * 3600 + 1)
    assert logs.find_unfinished_page_log(FULL) is None
    assert not old.folder.exists()
    assert other.folder.exists()
    assert len(progress.said) == 1
    assert "2026-11-21T12:00:00Z" in progress.said[0]
    assert "24 hours" in progress.said[0]


def test_of_two_unfinished_walks_the_newest_goes_on_alone(
    logs: PageLogs, clock: FakeClock, progress: ListProgress
) -> None:
    older = logs.begin_page_log(FULL)
    clock.pass_time(60)
    newer = logs.begin_page_log(FULL)
    found = logs.find_unfinished_page_log(FULL)
    assert found is not None
    assert found.folder == newer.folder
    assert not older.folder.exists()
    assert not progress.said


def test_a_closed_walk_does_not_go_on_but_is_there_offline(logs: PageLogs) -> None:
    log = logs.begin_page_log(FULL)
    assert not log.is_page_log_closed
    log.close("20261121T120000Z")
    assert log.is_page_log_closed
    assert logs.find_unfinished_page_log(FULL) is None
    latest = logs.find_latest_page_log(FULL)
    assert latest is not None
    assert latest.folder == log.folder
    closing = msgspec.json.decode((log.folder / "closed.json").read_bytes(), type=dict[str, str])
    assert closing == {"snapshot": "20261121T120000Z", "closed_at": "2026-11-21T12:00:00Z"}


def test_closed_walks_but_the_last_two_are_deleted(logs: PageLogs, clock: FakeClock) -> None:
    walks = []
    for _ in range(4):
        walks.append(logs.begin_page_log(FULL))
        walks[-1].close("x")
        clock.pass_time(60)
    still_open = logs.begin_page_log(OTHER)
    logs.prune_page_logs()
    assert [log.folder.exists() for log in walks] == [False, False, True, True]
    assert still_open.folder.exists()


@pytest.mark.parametrize(("keep", "left"), [(0, 0), (1, 1), (5, 3)])
def test_how_many_closed_walks_stay_is_settable(
    tmp_path: Path, clock: FakeClock, keep: int, left: int
) -> None:
    logs = PageLogs(tmp_path, clock, keep_closed=keep)
    for _ in range(3):
        logs.begin_page_log(FULL).close("x")
    logs.prune_page_logs()
    assert len(list(tmp_path.glob("*/closed.json"))) == left


def test_what_a_kill_left_half_written_is_deleted_when_it_is_old(
    logs: PageLogs, tmp_path: Path, clock: FakeClock
) -> None:
    log = logs.begin_page_log(FULL)
    root = tmp_path / "cache"
    half_page, half_log, in_flight = (
        folder / temporary_name() for folder in (log.folder, root, log.folder)
    )
    half_log.mkdir()
    for path in (half_page, half_log / "log.json", in_flight):
        path.write_bytes(b"half")
    now = clock.now()
    for path, age in ((half_page, 7200), (half_log, 7200), (in_flight, 60)):
        os.utime(path, times=((now.timestamp() - age),) * 2)
    logs.prune_page_logs()
    assert (half_page.exists(), half_log.exists(), in_flight.exists()) == (False, False, True)


@pytest.mark.parametrize(
    "about", [None, b"{", b'{"identity":{},"started_at":"2026-11-21T12:00:00"}']
)
def test_a_folder_that_is_no_log_is_left_alone(tmp_path: Path, about: bytes | None) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "closed.json").write_bytes(b"{}")
    if about is not None:
        (mine / "log.json").write_bytes(about)
    logs = PageLogs(tmp_path, FakeClock(), keep_closed=0)
    logs.prune_page_logs()
    assert mine.exists()
    assert logs.find_latest_page_log({}) is None


def test_the_root_ignores_itself_but_for_its_readme(logs: PageLogs, tmp_path: Path) -> None:
    root = tmp_path / "cache"
    assert logs.find_latest_page_log(FULL) is None
    logs.prune_page_logs()
    assert not root.exists()
    logs.begin_page_log(FULL)
    assert (root / ".gitignore").read_text() == "*\n!README.md\n"
    assert (root / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f0688680")


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written") as caught:
        PageLogs(tmp_path / "file", clock).begin_page_log(FULL)
    assert "--cache" in caught.value.hint
    log = PageLogs(tmp_path / "cache", clock).begin_page_log(FULL)
    (log.folder / "log.json").unlink()
    log.folder.rmdir()
    with pytest.raises(StoreError, match="cannot be written"):
        log.put_logged_page(REQUEST, {}, b"[]")


def test_the_age_of_an_unfinished_walk_is_settable(tmp_path: Path, clock: FakeClock) -> None:
    logs = PageLogs(tmp_path, clock, max_age=timedelta(minutes=5))
    logs.begin_page_log(FULL)
    clock.pass_time(301)
    assert logs.find_unfinished_page_log(FULL) is None


def test_a_page_compresses(logs: PageLogs) -> None:
    log = logs.begin_page_log(FULL)
    body = b'{"id": "someone/some-model"}' * 1000
    log.put_logged_page(REQUEST, {}, body)
    assert next(log.folder.glob("*.page")).stat().st_size < len(zlib.compress(body, 1)) + 2000


def test_a_pipe_in_a_log_is_never_waited_for(logs: PageLogs) -> None:
    log = logs.begin_page_log(FULL)
    log.put_logged_page(REQUEST, {}, b"[1]")
    page = next(path for path in log.folder.iterdir() if path.suffix == ".page")
    page.unlink()
    os.mkfifo(page)
    assert log.get_logged_page(REQUEST) is None
    assert list(log.logged_requests()) == []
    log.put_logged_page(REQUEST, {}, b"[2]")
    assert list(log.logged_requests()) == [REQUEST]
    (log.folder / "log.json").unlink()
    os.mkfifo(log.folder / "log.json")
    assert logs.find_unfinished_page_log(FULL) is None
