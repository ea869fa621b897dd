"""What a definition counts: the facts one by one, then any question against a slow walk."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.domain.claims import Relation, Strength
from lineage.domain.definitions import Closure, Definition, Grouping
from lineage.domain.families import Family
from lineage.store.reader import Snapshot
from tests.builders import Row, hub_parents, key_of, published, row
from tests.questions import count_base, count_family
from tests.unit.analysis.conftest import World
from tests.unit.analysis.plain import told
from tests.unit.analysis.worlds import DEFINITIONS, LISTED, OLD, UNSEEN, a_family, families

DEFAULT = Definition()
BASE = "meta/base"


def total(
    snapshot: Snapshot,
    name: str = BASE,
    definition: Definition = DEFAULT,
    known: Sequence[Family] = (),
) -> int:
    return count_base(snapshot, name, definition, known).total


# By any question


@given(st.data())
@settings(max_examples=20, database=None)
def test_any_count_of_any_base_is_that_of_a_slow_walk(world: World, data: st.DataObject) -> None:
    snapshot, plain = world
    name = data.draw(st.sampled_from([*LISTED, *(id for id in UNSEEN if id in plain.keys)]))
    rule, family = data.draw(DEFINITIONS), data.draw(families(curated=True))
    roots = {name, *(family.family_mirrors_of(name) if rule.mirrors else ())}
    plain = plain.over([family], rule)
    direct, below = plain.below(plain.keys_of(roots), rule)
    count = count_base(snapshot, name, rule, [family])
    assert told(count) == plain.numbers(direct, below, rule)
    assert count.undated == plain.undated(below)
    assert set(count.definition.roots) == roots


@given(st.data())
@settings(max_examples=20, database=None)
def test_any_count_of_any_family_is_that_of_a_slow_walk(world: World, data: st.DataObject) -> None:
    snapshot, plain = world
    rule, family = data.draw(DEFINITIONS), data.draw(families(curated=True))
    plain = plain.over([family], replace(rule, curated=True))
    direct, below = plain.below(plain.keys_of(family.root_repo_ids()), rule)
    count = count_family(snapshot, family, rule, [family])
    assert told(count) == plain.numbers(direct, below, rule)
    assert count.undated == plain.undated(below)


def test_the_stored_count_of_every_base_is_the_one_that_is_computed(world: World) -> None:
    snapshot, plain = world
    bases = sorted({str(one["parent"]) for one in plain.edges})
    assert len(bases) > 20
    for name in bases:
        stored = count_base(snapshot, name, DEFAULT, ())
        computed = count_base(snapshot, name, DEFAULT, (), Grouping.RELATION)
        assert told(stored) == told(computed)
        assert (stored.key, stored.undated) == (computed.key, computed.undated)
        assert stored.definition == computed.definition


# Filters


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A base, its adapter, and what was made of the adapter; plus a child that a card alone says.

    Nobody knows the adapter's downloads.
    """
    rows = [
        row(BASE, downloads=9000),
        row("a/adapter", [BASE], "adapter"),
        row("a/merge", ["a/adapter"], "merge", downloads=500),
        row("a/carded", [BASE], tags=[], baseModels=None, downloads=0),
        row("a/below-carded", ["a/carded"], downloads=40, createdAt=OLD),
    ]
    return published(rows, tmp_path_factory.mktemp("line"))


def test_by_default_everything_stated_is_counted(line: Snapshot) -> None:
    count = count_base(line, BASE, DEFAULT, ())
    words = {"adapter": 1, "merge": 1, "unspecified": 1, "finetune": 1}
    assert told(count) == (2, 4, words)
    assert (count.undated, count.definition) == (1, Definition(roots=(BASE,)))


def test_what_hangs_below_a_removed_relation_is_gone_too(line: Snapshot) -> None:
    assert total(line, definition=Definition(relations=(Relation.MERGE,))) == 0
    assert total(line, definition=Definition(relations=(Relation.ADAPTER,))) == 1
    assert total(line, definition=Definition(relations=(Relation.ADAPTER, Relation.MERGE))) == 2


def test_what_hangs_below_a_removed_strength_is_gone_too(line: Snapshot) -> None:
    count = count_base(line, BASE, Definition(min_strength=Strength.CONFIRMED), ())
    assert told(count) == (1, 2, {"adapter": 1, "merge": 1})


def test_downloads_choose_among_the_reached_and_never_cut_a_path(line: Snapshot) -> None:
    count = count_base(line, BASE, Definition(min_downloads=40), ())
    assert told(count) == (0, 2, {"merge": 1, "finetune": 1})


def test_a_model_of_unknown_downloads_has_not_even_one(line: Snapshot) -> None:
    assert total(line, "a/adapter", Definition(min_downloads=1)) == 1
    assert total(line, definition=Definition(min_downloads=1)) == 2


def test_direct_counts_children_and_says_so(line: Snapshot) -> None:
    count = count_base(line, BASE, Definition(closure=Closure.DIRECT), ())
    assert told(count) == (2, 2, {"adapter": 1, "unspecified": 1})
    assert count.definition.closure is Closure.DIRECT


def test_a_model_without_children_has_none(line: Snapshot) -> None:
    assert told(count_base(line, "a/merge", DEFAULT, ())) == (0, 0, {})


