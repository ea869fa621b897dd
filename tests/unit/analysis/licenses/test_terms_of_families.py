"""Licenses below families whose terms let derivatives have their own, or differ by size."""

import pytest

from lineage.domain.definitions import Definition
from lineage.domain.licenses import Drift, DriftSeverity
from lineage.families.license_terms import license_terms
from lineage.families.registry import all_families, family
from lineage.store.reader import Snapshot
from tests.builders import published
from tests.questions import judge_licenses
from tests.unit.analysis.declared import declaring

APACHE = "Qwen/Qwen2.5-7B"
RESEARCH = "Qwen/Qwen2.5-3B"
QWEN_72B = "Qwen/Qwen2.5-72B"
NO_TERMS = "Qwen/Qwen1.5-14B"
GEMMA = "google/gemma-2-9b"
MRL = "mistralai/Ministral-8B-Instruct-2410"
RESEARCH_LINK = "https://huggingface.co/Qwen/Qwen2.5-3B-Instruct/blob/main/LICENSE"

WORLD = [
    *(declaring(id) for id in (APACHE, RESEARCH, QWEN_72B, NO_TERMS, GEMMA, MRL)),
    declaring("unsloth/Qwen2.5-7B", tag="apache-2.0"),
    declaring("a/apache", APACHE, "apache-2.0"),
    declaring("a/mit", APACHE, "mit"),
    declaring("a/own", APACHE, "cc-by-nc-4.0"),
    declaring("a/copy", APACHE, "mit", "quantized"),
    declaring("a/wrong", APACHE, "other", name="qwen-research"),
    declaring("a/right", RESEARCH, "other", name="qwen-research", link=RESEARCH_LINK),
    declaring("a/linked", RESEARCH, "other", link=RESEARCH_LINK),
    declaring("a/free", RESEARCH, "apache-2.0"),
    declaring("a/adapter", RESEARCH, "apache-2.0", "adapter"),
    declaring("a/no-commerce", RESEARCH, "cc-by-nc-4.0"),
    declaring("a/72b", QWEN_72B, "other", name="Qwen"),
    declaring("a/merge", [APACHE, RESEARCH], "apache-2.0", "merge"),
    declaring("a/unknown-terms", NO_TERMS, "apache-2.0"),
    declaring("a/gemma", GEMMA, "gemma"),
    declaring("a/gemma-mit", GEMMA, "mit"),
    declaring("a/gemma-gguf", GEMMA, "mit", "quantized"),
    declaring("a/ministral", MRL, "apache-2.0"),
    declaring("a/ministral-named", MRL, "other", name="mrl"),
]

CLASSES = {
    "qwen": {
        "unsloth/Qwen2.5-7B": Drift.CONSISTENT,
        "a/apache": Drift.CONSISTENT,
        "a/mit": Drift.PERMITTED,
        "a/own": Drift.PERMITTED,
        "a/copy": Drift.PERMITTED,
        "a/wrong": Drift.MISMATCH,
        "a/right": Drift.OTHER_WITH_LINK,
        "a/linked": Drift.OTHER_WITH_LINK,
        "a/free": Drift.WEIGHTS_PERMISSIVE,
        "a/adapter": Drift.ADAPTER_PERMISSIVE,
        "a/no-commerce": Drift.OWN_TERMS,
        "a/72b": Drift.OTHER_WITH_LINK,
        "a/merge": Drift.WEIGHTS_PERMISSIVE,
    },
    "gemma": {
        "a/gemma": Drift.CONSISTENT,
        "a/gemma-mit": Drift.OWN_TERMS,
        "a/gemma-gguf": Drift.MIRROR_PERMISSIVE,
    },
    "mistral": {
        "a/ministral": Drift.WEIGHTS_PERMISSIVE,
        "a/ministral-named": Drift.OTHER_WITH_LINK,
    },
}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return published(WORLD, tmp_path_factory.mktemp("terms"))


@pytest.mark.parametrize("id", CLASSES)
def test_each_model_falls_into_the_class_of_its_own_base(snapshot: Snapshot, id: str) -> None:
    terms, owner = license_terms(id), family(id)
    found = judge_licenses(snapshot, owner, terms, Definition(), all_families())
    assert {row.model: row.drift for row in found.rows} == CLASSES[id]
    assert found.left_out == (id == "qwen")


def test_only_more_permissive_tags_are_conflicts_that_widen(snapshot: Snapshot) -> None:
    qwen = judge_licenses(
        snapshot, family("qwen"), license_terms("qwen"), Definition(), all_families()
    )
    widens = {row.model for row in qwen.rows if row.severity is DriftSeverity.WIDENS}
    assert widens == {"a/free", "a/merge"}
