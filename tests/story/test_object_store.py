"""A store in a bucket: the same history with the same promises, over real HTTP to moto's server."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lineage.build.pipeline import build_snapshot
from lineage.cli.main import lineage
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import LineageError, SettingsError, StoreError, StoreLocked
from lineage.export.iceberg import IcebergExport, export_iceberg
from lineage.store.files import open_files
from lineage.store.lease import Holder
from lineage.store.manifest import MOST_BYTES, Manifest, SnapshotKind
from lineage.store.object_files import ObjectFiles
from lineage.store.object_lease import hold_object_lease
from lineage.store.store import ParquetStore
from tests.builders import origin, pages, publication, row
from tests.fakes.data_set_hub import TOKEN, DataSetHub
from tests.fakes.fake_clock import NOON
from tests.fakes.object_store import BUCKET, ObjectStore

ROWS = [
    row("meta-llama/Llama-3.1-8B"),
    row("a/child", ["meta-llama/Llama-3.1-8B"]),
    row("a/grandchild", ["a/child"], "adapter"),
    *(row(f"aside/{number}") for number in range(40)),
]
DAY = timedelta(days=1)
ME = Holder.this_process("lineage crawl", NOON)


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectStore]:
    with ObjectStore() as opened:
        yield opened


@pytest.fixture
def bucket(
    server: ObjectStore, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The address of a store that nobody used before."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    server.count()
    yield f"s3://{BUCKET}/{abs(hash(request.node.name))}"
    server.fault = server.fault_after = lambda number, method, path: None


def open_store(address: str, folder: Path) -> ParquetStore:
    return ParquetStore(address, NO_OPT_OUTS, str(folder / "cache"))


def publish_day(store: ParquetStore, moment: datetime = NOON) -> Manifest:
    context = replace(publication(Path("unused")), store=store)
    ordered = sorted(ROWS, key=lambda one: str(one["_id"]))
    with store.lock(ME):
        return build_snapshot(pages(ordered), origin(taken_at=moment), context)


def run(address: str, folder: Path, *words: str) -> Result:
    cache = ["--cache", str(folder / "cache")]
    return CliRunner().invoke(lineage, ["--store", address, *cache, *words])


def test_a_history_in_a_bucket_is_that_of_a_folder(bucket: str, tmp_path: Path) -> None:
    here = ParquetStore(str(tmp_path / "here"), NO_OPT_OUTS)
    there = open_store(bucket, tmp_path)
    for moment in (NOON, NOON + DAY):
        local, remote = publish_day(here, moment), publish_day(there, moment)
        assert remote.files == local.files
    fresh = open_store(bucket, tmp_path / "elsewhere")
    assert [one.to_json() for one in fresh.manifests()] == [
        one.to_json() for one in here.manifests()
    ]
    assert not any(fresh.find_damage(one.id, in_values=True) for one in fresh.manifests())
    assert (fresh.damaged(), fresh.refused()) == ({}, [])
    assert not list((tmp_path / "cache" / "drafts").iterdir())


def test_a_bucket_of_the_hub_holds_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Downloads are redirected to an edge, keys are restricted, and no checksum trails a body."""
    with ObjectStore("namespace") as gateway:
        for name, value in gateway.environment.items():
            monkeypatch.setenv(name, value)
        store = open_store(f"s3://{BUCKET}/history", tmp_path / "writer")
        first = publish_day(store)
        publish_day(store, NOON + DAY)
        reader = open_store(f"s3://{BUCKET}/history", tmp_path / "reader")
        assert reader.damaged() == {}
        assert isinstance(store.files, ObjectFiles)
        assert isinstance(reader.files, ObjectFiles)
        with (
            hold_object_lease(store.files, ME, renewed_every=DAY),
            pytest.raises(StoreLocked, match="lineage crawl"),
            hold_object_lease(reader.files, ME, renewed_every=DAY),
        ):
            pytest.fail("two runs held one store")
        with (
            hold_object_lease(store.files, ME, expires_after=timedelta(0), renewed_every=DAY),
            hold_object_lease(reader.files, ME, expires_after=timedelta(0), renewed_every=DAY),
        ):
            assert isinstance(publish_and_catch(store, NOON + 2 * DAY), StoreLocked)
        reader.delete(first.id)
        assert len(open_store(f"s3://{BUCKET}/history", tmp_path).manifests()) == 1
        assert any(path.startswith("/edge/") for _, path in gateway.requests)


