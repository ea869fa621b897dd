"""What is left of a forest in a few lines adds up to the whole, whoever is gone."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lineage.analysis.scope import Scope
from lineage.analysis.traces import EVERYTHING
from lineage.analysis.tree.prune import PrunedNode, RowSums, prune_rows
from lineage.analysis.tree.row_facts import read_row_evidence, read_row_facts
from lineage.analysis.tree.rows import RowKind, build_tree_rows
from lineage.domain.claims import Relation, Strength
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.store.reader import Snapshot
from tests.builders import Row, outlived, published, row
from tests.questions import count_family
from tests.unit.analysis.worlds import a_family, families

KIN = a_family({"Kin 1": ["kin/one"], "Kin 2": ["kin/two"]})


def sums(snapshot: Snapshot, kin: Family, definition: Definition) -> RowSums:
    least = definition.min_strength
    scope = Scope(snapshot, [kin], replace(EVERYTHING, deleted=definition.deleted))
    forest = build_tree_rows(scope, kin, least)
    return RowSums.of(
        forest, read_row_facts(snapshot, forest), read_row_evidence(scope, forest), definition
    )


def every(node: PrunedNode) -> Iterator[PrunedNode]:
    yield node
    for one in node.nodes:
        yield from every(one)


def lines(node: PrunedNode) -> int:
    return sum((not one.nodes) + (one.remainder is not None) for one in every(node))


@given(
    kin=families(curated=True),
    size=st.tuples(st.integers(1, 40), st.integers(1, 6)),
    definition=st.builds(Definition, min_strength=st.sampled_from(Strength), deleted=st.booleans()),
)
def test_every_number_is_the_sum_of_what_hangs_below(
    mortal_world: Snapshot, kin: Family, size: tuple[int, int], definition: Definition
) -> None:
    most, deepest = size
    node = prune_rows(sums(mortal_world, kin, definition), lines=most, deepest=deepest)
    assert node.models == count_family(mortal_world, kin, definition, [kin]).total
    assert lines(node) <= most
    for one in every(node):
        remainder = one.remainder.models if one.remainder else 0
        if one.nodes:
            assert one.models == one.own + sum(low.models for low in one.nodes) + remainder
        if one.remainder:
            assert sum(n for _, n in one.remainder.by_relation) == remainder
            assert one.remainder.branches <= remainder
            assert remainder or one.remainder.deleted


def little(folder: Path, gone: set[str]) -> Snapshot:
    rows: list[Row] = [row("kin/one"), row("kin/two"), row("b/alone", ["kin/two"])]
    rows += [row(f"a/{n}", ["kin/one"], "quantized") for n in range(5)]
    rows += [row("c/large", ["kin/one"]), *(row(f"c/more{n}", ["c/large"]) for n in "ab")]
    rows += [row("c/low", ["c/large", "a/1"], "merge")]
    return outlived(rows, gone, folder) if gone else published(rows, folder)


def test_the_largest_come_first_and_the_rest_is_summed_by_relation(tmp_path: Path) -> None:
    node = prune_rows(sums(little(tmp_path, set()), KIN, Definition()), lines=4, deepest=4)
    assert [(one.name, one.models) for one in node.nodes] == [("Kin 1", 9), ("Kin 2", 1)]
    (root,) = node.nodes[0].nodes
    assert [(one.name, one.models) for one in root.nodes] == [("c/large", 4)]
    assert root.remainder is not None
    assert (root.remainder.branches, root.remainder.models, root.remainder.deleted) == (5, 5, 0)
    assert root.remainder.by_relation == ((Relation.QUANTIZED, 5),)


def test_a_release_is_drawn_before_a_larger_branch_of_another(tmp_path: Path) -> None:
    node = prune_rows(sums(little(tmp_path, set()), KIN, Definition()), lines=2, deepest=4)
    assert [one.name for one in node.nodes] == ["Kin 1", "Kin 2"]
    assert [one.name for one in node.nodes[0].nodes] == ["kin/one"]
    assert not node.nodes[0].nodes[0].nodes


def test_a_merge_says_how_many_other_parents_it_has(tmp_path: Path) -> None:
    node = prune_rows(sums(little(tmp_path, set()), KIN, Definition()), lines=99, deepest=9)
    others = {one.name: one.other_parents for one in every(node)}
    assert others["c/low"] == 1
    assert {name for name, number in others.items() if number} == {"c/low"}


def test_who_is_gone_is_told_apart_and_counts_only_when_asked(tmp_path: Path) -> None:
    snapshot = little(tmp_path, {"c/large", "a/0"})
    whole = prune_rows(sums(snapshot, KIN, Definition()), lines=99, deepest=9)
    drawn = {one.name: one for one in every(whole)}
    large, leaf = drawn["c/large"], drawn["a/0"]
    assert (large.kind, large.own, large.models) == (RowKind.DELETED, 0, 3)
    assert large.missed == leaf.missed == snapshot.manifest.origin.taken_at.date()
    assert (leaf.own, leaf.models, whole.models) == (0, 0, 8)
    few = prune_rows(sums(snapshot, KIN, Definition()), lines=4, deepest=9)
    assert sum(one.remainder.deleted for one in every(few) if one.remainder) == 1
    asked = prune_rows(sums(snapshot, KIN, Definition(deleted=True)), lines=99, deepest=9)
    assert asked.models == 10
    assert Counter(one.kind for one in every(asked))[RowKind.DELETED] == 2


def test_a_family_of_one_model_begins_at_that_model(tmp_path: Path) -> None:
    alone = a_family({"kin/one": ["kin/one"]})
    alone = replace(alone, name="kin/one")
    node = prune_rows(sums(little(tmp_path, set()), alone, Definition()), lines=9, deepest=1)
    assert node.kind is RowKind.OFFICIAL
    assert {one.name for one in node.nodes} == {"c/large", *(f"a/{n}" for n in range(5))}
