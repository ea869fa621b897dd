"""A registry is older than a rename: every question finds its models by their keys all the same."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lineage.analysis.diffs import diff_snapshots, find_diff_alerts
from lineage.analysis.documents import trace_document
from lineage.analysis.scope import Scope
from lineage.analysis.verdicts import VerdictReason
from lineage.domain.definitions import Definition
from lineage.domain.families import CuratedSource, FormerName, Outsider, OutsiderReason
from lineage.export.bill_of_materials import bill_of
from lineage.store.reader import Snapshot
from tests.builders import Row, edges_of, key_of, published, row
from tests.fakes.fake_clock import NOON
from tests.questions import count_base, count_family, trace
from tests.unit.analysis.worlds import a_family, said
from tests.updates import updated

ROOT, MIRROR, NOW = "meta-llama/Kin-8B", "copy/Kin-8B", "meta/Kin-8B"
CHILDREN = [f"kid/{n}" for n in range(8)]
KIN = replace(
    a_family(
        {"Kin 3": [ROOT]},
        {MIRROR: ROOT},
        edges=[said("old/alpaca", ROOT), said("old/vicuna", "old/alpaca")],
        outsiders=[
            Outsider("tiny/kin", OutsiderReason.NAME_ONLY, "Its own.", CuratedSource("README"))
        ],
    ),
    version="2024-06-01",
)
RENAMES = {
    ROOT: NOW,
    MIRROR: "copies/Kin-8B",
    "tiny/kin": "tiny/own",
    "old/alpaca": "older/alpaca",
}


def children(names: Sequence[str], written: str, now: str) -> list[Row]:
    """Models whose card has the name as it was; the Hub gives the key and the name as it is."""
    parent = {"relation": "finetune", "models": [{"_id": key_of(ROOT), "id": now}]}
    return [
        row(name, tags=[f"base_model:{written}"], cardData={"base_model": written})
        | {"baseModels": parent, "lastModified": "2024-09-01T00:00:00.000Z"}
        for name in names
    ]


def models(renames: dict[str, str]) -> list[Row]:
    fixed = [
        row(renames.get(id, id), _id=key_of(id))
        for id in (ROOT, MIRROR, "tiny/kin", "old/alpaca", "old/vicuna")
    ]
    more = [
        ("kid/of-mirror", MIRROR),
        ("kid/of-alpaca", "old/alpaca"),
        ("kid/of-vicuna", "old/vicuna"),
        ("kid/of-outsider", "tiny/kin"),
    ]
    below = [
        row(name, cardData={"base_model": parent})
        | {
            "baseModels": {
                "relation": "finetune",
                "models": [{"_id": key_of(parent), "id": renames.get(parent, parent)}],
            }
        }
        for name, parent in more
    ]
    return [*fixed, *below, *children(CHILDREN, ROOT, renames.get(ROOT, ROOT))]


@pytest.fixture(params=["full", "update", "new store"])
def renamed(request: pytest.FixtureRequest, tmp_path: Path) -> Snapshot:
    if request.param == "new store":
        return published(models(RENAMES), tmp_path, families=[KIN])
    before = published(models({}), tmp_path, families=[KIN])
    if request.param == "update":
        return updated(
            before, [one for one in models(RENAMES) if one["id"] in {*RENAMES.values()}], tmp_path
        )
    return published(models(RENAMES), tmp_path, families=[KIN], taken_at=NOON + timedelta(days=1))


def test_each_child_of_a_renamed_root_is_traced_to_it(renamed: Snapshot) -> None:
    for child in (*CHILDREN, "kid/of-mirror", "kid/of-alpaca"):
        answer = trace(renamed, child, KIN, [KIN])
        assert (child, answer.descends) == (child, True)
        assert answer.roots[0].root == answer.paths[0][-1].parent
        assert "It comes from Kin 3" in str(trace_document(answer)["explanation"])
    (root,) = trace(renamed, CHILDREN[0], KIN, [KIN]).roots
    assert (root.root, root.release, root.official) == (NOW, "Kin 3", True)
    (mirror,) = trace(renamed, "kid/of-mirror", KIN, [KIN]).roots
    assert (mirror.root, mirror.official) == ("copies/Kin-8B", False)


@pytest.mark.parametrize("name", [ROOT, NOW, NOW.upper(), MIRROR, "copies/Kin-8B"])
def test_a_renamed_root_is_a_root_under_both_names(renamed: Snapshot, name: str) -> None:
    answer = trace(renamed, name, KIN, [KIN])
    assert (answer.descends, answer.reason) == (True, VerdictReason.IS_ROOT)


@pytest.mark.parametrize("taught", [ROOT, "meta-llama/Older-Kin-8B"])
def test_a_root_that_was_renamed_twice_is_one_whichever_name_a_row_teaches(
    taught: str, tmp_path: Path
) -> None:
    older = "meta-llama/Older-Kin-8B"
    family = replace(KIN, renamed=(FormerName(older, ROOT),))
    silent = [
        row(f"kid/{n}", cardData={"base_model": name}) for n, name in enumerate((ROOT, older))
    ]
    rows = [row(NOW, _id=key_of(ROOT)), *children(["kid/taught"], taught, NOW), *silent]
    found = published(rows, tmp_path, families=[family])
    assert {parent for _, parent in edges_of(found)} == {NOW}
    assert [count_base(found, name, families=[family]).total for name in (ROOT, older, NOW)] == [
        3
    ] * 3
    assert count_family(found, family).total == 3


def test_names_that_the_registry_calls_equal_have_one_vote_together(tmp_path: Path) -> None:
    older = "meta-llama/Older-Kin-8B"
    family = replace(KIN, renamed=(FormerName(older, ROOT),))
    hostile = row("evil/kid", ["evil/model"], cardData={"base_model": older}, tags=[])
    silent = row("kid/silent", cardData={"base_model": older})
    rows = [row(NOW, _id=key_of(ROOT)), row("evil/model"), hostile, silent]
    found = published([*rows, *children(CHILDREN, ROOT, NOW)], tmp_path, families=[family])
    assert edges_of(found) >= {("kid/silent", NOW), ("evil/kid", "evil/model")}
    assert count_family(found, family).total == len(CHILDREN) + 1


@pytest.mark.parametrize("name", ["tiny/kin", "tiny/own"])
def test_a_renamed_outsider_is_one_under_both_names(renamed: Snapshot, name: str) -> None:
    assert trace(renamed, name, KIN, [KIN]).descends is False
    assert trace(renamed, "kid/of-outsider", KIN, [KIN]).reason is VerdictReason.BELOW_OUTSIDER


def test_counts_of_a_renamed_root_are_those_of_its_key(renamed: Snapshot) -> None:
    assert count_family(renamed, KIN, Definition(), [KIN]).total == 8 + 1 + 1 + 2 + 1
    for name in (ROOT, NOW):
        assert count_base(renamed, name, Definition(), [KIN]).total == 8
        assert count_base(renamed, name, Definition(mirrors=True), [KIN]).total == 9
    assert bill_of(Scope(renamed, [KIN]), CHILDREN[0], KIN).ancestors[0].part.root is not None


def test_a_renamed_root_has_not_vanished(tmp_path: Path) -> None:
    before = published(models({}), tmp_path)
    after = published(models(RENAMES), tmp_path, taken_at=NOON + timedelta(days=1))
    diff = diff_snapshots(before, after, [KIN])
    assert (diff.added, diff.removed, len(diff.renamed)) == ((), (), 4)
    assert (diff.edges_added, diff.edges_removed) == (0, 0)
    assert find_diff_alerts(before, after, diff, [KIN], 0.1) == []
    gone = [one for one in models(RENAMES) if one["_id"] != key_of(ROOT)]
    last = published(gone, tmp_path, taken_at=NOON + timedelta(days=2))
    diff = diff_snapshots(after, last, [KIN])
    assert [alert.about for alert in find_diff_alerts(after, last, diff, [KIN], 0.9)] == [ROOT]


def test_a_model_that_took_the_name_later_is_no_root(tmp_path: Path) -> None:
    """hub-api 12.5: renamed, and another model pushed under the old name."""
    published(models({}), tmp_path, families=[KIN])
    rows = [*models(RENAMES), row(ROOT, _id="f" * 24, createdAt="2024-08-01T00:00:00.000Z")]
    late = row("kid/late", createdAt="2024-08-02T00:00:00.000Z", cardData={"base_model": ROOT})
    found = published([*rows, late], tmp_path, families=[KIN], taken_at=NOON + timedelta(days=1))
    assert trace(found, CHILDREN[0], KIN, [KIN]).descends is True
    assert trace(found, "kid/late", KIN, [KIN]).descends is None


def test_names_are_inferred_from_a_renamed_root(tmp_path: Path) -> None:
    rows = [*models(RENAMES), row("quanter/Kin-8B-GGUF")]
    found = published(rows, tmp_path, families=[KIN])
    (path, *_) = trace(found, "quanter/Kin-8B-GGUF", KIN, [KIN]).paths
    assert path[-1].parent == NOW
