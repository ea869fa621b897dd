"""How good guesses are: what is hidden, when a guess is right, and the corpus as it is measured."""

from dataclasses import replace
from pathlib import Path

import pytest

from lineage.analysis.evaluate.accuracy import (
    ALL,
    Accuracy,
    Share,
    is_held_out_of_evaluation,
)
from lineage.analysis.evaluate.evaluation import Evaluation, evaluate
from lineage.analysis.evaluate.known_answers import Labels
from lineage.analysis.scope import Scope
from lineage.domain.claims import Strength
from lineage.domain.families import (
    CuratedSource,
    Family,
    NameReading,
    Outsider,
    OutsiderReason,
    ReleaseGroup,
    Spelling,
)
from lineage.evidence import RULES
from lineage.families.registry import all_families
from lineage.store.reader import Snapshot
from tests.builders import Row, published, row
from tests.unit.analysis.worlds import a_family

BASE, CHAT = "kin/Kin-3-8B", "kin/Kin-3-8B-Instruct"
OLD = "kin/Kin-2-8B-Instruct"
MIRROR = "copycat/Kin-3-8B-Instruct-copy"
FAMILY = a_family({"Kin 3": [BASE, CHAT], "Kin 2": [OLD]}, {MIRROR: CHAT})
ROOTS = [row(BASE), row(CHAT, [BASE]), row(OLD), row(MIRROR)]


def evaluated(folder: Path, rows: list[Row], labels: Labels | None = None) -> Evaluation:
    snapshot = published([*ROOTS, *rows], folder, families=[FAMILY])
    return evaluate(Scope(snapshot, [FAMILY]), RULES, "kin", labels)


def accuracy(found: Evaluation, name: str = ALL) -> Accuracy:
    """Of a rule, a pattern, a family or a year."""
    rows = (*found.rules, *found.patterns, *found.by_family, *found.by_year)
    return next(row for row in rows if row.name == name)


def right(found: Evaluation) -> tuple[int, int, int, int]:
    """How many are right by parent, by release and by family, of how many."""
    one = accuracy(found)
    return one.exact, one.release, one.family, one.fired


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (CHAT, (1, 1, 1, 1)),
        (MIRROR, (1, 1, 1, 1)),
        ("q/Kin-3-8B-Instruct-4bit", (1, 1, 1, 1)),  # a quantized copy: the original is behind it
        (BASE, (0, 1, 1, 1)),
        (OLD, (0, 0, 1, 1)),  # another release of the family
        ("release:kin-3", (0, 1, 1, 1)),
        ("release:kin-2", (0, 0, 1, 1)),
        ("family:kin", (0, 1, 1, 1)),
        ("me/stranger", (0, 0, 0, 1)),
    ],
)
def test_when_a_guess_is_right(declared: str, expected: tuple[int, ...], tmp_path: Path) -> None:
    copy = row("q/Kin-3-8B-Instruct-4bit", [CHAT], "quantized")
    child = row("me/Kin-3-8B-Instruct-cats", [declared])
    labels = Labels((("me/Kin-3-8B-Instruct-cats", declared),))
    assert right(evaluated(tmp_path, [copy, child, row("me/stranger")], labels)) == expected


def test_what_a_model_declares_is_hidden_from_who_guesses(tmp_path: Path) -> None:
    rows = [row("a/foo-1"), row("b/foo-1", ["a/foo-1"]), row("x/foo-1-GGUF", ["b/foo-1"])]
    found = evaluated(tmp_path, rows)
    assert [one.child for one in found.mistakes] == ["x/foo-1-GGUF"]
    assert found.mistakes[0].inferred == "a/foo-1"
    assert found.mistakes[0].declared == ("b/foo-1",)


@pytest.mark.parametrize(("author", "is_heard"), [("x", False), ("b", True)])
def test_what_the_same_author_declares_elsewhere_is_hidden_too(
    author: str, is_heard: bool, tmp_path: Path
) -> None:
    merge = row(f"{author}/merge", ["x/silent", CHAT], "merge")
    found = evaluated(tmp_path, [row("x/silent", [BASE]), merge])
    assert ("merge_partners" in {one.name for one in found.rules}) is is_heard


