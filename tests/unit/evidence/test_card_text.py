"""What the text of a card says, case by case, and that no text is too hostile to be read."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.domain.claims import Claim, Relation
from lineage.domain.repo_ids import is_repo_id
from lineage.evidence.card_text import MOST_BYTES, infer_card_claims

CASES = Path(__file__).parents[2] / "cases" / "evidence" / "card_text" / "cases.json"
KEYS_OF_A_CASE = {"says", "own", "text", "claims"}
ALL = json.loads(CASES.read_text("utf-8"))["cases"]
LINK = "[a](https://huggingface.co/meta-llama/Llama-2-7b-hf)"
PIECES = [
    *("fine-tuned version of ", "GGUF files for ", "merge of ", "and ", "Base model: ", "not "),
    *("[", "](", ")", "https://huggingface.co/", "a/b-1", "datasets/", "```\n", "\n", "| ", "- "),
    *("merge_method: x\n", "- model: ", "---\n", "# Original model card", "\0", "\u202e", "\ud800"),
    *(LINK, "based on ", "adapter for ", "<b ", "..", " " * 9, "\uff1a", "own/er"),
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["says"]) for case in ALL])
def test_a_text_says_what_the_case_says(case: dict[str, object]) -> None:
    assert set(case) == KEYS_OF_A_CASE
    text, expected = case["text"], case["claims"]
    assert isinstance(text, list)
    assert isinstance(expected, list)
    claims = list(infer_card_claims("\n".join(text), str(case["own"])))
    assert claims == [Claim("card_text", **claim) for claim in expected]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)), max_size=60).map("".join))
def test_whatever_a_text_is_its_claims_are_names_with_the_very_words(text: str) -> None:
    for claim in infer_card_claims(text, "own/er"):
        assert is_repo_id(claim.parent_as_written)
        assert claim.parent_as_written.count("/") == 1
        assert claim.parent_as_written != "own/er"
        assert 0 < len(claim.quote) <= 300
        assert claim.quote in text.encode("utf-8", "replace").decode().replace("\r\n", "\n")
        assert claim.relation in {None, *Relation}


@given(st.binary(max_size=2000))
def test_binary_rubbish_is_no_card(raw: bytes) -> None:
    assert list(infer_card_claims(raw.decode("latin-1"))) == []


@pytest.mark.parametrize("piece", [piece for piece in PIECES if piece.isascii()])
def test_a_text_of_one_piece_over_and_over_is_read_to_the_end(piece: str) -> None:
    # Without a bound in every pattern one of these takes hours: the test run itself would show it.
    text = piece * (MOST_BYTES // 2 // len(piece))
    assert len(list(infer_card_claims(text, "own/er"))) <= 1


def test_what_stands_after_the_first_200000_bytes_is_not_read() -> None:
    early, late = " " * (MOST_BYTES - 400), " " * MOST_BYTES
    said = f"\n\nFine-tuned from {LINK}."
    assert len(list(infer_card_claims(f"Early.{early}{said}"))) == 1
    assert list(infer_card_claims(f"Late.{late}{said}")) == []


def test_a_card_of_a_thousand_parents_has_a_hundred() -> None:
    links = "\n".join(f"* [x](https://huggingface.co/a/b-{number})" for number in range(1000))
    assert len(list(infer_card_claims(f"The following models were merged:\n{links}"))) == 100


def test_a_long_sentence_is_quoted_from_the_words_that_say_it() -> None:
    text = f"{'very ' * 55}good and fine-tuned from {LINK}"
    (claim,) = infer_card_claims(text)
    assert claim.quote == f"fine-tuned from {LINK[:-1]})"


def test_windows_line_ends_change_no_claim() -> None:
    text = f"---\nlicense: mit\n---\n# x\n\n- Base model: {LINK}\n"
    parents = [one.parent_as_written for one in infer_card_claims(text.replace("\n", "\r\n"))]
    assert parents == ["meta-llama/Llama-2-7b-hf"]
