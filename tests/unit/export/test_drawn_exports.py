"""DOT and Mermaid by their own parsers: the same models and edges, and no word that acts."""

import json
import subprocess
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from lineage.domain.escape import escape_invisible
from lineage.export import FORMATS
from lineage.graph.lineage_graph import FamilyGraph
from tests.conftest import MERMAID
from tests.unit.export.exported import ATTACKS, a_family, a_hostile_family, words_about

SVG = "{http://www.w3.org/2000/svg}"


def text_of(format: str, graph: FamilyGraph, title: str = "owner/base") -> str:
    return "".join(FORMATS[format](graph, words_about(title)))


def told(command: list[str], text: str) -> str:
    outcome = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    assert (outcome.returncode, outcome.stderr) == (0, b"")
    return outcome.stdout.decode()


def by_graphviz(text: str) -> Any:
    return json.loads(told(["dot", "-Tjson"], text))


def by_mermaid(text: str) -> Any:
    return json.loads(told(["node", str(MERMAID / "read.mjs")], text))


@pytest.mark.needs("dot")
def test_graphviz_reads_every_model_and_edge() -> None:
    read = by_graphviz(text_of("dot", a_family()))
    names = [one["name"] for one in read["objects"]]
    assert sorted(names) == sorted(a_family())
    edges = {(names[one["tail"]], names[one["head"]]): one for one in read["edges"]}
    assert set(edges) == set(a_family().edges)
    assert edges["owner/base", "owner/child"]["strength"] == "confirmed"
    assert edges["owner/merge", "owner/guess"]["style"] == "dashed"
    known = next(one for one in read["objects"] if one["name"] == "owner/base")
    assert (known["license"], known["downloads"]) == ("llama2", str(2**40))


@pytest.mark.needs("dot")
def test_graphviz_draws_strangers_words_as_words() -> None:
    drawn = ET.fromstring(told(["dot", "-Tsvg"], text_of("dot", a_hostile_family(), ATTACKS[0])))
    nodes = [one for one in drawn.iter(f"{SVG}g") if one.get("class") == "node"]
    words = {"".join(text.text or "" for text in one.iter(f"{SVG}text")) for one in nodes}
    assert {_even(word) for word in words} == {
        _even(escape_invisible(attack).replace("&", r"\x26").replace("%", r"\x25"))
        for attack in ATTACKS
    }
    links = [one.tag for one in drawn.iter() if one.tag in (f"{SVG}a", f"{SVG}script")]
    assert not links


@pytest.mark.needs("mermaid")
def test_mermaid_reads_every_model_and_edge() -> None:
    read = by_mermaid(text_of("mermaid", a_family()))
    assert read["type"].startswith("flowchart")
    names = {one["id"]: one["text"] for one in read["nodes"]}
    assert sorted(names.values()) == sorted(a_family())
    drawn = {(names[start], names[end]): (text, line) for start, end, text, line in read["edges"]}
    assert set(drawn) == set(a_family().edges)
    assert drawn["owner/base", "owner/child"] == ("finetune", "normal")
    assert drawn["owner/merge", "owner/guess"] == ("adapter, inferred", "dotted")


@pytest.mark.needs("mermaid")
def test_mermaid_draws_strangers_words_as_words() -> None:
    read = by_mermaid(text_of("mermaid", a_hostile_family(), " ".join(ATTACKS)))
    words = {one["text"].strip() for one in read["nodes"]}
    assert words == {escape_invisible(attack).strip() for attack in ATTACKS}
    assert not [one for one in read["nodes"] if one["elements"] or one["acts"]]
    assert len(read["edges"]) == len(ATTACKS) - 1


def _even(text: str) -> str:
    """Graphviz draws a space as one that does not break, and none at the ends."""
    return text.replace("\N{NO-BREAK SPACE}", " ").strip()
