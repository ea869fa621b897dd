"""What the Llama family says about the world: roots, mirrors, former names, and who is neither."""

from datetime import date

import pytest

from lineage.domain.claims import Relation
from lineage.domain.families import CuratedEdge, Family, OutsiderReason, Proof, Release
from lineage.families.registry import all_families, family, find_release

LLAMA = family("llama")
ROOTS = set(LLAMA.root_repo_ids())


def release(id: str) -> Release:
    found = find_release(id)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("id", "released", "license", "official"),
    [
        ("llama-1", date(2023, 2, 24), None, 0),
        ("llama-2", date(2023, 7, 18), "llama2", 12),
        ("code-llama", date(2023, 8, 24), "llama2", 12),
        ("llama-guard-1", date(2023, 12, 7), "llama2", 1),
        ("llama-3", date(2024, 4, 18), "llama3", 4),
        ("llama-guard-2", date(2024, 4, 18), "llama3", 1),
        ("llama-3.1", date(2024, 7, 23), "llama3.1", 8),
        ("llama-guard-3", date(2024, 7, 23), "llama3.1", 2),
        ("llama-guard-3-1b", date(2024, 9, 25), "llama3.2", 3),
        ("llama-3.2", date(2024, 9, 25), "llama3.2", 12),
        ("llama-3.3", date(2024, 12, 6), "llama3.3", 1),
        ("llama-4", date(2025, 4, 5), "llama4", 10),
        ("llama-guard-4", date(2025, 4, 29), "llama4", 1),
    ],
)
def test_a_release_has_its_date_license_and_official_repositories(
    id: str, released: date, license: str | None, official: int
) -> None:
    found = release(id)

    assert (found.released, found.license) == (released, license)
    assert len(found.official) == official


def test_releases_are_listed_by_date() -> None:
    dates = [found.released for found in LLAMA.releases]

    assert dates == sorted(dates)


def test_official_means_owned_by_meta() -> None:
    official = {id for found in LLAMA.releases for id in found.official}

    assert {id.partition("/")[0] for id in official} == {"meta-llama"}


def test_no_mirror_is_owned_by_meta() -> None:
    mirrors = {mirror.id for found in LLAMA.releases for mirror in found.mirrors}

    assert "meta-llama" not in {id.partition("/")[0] for id in mirrors}


def test_only_llama_3_1_was_renamed() -> None:
    renamed = [found.id for found in LLAMA.releases if found.former_names]

    assert renamed == ["llama-3.1"]


def test_every_official_llama_3_1_had_meta_in_front() -> None:
    pairs = {(old.name, old.now) for old in release("llama-3.1").former_names}

    official = release("llama-3.1").official
    assert pairs == {(now.replace("/Llama-", "/Meta-Llama-"), now) for now in official}


@pytest.mark.parametrize(
    "id",
    [
        "decapoda-research/llama-7b-hf",
        "huggyllama/llama-65b",
        "baffo32/decapoda-research-llama-7B-hf",
    ],
)
def test_llama_1_is_rooted_in_its_mirrors(id: str) -> None:
    assert id in release("llama-1").root_repo_ids()


def test_codellama_mirrors_every_official_code_llama() -> None:
    for id in release("code-llama").official:
        assert id.replace("meta-llama/", "codellama/") in LLAMA.family_mirrors_of(id)


@pytest.mark.parametrize(
    ("mirror", "of"),
    [
        ("unsloth/Meta-Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct"),
        ("unsloth/llama-3-8b", "meta-llama/Meta-Llama-3-8B"),
        ("NousResearch/Llama-2-7b-hf", "meta-llama/Llama-2-7b-hf"),
        ("v2ray/Llama-3-70B", "meta-llama/Meta-Llama-3-70B"),
        ("unsloth/codellama-7b", "meta-llama/CodeLlama-7b-hf"),
    ],
)
def test_a_mirror_names_what_it_stands_for(mirror: str, of: str) -> None:
    assert mirror in LLAMA.family_mirrors_of(of)


