"""Snapshots of every earlier schema answer as before, and history goes on from them.

`schema_1` was written by the last version before tombstones: six models, one unreadable row;
`schema_2` by the last one whose updates were all whole: a sweep that missed one of those models;
`schema_5` by the last one whose updates held whole edges and counts: a full crawl, an update of it,
and in `rows.json` what that program read of both.
"""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from lineage.analysis.cut_tables import list_whole_tables_of_scope
from lineage.analysis.growth.curves import curve_of_base, curve_of_family
from lineage.build.checks import Limits
from lineage.build.pipeline import build_snapshot
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import SchemaTooNew
from lineage.families.registry import all_families, family
from lineage.store import schema
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore
from lineage.store.table_writer import write_snapshot_tables
from tests.builders import edges_of, origin, pages, publication, row, rows_of
from tests.fakes.fake_clock import NOON
from tests.questions import count_base, count_family, find_anomalies, tree_of_base
from tests.unit.build.test_publication import ROWS
from tests.updates import updated

HERE = Path(__file__).parent
ID = "20261121T120000Z"


@pytest.fixture
def old(tmp_path: Path) -> Snapshot:
    return opened(1, tmp_path)


def opened(version: int, folder: Path) -> Snapshot:
    shutil.copytree(HERE / f"schema_{version}" / ID, folder / ID)
    return ParquetStore(str(folder), NO_OPT_OUTS).snapshot()


def test_an_old_snapshot_is_whole_and_says_its_version(old: Snapshot, tmp_path: Path) -> None:
    assert old.manifest.schema_version == 1
    assert ParquetStore(str(tmp_path), NO_OPT_OUTS).find_damage(ID) == []


def test_an_old_snapshot_answers_every_question(old: Snapshot) -> None:
    assert old.tombstones().num_rows == 0
    plain = count_base(old, "base/a", Definition(), ())
    assert (plain.direct, plain.total, plain.undated) == (2, 3, 1)
    computed = count_base(old, "base/a", Definition(deleted=True), (), Grouping.MONTH)
    assert (computed.direct, computed.total) == (2, 3)
    assert tree_of_base(old, "base/a", Definition(), ()).count.total == 3
    assert count_family(old, family("llama"), Definition(), all_families()).total == 0
    assert find_anomalies(old, examples=3).snapshot == ID


def test_a_full_crawl_goes_on_from_an_old_snapshot(old: Snapshot, tmp_path: Path) -> None:
    left = [row for row in ROWS if row["id"] != "kid/2"]
    into = publication(tmp_path, limits=Limits(min_kept_share=0.5))
    later = origin(taken_at=NOON + timedelta(days=1))
    new = into.store.snapshot(build_snapshot(pages(left), later, into).id)
    assert new.tombstones(["id"])["id"].to_pylist() == ["kid/2"]
    assert edges_of(new) == edges_of(old)
    assert (new.manifest.schema_version, new.manifest.previous) == (schema.VERSION, ID)


# Since updates may keep changes alone


def test_schema_2_is_whole_and_knows_its_dead(tmp_path: Path) -> None:
    second = opened(2, tmp_path)
    assert (second.manifest.schema_version, second.manifest.builds_on) == (2, None)
    assert ParquetStore(str(tmp_path), NO_OPT_OUTS).find_damage(ID) == []
    assert second.tombstones(["id"])["id"].to_pylist() == ["kid/2"]
    alive = count_base(second, "base/a", Definition(), ())
    with_dead = count_base(second, "base/a", Definition(deleted=True), ())
    assert (alive.direct, alive.total, with_dead.total) == (1, 2, 3)


