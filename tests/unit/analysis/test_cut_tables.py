"""A plain snapshot out of another: whole and byte-equal, or cut to what was asked for."""

from dataclasses import replace
from pathlib import Path

import pytest

from lineage.analysis.cut_tables import (
    cut_manifest_to_scope,
    cut_tables_to_scope,
    list_whole_tables_of_scope,
)
from lineage.analysis.family_graph import FamilyColumns
from lineage.domain.claims import Relation, Strength
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import SettingsError
from lineage.store import schema
from lineage.store.manifest import SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore
from lineage.store.table_writer import write_snapshot_tables
from tests.builders import edges_of, published, row, rows_of
from tests.questions import count_base, family_columns
from tests.questions import graph_of_family as family_graph
from tests.unit.analysis.conftest import World
from tests.unit.analysis.worlds import LISTED, a_family, said

BASE, CHILD, MERGE = "owner/base", "owner/child", "owner/merge"


@pytest.fixture
def small(tmp_path: Path) -> Snapshot:
    """A base, its child, a merge with a stranger, and one that only the registry places."""
    rows = [
        row(BASE),
        row(CHILD, [BASE]),
        row("other/base"),
        row(MERGE, [CHILD, "other/base"], "merge"),
        row("owner/silent"),
        row("other/child", ["other/base"]),
    ]
    return published(rows, tmp_path / "store")


def written(cut: FamilyColumns, folder: Path, name: str = BASE) -> Snapshot:
    snapshot = cut.scope.snapshot
    write_snapshot_tables(
        folder / snapshot.id,
        cut_tables_to_scope(cut),
        cut_manifest_to_scope(snapshot.manifest, name),
    )
    return ParquetStore(str(folder), NO_OPT_OUTS).snapshot(snapshot.id)


def test_a_whole_snapshot_is_written_byte_by_byte(world: World, tmp_path: Path) -> None:
    snapshot, _ = world
    manifest = write_snapshot_tables(
        tmp_path / "out", list_whole_tables_of_scope(snapshot), snapshot.manifest
    )
    assert manifest == snapshot.manifest
    for name, facts in snapshot.manifest.files.items():
        assert (tmp_path / "out" / name).stat().st_size == facts.bytes


def test_a_written_snapshot_is_as_its_manifest_says(world: World, tmp_path: Path) -> None:
    snapshot, _ = world
    write_snapshot_tables(
        tmp_path / snapshot.id, list_whole_tables_of_scope(snapshot), snapshot.manifest
    )
    assert not ParquetStore(str(tmp_path), NO_OPT_OUTS).find_damage(snapshot.id)


def test_a_cut_holds_the_models_and_edges_of_the_graph(small: Snapshot, tmp_path: Path) -> None:
    cut = family_columns(small, BASE, (), Definition())
    found = written(cut, tmp_path / "out")
    assert {one["id"] for one in rows_of(found, schema.MODELS_FILE)} == {BASE, CHILD, MERGE}
    assert edges_of(found) == {(CHILD, BASE), (MERGE, CHILD)}
    assert found.manifest.origin.kind is SnapshotKind.BELOW
    assert (found.manifest.models, found.manifest.edges) == (3, 2)


def test_all_evidence_of_a_model_in_the_cut_is_kept(small: Snapshot, tmp_path: Path) -> None:
    found = written(family_columns(small, BASE, (), Definition()), tmp_path / "out")
    claims = rows_of(found, schema.EVIDENCE_FILE)
    assert {one["parent_as_written"] for one in claims} == {BASE, CHILD, "other/base"}


def test_filters_hold_in_the_tables(small: Snapshot, tmp_path: Path) -> None:
    merges_not = Definition(relations=(Relation.FINETUNE,))
    found = written(family_columns(small, BASE, (), merges_not), tmp_path / "out")
    assert edges_of(found) == {(CHILD, BASE)}


def test_edges_of_the_registry_are_there_in_its_name(small: Snapshot, tmp_path: Path) -> None:
    kin = a_family({"Kin 1": [BASE]}, edges=[said("owner/silent", BASE), said("nowhere/x", CHILD)])
    cut = family_columns(small, "kin", [kin], Definition())
    edges = {
        str(one["child"]): (one["rules"], one["strength"])
        for one in rows_of(written(cut, tmp_path / "out", "kin"), schema.EDGES_FILE)
    }
    assert edges["owner/silent"] == (["registry"], "declared")
    assert edges[CHILD] == (["card", "hub", "tag"], "confirmed")


@pytest.mark.parametrize("name", [LISTED[0], LISTED[3], "kin", "kin-1"])
def test_a_cut_of_any_world_is_the_graph_and_is_counted(
    world: World, tmp_path: Path, name: str
) -> None:
    snapshot, _ = world
    kin: Family = a_family({"Kin 1": [LISTED[0]], "Kin 2": [LISTED[5], LISTED[7]]})
    guesses = Definition(min_strength=Strength.INFERRED)
    graph = family_graph(snapshot, name, [kin], guesses)
    found = written(family_columns(snapshot, name, [kin], guesses), tmp_path / "out", name)
    assert edges_of(found) == {(child, parent) for parent, child in graph.edges}
    assert {one["id"] for one in rows_of(found, schema.MODELS_FILE)} <= set(graph)
    for one in rows_of(found, schema.COUNTS_FILE):
        again = count_base(found, str(one["id"]), Definition(min_downloads=0), [])
        slowly = count_base(found, str(one["id"]), replace(Definition(), mirrors=True), [])
        assert (again.direct, again.total, again.by_relation, again.undated) == (
            slowly.direct,
            slowly.total,
            slowly.by_relation,
            slowly.undated,
        )


def test_a_cut_counts_a_base_as_the_whole_does(world: World, tmp_path: Path) -> None:
    snapshot, _ = world
    found = written(family_columns(snapshot, LISTED[0], [], Definition()), tmp_path / "out")
    ours, theirs = (count_base(one, LISTED[0], Definition(), []) for one in (found, snapshot))
    assert replace(ours, snapshot="") == replace(theirs, snapshot="")


def test_what_is_there_is_never_overwritten(small: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("dear")
    with pytest.raises(SettingsError):
        write_snapshot_tables(tmp_path / "mine", list_whole_tables_of_scope(small), small.manifest)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_a_write_that_fails_leaves_nothing(small: Snapshot, tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        write_snapshot_tables(tmp_path / "new" / "out", {schema.MODELS_FILE: ()}, small.manifest)
    assert not list((tmp_path / "new").iterdir())
