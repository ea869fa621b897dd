"""Cutting the marks of formats from the end of a name."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.evidence.names import MARKED, list_claimed_stems, sizes_in_claimed_name

MARKS = ["GGUF", "i1", "Q4_K_M", "IQ4_XS", "bnb", "4bit", "AWQ", "w8a8", "exl2", "4.0bpw", "MLX"]
NAMES = st.text("aA1-_.", min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("name", "stem", "tail"),
    [
        ("Foo-7B-GGUF", "Foo-7B", "-GGUF"),
        ("Foo-7B-i1-GGUF", "Foo-7B", "-i1-GGUF"),
        ("Foo-7B-Q4_K_M-GGUF", "Foo-7B", "-Q4_K_M-GGUF"),
        ("Foo-7B-unsloth-bnb-4bit", "Foo-7B", "-unsloth-bnb-4bit"),
        ("Foo_7b_exl2_4.0bpw_h8", "Foo_7b", "_exl2_4.0bpw_h8"),
        ("Foo-7B.w8a8", "Foo-7B", ".w8a8"),
        ("Foo-7B-FP8-Dynamic", "Foo-7B", "-FP8-Dynamic"),
        ("Foo-7B-q4f16_1-MLC", "Foo-7B", "-q4f16_1-MLC"),
    ],
)
def test_every_mark_at_the_end_is_cut(name: str, stem: str, tail: str) -> None:
    *_, shortest = list_claimed_stems(name)
    assert (shortest.text, shortest.tail, shortest.quantized) == (stem, tail, True)


def test_marks_are_cut_one_by_one_the_longest_stem_first() -> None:
    stems = [stem.text for stem in list_claimed_stems("Foo-7B-bf16-4bit-i1-GGUF")]
    assert stems == ["Foo-7B-bf16-4bit-i1", "Foo-7B-bf16-4bit", "Foo-7B-bf16", "Foo-7B"]


def test_a_conversion_is_not_said_to_be_quantized() -> None:
    for name in ("Foo-7B-mlx", "Foo-7B-ONNX", "Foo-7B-openvino-fp16"):
        (stem,) = list_claimed_stems(name)
        assert (stem.text, stem.quantized) == ("Foo-7B", False)


@pytest.mark.parametrize(
    "name",
    ["GGUF", "-GGUF", "Foo-7B", "Foo-fp16", "Foo-unsloth", "GGUF-Foo", "Foo-GGUFs", "Foo4bit"],
)
def test_what_ends_in_no_telling_mark_has_no_stem(name: str) -> None:
    assert list(list_claimed_stems(name)) == []


@given(NAMES, st.lists(st.sampled_from(MARKS), min_size=1, max_size=4))
def test_stem_and_tail_are_the_name_and_nothing_is_left_to_cut(name: str, marks: list[str]) -> None:
    whole = "-".join([name, *marks])
    stems = list(list_claimed_stems(whole))
    assert stems or set(marks) <= {"i1"}
    assert all(stem.text and stem.text + stem.tail == whole for stem in stems)
    assert sorted(stems, key=lambda stem: -len(stem.text)) == stems
    assert not stems or not list(list_claimed_stems(stems[-1].text))


@given(st.lists(st.one_of(NAMES, st.sampled_from(MARKS)), min_size=1, max_size=5))
def test_the_column_pattern_finds_every_name_that_has_a_stem(parts: list[str]) -> None:
    name = "-".join(parts)
    if list(list_claimed_stems(name)):
        assert pc.match_substring_regex(pa.array([f"owner/{name}"]), MARKED).to_pylist() == [True]


def test_sizes_are_read_where_they_stand_alone() -> None:
    assert sizes_in_claimed_name("Llama-3.1-8B-Instruct-1.5b") == {"8b", "1.5b"}
    assert sizes_in_claimed_name("pythia-160M-v2b0_q8b2") == {"160m"}