@pytest.mark.parametrize("version", [1, 2])
def test_an_update_of_an_older_schema_stands_alone_and_the_next_builds_on_it(
    version: int, tmp_path: Path
) -> None:
    older = opened(version, tmp_path)
    first = updated(older, [row("kid/new", ["base/a"])], tmp_path)
    assert (first.manifest.builds_on, first.manifest.schema_version) == (None, schema.VERSION)
    assert first.manifest.tombstones == older.manifest.tombstones
    assert edges_of(first) == edges_of(older) | {("kid/new", "base/a")}
    second = updated(first, [row("kid/newer", ["base/a"])], tmp_path)
    assert second.manifest.builds_on is not None
    assert second.manifest.builds_on.id == first.id
    assert edges_of(second) == edges_of(first) | {("kid/newer", "base/a")}
    assert older.manifest == ParquetStore(str(tmp_path), NO_OPT_OUTS).snapshot(ID).manifest


@pytest.mark.parametrize("id", ["20261122T120000Z", "20261123T120000Z"])
def test_schema_5_reads_as_the_program_that_wrote_it_read_it(id: str, tmp_path: Path) -> None:
    shutil.copytree(HERE / "schema_5", tmp_path / "store")
    store = ParquetStore(str(tmp_path / "store"), NO_OPT_OUTS)
    snapshot = store.snapshot(id)
    assert snapshot.manifest.schema_version == 5
    assert store.find_damage(id, in_values=True) == []
    tables = json.loads((HERE / "schema_5" / "rows.json").read_text("utf-8"))[id]
    for file, rows in tables.items():
        read = json.loads(json.dumps(rows_of(snapshot, file), default=str))
        assert [{name: it for name, it in row.items() if it is not None} for row in read] == rows
    for counted in tables[schema.COUNTS_FILE]:
        stored = snapshot.base(counted["id"])
        assert stored is not None
        assert (stored.key, stored.node) == (counted["key"], counted["node"])


def test_an_update_of_schema_5_stands_alone(tmp_path: Path) -> None:
    shutil.copytree(HERE / "schema_5", tmp_path / "store")
    older = ParquetStore(str(tmp_path / "store"), NO_OPT_OUTS).snapshot()
    assert older.manifest.builds_on is not None
    day = updated(older, [row("kid/newest", ["base/a"])], tmp_path / "store")
    assert (day.manifest.builds_on, day.manifest.schema_version) == (None, schema.VERSION)
    assert edges_of(day) == edges_of(older) | {("kid/newest", "base/a")}


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / opened(2, tmp_path).id / "manifest.json"
    newer = schema.VERSION + 1
    text = path.read_text("utf-8")
    path.write_text(text.replace('"schema_version": 2', f'"schema_version": {newer}'))
    with pytest.raises(
        SchemaTooNew, match=f"version {newer}, this lineage reads up to {newer - 1}"
    ):
        ParquetStore(str(tmp_path), NO_OPT_OUTS).snapshot()


def test_an_old_snapshot_has_its_point_on_a_curve(old: Snapshot, tmp_path: Path) -> None:
    store, heard = ParquetStore(str(tmp_path), NO_OPT_OUTS), list[str]()
    curve = curve_of_family(store, family("llama"), all_families(), say=heard.append)
    assert [(one.snapshot, one.stored) for one in curve.moments] == [(ID, False)]
    assert f"Snapshot {ID} holds no curves" in heard[0]
    (point,) = curve_of_base(store, "base/a", all_families()).whole.values
    assert (point.total, point.authors, point.known_deleted) == (3, None, None)


def test_an_old_snapshot_is_exported_in_todays_shape(old: Snapshot, tmp_path: Path) -> None:
    written = write_snapshot_tables(
        tmp_path / "out" / ID, list_whole_tables_of_scope(old), old.manifest
    )
    assert written.schema_version == schema.VERSION
    assert written.files["trends.parquet"].rows == 0
    plain = ParquetStore(str(tmp_path / "out"), NO_OPT_OUTS).snapshot()
    assert edges_of(plain) == edges_of(old)
    heard: list[str] = []
    curve = curve_of_family(
        ParquetStore(str(tmp_path / "out"), NO_OPT_OUTS),
        family("llama"),
        all_families(),
        say=heard.append,
    )
    assert (curve.moments[0].stored, len(heard)) == (False, 1)
