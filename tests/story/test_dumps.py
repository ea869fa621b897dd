"""A cold start from a dump: a snapshot of its own, dated back, that a later sweep goes on from."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineage.analysis.diffs import diff_snapshots
from lineage.crawl.dump import crawl_dump
from lineage.crawl.plan import why_full_crawl
from lineage.crawl.runs import CrawlReport
from lineage.demo.catalog import Row
from lineage.domain.repo_ids import STAND_IN
from lineage.errors import (
    DraftRefused,
    LineageError,
    RequestLimitReached,
    SettingsError,
    SourceUnavailable,
    UnexpectedPage,
)
from lineage.store import schema
from lineage.store.manifest import SnapshotKind
from tests.fakes.fake_clock import NOON
from tests.fakes.live_catalog import LiveCatalog
from tests.questions import count_base
from tests.story.conftest import Play
from tests.story.stage import Stage, a_world, counted_slowly
from tests.unit.demo.rows import a_row

COUNT = 300
WORLD = a_world(COUNT)
TAKEN = datetime(2025, 6, 1, tzinfo=UTC)
PARENTS = pa.struct(
    [
        ("relation", pa.string()),
        ("models", pa.list_(pa.struct([("_id", pa.string()), ("id", pa.string())]))),
    ]
)
BASES = pa.struct([("base_model", pa.list_(pa.string()))])


def a_dump(rows: Sequence[Row], folder: Path, *leave_out: str) -> str:
    """Write rows as a dump, in no order."""
    mixed = [*rows[1::2], *rows[::2]]
    names = ("_id", "id", "author", "createdAt", "lastModified", "sha", "downloads")
    columns = {name: pa.array([row.get(name) for row in mixed]) for name in names}
    columns["tags"] = pa.array([row["tags"] for row in mixed], pa.list_(pa.string()))
    columns["baseModels"] = pa.array([row.get("baseModels") for row in mixed], PARENTS)
    columns["cardData"] = pa.array([_card(row) for row in mixed], BASES)
    kept = {name: column for name, column in columns.items() if name not in leave_out}
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(kept), folder / "models.parquet", row_group_size=100)
    return str(folder / "models.parquet")


def _card(row: Row) -> dict[str, list[str]]:
    said = row.get("cardData", {}).get("base_model", [])
    return {"base_model": [said] if isinstance(said, str) else said}


def taken(stage: Stage, place: str, taken_at: datetime | None = None, **more: Any) -> CrawlReport:
    settings = stage.settings(**more)
    return crawl_dump(settings, place, taken_at=taken_at, clock=stage.clock)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Where no Hub is: a dump needs none."""
    return Stage(tmp_path, "https://hub.example")


def test_a_dump_gives_the_tables_that_a_full_crawl_of_the_same_rows_gives(
    play: Play, tmp_path: Path
) -> None:
    _, swept = play(WORLD)
    sweep = swept.crawl().manifest
    dumped = Stage(tmp_path / "dumped", swept.endpoint)
    dumped.folder.mkdir()
    bulk = taken(dumped, a_dump(WORLD, tmp_path / "dumps")).manifest
    assert bulk.origin.kind is SnapshotKind.DUMP
    assert dumped.tables(bulk.id) == swept.tables(sweep.id)
    assert dumped.counts(bulk.id) == counted_slowly(WORLD)


def test_a_dump_is_dated_by_the_newest_moment_in_it(stage: Stage, tmp_path: Path) -> None:
    late = a_row(COUNT, lastModified="2025-05-01T10:20:30.456Z")
    manifest = taken(stage, a_dump([*WORLD, late], tmp_path / "dumps")).manifest
    assert manifest.id == "20250501T102030Z"


def test_a_dump_says_where_it_came_from_and_what_it_lacked(stage: Stage, tmp_path: Path) -> None:
    origin = taken(stage, a_dump(WORLD, tmp_path / "dumps"), TAKEN).manifest.origin
    assert origin.taken_at == TAKEN
    assert origin.dump["file"] == "models.parquet"
    assert origin.dump["missing"].startswith("library_name, pipeline_tag, gated")
    assert stage.store.manifests()[0].origin == origin


def test_the_same_dump_is_taken_once(stage: Stage, tmp_path: Path) -> None:
    place = a_dump(WORLD, tmp_path / "dumps")
    first, again = taken(stage, place, TAKEN), taken(stage, place, TAKEN)
    assert first.manifest == again.manifest
    other = taken(stage, place, TAKEN + timedelta(days=1))
    assert len({first.manifest.id, other.manifest.id}) == 2


