"""Tables of Apache Iceberg say of every day what the store's own reader says of it."""

import json
import shutil
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyiceberg.table import StaticTable

from lineage.build.checks import Limits
from lineage.build.pipeline import build_snapshot
from lineage.domain.opt_outs import NO_OPT_OUTS, OptOuts
from lineage.errors import NoSuchSnapshot, SettingsError, SnapshotDamaged, StoreError
from lineage.export.iceberg import TABLES, IcebergExport, export_iceberg
from lineage.store import schema
from lineage.store.local_files import LocalFiles
from lineage.store.manifest import SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore
from tests.builders import Row, key_of, origin, pages, publication, published, row
from tests.fakes.fake_clock import NOON
from tests.updates import updated

DAY = timedelta(days=1)
SCHEMA_3 = Path(__file__).parents[1] / "store" / "schema_3"
WORLD = [row(f"owner/m{it}", [f"owner/m{it // 3}"] if it else [], likes=it) for it in range(60)]
CHILD = row("owner/child", ["owner/m7"], "adapter")


def full_crawl(rows: Sequence[Row], day: int, folder: Path, kind: SnapshotKind) -> Snapshot:
    """Publish rows so many days after the first, however many models are missing."""
    ordered = sorted(rows, key=lambda it: str(it["_id"]))
    into = publication(folder, limits=Limits(min_kept_share=0.0))
    manifest = build_snapshot(pages(ordered), origin(kind, taken_at=NOON + day * DAY), into)
    return into.store.snapshot(manifest.id)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five days: a crawl, two updates, a crawl that misses models, and an update of that."""
    folder = tmp_path_factory.mktemp("history")
    first = published(WORLD, folder)
    second = updated(first, [row("owner/m8", ["owner/m1"], likes=999), CHILD], folder)
    # Another parent, none any more, and another name under the same key.
    moved = row("owner/m20", ["owner/m9"], "merge")
    renamed = WORLD[5] | {"id": "owner/renamed", "likes": 5000}
    updated(second, [moved, row("owner/m21"), renamed], folder)
    left = [it for it in WORLD if it["id"] not in {"owner/m1", "owner/m30", "owner/m59"}]
    fourth = full_crawl([*left, CHILD], 3, folder, SnapshotKind.FULL)
    fifth = updated(fourth, [row("owner/m2", likes=77), row("owner/back", ["owner/m1"])], folder)
    assert fifth.manifest.builds_on is not None
    assert fourth.manifest.tombstones == 3
    return folder


def days_of(folder: Path) -> list[Snapshot]:
    return list(ParquetStore(str(folder), NO_OPT_OUTS))


def export(folder: Path, out: Path, opt_outs: OptOuts = NO_OPT_OUTS) -> IcebergExport:
    store = ParquetStore(str(folder), NO_OPT_OUTS)
    return export_iceberg(store, LocalFiles(str(out), "--out"), opt_outs, print)


def table_in(out: Path, file: str) -> StaticTable:
    return StaticTable.from_metadata(f"file://{out}/{file.removesuffix('.parquet')}")


def number_of(snapshot: Snapshot) -> int:
    return int(snapshot.id.replace("T", "").rstrip("Z"))


def in_order(table: pa.Table) -> list[str]:
    return sorted(json.dumps(it, sort_keys=True, default=str) for it in table.to_pylist())


def own_rows(snapshot: Snapshot, file: str, columns: list[str]) -> list[str]:
    is_late = file == schema.TOMBSTONES_FILE
    return in_order(snapshot.tombstones(columns) if is_late else snapshot.table(file, columns))


def read_by_pyiceberg(table: StaticTable, snapshot: Snapshot) -> pa.Table:
    return table.scan(snapshot_id=number_of(snapshot)).to_arrow()


def read_by_polars(table: StaticTable, snapshot: Snapshot) -> pa.Table:
    scan = pl.scan_iceberg(table, snapshot_id=number_of(snapshot), reader_override="native")
    return scan.collect().to_arrow()


def assert_as_the_store(
    folder: Path,
    out: Path,
    read: Callable[..., pa.Table] = read_by_pyiceberg,
    files: Sequence[str] = (schema.MODELS_FILE, schema.EVIDENCE_FILE),
) -> None:
    for file in files:
        table = table_in(out, file)
        days = days_of(folder)
        assert [it.snapshot_id for it in table.history()] == list(map(number_of, days))
        for day in days:
            rows = read(table, day)
            assert in_order(rows) == own_rows(day, file, rows.column_names), (file, day.id)


@pytest.fixture(scope="module")
def exported(history: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("iceberg")
    assert export(history, out) == IcebergExport(5, 5)
    return out


def test_every_day_is_what_the_store_says(history: Path, exported: Path) -> None:
    assert_as_the_store(history, exported, files=TABLES)


def test_every_day_is_the_same_to_another_reader(
    history: Path, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLARS_ICEBERG_PLANNER", "pyiceberg")
    assert_as_the_store(history, exported, read_by_polars, TABLES)


def test_a_moment_is_answered_by_the_snapshot_that_was_the_newest(
    history: Path, exported: Path
) -> None:
    table = table_in(exported, schema.MODELS_FILE)
    for day in days_of(history):
        moment = round((day.manifest.origin.taken_at + DAY / 2).timestamp() * 1000)
        named = table.snapshot_as_of_timestamp(moment)
        assert named is not None
        assert named.snapshot_id == number_of(day)
        assert named.summary is not None
        assert named.summary["lineage.snapshot"] == day.id
        assert named.timestamp_ms == day.manifest.origin.taken_at.timestamp() * 1000


def test_all_columns_are_registered_but_the_numbers_of_nodes(exported: Path) -> None:
    for file in TABLES:
        names = [it for it in schema.TABLES[file].names if not it.endswith("node")]
        assert list(table_in(exported, file).schema().column_names)[: len(names)]
        assert [it.name for it in table_in(exported, file).schema().fields] == names


def test_edges_are_the_files_of_changes_without_the_rows_that_ended(exported: Path) -> None:
    names = [it.name for it in (exported / "edges" / "data").iterdir()]
    assert {it.partition("-2026")[0] for it in names} == {"deletes-0", "deletes-1"}


def test_no_file_of_the_store_is_copied(history: Path, exported: Path) -> None:
    table = table_in(exported, schema.MODELS_FILE)
    newest = days_of(history)[-1]
    base = newest.manifest.builds_on
    assert base is not None
    named = {it.file.file_path for it in table.scan(snapshot_id=number_of(newest)).plan_files()}
    files = {f"{base.id}/models.parquet", f"{newest.id}/models.changes.parquet"}
    assert named == {f"file://{history}/{it}" for it in files}
    kept = {it.name.partition("-")[0] for it in exported.rglob("*.parquet")}
    assert kept == {"deletes"}


def test_the_metadata_have_what_the_specification_requires(exported: Path) -> None:
    for file in TABLES:
        folder = exported / file.removesuffix(".parquet") / "metadata"
        version = (folder / "version-hint.text").read_text()
        metadata = json.loads((folder / f"v{version}.metadata.json").read_text())
        assert set(metadata) >= {
            *("format-version", "table-uuid", "location", "last-sequence-number"),
            *("last-updated-ms", "last-column-id", "schemas", "current-schema-id"),
            *("partition-specs", "default-spec-id", "last-partition-id"),
            *("sort-orders", "default-sort-order-id", "current-snapshot-id", "refs"),
        }
        table = table_in(exported, file)
        for snapshot in table.snapshots():
            for manifest in snapshot.manifests(table.io):
                # Some readers trust the length, and all the sequences.
                path = Path(manifest.manifest_path.removeprefix("file://"))
                assert manifest.manifest_length == path.stat().st_size
                assert manifest.min_sequence_number <= manifest.sequence_number
                assert manifest.added_snapshot_id == snapshot.snapshot_id
                assert manifest.sequence_number == snapshot.sequence_number


def test_a_key_is_found_though_two_files_hold_it(history: Path, exported: Path) -> None:
    wanted = f"key == '{key_of('owner/m2')}'"
    found = table_in(exported, schema.METRICS_FILE).scan(row_filter=wanted).to_arrow()
    assert found["likes"].to_pylist() == [77]


def contents_of(out: Path) -> dict[str, bytes]:
    return {str(it.relative_to(out)): it.read_bytes() for it in out.rglob("*") if it.is_file()}


def test_again_changes_no_byte(history: Path, exported: Path) -> None:
    before = contents_of(exported)
    assert export(history, exported) == IcebergExport(5, 0)
    assert contents_of(exported) == before


@pytest.fixture
def world(history: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The first three days as a store that a test may change, with its tables beside it."""
    for day in days_of(history)[:3]:
        shutil.copytree(history / day.id, tmp_path / "store" / day.id)
    export(tmp_path / "store", tmp_path / "out")
    return tmp_path / "store", tmp_path / "out"


