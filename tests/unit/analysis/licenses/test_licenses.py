"""What derivatives declare as their license, beside the terms of the release they stem from."""

from pathlib import Path

import pytest

from lineage.analysis.licenses.statements import CONFLICTS, Judged, Knowledge
from lineage.build.pipeline import build_snapshot
from lineage.domain.definitions import Closure, Definition
from lineage.domain.licenses import Drift, DriftSeverity, LicenseNote, NameLevel, WeightsForm
from lineage.store.reader import Snapshot
from tests.builders import origin, pages, publication, published
from tests.unit.analysis.declared import declaring, judged

LLAMA_1 = "huggyllama/llama-7b"
LLAMA_2 = "meta-llama/Llama-2-7b-hf"
LLAMA_3 = "meta-llama/Meta-Llama-3-8B"
LLAMA_31 = "meta-llama/Llama-3.1-8B"
MIRROR_2 = "NousResearch/Llama-2-7b-hf"
VISION = "meta-llama/Llama-3.2-11B-Vision"
MISTRAL = "mistralai/Mistral-7B-v0.1"
DELTA = "lmsys/vicuna-7b-delta-v1.1"
DISTILL = "deepseek-ai/DeepSeek-R1-Distill-Llama-8B"
GUARD_2 = "meta-llama/Meta-Llama-Guard-2-8B"
TERMS_LINK = "https://github.com/meta-llama/llama-models/blob/main/models/llama3_1/LICENSE"


WORLD = [
    declaring(LLAMA_1, tag="other"),
    declaring(LLAMA_2, tag="llama2"),
    declaring(LLAMA_3, tag="llama3"),
    declaring(LLAMA_31, tag="llama3.1"),
    declaring(VISION, tag="llama3.2"),
    declaring(GUARD_2, tag="llama3"),
    declaring(MISTRAL, tag="apache-2.0"),
    declaring(MIRROR_2, tag="apache-2.0"),
    declaring("a/kept", LLAMA_2, "llama2"),
    declaring("a/wrong-number", LLAMA_3, "llama2"),
    declaring("a/linked", LLAMA_31, "other", link=TERMS_LINK),
    declaring("a/linked-to-another", LLAMA_31, "other", name="llama-2-community"),
    declaring("a/unnamed", LLAMA_2, "other"),
    declaring("a/said-unknown", LLAMA_2, "unknown"),
    declaring("a/silent", LLAMA_2),
    declaring("a/no-commerce", LLAMA_2, "cc-by-nc-sa-4.0"),
    declaring("a/adapter", LLAMA_2, "apache-2.0", "adapter"),
    declaring("a/gguf", LLAMA_2, "mit", "quantized"),
    declaring("a/free", LLAMA_2, "apache-2.0", downloads=70),
    declaring("a/freer", MIRROR_2, "wtfpl", downloads=900),
    declaring("a/shared-alike", LLAMA_3, "cc-by-sa-4.0"),
    declaring("a/torn", LLAMA_31, "mit", name="Llama 3.1 Community License"),
    declaring("a/gemma", LLAMA_31, "gemma"),
    declaring("a/llama1-named", LLAMA_1, "other", name="LLaMA license"),
    declaring("a/llama1-no-commerce", LLAMA_1, "cc-by-nc-4.0"),
    declaring("a/llama1-adapter", LLAMA_1, "cc-by-nc-4.0", "adapter"),
    declaring("a/llama1-gpl", LLAMA_1, "gpl-3.0"),
    declaring("a/free-child", "a/free", "apache-2.0"),
    declaring("a/peft", LLAMA_2, "mit", library_name="peft"),
    declaring("a/two-terms", [LLAMA_2, LLAMA_31], "llama2", "merge"),
    declaring("a/two-terms-laxer", [LLAMA_2, LLAMA_31], "llama3.1", "merge"),
    declaring("a/with-mistral", [LLAMA_3, MISTRAL], "llama3", "merge"),
    declaring("a/31-with-mistral", [LLAMA_31, MISTRAL], "llama3.1", "merge"),
    declaring("a/sees", VISION, "llama3.2"),
    declaring("a/guards", GUARD_2, "llama3"),
    declaring("a/elsewhere", MISTRAL, "mit"),
    declaring(DISTILL, LLAMA_31, "mit"),
    declaring(DELTA, LLAMA_1, "apache-2.0"),
    declaring("a/Llama3-tune", LLAMA_3, "llama3"),
    declaring("a/Llama-tune", LLAMA_31, "llama3.1"),
    declaring("a/Meta-Llama-tune", LLAMA_31, "llama3.1"),
    declaring("a/L3-tune", LLAMA_31, "llama3.1"),
]

