"""A tree is complete, draws each model once, and its numbers are those of counts."""

from collections import Counter
from collections.abc import Iterable
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.analysis.counts import count_subject
from lineage.analysis.scope import Scope
from lineage.analysis.tree.prune import PrunedRest, Tree, TreeNode, build_tree
from lineage.analysis.tree.rows import RowKind
from lineage.domain.claims import Relation, Strength
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.graph import reach
from lineage.store.reader import Snapshot
from tests.builders import Row, outlived, published, row
from tests.questions import (
    count_base,
    count_family,
    drawn_and_folded,
    of_family,
    pruned,
    tree_of_base,
    tree_of_family,
)
from tests.unit.analysis.conftest import World
from tests.unit.analysis.plain import Plain
from tests.unit.analysis.worlds import DEFINITIONS, LISTED, a_family, families

DEFAULT = Definition()
DEEP = 99
BASE = "meta/base"


def below(tree: Tree, above: TreeNode) -> list[TreeNode]:
    """The nodes drawn right below one."""
    return [node for node in tree.nodes if node.parent == tree.nodes.index(above)]


def count_of(plain: Plain, name: str, rule: Definition, family: Family | None = None) -> int:
    """What `count` says of one model: its mirrors join where the rule says so."""
    names = {name}
    if rule.mirrors and family is not None:
        names.update(family.family_mirrors_of(name))
    return len(plain.below(plain.keys_of(names), rule)[1])


def parents_of(plain: Plain, rule: Definition) -> Counter[str]:
    pairs = {(str(one["child"]), str(one["parent"])) for one in plain.kept(rule)}
    return Counter(child for child, parent in pairs if child != parent)


def is_true_to(plain: Plain, tree: Tree, rule: Definition, family: Family | None = None) -> None:
    """Hold every drawn branch against the tables."""
    parents = parents_of(plain, rule)
    relation = {str(one["child"]): one["relation"] for one in plain.edges}
    models = [node for node in tree.nodes if node.relation is not None]
    assert len({node.name for node in models}) == len(models)
    kept = {(str(edge["child"]), str(edge["parent"])) for edge in plain.kept(rule)}
    for node in tree.nodes[1:]:
        above = tree.nodes[node.parent]
        assert node.depth == above.depth + 1
        if node.kind >= RowKind.OFFICIAL:
            assert node.total == count_of(plain, node.name, rule, family)
        if node.relation is not None:
            assert node.relation == relation[node.name]
            is_below_a_model = above.kind >= RowKind.OFFICIAL
            assert node.other_parents == parents[node.name] - is_below_a_model
            assert not is_below_a_model or (node.name, above.name) in kept
    for node in tree.nodes:
        branches = below(tree, node)
        if branches:
            rest = node.remainder.models if node.remainder else 0
            assert node.drawn_below == sum(one.drawn_below + one.counted for one in branches) + rest
        ranks = [(-one.total, one.name) for one in branches if one.kind >= RowKind.OFFICIAL]
        assert ranks == sorted(ranks)


@given(st.data())
@settings(max_examples=20, database=None)
def test_any_tree_of_a_base_is_true_to_the_tables(world: World, data: st.DataObject) -> None:
    snapshot, plain = world
    name, rule = data.draw(st.sampled_from(LISTED[:30])), data.draw(DEFINITIONS)
    depth, least = data.draw(st.integers(0, 6)), data.draw(st.integers(0, 4))
    tree = tree_of_base(snapshot, name, rule, (), depth=depth, min_size=least)
    number = len(plain.below(plain.keys_of([name]), rule)[1])
    assert (tree.nodes[0].name, tree.count.total, tree.nodes[0].drawn_below) == (
        name,
        number,
        number,
    )
    assert max(node.depth for node in tree.nodes) <= depth
    assert least == 1 or all(node.total >= least for node in tree.nodes[1:])
    is_true_to(plain, tree, rule)


@given(st.data())
@settings(max_examples=20, database=None)
def test_any_tree_of_a_family_is_true_to_the_tables(world: World, data: st.DataObject) -> None:
    snapshot, plain = world
    family, rule = data.draw(families()), data.draw(DEFINITIONS)
    tree = tree_of_family(snapshot, family, rule, [family], depth=data.draw(st.integers(0, 5)))
    roots = plain.keys_of(family.root_repo_ids())
    _, counted = plain.below(roots, rule)
    assert (tree.nodes[0].name, tree.count.total) == (family.name, len(counted))
    met = plain.releases_of(counted, [family], rule)
    sizes = Counter(next(iter(found)) if len(found) == 1 else "mixed" for found in met.values())
    groups = {node.name: node.total for node in tree.nodes if node.kind == RowKind.GROUP}
    assert groups == +sizes
    is_true_to(plain, tree, rule, family)


