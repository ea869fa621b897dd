"""Nothing outside a store is read, written or deleted by what somebody put into it."""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from lineage.build.draft import open_draft
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import LineageError, SnapshotDamaged, StoreError, UnknownSnapshot
from lineage.http.page_log import PageLogs
from lineage.store import schema
from lineage.store.inventory import MARK
from lineage.store.lease import FILE as LOCK
from lineage.store.lease import Holder, hold
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore
from tests.builders import origin, published, row
from tests.fakes.fake_clock import NOON, FakeClock

ME = Holder.this_process("lineage crawl", NOON)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder of somebody's that holds names a store has too."""
    folder = tmp_path / "mine"
    (folder / "deeper").mkdir(parents=True)
    for path in (folder / "notes.txt", folder / "deeper" / "notes.txt", folder / "models.parquet"):
        path.write_text("mine", "utf-8")
    return folder


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    return published([row("base/a"), row("kid/b", ["base/a"])], tmp_path / "store")


@pytest.fixture
def store(tmp_path: Path, snapshot: Snapshot) -> ParquetStore:
    return ParquetStore(str(tmp_path / "store"), NO_OPT_OUTS)


@pytest.fixture
def folder(tmp_path: Path, snapshot: Snapshot) -> Path:
    return tmp_path / "store" / snapshot.id


def texts_of(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in files}


# The lock


@pytest.mark.parametrize("is_dangling", [False, True])
def test_a_lock_that_is_a_link_is_refused_and_its_target_stays(
    is_dangling: bool, tmp_path: Path, mine: Path
) -> None:
    target = mine / ("nothing" if is_dangling else "notes.txt")
    (tmp_path / LOCK).symlink_to(target)
    before = texts_of(mine)
    with pytest.raises(StoreError, match="is a link"), hold(tmp_path, ME):
        pass
    assert texts_of(mine) == before


def test_a_lock_that_is_a_hard_link_holds_and_its_target_stays(tmp_path: Path, mine: Path) -> None:
    (tmp_path / LOCK).hardlink_to(mine / "notes.txt")
    with hold(tmp_path, ME) as held:
        assert held
    assert texts_of(mine)["notes.txt"] == "mine"


@pytest.mark.parametrize("content", ["export PATH=/bin\n", "{}", "[1]", '{"host": 1}'])
def test_a_lock_with_other_words_than_ours_keeps_them(content: str, tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text(content, "utf-8")
    with hold(tmp_path, ME) as held:
        assert held
    assert (tmp_path / LOCK).read_text("utf-8") == content


def test_a_lock_that_is_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / LOCK)
    with pytest.raises(StoreError, match="no regular file"), hold(tmp_path, ME):
        pass


def test_a_lock_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / LOCK).mkdir()
    with pytest.raises(StoreError, match="cannot be written"), hold(tmp_path, ME):
        pass


# Deleting


def test_only_what_lineage_wrote_is_deleted_with_a_snapshot(
    store: ParquetStore, folder: Path, mine: Path
) -> None:
    before = texts_of(mine)
    (folder / "more").symlink_to(mine)
    (folder / "linked.parquet").symlink_to(mine / "notes.txt")
    (folder / "trends.parquet").unlink()
    (folder / "trends.parquet").symlink_to(mine / "models.parquet")
    (folder / "names.parquet").unlink()
    (folder / "names.parquet").hardlink_to(mine / "models.parquet")
    (folder / "kept").mkdir()
    for name in ("notes.txt", "kept/models.parquet"):
        (folder / name).write_text("mine too", "utf-8")
    store.delete(folder.name)
    assert texts_of(mine) == before
    assert {path.name for path in folder.iterdir()} == {
        *("more", "linked.parquet", "trends.parquet", "kept", "notes.txt")
    }
    assert (folder / "kept" / "models.parquet").read_text("utf-8") == "mine too"
    assert (store.manifests(), store.damaged(), store.refused()) == ([], {}, [])


def test_what_deletion_left_is_never_written_into(
    store: ParquetStore, folder: Path, mine: Path
) -> None:
    (folder / "more").symlink_to(mine)
    store.delete(folder.name)
    draft = open_draft(store, origin(taken_at=NOON))
    draft.close()
    assert draft.id != folder.name
    assert [path.name for path in folder.iterdir()] == ["more"]


def test_a_draft_that_a_kill_left_loses_its_own_files_alone(
    store: ParquetStore, tmp_path: Path, mine: Path
) -> None:
    draft = open_draft(store, origin(taken_at=NOON + timedelta(days=1)))
    draft.close()
    left = tmp_path / "store" / draft.id
    (left / "more").symlink_to(mine)
    before = texts_of(mine)
    open_draft(store, origin(taken_at=NOON + timedelta(days=30))).close()
    assert [path.name for path in left.iterdir()] == ["more"]
    assert texts_of(mine) == before