def test_outside_of_all_families_a_claim_is_right_that_names_the_parent_or_its_child(
    tmp_path: Path,
) -> None:
    rows = [row("a/foo-1", ["a/base"]), row("b/foo-1-GGUF", ["a/foo-1"]), row("a/base")]
    rows += [row("c/foo-1-AWQ", ["a/base"]), row("d/foo-1-GPTQ", ["me/stranger"])]
    one = accuracy(evaluated(tmp_path, rows))
    assert (one.exact, one.family, one.judged) == (1, 2, 3)


def test_recall_is_of_all_that_was_hidden(tmp_path: Path) -> None:
    rows = [row("me/Kin-3-8B-Instruct-cats", [CHAT]), row("me/silent", [CHAT])]
    one = accuracy(evaluated(tmp_path, rows))
    assert one.fired == 1
    assert one.recall == pytest.approx(1 / 3)


def test_what_leads_into_a_family_from_outside_is_wrong_there(tmp_path: Path) -> None:
    rows = [
        row("me/Kin-3-8B-Instruct-cats", [CHAT]),
        row("me/Kin-3-8B-Instruct-dogs", ["me/stranger"]),
        row("me/stranger"),
        row("me/stranger-child", ["me/stranger"]),
    ]
    found = evaluated(tmp_path, rows)
    one = accuracy(found, "kin")
    assert (one.fired, one.family, one.precision, one.recall) == (2, 1, 0.5, 0.5)
    assert (found.crossings, found.mistakes[0].crosses) == (1, True)


NAMED = replace(
    FAMILY,
    groups=(ReleaseGroup("kin-x", "Kin x", ("kin-3", "kin-2")),),
    names=NameReading(
        ("kin",), spellings=(Spelling("kin-?3", "kin-3"), Spelling("kin-?x", "kin-x"))
    ),
)


def test_a_claim_that_names_a_release_is_measured_by_release_and_family(tmp_path: Path) -> None:
    outsider = Outsider("me/alike", OutsiderReason.NAME_ONLY, "It is none.", CuratedSource("card"))
    family = replace(NAMED, outsiders=(outsider,))
    rows = [
        row("a/Kin3-cats", [CHAT]),
        row("b/Kin3-dogs", [OLD]),
        row("c/KinX-birds", [OLD]),
        row("d/Kin3-mice", ["me/alike"]),
        row("e/Kin3-ants", ["me/unknown"]),
        row("me/alike"),
    ]
    snapshot = published([*ROOTS, *rows], tmp_path, families=[family])
    found = evaluate(Scope(snapshot, [family]), RULES, "kin")
    one = accuracy(found, "release_name")
    assert (one.fired, one.judged, one.exact) == (5, 4, 0)
    assert (one.release, one.release_named, one.family) == (1, 2, 3)
    assert found.crossings == 1  # of what is not known nothing is said


def test_authors_count_once_each(tmp_path: Path) -> None:
    rows = [row(f"many/Kin-3-8B-Instruct-{number}", [CHAT]) for number in range(9)]
    rows.append(row("one/Kin-3-8B-Instruct-cats", ["me/stranger"]))
    one = accuracy(evaluated(tmp_path, rows))
    assert (one.precision, one.by_author.value, one.by_author.tries) == (0.9, 0.5, 2)
    held_out = [author for author in ("many", "one") if is_held_out_of_evaluation(author)]
    assert one.held_out.tries == sum({"many": 9, "one": 1}[author] for author in held_out)


def test_labels_take_the_place_of_what_is_declared(tmp_path: Path) -> None:
    rows = [row("me/Kin-3-8B-Instruct-cats", [OLD]), row("me/Kin-3-8B-Instruct-dogs")]
    pairs = (
        ("me/Kin-3-8B-Instruct-cats", CHAT),
        ("me/Kin-3-8B-Instruct-dogs", "nobody/knows"),
        ("not/there", CHAT),
    )
    found = evaluated(tmp_path, rows, Labels(pairs, bad_lines=2))
    assert (found.hidden_by, found.labels_unknown, found.labels_bad) == ("labels", 1, 2)
    assert right(found) == (1, 1, 1, 2)


