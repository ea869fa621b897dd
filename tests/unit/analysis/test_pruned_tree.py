"""What is left of a forest in a few lines adds up to the whole, whoever is gone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lineage.analysis.scope import Scope
from lineage.analysis.tree.prune import PrunedRest, TreeNode, prune_tree_to_largest_branches
from lineage.analysis.tree.rows import RowKind, build_tree_rows
from lineage.domain.claims import Relation, Strength
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.store.reader import Snapshot
from tests.builders import Row, outlived, published, row
from tests.questions import count_family, of_family
from tests.unit.analysis.worlds import a_family, families

KIN = a_family({"Kin 1": ["kin/one"], "Kin 2": ["kin/two"]})


def largest(
    snapshot: Snapshot, kin: Family, definition: Definition, *, lines: int, deepest: int
) -> tuple[TreeNode, ...]:
    rows = build_tree_rows(Scope(snapshot, [kin], definition), of_family(kin), Strength.INFERRED)
    return prune_tree_to_largest_branches(rows, lines=lines, deepest=deepest)


def below(nodes: Sequence[TreeNode], above: int) -> list[TreeNode]:
    return [node for node in nodes if node.parent == above]


@given(
    kin=families(curated=True),
    size=st.tuples(st.integers(1, 40), st.integers(1, 6)),
    definition=st.builds(Definition, min_strength=st.sampled_from(Strength), deleted=st.booleans()),
)
def test_every_number_is_the_sum_of_what_hangs_below(
    mortal_world: Snapshot, kin: Family, size: tuple[int, int], definition: Definition
) -> None:
    most, deepest = size
    nodes = largest(mortal_world, kin, definition, lines=most, deepest=deepest)
    assert nodes[0].drawn_below == count_family(mortal_world, kin, definition, [kin]).total
    branches = [below(nodes, at) for at in range(len(nodes))]
    used = sum(bool(node.remainder) or not low for node, low in zip(nodes, branches, strict=True))
    assert used <= most
    for node, low in zip(nodes, branches, strict=True):
        rest = node.remainder.models if node.remainder else 0
        if low:
            assert node.drawn_below == sum(one.drawn_below + one.counted for one in low) + rest
        if node.remainder:
            assert sum(node.remainder.by_relation.values()) == rest
            assert 0 < node.remainder.branches <= rest
            assert 0 <= node.remainder.counted <= node.remainder.branches
        assert node.depth <= deepest
        assert node is nodes[0] or node.drawn_below + node.counted


def little(folder: Path, gone: set[str]) -> Snapshot:
    rows: list[Row] = [row("kin/one"), row("kin/two"), row("b/alone", ["kin/two"])]
    rows += [row(f"a/{n}", ["kin/one"], "quantized") for n in range(5)]
    rows += [row("c/large", ["kin/one"]), *(row(f"c/more{n}", ["c/large"]) for n in "ab")]
    rows += [row("c/low", ["c/large", "a/1"], "merge")]
    return outlived(rows, gone, folder) if gone else published(rows, folder)


def test_the_largest_come_first_and_the_rest_is_summed_by_relation(tmp_path: Path) -> None:
    nodes = largest(little(tmp_path, set()), KIN, Definition(), lines=4, deepest=4)
    assert [(node.name, node.drawn_below) for node in nodes] == [
        *(("Kin", 10), ("Kin 1", 9), ("kin/one", 9)),
        *(("c/large", 3), ("c/low", 0), ("Kin 2", 1), ("kin/two", 1), ("b/alone", 0)),
    ]
    assert nodes[2].remainder == PrunedRest(5, 5, 5, {Relation.QUANTIZED: 5})


def test_a_release_is_drawn_before_a_larger_branch_of_another(tmp_path: Path) -> None:
    nodes = largest(little(tmp_path, set()), KIN, Definition(), lines=2, deepest=4)
    assert [node.name for node in nodes] == [
        "Kin",
        "Kin 1",
        "kin/one",
        "Kin 2",
        "kin/two",
        "b/alone",
    ]


def test_a_merge_says_how_many_other_parents_it_has(tmp_path: Path) -> None:
    nodes = largest(little(tmp_path, set()), KIN, Definition(), lines=99, deepest=9)
    assert {node.name: node.other_parents for node in nodes if node.other_parents} == {"c/low": 1}


def test_who_is_gone_is_drawn_where_others_hang_below_and_counts_when_asked(
    tmp_path: Path,
) -> None:
    snapshot = little(tmp_path, {"c/large", "a/0"})
    nodes = {node.name: node for node in largest(snapshot, KIN, Definition(), lines=99, deepest=9)}
    large = nodes["c/large"]
    assert (large.kind, large.deleted) == (RowKind.DELETED, True)
    assert (large.counted, large.drawn_below) == (False, 3)
    assert "a/0" not in nodes
    assert nodes["Kin"].drawn_below == 8
    counted = largest(snapshot, KIN, Definition(deleted=True), lines=99, deepest=9)
    assert counted[0].drawn_below == 10
    assert Counter(node.kind for node in counted)[RowKind.DELETED] == 2


def test_a_family_of_one_model_begins_at_that_model(tmp_path: Path) -> None:
    alone = replace(a_family({"kin/one": ["kin/one"]}), name="kin/one")
    nodes = largest(little(tmp_path, set()), alone, Definition(), lines=9, deepest=1)
    assert nodes[0].kind is RowKind.OFFICIAL
    assert {node.name for node in nodes[1:]} == {"c/large", *(f"a/{n}" for n in range(5))}
