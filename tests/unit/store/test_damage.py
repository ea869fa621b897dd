"""What is wrong with a store is named; nothing half, foreign or newer is taken for a snapshot."""

import json
import random
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from lineage.build.draft import open_draft
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import NoSuchSnapshot, SchemaTooNew, SnapshotDamaged, UnknownSnapshot
from lineage.store import schema
from lineage.store.inventory import mark_unfinished_folder
from lineage.store.local_files import LocalFiles
from lineage.store.manifest import Manifest
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore
from tests.builders import origin, published, row, rows_of
from tests.fakes.fake_clock import NOON

Edit = Callable[[dict[str, object]], object]


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    kids = [row(f"kid/{number}", ["base/a"]) for number in range(30)]
    return published([row("base/a"), *kids], tmp_path)


@pytest.fixture
def store(tmp_path: Path, snapshot: Snapshot) -> ParquetStore:
    return ParquetStore(str(tmp_path), NO_OPT_OUTS)


@pytest.fixture
def folder(tmp_path: Path, snapshot: Snapshot) -> Path:
    return tmp_path / snapshot.id


def edit_manifest(folder: Path, edit: Edit) -> None:
    path = folder / "manifest.json"
    content = json.loads(path.read_text("utf-8"))
    edit(content)
    path.write_text(json.dumps(content), "utf-8")


# Files


def test_an_unharmed_snapshot_has_no_problems(store: ParquetStore, snapshot: Snapshot) -> None:
    assert store.find_damage(snapshot.id) == []


@pytest.mark.parametrize("name", sorted(schema.TABLES))
@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_one_flipped_bit_is_noticed_and_its_file_named(
    name: str, share: float, store: ParquetStore, folder: Path
) -> None:
    content = bytearray((folder / name).read_bytes())
    content[int(share * (len(content) - 1))] ^= 1
    (folder / name).write_bytes(content)
    assert store.find_damage(folder.name) == [
        f"{folder.name}/{name}: its content is not what was published (SHA-256 differs)"
    ]


@pytest.mark.parametrize("name", sorted(schema.TABLES))
def test_a_missing_file_is_named(name: str, store: ParquetStore, folder: Path) -> None:
    (folder / name).unlink()
    (problem,) = store.find_damage(folder.name)
    assert problem == f"{folder.name}/{name}: cannot be read (FileNotFoundError)"


@pytest.mark.parametrize("name", sorted(schema.TABLES))
def test_a_truncated_file_is_named(name: str, store: ParquetStore, folder: Path) -> None:
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[:-1])
    (problem,) = store.find_damage(folder.name)
    assert problem == (
        f"{folder.name}/{name}: {len(whole) - 1} bytes, the manifest says {len(whole)}"
    )


def test_every_damaged_file_is_named(store: ParquetStore, folder: Path) -> None:
    (folder / "models.parquet").unlink()
    (folder / "edges.parquet").write_bytes(b"")
    assert [problem.split(":")[0] for problem in store.find_damage(folder.name)] == [
        f"{folder.name}/edges.parquet",
        f"{folder.name}/models.parquet",
    ]


def test_reading_a_missing_file_says_how_to_see_more(snapshot: Snapshot, folder: Path) -> None:
    (folder / "edges.parquet").unlink()
    with pytest.raises(SnapshotDamaged, match=r"edges\.parquet") as damage:
        snapshot.edges()
    assert f"lineage snapshots verify {snapshot.id}" in damage.value.hint


