"""How good guesses are: what is hidden, when a guess is right, and the corpus as it is measured."""

from pathlib import Path

import pytest

from lineage.analysis.evaluate.accuracy import ALL
from lineage.analysis.evaluate.evaluation import (
    OTHERS,
    Evaluation,
    Score,
    evaluate,
    is_held_out_of_evaluation,
)
from lineage.analysis.evaluate.known_answers import Labels
from lineage.analysis.scope import Scope
from lineage.domain.families import Family
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


def score(found: Evaluation, family: str = ALL, pattern: str = ALL) -> Score:
    (one,) = (one for one in found.scores if (one.family, one.pattern) == (family, pattern))
    return one


def right(found: Evaluation) -> tuple[float, float, float, int]:
    """Hits for parent, line and release, and how many guesses."""
    one = score(found)
    return one.parent.hits, one.line.hits, one.release.hits, one.inferred


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (CHAT, (1, 1, 1, 1)),
        (MIRROR, (1, 1, 1, 1)),
        ("q/Kin-3-8B-Instruct-4bit", (1, 1, 1, 1)),  # a quantized copy: the original is behind it
        (BASE, (0, 1, 1, 1)),  # what the guess itself declares: a generation is skipped
        (OLD, (0, 0, 0, 1)),
        ("me/stranger", (0, 0, 0, 1)),
    ],
)
def test_when_a_guess_is_right(declared: str, expected: tuple[int, ...], tmp_path: Path) -> None:
    copy = row("q/Kin-3-8B-Instruct-4bit", [CHAT], "quantized")
    child = row("me/Kin-3-8B-Instruct-cats", [declared])
    labels = Labels((("me/Kin-3-8B-Instruct-cats", declared),))
    assert right(evaluated(tmp_path, [copy, child, row("me/stranger")], labels)) == expected


def test_what_a_model_declares_is_hidden_from_who_guesses(tmp_path: Path) -> None:
    rows = [row("a/foo-1"), row("b/foo-1", ["a/foo-1"]), row("c/foo-1-GGUF", ["b/foo-1"])]
    found = evaluated(tmp_path, rows)
    assert [one.child for one in found.mistakes] == ["c/foo-1-GGUF"]
    assert found.mistakes[0].inferred == "a/foo-1"
    assert found.mistakes[0].declared == ("b/foo-1",)


def test_coverage_and_recall_are_of_all_that_was_hidden(tmp_path: Path) -> None:
    rows = [row("me/Kin-3-8B-Instruct-cats", [CHAT]), row("me/silent", [CHAT])]
    one = score(evaluated(tmp_path, rows))
    assert (one.hidden, one.inferred) == (3, 1)
    assert one.coverage.value == pytest.approx(1 / 3)
    assert one.recall.value == pytest.approx(1 / 3)


def test_families_are_told_apart_and_a_wrong_yes_is_counted(tmp_path: Path) -> None:
    rows = [
        row("me/Kin-3-8B-Instruct-cats", [CHAT]),
        row("me/Kin-3-8B-Instruct-dogs", ["me/stranger"]),
        row("me/stranger"),
        row("me/stranger-child", ["me/stranger"]),
    ]
    found = evaluated(tmp_path, rows)
    assert (score(found, "kin").hidden, score(found, OTHERS).hidden) == (2, 2)
    assert (score(found, "kin").line.value, score(found, OTHERS).line.value) == (1, 0)
    assert (found.crossings, found.mistakes[0].crosses) == (1, True)


def test_authors_count_once_each(tmp_path: Path) -> None:
    rows = [row(f"many/Kin-3-8B-Instruct-{number}", [CHAT]) for number in range(9)]
    rows.append(row("one/Kin-3-8B-Instruct-cats", [OLD]))
    one = score(evaluated(tmp_path, rows), "kin")
    assert (one.line.value, one.authors.value, one.authors.tries) == (0.9, 0.5, 2)
    held_out = [author for author in ("many", "one") if is_held_out_of_evaluation(author)]
    assert one.checked.tries == sum({"many": 9, "one": 1}[author] for author in held_out)


def test_labels_take_the_place_of_what_is_declared(tmp_path: Path) -> None:
    rows = [row("me/Kin-3-8B-Instruct-cats", [OLD]), row("me/Kin-3-8B-Instruct-dogs")]
    pairs = (
        ("me/Kin-3-8B-Instruct-cats", CHAT),
        ("me/Kin-3-8B-Instruct-dogs", "nobody/knows"),
        ("not/there", CHAT),
    )
    found = evaluated(tmp_path, rows, Labels(pairs, bad_lines=2))
    assert (found.hidden_by, found.labels_unknown, found.labels_bad) == ("labels", 1, 2)
    assert (score(found).hidden, score(found).line.hits) == (2, 1)


@pytest.mark.parametrize("parent", [CHAT.upper(), CHAT.lower(), CHAT])
def test_a_label_is_resolved_as_every_name(tmp_path: Path, parent: str) -> None:
    rows = [row("me/Kin-3-8B-Instruct-cats", [OLD])]
    found = evaluated(tmp_path, rows, Labels((("ME/kin-3-8b-instruct-CATS", parent),)))
    assert (found.labels_unknown, score(found).line.hits) == (0, 1)


def test_rules_that_speak_at_first_are_measured_by_their_evidence(
    tmp_path: Path,
) -> None:
    rows = [
        row("me/a", [CHAT], config={"_name_or_path": CHAT}),
        row("me/b", [OLD], config={"_name_or_path": CHAT}),
        row("me/c", [OLD], config={"_name_or_path": "./out"}),
    ]
    one = score(evaluated(tmp_path, rows), pattern="config")
    assert (one.rule, one.inferred, one.line.hits) == ("config", 2, 1)


def test_rules_that_said_nothing_are_told_as_unmeasured(tmp_path: Path) -> None:
    assert set(evaluated(tmp_path, []).unmeasured) == {"card_text", "config", "name"}
    rows = [row("me/Kin-3-8B-Instruct-cats", [CHAT])]
    assert "name" not in evaluated(tmp_path / "more", rows).unmeasured


@pytest.fixture(scope="module")
def measured(corpus_snapshot: Snapshot) -> Evaluation:
    return evaluate(Scope(corpus_snapshot, all_families()), RULES, "llama")


@pytest.mark.parametrize("family", ["llama", OTHERS, ALL])
def test_on_the_corpus_guesses_are_as_precise_as_documented(
    measured: Evaluation, family: str
) -> None:
    one = score(measured, family)
    for share, least in ((one.line, 0.95), (one.checked, 0.95), (one.release, 0.95)):
        assert share.interval is not None
        assert share.interval[0] >= least
    assert one.authors.value is not None
    assert one.authors.value >= 0.95
    assert one.recall.value is not None
    assert one.recall.value > 0.18


def test_on_the_corpus_no_pattern_leads_astray(measured: Evaluation) -> None:
    for one in measured.scores:
        if one.family == ALL:
            assert one.line.value is not None
            assert one.line.value > 0.94, one.pattern
            assert one.release.value is not None
            assert one.release.value > 0.95, one.pattern


def test_the_family_that_is_asked_for_must_be_known(tmp_path: Path) -> None:
    families: list[Family] = []
    with pytest.raises(KeyError, match="kin"):
        evaluate(Scope(published(ROOTS, tmp_path), families), RULES, "kin")