def test_questions_and_publications_cost_few_requests(
    bucket: str, server: ObjectStore, tmp_path: Path
) -> None:
    store = open_store(bucket, tmp_path)
    publish_day(store)
    assert server.count() <= 15
    publish_day(store, NOON + DAY)
    assert server.count() <= 15
    reader = tmp_path / "reader"
    for words, cold in ((("count", "meta-llama/Llama-3.1-8B"), 4), (("trace", "a/grandchild"), 20)):
        for most in (cold, 1):
            outcome = run(bucket, reader, "--format", "json", *words)
            assert outcome.exit_code == 0, outcome.output
            assert 1 <= server.count() <= most, (words, most)
    (count,) = json.loads(run(bucket, reader, "--format", "json", "count", "a/child").stdout)
    assert count["total"] == 1


def test_of_runs_at_once_one_holds_the_store_and_the_others_are_told_until_when(
    bucket: str, tmp_path: Path
) -> None:
    first, second = (open_store(bucket, tmp_path / name) for name in ("first", "second"))
    assert (first.manifests(), first.damaged(), first.refused()) == ([], {}, [])
    with first.lock(ME) as held:
        assert held
        with pytest.raises(StoreLocked, match=r"lineage crawl .*lease expires at 20") as told:
            publish_day(second)
        assert told.value.exit_code == 3
    assert publish_day(second).id


def test_a_lease_that_expired_is_taken_over_and_its_holder_publishes_nothing(
    bucket: str, tmp_path: Path
) -> None:
    slow, quick = (open_store(bucket, tmp_path / name) for name in ("slow", "quick"))
    assert isinstance(slow.files, ObjectFiles)
    assert isinstance(quick.files, ObjectFiles)
    at_once = timedelta(0)
    with hold_object_lease(slow.files, ME, expires_after=at_once, renewed_every=DAY):
        with hold_object_lease(quick.files, ME, expires_after=at_once, renewed_every=DAY):
            assert publish_and_catch(quick) is None
        error = publish_and_catch(slow, NOON + DAY)
    assert isinstance(error, StoreLocked)
    assert "took over" in error.message
    assert [one.id for one in open_store(bucket, tmp_path).manifests()] == ["20261121T120000Z"]


def publish_and_catch(store: ParquetStore, moment: datetime = NOON) -> LineageError | None:
    context = replace(publication(Path("unused")), store=store)
    try:
        build_snapshot(pages(ROWS), origin(taken_at=moment), context)
    except LineageError as error:
        return error
    return None


def test_of_many_that_claim_one_moment_each_has_an_id_of_its_own(
    bucket: str, tmp_path: Path
) -> None:
    stores = [open_store(bucket, tmp_path / str(number)) for number in range(8)]
    gate = threading.Barrier(len(stores))

    def begin(store: ParquetStore) -> str:
        gate.wait()
        return store.begin_draft(NOON)

    with ThreadPoolExecutor(len(stores)) as pool:
        ids = list(pool.map(begin, stores))
    assert len(set(ids)) == len(stores)
    assert open_store(bucket, tmp_path).manifests() == []