def test_a_new_day_is_added_to_what_is_there(world: tuple[Path, Path]) -> None:
    folder, out = world
    before = contents_of(out)
    updated(days_of(folder)[-1], [row("owner/m3", likes=3000)], folder)
    assert export(folder, out) == IcebergExport(4, 1)
    assert_as_the_store(folder, out)
    after = contents_of(out)
    hints = {f"{it.removesuffix('.parquet')}/metadata/version-hint.text" for it in TABLES}
    assert {path for path, content in before.items() if after.get(path) != content} == hints


def test_a_dump_of_the_past_takes_its_place(world: tuple[Path, Path]) -> None:
    folder, out = world
    dump = [it | {"likes": 1} for it in WORLD[:50]]
    ordered = sorted(dump, key=lambda it: str(it["_id"]))
    at = NOON + 0.5 * DAY
    build_snapshot(pages(ordered), origin(SnapshotKind.DUMP, taken_at=at), publication(folder))
    assert export(folder, out) == IcebergExport(4, 3)
    assert_as_the_store(folder, out)


def test_what_was_pruned_is_dropped_and_the_rest_stays(world: tuple[Path, Path]) -> None:
    folder, out = world
    pruned = days_of(folder)[1]
    ParquetStore(str(folder), NO_OPT_OUTS).delete(pruned.id)
    assert export(folder, out) == IcebergExport(2, 0)
    assert_as_the_store(folder, out)
    assert not [it for it in contents_of(out) if str(number_of(pruned)) in it]