@pytest.mark.parametrize(
    "id",
    [
        "TinyLlama/TinyLlama-1.1B-Chat-v1.0",  # the architecture, not the weights
        "openlm-research/open_llama_7b",  # the same
        "meta-llama/Prompt-Guard-86M",  # Meta's, but a DeBERTa
        "meta-llama/Llama-Prompt-Guard-2-86M",
        "meta-llama/Llama-Prompt-Guard-2-22M",
        "allura-forge/Llama-3.3-8B-Instruct",  # claimed, not proven
        "NousResearch/Meta-Llama-3-8B-Alternate-Tokenizer",  # changed
        "meta-llama/Llama-3-8B",  # Meta's spelling elsewhere, never a name on the Hub
        "AI-Sweden-Models/Llama-3-8B",  # an official name, other weights
        "yapeichang/Llama-3.1-8B",
    ],
)
def test_a_name_alone_makes_no_root(id: str) -> None:
    assert id not in ROOTS


@pytest.mark.parametrize("sign", ["4bit", "int4-", "-int8", "gptq", "awq", "gguf", "ggml", "w8a8"])
def test_no_quantized_copy_is_a_mirror(sign: str) -> None:
    mirrors = [mirror.id for found in LLAMA.releases for mirror in found.mirrors]

    assert [id for id in mirrors if sign in id.lower()] == []


EDGES = {edge.child: edge for edge in LLAMA.curated_family_edges()}
OUTSIDERS = {one.id: one for one in LLAMA.outsiders}
SPLIT_BRANDS = {
    "nomic-ai/gpt4all-lora": "nomic-ai/gpt4all-j",
    "WizardLMTeam/WizardLM-13B-V1.2": "WizardLMTeam/WizardCoder-33B-V1.1",
    "WizardLMTeam/WizardMath-7B-V1.0": "WizardLMTeam/WizardMath-7B-V1.1",
    "OpenAssistant/llama2-70b-oasst-sft-v10": "OpenAssistant/oasst-sft-4-pythia-12b-epoch-3.5",
    "stabilityai/StableBeluga2": "stabilityai/stablelm-2-1_6b",
    "pankajmathur/orca_mini_v2_7b": "pankajmathur/orca_mini_7b",
    "lmsys/vicuna-7b-v1.5": "lmsys/fastchat-t5-3b-v1.0",
}


def way_up(id: str) -> list[CuratedEdge]:
    """The curated edges from one model up to the first root."""
    way: list[CuratedEdge] = []
    while id not in ROOTS and not id.startswith("release:"):
        way.append(EDGES[id])
        id = way[-1].parent
    return way


def release_of(id: str) -> str:
    root = way_up(id)[-1].parent
    return next(
        found.id
        for found in LLAMA.releases
        if root in (*found.root_repo_ids(), f"release:{found.id}")
    )


@pytest.mark.parametrize(
    ("child", "release", "relation"),
    [
        ("tatsu-lab/alpaca-7b-wdiff", "llama-1", Relation.FINETUNE),
        ("tloen/alpaca-lora-7b", "llama-1", Relation.ADAPTER),
        ("lmsys/vicuna-13b-v1.3", "llama-1", Relation.FINETUNE),
        ("lmsys/vicuna-13b-v1.5-16k", "llama-2", Relation.FINETUNE),
        ("young-geng/koala", "llama-1", Relation.FINETUNE),
        ("timdettmers/guanaco-65b", "llama-1", Relation.ADAPTER),
        ("Mikael110/llama-2-7b-guanaco-qlora", "llama-2", Relation.ADAPTER),
        ("OpenAssistant/oasst-sft-6-llama-30b-xor", "llama-1", Relation.FINETUNE),
        ("CarperAI/stable-vicuna-13b-delta", "llama-1", Relation.FINETUNE),
        ("pankajmathur/orca_mini_v2_7b", "llama-1", Relation.FINETUNE),
        ("pankajmathur/orca_mini_v3_7b", "llama-2", Relation.FINETUNE),
        ("WizardLMTeam/WizardCoder-Python-34B-V1.0", "code-llama", Relation.FINETUNE),
        ("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", "llama-3.3", Relation.FINETUNE),
        ("unsloth/llama-3-8b-Instruct-bnb-4bit", "llama-3", Relation.QUANTIZED),
        ("RedHatAI/Llama-2-7b-pruned50-retrained", "llama-2", Relation.UNSPECIFIED),
    ],
)
def test_what_declares_nothing_has_a_curated_way_to_its_release(
    child: str, release: str, relation: Relation
) -> None:
    assert release_of(child) == release
    assert EDGES[child].relation is relation


