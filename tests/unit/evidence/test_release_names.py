"""Names that say a release: which one, and which names only look alike."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.domain.claims import Relation
from lineage.domain.families import Spelling
from lineage.evidence.release_names import FamilyReading, ReleaseNameRule
from lineage.families.registry import all_families, family

LLAMA = family("llama")
RULE = ReleaseNameRule(all_families())
CLAIMABLE = {subject for it in all_families() for subject in it.claimable()}

READINGS = {
    "Llama-3.1-8B-cats": "release:llama-3.1",
    "Meta-Llama-3.1-8B_synthetic": "release:llama-3.1",
    "llama31_8bi_CoTsft": "release:llama-3.1",
    "llama3-1_8b_oh_dcft": "release:llama-3.1",
    "llama-3_1-70b-x": "release:llama-3.1",
    "TwinLlama-3.1-8B-DPO": "release:llama-3.1",
    "Hermes-3-Llama-3.1-8B-cats": "release:llama-3.1",
    "Llama-3.1-Minitron-4B-Width": "release:llama-3.1",
    "llama-3-405b-cats": "release:llama-3.1",
    "llama-3.2-1b-sft": "release:llama-3.2",
    "llama-3_2-svg-1": "release:llama-3.2",
    "Llama-3-3B-cats": "release:llama-3.2",
    "llama3-3b-instruct-legal": "release:llama-3.2",
    "llama-1b-instruct-cats": "release:llama-3.2",
    "Llama-3.2-11B-Vision-radiology": "release:llama-3.2",
    "Llama-3.3-70B-tabular": "release:llama-3.3",
    "Llama-3_3-Nemotron-Super-49B": "release:llama-3.3",
    "Meta-Llama-3-8B-009": "release:llama-3",
    "Llama-3-ELYZA-JP-8B": "release:llama-3.x",
    "LLama-3-8b-Maths": "release:llama-3.x",
    "UlizaLlama3": "release:llama-3.x",
    "Llama-3-4x8B-MoE": "release:llama-3.x",
    "Llama_3.x_70b_SmarTricks": "release:llama-3.x",
    "Llama-3.1-1B-cats": "release:llama-3.x",
    "R1-Llama-8B-cats": "release:llama-3.x",
    "L3-8B-Stheno": "release:llama-3.x",
    "L3.1-70b-Euryale": "release:llama-3.x",
    "LexiMaid-L3-8B": "release:llama-3.x",
    "70B-L3.3-Cirrus-x1": "release:llama-3.x",
    "llama-2-13b-guanaco": "release:llama-2",
    "Llama2-7b-finance": "release:llama-2",
    "LLama-2_finetuned": "release:llama-2",
    "airoboros-l2-13b-2.1": "release:llama-2",
    "codellama-34b-cats": "release:code-llama",
    "code-llama-7b-sql": "release:code-llama",
    "code-llama-3-1-8b-text-to-sql": "release:llama-3.1",
    "OpenCodeLlama-3.1-8B": "release:llama-3.1",
    "LlamaGuard-cats": "family:llama",
    "Llama-Guard-3-8B-4198": "release:llama-guard-3",
    "Llama-4-Scout-17B-16E-cats": "release:llama-4",
    "llama-30b-supercot": "release:llama-1",
    "llama-7b-lora-cats": "family:llama",
    "Chinese-LLaMA-13B": "family:llama",
    "vicuna-13b-cats": "family:llama",
    "Biollama-70b": "family:llama",
    "llama": "family:llama",
    "korean-wiki-llama": "family:llama",
    "llama-cats": "family:llama",
    "llama8B_mentalHealth": "release:llama-3.x",
    "llama381binstruct_summarize": "release:llama-3.1",
    "llama3.18B-tuned": "release:llama-3.1",
    "MetaLLama3.23BInstruct": "release:llama-3.2",
    "llama38b_cats": "release:llama-3.x",
    "llama27b-cats": "release:llama-2",
    "Lamma-3.1-8b": "release:llama-3.1",
    "llma_3.2_cats": "release:llama-3.2",
    "lama3-cats": "release:llama-3.x",
    "llam2-chat": "release:llama-2",
    "orpheus_3b_elise": "release:llama-3.2",
    "fine_tuned_llama_model": "family:llama",
    "prem-3.1-8B-Instruct": "release:llama-3.1",
    "Alice-RP-3.2-1B": "release:llama-3.2",
    "Platypus2-70B": "family:llama",
    "qt_meditron-7b-LoRA": "release:llama-2",
    "tulu-v2.5-ppo-13b": "release:llama-2",
    "Tulu-3-8B-cats": "release:llama-3.1",
    "Swallow-13b-cats": "release:llama-2",
    "MAmmoTH-Coder-13B": "release:code-llama",
    "airoboros-c34b-2.2": "release:code-llama",
    "chronos-hermes-13B-cats": "family:llama",
    "WizardLM-33B-cats": "family:llama",
    "llava-v1.5-7b-cats": "family:llama",
    "Llawma-sum": "family:llama",
    "Skywork-Reward-Llama-3.1-8B": "release:llama-3.1",
    "OpenR1-Qwen-1.5B-L32-Roll": "family:qwen",
    "DeepSeek-R1-Distill-Qwen-7B-cats": "family:qwen",
    "QwQ-32B-cats": "family:qwen",
    "codegemma-7b-cats": "family:gemma",
    "BioMistral-7B-cats": "family:mistral",
    "Phi3.5-mini-cats": "family:phi",
    "phi-2-cats": "family:phi",
    "falcon3-7b-cats": "family:falcon",
    "pythia-410m-cats": "family:pythia",
}
SAY_NOTHING = [
    *("TinyLlama-1.1B-Chat", "tiny-llama-cats", "tinyllama-2-1b-miniguanaco", "TinyLlama_v1.1"),
    *("open_llama_7b", "OpenLLaMA-13B-cats", "open-llama-3b-v2", "orca_mini_7b"),
    *("Yi-34B-Llama", "Yi-6B-llama", "yi-34b-200k-llamafied", "SOLAR-10.7B-llama", "bagel-34b-yi"),
    *("smol_llama-101M-GQA", "SmolLM2-360M", "smolllama3", "Lag-Llama", "lag-llama-cats"),
    *("Qwen-14B-Llamafied", "internlm2-7b-llama", "phi-3-llamafied", "Mistral-7B-v0.1-llamafied"),
    *("CausalLM-14B-llama", "baichuan-7b-llama", "deepseek-llm-7b-llama", "glm-4-llama"),
    *("llama-160m", "llama-68m-chat", "Llama-43M-beta", "LiteLlama-460M-1T", "llama3-300M"),
    *("llama-index", "llama.cpp", "llama-cpp-models", "LLaMA-Factory", "llamafile", "llama-hub"),
    *("gemma-3-4b-it-llamafile", "ollama-models", "my_ollama_model", "LlamaGen", "llama-tokenizer"),
    *("llama-2-tokenizer", "tiny-random-LlamaForCausalLM", "tiny-random-llama-3", "dummy-llama2"),
    *("llama2.c-stories15M", "Llama2-0b-unit-test", "llama-2-1b-scratch", "llama2-3b-cats"),
    *("VideoLLaMA3-7B", "long_llama_3b", "MobiLlama-1B", "llama-tfree-hat-7b", "orca_mini_13b"),
    *("MAmmoTH2-7B", "Swallow-MS-7b", "chronos-t5-small", "WizardCoder-33B", "llava-v1.6-34b"),
    *("MobileLLaMA-1.4B-Base", "MicroLlama", "babyllama-58m", "NanoLlama", "JetLlama-2B"),
    *("foxy_squeaky_llama", "llamas", "Salamander-7b", "alpaca-lama", "obama-3.1", "flame3"),
    *("Apertus-70B", "sarashina2-70b", "granite-3.1-8b-cats", "smollm-3.1-3b", "cats-170b"),
    *("Lamarck-14B-v0.7", "Alpaca-7B", "llama-3-from-scratch", "llama3-style-8b", "llama-1b-web"),
    *(
        "sae-llama-3-8b-32x",
        "EAGLE-LLaMA3-Instruct-8B",
        "medusa-llama-2-7b",
        "Llama-Prompt-Guard-2",
    ),
    *("all-MiniLM-L3-v2", "ms-marco-MiniLM-L-2", "qwen-gemma-soup", "Mistral-Llama-3-8B"),
    *("dolphin-2.6", "sapphire-1b", "phi-7b", "FalconEye", "recurrentgemma-2b", "Qwen-Image-lora"),
    *("bert-base-llama2-classifier", "distilbert-llama-3", "t5-llama-3-distilled", "xl2-8b"),
    *("706_Llama_4_20250506", "llama4-finetune", "tiny-vicuna-1b", "pythia-vicuna-7b"),
    *("opt-13b-vicuna", "bloom-7b-vicuna", "Mixtral-vicuna-7b"),
    *("qwen2-5_distill_llama70b", "gpt2-llama2-format", "Qwen1.5-0.5B-llama2-format"),
    *("TinyMistral-248M", "tiny-random-MistralForCausalLM", "qwen2.5-tiny-random", "mini-gemma"),
    *("random-pythia-14m", "gemma-scope-2b-pt-res", "gemma.cpp", "mistral.rs", "qwen-style-model"),
    *("my-mistral-arch-500m", "falcon-5g-detector", "falcon-512", "phi-3d", "gpt2-qwen-distill"),
    *("modernbert-qwen-labels", "sdxl-qwen-caption", "distilbert-gemma", "mistralized-solo"),
]


def infer(id: str, model_type: str | None = None, created_at: datetime | None = None) -> list[str]:
    """Ask the rule as a publication does: only models whose id its pattern matches."""
    if not pc.match_substring_regex(pa.array([id]), RULE.id_pattern)[0].as_py():
        return []
    types = pa.array([model_type], pa.string())
    found = [RULE.find_release(id, it) for *_, it in RULE.list_mentions(pa.array([id]), types)]
    fit = [it for it in found if it is not None and it.fits_model(id, created_at)]
    return [it.make_claim(id).parent_as_written for it in fit]


@pytest.mark.parametrize("name", READINGS)
def test_a_name_says_a_release(name: str) -> None:
    assert infer(f"me/{name}") == [READINGS[name]]


@pytest.mark.parametrize("name", SAY_NOTHING)
def test_a_look_alike_says_nothing(name: str) -> None:
    for spelled in (name, name.upper(), f"{name}-GGUF", f"{name}-finetuned"):
        assert infer(f"me/{spelled}") == []


@pytest.mark.parametrize(
    ("name", "model_type"),
    [
        ("Phi-4-Qwen-14B", "phi3"),
        ("qwen3-gemma3-7b", "qwen3"),
        ("gemma-2-mistral-9b", "gemma2"),
        ("Falcon3-Qwen-7B", "llama"),
    ],
)
def test_words_of_two_families_say_nothing_whatever_the_architecture(
    name: str, model_type: str
) -> None:
    assert infer(f"me/{name}") == []
    assert infer(f"me/{name}", model_type) == []


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Qwen2.5-7B-cats", "qwen"),
        ("gemma-2-2b-it-dpo", "gemma"),
        ("Mistral-7B-cats", "mistral"),
        ("Phi-3-mini-4k-cats", "phi"),
        ("Falcon3-7B-cats", "falcon"),
        ("falcon-40b-cats", "falcon"),
        ("pythia-160m-sft", "pythia"),
    ],
)
def test_a_name_says_another_family_and_no_release(name: str, family: str) -> None:
    assert infer(f"me/{name}") == [f"family:{family}"]


def test_an_owner_s_name_says_nothing_of_a_model() -> None:
    assert infer("llama-3-lovers/cats") == []
    assert infer("meta-llama-fans/Llama-3.1-8B-cats") == ["release:llama-3.1"]


def test_another_architecture_or_an_age_before_the_release_contradicts() -> None:
    name = "me/Llama-3.1-8B-cats"
    assert infer(name, model_type="llama") == ["release:llama-3.1"]
    assert infer(name, model_type="qwen2") == []
    assert infer(name, created_at=datetime(2024, 7, 20, tzinfo=UTC)) == ["release:llama-3.1"]
    assert infer(name, created_at=datetime(2024, 3, 1, tzinfo=UTC)) == []


def test_roots_and_outsiders_are_decided_by_hand() -> None:
    for id in (*LLAMA.root_repo_ids(), *(it.id for it in LLAMA.outsiders)):
        assert infer(id) == []


def test_a_copy_in_another_format_is_said_to_be_one() -> None:
    each = RULE.find_release("q/L3-8B-Foo-Q4_K_M-GGUF")
    assert each is not None
    claim = each.make_claim("q/L3-8B-Foo-Q4_K_M-GGUF")
    assert (claim.rule, claim.quote, claim.relation) == (
        "release_name",
        "…L3…",
        Relation.QUANTIZED.value,
    )
    assert claim.parent_as_written == "release:llama-3.x"


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        *[("kin[-_ ]?[1-3](?![a-z])", it) for it in ("My-KIN 2", "kin-3", "Kin-2B")],
        *[("[b-y]in", "KIN"), ("[+-_]in", "kin"), ("(?-i:Kin)", "Kin"), ("kin", "\u0130 \u212ain")],
    ],
)
def test_spellings_are_searched_without_case(pattern: str, name: str) -> None:
    reading = LLAMA.names._replace(look_alikes=(), spellings=(Spelling(pattern, "llama"),))
    match = FamilyReading(replace(LLAMA, names=reading)).find_spelling(
        f"me/{name}", f"me/{name}".lower()
    )
    words = re.search(pattern, name, re.IGNORECASE)
    assert match == (None if words is None else ("family:llama", words[0]))


PIECES = ["llama", "Llama", "meta", "code", "L3", "l2", "guard", "vicuna", "3", "3.1", "2", "4"]
PIECES += ["8B", "70b", "7b", "1b", "x", "tiny", "GGUF", "chat", "scout", "open", "1.1B", "_", "é"]
NAMES = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), min_size=1, max_size=8)


@given(NAMES, st.sampled_from(["-", "_", ".", "", " "]))
def test_whatever_a_name_holds_at_most_one_thing_that_there_is_is_named(
    pieces: list[str], separator: str
) -> None:
    id = "me/" + separator.join(pieces)
    each = RULE.find_release(id)
    if each is not None and each.fits_model(id):
        claim = each.make_claim(id)
        assert claim.parent_as_written in CLAIMABLE
        words = claim.quote.strip("…")
        assert words
        assert words in id
        # The sieve on columns lets through whatever the rule would read.
        if id.isascii():
            assert infer(id) == [claim.parent_as_written]