@pytest.mark.parametrize("is_carried_out", [False, True])
def test_a_publication_cut_at_any_request_is_none_or_whole(
    bucket: str, server: ObjectStore, tmp_path: Path, is_carried_out: bool
) -> None:
    # A refusal is asked for no second time, so that a run ends there as if it had been killed.
    outcomes = []
    for cut_at in (1, 3, 8, 13, 14):
        address = f"{bucket}-{cut_at}"
        server.count()

        def cut(number: int, method: str, path: str, limit: int = cut_at) -> int | None:
            return 403 if number >= limit else None

        if is_carried_out:
            server.fault_after = cut
        else:
            server.fault = cut
        error = publish_and_catch(open_store(address, tmp_path / str(cut_at)))
        server.fault = server.fault_after = lambda number, method, path: None
        reader = open_store(address, tmp_path / "reader")
        snapshots = reader.manifests()
        assert len(snapshots) <= 1
        assert not any(reader.find_damage(manifest.id) for manifest in snapshots)
        again = publish_day(open_store(address, tmp_path / "next"), NOON + DAY)
        assert again.previous == (snapshots[0].id if snapshots else None)
        outcomes.append((error is None, len(snapshots)))
    assert outcomes[0] == (False, 0)
    assert outcomes[-1][1] == 1
    assert "<UploadId>" not in server.open_uploads()


def test_an_upload_whose_answer_is_lost_is_known_again(
    bucket: str, server: ObjectStore, tmp_path: Path
) -> None:
    server.fault_after = lambda number, method, path: 0 if number in (4, 13) else None
    assert publish_and_catch(open_store(bucket, tmp_path)) is None
    server.fault_after = lambda number, method, path: None
    assert not open_store(bucket, tmp_path / "reader").find_damage("20261121T120000Z")


@pytest.mark.parametrize("status", [500, 503, 429])
def test_answers_that_pass_are_asked_for_again(
    bucket: str, server: ObjectStore, tmp_path: Path, status: int
) -> None:
    server.fault = lambda number, method, path: status if number % 3 == 1 else None
    manifest = publish_day(open_store(bucket, tmp_path))
    server.fault = lambda number, method, path: None
    assert not open_store(bucket, tmp_path / "reader").find_damage(manifest.id)


