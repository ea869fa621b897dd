"""`lineage snapshots`: what there is, what it says of itself, and whether it is unharmed."""

import shutil
from pathlib import Path

from tests.unit.cli.conftest import Program

ID = "20261121T120000Z"


def test_the_list_is_as_promised(program: Program, store: Path) -> None:
    (listed,) = program("snapshots", "list", "--store", store, "--format", "json").json
    keys = ["id", "kind", "taken_at", "models", "edges", "tombstones", "previous"]
    assert list(listed) == keys
    assert (listed["id"], listed["models"], listed["previous"]) == (ID, 6, None)


def test_an_empty_store_lists_nothing(program: Program, tmp_path: Path) -> None:
    told = program("snapshots", "list", "--store", tmp_path, "--format", "json")
    assert (told.code, told.json) == (0, [])


def test_a_snapshot_shows_its_manifest(program: Program, store: Path) -> None:
    assert program("snapshots", "show", ID, "--store", store, "--format", "json").json["id"] == ID
    told = program("snapshots", "show", "--store", store)
    assert "models.parquet" in told.out
    assert "ok  few_bad_rows" in told.out


def test_a_missing_snapshot_is_exit_code_4(program: Program, store: Path) -> None:
    told = program("snapshots", "show", "20200101T000000Z", "--store", store)
    assert told.code == 4
    assert "hint: see which there are with: lineage snapshots list" in told.err


def test_an_unharmed_snapshot_verifies(program: Program, store: Path) -> None:
    told = program("snapshots", "verify", "--store", store, "--format", "json")
    assert (told.code, told.json) == (0, {"snapshot": ID, "problems": []})


def test_a_damaged_snapshot_is_exit_code_4(program: Program, store: Path, tmp_path: Path) -> None:
    shutil.copytree(store, tmp_path / "copy")
    (tmp_path / "copy" / ID / "edges.parquet").write_bytes(b"PAR1")
    told = program("snapshots", "verify", ID, "--store", tmp_path / "copy")
    assert told.code == 4
    assert f"{ID}/edges.parquet: 4 bytes" in told.out
    assert "1 of 8 files" in told.err