@given(st.data())
@settings(max_examples=20, database=None)
def test_with_a_least_size_of_nothing_a_whole_base_is_drawn(
    world: World, data: st.DataObject
) -> None:
    snapshot, plain = world
    name, rule = data.draw(st.sampled_from(LISTED)), data.draw(DEFINITIONS)
    tree = tree_of_base(snapshot, name, rule, (), depth=DEEP, min_size=0)
    assert pruned(tree) == 0
    assert sum(node.counted for node in tree.nodes) == tree.count.total
    uncounted = [node for node in tree.nodes[1:] if not node.counted]
    assert not any(plain.countable([plain.keys[node.name]], rule) for node in uncounted)


@given(families())
@settings(max_examples=20, database=None)
def test_what_is_drawn_and_what_is_folded_are_all_of_a_family(world: World, family: Family) -> None:
    tree = tree_of_family(world[0], family, DEFAULT, [family], depth=DEEP, min_size=2)
    assert drawn_and_folded(tree) == tree.count.total
    roots = {node.name for node in tree.nodes if node.kind in (RowKind.OFFICIAL, RowKind.MIRROR)}
    assert roots <= set(family.root_repo_ids())


@given(st.sampled_from(LISTED), DEFINITIONS, st.integers(1, 4))
@settings(max_examples=20, database=None)
def test_every_base_shows_what_descends_from_it_or_says_what_is_folded(
    world: World, name: str, rule: Definition, depth: int
) -> None:
    tree = tree_of_base(world[0], name, rule, (), depth=depth)
    assert drawn_and_folded(tree) == tree.count.total
    assert (len(tree.nodes) > 1) == (tree.count.total > 0)


# One by one


def test_a_cycle_below_a_base_is_drawn_whole(tmp_path: Path) -> None:
    """All of a cycle have as much below them; each must still hang below the base."""
    ring = [row(f"a/{number}", [f"a/{(number + 1) % 6}"]) for number in range(6)]
    for entry in range(6):
        rows = [one for one in ring if one["id"] != f"a/{entry}"]
        rows.append(row(f"a/{entry}", [f"a/{(entry + 1) % 6}", "o/base"]))
        rows.append(row(f"a/{entry}-child", ["a/2"]))
        snapshot = published(rows, tmp_path / str(entry))
        tree = tree_of_base(snapshot, "o/base", DEFAULT, (), depth=DEEP, min_size=2)
        ring_drawn = sorted(node.name for node in tree.nodes[1:])
        assert ring_drawn == [f"a/{number}" for number in range(6)]
        assert tree.count.total == 7
        (third,) = (node for node in tree.nodes if node.name == "a/2")
        assert third.drawn_below - sum(low.drawn_below + 1 for low in below(tree, third)) == 1


