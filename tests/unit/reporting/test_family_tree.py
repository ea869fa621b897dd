"""What a family tree says is what the questions answer."""

from dataclasses import replace
from pathlib import Path

import pytest

from lineage.domain.families import OutsiderReason
from lineage.reporting.family_tree import FamilyTreeReport
from lineage.reporting.family_tree_text import report_text_of_verdict_reason
from lineage.reporting.language import Language, load_texts
from tests.builders import published, row
from tests.questions import family_tree
from tests.unit.analysis.worlds import a_family, said

KIN = a_family({"Kin 1": ["kin/one"], "Kin 2": ["kin/two"]}, edges=[said("a/told", "kin/two")])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> FamilyTreeReport:
    rows = [
        row("kin/one"),
        row("kin/two"),
        row("a/tuned", ["kin/one"], tags=["license:mit"]),
        row("b/tuned", ["a/tuned"]),
        row("c/merge", ["a/tuned", "kin/two", "other/root"], "merge"),
        row("a/told"),
    ]
    return family_tree(published(rows, tmp_path_factory.mktemp("small")), KIN, [KIN])


def test_the_lines_of_the_releases_add_up(small: FamilyTreeReport) -> None:
    assert small.count.total == sum(line.total for line in small.releases) == 4
    assert small.count.direct == sum(line.direct for line in small.releases)
    assert [line.name for line in small.releases] == ["Kin 1", "Kin 2", "mixed"]
    assert small.releases[-1].released is None


def test_every_edge_stands_with_its_words(small: FamilyTreeReport) -> None:
    evidence, names = small.evidence, small.forest.names
    words: dict[tuple[str, str], list[str]] = {}
    for edge, place in zip(evidence.claim_edge, evidence.claim_text, strict=True):
        parent = int(evidence.parent[edge])
        above = names[parent] if parent >= 0 else evidence.outside[-1 - parent]
        one = evidence.texts[place]
        told = one.before if one.after is None else one.before + above + one.after
        words.setdefault((names[evidence.child[edge]], above), []).append(told)
    assert "base_model:merge:other/root" in words["c/merge", "other/root"]
    assert words["a/told", "kin/two"] == ["a/told was made from kin/two"]
    assert len(words) == 6 - 1 + 1


def test_what_nobody_says_is_unknown_and_not_nothing(small: FamilyTreeReport) -> None:
    at = list(small.forest.names).index("b/tuned")
    assert small.facts.words["license"].code[at] == 0
    assert small.facts.numbers["likes"][at] == 0
    tuned = list(small.forest.names).index("a/tuned")
    assert small.facts.words["license"].words[small.facts.words["license"].code[tuned] - 1] == "mit"


def test_a_sample_is_known_by_where_it_was_taken(tmp_path: Path) -> None:
    snapshot = published([row("kin/one"), row("a/tuned", ["kin/one"])], tmp_path)
    assert not family_tree(snapshot, KIN, [KIN]).is_sample
    local = replace(snapshot.manifest.origin, endpoint="http://127.0.0.1:8000")
    snapshot.manifest = replace(snapshot.manifest, origin=local)
    assert family_tree(snapshot, KIN, [KIN]).is_sample


def test_names_of_the_press_are_answered_one_by_one(llama: FamilyTreeReport) -> None:
    verdicts = {asked.name: (asked.descends, asked.releases) for asked in llama.verdicts}
    assert verdicts["Alpaca"] == verdicts["Koala"] == (True, ("LLaMA 1",))
    assert verdicts["Vicuna v1.5"] == (True, ("Llama 2",))
    assert verdicts["Dolly v2"][0] is verdicts["RedPajama-INCITE"][0] is False
    assert all(asked.source for asked in llama.verdicts)


@pytest.mark.parametrize("language", Language)
def test_each_of_them_has_a_reason_in_the_language_of_the_report_or_a_claim(
    language: Language, llama: FamilyTreeReport
) -> None:
    spoken = load_texts(language)
    for asked in llama.verdicts:
        assert asked.quote or report_text_of_verdict_reason(asked, spoken)
    told = {reason: spoken.say(f"page.because_{reason}") for reason in OutsiderReason}
    assert len(set(told.values())) == len(OutsiderReason)