@pytest.mark.parametrize("name", sorted(schema.TABLES))
def test_reading_damaged_bytes_is_an_error_of_ours_or_the_truth(
    name: str, snapshot: Snapshot, folder: Path
) -> None:
    whole, truth = (folder / name).read_bytes(), snapshot.table(name)
    errors = 0
    for at in range(4, len(whole), max(1, len(whole) // 60)):
        damaged = bytearray(whole)
        damaged[at] ^= 0x55
        (folder / name).write_bytes(damaged)
        try:
            found = snapshot.table(name)
        except SnapshotDamaged:
            errors += 1
        else:
            assert found.equals(truth)
    assert errors > 40


# Manifests


def test_a_snapshot_that_lost_its_manifest_is_damaged_and_kept(
    store: ParquetStore, folder: Path
) -> None:
    (folder / "manifest.json").unlink()
    assert store.manifests() == []
    with pytest.raises(NoSuchSnapshot):
        store.snapshot()
    with pytest.raises(SnapshotDamaged, match="it was lost") as lost:
        store.snapshot(folder.name)
    assert "delete the folder" in lost.value.hint
    assert store.damaged() == {folder.name: lost.value.message}
    again = published([row()], folder.parent)
    open_draft(store, origin(taken_at=NOON + timedelta(days=30))).close()
    assert again.id != folder.name
    assert {path.name for path in folder.iterdir()} == set(schema.TABLES)


def test_a_draft_that_a_kill_left_is_no_snapshot_and_goes(
    store: ParquetStore, folder: Path
) -> None:
    draft = open_draft(store, origin(taken_at=NOON + timedelta(days=1)))
    draft.close()
    assert [path.name for path in (folder.parent / draft.id).iterdir()]
    with pytest.raises(UnknownSnapshot):
        store.snapshot(draft.id)
    assert store.damaged() == {}
    open_draft(store, origin(taken_at=NOON + timedelta(days=30))).close()
    assert not (folder.parent / draft.id).exists()


def test_a_kill_right_after_the_manifest_leaves_a_whole_snapshot(
    store: ParquetStore, folder: Path
) -> None:
    mark_unfinished_folder(LocalFiles(store.location), folder.name)
    assert store.find_damage(folder.name) == []
    open_draft(store, origin(taken_at=NOON + timedelta(days=30))).close()
    assert {path.name for path in folder.iterdir()} == {*schema.TABLES, "manifest.json"}


def test_what_is_deleted_bears_its_mark_to_the_end(store: ParquetStore, folder: Path) -> None:
    gone: list[str] = []
    for file in sorted(schema.TABLES):
        copy = folder.parent / "20200101T000000Z"
        shutil.copytree(folder, copy)
        mark_unfinished_folder(LocalFiles(store.location), copy.name)
        for name in ("manifest.json", *gone):
            (copy / name).unlink()
        assert (store.damaged(), len(store.manifests())) == ({}, 1)
        gone.append(file)
        shutil.rmtree(copy)
    store.delete(folder.name)
    assert not folder.exists()


def test_foreign_folders_and_files_are_passed_over(store: ParquetStore, folder: Path) -> None:
    (folder.parent / "notes").mkdir()
    (folder.parent / "zzz.txt").write_text("mine", "utf-8")
    assert store.snapshot().id == folder.name


@pytest.mark.parametrize("id", ["", "20200101T000000Z", "../elsewhere", "."])
def test_what_is_not_there_is_said_to_be_not_there(id: str, store: ParquetStore) -> None:
    with pytest.raises(UnknownSnapshot, match="there is no snapshot"):
        store.snapshot(id)


def test_a_newer_schema_is_refused(store: ParquetStore, folder: Path) -> None:
    edit_manifest(folder, lambda content: content.update(schema_version=schema.VERSION + 1))
    with pytest.raises(SchemaTooNew, match="schema version") as refusal:
        store.snapshot()
    assert "update lineage" in refusal.value.hint


def test_a_newer_schema_is_refused_whatever_else_is_in_it(
    store: ParquetStore, folder: Path
) -> None:
    newer = {"schema_version": schema.VERSION + 1, "nothing": "known"}
    (folder / "manifest.json").write_text(json.dumps(newer), "utf-8")
    with pytest.raises(SchemaTooNew):
        store.snapshot()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b"\xff\xfe",
        b'{"schema_version": "x"}',
        b"5",
        b'{"schema_version": null}',
        b'{"schema_version": 1}',
    ],
)
def test_a_damaged_manifest_is_said_to_be_damaged(
    content: bytes, store: ParquetStore, folder: Path
) -> None:
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(SnapshotDamaged, match=r"manifest\.json cannot be read"):
        store.snapshot()


@pytest.mark.parametrize(
    "edit",
    [
        lambda content: content.pop("files"),
        lambda content: content.update(published_at="soon"),
        lambda content: content.update(files=[1]),
        lambda content: content.update(checks=[{}]),
        lambda content: content["origin"].update(kind="guess"),
        lambda content: content["origin"].pop("endpoint"),
        lambda content: content.update(origin=None),
    ],
)
def test_a_manifest_of_another_shape_is_damaged(
    edit: Edit, store: ParquetStore, folder: Path
) -> None:
    edit_manifest(folder, edit)
    with pytest.raises(SnapshotDamaged):
        store.snapshot(folder.name)


def test_a_renamed_folder_is_noticed(store: ParquetStore, folder: Path) -> None:
    folder.rename(folder.with_name("20300101T000000Z"))
    with pytest.raises(SnapshotDamaged, match="says it is"):
        store.snapshot()


def test_a_manifest_comes_back_as_it_went(snapshot: Snapshot) -> None:
    manifest = snapshot.manifest
    again = Manifest.from_json(manifest.to_json(), "here")
    assert again == manifest
    assert again.to_json() == manifest.to_json()


def test_an_empty_store_says_how_to_fill_it(tmp_path: Path) -> None:
    with pytest.raises(NoSuchSnapshot) as nothing:
        ParquetStore(str(tmp_path / "nowhere"), NO_OPT_OUTS).snapshot()
    assert "lineage crawl" in nothing.value.hint
    assert not (tmp_path / "nowhere").exists()


# Looking up


def test_a_base_is_found_by_its_exact_name_alone(snapshot: Snapshot) -> None:
    found = snapshot.base("base/a")
    assert found is not None
    assert (found.direct, found.total) == (30, 30)
    assert snapshot.base("BASE/a") is None
    assert snapshot.base("kid/1") is None
    assert snapshot.base("") is None


def test_edges_as_integers_are_those_of_the_table(snapshot: Snapshot) -> None:
    edges = snapshot.edges()
    table = rows_of(snapshot, "edges.parquet")
    assert edges.child.tolist() == [one["child_node"] for one in table]
    models = rows_of(snapshot, "models.parquet")
    assert [models[node]["id"] for node in edges.child] == [one["child"] for one in table]
    assert [models[node]["id"] for node in edges.parent] == ["base/a"] * 30


def test_a_flipped_bit_of_a_table_is_never_read_as_an_answer(tmp_path: Path) -> None:
    rows = [row("a/base"), *(row(f"b/child-{at}", ["a/base"]) for at in range(300))]
    snapshot = published(rows, tmp_path)
    path = tmp_path / snapshot.id / schema.EDGES_FILE
    whole, dice = path.read_bytes(), random.Random(5)
    truth = [column.tolist() for column in snapshot.edges()]
    refused = 0
    for _ in range(150):
        harmed = bytearray(whole)
        harmed[dice.randrange(len(whole))] ^= 1 << dice.randrange(8)
        path.write_bytes(harmed)
        try:
            found = [column.tolist() for column in snapshot.edges()]
        except SnapshotDamaged:
            refused += 1
        else:
            assert found == truth
    assert refused > 20
