"""What contradicts in the registry is found, and where a snapshot says otherwise."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.analysis.registry.against_snapshot import check_against_snapshot
from lineage.analysis.registry.contradictions import (
    CHECKS,
    FindingSeverity,
    RegistryFinding,
    check_registry,
    sort_registry_findings,
)
from lineage.analysis.scope import Scope
from lineage.build.pipeline import build_snapshot
from lineage.domain.claims import Relation
from lineage.domain.families import (
    CuratedEdge,
    CuratedSource,
    Family,
    FormerName,
    Outsider,
    OutsiderReason,
    Proof,
    Release,
    Reupload,
)
from lineage.families.registry import all_families
from lineage.store.manifest import SnapshotKind
from lineage.store.reader import Snapshot
from tests.builders import Row, key_of, origin, pages, publication, published, row
from tests.fakes.fake_clock import NOON

ROOT, OTHER_ROOT = "farm/Alpaca-7B", "peak/Yak-7B"


def edge(child: str, parent: str, relation: Relation = Relation.FINETUNE) -> CuratedEdge:
    return CuratedEdge(child, parent, relation, Proof.CARD_SENTENCE, CuratedSource("a card"))


def outsider(
    id: str, reason: OutsiderReason = OutsiderReason.NAME_ONLY, root: str | None = None
) -> Outsider:
    return Outsider(id, reason, "It is none.", CuratedSource("a card"), root)


def release(id: str = "alpaca-1", root: str = ROOT, **fields: object) -> Release:
    return Release(id, id, date(2024, 3, 1), "mit", (root,), **fields)  # type: ignore[arg-type]


def family(id: str = "alpaca", releases: Sequence[Release] = (), **fields: object) -> Family:
    return Family(id, id, "1", tuple(releases) or (release(),), **fields)  # type: ignore[arg-type]


def yaks(**fields: object) -> Family:
    return family("yak", [release("yak-1", OTHER_ROOT)], **fields)


def told(found: Sequence[RegistryFinding]) -> list[tuple[str, str, str]]:
    return [(one.severity.value, one.family, one.entry) for one in found]


def test_the_bundled_registry_does_not_contradict_itself() -> None:
    assert not [
        one for one in check_registry(all_families()) if one.severity is FindingSeverity.ERROR
    ]


CONTRADICTIONS = {
    "a root of two": ([family(), family("b", [release("b-1", ROOT.upper())])], ROOT.upper()),
    "a release of two": ([family(), family("b", [release(root=OTHER_ROOT)])], "alpaca-1"),
    "an old name of two": (
        [
            family(renamed=(FormerName("a/old", "a/new"),)),
            yaks(renamed=(FormerName("a/old", "b/new"),)),
        ],
        "a/old",
    ),
    "an old name that is a root": (
        [family(), yaks(renamed=(FormerName(ROOT, "b/new"),))],
        ROOT,
    ),
    "a circle": ([family(edges=(edge("a/x", "a/y"), edge("a/y", "a/x")))], "a/x"),
    "a circle across": (
        [family(edges=(edge("a/x", OTHER_ROOT),)), yaks(edges=(edge(OTHER_ROOT, "a/x"),))],
        "a/x",
    ),
    "a child of two": (
        [family(edges=(edge("a/x", ROOT),)), yaks(edges=(edge("A/x", OTHER_ROOT),))],
        "A/x",
    ),
    "an outsider with a way in": (
        [
            family(outsiders=(outsider("a/x"),), edges=(edge("a/y", ROOT),)),
            yaks(edges=(edge("a/x", "a/y"),)),
        ],
        "a/x",
    ),
    "an outsider from inside": ([family(outsiders=(outsider("a/x", root=ROOT),))], "a/x"),
    "an outsider for another root that is one": (
        [family(outsiders=(outsider(OTHER_ROOT, OutsiderReason.OTHER_ROOT),)), yaks()],
        OTHER_ROOT,
    ),
    "own weights that come from another": (
        [
            family(outsiders=(outsider("a/x", OutsiderReason.OWN_PRETRAINING),)),
            yaks(edges=(edge("a/x", OTHER_ROOT),)),
        ],
        "a/x",
    ),
}


@pytest.mark.parametrize(("families", "entry"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_contradiction_is_an_error_with_its_entry(families: list[Family], entry: str) -> None:
    errors = [one for one in check_registry(families) if one.severity is FindingSeverity.ERROR]

    assert entry in {one.entry for one in errors}
    assert all(one.says and one.hint for one in errors)


def test_a_circle_is_told_once_and_whole() -> None:
    circle = (edge("a/x", "a/y"), edge("a/y", "a/z"), edge("a/z", "a/x"))
    (found,) = (
        one
        for one in check_registry([family(edges=circle)])
        if one.severity is FindingSeverity.ERROR
    )
    assert found.says.endswith("a/x <- a/y <- a/z <- a/x")


def test_a_merge_may_have_parents_in_two_families() -> None:
    merge = edge("a/x", OTHER_ROOT, Relation.MERGE)
    assert not check_registry([family(edges=(edge("a/x", ROOT),)), yaks(edges=(merge,))])


def test_a_root_of_a_rival_may_be_an_outsider() -> None:
    own = outsider(OTHER_ROOT, OutsiderReason.OWN_PRETRAINING)
    assert not check_registry([family(outsiders=(own,)), yaks()])


def test_an_edge_that_leads_to_no_root_is_a_warning() -> None:
    found = check_registry([family(edges=(edge("a/x", "a/nobody"),))])
    assert told(found) == [("warning", "alpaca", "a/x")]


@pytest.mark.parametrize(
    ("child", "parent", "relation", "is_told"),
    [
        ("a/Alpaca-tuned-70B", ROOT, Relation.FINETUNE, True),
        ("a/alpaca-1b-lora", ROOT, Relation.ADAPTER, True),
        ("a/Alpaca-8B-tuned", ROOT, Relation.FINETUNE, False),
        ("a/Alpaca-tuned", ROOT, Relation.FINETUNE, False),
        ("a/Alpaca-2.7B-pruned", ROOT, Relation.UNSPECIFIED, False),
        ("a/Alpaca-120B-stack", ROOT, Relation.MERGE, False),
        ("a/Alpaca-13B", "release:alpaca-1", Relation.FINETUNE, True),
        ("a/Alpaca-70B", "release:alpaca-1", Relation.FINETUNE, False),
    ],
)
def test_a_size_that_cannot_be_is_a_warning(
    child: str, parent: str, relation: Relation, is_told: bool
) -> None:
    edges = (edge(child, parent, relation),)
    found = check_registry([family(releases=[release(sizes=("7B", "70B"))], edges=edges)])
    assert [(one.severity, one.entry) for one in found] == (
        [(FindingSeverity.WARNING, child)] if is_told else []
    )


def test_a_rivals_root_with_a_parent_is_a_warning() -> None:
    found = check_registry([family(edges=(edge(OTHER_ROOT, ROOT),)), yaks()])
    assert told(found) == [("warning", "alpaca", OTHER_ROOT)]


ids = st.sampled_from(["a/a", "a/b", "a/c", "a/d", ROOT, OTHER_ROOT])
edges = st.lists(st.builds(edge, ids, ids, st.sampled_from(Relation)), max_size=8)


@given(mine=edges, theirs=edges, shuffled=st.permutations([0, 1]))
def test_checks_end_and_say_the_same_in_any_order_of_edges(
    mine: list[CuratedEdge], theirs: list[CuratedEdge], shuffled: list[int]
) -> None:
    pair = [family(edges=tuple(mine)), yaks(edges=tuple(theirs))]
    back = [family(edges=tuple(mine[::-1])), yaks(edges=tuple(theirs[::-1]))]

    found, again = check_registry(pair), check_registry(back)

    assert list(found) == list(sort_registry_findings(found))
    assert bool(found) == bool(again)
    assert all(check(pair) is not None for check in CHECKS)


# Beside a snapshot

MIRRORED = family(
    releases=[
        release(
            mirrors=(Reupload("barn/alpaca-7b", ROOT, "a card"),),
            quantized=(Reupload("barn/alpaca-7b-4bit", ROOT, "a card"),),
        )
    ]
)


def beside(folder: Path, rows: Sequence[Row], *families: Family) -> list[RegistryFinding]:
    found = check_against_snapshot(Scope(published(rows, folder), families))
    return [one for one in found if one.entry not in {"official", "mirror", "quantized"}]


def test_what_agrees_is_not_told(tmp_path: Path) -> None:
    rows = [
        row(ROOT, tags=["license:mit"]),
        row("barn/alpaca-7b", [ROOT]),
        row("barn/alpaca-7b-4bit", ["barn/alpaca-7b"], "quantized"),
    ]
    assert check_against_snapshot(Scope(published(rows, tmp_path), [MIRRORED])) == ()


@pytest.mark.parametrize("relation", ["quantized", "adapter", "merge"])
def test_a_mirror_that_says_it_is_something_else_is_a_warning(
    tmp_path: Path, relation: str
) -> None:
    rows = [row(ROOT), row("barn/alpaca-7b", [ROOT], relation)]
    assert told(beside(tmp_path, rows, MIRRORED)) == [("warning", "alpaca", "barn/alpaca-7b")]


def test_a_copy_that_names_another_family_is_a_warning(tmp_path: Path) -> None:
    rows = [row(ROOT), row(OTHER_ROOT), row("barn/alpaca-7b", [OTHER_ROOT])]
    (found,) = beside(tmp_path, rows, MIRRORED, yaks())
    assert told([found]) == [("warning", "alpaca", "barn/alpaca-7b")]
    assert OTHER_ROOT in found.says


def test_a_copy_that_names_another_release_is_a_note(tmp_path: Path) -> None:
    both = family(releases=[*MIRRORED.releases, release("alpaca-2", "farm/Alpaca-2")])
    rows = [row(ROOT), row("farm/Alpaca-2"), row("barn/alpaca-7b", ["farm/Alpaca-2"])]
    assert told(beside(tmp_path, rows, both)) == [("note", "alpaca", "barn/alpaca-7b")]


def test_a_page_that_names_another_parent_than_the_edge_is_a_warning(tmp_path: Path) -> None:
    rows = [row(ROOT), row(OTHER_ROOT), row("a/x", [OTHER_ROOT])]
    found = beside(tmp_path, rows, family(edges=(edge("a/x", ROOT),)), yaks())
    assert told(found) == [("warning", "alpaca", "a/x")]
    assert found[0].says == f"the registry names {ROOT}, its page {OTHER_ROOT}"


def test_an_edge_and_a_page_that_names_the_mirror_agree(tmp_path: Path) -> None:
    agreed = family(releases=MIRRORED.releases, edges=(edge("a/x", ROOT),))
    rows = [row(ROOT), row("barn/alpaca-7b"), row("a/x", ["barn/alpaca-7b"])]
    assert not beside(tmp_path, rows, agreed)


def test_an_outsider_that_declares_its_way_in_is_a_warning(tmp_path: Path) -> None:
    rows = [row(ROOT), row("a/y", [ROOT]), row("a/x", ["a/y"])]
    found = beside(tmp_path, rows, family(outsiders=(outsider("a/x"),)))
    assert told(found) == [("warning", "alpaca", "a/x")]


def test_deleted_roots_that_are_listed_are_a_warning(tmp_path: Path) -> None:
    dead = family(releases=[release(deleted=(ROOT,))])
    assert told(beside(tmp_path, [row(ROOT)], dead)) == [("warning", "alpaca", ROOT)]


def test_another_license_tag_is_a_warning_of_the_release(tmp_path: Path) -> None:
    (found,) = beside(tmp_path, [row(ROOT, tags=["license:wool"])], family())
    assert told([found]) == [("warning", "alpaca", "alpaca-1")]
    assert found.ids == (ROOT,)


def test_a_late_official_repository_is_a_note_of_the_release(tmp_path: Path) -> None:
    late = row(ROOT, createdAt="2024-04-30T00:00:00.000Z")
    assert not beside(tmp_path / "soon", [late], family())

    late = row(ROOT, createdAt="2024-05-01T00:00:00.000Z")
    assert told(beside(tmp_path / "late", [late], family())) == [("note", "alpaca", "alpaca-1")]


def test_what_the_snapshot_does_not_know_is_one_note_a_kind(tmp_path: Path) -> None:
    missing = family(
        releases=[release(mirrors=tuple(Reupload(f"barn/{n}", ROOT, "s") for n in "abcde"))]
    )
    (found,) = check_against_snapshot(Scope(published([row(ROOT)], tmp_path), [missing]))
    assert told([found]) == [("note", "alpaca", "mirror")]
    assert found.ids == tuple(f"barn/{n}" for n in "abcde")
    assert found.says == "5 of 5 are not in 20261121T120000Z: barn/a, barn/b, barn/c and 2 more"


def test_a_snapshot_of_one_base_knows_too_little_to_miss_anyone(tmp_path: Path) -> None:
    into = publication(tmp_path)

    manifest = build_snapshot(pages([row(ROOT)]), origin(SnapshotKind.BELOW), into)
    assert check_against_snapshot(Scope(into.store.snapshot(manifest.id), [MIRRORED])) == ()


def test_an_old_name_is_looked_up_under_its_new_one(tmp_path: Path) -> None:
    old = "farm/Paca-7B"
    published([row(old)], tmp_path, taken_at=NOON)
    renamed = row(ROOT, _id=key_of(old))
    snapshot = published([renamed], tmp_path, taken_at=NOON + timedelta(days=1))

    assert check_against_snapshot(Scope(snapshot, [family(releases=[release(root=old)])])) == ()


def test_on_the_corpus_no_llama_entry_is_contradicted(corpus_snapshot: Snapshot) -> None:
    found = check_against_snapshot(Scope(corpus_snapshot, all_families()))
    warnings = [one for one in found if one.severity is FindingSeverity.WARNING]
    # Pages of Llama 4 say `other` in their first weeks, which contradicts no license.
    assert not [one for one in warnings if one.family == "llama"]
    assert not [one for one in found if one.severity is FindingSeverity.ERROR]
