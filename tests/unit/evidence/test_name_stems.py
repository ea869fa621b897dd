"""Cutting the marks of formats from the end of a name."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.evidence.names import MARKED, sizes_in_claimed_name, stem_of_claimed_name

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
    found = stem_of_claimed_name(name)
    assert found is not None
    assert (found.text, found.tail, found.quantized) == (stem, tail, True)


def test_a_conversion_is_not_said_to_be_quantized() -> None:
    for name in ("Foo-7B-mlx", "Foo-7B-ONNX", "Foo-7B-openvino-fp16"):
        found = stem_of_claimed_name(name)
        assert found is not None
        assert (found.text, found.quantized) == ("Foo-7B", False)


@pytest.mark.parametrize(
    "name",
    ["GGUF", "-GGUF", "Foo-7B", "Foo-fp16", "Foo-unsloth", "GGUF-Foo", "Foo-GGUFs", "Foo4bit"],
)
def test_what_ends_in_no_telling_mark_has_no_stem(name: str) -> None:
    assert stem_of_claimed_name(name) is None


@given(NAMES, st.lists(st.sampled_from(MARKS), min_size=1, max_size=4))
def test_stem_and_tail_are_the_name_and_nothing_is_left_to_cut(name: str, marks: list[str]) -> None:
    whole = "-".join([name, *marks])
    found = stem_of_claimed_name(whole)
    if found is None:
        assert set(marks) <= {"i1"}
        return
    assert found.text + found.tail == whole
    again = stem_of_claimed_name(found.text)
    assert again is None or not again.text


@given(st.lists(st.one_of(NAMES, st.sampled_from(MARKS)), min_size=1, max_size=5))
def test_the_column_pattern_finds_every_name_that_has_a_stem(parts: list[str]) -> None:
    name = "-".join(parts)
    if stem_of_claimed_name(name) is not None:
        assert pc.match_substring_regex(pa.array([f"owner/{name}"]), MARKED).to_pylist() == [True]


def test_sizes_are_read_where_they_stand_alone() -> None:
    assert sizes_in_claimed_name("Llama-3.1-8B-Instruct-1.5b") == {"8b", "1.5b"}
    assert sizes_in_claimed_name("pythia-160M-v2b0_q8b2") == {"160m"}
