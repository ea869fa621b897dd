"""A family as a networkx graph: its nodes, edges and what they carry, beside the tables."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.domain.clock import iso
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.errors import UnknownModel
from lineage.graph.lineage_graph import FamilyGraph, build_graph
from lineage.store.reader import Snapshot
from tests.builders import Row, hub_parents, key_of, published, row
from tests.questions import count_base
from tests.questions import graph_of_family as family_graph
from tests.unit.analysis.conftest import World
from tests.unit.analysis.plain import Plain
from tests.unit.analysis.worlds import DEFINITIONS, LISTED, OLD, UNSEEN, a_family, families

DEFAULT = Definition()
KNOWN = ("author", "created_at", "license", "library", "downloads", "likes")


def without_nones(row: Row) -> Row:
    return {
        name: iso(value) if isinstance(value, datetime) else value
        for name, value in row.items()
        if value is not None
    }


def is_true_to(plain: Plain, graph: FamilyGraph, roots: set[str], keys: set[str]) -> None:
    """Hold nodes and edges against those of the tables between some keys."""
    assert {one["key"] for _, one in graph.nodes(data=True)} == keys
    assert {one["key"] for _, one in graph.nodes(data=True) if one["root"]} == roots
    for id, one in graph.nodes(data=True):
        model = plain.models.get(one["key"], {})
        assert plain.keys[id] == one["key"]
        known = {name: one[name] for name in KNOWN if name in one}
        assert known == without_nones({name: model.get(name) for name in KNOWN})


def edges_between(plain: Plain, keys: set[str], rule: Definition) -> dict[tuple[str, str], Row]:
    return {
        (str(one["parent"]), str(one["child"])): without_nones(
            {
                "relation": one["relation"],
                "strength": one["strength"],
                "created_at": plain.models[str(one["child_key"])]["created_at"],
            }
        )
        for one in plain.kept(rule)
        if {one["parent_key"], one["child_key"]} <= keys
    }


def edges_of(graph: FamilyGraph) -> dict[tuple[str, str], Row]:
    return {(parent, child): said for parent, child, said in graph.edges(data=True)}


@given(st.data())
@settings(max_examples=20, database=None)
def test_the_graph_of_any_base_is_that_of_the_tables(world: World, data: st.DataObject) -> None:
    snapshot, plain = world
    known = [*LISTED, *(id for id in UNSEEN if id in plain.keys)]
    name, rule, family = data.draw(st.sampled_from(known)), data.draw(DEFINITIONS), a_family({})
    roots = plain.keys_of([name])
    keys = roots | plain.below(roots, rule)[1]
    graph = family_graph(snapshot, name, [family], rule)
    is_true_to(plain, graph, roots, keys)
    assert edges_of(graph) == edges_between(plain, keys, rule)


@given(st.data())
@settings(max_examples=20, database=None)
def test_the_graph_of_any_family_or_release_is_that_of_the_tables(
    world: World, data: st.DataObject
) -> None:
    snapshot, plain = world
    family, rule = data.draw(families()), data.draw(DEFINITIONS)
    release = data.draw(st.sampled_from([None, *family.releases]))
    roots = plain.keys_of(family.root_repo_ids() if release is None else release.root_repo_ids())
    keys = plain.below(roots, rule)[1]
    if release is not None:
        met = plain.releases_of(keys, [family], rule)
        keys = {key for key, found in met.items() if found == {release.name}}
    asked = family.id if release is None else data.draw(st.sampled_from([release.id, release.name]))
    graph = family_graph(snapshot, asked, [family], rule)
    is_true_to(plain, graph, roots, keys | roots)
    assert edges_of(graph) == edges_between(plain, keys | roots, rule)


@pytest.fixture(scope="module")
def kin() -> Family:
    names = {"meta/Meta-Kin-1": "meta/1"}
    return a_family({"Kin 1": ["meta/1"], "Kin 2.1": ["meta/2"]}, {"copy/1": "meta/1"}, names)


@pytest.fixture(scope="module")
def clan(tmp_path_factory: pytest.TempPathFactory, kin: Family) -> Snapshot:
    rows = [
        row("meta/1", createdAt=OLD),
        row("meta/2", ["meta/1"]),
        row("copy/1", likes=7),
        row("a/1", ["meta/1"], "adapter", downloads=3, likes=1, library_name="peft"),
        row("a/mirrored", ["copy/1"]),
        row("a/2", ["meta/2"]),
        row("a/both", ["a/1", "a/2"], "merge", createdAt=OLD),
        row("b/elsewhere", ["dead/base"]),
    ]
    return published(rows, tmp_path_factory.mktemp("clan"), families=[kin])


def nodes(snapshot: Snapshot, name: str, kin: Family, rule: Definition = DEFAULT) -> list[str]:
    return sorted(family_graph(snapshot, name, [kin], rule))


def test_a_family_and_its_releases_go_by_id_or_name_in_any_case(
    clan: Snapshot, kin: Family
) -> None:
    assert nodes(clan, " KIN ", kin) == [
        *("a/1", "a/2", "a/both", "a/mirrored", "copy/1", "meta/1", "meta/2")
    ]
    first = ["a/1", "a/mirrored", "copy/1", "meta/1"]
    assert nodes(clan, "kin-1", kin) == nodes(clan, "Kin 1", kin) == first
    assert nodes(clan, "KIN 2.1", kin) == ["a/2", "meta/2"]


def test_a_base_goes_by_any_of_its_names(clan: Snapshot, kin: Family) -> None:
    all_below = ["a/1", "a/2", "a/both", "meta/1", "meta/2"]
    for name in ("meta/1", "META/1", "meta/Meta-Kin-1"):
        assert nodes(clan, name, kin) == all_below
    assert nodes(clan, "dead/base", kin) == ["b/elsewhere", "dead/base"]
    with pytest.raises(UnknownModel):
        nodes(clan, "kin-3", kin)


def test_the_mirrors_of_a_base_join_its_graph_where_they_are_asked_for(
    clan: Snapshot, kin: Family
) -> None:
    rule = Definition(mirrors=True)
    graph = family_graph(clan, "meta/1", [kin], rule)
    assert sorted(id for id, said in graph.nodes(data="root") if said) == ["copy/1", "meta/1"]
    assert len(graph) - 2 == count_base(clan, "meta/1", rule, [kin]).total


def test_nodes_and_edges_carry_what_is_known(clan: Snapshot, kin: Family) -> None:
    graph = family_graph(clan, "kin", [kin], DEFAULT)
    created = "2024-03-24T10:00:00Z"
    assert graph.nodes["a/1"] == {
        "key": key_of("a/1"),
        "author": "a",
        "created_at": created,
        "library": "peft",
        "downloads": 3,
        "likes": 1,
        "root": False,
        "release": "Kin 1",
        "relation": "adapter",
    }
    assert graph.edges["meta/1", "a/1"] == {
        "relation": "adapter",
        "strength": "confirmed",
        "created_at": created,
    }


def test_what_is_not_known_is_left_out(clan: Snapshot, kin: Family) -> None:
    graph = family_graph(clan, "kin", [kin], DEFAULT)
    assert graph.nodes["meta/1"] == {
        "key": key_of("meta/1"),
        "author": "meta",
        "root": True,
        "release": "Kin 1",
    }
    assert graph.edges["a/1", "a/both"] == {"relation": "merge", "strength": "confirmed"}
    dead = family_graph(clan, "dead/base", [kin], DEFAULT).nodes["dead/base"]
    assert dead == {"key": key_of("dead/base"), "root": True}


def test_two_models_of_one_name_are_two_nodes(tmp_path: Path) -> None:
    """The newer has the name; the older was deleted, and goes by its key where it is counted."""
    twin = row("a/twin", ["o/base"], _id="f" * 24)
    rows = [row("a/twin", ["o/base"]), twin, row("b/1", ["a/twin"], baseModels=_by_key("f" * 24))]
    snapshot = published(rows, tmp_path)
    assert sorted(family_graph(snapshot, "o/base", (), DEFAULT)) == ["a/twin", "b/1", "o/base"]
    graph = family_graph(snapshot, "o/base", (), Definition(deleted=True))
    assert sorted(graph) == sorted(["a/twin", "b/1", key_of("a/twin"), "o/base"])
    assert list(graph.predecessors("b/1")) == ["a/twin"]
    assert graph.nodes["a/twin"]["key"] == "f" * 24


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("c" * 24, {"a/twin": "b", f"a/twin {'a' * 24}": "a", "a" * 24: "c"}),
        ("0" * 24, {"a/twin": "b", f"a/twin {'a' * 24}": "a", "a" * 24: "0"}),
    ],
)
def test_a_model_called_as_the_key_of_a_twin_is_a_node_of_its_own(
    key: str, names: dict[str, str], tmp_path: Path
) -> None:
    twins = [row("a/twin", ["o/base"]) | {"_id": letter * 24} for letter in "ab"]
    rows = [row("o/base"), *twins, row("a" * 24, ["o/base"]) | {"_id": key}]
    graph = family_graph(published(rows, tmp_path), "o/base", (), Definition(deleted=True))
    assert {
        name: known["key"][:1] for name, known in graph.nodes(data=True) if "/base" not in name
    } == names


def _by_key(key: str) -> Row:
    return hub_parents("a/twin") | {"models": [{"_id": key, "id": "a/twin"}]}


# The graph itself


def built(names: Sequence[str], **edge_columns: Sequence[object]) -> FamilyGraph:
    return build_graph(names, {}, [0, 0], [1, 2], edge_columns)


def test_edges_lead_from_parent_to_child_and_skip_what_is_none() -> None:
    graph = built(["p", "c", "d"], relation=["merge", None])
    assert edges_of(graph) == {("p", "c"): {"relation": "merge"}, ("p", "d"): {}}
    assert edges_of(built(["p", "c", "d"])) == {("p", "c"): {}, ("p", "d"): {}}


def test_a_node_without_edges_stays_a_node() -> None:
    graph = build_graph(["alone"], {"key": ["k"], "likes": [None]}, [], [], {})
    assert dict(graph.nodes(data=True)) == {"alone": {"key": "k"}}


def test_the_graph_is_the_one_that_networkx_builds_edge_by_edge() -> None:
    edges = [("p", "c", {"relation": "merge"}), ("p", "d", {}), ("c", "d", {"relation": "merge"})]
    plain = nx.DiGraph()
    plain.add_nodes_from(["p", "c", "d"])
    plain.add_edges_from(edges)
    graph = build_graph(
        ["p", "c", "d"], {}, [0, 0, 1], [1, 2, 2], {"relation": ["merge", None, "merge"]}
    )
    for one in (plain, graph):
        one.edges["p", "c"]["relation"] = "adapter"
        one.add_edge("d", "e", relation="quantized")
        one.remove_node("c")
    assert nx.utils.graphs_equal(graph, plain)
    assert nx.utils.graphs_equal(graph.reverse(), plain.reverse())
