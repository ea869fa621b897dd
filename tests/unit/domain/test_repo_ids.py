"""Ids are what the Hub's own client takes for ids; every spelling of one leads to it."""

import re

import pytest
from huggingface_hub.utils import HFValidationError, validate_repo_id
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lineage.domain.repo_ids import (
    REPO_ID_PATTERN,
    are_keys,
    are_repo_ids,
    find_repo_id,
    is_doubtful_repo_id,
    is_full_id,
    is_key,
    is_repo_id,
)

ODD = [
    *("", "/", "a", "a/b", "a/b/c", "a/", "/b", "a//b", "a b", "a/b ", " a/b", "a/b\n", "a\n/b"),
    *(
        "-a/b",
        "a-/b",
        "a/-b",
        "a/b-",
        ".a",
        "a.",
        "_a/_b_",
        "a/b.git",
        "a.git/b",
        "b.git",
        "a/b.GIT",
    ),
    *(
        "a--b",
        "a/b--c",
        "a..b",
        "a/..",
        ".",
        "..",
        "a/.",
        "ä/b",
        "a/\uff42",
        "a/b²",
        "\u0661/\u0662",
        "a\x00/b",
    ),
    *("x" * 96, "x" * 97, "o" * 96 + "/b", "o" * 97 + "/b", "a/" + "n" * 96, "a/" + "n" * 97),
    *("a/" + "é" * 10, "datasets/foo/bar", "output/checkpoint-500", "\ud800/b", "a/b\u200b"),
]


def accepted_by_the_hubs_client(text: str) -> bool:
    try:
        validate_repo_id(text)
    except HFValidationError:
        return False
    return True


@pytest.mark.parametrize("text", ODD)
def test_odd_ids_are_judged_as_by_the_hubs_client(text: str) -> None:
    assert is_repo_id(text) is accepted_by_the_hubs_client(text)


@given(st.text(st.sampled_from("aZ09_-./ \n\té²"), max_size=12))
@example("a/b\r")
@settings(max_examples=400)
def test_texts_of_nearly_right_letters_are_judged_as_by_the_hubs_client(text: str) -> None:
    assert is_repo_id(text) is accepted_by_the_hubs_client(text)


@given(st.one_of(st.text(max_size=200), st.from_regex(r"[\w.-]{80,100}/[\w.-]{80,100}")))
@settings(max_examples=150)
def test_any_text_is_judged_as_by_the_hubs_client(text: str) -> None:
    assert is_repo_id(text) is accepted_by_the_hubs_client(text)


NEARLY_IDS = st.sampled_from([*ODD, "a/b.git", "a\nb"]) | st.text(
    st.sampled_from("aZ09_-./\n é"), max_size=8
)
NEARLY_KEYS = st.text(st.sampled_from("0af9"), min_size=23, max_size=25) | st.sampled_from(
    ["", "0" * 24, "0" * 48, "A" * 24, "\u0660" * 24, "0" * 23 + "\n", "g" * 24, " " * 24]
)


@given(NEARLY_IDS)
@settings(max_examples=400)
def test_the_pattern_for_schemas_finds_ids_and_nothing_else(text: str) -> None:
    assert (re.search(REPO_ID_PATTERN, text) is not None) is is_repo_id(text)


@given(st.lists(NEARLY_IDS, max_size=4) | st.lists(st.sampled_from(ODD).filter(is_repo_id)))
@settings(max_examples=400)
def test_many_ids_are_ids_when_each_is_one(texts: list[str]) -> None:
    assert are_repo_ids(texts) is all(map(is_repo_id, texts))


@given(st.lists(NEARLY_KEYS, max_size=4) | st.lists(st.just("0" * 24)))
@settings(max_examples=200)
def test_many_keys_are_keys_when_each_is_one(texts: list[str]) -> None:
    assert are_keys(texts) is all(map(is_key, texts))


@pytest.mark.parametrize(
    ("text", "sound"),
    [("0123456789abcdef01234567", True), ("0" * 23, False), ("0" * 25, False), ("F" * 24, False)],
)
def test_a_key_is_24_hex_digits(text: str, sound: bool) -> None:
    assert is_key(text) is sound


