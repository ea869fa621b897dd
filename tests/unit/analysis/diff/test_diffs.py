"""What changed between two snapshots, beside the slowest way to say it."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.analysis.diffs import Change, Diff, NamedNodes, Rename, diff_snapshots
from lineage.analysis.growth.subjects import FamilyTotal, count_families_in_scope
from lineage.analysis.results import Count
from lineage.analysis.scope import Scope
from lineage.build.checks import Limits
from lineage.build.pipeline import build_snapshot
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.families import Family
from lineage.domain.repo_ids import make_stand_in_key
from lineage.families.registry import all_families, family
from lineage.store import schema
from lineage.store.reader import Snapshot
from tests.builders import Row, edges_of, key_of, origin, pages, publication, row, rows_of
from tests.fakes.fake_clock import NOON
from tests.questions import count_family
from tests.unit.analysis.worlds import a_family, a_world, families

ROOT = "kin/root"
KIN = a_family({"Kin 1": [ROOT]})
DAY = timedelta(days=1)


def compared(before: Sequence[Row], after: Sequence[Row], folder: Path) -> Diff:
    """Publish two days in one store and compare them."""
    return diff_snapshots(day(before, folder, 0), day(after, folder, 1), [KIN])


def day(rows: Sequence[Row], folder: Path, number: int) -> Snapshot:
    """Publish what was listed on a day, however little it was."""
    into = publication(folder, limits=Limits(min_kept_share=0))
    ordered = sorted(rows, key=lambda one: str(one["_id"]))
    manifest = build_snapshot(pages(ordered), origin(taken_at=NOON + number * DAY), into)
    return into.store.snapshot(manifest.id)


def test_a_snapshot_beside_itself_has_changed_in_nothing(corpus_snapshot: Snapshot) -> None:
    diff = diff_snapshots(corpus_snapshot, corpus_snapshot, [KIN])
    assert (diff.added, diff.removed, diff.renamed) == ((), (), ())
    assert (diff.edges_added, diff.edges_removed) == (0, 0)
    assert (diff.bases_gained, diff.bases_lost) == ((), ())


def test_added_and_removed_models_are_named_in_order(tmp_path: Path) -> None:
    diff = compared(
        [row("a/gone"), row("b/stays")], [row("b/stays"), row("z/new"), row("c/new")], tmp_path
    )
    assert (diff.added, diff.removed) == (("c/new", "z/new"), ("a/gone",))


def test_a_renamed_model_is_neither_added_nor_removed(tmp_path: Path) -> None:
    child = row("owner/child", [ROOT])
    moved = row("kin/moved", _id=key_of(ROOT))
    diff = compared([row(ROOT), child], [moved, child], tmp_path)
    assert diff.renamed == (Rename(ROOT, "kin/moved"),)
    assert (diff.added, diff.removed) == ((), ())
    assert (diff.edges_added, diff.edges_removed) == (0, 0)


def test_a_model_made_anew_under_an_old_name_is_another_model(tmp_path: Path) -> None:
    anew = row(ROOT, _id="a" * 24)
    diff = compared([row(ROOT)], [anew], tmp_path)
    assert (diff.added, diff.removed, diff.renamed) == ((ROOT,), (ROOT,), ())


def test_a_stand_in_key_is_matched_by_name(tmp_path: Path) -> None:
    dump = [row(id, _id=make_stand_in_key(id)) for id in (ROOT, "owner/other")]
    child = row("owner/child", _id=make_stand_in_key("owner/child"), cardData={"base_model": ROOT})
    listed = row("owner/child", cardData={"base_model": ROOT})
    diff = compared([*dump, child], [row(ROOT), listed], tmp_path)
    assert (diff.added, diff.removed, diff.renamed) == ((), ("owner/other",), ())
    assert (diff.edges_added, diff.edges_removed) == (0, 0)


def test_a_parent_that_is_listed_at_last_is_added_and_keeps_its_children(tmp_path: Path) -> None:
    child = row("owner/child", cardData={"base_model": ROOT})
    diff = compared([child], [row(ROOT), child], tmp_path)
    assert diff.added == (ROOT,)
    assert (diff.edges_added, diff.edges_removed, diff.bases_gained) == (0, 0, ())


def test_a_parent_that_is_gone_is_removed_and_keeps_its_children(tmp_path: Path) -> None:
    child = row("owner/child", [ROOT])
    diff = compared([row(ROOT), child], [child], tmp_path)
    assert (diff.removed, diff.edges_removed, diff.bases_lost) == ((ROOT,), 0, ())


def test_families_releases_and_bases_are_told_with_both_numbers(tmp_path: Path) -> None:
    children = [row(f"owner/child-{number}", [ROOT]) for number in range(5)]
    other = [row("b/base"), row("b/child", ["b/base"])]
    diff = compared([row(ROOT), *children[:2], *other], [row(ROOT), *children], tmp_path)
    (kin,) = diff.families
    assert (kin.family, kin.before, kin.after) == ("kin", 2, 5)
    assert kin.releases == (Change("Kin 1", 2, 5),)
    assert diff.bases_gained == (Change(ROOT, 2, 5),)
    assert diff.bases_lost == (Change("b/base", 1, 0),)


def test_a_release_that_is_in_one_snapshot_alone_is_told_with_zero(tmp_path: Path) -> None:
    (kin,) = compared([row(ROOT), row("owner/child", [ROOT])], [row(ROOT)], tmp_path).families
    assert kin.releases == (Change("Kin 1", 1, 0),)


def test_the_nodes_of_a_snapshot_are_numbered_without_a_gap(corpus_snapshot: Snapshot) -> None:
    nodes = NamedNodes.nodes_named_in_diff(corpus_snapshot)
    table = corpus_snapshot.table(schema.COUNTS_FILE, ["node", "key"]).to_pylist()
    assert all(nodes.keys[one["node"]].as_py() == one["key"] for one in table)
    edges = corpus_snapshot.edges()
    assert max(edges.child.max(), edges.parent.max()) < len(nodes.keys)


def _names_by_key(snapshot: Snapshot) -> Mapping[str, str]:
    return {str(one["key"]): str(one["id"]) for one in rows_of(snapshot, "models.parquet")}


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6))
def test_the_numbers_of_any_two_snapshots_add_up(seed: int) -> None:
    dice = random.Random(seed)
    world = a_world(seed, 40)
    then = [one for one in world if dice.random() < 0.8]
    today = [_renamed(one) if dice.random() < 0.1 else one for one in world if dice.random() < 0.8]
    with TemporaryDirectory() as folder:
        old, new = day(then, Path(folder), 0), day(today, Path(folder), 1)
        diff = diff_snapshots(old, new, [])
        was, has = _names_by_key(old), _names_by_key(new)
        assert diff.added == tuple(sorted(has[key] for key in has.keys() - was.keys()))
        assert diff.removed == tuple(sorted(was[key] for key in was.keys() - has.keys()))
        renamed = {Rename(was[key], has[key]) for key in was.keys() & has.keys()}
        assert set(diff.renamed) == {one for one in renamed if one.before != one.now}
        grown = len(edges_of(new)) - len(edges_of(old))
        assert diff.edges_added - diff.edges_removed == grown
        back = diff_snapshots(new, old, [])
        assert (back.added, back.removed) == (diff.removed, diff.added)
        assert (back.edges_added, back.edges_removed) == (diff.edges_removed, diff.edges_added)


def _renamed(said: Row) -> Row:
    return said | {"id": f"moved/{str(said['id']).partition('/')[2]}"}


@pytest.mark.parametrize("folded", [True, False])
def test_two_bearers_of_one_name_are_matched_once(tmp_path: Path, folded: bool) -> None:
    """A name that nobody listed, and a model of that name later: one of them, not both."""
    child = row("owner/child", cardData={"base_model": "Kin/Root" if folded else ROOT})
    diff = compared([child], [row(ROOT), child], tmp_path)
    assert diff.added == (ROOT,)


def test_every_family_at_once_is_what_each_alone_is(corpus_snapshot: Snapshot) -> None:
    known = all_families()
    totals = count_families_in_scope(Scope(corpus_snapshot, known))
    for one in (family("llama"), family("qwen")):
        _is_what_it_is_alone(totals, corpus_snapshot, one, known)


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), made=families(40, curated=True), other=families(40))
def test_any_families_at_once_are_what_each_alone_is(
    seed: int, made: Family, other: Family
) -> None:
    both = [made, replace(other, id="other")]
    with TemporaryDirectory() as folder:
        snapshot = day(a_world(seed, 40), Path(folder), 0)
        totals = count_families_in_scope(Scope(snapshot, both))
        for one in both:
            assert totals[one.id].total == _alone(snapshot, one, both).total


def _alone(snapshot: Snapshot, one: Family, known: Sequence[Family]) -> Count:
    return count_family(snapshot, one, Definition(), known, Grouping.RELEASE)


def _is_what_it_is_alone(
    totals: Mapping[str, FamilyTotal], snapshot: Snapshot, one: Family, known: Sequence[Family]
) -> None:
    count = _alone(snapshot, one, known)
    assert totals[one.id].total == count.total
    assert dict(totals[one.id].releases) == {it.value: it.total for it in count.groups}
