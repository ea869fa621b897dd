"""A model with all its ancestors: by which edges, how far away, and what is known of each."""

from pathlib import Path

import networkx as nx
import pytest

from lineage.domain.claims import Strength
from lineage.domain.definitions import Definition
from lineage.errors import UnknownModel
from lineage.export.bill_of_materials import Bill
from lineage.store.reader import Snapshot
from tests.builders import published, row
from tests.questions import bill_of
from tests.questions import graph_of_family as family_graph
from tests.unit.analysis.conftest import World
from tests.unit.analysis.worlds import LISTED, UNSEEN, a_family, said

KIN = a_family({"Kin 1": ["kin/base", "kin/chat"]}, edges=[said("owner/silent", "kin/chat")])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    rows = [
        row("kin/base", license="mit", tags=["license:mit"], sha="a" * 40),
        row("kin/chat", ["kin/base"]),
        row("owner/tuned", ["kin/chat"]),
        row("owner/merge", ["owner/tuned", "gone/elder"], "merge"),
        row("owner/loop", ["owner/loop", "owner/merge"]),
        row("owner/silent"),
    ]
    return published(rows, tmp_path_factory.mktemp("boms"))


def asked(store: Snapshot, name: str) -> Bill:
    return bill_of(store, name, KIN, [KIN])


def near(bill: Bill) -> list[tuple[str, int]]:
    return [(one.part.id, one.generation) for one in bill.ancestors]


def test_ancestors_are_listed_beyond_the_first_root(store: Snapshot) -> None:
    bill = asked(store, "owner/merge")
    assert near(bill) == [
        ("gone/elder", 1),
        ("owner/tuned", 1),
        ("kin/chat", 2),
        ("kin/base", 3),
    ]
    assert bill.trace.descends is True


def test_each_ancestor_has_its_edges_with_their_claims(store: Snapshot) -> None:
    tuned = asked(store, "owner/merge").ancestors[1]
    (step,) = tuned.steps
    assert (step.child, step.relation.value, step.strength.value) == (
        "owner/merge",
        "merge",
        "confirmed",
    )
    assert {voice.rule for voice in step.evidence} == {"card", "hub", "tag"}


def test_what_the_snapshot_knows_is_there(store: Snapshot) -> None:
    base = asked(store, "kin/chat").ancestors[0].part
    assert (base.license, base.sha, base.author, base.listed) == ("mit", "a" * 40, "kin", True)
    assert base.root is not None
    assert base.root.release == "Kin 1"


def test_a_name_that_nobody_lists_is_an_ancestor_of_which_nothing_is_known(store: Snapshot) -> None:
    elder = asked(store, "owner/merge").ancestors[0].part
    assert (elder.listed, elder.license, elder.author) == (False, None, None)


def test_the_registry_has_a_say(store: Snapshot) -> None:
    bill = asked(store, "owner/silent")
    assert near(bill) == [("kin/chat", 1), ("kin/base", 2)]
    assert bill.ancestors[0].steps[0].evidence[0].rule == "registry"


def test_no_model_is_its_own_ancestor(store: Snapshot) -> None:
    bill = asked(store, "owner/loop")
    assert "owner/loop" not in dict(near(bill))
    assert near(bill)[0] == ("owner/merge", 1)


def test_a_root_without_parents_has_no_ancestors(store: Snapshot) -> None:
    assert asked(store, "kin/base").ancestors == ()


def test_nobody_knows_a_name_that_nobody_knows(store: Snapshot) -> None:
    with pytest.raises(UnknownModel):
        asked(store, "who/knows")


def test_a_registered_model_without_a_record_has_a_bill(tmp_path: Path) -> None:
    bill = bill_of(published([row("owner/x")], tmp_path), "kin/base", KIN, [KIN])
    assert (bill.subject.id, bill.subject.listed, bill.ancestors) == ("kin/base", False, ())


@pytest.mark.parametrize("least", [Strength.INFERRED, Strength.DECLARED, Strength.CONFIRMED])
def test_ancestors_are_those_of_the_graph(world: World, least: Strength) -> None:
    snapshot, _ = world
    everyone = a_family({"All 1": [*LISTED, *UNSEEN]})
    graph = family_graph(
        snapshot, "kin", [a_family({"K": [*LISTED, *UNSEEN]})], Definition(min_strength=least)
    )
    for name in LISTED[:30:3]:
        bill = bill_of(snapshot, name, everyone, [everyone], least)
        up = nx.single_source_shortest_path_length(graph.reverse(copy=False), name)
        assert dict(near(bill)) == {id: far for id, far in up.items() if id != name}