def test_a_label_may_name_a_release_of_which_something_was_inferred(tmp_path: Path) -> None:
    rows = [*ROOTS, row("me/Kin3-cats"), row("me/Kin3-dogs")]
    snapshot = published(rows, tmp_path, families=[NAMED])
    labels = Labels(tuple((f"me/Kin3-{it}", "release:kin-3") for it in ("cats", "dogs")))
    found = evaluate(Scope(snapshot, [NAMED]), RULES, "kin", labels)
    assert right(found) == (2, 2, 2, 2)


def test_what_nobody_lists_may_come_from_the_family(tmp_path: Path) -> None:
    rows = [row("me/Kin-3-8B-Instruct-cats", ["nobody/lists"])]
    found = evaluated(tmp_path, rows)
    assert (accuracy(found).precision, found.crossings) == (0.0, 0)


def test_a_root_that_the_snapshot_lacks_is_a_label_by_its_release(tmp_path: Path) -> None:
    family = a_family({"Kin 3": [BASE, CHAT], "Kin 2": [OLD, "kin/Kin-2-1B"]})
    child = "me/Kin-2-8B-Instruct-cats"
    snapshot = published([*ROOTS, row(child)], tmp_path, families=[family])
    labels = Labels(((child, "kin/Kin-2-1B"),))
    found = evaluate(Scope(snapshot, [family]), RULES, "kin", labels)
    assert right(found) == (0, 1, 1, 1)


@pytest.mark.parametrize("parent", [CHAT.upper(), CHAT.lower(), CHAT])
def test_a_label_is_resolved_as_every_name(tmp_path: Path, parent: str) -> None:
    rows = [row("me/Kin-3-8B-Instruct-cats", [OLD])]
    found = evaluated(tmp_path, rows, Labels((("ME/kin-3-8b-instruct-CATS", parent),)))
    assert (found.labels_unknown, accuracy(found).exact) == (0, 1)


def test_rules_that_speak_at_first_are_measured_by_their_evidence(
    tmp_path: Path,
) -> None:
    rows = [
        row("me/a", [CHAT], config={"_name_or_path": CHAT}),
        row("me/b", [OLD], config={"_name_or_path": CHAT}),
        row("me/c", [OLD], config={"_name_or_path": "./out"}),
    ]
    one = accuracy(evaluated(tmp_path, rows), "config")
    assert (one.fired, one.exact) == (2, 1)


def test_rules_that_said_nothing_are_told_as_unmeasured(tmp_path: Path) -> None:
    assert set(evaluated(tmp_path, []).unmeasured) == {
        rule.name for rule in RULES if rule.strength is Strength.INFERRED
    }
    rows = [row("me/Kin-3-8B-Instruct-cats", [CHAT])]
    assert "name" not in evaluated(tmp_path / "more", rows).unmeasured


@pytest.fixture(scope="module")
def measured(corpus_snapshot: Snapshot) -> Evaluation:
    return evaluate(Scope(corpus_snapshot, all_families()), RULES, "llama")


@pytest.mark.parametrize(
    ("name", "recall"),
    [
        (ALL, 0.37),
        ("name", 0.24),
        ("release_name", 0.12),
        ("child_names", 0.01),
        ("merge_partners", 0.002),
        ("llama", 0.6),
    ],
)
def test_on_the_corpus_rules_are_as_good_as_documented(
    measured: Evaluation, name: str, recall: float
) -> None:
    one = accuracy(measured, name)
    for share in (Share(one.family, one.judged), one.held_out, one.by_author):
        assert share.value is not None
        assert share.value >= 0.98
    assert one.release >= 0.975 * one.release_named
    assert one.recall is not None
    assert one.recall > recall


def test_on_the_corpus_no_pattern_leads_astray(measured: Evaluation) -> None:
    for one in measured.patterns:
        assert one.precision is not None
        assert one.precision >= 0.97, one.name
        assert one.release >= 0.95 * one.release_named, one.name


def test_the_family_that_is_asked_for_must_be_known(tmp_path: Path) -> None:
    families: list[Family] = []
    with pytest.raises(KeyError, match="kin"):
        evaluate(Scope(published(ROOTS, tmp_path), families), RULES, "kin")
