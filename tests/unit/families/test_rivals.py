"""What the families beside Llama say about the world: whose root is whose, and who is nobody's."""

from datetime import date
from itertools import pairwise

import pytest

from lineage.demo.catalog import corpus_rows
from lineage.domain.families import Family, OutsiderReason, Proof
from lineage.families.registry import all_families, bundled_families, family

FAMILIES = all_families()
RIVALS = [one for one in FAMILIES if one.id != "llama"]
ROOT_OF = {root.lower(): one.id for one in FAMILIES for root in one.root_repo_ids()}

OWNERS = {
    "bloom": {"bigscience"},
    "command": {"CohereLabs"},
    "deepseek": {"deepseek-ai"},
    "exaone": {"LGAI-EXAONE"},
    "falcon": {"tiiuae"},
    "gemma": {"google"},
    "glm": {"zai-org"},
    "gpt-neo": {"EleutherAI"},
    "gpt-oss": {"openai"},
    "granite": {"ibm-granite"},
    "internlm": {"internlm"},
    "mistral": {"mistralai"},
    "mpt": {"mosaicml"},
    "olmo": {"allenai"},
    "openllama": {"openlm-research"},
    "opt": {"facebook"},
    "phi": {"microsoft"},
    "pythia": {"EleutherAI"},
    "qwen": {"Qwen"},
    "smollm": {"HuggingFaceTB"},
    "stablelm": {"stabilityai"},
    "starcoder": {"bigcode"},
    "tinyllama": {"TinyLlama"},
    "yi": {"01-ai"},
}


def ids(*specs: str) -> list[str]:
    """Split `owner/one two` into owner/one and owner/two."""
    pairs = (spec.partition("/") for spec in specs)
    return [f"{owner}/{name}" for owner, _, names in pairs for name in names.split()]


def official(one: Family) -> list[str]:
    return [id for release in one.releases for id in release.official]


@pytest.mark.parametrize("one", RIVALS, ids=lambda one: one.id)
def test_official_means_owned_by_whoever_made_it(one: Family) -> None:
    assert {id.partition("/")[0] for id in official(one)} == OWNERS[one.id]


@pytest.mark.parametrize("one", RIVALS, ids=lambda one: one.id)
def test_no_mirror_is_owned_by_whoever_made_it(one: Family) -> None:
    copies = {mirror.id for release in one.releases for mirror in release.mirrors}

    assert {id.partition("/")[0] for id in copies}.isdisjoint(OWNERS[one.id])


@pytest.mark.parametrize("one", FAMILIES, ids=lambda one: one.id)
def test_releases_stand_by_date_between_the_first_and_today(one: Family) -> None:
    dates = [release.released for release in one.releases]

    assert all(before <= after for before, after in pairwise(dates))
    assert date(2021, 1, 1) < dates[0]
    assert dates[-1] <= date.fromisoformat(one.version)


def test_every_file_is_named_after_its_family() -> None:
    assert [one.id for one in FAMILIES] == list(bundled_families())
    assert {one.id for one in RIVALS} == set(OWNERS)


def test_a_root_belongs_to_one_release_of_one_family() -> None:
    roots = [root.lower() for one in FAMILIES for root in one.root_repo_ids()]

    assert [root for root in roots if roots.count(root) > 1] == []


def test_a_release_is_found_by_one_name_only() -> None:
    names = [
        name
        for one in FAMILIES
        for release in one.releases
        for name in {release.id, release.name.lower()}
    ]

    assert [name for name in names if names.count(name) > 1] == []


def test_no_root_is_an_old_name() -> None:
    old = {name.name.lower() for one in FAMILIES for name in one.former_names()}

    assert old.isdisjoint(ROOT_OF)


@pytest.mark.parametrize("sign", ["4bit", "int4-", "-int8", "gptq", "awq", "gguf", "-fp8"])
def test_no_quantized_copy_is_a_mirror(sign: str) -> None:
    mirrors = [it.id for one in RIVALS for release in one.releases for it in release.mirrors]

    assert [id for id in mirrors if sign in id.lower()] == []


def test_every_statement_tells_a_source_that_can_be_read() -> None:
    releases = [release for one in RIVALS for release in one.releases]
    copies = [it for each in releases for it in (*each.mirrors, *each.quantized, *each.changed)]
    told = [release.source for release in releases]
    told += [copy.source or "" for copy in copies]
    told += [edge.source.text for one in RIVALS for edge in one.edges]
    told += [outsider.source.text for one in RIVALS for outsider in one.outsiders]

    assert [text for text in told if not text.strip() or "[" in text] == []


