"""Links that lead to a release, a group of releases or a family in place of a model."""

from dataclasses import replace

import pytest

from lineage.analysis.check import CheckVerdict, check_models
from lineage.analysis.comparison import compare_definitions
from lineage.analysis.counts import count_subject, rank_bases_by_count
from lineage.analysis.documents import comparison_document, trace_document
from lineage.analysis.family_graph import family_graph
from lineage.analysis.scope import DEFAULT, Scope
from lineage.analysis.subjects import find_subject
from lineage.analysis.traces import trace_model
from lineage.domain.check_rules import ListedModel, read_check_rules
from lineage.domain.claims import Relation, Strength
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.families import (
    CuratedEdge,
    CuratedSource,
    NameReading,
    Proof,
    ReleaseGroup,
    Spelling,
)
from lineage.store.reader import Snapshot
from tests.builders import Row, outlived, row, rows_of
from tests.unit.analysis.worlds import a_family

BASE = "kin/Kin-3-8B"
FAMILY = replace(
    a_family({"Kin 3": [BASE], "Kin 2": ["kin/Kin-2-8B"]}),
    groups=(ReleaseGroup("kin-x", "Kin x", ("kin-3", "kin-2")),),
    names=NameReading(
        ("kin",),
        spellings=(
            Spelling("kin-3", "kin-3"),
            Spelling("kin-x", "kin-x"),
            Spelling("kinful", "kin"),
        ),
    ),
)
INFERRED = Definition(min_strength=Strength.INFERRED)
ROWS: list[Row] = [
    row(BASE),
    row("kin/Kin-2-8B"),
    row("a/declared", [BASE]),
    row("b/Kin-3-cats"),
    row("c/below-cats", ["b/Kin-3-cats"]),
    row("d/Kin-x-dogs"),
    row("e/Kinful-birds-GGUF"),
    row("f/Kin-3-gone"),
    row("g/below-gone", ["f/Kin-3-gone"]),
]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The second of two days: one of the models was deleted in between."""
    folder = tmp_path_factory.mktemp("named")
    return outlived(ROWS, ["f/Kin-3-gone"], folder, families=[FAMILY])


def asked(snapshot: Snapshot, definition: Definition = INFERRED) -> Scope:
    return Scope(snapshot, [FAMILY], definition)


def total(snapshot: Snapshot, subject: str, definition: Definition = INFERRED) -> int:
    scope = asked(snapshot, definition)
    return count_subject(scope, find_subject(scope, subject)).total


def test_edges_and_evidence_name_what_the_link_leads_to(snapshot: Snapshot) -> None:
    ends = ("child", "parent", "parent_key", "relation", "strength")
    edges = [tuple(edge[name] for name in ends) for edge in rows_of(snapshot, "edges.parquet")]
    release, group, family = "release:kin-3", "release:kin-x", "family:kin"
    assert {edge for edge in edges if edge[-1] == "inferred"} == {
        ("b/Kin-3-cats", release, release, "unspecified", "inferred"),
        ("d/Kin-x-dogs", group, group, "unspecified", "inferred"),
        ("e/Kinful-birds-GGUF", family, family, "quantized", "inferred"),
        ("f/Kin-3-gone", release, release, "unspecified", "inferred"),
    }
    claims = [it for it in rows_of(snapshot, "evidence.parquet") if it["rule"] == "release_name"]
    assert {(it["parent_as_written"], it["parent_key"]) for it in claims} == {
        (name, name) for name in (release, group, family)
    }


def test_it_counts_in_the_family_and_the_release_and_never_by_default(snapshot: Snapshot) -> None:
    assert total(snapshot, "family:kin", DEFAULT) == total(snapshot, "release:kin-3", DEFAULT) == 1
    # The deleted model leads its child to the release, and is not counted itself.
    assert total(snapshot, "release:kin-3") == 4
    assert total(snapshot, "family:kin") == 6
    assert total(snapshot, "release:kin-2") == 0
    with_deleted = replace(INFERRED, deleted=True)
    assert total(snapshot, "release:kin-3", with_deleted) == 5


def test_it_counts_below_no_base(snapshot: Snapshot) -> None:
    assert total(snapshot, BASE) == 1
    bases = [count.id for count in rank_bases_by_count(asked(snapshot), 10)]
    assert bases == ["b/Kin-3-cats", "f/Kin-3-gone", BASE]
    stored = {row["id"]: row["total"] for row in rows_of(snapshot, "counts.parquet")}
    assert stored["release:kin-3"] == 0


def test_whose_release_is_not_known_is_of_none(snapshot: Snapshot) -> None:
    scope = asked(snapshot)
    count = count_subject(scope, find_subject(scope, "family:kin"), Grouping.RELEASE)
    assert {group.value: group.total for group in count.groups} == {"Kin 3": 4, "unknown": 2}


def test_an_answer_says_how_much_is_inferred_and_by_which_rule(snapshot: Snapshot) -> None:
    scope = asked(snapshot)
    subject = find_subject(scope, "family:kin")
    assert count_subject(scope, subject).declared == 1
    assert count_subject(asked(snapshot, DEFAULT), subject).declared is None
    last = compare_definitions(asked(snapshot, DEFAULT), subject).steps[-1]
    assert last.by_rule == {"release_name": 6}
    compared = compare_definitions(asked(snapshot, DEFAULT), find_subject(scope, "release:kin-3"))
    assert compared.steps[-1].by_rule == {"release_name": 4}
    assert "release_name +4" in comparison_document(compared)["steps"][-1]["explanation"]


def test_a_trace_ends_there_and_is_no_yes(snapshot: Snapshot) -> None:
    trace = trace_document(trace_model(asked(snapshot), "c/below-cats", FAMILY))
    assert (trace["descends"], trace["reason"]) == (None, "inferred_path")
    assert [edge["parent"] for edge in trace["paths"][0]] == ["b/Kin-3-cats", "release:kin-3"]
    assert trace["roots"] == [
        {
            "root": None,
            "release": "Kin 3",
            "family": "kin",
            "official": False,
            "subject": "release:kin-3",
        }
    ]
    own = trace_document(trace_model(asked(snapshot), "d/Kin-x-dogs", FAMILY))
    assert "its name says Kin x (inferred)" in own["explanation"]
    assert "release_name 99.7 %" in own["explanation"]


def test_a_gate_warns_of_it_and_decides_nothing_by_it(snapshot: Snapshot) -> None:
    rules = read_check_rules({"deny": ["release:kin-3"]})
    models = [ListedModel("b/Kin-3-cats"), ListedModel("release:kin-3")]
    outcome = check_models(asked(snapshot, DEFAULT), models, rules)
    assert [model.verdict for model in outcome.models] == [CheckVerdict.UNKNOWN] * 2
    assert [len(model.warnings) for model in outcome.models] == [1, 0]


def test_a_graph_has_it_as_a_root_where_inferred_links_are_drawn(snapshot: Snapshot) -> None:
    scope = asked(snapshot)
    graph = family_graph(scope, find_subject(scope, "family:kin"))
    assert graph.nodes["release:kin-3"]["root"] is True
    assert set(graph.successors("release:kin-3")) == {"b/Kin-3-cats"}
    plain = asked(snapshot, DEFAULT)
    assert "release:kin-3" not in family_graph(plain, find_subject(plain, "family:kin"))


def test_a_curated_edge_may_lead_to_a_release_and_is_declared(snapshot: Snapshot) -> None:
    source = CuratedSource("its card", "Kin 2 of some size")
    edge = CuratedEdge(
        "d/Kin-x-dogs", "release:kin-2", Relation.FINETUNE, Proof.CARD_SENTENCE, source
    )
    scope = Scope(snapshot, [replace(FAMILY, edges=(edge,))])
    assert count_subject(scope, find_subject(scope, "release:kin-2")).total == 1
    trace = trace_model(scope, "d/Kin-x-dogs", FAMILY)
    assert (trace.descends, trace.roots[0].subject) == (True, "release:kin-2")
    assert count_subject(scope, find_subject(scope, "kin/Kin-2-8B")).total == 0