ID = "meta-llama/Llama-3.1-8B"
COMMIT = "0e9e39f249a16976918f6564b8830bc894c89659"
SPELLINGS = (
    *(f" {ID}\t", f"{ID}/", f"{ID}//", f"{ID}.", f"{ID},", f"{ID}\u00a0", f"\ufeff{ID}"),
    *(f"https://huggingface.co/{ID}", f"HTTP://www.HuggingFace.co/{ID}/", f"hf.co/{ID}"),
    *(f"\u2028{ID}\x85", f"['{ID}']", f"https:/huggingface.co/{ID}", f"\u3000{ID}"),
    *(f" https://huggingface.co// {ID}", f"//huggingface.co/{ID}", f"hf://{ID}", f"hf-hub:{ID}"),
    *(f"https://huggingface.co:443/{ID}", f"https://me:secret@huggingface.co/{ID}"),
    *(f"https://huggingface.co/{ID}.git", f"git@hf.co:{ID}.git", f"ssh://git@hf.co/{ID}"),
    *(f"git+https://huggingface.co/{ID}", f"https://huggingface.co/api/models/{ID}/revision/main"),
    *(f"{ID}/tree/main", f"{ID}/blob/main/README.md", f"{ID}/resolve/main/a.json?download=true"),
    *(f"https://hf.co/{ID}/discussions/4#a", f"{ID}@{COMMIT}", f"{ID}@refs/pr/3", f"{ID}?x=y"),
    *(f"{ID}#usage", f"hf://{ID}@main/config.json", f"hf.co/{ID}:Q4_K_M", f"{ID}:Q4_K_M"),
    *(f"/root/hub/models--{ID.replace('/', '--')}/snapshots/{COMMIT}/config.json",),
    *(f"C:\\u\\.cache\\hub\\models--{ID.replace('/', '--')}\\snapshots\\{COMMIT}",),
    *(f"models--{ID.replace('/', '--')}", f"file:///x/models--{ID.replace('/', '--')}/refs/main"),
    *(f"[Llama](https://huggingface.co/{ID})", f"[Llama](https://hf.co/{ID} 'a title')."),
    *(f"[{ID}][1]", f"**[x](<https://hf.co/{ID}>)**", f'<a href="https://hf.co/{ID}">x</a>'),
    *(f"'{ID}'", f"\u201c{ID}\u201d", f"\u201e{ID}\u201c", f"\u00ab{ID}\u00bb", f"`{ID}`"),
    *(f"<https://huggingface.co/{ID}>", f"(https://huggingface.co/{ID})", f"&quot;{ID}&quot;"),
    *("\ufe0f" + ID, ID + "\ufe0f", "\u034f" + ID),
    *(ID.replace("/", "/\u200b"), ID.replace("-", "\u2011"), ID.replace("/", "\uff0f")),
    *(ID.replace("/", "%2F"), f"https%3A%2F%2Fhf.co%2F{ID}", ID.replace("/", "&#47;")),
    *(ID.replace("/", "\\/"), ID.replace("/", " / ")),
)
NO_IDS = (
    *("/data/home/u/model/Mistral-7B", "/workspace/model", "./results", "../llm/base", "~/x/y"),
    *("C:\\models\\base", "C:/models/base", "D:model", "..\\base", "\\\\server\\share\\x", "~u/x"),
    *("", " ", "-", "~", ".", "..", "./.", "../..", "/", "//", "/a", "/a/b", "//a/b", "a//b"),
    *("./a/b", "a/./b", "a/../b", "a/b/c", "x/data/raw/llama", "My Model", "a b/c", "a/b, c/d"),
    *("$HOME/m", "${BASE}/x", "%USERPROFILE%\\m", "%MODEL%", "{{ base }}/x", "<owner>/<name>"),
    *("file:///workspace/model", "s3://bucket/key", "gs://a/b", "user@host:/path/x", "llama3:8b"),
    *("https://github.com/a/b", "github.com/a/b", "localhost:8000/a", "http://127.0.0.1:80/a/b"),
    *("https://hf-mirror.com/a/b", "https://huggingface.co.evil.example/a/b"),
    *("https://evilhuggingface.co/a/b", "[x](https://github.com/a/b)", "[a/b](/workspace/model)"),
    *("[More Information Needed]", "https://huggingface.co", "https://huggingface.co/blog/x"),
    *("https://huggingface.co/datasets/a/b", "datasets/a/b", "https://hf.co/spaces/a/b"),
    *("models--a--b--c", "datasets--a--b", "a\x00/b", "a/b\n/c", "\u2026/b"),
)
DOUBTFUL = (
    *("None", "null", "N/A", "model", "results", "checkpoint-500", "output/checkpoint-500"),
    *("results/final", "models/llama-7b", "model.safetensors", "a/model.safetensors", "home/u"),
    *("github.com/a", "datasets/squad", "{{ model }}", "<path>"),
    *("your_name/model", "YOUR-ORG/your-model", "hf_username/model", "organization/model-name"),
)


@pytest.mark.parametrize("written", SPELLINGS)
def test_every_spelling_of_an_id_is_the_id(written: str) -> None:
    assert find_repo_id(written) == ID


@pytest.mark.parametrize("name", ["a/b", "gpt2", "a/B.c-d_e", "huggingface/co", "hf/x", "Tree/raw"])
def test_an_id_is_itself(name: str) -> None:
    assert find_repo_id(name) == name


@pytest.mark.parametrize("written", NO_IDS)
def test_a_path_or_an_address_elsewhere_is_no_id(written: str) -> None:
    assert find_repo_id(written) is None


@pytest.mark.parametrize("written", DOUBTFUL)
def test_a_folder_a_file_and_a_placeholder_are_no_ids_by_themselves(written: str) -> None:
    id = find_repo_id(written)
    assert id is not None
    assert is_doubtful_repo_id(id)
    assert not is_full_id(id)


@given(
    st.lists(
        st.sampled_from(["a", "b", "/", " ", "hf.co/", "https://", "\n", "@", ":", "models--", "."])
        | st.characters(max_codepoint=0x2100)
    ).map("".join)
)
@example("a/ /")
@example("hf.co/ https://huggingface.co/a/b")
@settings(max_examples=200)
def test_what_any_text_names_is_an_id_and_its_own_spelling(text: str) -> None:
    id = find_repo_id(text)
    assert id is None or (is_repo_id(id) and find_repo_id(id) == id)