def test_a_wrong_bucket_a_wrong_key_and_no_server_are_said_without_secrets(
    bucket: str, server: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(address: str) -> tuple[int, str]:
        error = run(address, tmp_path, "count", "llama").exception
        assert isinstance(error, LineageError), error
        assert "s3cr3t" not in error.message + error.hint
        return error.exit_code, error.message

    assert ask("s3://hystory/x") == (
        4,
        "there is no bucket 'hystory', so no store at s3://hystory/x",
    )
    server.fault = lambda number, method, path: 403
    assert ask(bucket) == (4, f"{bucket} cannot be read: 403")
    assert ask("s3://AKIA:s3cr3t@history/x")[0] == 2
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://hub.example")
    assert ask(bucket)[0] == 2


def test_what_is_pruned_while_it_is_read_is_said_to_be_pruned(bucket: str, tmp_path: Path) -> None:
    store = open_store(bucket, tmp_path)
    first = publish_day(store)
    publish_day(store, NOON + DAY)
    reader = open_store(bucket, tmp_path / "reader")
    snapshot = reader.snapshot(first.id)
    store.delete(first.id)
    with pytest.raises(LineageError, match="was pruned meanwhile"):
        snapshot.edges()
    assert [one.id for one in open_store(bucket, tmp_path / "reader").manifests()] != [first.id]
    assert not any(first.id in name for name in open_store(bucket, tmp_path).files.folders())


def test_what_else_lies_in_the_bucket_is_left_alone(
    bucket: str, server: ObjectStore, tmp_path: Path
) -> None:
    store = open_store(bucket, tmp_path)
    first = publish_day(store)
    for path in (f"{first.id}/notes.txt", "other/notes.txt", f"{first.id}/deep/er/file"):
        store.files.write_whole(path, b"mine")
    publish_day(store, NOON + DAY)
    store.delete(first.id)
    assert store.files.exists(f"{first.id}/notes.txt")
    assert store.files.exists("other/notes.txt")
    assert (store.damaged(), len(store.manifests())) == ({}, 1)


@pytest.mark.parametrize("address", ["gs://bucket/x", "s3:///x", "s3://b/x?region=eu", "hf://a/b"])
def test_other_addresses_are_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no address of a store|names no bucket"):
        open_store(address, tmp_path)


def test_a_harmed_copy_is_damage_and_no_answer(bucket: str, tmp_path: Path) -> None:
    manifest = publish_day(open_store(bucket, tmp_path))
    for copy in (tmp_path / "cache" / "objects").iterdir():
        content = bytearray(copy.read_bytes())
        content[len(content) // 2] ^= 0xFF
        copy.write_bytes(content)
    with pytest.raises(StoreError):
        open_store(bucket, tmp_path).snapshot(manifest.id).edges()


def test_a_manifest_that_is_too_large_harms_its_own_snapshot_alone(
    bucket: str, tmp_path: Path
) -> None:
    store = open_store(bucket, tmp_path)
    manifest = publish_day(store)
    store.files.write_whole("20261120T120000Z/manifest.json", b" " * (MOST_BYTES + 1))
    reader = open_store(bucket, tmp_path / "reader")
    assert [one.id for one in reader.manifests()] == [manifest.id]
    assert list(reader.damaged()) == ["20261120T120000Z"]


def test_tables_of_iceberg_point_into_the_bucket(
    server: ObjectStore, bucket: str, tmp_path: Path
) -> None:
    store = open_store(bucket, tmp_path)
    first = publish_day(store)
    later = origin(SnapshotKind.UPDATE, taken_at=NOON + DAY)
    context = replace(publication(Path("unused")), store=store)
    read_again = pages([row("aside/7", likes=7)])
    day = build_snapshot(read_again, later, context, update_of=store.snapshot())
    tables = open_files(f"{bucket}/tables", str(tmp_path / "cache"))
    assert export_iceberg(store, tables, NO_OPT_OUTS, print) == IcebergExport(2, 2)
    assert export_iceberg(store, tables, NO_OPT_OUTS, print) == IcebergExport(2, 0)
    properties = {
        "s3.endpoint": server.environment["AWS_ENDPOINT_URL"],
        "s3.access-key-id": server.environment["AWS_ACCESS_KEY_ID"],
        "s3.secret-access-key": server.environment["AWS_SECRET_ACCESS_KEY"],
        "s3.region": server.environment["AWS_REGION"],
    }
    from pyiceberg.table import StaticTable

    models = StaticTable.from_metadata(f"{bucket}/tables/models", properties)
    files = {it.file.file_path.removeprefix(f"{bucket}/") for it in models.scan().plan_files()}
    assert files == {f"{first.id}/models.parquet", f"{day.id}/models.changes.parquet"}
    rows = models.scan().to_arrow().sort_by("key")
    assert rows.to_pylist() == store.snapshot().table("models.parquet").to_pylist()
    with pytest.raises(SettingsError, match="would point to files of this machine"):
        export_iceberg(open_store(str(tmp_path), tmp_path), tables, NO_OPT_OUTS, print)


@pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")
def test_a_history_in_a_bucket_is_published_as_a_data_set_by_the_command(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(bucket, tmp_path)
    days = [publish_day(store, moment).id for moment in (NOON, NOON + DAY)]
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with DataSetHub() as hub:
        words = ["publish", "hf://datasets/owner/lineage", "--sample", "--endpoint", hub.url]
        first = run(bucket, tmp_path / "reader", "--format", "json", *words)
        assert first.exit_code == 0, first.output
        told = json.loads(first.stdout)
        assert (told["added"], told["sample"]) == (days, True)
        again = run(bucket, tmp_path / "reader", *words)
        assert "nothing: it is up to date" in again.stdout
        refused = run(bucket, tmp_path / "reader", *words[:2], "--endpoint", hub.url)
        assert isinstance(refused.exception, SettingsError)
        published = hub.files("owner/lineage")
    assert not any(secret in first.output + again.output for secret in (TOKEN, "s3cr3t"))
    for day in days:
        for name in store.snapshot(day).manifest.files:
            assert published[f"snapshots/{day}/{name}"] == store.files.read(
                f"{day}/{name}", 1 << 30
            )