def test_a_store_that_was_moved_is_registered_anew(world: tuple[Path, Path]) -> None:
    folder, out = world
    elsewhere = folder.rename(folder.parent / "else where")
    assert export(elsewhere, out) == IcebergExport(3, 3)
    assert_as_the_store(elsewhere, out)


def test_tables_that_were_moved_are_written_anew(world: tuple[Path, Path]) -> None:
    folder, out = world
    elsewhere = out.rename(out.parent / "moved")
    assert export(folder, elsewhere) == IcebergExport(3, 3)
    assert_as_the_store(folder, elsewhere)
    names = [it for it in contents_of(elsewhere) if "/snap-" in it]
    assert len(names) == 3 * len(TABLES)


def test_days_that_name_who_opted_out_are_left_out(
    world: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = world
    opted_out = OptOuts.parse("owner/child")
    assert export(folder, out, opted_out) == IcebergExport(1, 0)
    assert "2 left out: their files name models that opted out" in capsys.readouterr().out
    table = table_in(out, schema.MODELS_FILE)
    assert not pc.any(pc.equal(table.scan().to_arrow()["id"], "owner/child")).as_py()
    later = {str(number_of(it)) for it in days_of(folder)[1:]}
    assert not [it for it in contents_of(out) if any(day in it for day in later)]
    assert export(folder, out, opted_out) == IcebergExport(1, 0)
    with pytest.raises(StoreError, match="can be registered"):
        export(folder, out, OptOuts.parse("owner/m20"))
    assert export(folder, out) == IcebergExport(3, 2)
    assert_as_the_store(folder, out)


def test_days_in_former_words_and_of_one_base_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(SCHEMA_3, tmp_path / "store")
    (tmp_path / "store" / "rows.json").unlink()
    with pytest.raises(StoreError, match="can be registered"):
        export(tmp_path / "store", tmp_path / "out")
    assert "2 of schema 1 to 3 left out" in capsys.readouterr().out
    published(WORLD, tmp_path / "store", taken_at=NOON + 9 * DAY)
    assert export(tmp_path / "store", tmp_path / "out") == IcebergExport(1, 1)


def test_where_every_day_names_them_nothing_is_written(history: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can be registered"):
        export(history, tmp_path / "out", OptOuts.parse("owner"))
    assert not (tmp_path / "out").exists()


def test_without_a_snapshot_there_is_nothing_to_register(tmp_path: Path) -> None:
    with pytest.raises(NoSuchSnapshot, match="no snapshot"):
        export(tmp_path / "store", tmp_path / "out")


@pytest.mark.parametrize("content", [b"{}", b"", b"{", b'{"format-version": 1}', b"\xff"])
def test_a_table_of_somebody_else_is_never_written_over(
    content: bytes, history: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "models" / "metadata"
    folder.mkdir(parents=True)
    (folder / "version-hint.text").write_text("7")
    (folder / "v7.metadata.json").write_bytes(content)
    before = contents_of(tmp_path)
    with pytest.raises(SettingsError, match="this command did not write"):
        export(history, tmp_path)
    assert contents_of(tmp_path) == before


def test_a_path_that_readers_mistake_is_refused(history: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds a sign that"):
        export(history, tmp_path / "out#1")


def test_a_damaged_table_is_not_registered(world: tuple[Path, Path], tmp_path: Path) -> None:
    folder, _ = world
    file = folder / days_of(folder)[0].id / schema.EDGES_FILE
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(SnapshotDamaged, match=r"edges\.parquet cannot be read"):
        export(folder, tmp_path / "new")