EXPECTED = {
    "a/kept": Drift.CONSISTENT,
    "a/wrong-number": Drift.MISMATCH,
    "a/linked": Drift.OTHER_WITH_LINK,
    "a/linked-to-another": Drift.MISMATCH,
    "a/unnamed": Drift.UNNAMED,
    "a/said-unknown": Drift.UNNAMED,
    "a/silent": Drift.UNDECLARED,
    "a/no-commerce": Drift.NARROWS,
    "a/adapter": Drift.ADAPTER_PERMISSIVE,
    "a/gguf": Drift.MIRROR_PERMISSIVE,
    MIRROR_2: Drift.MIRROR_PERMISSIVE,
    "a/free": Drift.WEIGHTS_PERMISSIVE,
    "a/freer": Drift.WEIGHTS_PERMISSIVE,
    "a/shared-alike": Drift.COPYLEFT_CLASH,
    "a/torn": Drift.TAG_AGAINST_CARD,
    DISTILL: Drift.TAG_AGAINST_CARD,
    "a/gemma": Drift.UNRANKED,
    "a/llama1-named": Drift.OTHER_WITH_LINK,
    "a/llama1-no-commerce": Drift.OTHER_TERMS,
    "a/llama1-adapter": Drift.CONSISTENT,
    "a/llama1-gpl": Drift.COPYLEFT_CLASH,
    DELTA: Drift.DELTA_PERMISSIVE,
    "a/two-terms": Drift.CONSISTENT,
    "a/two-terms-laxer": Drift.MISMATCH,
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return published(WORLD, tmp_path_factory.mktemp("licenses"))


@pytest.fixture(scope="module")
def found(world: Snapshot) -> dict[str, Judged]:
    return {one.model: one for one in judged(world).rows}


@pytest.mark.parametrize("id", EXPECTED)
def test_each_class_has_its_case(id: str, found: dict[str, Judged]) -> None:
    assert found[id].drift is EXPECTED[id]


def test_every_class_is_met(found: dict[str, Judged]) -> None:
    # Terms that let derivatives have their own stand in test_terms_of_families.
    elsewhere = {Drift.NOT_IN_SAMPLE, Drift.OWN_TERMS, Drift.PERMITTED}
    assert {one.drift for one in found.values()} == set(Drift) - elsewhere


def test_official_repositories_and_other_families_are_held_against_nothing(
    found: dict[str, Judged],
) -> None:
    assert not {LLAMA_2, LLAMA_31, MISTRAL, "a/elsewhere"} & set(found)


def test_a_plain_mirror_is_judged_beside_what_it_copies(found: dict[str, Judged]) -> None:
    mirror = found[MIRROR_2]
    assert (mirror.is_mirror, mirror.form, mirror.path) == (
        True,
        WeightsForm.COPY,
        (MIRROR_2, LLAMA_2),
    )
    assert mirror.severity is DriftSeverity.WIDENS


def test_the_path_leads_through_a_mirror_to_the_official_repository(
    found: dict[str, Judged],
) -> None:
    assert found["a/freer"].path == ("a/freer", MIRROR_2, LLAMA_2)
    assert found["a/free-child"].path == ("a/free-child", "a/free", LLAMA_2)
    assert found["a/llama1-gpl"].path == ("a/llama1-gpl", LLAMA_1)


def test_the_clauses_are_those_of_the_terms_owed(found: dict[str, Judged]) -> None:
    assert found["a/free"].clauses == ("1.b.i", "1.b.iv", "2", "1.b.v")
    assert found["a/llama1-no-commerce"].clauses == ("2.d",)
    assert found["a/kept"].clauses == ()


def test_a_merge_of_two_releases_owes_both_terms(found: dict[str, Judged]) -> None:
    merge = found["a/two-terms"]
    assert merge.terms == ("llama2", "llama3.1")
    assert merge.release == "Llama 2, Llama 3.1"
    assert {LicenseNote.SEVERAL_TERMS, LicenseNote.IMPROVES_OTHERS} <= set(merge.notes)


def test_only_terms_that_forbid_it_make_a_note_of_other_models(found: dict[str, Judged]) -> None:
    assert LicenseNote.IMPROVES_OTHERS in found["a/with-mistral"].notes
    assert LicenseNote.IMPROVES_OTHERS not in found["a/31-with-mistral"].notes
    assert LicenseNote.IMPROVES_OTHERS not in found["a/kept"].notes


def test_notes_stand_where_they_apply(found: dict[str, Judged]) -> None:
    expected = {
        "a/sees": LicenseNote.EU_MULTIMODAL,
        "a/guards": LicenseNote.SOURCES_DISAGREE,
        "a/free-child": LicenseNote.REPEATS_PARENT,
        "a/peft": LicenseNote.MAYBE_ADAPTER,
        "a/llama1-gpl": LicenseNote.CODE_LICENSE,
    }
    assert {id: found[id].notes for id in expected} == {id: (one,) for id, one in expected.items()}


def test_a_name_is_near_its_prefix_at_four_levels(found: dict[str, Judged]) -> None:
    names = {
        "a/Llama-tune": ("Llama", NameLevel.STRICT),
        "a/Llama3-tune": ("Llama 3", NameLevel.NORMALIZED),
        "a/Meta-Llama-tune": ("Llama", NameLevel.CONTAINS),
        "a/L3-tune": ("Llama", NameLevel.ABSENT),
        "a/kept": (None, None),
    }
    assert {id: (found[id].name_prefix, found[id].license_name_level) for id in names} == names


def test_the_most_used_conflicts_come_first(world: Snapshot) -> None:
    rows = judged(world).rows
    assert [one.model for one in rows[:2]] == ["a/freer", "a/free"]
    in_conflict = [one.severity in CONFLICTS for one in rows]
    assert in_conflict == sorted(in_conflict, reverse=True)


def test_filters_choose_who_is_judged(world: Snapshot) -> None:
    used = judged(world, Definition(min_downloads=100)).rows
    assert [one.model for one in used] == ["a/freer"]
    direct = {one.model for one in judged(world, Definition(closure=Closure.DIRECT)).rows}
    assert "a/free" in direct
    assert "a/free-child" not in direct


def test_where_few_licenses_are_known_a_missing_one_is_not_in_the_sample(tmp_path: Path) -> None:
    silent = [declaring(f"b/silent-{number}", LLAMA_2) for number in range(300)]
    found = judged(published([*WORLD, *silent], tmp_path))
    assert found.knowledge.is_sample
    drifts = {one.drift for one in found.rows if one.tag is None}
    assert drifts == {Drift.NOT_IN_SAMPLE}


def test_what_a_server_on_this_machine_said_is_a_sample_whatever_it_knows() -> None:
    assert Knowledge(known=100, listed=100, is_local=True).is_sample
    assert not Knowledge(known=100, listed=100, is_local=False).is_sample
    assert Knowledge(known=3, listed=100, is_local=False).is_sample


def test_a_snapshot_of_a_local_server_says_undeclared_of_nobody(tmp_path: Path) -> None:
    into = publication(tmp_path)
    ordered = sorted(WORLD, key=lambda one: str(one["_id"]))
    manifest = build_snapshot(pages(ordered), origin(endpoint="http://127.0.0.1:8765"), into)
    found = judged(into.store.snapshot(manifest.id))
    assert found.knowledge.is_local
    assert {one.drift for one in found.rows if one.tag is None} == {Drift.NOT_IN_SAMPLE}


def test_a_family_without_descendants_has_no_rows(tmp_path: Path) -> None:
    assert judged(published([declaring("a/alone", tag="mit")], tmp_path)).rows == []


def test_the_corpus_is_a_sample_and_every_member_is_judged_once(corpus_snapshot: Snapshot) -> None:
    found = judged(corpus_snapshot)
    assert found.knowledge.is_sample
    models = [one.model for one in found.rows]
    assert len(models) == len(set(models)) > 20_000
    by_id = {one.model: one for one in found.rows}
    for mirror in ("unsloth/llama-2-7b", "unsloth/llama-2-7b-chat", "unsloth/llama-2-13b"):
        assert by_id[mirror].drift is Drift.MIRROR_PERMISSIVE
    assert not [one for one in found.rows if one.drift is Drift.UNDECLARED]
    assert all(one.terms and one.path[0] == one.model for one in found.rows)