def test_an_outage_after_a_partial_dump_is_refused_all_the_same(play: Play, tmp_path: Path) -> None:
    box, stage = play(WORLD)
    stage.crawl()
    stage.clock.sleep(86_400)
    taken(stage, a_dump(WORLD[:20], tmp_path / "dumps"), stage.clock.now())
    stage.clock.sleep(86_400)
    box.catalog = LiveCatalog(WORLD[:100])
    with pytest.raises(DraftRefused):
        stage.crawl()


def test_after_a_dump_that_lacks_fields_nothing_less_than_a_full_crawl_will_do(
    play: Play, tmp_path: Path
) -> None:
    _, stage = play(WORLD)
    stage.crawl()
    stage.clock.sleep(3600)
    taken(stage, a_dump(WORLD, tmp_path / "dumps", "tags"), stage.clock.now())
    reason = why_full_crawl(stage.store, stage.clock.now(), timedelta(days=7))
    assert reason is not None
    assert "tags" in reason


def test_a_dump_dated_back_stands_before_what_is_there(play: Play, tmp_path: Path) -> None:
    box, stage = play(WORLD)
    box.catalog.rename(WORLD[0]["id"], "owner/name-of-today")
    sweep = stage.crawl().manifest
    bulk = taken(stage, a_dump(WORLD, tmp_path / "dumps"), TAKEN).manifest
    assert [one.id for one in stage.store.manifests()] == [bulk.id, sweep.id]
    assert bulk.previous is None
    former = stage.store.snapshot(bulk.id).former_names().to_pylist()
    # A dump is older than the rename: who asks by today's name means the model all the same.
    assert "owner/name-of-today" in {row["name"] for row in former}
    assert stage.store.snapshot().id == sweep.id


@pytest.mark.parametrize("leave_out", [(), ("_id",)])
def test_a_full_crawl_goes_on_from_a_dump(
    play: Play, tmp_path: Path, leave_out: tuple[str, ...]
) -> None:
    box, stage = play(WORLD)
    bulk = taken(stage, a_dump(WORLD, tmp_path / "dumps", *leave_out), TAKEN).manifest
    box.catalog.add(a_row(COUNT))
    sweep = stage.crawl().manifest
    assert sweep.previous == bulk.id
    diff = diff_snapshots(stage.store.snapshot(bulk.id), stage.store.snapshot(sweep.id), [])
    assert (diff.added, diff.removed) == ((f"owner/model-{COUNT}",), ())
    assert (diff.renamed, diff.edges_added, diff.edges_removed) == ((), 0, 0)


def test_without_keys_every_base_is_counted_all_the_same(stage: Stage, tmp_path: Path) -> None:
    manifest = taken(stage, a_dump(WORLD, tmp_path / "dumps", "_id"), TAKEN).manifest
    assert stage.counts(manifest.id) == counted_slowly(WORLD)
    assert manifest.origin.dump["keys"] == "stand-in"
    keys = stage.column(manifest.id, schema.MODELS_FILE, "key")
    assert any(key.startswith(STAND_IN) for key in keys)


def test_a_dump_that_cannot_know_parents_says_so_in_every_answer(
    play: Play, tmp_path: Path
) -> None:
    _, stage = play(WORLD)
    place = a_dump(WORLD, tmp_path / "dumps", "tags", "baseModels", "cardData")
    manifest = taken(stage, place, TAKEN).manifest
    assert json.loads(manifest.to_json())["origin"]["parents_known"] is False
    snapshot = stage.store.snapshot(manifest.id)
    count = count_base(snapshot, WORLD[0]["id"])
    assert (count.total, count.parents_known) == (0, False)
    assert "parents are not known" in count.notes[0]
    # A crawl after it knows them again.
    assert stage.crawl().manifest.origin.parents_known


def test_a_model_in_two_files_of_a_dump_is_one(stage: Stage, tmp_path: Path) -> None:
    a_dump(WORLD[:200], tmp_path / "dump" / "1")
    a_dump(WORLD[100:], tmp_path / "dump" / "2")
    manifest = taken(stage, str(tmp_path / "dump"), TAKEN).manifest
    assert manifest.models == COUNT
    assert stage.counts(manifest.id) == counted_slowly(WORLD)
    assert manifest.origin.dump["file"] == "dump"


