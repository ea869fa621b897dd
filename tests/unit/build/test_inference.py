"""Inferred claims at publication: their place, what they are kept out of, and that they repeat."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from lineage.build.pipeline import build_snapshot
from lineage.domain.claims import Strength
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.evidence import RULES, Rule
from lineage.families.registry import all_families, family
from lineage.store.reader import Snapshot
from tests.builders import Row, origin, pages, publication, published, row, rows_of
from tests.questions import count_base
from tests.unit.analysis.worlds import a_family

BASE = "kin/Kin-3-8B-Instruct"
FAMILY = a_family({"Kin 3": [BASE, "kin/Unlisted-8B-Instruct"]})
LOOK_ALIKES = [
    "01-ai/Yi-34B-Chat",
    "EleutherAI/pythia-12b",
    "HuggingFaceTB/SmolLM2-1.7B-Instruct",
    "LLM360/AmberChat",
    "OpenAssistant/falcon-7b-sft-mix-2000",
    "OpenAssistant/oasst-sft-4-pythia-12b-epoch-3.5",
    "Salesforce/xgen-7b-8k-inst",
    "TinyLlama/TinyLlama-1.1B-Chat-v1.0",
    "TinyLlama/TinyLlama_v1.1",
    "WizardLMTeam/WizardCoder-15B-V1.0",
    "WizardLMTeam/WizardCoder-33B-V1.1",
    "WizardLMTeam/WizardMath-7B-V1.1",
    "databricks/dolly-v1-6b",
    "databricks/dolly-v2-12b",
    "lmsys/fastchat-t5-3b-v1.0",
    "meta-llama/Llama-Prompt-Guard-2-22M",
    "meta-llama/Llama-Prompt-Guard-2-86M",
    "meta-llama/Prompt-Guard-86M",
    "mistralai/Mistral-7B-v0.1",
    "nomic-ai/gpt4all-falcon",
    "nomic-ai/gpt4all-j",
    "nomic-ai/gpt4all-mpt",
    "openlm-research/open_llama_7b_v2",
    "pankajmathur/orca_mini_7b",
    "stabilityai/stablelm-3b-4e1t",
    "tiiuae/Falcon3-7B-Instruct",
    "togethercomputer/RedPajama-INCITE-7B-Chat",
]


def world() -> list[Row]:
    path = {"_name_or_path": BASE, "model_type": "llama"}
    unknown = {"_name_or_path": "nobody/Knows-This"}
    local = {"peft": {"base_model_name_or_path": "./out"}}
    return [
        row(BASE),
        row("kin/other"),
        row("quanter/Kin-3-8B-Instruct-GGUF"),
        row("quanter/Kin-3-8B-Instruct-AWQ", ["kin/other"], "quantized"),
        row("me/Kin-3-8B-Instruct-cats", config=local),
        row("me/Kin-3-8B-Instruct-dogs", cardData={"base_model": "me/Kin-3-8B-Instruct-dogs"}),
        row("me/loaded", config=path),
        row("me/Kin-3-8B-Instruct-lost", config=unknown),
        row("me/Kin-3-8B-Instruct-itself", config={"_name_or_path": "ME/kin-3-8b-instruct-itself"}),
        row("me/Unlisted-8B-Instruct-cats"),
        row("me/of-unlisted", config={"_name_or_path": "kin/Unlisted-8B-Instruct"}),
        row("me/grandchild", ["me/loaded"]),
    ]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return published(world(), tmp_path_factory.mktemp("inferred"), families=[FAMILY])


def edges(snapshot: Snapshot, strength: str = "inferred") -> dict[str, tuple[str, str, list[str]]]:
    found = [edge for edge in rows_of(snapshot, "edges.parquet") if edge["strength"] == strength]
    return {
        str(edge["child"]): (str(edge["parent"]), str(edge["relation"]), edge["rules"])  # type: ignore[misc]
        for edge in found
    }


def test_parents_are_inferred_for_models_without_one(snapshot: Snapshot) -> None:
    assert edges(snapshot) == {
        "quanter/Kin-3-8B-Instruct-GGUF": (BASE, "quantized", ["name"]),
        "me/Kin-3-8B-Instruct-cats": (BASE, "adapter", ["name"]),
        "me/Kin-3-8B-Instruct-dogs": (BASE, "unspecified", ["name"]),
        "me/loaded": (BASE, "unspecified", ["config"]),
        "me/Kin-3-8B-Instruct-lost": (BASE, "unspecified", ["name"]),
        "me/Kin-3-8B-Instruct-itself": (BASE, "unspecified", ["name"]),
    }


def test_inferred_edges_stay_out_of_default_and_stored_counts(snapshot: Snapshot) -> None:
    declared = Definition(relations=Definition().relations)
    assert count_base(snapshot, BASE, declared, ()).total == 0
    assert snapshot.base(BASE) is None
    with_inferred = replace(declared, min_strength=Strength.INFERRED)
    assert count_base(snapshot, BASE, with_inferred, ()).total == 7


def test_the_evidence_lists_inferred_claims_after_extracted_ones(snapshot: Snapshot) -> None:
    evidence = rows_of(snapshot, "evidence.parquet")
    rules = [claim["rule"] for claim in evidence]
    second = rules.index("name")
    assert set(rules[second:]) == {"name"}
    for part in (evidence[:second], evidence[second:]):
        children = [str(claim["child_key"]) for claim in part]
        assert children == sorted(children)


def test_a_config_that_names_no_model_is_kept_as_evidence_alone(snapshot: Snapshot) -> None:
    claim_rows = [one for one in rows_of(snapshot, "evidence.parquet") if one["rule"] == "config"]
    assert {one["parent_as_written"]: one["parent_key"] is None for one in claim_rows} == {
        BASE: False,
        "nobody/Knows-This": True,
        "kin/Unlisted-8B-Instruct": True,
    }


def test_a_root_that_is_listed_nowhere_is_inferred_once_it_is_declared(tmp_path: Path) -> None:
    declared = row("me/stated", cardData={"base_model": "kin/Unlisted-8B-Instruct"})
    found = edges(published([*world(), declared], tmp_path, families=[FAMILY]))
    assert {child for child, (parent, *_) in found.items() if parent != BASE} == {
        "me/Unlisted-8B-Instruct-cats",
        "me/of-unlisted",
    }


def test_inferred_claims_teach_no_former_names(snapshot: Snapshot) -> None:
    assert rows_of(snapshot, "names.parquet") == []


@pytest.mark.parametrize("seed", range(4))
def test_neither_the_order_of_rules_nor_the_size_of_pages_shows(seed: int, tmp_path: Path) -> None:
    rules = list(RULES)
    random.Random(seed).shuffle(rules)
    first = _tables(tmp_path / "first", RULES, 1000)
    assert _tables(tmp_path / "second", rules, 2 + seed) == first


def _tables(folder: Path, rules: list[Rule] | tuple[Rule, ...], size: int) -> list[object]:
    into = publication(folder, [FAMILY], rules)
    ordered = sorted(world(), key=lambda one: str(one["_id"]))
    manifest = build_snapshot(pages(ordered, size), origin(), into)
    snapshot = into.store.snapshot(manifest.id)
    evidence = rows_of(snapshot, "evidence.parquet")
    evidence.sort(key=lambda one: [str(one[name]) for name in sorted(one)])
    files = ("edges.parquet", "counts.parquet", "names.parquet")
    return [evidence, *(rows_of(snapshot, file) for file in files)]


def test_no_look_alike_of_llama_is_ever_inferred_to_descend_from_it(tmp_path: Path) -> None:
    """Each as itself, in another format by its author and by others, and spelled with its owner."""
    llama, known = family("llama"), all_families()
    ids = sorted({*LOOK_ALIKES, *(outsider.id for outsider in llama.outsiders)})
    roots = sorted(set(llama.root_repo_ids()) - set(ids))
    names = [id.rpartition("/")[2] for id in ids]
    owned = [id.replace("/", "_") for id in ids]
    others = [
        *(f"{id}-GGUF" for id in ids),
        *(f"quanter/{name}-i1-GGUF" for name in names),
        *(f"quanter/{name}-AWQ" for name in owned),
        *(f"tuner/{name}-tuned" for name in names),
    ]
    rows = [row(id) for id in sorted({*roots, *ids, *others})]
    below = _below(published(rows, tmp_path, families=known), llama)
    assert not below & {*ids, *others}


def _below(snapshot: Snapshot, llama: Family) -> set[str]:
    """Return all that any edge, inferred or not, leads down to from the roots of Llama."""
    children: dict[str, set[str]] = {}
    for edge in rows_of(snapshot, "edges.parquet"):
        children.setdefault(str(edge["parent"]), set()).add(str(edge["child"]))
    found: set[str] = set()
    waiting = [*llama.root_repo_ids(), *llama.claimable()]
    while waiting:
        news = children.get(waiting.pop(), set()) - found
        found |= news
        waiting += news
    return found
