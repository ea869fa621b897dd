"""An update costs requests by the thousand changes, and ends in the bytes of a sweep."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from lineage.crawl.plan import CrawlMode
from lineage.demo.catalog import Row, box_moment
from lineage.domain.clock import iso
from lineage.errors import NoSuchSnapshot, QueryRefused, SnapshotDamaged
from lineage.store import schema
from lineage.store.manifest import SnapshotKind
from tests.fakes.fake_hub import FakeHub, Fault, FaultKind, Faults
from tests.story.conftest import Play
from tests.story.stage import Stage, a_world
from tests.unit.demo.rows import a_child, a_row

COUNT = 4100
DAY = 24 * 3600
SAME = (schema.MODELS_FILE, schema.EVIDENCE_FILE, schema.EDGES_FILE, schema.COUNTS_FILE)


def updated(stage: Stage) -> str:
    stage.clock.sleep(DAY)
    return stage.crawl(mode=CrawlMode.UPDATE).manifest.id


def tables(stage: Stage, id: str) -> dict[str, str]:
    """The digests of what an update and a sweep of one Hub must have alike."""
    found = stage.tables(id)
    return {name: found[name] for name in SAME}


def swept_elsewhere(stage: Stage) -> dict[str, str]:
    """The tables of a first sweep of the same Hub, with no history behind it."""
    other = Stage(stage.folder / "elsewhere", stage.endpoint, stage.clock)
    return tables(other, other.crawl().manifest.id)


def swept_beside(stage: Stage) -> dict[str, str]:
    """The tables of a sweep with the same history behind it."""
    other = Stage(stage.folder / "beside", stage.endpoint, stage.clock)
    shutil.copytree(stage.folder / "snapshots", other.folder / "snapshots", dirs_exist_ok=True)
    return tables(other, other.crawl().manifest.id)


def changed(row: Row, at: datetime, **more: object) -> Row:
    return row | more | {"lastModified": box_moment(at)}


def a_day_passes(box: FakeHub, rows: list[Row], at: datetime, new: int = 40) -> None:
    """Commits of every kind: other parents, none any more, other tags; and new models."""
    for number in range(7, len(rows), 97):
        parent = rows[number // 2]
        again = a_child(number, parent, "adapter", likes=3)
        box.catalog.add(changed(again, at))
    for number in range(5, len(rows), 211):
        box.catalog.add(changed(a_row(number), at, tags=["license:mit"]))
    for number in range(len(rows), len(rows) + new):
        fresh = a_child(number, rows[number % len(rows)])
        box.catalog.add(changed(fresh, at, createdAt=box_moment(at)))


def test_an_update_ends_in_the_bytes_of_a_full_crawl(play: Play) -> None:
    rows = a_world(COUNT)
    box, stage = play(rows)
    first = stage.crawl().manifest
    stage.clock.sleep(DAY)
    a_day_passes(box, rows, stage.clock.now())
    id = updated(stage)
    manifest = stage.store.snapshot(id).manifest
    assert (manifest.origin.kind, manifest.previous) == (SnapshotKind.UPDATE, first.id)
    assert manifest.models == COUNT + 40
    assert manifest.builds_on is not None  # as changes alone
    assert manifest.builds_on.id == first.id
    assert tables(stage, id) == swept_elsewhere(stage)
    assert stage.tables(id)[schema.METRICS_FILE]
    assert stage.store.find_damage(id) == []


def test_updates_upon_updates_end_in_the_bytes_of_a_full_crawl(play: Play) -> None:
    rows = a_world(COUNT)
    box, stage = play(rows)
    stage.crawl()
    for _ in range(3):
        stage.clock.sleep(DAY)
        a_day_passes(box, box.catalog.box_rows(), stage.clock.now())
        id = updated(stage)
    assert tables(stage, id) == swept_elsewhere(stage)


def test_an_update_of_nothing_is_the_same_snapshot_again(play: Play) -> None:
    _, stage = play(a_world(COUNT))
    first = stage.crawl().manifest
    assert stage.tables(updated(stage)) == stage.tables(first.id)


def test_an_update_asks_no_more_than_it_must(play: Play) -> None:
    rows = a_world(COUNT)
    box, stage = play(rows)
    stage.crawl()
    stage.clock.sleep(DAY)
    for row in rows[:1500]:
        box.catalog.add(changed(row, stage.clock.now()))
    for number in range(COUNT, COUNT + 1200):
        box.catalog.add(changed(a_row(number), stage.clock.now()))
    before = len(box.requests)
    updated(stage)
    assert len(box.requests) - before <= -(-(1500 + 2 * 1200) // 1000) + 5


def test_the_next_update_goes_on_at_the_last_page_of_the_one_before(play: Play) -> None:
    box, stage = play(a_world(COUNT))
    stage.crawl()
    updated(stage)
    before = len(box.requests)
    updated(stage)
    asked = [dict(parse_qsl(urlsplit(target).query)) for _, target, _ in box.requests[before:]]
    walks = [(one["sort"], one["direction"], "cursor" in one) for one in asked]
    assert walks == [
        ("lastModified", "-1", False),
        ("createdAt", "1", True),
        ("createdAt", "-1", False),  # the newest model alone
    ]


def test_without_a_last_page_the_newest_are_asked_for_down_to_a_known_key(play: Play) -> None:
    rows = a_world(COUNT)
    box, stage = play(rows)
    stage.crawl()
    forget_the_requests(stage)
    stage.clock.sleep(DAY)
    a_day_passes(box, rows, stage.clock.now())
    before = len(box.requests)
    id = updated(stage)
    sorts = [dict(parse_qsl(urlsplit(target).query)) for _, target, _ in box.requests[before:]]
    assert [(one["sort"], one["direction"]) for one in sorts][-1] == ("createdAt", "-1")
    assert tables(stage, id) == swept_elsewhere(stage)
    assert tables(stage, updated(stage)) == tables(stage, id)


def test_where_the_kept_cursor_is_refused_the_newest_are_asked_for_instead(play: Play) -> None:
    rows = a_world(COUNT)
    box, stage = play(rows)
    stage.crawl()
    stage.clock.sleep(DAY)
    for row in rows[:1500]:
        box.catalog.add(changed(row, stage.clock.now()))
    for number in range(COUNT, COUNT + 1200):
        box.catalog.add(changed(a_row(number), stage.clock.now()))
    before = len(box.requests)
    pages_of_changes = -(-(1500 + 1200 + 1) // 1000) + 1
    box.faults = Faults({pages_of_changes + 1: Fault(FaultKind.CURSOR)})
    id = updated(stage)
    sent = [(dict(parse_qsl(urlsplit(to).query)), code) for _, to, code in box.requests[before:]]
    asked, (refused,) = [one for one, _ in sent], [one for one, code in sent if code == 400]
    assert (refused["sort"], refused["direction"], "cursor" in refused) == ("createdAt", "1", True)
    assert asked[-1]["direction"] == "-1"
    assert len(asked) <= -(-(1500 + 2 * 1200) // 1000) + 5
    assert tables(stage, id) == swept_elsewhere(stage)
    box.faults = Faults()
    assert tables(stage, updated(stage)) == tables(stage, id)


def test_an_update_whose_cursor_was_refused_is_replayed_without_the_hub(play: Play) -> None:
    rows = a_world(COUNT)
    box, stage = play(rows)
    stage.crawl()
    stage.clock.sleep(DAY)
    a_day_passes(box, rows, stage.clock.now())
    box.faults = Faults({2: Fault(FaultKind.CURSOR)})
    id = updated(stage)
    assert [status for _, _, status in box.requests].count(400) == 1
    expected, before = stage.tables(id), len(box.requests)
    shutil.rmtree(stage.folder / "snapshots" / id)
    again = stage.crawl(mode=CrawlMode.UPDATE, offline=True).manifest.id
    assert (stage.tables(again), len(box.requests)) == (expected, before)


def test_a_refusal_that_is_none_of_the_cursor_ends_the_update(play: Play) -> None:
    box, stage = play(a_world(COUNT))
    stage.crawl()
    box.faults = Faults({1: Fault(FaultKind.STATUS, status=400)})
    with pytest.raises(QueryRefused, match="400"):
        updated(stage)


def forget_the_requests(stage: Stage) -> None:
    """Make the manifest that of a snapshot that was no walk in order of creation."""
    (path,) = (stage.folder / "snapshots").glob("*/manifest.json")
    text = path.read_text()
    path.write_text(text.replace("sort=createdAt&direction=1&", "sort=nothing&"))


# What moves while it is walked


def before_request(number: int, change: Callable[[], None]) -> Callable[[int], None]:
    return lambda asked: change() if asked == number else None


def test_who_is_committed_to_during_an_update_is_met_by_the_next(play: Play) -> None:
    rows = a_world(COUNT)
    box, stage = play(rows)
    stage.crawl()
    stage.clock.sleep(DAY)
    for row in rows[:1500]:
        box.catalog.add(changed(row, stage.clock.now()))
    hidden = changed(a_child(1400, rows[0]), stage.clock.now() + timedelta(days=1, seconds=1))
    second_page = len(box.requests) + 2
    box.on_request = before_request(second_page, lambda: box.catalog.add(hidden))
    updated(stage)
    box.on_request = None
    id = updated(stage)
    assert tables(stage, id) == swept_elsewhere(stage)


def test_a_date_in_the_future_hides_no_later_commit(play: Play) -> None:
    rows = a_world(COUNT)
    box, stage = play(rows)
    far = datetime(2099, 1, 1, tzinfo=UTC)
    box.catalog.add(changed(rows[3], far))
    first = stage.crawl().manifest
    assert datetime.fromisoformat(first.origin.requests["watermark"]) < far
    stage.clock.sleep(DAY)
    a_day_passes(box, rows, stage.clock.now())
    assert tables(stage, updated(stage)) == swept_elsewhere(stage)


def test_the_watermark_is_the_newest_commit_where_that_is_earlier(play: Play) -> None:
    box, stage = play([a_row(number) for number in range(20)])
    at = datetime(2025, 3, 1, tzinfo=UTC)
    box.catalog.add(changed(a_row(3), at))
    assert stage.crawl().manifest.origin.requests["watermark"] == iso(at)


# What an update cannot see


def test_an_update_makes_no_tombstone_and_the_next_full_crawl_does(play: Play) -> None:
    rows = a_world(COUNT)
    box, stage = play(rows)
    stage.crawl()
    box.catalog.delete(rows[5]["id"])
    stage.clock.sleep(DAY)
    id = updated(stage)
    assert stage.store.snapshot(id).manifest.tombstones == 0
    assert rows[5]["id"] in stage.column(id, schema.MODELS_FILE, "id")
    stage.clock.sleep(DAY)
    swept = stage.crawl().manifest
    assert swept.tombstones == 1
    assert stage.column(swept.id, schema.TOMBSTONES_FILE, "last_seen_in") == [id]


def test_tombstones_outlive_updates_and_who_is_back_loses_its_own(play: Play) -> None:
    rows = a_world(COUNT)
    box, stage = play(rows)
    stage.crawl()
    for number in (5, 9):
        box.catalog.delete(rows[number]["id"])
    stage.clock.sleep(DAY)
    stage.crawl()
    box.catalog.add(changed(rows[9], stage.clock.now() + timedelta(hours=1)))
    id = updated(stage)
    assert stage.column(id, schema.TOMBSTONES_FILE, "id") == [rows[5]["id"]]
    assert rows[9]["id"] in stage.column(id, schema.MODELS_FILE, "id")


def test_a_row_that_became_unreadable_is_a_bad_row_as_in_a_full_crawl(play: Play) -> None:
    rows = a_world(COUNT)
    box, stage = play(rows)
    stage.crawl()
    stage.clock.sleep(DAY)
    box.catalog.add(changed(rows[11], stage.clock.now(), id="../../escape"))
    sweep = swept_beside(stage)
    id = updated(stage)
    assert tables(stage, id) == sweep
    manifest = stage.store.snapshot(id).manifest
    assert (manifest.bad_rows, manifest.models) == (1, COUNT)
    assert rows[11]["id"] in stage.column(id, schema.MODELS_FILE, "id")
    box.catalog.add(changed(rows[11], stage.clock.now() + timedelta(days=1)))
    id = updated(stage)
    assert stage.store.snapshot(id).manifest.bad_rows == 0
    assert tables(stage, id) == swept_elsewhere(stage)


# Its ground


def test_there_is_nothing_to_update_without_a_snapshot(play: Play) -> None:
    box, stage = play([a_row(0)])
    with pytest.raises(NoSuchSnapshot, match="no snapshot"):
        stage.crawl(mode=CrawlMode.UPDATE)
    assert box.requests == []


def test_an_update_never_builds_on_a_damaged_snapshot(play: Play) -> None:
    _, stage = play(a_world(COUNT))
    damage(stage, stage.crawl().manifest.id)
    with pytest.raises(SnapshotDamaged, match="SHA-256"):
        updated(stage)


def test_an_update_never_builds_on_a_damaged_base(play: Play) -> None:
    _, stage = play(a_world(COUNT))
    first = stage.crawl().manifest.id
    builds_on = stage.store.snapshot(updated(stage)).manifest.builds_on
    assert builds_on is not None
    assert builds_on.id == first
    damage(stage, first)
    with pytest.raises(SnapshotDamaged, match=f"{first}/metrics.parquet"):
        updated(stage)
    assert stage.crawl(mode=CrawlMode.AUTO).manifest.origin.kind is SnapshotKind.FULL


def test_where_most_rows_were_read_the_update_stands_alone_with_the_bytes_of_a_full_crawl(
    play: Play,
) -> None:
    rows = a_world(1300)
    box, stage = play(rows)
    stage.crawl()
    stage.clock.sleep(DAY)
    a_day_passes(box, rows, stage.clock.now())
    id = updated(stage)
    assert stage.store.snapshot(id).manifest.builds_on is None
    assert tables(stage, id) == swept_elsewhere(stage)


def test_auto_is_a_full_crawl_then_an_update_and_a_full_crawl_after_a_week(
    play: Play,
) -> None:
    _, stage = play(a_world(COUNT))
    kinds = []
    for days in (0, 1, 5, 2, 1):
        stage.clock.sleep(days * DAY)
        kinds.append(stage.crawl(mode=CrawlMode.AUTO).manifest.origin.kind.value)
    assert kinds == ["full", "update", "update", "full", "update"]


def test_auto_takes_a_full_crawl_where_the_last_snapshot_is_damaged(play: Play) -> None:
    _, stage = play(a_world(COUNT))
    stage.crawl()
    stage.clock.sleep(DAY)
    damage(stage, stage.crawl(mode=CrawlMode.AUTO).manifest.id, "metrics.changes.parquet")
    stage.clock.sleep(DAY)
    assert stage.crawl(mode=CrawlMode.AUTO).manifest.origin.kind is SnapshotKind.FULL


def damage(stage: Stage, id: str, file: str = schema.METRICS_FILE) -> None:
    path = stage.folder / "snapshots" / id / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
