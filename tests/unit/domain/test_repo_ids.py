"""Ids are what the Hub's own client takes for ids; names lose what people put around them."""

import pytest
from huggingface_hub.utils import HFValidationError, validate_repo_id
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lineage.domain.repo_ids import is_repo_id, tidy_name

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