@pytest.mark.parametrize("one", FAMILIES, ids=lambda one: one.id)
def test_every_curated_edge_leads_up_to_a_root_of_its_own_family(one: Family) -> None:
    mine = {id for id, of in ROOT_OF.items() if of == one.id}
    # Where a source names no checkpoint, the release itself stands at the top.
    mine |= {f"release:{release.id}" for release in one.releases}
    parent = {edge.child.lower(): edge.parent.lower() for edge in one.curated_family_edges()}
    tops = set(parent)
    for _ in parent:
        tops = {parent.get(id, id) for id in tops}

    assert {id for id in tops if id not in mine} == set()


def test_no_child_of_a_curated_edge_is_a_root_of_another_family() -> None:
    strays = [
        (edge.child, ROOT_OF[edge.child.lower()], one.id)
        for one in FAMILIES
        for edge in one.curated_family_edges()
        if ROOT_OF.get(edge.child.lower(), one.id) != one.id
    ]

    assert strays == []


@pytest.mark.parametrize("name", ["8B", "70B"])
def test_a_distilled_llama_is_a_llama_though_deepseek_owns_it(name: str) -> None:
    id = f"deepseek-ai/DeepSeek-R1-Distill-Llama-{name}"

    assert id.lower() not in ROOT_OF
    assert id in {edge.child for edge in family("llama").edges}
    stray = next(it for it in family("deepseek").outsiders if it.id == id)
    assert stray.reason is OutsiderReason.OUTPUTS_ONLY
    assert ROOT_OF[str(stray.root).lower()] == "llama"


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", "Qwen/Qwen2.5-Math-1.5B"),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "Qwen/Qwen2.5-Math-7B"),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-14B", "Qwen/Qwen2.5-14B"),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", "Qwen/Qwen2.5-32B"),
        ("deepseek-ai/DeepSeek-R1-0528-Qwen3-8B", "Qwen/Qwen3-8B-Base"),
        ("upstage/SOLAR-10.7B-v1.0", "mistralai/Mistral-7B-v0.1"),
        ("WizardLMTeam/WizardMath-7B-V1.1", "mistralai/Mistral-7B-v0.1"),
        ("WizardLMTeam/WizardCoder-33B-V1.1", "deepseek-ai/deepseek-coder-33b-base"),
        ("databricks/dolly-v1-6b", "EleutherAI/gpt-j-6b"),
        ("nomic-ai/gpt4all-j", "EleutherAI/gpt-j-6b"),
        ("databricks/dolly-v2-3b", "EleutherAI/pythia-2.8b"),
        ("databricks/dolly-v2-7b", "EleutherAI/pythia-6.9b"),
        ("databricks/dolly-v2-12b", "EleutherAI/pythia-12b"),
        ("nomic-ai/gpt4all-falcon", "tiiuae/falcon-7b"),
        ("nomic-ai/gpt4all-mpt", "mosaicml/mpt-7b"),
        ("pankajmathur/orca_mini_3b", "openlm-research/open_llama_3b"),
        ("pankajmathur/orca_mini_7b", "openlm-research/open_llama_7b"),
        ("pankajmathur/orca_mini_13b", "openlm-research/open_llama_13b"),
    ],
)
def test_whoever_made_it_says_what_it_comes_from(child: str, parent: str) -> None:
    home = family(ROOT_OF[parent.lower()])

    edge = next(edge for edge in home.edges if edge.child == child)
    assert (edge.parent, edge.proof) == (parent, Proof.CARD_SENTENCE)
    assert child.lower() not in ROOT_OF


def test_unsloth_phi_4_is_a_converted_copy_and_no_root() -> None:
    release = next(it for it in family("phi").releases if it.id == "phi-4")

    assert [it.id for it in release.changed] == ["unsloth/phi-4"]
    assert "unsloth/phi-4" not in ROOT_OF