@pytest.mark.parametrize("name", ["notes", "20200101T000000Z.bak", "20200101T000000Z\n"])
@pytest.mark.parametrize("file", ["manifest.json", "refused.json", MARK, "models.parquet"])
def test_a_folder_of_another_name_is_somebody_elses_whatever_is_in_it(
    name: str, file: str, store: ParquetStore, tmp_path: Path
) -> None:
    other = tmp_path / "store" / name
    other.mkdir()
    (other / file).write_text("mine", "utf-8")
    open_draft(store, origin(taken_at=NOON + timedelta(days=30))).close()
    assert (len(store.manifests()), store.damaged(), store.refused()) == (1, {}, [])
    assert (other / file).read_text("utf-8") == "mine"


@pytest.mark.parametrize("id", ["..", "../mine", ".", "", "more/20200101T000000Z"])
def test_an_id_never_leads_out_of_the_store(
    id: str, store: ParquetStore, tmp_path: Path, mine: Path
) -> None:
    (mine / "manifest.json").write_text("mine", "utf-8")
    (tmp_path / "manifest.json").write_text("mine", "utf-8")
    before = texts_of(mine)
    with suppress(LineageError):
        store.delete(id)
    with pytest.raises(UnknownSnapshot, match="there is no snapshot"):
        store.snapshot(id)
    assert texts_of(mine) == before
    assert len(store.manifests()) == 1


# Reading


def test_a_snapshot_that_is_a_link_is_named_and_neither_read_nor_deleted(
    store: ParquetStore, folder: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)
    assert store.manifests() == []
    (problem,) = store.damaged().values()
    assert "is a link, and links inside a store are never followed" in problem
    for name in (None, folder.name):
        with pytest.raises(SnapshotDamaged, match="is a link"):
            store.snapshot(name)
    store.delete(folder.name)
    open_draft(store, origin(taken_at=NOON)).close()
    assert folder.is_symlink()
    assert {path.name for path in elsewhere.iterdir()} == {*schema.TABLES, "manifest.json"}


@pytest.mark.parametrize("name", ["manifest.json", *sorted(schema.TABLES)])
def test_no_file_is_read_through_a_link(
    name: str, store: ParquetStore, folder: Path, tmp_path: Path
) -> None:
    (folder / name).rename(tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)
    with pytest.raises(SnapshotDamaged, match=f"{name} is a link"):
        store.snapshot(folder.name).table(name)
    (problem,) = store.damaged().values() or store.find_damage(folder.name)
    assert f"{name} is a link" in problem


@pytest.mark.parametrize("name", ["manifest.json", "edges.parquet"])
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_regular_file_is_damage_and_waits_for_nobody(
    name: str, make: Callable[[Path], None], store: ParquetStore, folder: Path
) -> None:
    (folder / name).unlink()
    make(folder / name)
    with pytest.raises(SnapshotDamaged, match=f"{name} is no regular file"):
        store.snapshot().table("edges.parquet")


def test_the_store_itself_may_be_a_link(tmp_path: Path, snapshot: Snapshot) -> None:
    (tmp_path / "here").symlink_to(tmp_path / "store")
    linked = ParquetStore(str(tmp_path / "here"), NO_OPT_OUTS)
    assert linked.snapshot().id == snapshot.id
    with linked.lock(ME) as held:
        assert held
    linked.delete(snapshot.id)
    assert linked.manifests() == []


# The page log


def test_a_page_log_loses_its_own_files_alone(tmp_path: Path, mine: Path) -> None:
    logs = PageLogs(tmp_path / "cache", FakeClock(), keep_closed=0)
    log = logs.begin_page_log({"of": "full"})
    log.put_logged_page("GET /api/models", {}, b"[]")
    log.close("20261121T120000Z")
    (log.folder / "more").symlink_to(mine)
    (log.folder / "notes.page").write_text("mine", "utf-8")
    before = texts_of(mine)
    logs.prune_page_logs()
    assert {path.name for path in log.folder.iterdir()} == {"more", "notes.page"}
    assert texts_of(mine) == before
    assert logs.find_latest_page_log({"of": "full"}) is None


def test_a_page_log_that_is_a_link_is_none_of_ours(tmp_path: Path) -> None:
    elsewhere = PageLogs(tmp_path / "elsewhere", FakeClock()).begin_page_log({"of": "full"})
    elsewhere.close("20261121T120000Z")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / elsewhere.folder.name).symlink_to(elsewhere.folder)
    logs = PageLogs(tmp_path / "cache", FakeClock(), keep_closed=0)
    logs.prune_page_logs()
    assert logs.find_latest_page_log({"of": "full"}) is None
    assert elsewhere.is_page_log_closed
