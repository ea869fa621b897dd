"""A forest holds each model of a family once, and its numbers are those of counts."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lineage.analysis.groups import MIXED
from lineage.analysis.scope import Scope
from lineage.analysis.tree.row_facts import LAST_SEEN, MISSED, read_tree_row_facts
from lineage.analysis.tree.rows import RowKind, TreeRows, build_tree_rows
from lineage.domain.claims import RELATIONS, Strength
from lineage.domain.definitions import Closure, Definition, Grouping
from lineage.domain.families import Family
from lineage.families.registry import all_families, family
from lineage.store.reader import Snapshot
from tests.builders import Row, outlived, published, row
from tests.fakes.fake_clock import NOON
from tests.questions import count_family, of_family
from tests.unit.analysis.conftest import World
from tests.unit.analysis.worlds import DEFINITIONS, LISTED, a_family, a_world, families

KIN = a_family({"Kin 1": ["kin/one"], "Kin 2": ["kin/two"]}, {"copy/one": "kin/one"})


DAYS = st.sampled_from([None, date(2023, 12, 31), NOON.date(), date(2027, 1, 1)])


def forest_of(snapshot: Snapshot, kin: Family) -> TreeRows:
    return build_tree_rows(Scope(snapshot, [kin]), of_family(kin), Strength.INFERRED)


def models(forest: TreeRows, least: Strength) -> list[int]:
    """The rows of models that descend at least so surely."""
    sure = least.code
    rows = range(len(forest))
    return [at for at in rows if forest.kind[at] == RowKind.MODEL and forest.strength[at] >= sure]


def group_of(forest: TreeRows, at: int) -> str:
    while forest.kind[at] != RowKind.GROUP:
        at = int(forest.parent[at])
    return forest.names[at]


def drawn_below(forest: TreeRows) -> dict[str, str]:
    return {name: forest.names[forest.parent[at]] for at, name in enumerate(forest.names) if at}


def grown(folder: Path, *rows: Row) -> dict[str, str]:
    """What each row of a little family is drawn below."""
    roots = [row("kin/one"), row("copy/one"), row("kin/two")]
    return drawn_below(forest_of(published([*roots, *rows], folder), KIN))


@given(kin=families(curated=True), least=st.sampled_from(Strength))
def test_a_forest_holds_what_is_counted_at_every_strength(
    world: World, kin: Family, least: Strength
) -> None:
    snapshot, _ = world
    forest = forest_of(snapshot, kin)
    count = count_family(snapshot, kin, Definition(min_strength=least), [kin])
    rows = models(forest, least)
    assert len(rows) == count.total
    assert len({forest.names[at] for at in rows}) == len(rows)
    told = Counter(RELATIONS[forest.relation[at]] for at in rows)
    if least is Strength.DECLARED:
        assert told == count.by_relation


@given(kin=families(curated=True), asked=DEFINITIONS, deleted=st.booleans(), day=DAYS)
def test_a_forest_of_the_living_and_the_dead_holds_what_any_definition_counts(
    mortal_world: Snapshot, kin: Family, asked: Definition, deleted: bool, day: date | None
) -> None:
    everything = replace(asked, mirrors=True, curated=True, closure=Closure.ALL)
    asked = replace(everything, deleted=deleted, as_of=day)
    scope = Scope(mortal_world, [kin], asked)
    forest = build_tree_rows(scope, of_family(kin), Strength.INFERRED)
    count = count_family(mortal_world, kin, asked, [kin], Grouping.RELEASE)
    kinds = {RowKind.MODEL, RowKind.DELETED} if deleted else {RowKind.MODEL}
    sure = forest.strength >= asked.min_strength.code
    rows = [at for at in range(len(forest)) if forest.kind[at] in kinds and sure[at]]
    told = Counter(group_of(forest, at) for at in rows)
    assert told == {group.value: group.total for group in count.groups}
    with_dead = count_family(mortal_world, kin, replace(asked, deleted=True), [kin]).total
    dead = sum(forest.kind[at] == RowKind.DELETED and bool(sure[at]) for at in range(len(forest)))
    assert (
        dead
        == with_dead - count_family(mortal_world, kin, replace(asked, deleted=False), [kin]).total
    )


def test_who_is_gone_is_drawn_with_what_hangs_below_and_without(tmp_path: Path) -> None:
    rows = [
        row("kin/one"),
        row("a/parent", ["kin/one"]),
        row("a/child", ["a/parent"]),
        row("b/leaf", ["kin/one"]),
    ]
    snapshot = outlived(rows, {"a/parent", "b/leaf"}, tmp_path)
    forest = forest_of(snapshot, KIN)
    drawn, names = drawn_below(forest), list(forest.names)
    assert drawn["a/child"] == "a/parent"
    assert drawn["b/leaf"] == "kin/one"
    kinds = {name: RowKind(int(forest.kind[names.index(name)])) for name in ("a/parent", "b/leaf")}
    assert set(kinds.values()) == {RowKind.DELETED}
    facts = read_tree_row_facts(snapshot, forest)
    at = names.index("b/leaf")
    missed = date(1970, 1, 1) + timedelta(days=int(facts.dates[MISSED][at]) - 1)
    assert missed == snapshot.manifest.origin.taken_at.date()
    seen = facts.words[LAST_SEEN]
    assert seen.words[seen.code[at] - 1] == snapshot.manifest.previous
    assert facts.dates["created_at"][at] == facts.dates["created_at"][names.index("a/child")]


def test_before_it_was_missed_nobody_is_told_of_as_gone(tmp_path: Path) -> None:
    rows = [row("kin/one"), row("b/leaf", ["kin/one"])]
    snapshot = outlived(rows, {"b/leaf"}, tmp_path)
    scope = Scope(snapshot, [KIN], Definition(as_of=NOON.date()))
    forest = build_tree_rows(scope, of_family(KIN))
    assert forest.kind[list(forest.names).index("b/leaf")] == RowKind.MODEL
    assert not read_tree_row_facts(snapshot, forest, NOON.date()).dates[MISSED].any()


def test_what_a_filter_leaves_out_stays_where_a_way_leads_through_it(tmp_path: Path) -> None:
    rows = [
        row("kin/one"),
        row("a/little", ["kin/one"], downloads=1),
        row("a/used", ["a/little"], downloads=100),
        row("b/little", ["kin/one"], downloads=1),
    ]
    snapshot = published(rows, tmp_path)
    forest = build_tree_rows(Scope(snapshot, [KIN], Definition(min_downloads=9)), of_family(KIN))
    assert drawn_below(forest)["a/used"] == "a/little"
    assert forest.kind[list(forest.names).index("a/little")] == RowKind.PASSED
    assert "b/little" not in forest.names


@given(kin=families(curated=True))
def test_its_groups_are_those_of_count_by_release(world: World, kin: Family) -> None:
    snapshot, _ = world
    forest = forest_of(snapshot, kin)
    count = count_family(snapshot, kin, Definition(), [kin], Grouping.RELEASE)
    told = Counter(group_of(forest, at) for at in models(forest, Strength.DECLARED))
    assert told == {group.value: group.total for group in count.groups}


@given(kin=families(curated=True))
def test_rows_are_a_walk_with_the_largest_branch_first(world: World, kin: Family) -> None:
    forest = forest_of(world[0], kin)
    stated = set(models(forest, Strength.DECLARED))
    size = [int(at in stated) for at in range(len(forest))]
    for at in range(len(forest) - 1, 0, -1):
        parent = int(forest.parent[at])
        assert parent < at
        assert forest.depth[at] == forest.depth[parent] + 1
        size[parent] += size[at]
    last: dict[int, int] = {}
    for at in range(1, len(forest)):
        parent = int(forest.parent[at])
        assert size[at] <= last.get(parent, size[at])
        last[parent] = size[at]


@given(number=st.integers(0, len(LISTED) - 1))
def test_a_model_hangs_in_a_way_as_sure_as_itself(world: World, number: int) -> None:
    kin = a_family({"Kin 1": [LISTED[number]]})
    forest = forest_of(world[0], kin)
    for at in range(1, len(forest)):
        if forest.kind[at] >= RowKind.MODEL:
            assert forest.strength[forest.parent[at]] >= forest.strength[at]


def test_the_corpus_is_drawn_as_it_is_counted(corpus_snapshot: Snapshot) -> None:
    known, llama = all_families(), family("llama")
    forest = build_tree_rows(Scope(corpus_snapshot, known), of_family(llama), Strength.INFERRED)
    count = count_family(corpus_snapshot, llama, Definition(), known, Grouping.RELEASE)
    told = Counter(group_of(forest, at) for at in models(forest, Strength.DECLARED))
    assert told == {group.value: group.total for group in count.groups}
    guessed = count_family(
        corpus_snapshot, llama, Definition(min_strength=Strength.INFERRED), known
    )
    assert len(models(forest, Strength.INFERRED)) == guessed.total


def test_a_merge_of_two_releases_hangs_below_neither(tmp_path: Path) -> None:
    drawn = grown(
        tmp_path,
        row("a/merge", ["kin/one", "kin/two"], "merge"),
        row("a/tuned", ["a/merge"]),
    )
    assert drawn["a/merge"] == MIXED
    assert drawn["a/tuned"] == "a/merge"


def test_a_merge_within_a_release_hangs_below_its_largest_parent(tmp_path: Path) -> None:
    drawn = grown(
        tmp_path,
        row("a/large", ["kin/one"]),
        row("a/small", ["kin/one"]),
        row("a/other", ["a/large"]),
        row("a/merge", ["a/small", "a/large"], "merge"),
    )
    assert drawn["a/merge"] == "a/large"


def test_a_circle_between_two_releases_is_drawn_once(tmp_path: Path) -> None:
    drawn = grown(
        tmp_path,
        row("a/first", ["kin/one", "a/second"], "merge"),
        row("a/second", ["kin/two", "a/first"], "merge"),
    )
    assert {drawn["a/first"], drawn["a/second"]} <= {MIXED, "a/first", "a/second"}
    assert MIXED in (drawn["a/first"], drawn["a/second"])


def test_a_parent_nobody_lists_is_drawn_where_something_hangs_below_it(tmp_path: Path) -> None:
    kin = a_family({"Kin 1": ["kin/one"]}, edges=())
    rows = [row("kin/one"), row("a/child", ["gone/parent"])]
    assert "gone/parent" not in drawn_below(forest_of(published(rows, tmp_path), kin))


def test_a_release_without_models_has_no_row(tmp_path: Path) -> None:
    drawn = grown(tmp_path, row("a/tuned", ["kin/one"]))
    assert "Kin 2" not in drawn
    assert drawn["copy/one"] == "Kin 1"


def test_the_order_of_the_rows_of_a_listing_changes_nothing(tmp_path: Path) -> None:
    rows, kin = a_world(5), a_family({"Kin 1": ["owner-0/model-0", "owner-1/model-1"]})
    first = forest_of(published(rows, tmp_path / "a"), kin)
    second = forest_of(published(rows[::-1], tmp_path / "b"), kin)
    assert (first.names, first.parent.tolist()) == (second.names, second.parent.tolist())
