"""The finding of a license report: what is said under which condition, and the matrix behind it."""

from pathlib import Path

import pytest

from lineage.analysis.licenses.judging import judge_licenses
from lineage.analysis.licenses.statements import LicenseFindings
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import find_subject
from lineage.domain.definitions import Definition
from lineage.errors import SettingsError
from lineage.families.registry import all_families
from lineage.reporting.language import Language, load_texts
from lineage.reporting.license_matrix import license_headline, license_matrix
from lineage.store.reader import Snapshot
from tests.builders import Row, published, row
from tests.unit.analysis.declared import declaring, judged

LLAMA_2, LLAMA_3 = "meta-llama/Llama-2-7b-hf", "meta-llama/Meta-Llama-3-8B"
MIRROR = "NousResearch/Llama-2-7b-hf"
QWEN = "Qwen/Qwen2.5-7B"
ROOTS = [declaring(LLAMA_2, tag="llama2"), declaring(LLAMA_3, tag="llama3")]


def headline_of(rows: list[Row], folder: Path, language: Language = Language.ENGLISH) -> str:
    findings = judged(published([*ROOTS, *rows], folder))
    return license_headline(findings, load_texts(language, "licenses"))


@pytest.mark.parametrize(
    ("rows", "headline"),
    [
        ([], "No derivative of Llama is counted here"),
        ([row("a/a", [LLAMA_2]), row("a/b", [LLAMA_2])], "No license is known of the 2"),
        (
            [declaring("a/a", LLAMA_2, "llama2"), row("a/b", [LLAMA_2])],
            "The license of 1 of 2 Llama derivatives is known; no tag differs",
        ),
        (
            [declaring("a/a", LLAMA_2, "llama2"), declaring("a/b", LLAMA_2, "mit")],
            "The license of 2 of 2 Llama derivatives is known; the tag of 1 differs",
        ),
        # What is unclear is neither equal nor different; an adapter's tag is about itself.
        ([declaring("a/a", LLAMA_2, "other")], "The license of 1 of 1 Llama derivatives is known"),
        (
            [declaring("a/a", LLAMA_2, "mit", "adapter")],
            "The license of 1 of 1 Llama derivatives is known; no tag differs",
        ),
    ],
)
def test_a_headline_says_what_is_known_and_no_more(
    tmp_path: Path, rows: list[Row], headline: str
) -> None:
    told = headline_of(rows, tmp_path)
    assert told.startswith(headline)
    assert (";" in told) == (";" in headline)


def test_mirrors_are_in_no_number_of_the_headline(tmp_path: Path) -> None:
    rows = [declaring(MIRROR, LLAMA_2, "mit"), declaring("a/a", LLAMA_2, "llama2")]
    assert headline_of(rows, tmp_path).startswith("The license of 1 of 1 Llama derivatives")


def test_the_matrix_has_a_row_for_each_terms_and_frames_their_own_tag(tmp_path: Path) -> None:
    rows = [
        *(declaring(f"a/two-{tag}", LLAMA_2, tag) for tag in ("llama2", "MIT", "apache-2.0")),
        *(declaring(f"a/three-{n}", LLAMA_3, "mit") for n in range(3)),
        declaring("a/both", [LLAMA_2, LLAMA_3], "llama2", "merge"),
        row("a/unknown", [LLAMA_3]),
    ]
    findings = judged(published([*ROOTS, *rows], tmp_path))
    texts = load_texts(Language.ENGLISH, "licenses")
    chart = license_matrix(findings, texts, ("headline", "definition", "source"))
    assert chart is not None
    assert [position.key for position in chart.positions] == [
        "llama2",
        "llama3",
        "mit",
        "apache-2.0",
    ]
    assert {line.name: list(line.values) for line in chart.series} == {
        "Llama 2": [1, None, 1, 1],
        "Llama 3": [None, None, 3, None],
        "several releases": [1, None, None, None],
    }
    assert set(chart.frames) == {("Llama 2", "llama2"), ("Llama 3", "llama3")}
    assert "3 models below Llama 3 with the tag mit" in chart.text


def findings_about(subject: str, snapshot: Snapshot, definition: Definition) -> LicenseFindings:
    scope = Scope(snapshot, all_families(), definition)
    return judge_licenses(scope, find_subject(scope, subject))


def test_a_release_and_a_model_are_subjects_with_the_number_that_count_gives(
    tmp_path: Path,
) -> None:
    rows = [
        declaring("a/a", LLAMA_2, "mit"),
        declaring("a/b", "a/a", "mit"),
        declaring("a/both", [LLAMA_2, LLAMA_3], "llama2", "merge"),
        declaring("a/far", [QWEN, LLAMA_3], "mit", "merge"),
        declaring("b/alone", tag="mit"),
        declaring("b/child", "b/alone", "mit"),
        declaring(QWEN, tag="apache-2.0"),
    ]
    snapshot = published([*ROOTS, *rows], tmp_path, families=all_families())
    two = findings_about("llama-2", snapshot, Definition())
    assert {each.model for each in two.rows} == {"a/a", "a/b"}
    assert two.count.total == 2
    one = findings_about("a/a", snapshot, Definition())
    assert [each.model for each in one.rows] == ["a/b"]
    assert one.family.id == "llama"
    assert findings_about("a/far", snapshot, Definition()).other_families == ("Qwen",)
    with pytest.raises(SettingsError, match="descends from no family"):
        findings_about("b/alone", snapshot, Definition())
