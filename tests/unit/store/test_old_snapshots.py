"""Snapshots of every earlier schema answer as before, and history goes on from them.

`schema_1` was written by the last version before tombstones: six models, one unreadable row.
"""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from lineage.analysis.anomalies import find_anomalies
from lineage.analysis.checks import Limits
from lineage.analysis.counts import count_base, count_family
from lineage.analysis.curves import curve_of_base, curve_of_family
from lineage.analysis.cut_tables import whole_tables
from lineage.analysis.trees import tree_of_base
from lineage.domain.definitions import Definition, Grouping
from lineage.families.registry import all_families, family
from lineage.pipeline import publish
from lineage.store import schema
from lineage.store.plain import write_plain
from lineage.store.snapshot import Snapshot
from lineage.store.store import ParquetStore
from tests.builders import edges_of, origin, pages, publication
from tests.fakes.fake_clock import NOON
from tests.unit.store.test_publication import ROWS

OLD = Path(__file__).with_name("schema_1")
ID = "20261121T120000Z"


@pytest.fixture
def old(tmp_path: Path) -> Snapshot:
    shutil.copytree(OLD / ID, tmp_path / ID)
    return ParquetStore(str(tmp_path)).snapshot()


def test_an_old_snapshot_is_whole_and_says_its_version(old: Snapshot, tmp_path: Path) -> None:
    assert old.manifest.schema_version == 1
    assert ParquetStore(str(tmp_path)).problems(ID) == []


def test_an_old_snapshot_answers_every_question(old: Snapshot) -> None:
    assert old.tombstones().num_rows == 0
    plain = count_base(old, "base/a", Definition(), ())
    assert (plain.direct, plain.total, plain.undated) == (2, 3, 1)
    computed = count_base(old, "base/a", Definition(deleted=True), (), Grouping.MONTH)
    assert (computed.direct, computed.total) == (2, 3)
    assert tree_of_base(old, "base/a", Definition(), ()).root.total == 3
    assert count_family(old, family("llama"), Definition(), all_families()).total == 0
    assert find_anomalies(old, examples=3).snapshot == ID


def test_a_sweep_goes_on_from_an_old_snapshot(old: Snapshot, tmp_path: Path) -> None:
    left = [row for row in ROWS if row["id"] != "kid/2"]
    into = publication(tmp_path, limits=Limits(min_kept_share=0.5))
    later = origin(taken_at=NOON + timedelta(days=1))
    new = into.store.snapshot(publish(pages(left), later, into).id)
    assert new.tombstones(["id"])["id"].to_pylist() == ["kid/2"]
    assert edges_of(new) == edges_of(old)
    assert (new.manifest.schema_version, new.manifest.previous) == (schema.VERSION, ID)


def test_an_old_snapshot_has_its_point_on_a_curve(old: Snapshot, tmp_path: Path) -> None:
    store, heard = ParquetStore(str(tmp_path)), list[str]()
    curve = curve_of_family(store, family("llama"), all_families(), say=heard.append)
    assert [(one.snapshot, one.stored) for one in curve.moments] == [(ID, False)]
    assert f"Snapshot {ID} holds no curves" in heard[0]
    (point,) = curve_of_base(store, "base/a", all_families()).whole.points
    assert (point.total, point.authors, point.known_gone) == (3, None, None)


def test_an_old_snapshot_is_exported_in_todays_shape(old: Snapshot, tmp_path: Path) -> None:
    written = write_plain(tmp_path / "out" / ID, whole_tables(old), old.manifest)
    assert written.schema_version == schema.VERSION
    assert written.files["trends.parquet"].rows == 0
    plain = ParquetStore(str(tmp_path / "out")).snapshot()
    assert edges_of(plain) == edges_of(old)
    heard: list[str] = []
    curve = curve_of_family(
        ParquetStore(str(tmp_path / "out")), family("llama"), all_families(), say=heard.append
    )
    assert (curve.moments[0].stored, len(heard)) == (False, 1)
