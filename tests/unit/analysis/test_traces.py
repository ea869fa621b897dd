"""Where a model comes from: each verdict by what it rests on, and the early ones by name."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lineage.analysis.documents import trace_document, trace_rows
from lineage.analysis.scope import Scope
from lineage.analysis.traces import trace_models
from lineage.analysis.verdicts import ModelOrigin, Trace, VerdictReason, explain_trace
from lineage.domain.claims import Relation, Strength
from lineage.domain.families import CuratedSource, Family, FormerName, Outsider, OutsiderReason
from lineage.errors import UnknownModel
from lineage.families.registry import all_families, family
from lineage.store.reader import Snapshot
from tests.builders import Row, published, row
from tests.fakes.fake_clock import NOON
from tests.questions import trace
from tests.unit.analysis.worlds import a_family, said

EARLY = Path(__file__).parents[2] / "cases" / "verdicts" / "early.csv"
OUTSIDER = Outsider(
    "tiny/kin",
    OutsiderReason.OWN_PRETRAINING,
    "It was trained from scratch.",
    CuratedSource("its README"),
)
KIN = a_family(
    {"Kin 1": ["meta/kin-1"], "Kin 2": ["meta/kin-2"]},
    {"copy/kin-1": "meta/kin-1"},
    edges=[
        said("old/alpaca", "copy/kin-1"),
        said("old/vicuna", "gone/kin-1-hf"),
        said("gone/kin-1-hf", "meta/kin-1", Relation.UNSPECIFIED),
    ],
    outsiders=[OUTSIDER],
)
RIVAL = a_family({"Rival 1": ["rival/one"]}, id="rival")
ROWS: Sequence[Row] = (
    row("meta/kin-1"),
    row("meta/kin-2", ["meta/kin-1"]),
    row("copy/kin-1", ["meta/kin-1"]),
    row("rival/one"),
    row("tiny/kin"),
    row("a/child", ["meta/kin-2"], "adapter"),
    row("a/grandchild", ["a/child"], "quantized"),
    row("a/merge", ["a/child", "copy/kin-1"], "merge"),
    row("a/cross", ["a/child", "rival/one"], "merge"),
    row("b/rival-child", ["rival/one"]),
    row("b/tiny-child", ["tiny/kin"]),
    row("b/loose", ["gone/unknown"]),
    row("b/half", ["rival/one", "gone/unknown"], "merge"),
    row("b/silent"),
    row("b/of-alpaca", ["old/alpaca"]),
    row("b/guess", config={"_name_or_path": "meta/kin-1"}),
    row("b/path", config={"_name_or_path": "output/checkpoint-500"}),
    row("b/circle", ["b/circle"]),
)


@pytest.fixture(scope="module")
def kin(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return published(ROWS, tmp_path_factory.mktemp("kin"), families=[KIN, RIVAL])


def traced(snapshot: Snapshot, name: str, whole: Family = KIN) -> Trace:
    return trace(snapshot, name, whole, [KIN, RIVAL])


def way(path: Sequence[object]) -> list[tuple[str, str]]:
    return [(step.child, step.parent) for step in path]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "descends", "why", "releases"),
    [
        ("meta/kin-1", True, VerdictReason.IS_ROOT, []),
        ("copy/kin-1", True, VerdictReason.IS_ROOT, ["Kin 1"]),
        ("meta/kin-2", True, VerdictReason.IS_ROOT, ["Kin 1"]),
        ("a/child", True, VerdictReason.DECLARED_PATH, ["Kin 2"]),
        ("a/grandchild", True, VerdictReason.DECLARED_PATH, ["Kin 2"]),
        ("a/cross", True, VerdictReason.DECLARED_PATH, ["Rival 1", "Kin 2"]),
        ("rival/one", False, VerdictReason.IS_OTHER_ROOT, []),
        ("b/rival-child", False, VerdictReason.OTHER_ROOTS, ["Rival 1"]),
        ("tiny/kin", False, VerdictReason.IS_OUTSIDER, []),
        ("b/tiny-child", False, VerdictReason.BELOW_OUTSIDER, []),
        ("b/loose", None, VerdictReason.DEAD_ENDS, []),
        ("b/half", None, VerdictReason.DEAD_ENDS, ["Rival 1"]),
        ("b/silent", None, VerdictReason.NOTHING_DECLARED, []),
        ("b/circle", None, VerdictReason.NOTHING_DECLARED, []),
        ("b/of-alpaca", True, VerdictReason.DECLARED_PATH, ["Kin 1"]),
        ("b/guess", None, VerdictReason.INFERRED_PATH, ["Kin 1"]),
        ("b/path", None, VerdictReason.NOTHING_DECLARED, []),
    ],
)
def test_a_verdict_rests_on_what_is_stated(
    kin: Snapshot, name: str, descends: bool | None, why: VerdictReason, releases: list[str]
) -> None:
    found = traced(kin, name)
    assert (found.descends, found.reason) == (descends, why)
    assert sorted({root.release for root in found.roots}) == sorted(releases)


def test_a_way_is_told_step_by_step_with_the_words(kin: Snapshot) -> None:
    (path,) = traced(kin, "a/grandchild").paths
    assert way(path) == [("a/grandchild", "a/child"), ("a/child", "meta/kin-2")]
    assert (path[0].relation, path[0].strength) == (Relation.QUANTIZED, Strength.CONFIRMED)
    assert {voice.rule for voice in path[0].evidence} == {"hub", "tag", "card"}
    assert "base_model: a/child" in {voice.quote for voice in path[0].evidence}


def test_a_merge_has_a_way_to_each_root(kin: Snapshot) -> None:
    found = traced(kin, "a/merge")
    assert {(root.root, root.official) for root in found.roots} == {
        ("meta/kin-2", True),
        ("copy/kin-1", False),
    }
    assert [len(path) for path in found.paths] == [1, 2]


def test_a_curated_edge_speaks_with_its_source(kin: Snapshot) -> None:
    (path,) = traced(kin, "b/of-alpaca").paths
    assert way(path) == [("b/of-alpaca", "old/alpaca"), ("old/alpaca", "copy/kin-1")]
    (voice,) = path[1].evidence
    assert (voice.rule, voice.quote) == ("registry", "old/alpaca was made from copy/kin-1")
    assert voice.source == "its repository, commit 1234567"


def test_a_model_that_others_name_alone_is_answered(kin: Snapshot) -> None:
    found = traced(kin, "old/alpaca")
    assert (found.descends, found.origin) == (True, ModelOrigin.NAMED)


def test_a_model_that_the_registry_alone_knows_is_answered(kin: Snapshot) -> None:
    found = traced(kin, "Old/Vicuna")
    assert (found.descends, found.origin, found.id) == (True, ModelOrigin.REGISTRY, "old/vicuna")
    assert "answered from the family registry" in explain_trace(found)
    assert [root.root for root in found.roots] == ["meta/kin-1"]


def test_a_name_that_nobody_knows_ends_with_close_spellings(kin: Snapshot) -> None:
    with pytest.raises(UnknownModel) as caught:
        traced(kin, "a/chidl")
    assert "a/child" in caught.value.hint


def test_another_family_can_be_asked_about(kin: Snapshot) -> None:
    assert traced(kin, "b/rival-child", RIVAL).descends is True
    assert traced(kin, "a/child", RIVAL).descends is False


def test_what_leads_nowhere_is_kept_word_for_word(kin: Snapshot) -> None:
    found = traced(kin, "b/path")
    assert any("output/checkpoint-500" in (voice.quote or "") for voice in found.unresolved_claims)
    assert "output/checkpoint-500" in explain_trace(found)


def test_an_outsider_with_a_stated_way_is_a_disagreement(tmp_path: Path) -> None:
    rows = [row("meta/kin-1"), row("tiny/kin", ["meta/kin-1"])]
    found = traced(published(rows, tmp_path), "tiny/kin")
    assert (found.descends, found.reason) == (None, VerdictReason.SOURCES_DISAGREE)
    assert OUTSIDER.sentence in explain_trace(found)


@pytest.mark.parametrize("name", [str(one["id"]) for one in ROWS])
def test_every_trace_has_a_document_and_rows(kin: Snapshot, name: str) -> None:
    found = traced(kin, name)
    document = trace_document(found)
    assert {"model", "descends", "roots", "paths", "explanation"} <= set(document)
    assert str(document["explanation"]).endswith(".")
    assert list(trace_rows(found))


# What a fresh pair of eyes broke


def verdict_on(rows: Sequence[Row], name: str, folder: Path, *known: Family) -> Trace:
    families = known or (KIN, RIVAL)
    return trace(published(rows, folder, families=families), name, families[0], families)


def test_a_way_into_a_circle_leaves_the_question_open(tmp_path: Path) -> None:
    circle = [row("c/a", ["c/b"]), row("c/b", ["c/a"])]
    rows = [row("rival/one"), *circle, row("m/x", ["rival/one", "c/a"], "merge")]
    found = verdict_on(rows, "m/x", tmp_path)
    assert (found.descends, found.reason, found.dead_ends) == (
        None,
        VerdictReason.DEAD_ENDS,
        ("c/a",),
    )


def test_a_child_of_a_disputed_outsider_is_not_judged(tmp_path: Path) -> None:
    rows = [row("meta/kin-1"), row("tiny/kin", ["meta/kin-1"]), row("c/child", ["tiny/kin"])]
    found = verdict_on(rows, "c/child", tmp_path)
    assert (found.descends, found.reason) == (None, VerdictReason.SOURCES_DISAGREE)


def test_the_case_of_a_registry_entry_tells_no_models_apart(tmp_path: Path) -> None:
    rows = [row("meta/kin-1"), row("Meta/KIN-2", ["meta/kin-1"]), row("TINY/kin")]
    rows += [row("c/child", ["Meta/KIN-2"]), row("c/other", ["TINY/kin"])]
    child = verdict_on(rows, "c/child", tmp_path / "1")
    assert [root.release for root in child.roots] == ["Kin 2"]
    other = verdict_on(rows, "c/other", tmp_path / "2")
    assert (other.descends, other.reason) == (False, VerdictReason.BELOW_OUTSIDER)


def test_an_outsider_keeps_its_verdict_under_a_later_name(tmp_path: Path) -> None:
    published([row("meta/kin-1"), row("tiny/kin")], tmp_path, families=[KIN, RIVAL])
    later = [row("meta/kin-1"), row("tiny/kin") | {"id": "tiny/grown"}]
    after = NOON + timedelta(days=1)
    snapshot = published(later, tmp_path, families=[KIN, RIVAL], taken_at=after)
    for name in ("tiny/kin", "tiny/grown"):
        assert traced(snapshot, name).reason is VerdictReason.IS_OUTSIDER


def test_an_old_name_that_is_still_listed_shares_the_verdict(tmp_path: Path) -> None:
    renamed = replace(KIN, renamed=(FormerName("small/kin", "tiny/kin"),))
    rows = [row("meta/kin-1"), row("tiny/kin"), row("small/kin")]
    found = verdict_on(rows, "small/kin", tmp_path, renamed)
    assert (found.descends, found.reason) == (False, VerdictReason.IS_OUTSIDER)


def test_a_root_of_others_that_is_an_outsider_is_told_as_both(tmp_path: Path) -> None:
    look_alike = OUTSIDER._replace(id="rival/one")
    kin = replace(KIN, outsiders=(look_alike,))
    rows = [row("meta/kin-1"), row("rival/one"), row("b/child", ["rival/one"])]
    found = verdict_on(rows, "b/child", tmp_path, kin, RIVAL)
    assert (found.reason, found.roots[0].family) == (VerdictReason.BELOW_OUTSIDER, "rival")


def test_what_names_itself_alone_is_told_so(kin: Snapshot) -> None:
    assert "base_model: b/circle" in explain_trace(traced(kin, "b/circle"))


# The early derivatives, each by its repository and never by its brand


def early(file: Path = EARLY) -> list[tuple[str, str, str]]:
    with file.open(newline="") as lines:
        return [(one["id"], one["descends"], one["release"]) for one in csv.DictReader(lines)]


@pytest.fixture(scope="module")
def early_traces(corpus_snapshot: Snapshot) -> dict[str, Trace]:
    names = [name for name, *_ in early()]
    traces = trace_models(Scope(corpus_snapshot, all_families()), names, family("llama"))
    return {trace.model: trace for trace in traces if isinstance(trace, Trace)}


def test_known_models_have_their_verdict_in_a_store_that_lists_none_of_them(
    tmp_path: Path,
) -> None:
    table = early(EARLY.with_name("known.csv"))
    snapshot = published([row("a/stranger")], tmp_path)
    names = [name for name, *_ in table]
    traces = trace_models(Scope(snapshot, all_families()), names, family("llama"))
    found = {}
    for one in (each for each in traces if isinstance(each, Trace)):
        met = {root.release for root in one.roots if root.family == "llama"}
        if one.itself is not None and one.itself.family == "llama":
            met = {one.itself.release}
        found[one.model] = ("yes" if met else "no", "+".join(sorted(met)))
        assert one.descends is bool(met) or one.itself is not None, explain_trace(one)
    assert found == {name: (descends, release) for name, descends, release in table}


@pytest.mark.parametrize(("name", "descends", "release"), early())
def test_an_early_model_is_judged_by_its_repository(
    early_traces: dict[str, Trace], name: str, descends: str, release: str
) -> None:
    found = early_traces[name]
    assert found.descends is (descends == "yes"), explain_trace(found)
    met = {root.release for root in found.roots if root.family == "llama"}
    if found.reason is VerdictReason.IS_ROOT and found.itself is not None:
        met = {found.itself.release}
    assert met == ({release} if release else set())
    steps = [step for path in found.paths for step in path]
    assert all(step.strength is not Strength.INFERRED for step in steps)