def test_stable_vicuna_comes_through_vicuna() -> None:
    way = [edge.parent for edge in way_up("CarperAI/stable-vicuna-13b-delta")]
    assert way == ["lmsys/vicuna-13b-delta-v0", "huggyllama/llama-13b"]


def test_every_curated_edge_leads_to_a_root() -> None:
    assert {child for child in EDGES if child not in ROOTS and not release_of(child)} == set()


def test_every_statement_has_a_source() -> None:
    sources = [edge.source.text for edge in EDGES.values()]
    sources += [one.source.text for one in LLAMA.outsiders]
    for found in LLAMA.releases:
        copies = (*found.mirrors, *found.quantized, *found.changed)
        sources += [found.source, *(copy.source or "" for copy in copies)]
    assert not [text for text in sources if not text.strip() or "[" in text]


def test_a_difference_or_a_card_proves_with_words_or_an_address() -> None:
    bare = [
        edge.child
        for edge in LLAMA.edges
        if edge.proof in (Proof.DELTA, Proof.CARD_SENTENCE)
        if not (edge.source.quote or edge.source.url)
    ]
    assert not bare


@pytest.mark.parametrize(("inside", "outside"), SPLIT_BRANDS.items(), ids=SPLIT_BRANDS.values())
def test_a_brand_is_never_the_answer(inside: str, outside: str) -> None:
    assert inside in EDGES
    assert inside not in OUTSIDERS
    assert outside in OUTSIDERS
    assert outside not in EDGES


@pytest.mark.parametrize(
    ("id", "reason", "root"),
    [
        ("databricks/dolly-v1-6b", OutsiderReason.OTHER_ROOT, "EleutherAI/gpt-j-6b"),
        ("databricks/dolly-v2-12b", OutsiderReason.OTHER_ROOT, "EleutherAI/pythia-12b"),
        ("togethercomputer/RedPajama-Data-1T", OutsiderReason.DATASET_ONLY, None),
        ("togethercomputer/RedPajama-INCITE-7B-Base", OutsiderReason.OWN_PRETRAINING, None),
        ("openlm-research/open_llama_7b", OutsiderReason.OWN_PRETRAINING, None),
        ("TinyLlama/TinyLlama-1.1B-Chat-v1.0", OutsiderReason.OWN_PRETRAINING, None),
        ("tiiuae/Falcon3-7B-Base", OutsiderReason.ARCHITECTURE_ONLY, None),
        ("01-ai/Yi-34B", OutsiderReason.ARCHITECTURE_ONLY, None),
        ("meta-llama/Prompt-Guard-86M", OutsiderReason.OTHER_ROOT, "microsoft/mdeberta-v3-base"),
        ("meta-llama/Llama-Prompt-Guard-2-22M", OutsiderReason.OTHER_ROOT, None),
    ],
)
def test_who_is_taken_for_a_llama_has_its_reason(
    id: str, reason: OutsiderReason, root: str | None
) -> None:
    assert (OUTSIDERS[id].reason, OUTSIDERS[id].root) == (reason, root)


def test_a_root_that_an_outsider_names_is_written_as_its_own_family_writes_it() -> None:
    def roots(one: Family) -> dict[str, str]:
        return {id.lower(): id for id in one.root_repo_ids()}

    known = {low: id for one in all_families() for low, id in roots(one).items()}
    named = [one.root for one in LLAMA.outsiders if one.root]
    assert {id: known.get(id.lower(), id) for id in named} == {id: id for id in named}


def test_no_edge_names_a_size_that_its_source_does_not() -> None:
    unsaid = {f"meta-llama/Llama-3.2-{size}" for size in ("1B", "3B", "11B-Vision", "90B-Vision")}
    unsaid |= {f"meta-llama/CodeLlama-34b{kind}-hf" for kind in ("", "-Python", "-Instruct")}
    assert not unsaid & set(EDGES)


def test_the_old_names_of_owners_are_known() -> None:
    names = {old.name: old.now for old in LLAMA.former_names()}
    assert names["psmathur/orca_mini_v3_7b"] == "pankajmathur/orca_mini_v3_7b"
    assert names["WizardLM/WizardLM-13B-V1.2"] == "WizardLMTeam/WizardLM-13B-V1.2"


def test_what_vanished_is_still_a_root() -> None:
    deleted = release("llama-1").deleted
    assert "decapoda-research/llama-7b-hf" in deleted
    assert set(deleted) <= ROOTS
