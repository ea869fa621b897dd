"""Numbers of parameters: what they say of a model, and when nothing."""

from pathlib import Path

import pytest

from lineage.domain.anomalies import AnomalyKind
from lineage.families.registry import all_families
from lineage.sources.listing_pages import parse_page
from tests.builders import Row, body, published, row, rows_of
from tests.questions import find_anomalies

LLAMA_3_8B, LLAMA_2_7B, LLAMA_2_70B = 8_030_261_248, 6_738_415_616, 68_976_648_192
BASE = "meta-llama/Llama-2-7b-hf"


def sized(number: int, kind: str = "BF16") -> Row:
    return {"safetensors": {"parameters": {kind: number}, "total": number}}


@pytest.mark.parametrize(
    ("fields", "parameters"),
    [
        (sized(5), 5),
        ({"safetensors": {"parameters": {"F32": 2, "BF16": 3}, "total": 5}}, 5),
        (sized(5, "I32"), None),  # packed
        ({"safetensors": {"parameters": {"U8": 3, "BF16": 3}, "total": 6}}, None),
        ({"safetensors": {"total": 5}}, None),
        ({"gguf": {"total": 7, "architecture": "llama"}}, 7),
        (sized(5) | {"gguf": {"total": 7}}, 5),
        ({"safetensors": {"parameters": "many", "total": -1}}, None),
        ({"safetensors": None, "gguf": []}, None),
        ({"gguf": {"total": 10**30}}, None),
        ({}, None),
    ],
)
def test_the_number_is_that_of_whole_weights(fields: Row, parameters: int | None) -> None:
    (record,) = parse_page(body([row() | fields])).records
    assert record.parameters == parameters


CASES: dict[str, tuple[Row, str | None]] = {
    "a/eight": (sized(LLAMA_3_8B), "release:llama-3.x"),
    "a/eight-gguf-file": ({"gguf": {"total": LLAMA_3_8B + 64}}, "release:llama-3.x"),
    "a/seventy": (sized(LLAMA_2_70B), "release:llama-2"),
    "a/one": (sized(1_235_814_400, "F16"), "release:llama-3.2"),
    "a/code": (sized(33_743_970_304), "release:code-llama"),
    "a/mistral": (sized(7_241_732_096), "family:mistral"),
    "a/shared": (sized(LLAMA_2_7B), None),  # OpenLLaMA's too
    "a/shared-tagged": (
        sized(LLAMA_2_7B) | {"tags": ["license:llama2"]},
        "family:llama",
    ),
    "a/other-architecture": (sized(LLAMA_3_8B) | {"config": {"model_type": "qwen2"}}, None),
    "a/one-more": (sized(LLAMA_3_8B + 4096), None),
    "a/one-less": (sized(LLAMA_3_8B - 1), None),
    "a/packed": (sized(LLAMA_3_8B, "I32"), None),
    "LLM360/Amber": (sized(LLAMA_2_7B), None),
}


def test_a_size_says_the_narrowest_thing_that_its_bearers_share(tmp_path: Path) -> None:
    rows = [row(id) | fields for id, (fields, _) in CASES.items()]
    rows += [row("a/declares", [BASE]) | sized(LLAMA_3_8B), row(BASE) | sized(LLAMA_2_7B)]
    snapshot = published(rows, tmp_path, families=all_families())
    ids = {it["key"]: it["id"] for it in rows_of(snapshot, "models.parquet")}
    claims = [it for it in rows_of(snapshot, "evidence.parquet") if it["rule"] == "parameters"]
    assert {ids[it["child_key"]]: it["parent_key"] for it in claims} == {
        id: subject for id, (_, subject) in CASES.items() if subject is not None
    }
    assert {it["quote"] for it in claims if ids[it["child_key"]] == "a/eight"} == {
        "8,030,261,248 parameters"
    }


def test_a_name_of_a_release_says_nothing_where_the_weights_are_far_too_few(tmp_path: Path) -> None:
    few = {"a/llama-cats": sized(160_000_000), "a/llama-dogs": sized(1_100_000_000), "a/llama": {}}
    rows = [row(id) | fields for id, fields in few.items()]
    evidence = rows_of(published(rows, tmp_path, families=all_families()), "evidence.parquet")
    named = {it["child_key"] for it in evidence if it["rule"] == "release_name"}
    assert named == {it["_id"] for it in rows if it["id"] != "a/llama-cats"}


def test_a_declared_parent_that_the_size_excludes_is_an_anomaly(tmp_path: Path) -> None:
    rows = [
        row(BASE) | sized(LLAMA_2_7B),
        row("meta-llama/Meta-Llama-3-8B"),
        row("meta-llama/Llama-4-Scout-17B-16E"),
        row("Qwen/Qwen2.5-7B"),
        row("a/impossible", [BASE]) | sized(LLAMA_3_8B),
        row("a/right", [BASE]) | sized(LLAMA_2_7B),
        row("a/merge", [BASE, "meta-llama/Meta-Llama-3-8B"]) | sized(LLAMA_3_8B),
        row("a/unknown-size", [BASE]) | sized(123),
        row("a/of-unknown-sizes", ["Qwen/Qwen2.5-7B"]) | sized(LLAMA_3_8B),
    ]
    snapshot = published(rows, tmp_path, families=all_families())
    (found,) = find_anomalies(
        snapshot, families=all_families(), kind=AnomalyKind.IMPOSSIBLE_SIZE
    ).anomalies
    assert found.count == 1
    assert found.examples[0].models == ("a/impossible",)
    assert found.examples[0].detail == (
        "a/impossible is declared to come from Llama 2, and has the size of Llama 3 8B,"
        " Llama 3.1 8B: 8,030,261,248 parameters"
    )
