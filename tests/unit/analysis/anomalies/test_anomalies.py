"""What is odd: each rule on a small world made for it, and on everything by a slow look."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import networkx as nx
import pytest

import lineage
from lineage.domain.anomalies import AnomaliesOfKind, AnomalyKind, AnomalySeverity, Bounds
from lineage.domain.claims import Strength
from lineage.families.registry import family
from lineage.store.reader import Snapshot
from tests.builders import Row, hub_parents, outlived, published, row
from tests.builders import rows_of as read_rows
from tests.questions import find_anomalies
from tests.unit.analysis.worlds import UNSEEN, a_family, a_world

DAY = "2024-03-{:02}T10:00:00.000Z"


@pytest.fixture(scope="module", params=["world", "corpus"])
def anything(
    request: pytest.FixtureRequest,
    corpus_snapshot: Snapshot,
    tmp_path_factory: pytest.TempPathFactory,
) -> Snapshot:
    if request.param == "corpus":
        return corpus_snapshot
    return published(a_world(4), tmp_path_factory.mktemp("world"))


def all_of(snapshot: Snapshot, kind: AnomalyKind, **more: object) -> AnomaliesOfKind:
    (found,) = find_anomalies(snapshot, kind=kind, examples=None, **more).anomalies  # type: ignore[arg-type]
    assert len(found.examples) == found.count
    return found


def details(snapshot: Snapshot, kind: AnomalyKind, **more: object) -> list[str]:
    return [one.detail for one in all_of(snapshot, kind, **more).examples]


def first_models(found: AnomaliesOfKind) -> set[str]:
    return {one.models[0] for one in found.examples}


@cache
def rows_of(snapshot: Snapshot, file: str) -> list[Row]:
    """Rows of the corpus are many: each table is read once for all tests."""
    return read_rows(snapshot, file)


@cache
def edges(snapshot: Snapshot) -> list[Row]:
    return [
        one for one in rows_of(snapshot, "edges.parquet") if one["strength"] != Strength.INFERRED
    ]


# Everything, by a slow look


def test_self_parents_are_the_edges_that_lead_nowhere_else(anything: Snapshot) -> None:
    expected = {str(one["child"]) for one in edges(anything) if one["child"] == one["parent"]}
    found = all_of(anything, AnomalyKind.SELF_PARENT)
    assert first_models(found) == expected
    assert found.severity is AnomalySeverity.ODD


def test_cycles_are_the_strong_components_of_networkx(anything: Snapshot) -> None:
    graph = nx.DiGraph((str(one["child"]), str(one["parent"])) for one in edges(anything))
    components = nx.strongly_connected_components(graph)
    found = all_of(anything, AnomalyKind.CYCLE)
    assert {frozenset(one.models) for one in found.examples} == {
        frozenset(one) for one in components if len(one) > 1
    }


def test_unknown_parents_are_those_that_are_no_model(anything: Snapshot) -> None:
    listed = {one["key"] for one in rows_of(anything, "models.parquet")}
    unknown = Counter(
        str(one["parent"]) for one in edges(anything) if one["parent_key"] not in listed
    )
    found = all_of(anything, AnomalyKind.UNKNOWN_PARENT)
    assert {one.models[0]: one.size - 1 for one in found.examples} == unknown
    sizes = [one.size for one in found.examples]
    assert sizes == sorted(sizes, reverse=True)


def test_many_parents_are_counted_by_the_bound(anything: Snapshot) -> None:
    numbers = Counter(str(one["child"]) for one in edges(anything))
    found = all_of(anything, AnomalyKind.MANY_PARENTS, bounds=Bounds(many_parents=2))
    expected = {name: number for name, number in numbers.items() if number > 2}
    assert {one.models[0]: one.size - 1 for one in found.examples} == expected


def test_only_known_dates_make_a_child_older_than_its_parent(anything: Snapshot) -> None:
    models = rows_of(anything, "models.parquet")
    born = {one["key"]: one["created_at"] for one in models if one["created_at"]}
    expected = {
        (str(one["child"]), str(one["parent"]))
        for one in edges(anything)
        if one["child_key"] in born and one["parent_key"] in born
        if born[one["child_key"]] < born[one["parent_key"]]  # type: ignore[operator]
    }
    found = all_of(anything, AnomalyKind.CHILD_OLDER_THAN_PARENT)
    assert {one.models for one in found.examples} == expected
    assert found.severity is AnomalySeverity.NOTE


def test_names_of_one_parent_are_those_of_the_evidence(anything: Snapshot) -> None:
    written: dict[tuple[object, object], set[object]] = defaultdict(set)
    ways: dict[object, set[object]] = defaultdict(set)
    guessed = {"config", "name"}
    for one in rows_of(anything, "evidence.parquet"):
        if one["parent_key"] is not None and one["rule"] not in guessed:
            written[one["child_key"], one["parent_key"]].add(one["parent_as_written"])
            ways[one["parent_key"]].add(one["parent_as_written"])
    twice = all_of(anything, AnomalyKind.PARENT_UNDER_TWO_NAMES)
    assert twice.count == sum(len(names) > 1 for names in written.values())
    several = all_of(anything, AnomalyKind.MODEL_UNDER_SEVERAL_NAMES)
    assert several.count == sum(len(names) > 1 for names in ways.values())


def test_case_twins_are_ids_that_are_equal_in_lower_case(anything: Snapshot) -> None:
    twins: dict[str, set[str]] = defaultdict(set)
    for one in rows_of(anything, "models.parquet"):
        twins[str(one["id"]).lower()].add(str(one["id"]))
    found = all_of(anything, AnomalyKind.CASE_TWINS)
    expected = {frozenset(names) for names in twins.values() if len(names) > 1}
    assert {frozenset(one.models) for one in found.examples} == expected


def test_bursts_are_dense_windows_of_siblings_by_one_author(anything: Snapshot) -> None:
    bounds = Bounds(burst_models=3, burst_days=2)
    models = {one["key"]: one for one in rows_of(anything, "models.parquet")}
    moments: dict[tuple[object, object], list[datetime]] = defaultdict(list)
    for one in edges(anything):
        child = models[one["child_key"]]
        if child["created_at"] and child["author"] and one["child_key"] != one["parent_key"]:
            moments[one["parent"], child["author"]].append(child["created_at"])  # type: ignore[arg-type]
    in_bursts = sum(_in_windows(sorted(some), bounds) for some in moments.values())
    found = all_of(anything, AnomalyKind.UPLOAD_BURST, bounds=bounds)
    assert sum(one.size - 1 for one in found.examples) == in_bursts
    assert "at least 3 children" in found.meaning
    assert "within 2 days" in found.meaning


def _in_windows(moments: Sequence[datetime], bounds: Bounds) -> int:
    last = bounds.burst_models - 1
    inside: set[int] = set()
    for at in range(len(moments) - last):
        if moments[at + last] - moments[at] <= timedelta(days=bounds.burst_days):
            inside.update(range(at, at + last + 1))
    return len(inside)


# The corpus


def test_the_corpus_has_its_known_dirt(corpus_snapshot: Snapshot) -> None:
    found = {one.kind: one for one in find_anomalies(corpus_snapshot).anomalies}
    assert list(found) == list(AnomalyKind)
    (circle,) = found[AnomalyKind.CYCLE].examples
    assert all(name.startswith("Sorawiz/MistralCreative-24B") for name in circle.models)
    assert circle.size == 3
    assert (
        found[AnomalyKind.MANY_PARENTS]
        .examples[0]
        .detail.startswith("EldritchLabs/Kraken-12B-v0 has 100 parents")
    )
    assert found[AnomalyKind.SELF_PARENT].count == 8
    assert found[AnomalyKind.CASE_TWINS].count == 5
    assert all(len(one.examples) <= 3 for one in found.values())


def test_quantized_copies_of_the_corpus_name_their_grandparent(corpus_snapshot: Snapshot) -> None:
    found = all_of(corpus_snapshot, AnomalyKind.SKIPPED_GENERATION)
    parents: dict[str, set[str]] = defaultdict(set)
    for one in edges(corpus_snapshot):
        parents[str(one["child"])].add(str(one["parent"]))
    told = {one.models[0]: one.models[1:] for one in found.examples}
    assert "Qwen/QwQ-32B-Preview" in told["bullerwins/QwQ-32B-Preview-exl2_6.5bpw"]
    for copy, (elder, *siblings) in told.items():
        assert parents[copy] == {elder}
        assert all(elder in parents[sibling] for sibling in siblings)


def test_a_family_has_the_oddities_of_its_members_alone(corpus_snapshot: Snapshot) -> None:
    llama = family("llama")
    everyone = {one.kind: one for one in find_anomalies(corpus_snapshot, examples=None).anomalies}
    found = find_anomalies(corpus_snapshot, family=llama, examples=None)
    assert found.family == "llama"
    for one in found.anomalies:
        assert one.count <= everyone[one.kind].count
    mine = {one.kind: one for one in found.anomalies}
    # A circle of Mistral's is not Llama's, a model that merges Llamas is.
    assert mine[AnomalyKind.CYCLE].count == 0
    assert 0 < mine[AnomalyKind.MANY_PARENTS].count < everyone[AnomalyKind.MANY_PARENTS].count


# Small worlds


def test_a_hub_and_a_card_that_disagree_about_the_relation_are_quoted(tmp_path: Path) -> None:
    card = {"base_model": ["owner/base"], "base_model_relation": "finetune"}
    odd = row("owner/odd", ["owner/base"], "quantized", cardData=card)
    fine = row("owner/fine", ["owner/base"], "quantized")
    twice = ["base_model:merge:owner/base", "base_model:adapter:owner/base"]
    loud = row("owner/loud", ["owner/base"], "merge", tags=twice)
    snapshot = published([row("owner/base"), odd, fine, loud], tmp_path)
    assert sorted(details(snapshot, AnomalyKind.RELATION_DISAGREEMENT)) == [
        "owner/loud: hub says merge, tag says adapter and merge",
        "owner/odd: card says finetune, hub says quantized, tag says quantized",
    ]


def test_a_card_that_names_another_parent_than_the_hub_is_quoted(tmp_path: Path) -> None:
    rows = [
        row("owner/a"),
        row("owner/b"),
        row("owner/other", ["owner/a"], cardData={"base_model": "owner/b"}),
        row("owner/more", ["owner/a"], cardData={"base_model": ["owner/a", "owner/b"]}),
        # The Hub cannot resolve what is gone, and a name without case is the same model.
        row("owner/gone", ["owner/a"], cardData={"base_model": ["owner/a", "owner/deleted"]}),
        row("owner/same", ["owner/a"], cardData={"base_model": "Owner/A"}),
        row("owner/silent", ["owner/a"], cardData={}),
    ]
    assert sorted(details(published(rows, tmp_path), AnomalyKind.PARENT_DISAGREEMENT)) == [
        "owner/more: the card alone names owner/b",
        "owner/other: the card alone names owner/b, the Hub alone names owner/a",
    ]


def test_spellings_are_quoted_with_the_number_of_models_that_write_them(tmp_path: Path) -> None:
    rows = [
        row("owner/base"),
        row("owner/one", ["owner/base"]),
        row("owner/two", ["owner/base"], cardData={"base_model": "Owner/Base"}),
        row("owner/three", ["owner/base"], cardData={"base_model": "owner/base/"}),
    ]
    snapshot = published(rows, tmp_path)
    assert len(details(snapshot, AnomalyKind.PARENT_UNDER_TWO_NAMES)) == 2
    (told,) = details(snapshot, AnomalyKind.MODEL_UNDER_SEVERAL_NAMES)
    assert told.startswith('owner/base goes by 3 names: "owner/base" (3 models), ')
    assert '"owner/base/" (1 model)' in told


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("maker/Tuned-7b-GGUF", True),
        ("maker/tuned-7b-4.0bpw-h8-exl2", True),
        ("maker/owner_Tuned-7b-GGUF", True),
        ("maker/Base-7b-GGUF", False),
        ("maker/Tuned-7b", False),
        ("maker/Unheard-7b-GGUF", False),
    ],
)
def test_a_copy_named_after_a_sibling_skips_a_generation(
    name: str, found: bool, tmp_path: Path
) -> None:
    rows = [
        row("owner/Base-7b"),
        row("owner/Tuned-7b", ["owner/Base-7b"]),
        row("mirror/Base-7b", ["owner/Base-7b"]),
        row(name, ["owner/Base-7b"], "quantized"),
    ]
    told = details(published(rows, tmp_path), AnomalyKind.SKIPPED_GENERATION)
    assert (
        told
        == [
            f"{name} declares owner/Base-7b as its parent, and bears the name of the child"
            " owner/Tuned-7b"
        ]
        * found
    )


def test_a_copy_named_after_what_its_parent_was_called_skips_nobody(tmp_path: Path) -> None:
    rows = [
        row("owner/New-7b"),
        row("owner/child", ["owner/New-7b"], cardData={"base_model": "owner/Old-7b"}),
        row("mirror/Old-7b", ["owner/New-7b"]),
        row("maker/Old-7b-GGUF", ["owner/New-7b"], "quantized"),
    ]
    assert not details(published(rows, tmp_path), AnomalyKind.SKIPPED_GENERATION)


def test_a_copy_that_names_both_skips_nobody(tmp_path: Path) -> None:
    rows = [
        row("owner/base"),
        row("owner/tuned", ["owner/base"]),
        row("maker/tuned-gguf", ["owner/base", "owner/tuned"], "quantized"),
    ]
    assert not details(published(rows, tmp_path), AnomalyKind.SKIPPED_GENERATION)


def test_the_gone_are_nobody_whom_a_copy_is_named_after(tmp_path: Path) -> None:
    rows = [
        row("owner/Base-7b"),
        row("owner/Tuned-7b", ["owner/Base-7b"]),
        row("maker/Tuned-7b-GGUF", ["owner/Base-7b"], "quantized"),
    ]
    snapshot = outlived(rows, {"owner/Tuned-7b"}, tmp_path)
    assert not details(snapshot, AnomalyKind.SKIPPED_GENERATION)


def test_a_burst_says_who_whose_children_and_when(tmp_path: Path) -> None:
    busy = [
        row(f"busy/child-{day}-{n}", ["owner/base"], createdAt=DAY.format(day))
        for day in (1, 4, 30)
        for n in range(2)
    ]
    others = [row(f"calm-{n}/child", ["owner/base"], createdAt=DAY.format(1)) for n in range(5)]
    snapshot = published([row("owner/base"), *busy, *others], tmp_path)
    told = details(snapshot, AnomalyKind.UPLOAD_BURST, bounds=Bounds(burst_models=4))
    assert told == [
        "busy published 4 children of owner/base within 3 days, 2024-03-01 to 2024-03-04"
    ]


def test_a_parent_the_hub_knows_by_key_is_told_from_a_mere_name(tmp_path: Path) -> None:
    rows = [
        row("owner/a", baseModels=hub_parents("hidden/one"), cardData={"base_model": "hidden/one"}),
        row("owner/b", cardData={"base_model": UNSEEN[0]}),
    ]
    told = sorted(details(published(rows, tmp_path), AnomalyKind.UNKNOWN_PARENT))
    assert told == [
        f"{UNSEEN[0]} is a parent of 1 model and not listed (known by its name alone): owner/b",
        "hidden/one is a parent of 1 model and not listed (the Hub gives its key): owner/a",
    ]


def test_hours_are_told_where_days_would_be_none(tmp_path: Path) -> None:
    rows = [
        row("owner/base", createdAt="2024-03-24T15:30:00.000Z"),
        row("owner/early", ["owner/base"]),
        row("owner/old", ["owner/base"], createdAt="2022-03-02T23:29:04.000Z"),
    ]
    told = details(published(rows, tmp_path), AnomalyKind.CHILD_OLDER_THAN_PARENT)
    assert told == ["owner/early was created 5 hours before its parent owner/base"]


def test_of_many_models_twenty_are_named_and_all_are_counted(tmp_path: Path) -> None:
    ring = [row(f"owner/m{n:02}", [f"owner/m{(n + 1) % 30:02}"]) for n in range(30)]
    (circle,) = all_of(published(ring, tmp_path), AnomalyKind.CYCLE).examples
    assert (len(circle.models), circle.size) == (20, 30)
    assert circle.detail.endswith(" and 10 more")


def test_a_family_sees_a_twin_outside_it(tmp_path: Path) -> None:
    rows = [row("owner/base"), row("owner/Child", ["owner/base"]), row("owner/child")]
    rows += [row("else/Twin"), row("else/twin")]
    snapshot = published(rows, tmp_path)
    kin = a_family({"Kin 1": ["owner/base"]})
    told = details(snapshot, AnomalyKind.CASE_TWINS, family=kin)
    assert told == ["owner/Child, owner/child differ by case alone"]


def test_nothing_is_odd_where_nobody_has_a_parent(tmp_path: Path) -> None:
    found = find_anomalies(published([row("owner/base")], tmp_path)).anomalies
    assert [(one.count, one.examples) for one in found] == [(0, ())] * len(AnomalyKind)


def test_one_kind_and_no_examples_can_be_asked_for(corpus_snapshot: Snapshot) -> None:
    (found,) = find_anomalies(corpus_snapshot, kind=AnomalyKind.CASE_TWINS, examples=0).anomalies
    assert (found.kind, found.count, found.examples) == (AnomalyKind.CASE_TWINS, 5, ())


def test_python_asks_the_same_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published([row("owner/self", ["owner/self"])], tmp_path / "snapshots")
    monkeypatch.chdir(tmp_path)
    (found,) = lineage.find_anomalies(kind="self_parent").anomalies
    assert [one.detail for one in found.examples] == ["owner/self is given as its own parent"]
    assert lineage.find_anomalies("llama", kind="self_parent").anomalies[0].count == 0