@pytest.mark.parametrize(
    ("home", "roots"),
    [
        ("mistral", ids("mistralai/Mistral-7B-v0.1 Mistral-7B-Instruct-v0.2 Mistral-7B-v0.3")),
        ("mistral", ids("mistralai/Mistral-Nemo-Base-2407 Mixtral-8x7B-Instruct-v0.1")),
        ("mistral", ids("mistralai/Mistral-Small-3.1-24B-Instruct-2503")),
        ("qwen", ids("Qwen/Qwen3-4B-Instruct-2507 Qwen2.5-7B-Instruct Qwen3-0.6B-Base Qwen3-32B")),
        ("qwen", ids("Qwen/Qwen1.5-0.5B Qwen1.5-1.8B Qwen2.5-VL-7B-Instruct QwQ-32B")),
        ("gemma", ids("google/gemma-3-27b-it gemma-3-1b-pt gemma-7b gemma-2b gemma-2-9b-it")),
        ("gemma", ids("google/functiongemma-270m-it")),
        ("phi", ids("microsoft/Phi-3-mini-4k-instruct Phi-3.5-mini-instruct phi-2 phi-4 phi-1_5")),
        ("deepseek", ids("deepseek-ai/deepseek-coder-1.3b-base DeepSeek-R1 DeepSeek-V3-0324")),
        ("deepseek", ids("deepseek-ai/DeepSeek-R1-0528 deepseek-math-7b-instruct")),
        ("falcon", ids("tiiuae/falcon-7b Falcon3-7B-Instruct falcon-rw-1b falcon-40b")),
        ("pythia", ids("EleutherAI/pythia-160m pythia-70m pythia-410m-deduped pythia-12b")),
        ("gpt-neo", ids("EleutherAI/gpt-neo-125m gpt-neo-1.3B gpt-neo-2.7B gpt-j-6b gpt-neox-20b")),
        ("mpt", ids("mosaicml/mpt-7b mpt-7b-chat mpt-7b-8k mpt-7b-storywriter mpt-30b")),
        ("bloom", ids("bigscience/bloomz-560m bloom-560m bloom-1b7 bloom-7b1 bloomz-3b bloom")),
        ("olmo", ids("allenai/Olmo-3-1025-7B OLMo-2-1124-7B-Instruct OLMoE-1B-7B-0125")),
        ("gpt-oss", ids("openai/gpt-oss-20b gpt-oss-120b")),
        ("yi", ids("01-ai/Yi-1.5-9B-Chat-16K Yi-34B Yi-6B-Chat Yi-1.5-6B-Chat Yi-1.5-34B")),
        ("smollm", ids("HuggingFaceTB/SmolLM2-135M SmolLM-135M-Instruct SmolLM3-3B-Base")),
        ("tinyllama", ids("TinyLlama/TinyLlama-1.1B-Chat-v1.0 TinyLlama_v1.1")),
        ("glm", ids("zai-org/GLM-4.7-Flash GLM-4-32B-0414 GLM-4.5-Air GLM-5")),
        ("granite", ids("ibm-granite/granite-4.0-micro granite-3.3-2b-instruct")),
        ("openllama", ids("openlm-research/open_llama_3b open_llama_7b_v2")),
    ],
)
def test_the_roots_with_the_most_children_are_known(home: str, roots: list[str]) -> None:
    assert {root: ROOT_OF.get(root.lower()) for root in roots} == dict.fromkeys(roots, home)


@pytest.mark.parametrize("owner", ["Qwen", "tiiuae"])
def test_whatever_has_children_in_the_corpus_of_these_owners_is_a_root(owner: str) -> None:
    rows = list(corpus_rows())
    tags = {tag for row in rows for tag in row["tags"]}
    listed = {str(row["id"]) for row in rows if str(row["id"]).startswith(f"{owner}/")}
    parents = {id for id in listed if f"base_model:{id}" in tags}

    assert parents
    assert {id for id in parents if id.lower() not in ROOT_OF} == set()


@pytest.mark.parametrize(
    ("old", "now"),
    [
        ("THUDM/GLM-4-32B-0414", "zai-org/GLM-4-32B-0414"),
        ("CohereForAI/c4ai-command-r-v01", "CohereLabs/c4ai-command-r-v01"),
        ("psmathur/orca_mini_7b", "pankajmathur/orca_mini_7b"),
        ("WizardLM/WizardMath-7B-V1.1", "WizardLMTeam/WizardMath-7B-V1.1"),
    ],
)
def test_a_renamed_owner_is_followed(old: str, now: str) -> None:
    assert (old, now) in {(it.name, it.now) for one in FAMILIES for it in one.former_names()}
