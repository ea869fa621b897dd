"""Ids are what the Hub's own client takes for ids; names lose what people put around them."""

import re

import pytest
from huggingface_hub.utils import HFValidationError, validate_repo_id
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lineage.domain.repo_ids import (
    REPO_ID_PATTERN,
    are_keys,
    are_repo_ids,
    is_key,
    is_repo_id,
    tidy_name,
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
@settings(max_examples=1500)
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
@settings(max_examples=1500)
def test_the_pattern_for_schemas_finds_ids_and_nothing_else(text: str) -> None:
    assert (re.search(REPO_ID_PATTERN, text) is not None) is is_repo_id(text)


@given(st.lists(NEARLY_IDS, max_size=4) | st.lists(st.sampled_from(ODD).filter(is_repo_id)))
@settings(max_examples=1500)
def test_many_ids_are_ids_when_each_is_one(texts: list[str]) -> None:
    assert are_repo_ids(texts) is all(map(is_repo_id, texts))


@given(st.lists(NEARLY_KEYS, max_size=4) | st.lists(st.just("0" * 24)))
@settings(max_examples=500)
def test_many_keys_are_keys_when_each_is_one(texts: list[str]) -> None:
    assert are_keys(texts) is all(map(is_key, texts))


@pytest.mark.parametrize(
    ("text", "sound"),
    [("0123456789abcdef01234567", True), ("0" * 23, False), ("0" * 25, False), ("F" * 24, False)],
)
def test_a_key_is_24_hex_digits(text: str, sound: bool) -> None:
    assert is_key(text) is sound


@pytest.mark.parametrize(
    "written",
    [
        "a/b",
        " a/b\t",
        "a/b/",
        "a/b//",
        "https://huggingface.co/a/b",
        "http://huggingface.co/a/b/",
        "https://www.huggingface.co/a/b",
        "huggingface.co/a/b",
        "HTTPS://HuggingFace.co/a/b",
        "https://hf.co/a/b ",
        " https://huggingface.co// a/b",
    ],
)
def test_what_people_put_around_a_name_is_cut(written: str) -> None:
    assert tidy_name(written) == "a/b"


@pytest.mark.parametrize("name", ["a/b", "gpt2", "a/B.c-d_e", "huggingface/co", "hf.co"])
def test_a_tidy_name_stays_as_it_is(name: str) -> None:
    assert tidy_name(name) == name


@given(st.lists(st.sampled_from(["a", "b", "/", " ", "hf.co/", "https://", "\n"])).map("".join))
@example("a/ /")
@example("hf.co/ https://huggingface.co/a/b")
def test_a_tidy_name_is_tidy(text: str) -> None:
    tidy = tidy_name(text)
    assert tidy == tidy.strip()
    assert not tidy.endswith("/")
    assert tidy_name(tidy) == tidy
