"""A tree is complete, draws each model once, and its numbers are those of counts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.analysis.results import TreeNode
from lineage.domain.claims import Relation, Strength
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.store.reader import Snapshot
from tests.builders import Row, published, row
from tests.questions import count_base, count_family, tree_of_base, tree_of_family
from tests.unit.analysis.conftest import World
from tests.unit.analysis.plain import Plain, closed
from tests.unit.analysis.worlds import DEFINITIONS, LISTED, a_family, families

DEFAULT = Definition()
DEEP = 99
BASE = "meta/base"


def drawn(branch: TreeNode) -> Iterator[TreeNode]:
    """Everything drawn below a branch."""
    for below in branch.branches:
        yield below
        yield from drawn(below)


def pruned(branch: TreeNode) -> int:
    return branch.pruned + sum(map(pruned, branch.branches))


def depth_of(branch: TreeNode) -> int:
    return 1 + max(map(depth_of, branch.branches), default=-1)


def below_each(plain: Plain, roots: set[str], rule: Definition) -> dict[str, int]:
    """How many models the tree counts below each model of it, by id."""
    _, counted = plain.below(roots, rule)
    children = plain.children(rule)
    inside = closed(roots, children) | roots
    if rule.closure == "direct":
        inside = roots | {child for root in roots for child in children.get(root, set())}
    cut = {one: children.get(one, set()) & inside for one in inside}
    name = {key: id for id, key in plain.keys.items()}
    return {name[one]: len(closed([one], cut) & counted - {one}) for one in inside}


def parents_of(plain: Plain, rule: Definition) -> Counter[str]:
    pairs = {(str(one["child"]), str(one["parent"])) for one in plain.kept(rule)}
    return Counter(child for child, parent in pairs if child != parent)


def is_true_to(plain: Plain, root: TreeNode, roots: set[str], rule: Definition) -> None:
    """Hold every drawn branch against the tables."""
    size = below_each(plain, roots, rule)
    parents = parents_of(plain, rule)
    relation = {str(one["child"]): one["relation"] for one in plain.edges}
    models = [one for one in drawn(root) if one.relation is not None]
    assert len({one.name for one in models}) == len(models)
    for one in models:
        assert one.total == size[one.name]
        assert one.relation == relation[one.name]
        assert one.other_parents == parents[one.name] - 1
    for one in (root, *drawn(root)):
        known = {child.name for child in one.branches if child.relation is not None}
        edges = {str(edge["child"]) for edge in plain.kept(rule) if edge["parent"] == one.name}
        assert known <= edges or plain.keys.get(one.name) in {*roots, None}
        ranks = [(-child.total, child.name) for child in one.branches if child.name in size]
        assert ranks == sorted(ranks)


@given(st.data())
@settings(max_examples=30, database=None)
def test_any_tree_of_a_base_is_true_to_the_tables(world: World, data: st.DataObject) -> None:
    snapshot, plain = world
    name, rule = data.draw(st.sampled_from(LISTED[:30])), data.draw(DEFINITIONS)
    depth, at_least = data.draw(st.integers(0, 6)), data.draw(st.integers(0, 4))
    tree = tree_of_base(snapshot, name, rule, (), depth=depth, at_least=at_least)
    roots = plain.keys_of([name])
    assert (tree.root.name, tree.root.total) == (name, len(plain.below(roots, rule)[1]))
    assert depth_of(tree.root) <= depth
    assert all(one.total >= at_least for one in drawn(tree.root))
    is_true_to(plain, tree.root, roots, rule)


@given(st.data())
@settings(max_examples=30, database=None)
def test_any_tree_of_a_family_is_true_to_the_tables(world: World, data: st.DataObject) -> None:
    snapshot, plain = world
    family, rule = data.draw(families()), data.draw(DEFINITIONS)
    tree = tree_of_family(snapshot, family, rule, [family], depth=data.draw(st.integers(0, 5)))
    roots = plain.keys_of(family.roots())
    _, counted = plain.below(roots, rule)
    assert (tree.root.name, tree.root.total) == (family.name, len(counted))
    met = plain.releases_of(counted, [family], rule)
    sizes = Counter(next(iter(found)) if len(found) == 1 else "mixed" for found in met.values())
    assert {one.name: one.total for one in tree.root.branches} == +sizes
    is_true_to(plain, tree.root, roots, rule)


@given(st.data())
@settings(max_examples=30, database=None)
def test_what_is_drawn_and_what_is_folded_are_all_of_a_base(
    world: World, data: st.DataObject
) -> None:
    snapshot, plain = world
    name, rule = data.draw(st.sampled_from(LISTED)), data.draw(DEFINITIONS)
    tree = tree_of_base(snapshot, name, rule, (), depth=DEEP, at_least=1)
    passed = [one for one in drawn(tree.root) if not plain.countable([plain.keys[one.name]], rule)]
    assert len(list(drawn(tree.root))) - len(passed) + pruned(tree.root) == tree.root.total


@given(families())
@settings(max_examples=30, database=None)
def test_what_is_drawn_and_what_is_folded_are_all_of_a_family(world: World, family: Family) -> None:
    snapshot, _ = world
    root = tree_of_family(snapshot, family, DEFAULT, [family], depth=DEEP, at_least=1).root
    models = [one for one in drawn(root) if one.relation is not None]
    roots = [one for release in root.branches for one in release.branches]
    assert len(models) + sum(map(pruned, roots)) == root.total
    assert {one.name for one in roots} <= set(family.roots())


# One by one


def test_a_cycle_below_a_base_is_drawn_whole(tmp_path: Path) -> None:
    """All of a cycle have as much below them; each must still hang below the base."""
    ring = [row(f"a/{number}", [f"a/{(number + 1) % 6}"]) for number in range(6)]
    for entry in range(6):
        rows = [one for one in ring if one["id"] != f"a/{entry}"]
        rows.append(row(f"a/{entry}", [f"a/{(entry + 1) % 6}", "o/base"]))
        rows.append(row(f"a/{entry}-child", ["a/2"]))
        snapshot = published(rows, tmp_path / str(entry))
        root = tree_of_base(snapshot, "o/base", DEFAULT, (), depth=DEEP, at_least=1).root
        assert sorted(one.name for one in drawn(root)) == [f"a/{number}" for number in range(6)]
        assert (root.total, pruned(root)) == (7, 1)


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
    root = tree_of_base(snapshot, "o/base", DEFAULT, (), depth=DEEP, at_least=1).root
    assert [one.name for one in drawn(root)] == ["a/1", "a/2", "a/3"]


def test_a_merge_is_drawn_below_its_largest_parent_and_says_that_it_has_others(
    tmp_path: Path,
) -> None:
    rows = [
        *(row(BASE), row("a/small", [BASE]), row("a/large", [BASE]), row("a/1", ["a/large"])),
        row("a/merge", ["a/small", "a/large", "elsewhere/model"], "merge"),
        row("a/of-merge", ["a/merge"]),
    ]
    snapshot = published(rows, tmp_path)
    root = tree_of_base(snapshot, BASE, DEFAULT, (), depth=DEEP).root
    large, small = root.branches
    assert [one.name for one in (large, small)] == ["a/large", "a/small"]
    assert (large.pruned, small.pruned, small.total) == (1, 0, 2)
    (merge,) = large.branches
    assert (merge.name, merge.relation, merge.other_parents) == ("a/merge", Relation.MERGE, 2)


@pytest.fixture
def line(tmp_path: Path) -> Snapshot:
    rows = [
        row(BASE),
        row("a/1", [BASE]),
        row("a/2", ["a/1"], "adapter", downloads=10),
        row("a/3", ["a/2"], downloads=10),
        row("a/4", ["a/3"]),
        row("b/1", [BASE]),
    ]
    return published(rows, tmp_path)


def names(branches: Sequence[TreeNode]) -> list[str]:
    return [one.name for one in branches]


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_tree_is_as_deep_as_asked(line: Snapshot, depth: int) -> None:
    root = tree_of_base(line, BASE, DEFAULT, (), depth=depth).root
    chain = names(list(drawn(root)))
    assert [name for name in chain if name.startswith("a/")] == ["a/1", "a/2", "a/3"][:depth]
    assert root.total == 5


def test_what_is_too_deep_is_folded_with_its_number(line: Snapshot) -> None:
    (branch,) = tree_of_base(line, BASE, DEFAULT, (), depth=1, at_least=1).root.branches
    assert (branch.name, branch.total, branch.branches) == ("a/1", 3, ())
    assert (branch.pruned, branch.pruned_total) == (1, 2)


def test_small_branches_are_folded(line: Snapshot) -> None:
    root = tree_of_base(line, BASE, DEFAULT, (), depth=9, at_least=3).root
    assert (names(root.branches), root.pruned, root.pruned_total) == (["a/1"], 1, 0)
    above = tree_of_base(line, BASE, DEFAULT, (), depth=9, at_least=4).root
    assert (above.branches, above.pruned, above.pruned_total) == ((), 2, 3)


def test_downloads_never_cut_a_path_of_a_tree(line: Snapshot) -> None:
    """What is not counted is drawn where a way leads through it, and nowhere else."""
    rule = Definition(min_downloads=10)
    root = tree_of_base(line, BASE, rule, (), depth=DEEP, at_least=1).root
    assert root.total == count_base(line, BASE, rule, ()).total == 2
    assert [(one.name, one.total) for one in drawn(root)] == [("a/1", 2), ("a/2", 1)]
    assert pruned(root) == 1


def test_a_trees_definition_is_that_of_the_count(line: Snapshot) -> None:
    rule = Definition(min_strength=Strength.CONFIRMED, mirrors=True)
    family = a_family({"Kin": [BASE]}, {"b/1": BASE})
    for known in ((), (family,)):
        tree = tree_of_base(line, BASE, rule, known)
        assert tree.count.definition == count_base(line, BASE, rule, known).definition
        assert tree.count.snapshot == line.id
    whole = tree_of_family(line, family, rule, (family,))
    assert whole.count.definition == count_family(line, family, rule, (family,)).definition


@pytest.fixture
def clan(tmp_path: Path) -> tuple[Snapshot, Family]:
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
    return published(rows, tmp_path, families=[family]), family


def test_a_family_is_drawn_by_release_with_its_roots(clan: tuple[Snapshot, Family]) -> None:
    snapshot, family = clan
    root = tree_of_family(snapshot, family, DEFAULT, [family], depth=3).root
    assert [(one.name, one.total, one.relation) for one in root.branches] == [
        ("Kin 1", 4, None),
        ("Kin 2", 2, None),
        ("mixed", 1, None),
    ]
    assert root.total == 7
    first = root.branches[0]
    assert [(one.name, one.total) for one in first.branches] == [
        ("meta/1", 7),
        ("meta/1-instruct", 6),
        ("copy/1", 1),
    ]
    assert {one.relation for one in first.branches} == {None}


def test_no_root_hangs_below_another(clan: tuple[Snapshot, Family]) -> None:
    snapshot, family = clan
    root = tree_of_family(snapshot, family, DEFAULT, [family], depth=DEEP, at_least=1).root
    assert Counter(one.name for one in drawn(root))["meta/1-instruct"] == 1
    whole, *_ = root.branches[0].branches
    assert (whole.name, whole.branches, whole.pruned) == ("meta/1", (), 0)


def test_what_guesses_alone_say_is_marked_as_guessed(tmp_path: Path) -> None:
    thought = row("a/thought", config={"_name_or_path": BASE})
    below = [row("b/one", ["a/told"]), row("b/two", ["a/thought"])]
    rows = [row(BASE), row("a/told", [BASE]), thought, *below]
    rule = Definition(min_strength=Strength.INFERRED)
    tree = tree_of_base(published(rows, tmp_path), BASE, rule, (), at_least=1)
    assert {one.name: one.inferred for one in drawn(tree.root)} == {
        "a/told": False,
        "a/thought": True,
    }
