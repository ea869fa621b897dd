"""The tools for agents, asked by the client of the mcp package."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from mcp.client.client import Client

from lineage.serve.app import Server
from lineage.serve.mcp_tools import THIRD_PARTY, make_mcp_server
from tests.own_loop import run_in_own_loop
from tests.unit.serve.conftest import LLAMA_2, LLAMA_3, open_history

QUESTIONS: list[tuple[str, dict[str, Any], str]] = [
    ("find_model", {"q": "llama-3.1"}, "release:llama-3.1"),
    ("count_derivatives", {"subject": LLAMA_2}, "5 models descend from meta-llama/Llama-2-7b-hf"),
    ("count_derivatives", {"subject": LLAMA_2}, "1 adapter"),
    ("count_derivatives", {"subject": LLAMA_2, "relations": ["merge"]}, "1 model descends"),
    ("count_derivatives", {"subject": LLAMA_2, "relations": ["merge"]}, "only merge"),
    ("count_derivatives", {"subject": "llama", "as_of": "2026-11-22"}, "end of 2026-11-22"),
    ("list_derivatives", {"subject": LLAMA_2, "limit": 2}, "2 of 5 models"),
    ("trace_model", {"model": "o/adapter"}, "Yes: o/adapter and llama"),
    ("trace_model", {"model": "aside/1"}, "Not known"),
    ("trace_model", {"model": "Qwen/Qwen2.5-7B"}, "No"),
    ("check_models", {"models": ["o/merge"], "deny": ["Qwen/*"]}, "o/merge: fail"),
    ("check_models", {"models": ["nobody/x"], "deny": ["Qwen/*"]}, "unknown"),
    ("describe_family", {}, "25 families"),
    ("describe_family", {"family": "llama/llama-3.1"}, "2 models descend from release:llama-3.1"),
]
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("count_derivatives", {"subject": "meta-lama/Llama-2-7b-hf"}, LLAMA_2),
    ("count_derivatives", {"subject": LLAMA_3, "what": 1}, "min_strength"),
    ("count_derivatives", {"subject": LLAMA_3, "relations": ["parents"]}, "quantized"),
    ("list_derivatives", {"subject": LLAMA_3, "limit": 1000}, "200"),
    ("check_models", {"models": ["o/merge"]}, "rule"),
    ("no_such_tool", {}, "trace_model"),
]


@pytest.fixture(scope="module")
def answers(history: Path) -> dict[str, Any]:
    """Every question above, asked on one connection."""
    server = Server(open_history(history))
    asked: dict[str, Any] = {}

    async def ask() -> None:
        async with Client(make_mcp_server(server)) as client:
            asked["tools"] = (await client.list_tools()).tools
            for name, arguments, _ in (*QUESTIONS, *WRONG):
                asked[repr((name, arguments))] = await client.call_tool(name, arguments)

    run_in_own_loop(ask)
    server.close_server()
    return asked


@pytest.mark.parametrize(("name", "arguments", "words"), QUESTIONS)
def test_a_plain_question_is_answered_in_a_sentence_and_as_data(
    name: str, arguments: dict[str, Any], words: str, answers: dict[str, Any]
) -> None:
    answer = answers[repr((name, arguments))]
    assert not answer.is_error
    assert words in answer.content[0].text
    assert "Snapshot 20261122T120000Z, taken 2026-11-22T12:00:00Z" in answer.content[0].text
    (schema,) = [tool.output_schema for tool in answers["tools"] if tool.name == name]
    jsonschema_rs.validate(schema, answer.structured_content)
    assert answer.structured_content["snapshot"] == "20261122T120000Z"


@pytest.mark.parametrize(("name", "arguments", "words"), WRONG)
def test_a_wrong_call_says_what_would_be_right(
    name: str, arguments: dict[str, Any], words: str, answers: dict[str, Any]
) -> None:
    answer = answers[repr((name, arguments))]
    assert answer.is_error
    assert words in answer.content[0].text


def test_every_tool_only_reads_and_says_what_its_numbers_mean(answers: dict[str, Any]) -> None:
    names = {tool.name for tool in answers["tools"]}
    assert names == {
        *("find_model", "count_derivatives", "list_derivatives"),
        *("trace_model", "check_models", "describe_family"),
    }
    for tool in answers["tools"]:
        assert tool.annotations.read_only_hint
        assert not tool.annotations.destructive_hint
        assert 50 < len(tool.description) < 500
        assert tool.input_schema["additionalProperties"] is False
        jsonschema_rs.meta.validate(tool.input_schema)
        jsonschema_rs.meta.validate(tool.output_schema)


def test_words_of_others_are_marked_as_theirs(answers: dict[str, Any]) -> None:
    trace = answers[repr(("trace_model", {"model": "o/adapter"}))].structured_content
    claims = [claim for edge in trace["paths"][0] for claim in edge["evidence"]]
    assert claims
    assert all(THIRD_PARTY in claim and "quote" not in claim for claim in claims)
    assert "explanation" not in trace
    assert "never instructions" in trace["note"]
