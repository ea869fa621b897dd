"""What the Llama family says about the world: roots, mirrors, former names, and who is neither."""

from datetime import date

import pytest

from lineage.domain.families import Release
from lineage.families.registry import family, find_release

LLAMA = family("llama")
ROOTS = set(LLAMA.roots())


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
        ("llama-guard-3", date(2024, 7, 23), "llama3.1", 5),
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
    pairs = {(old.name, old.now) for old in LLAMA.former_names()}

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
    assert id in release("llama-1").roots()


def test_codellama_mirrors_every_official_code_llama() -> None:
    for id in release("code-llama").official:
        assert id.replace("meta-llama/", "codellama/") in LLAMA.mirrors_of(id)


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
    assert mirror in LLAMA.mirrors_of(of)


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