@pytest.mark.parametrize("order", list(permutations("123")))
def test_two_of_a_cycle_do_not_hang_below_each_other_alone(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    """Of several parents on a cycle, equally large, the one that leads to the base is taken."""
    keys = {f"a/{number + 1}": 24 * order[number] for number in range(3)}

    def model(id: str, *parents: str) -> Row:
        told = [{"_id": keys.get(parent, "f" * 24), "id": parent} for parent in parents]
        hub = {"relation": "finetune", "models": told}
        return row(id, parents, _id=keys[id], baseModels=hub)

    rows = [model("a/1", "o/base", "a/3"), model("a/2", "a/1", "a/3"), model("a/3", "a/2")]
    snapshot = published(rows, tmp_path)
    tree = tree_of_base(snapshot, "o/base", DEFAULT, (), depth=DEEP, min_size=1)
    assert names(tree.nodes[1:]) == ["a/1", "a/2", "a/3"]


def test_a_merge_is_drawn_below_its_largest_parent_and_says_that_it_has_others(
    tmp_path: Path,
) -> None:
    rows = [
        *(row(BASE), row("a/small", [BASE]), row("a/large", [BASE]), row("a/1", ["a/large"])),
        row("a/merge", ["a/small", "a/large", "elsewhere/model"], "merge"),
        row("a/of-merge", ["a/merge"]),
    ]
    snapshot = published(rows, tmp_path)
    tree = tree_of_base(snapshot, BASE, DEFAULT, (), depth=DEEP)
    large, small = below(tree, tree.nodes[0])
    assert names([large, small]) == ["a/large", "a/small"]
    assert (large.total, large.drawn_below, small.total, small.drawn_below) == (3, 3, 2, 0)
    merge, _ = below(tree, large)
    assert (merge.name, merge.relation, merge.other_parents) == ("a/merge", Relation.MERGE, 2)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    rows = [
        row(BASE),
        row("a/1", [BASE]),
        row("a/2", ["a/1"], "adapter", downloads=10),
        row("a/3", ["a/2"], downloads=10),
        row("a/4", ["a/3"]),
        row("b/1", [BASE]),
    ]
    return published(rows, tmp_path_factory.mktemp("line"))


def names(nodes: Iterable[TreeNode]) -> list[str]:
    return [node.name for node in nodes]


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_tree_is_as_deep_as_asked(line: Snapshot, depth: int) -> None:
    tree = tree_of_base(line, BASE, DEFAULT, (), depth=depth)
    assert names(tree.nodes[1:]) == [*["a/1", "a/2", "a/3"][:depth], "b/1"]
    assert tree.count.total == 5


def test_what_is_too_deep_is_in_the_number_of_the_last(line: Snapshot) -> None:
    tree = tree_of_base(line, BASE, DEFAULT, (), depth=1, min_size=1)
    branch, _ = below(tree, tree.nodes[0])
    assert (branch.name, branch.total, branch.drawn_below, branch.remainder) == ("a/1", 3, 3, None)


def test_small_branches_are_summed_up(line: Snapshot) -> None:
    tree = tree_of_base(line, BASE, DEFAULT, (), depth=9, min_size=3)
    rest = PrunedRest(1, 1, 1, {Relation.FINETUNE: 1})
    assert (names(tree.nodes), tree.nodes[0].remainder) == ([BASE, "a/1"], rest)
    above = tree_of_base(line, BASE, DEFAULT, (), depth=9, min_size=4)
    (alone,) = above.nodes
    assert alone.remainder is not None
    assert (alone.remainder.branches, alone.remainder.models, alone.drawn_below) == (2, 5, 5)


@pytest.mark.parametrize("size", [0, 1])
def test_a_least_size_of_0_and_of_1_show_leaves_too(line: Snapshot, size: int) -> None:
    tree = tree_of_base(line, BASE, DEFAULT, (), depth=9, min_size=size)
    assert sorted(names(tree.nodes[1:])) == ["a/1", "a/2", "a/3", "a/4", "b/1"]


def test_downloads_never_cut_a_path_of_a_tree(line: Snapshot) -> None:
    """What is not counted is drawn where a way leads through it, and nowhere else."""
    rule = Definition(min_downloads=10)
    tree = tree_of_base(line, BASE, rule, (), depth=DEEP, min_size=0)
    assert tree.count.total == count_base(line, BASE, rule, ()).total == 2
    assert [(node.name, node.total) for node in tree.nodes[1:]] == [
        ("a/1", 2),
        ("a/2", 1),
        ("a/3", 0),
    ]
    assert tree.nodes[1].kind is RowKind.PASSED


def test_a_trees_definition_is_that_of_the_count(line: Snapshot) -> None:
    rule = Definition(min_strength=Strength.CONFIRMED, mirrors=True)
    family = a_family({"Kin": [BASE]}, {"b/1": BASE})
    for known in ((), (family,)):
        tree = tree_of_base(line, BASE, rule, known)
        assert tree.count.definition == count_base(line, BASE, rule, known).definition
        assert tree.count.snapshot == line.id
    whole = tree_of_family(line, family, rule, (family,))
    assert whole.count.definition == count_family(line, family, rule, (family,)).definition


@pytest.fixture(scope="module")
def clan(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Family]:
    family = a_family(
        {"Kin 1": ["meta/1", "meta/1-instruct"], "Kin 2": ["meta/2"], "Kin 3": ["meta/3"]},
        {"copy/1": "meta/1"},
    )
    rows: list[Row] = [
        row("meta/1"),
        row("meta/1-instruct", ["meta/1"]),
        row("copy/1", ["meta/1"]),
        row("meta/2", ["meta/1-instruct"]),
        *(row(f"a/{number}", ["meta/1-instruct"]) for number in range(3)),
        row("b/of-mirror", ["copy/1"]),
        *(row(f"c/{number}", ["meta/2"]) for number in range(2)),
        row("d/both", ["a/1", "c/1"], "merge"),
    ]
    return published(rows, tmp_path_factory.mktemp("clan"), families=[family]), family


def test_a_family_is_drawn_by_release_with_its_roots(clan: tuple[Snapshot, Family]) -> None:
    snapshot, family = clan
    tree = tree_of_family(snapshot, family, DEFAULT, [family], depth=3)
    groups = below(tree, tree.nodes[0])
    assert [(node.name, node.total, node.relation) for node in groups] == [
        ("Kin 1", 4, None),
        ("Kin 2", 2, None),
        ("mixed", 1, None),
    ]
    assert tree.count.total == 7
    # Each root with the number that `count` has for it: other roots below it are models of it.
    roots = below(tree, groups[0])
    numbers = [(node.name, node.total, node.drawn_below, node.relation) for node in roots]
    assert numbers == [
        ("meta/1", 10, 0, None),
        ("meta/1-instruct", 7, 3, None),
        ("copy/1", 1, 1, None),
    ]
    for node in roots:
        assert node.total == count_base(snapshot, node.name, DEFAULT, [family]).total


def test_no_root_hangs_below_another(clan: tuple[Snapshot, Family]) -> None:
    snapshot, family = clan
    tree = tree_of_family(snapshot, family, DEFAULT, [family], depth=DEEP, min_size=0)
    assert Counter(names(tree.nodes))["meta/1-instruct"] == 1
    (whole,) = (node for node in tree.nodes if node.name == "meta/1")
    assert below(tree, whole) == []


def test_a_release_is_a_tree_of_its_own(clan: tuple[Snapshot, Family]) -> None:
    snapshot, family = clan
    scope = Scope(snapshot, [family])
    for release in family.releases[:2]:
        subject = of_family(family, release)
        tree = build_tree(scope, subject, depth=DEEP, min_size=0)
        assert (tree.nodes[0].name, tree.nodes[0].kind) == (release.name, RowKind.GROUP)
        assert tree.count.total == count_subject(scope, subject).total
        assert tree.count.total == sum(node.counted for node in tree.nodes)


def test_what_is_inferred_alone_is_marked_as_inferred(tmp_path: Path) -> None:
    thought = row("a/thought", config={"_name_or_path": BASE})
    below = [row("b/one", ["a/told"]), row("b/two", ["a/thought"])]
    rows = [row(BASE), row("a/told", [BASE]), thought, *below]
    rule = Definition(min_strength=Strength.INFERRED)
    tree = tree_of_base(published(rows, tmp_path), BASE, rule, (), min_size=0)
    inferred = {node.name for node in tree.nodes if node.strength is Strength.INFERRED}
    assert inferred == {"a/thought", "b/two"}


@pytest.mark.parametrize("length", [700, 20_000])
def test_a_chain_of_any_length_is_drawn_to_its_end(length: int) -> None:
    """One node below the other: nothing here may recurse."""
    above = np.maximum(np.arange(-1, length - 1), 0)
    depth = reach.sum_upwards(above, np.ones(length, np.int64))
    size = reach.sum_forest_branches(above, depth, np.ones(length, np.int64))
    assert depth.tolist() == list(range(length))
    assert size.tolist() == list(range(length, 0, -1))
    assert reach.depth_first_rows(above, size, (depth,)).tolist() == list(range(length))


def test_who_deletes_a_model_and_pushes_it_again_stands_in_the_tree_once(tmp_path: Path) -> None:
    rows = [row(BASE), row("a/parent", [BASE]), row("b/leaf", [BASE]), row("a/child", ["a/parent"])]
    snapshot = outlived(rows, {"a/parent", "b/leaf"}, tmp_path)
    tree = tree_of_base(snapshot, BASE, DEFAULT, (), depth=DEEP, min_size=0)
    told = [(node.name, node.deleted, node.counted) for node in tree.nodes]
    assert told == [(BASE, False, False), ("a/parent", True, False), ("a/child", False, True)]
    rule = Definition(deleted=True)
    counted = tree_of_base(snapshot, BASE, rule, (), depth=DEEP, min_size=0)
    assert {node.name for node in counted.nodes if node.deleted} == {"a/parent", "b/leaf"}
    assert counted.count.total == sum(node.counted for node in counted.nodes) == 3