def test_a_merge_is_counted_once_however_many_ways_lead_to_it(tmp_path: Path) -> None:
    rows = [
        *(row(BASE), row("a/1", [BASE]), row("a/2", [BASE])),
        row("a/merge", ["a/1", "a/2", BASE], "merge"),
    ]
    count = count_base(published(rows, tmp_path), BASE, DEFAULT, ())
    assert told(count) == (3, 3, {"finetune": 2, "merge": 1})


def test_an_older_model_of_the_same_name_is_another_base(tmp_path: Path) -> None:
    """Deleted and made anew: the Hub still knows the old one's child by the old one's key."""
    old = hub_parents(BASE) | {"models": [{"_id": "0" * 24, "id": BASE}]}
    rows = [row(BASE), row("a/old", [BASE], baseModels=old), row("a/new", [BASE])]
    rows.append(row("a/newer", ["a/new"]))
    snapshot = published(rows, tmp_path)
    stored = count_base(snapshot, BASE, DEFAULT, ())
    computed = count_base(snapshot, BASE, DEFAULT, (), Grouping.RELATION)
    assert (stored.key, told(stored)) == (computed.key, told(computed))


# Mirrors and families


@pytest.fixture(scope="module")
def kin() -> Family:
    return a_family(
        {"Kin 1": [BASE, "meta/instruct"], "Kin 2": ["meta/second"]}, mirrors={"copy/base": BASE}
    )


@pytest.fixture(scope="module")
def clan(tmp_path_factory: pytest.TempPathFactory, kin: Family) -> Snapshot:
    """Official models that descend from each other, a mirror, a quantized and a changed copy."""
    rows = [
        row(BASE),
        row("meta/instruct", [BASE]),
        row("copy/base", [BASE], "finetune"),
        row("copy/base-4bit", [BASE], "quantized"),
        row("copy/pruned", [BASE]),
        row("a/of-mirror", ["copy/base"]),
        row("a/of-4bit", ["copy/base-4bit"], "adapter"),
        row("a/of-instruct", ["meta/instruct"], "adapter"),
        row("meta/second", ["meta/instruct"]),
        row("a/of-second", ["meta/second"], "adapter"),
    ]
    return published(rows, tmp_path_factory.mktemp("clan"), families=[kin])


def test_a_mirror_of_a_named_base_is_an_ordinary_child_unless_asked(
    clan: Snapshot, kin: Family
) -> None:
    count = count_base(clan, BASE, DEFAULT, [kin])
    assert (count.direct, count.total, count.definition.roots) == (4, 9, (BASE,))


def test_a_mirror_joins_the_roots_and_its_children_are_direct(clan: Snapshot, kin: Family) -> None:
    count = count_base(clan, BASE, Definition(mirrors=True), [kin])
    assert (count.direct, count.total) == (4, 8)
    assert count.definition.roots == (BASE, "copy/base")
    assert count.definition.mirrors


def test_a_mirror_that_nobody_lists_changes_nothing(clan: Snapshot) -> None:
    family = a_family({"Kin 1": [BASE]}, mirrors={"never/seen": BASE})
    assert total(clan, BASE, Definition(mirrors=True), [family]) == 9


def test_no_root_of_a_family_is_counted_an_official_instruct_neither(
    clan: Snapshot, kin: Family
) -> None:
    count = count_family(clan, kin, DEFAULT, [kin])
    assert told(count) == (5, 6, {"quantized": 1, "finetune": 2, "adapter": 3})
    assert (count.subject, count.id, count.key) == ("family:kin", "family:kin", None)


def test_a_quantized_copy_counts_and_its_children_through_it(clan: Snapshot, kin: Family) -> None:
    adapters = Definition(relations=(Relation.ADAPTER,))
    assert count_family(clan, kin, adapters, [kin]).total == 2
    both = Definition(relations=(Relation.ADAPTER, Relation.QUANTIZED))
    assert count_family(clan, kin, both, [kin]).total == 4


def test_a_familys_definition_says_that_mirrors_and_curated_edges_join(
    clan: Snapshot, kin: Family
) -> None:
    rule = count_family(clan, kin, Definition(min_downloads=3), [kin]).definition
    assert (rule.mirrors, rule.curated, rule.min_downloads) == (True, True, 3)
    assert rule.roots == kin.root_repo_ids()


def test_a_family_nobody_lists_counts_nothing(clan: Snapshot) -> None:
    family = a_family({"Kin 9": ["never/seen"]})
    assert told(count_family(clan, family, DEFAULT, [family])) == (0, 0, {})


def test_a_root_that_was_renamed_after_the_registry_was_written_stays_a_root(
    tmp_path: Path, kin: Family
) -> None:
    before: list[Row] = [row(BASE), row("a/child", [BASE])]
    published(before, tmp_path, families=[kin])
    now = "meta/base-renamed"
    after = [row(now, _id=key_of(BASE)), row("a/child", [BASE], baseModels=_parent(now))]
    snapshot = published(after, tmp_path, families=[kin])
    assert count_family(snapshot, kin, DEFAULT, [kin]).total == 1
    (group,) = count_family(snapshot, kin, DEFAULT, [kin], Grouping.RELEASE).groups
    assert (group.value, group.total) == ("Kin 1", 1)


def _parent(now: str) -> Row:
    return {"relation": "finetune", "models": [{"_id": key_of(BASE), "id": now}]}