def test_bad_rows_are_kept_and_too_many_refuse_the_draft(stage: Stage, tmp_path: Path) -> None:
    few = [*WORLD, a_row(COUNT, _id="none"), a_row(COUNT + 1, id="a b")]
    manifest = taken(stage, a_dump(few, tmp_path / "dumps"), TAKEN).manifest
    assert (manifest.models, manifest.bad_rows) == (COUNT, 2)
    requests = stage.column(manifest.id, schema.BAD_ROWS_FILE, "request")
    assert all(one.startswith("models.parquet rows ") for one in requests)
    many = [a_row(0), *(a_row(number, _id="none") for number in range(1, 50))]
    with pytest.raises(DraftRefused, match="few_bad_rows"):
        taken(stage, a_dump(many, tmp_path / "dumps"), TAKEN)


def test_a_store_never_mixes_two_hubs(play: Play, tmp_path: Path) -> None:
    _, stage = play(WORLD)
    stage.crawl()
    place = a_dump(WORLD, tmp_path / "dumps")
    with pytest.raises(DraftRefused, match="were taken from"):
        taken(stage, place, TAKEN, endpoint="https://huggingface.co")


def test_a_dump_without_a_date_must_be_given_one(stage: Stage, tmp_path: Path) -> None:
    place = a_dump(WORLD, tmp_path / "dumps", "createdAt", "lastModified")
    with pytest.raises(SettingsError, match="does not say when it was taken"):
        taken(stage, place)
    with pytest.raises(SettingsError, match="is in the future"):
        taken(stage, place, NOON + timedelta(days=1))
    assert taken(stage, place, TAKEN).manifest.models == COUNT


# Over http


class _Shop(BaseHTTPRequestHandler):
    """Serves files by name, and leads from /moved to them; /cut ends in the middle."""

    files: ClassVar[dict[str, bytes]] = {}
    seen: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.seen.append(self.headers["Authorization"])
        name = self.path.partition("?")[0]
        content = self.files.get(name.removeprefix("/cut"), b"")
        if name.startswith("/moved") or name in {"/circle", "/outside"}:
            to = {"/circle": "/circle", "/outside": "http://hub.example/models.parquet"}
            self.send_response(302)
            self.send_header("Location", to.get(name, name.removeprefix("/moved")))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200 if content else 404)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if name.startswith("/cut") else content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def a_shop(place: str) -> Iterator[str]:
    _Shop.files, _Shop.seen = {"/models.parquet": Path(place).read_bytes()}, []
    with ThreadingHTTPServer(("127.0.0.1", 0), _Shop) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_dump_at_an_address_is_fetched_without_a_token(stage: Stage, tmp_path: Path) -> None:
    with a_shop(a_dump(WORLD, tmp_path / "dumps")) as shop:
        report = taken(stage, f"{shop}/moved/models.parquet?x=1", TAKEN, token="hf_secret")
    assert report.manifest.models == COUNT
    assert report.manifest.origin.dump["file"] == "models.parquet"
    assert (report.tally.sent, _Shop.seen) == (2, [None, None])
    assert list((stage.folder / "cache" / "dumps").iterdir()) == []


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/cut/models.parquet", SourceUnavailable),
        ("/none", SourceUnavailable),
        ("/circle", UnexpectedPage),
        ("/outside", SettingsError),
    ],
)
def test_what_an_address_does_not_give_is_told(
    stage: Stage, tmp_path: Path, path: str, error: type[LineageError]
) -> None:
    with a_shop(a_dump(WORLD, tmp_path / "dumps")) as shop, pytest.raises(error):
        taken(stage, shop + path, TAKEN)
    assert stage.published() == []


def test_a_dump_over_the_cap_is_refused(stage: Stage, tmp_path: Path) -> None:
    with (
        a_shop(a_dump(WORLD, tmp_path / "dumps")) as shop,
        pytest.raises(UnexpectedPage, match="over 1000 bytes"),
    ):
        taken(stage, f"{shop}/models.parquet", TAKEN, max_dump_bytes=1000)


def test_plain_http_and_a_run_without_a_network_are_refused(stage: Stage) -> None:
    with pytest.raises(SettingsError, match="plain http"):
        taken(stage, "http://hub.example/models.parquet", TAKEN)
    with pytest.raises(SettingsError, match="offline"):
        taken(stage, "https://hub.example/models.parquet", TAKEN, offline=True)


def test_a_fetch_sends_no_more_requests_than_it_may(stage: Stage, tmp_path: Path) -> None:
    with a_shop(a_dump(WORLD, tmp_path / "dumps")) as shop, pytest.raises(RequestLimitReached):
        taken(stage, f"{shop}/moved/models.parquet", TAKEN, max_requests=1)
    assert len(_Shop.seen) == 1
