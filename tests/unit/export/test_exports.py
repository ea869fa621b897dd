"""Exported graphs: other programs read back what went in, and strangers' words stay words."""

import csv
import io
import json
import unicodedata
from xml.etree import ElementTree as ET

import networkx as nx
import pytest

from lineage.domain.escape import escape_invisible
from lineage.errors import SettingsError
from lineage.export import FORMATS
from lineage.graph.lineage_graph import FamilyGraph, build_graph
from tests.unit.export.exported import ATTACKS, a_family, a_hostile_family, words_about

Plain = tuple[dict[str, dict[str, object]], dict[tuple[str, str], dict[str, object]]]
_ADDED_BY_GEXF = {"id", "label"}


def text_of(format: str, graph: FamilyGraph, title: str = "owner/base") -> str:
    return "".join(FORMATS[format](graph, words_about(title)))


def plain(graph: FamilyGraph) -> Plain:
    """Nodes and edges with their attributes."""

    def said(known: dict[str, object]) -> dict[str, object]:
        return {name: value for name, value in known.items() if name not in _ADDED_BY_GEXF}

    nodes = {name: said(known) for name, known in graph.nodes(data=True)}
    return nodes, {(up, low): said(known) for up, low, known in graph.edges(data=True)}


def read_back(format: str, text: str) -> Plain:
    file = io.BytesIO(text.encode())
    read = nx.read_graphml(file) if format == "graphml" else nx.read_gexf(file, version="1.3")
    assert isinstance(read, nx.DiGraph)
    nodes = {
        name: {field: value for field, value in known.items() if field not in _ADDED_BY_GEXF}
        for name, known in read.nodes(data=True)
    }
    edges = {
        (parent, child): {field: v for field, v in known.items() if field not in _ADDED_BY_GEXF}
        for parent, child, known in read.edges(data=True)
    }
    return nodes, edges


@pytest.mark.parametrize("format", ["graphml", "gexf"])
def test_networkx_reads_back_what_went_in(format: str) -> None:
    assert read_back(format, text_of(format, a_family())) == plain(a_family())


@pytest.mark.parametrize("format", ["graphml", "gexf"])
def test_strangers_words_come_back_as_words(format: str) -> None:
    nodes, edges = read_back(format, text_of(format, a_hostile_family(), ATTACKS[0]))
    assert set(nodes) == {escape_invisible(attack) for attack in ATTACKS}
    assert {known["license"] or "" for known in nodes.values()} == set(nodes)
    assert len(edges) == len(ATTACKS) - 1


@pytest.mark.parametrize("format", ["graphml", "gexf"])
def test_names_that_look_the_same_stay_two(format: str) -> None:
    twins = build_graph(["x\x1b", "x\\x1b", "x\\x1b (2)"], {}, [0], [1], {})
    nodes, edges = read_back(format, text_of(format, twins))
    assert (len(nodes), len(edges)) == (3, 1)


def test_graphml_says_what_it_holds() -> None:
    graph = nx.read_graphml(io.BytesIO(text_of("graphml", a_family()).encode())).graph
    assert (graph["title"], graph["roots"]) == ("owner/base", "owner/base")
    assert graph["snapshot"].startswith("20261121T060000Z")


# GEXF: no package carries the schema of 1.3, so its rules are written out here, as the grammar
# 1.3/gexf.rnc of gephi/gexf@fbb2b44 has them for what our files use.

GEXF = "{http://gexf.net/1.3}"
CHILDREN = {  # in this order, each any number of times
    "gexf": ["meta", "graph"],
    "meta": ["creator", "description"],
    "graph": ["attributes", "nodes", "edges"],
    "attributes": ["attribute"],
    "nodes": ["node"],
    "edges": ["edge"],
    "node": ["attvalues"],
    "edge": ["attvalues"],
    "attvalues": ["attvalue"],
}
ATTRIBUTES = {  # True where one must be there
    "gexf": {"version": True},
    "meta": {"lastmodifieddate": False},
    "graph": {"defaultedgetype": False, "mode": False},
    "attributes": {"class": True},
    "attribute": {"id": True, "title": True, "type": True},
    "nodes": {"count": False},
    "edges": {"count": False},
    "node": {"id": True, "label": False},
    "edge": {"id": True, "source": True, "target": True},
    "attvalue": {"for": True, "value": True},
}
MANY = {"attributes", "attribute", "node", "edge", "attvalue"}
KINDS = {"string", "long", "boolean"}


@pytest.mark.parametrize("graph", [a_family(), a_hostile_family()])
def test_gexf_keeps_to_the_rules_of_its_schema(graph: FamilyGraph) -> None:
    root = ET.fromstring(text_of("gexf", graph))
    for element in root.iter():
        name = element.tag.removeprefix(GEXF)
        allowed = CHILDREN.get(name, [])
        order = [allowed.index(child.tag.removeprefix(GEXF)) for child in element]
        assert order == sorted(order)
        single = [child for child in element if child.tag.removeprefix(GEXF) not in MANY]
        assert len({child.tag for child in single}) == len(single)
        rules = ATTRIBUTES.get(name, {})
        assert set(element.attrib) <= set(rules)
        assert {one for one, needed in rules.items() if needed} <= set(element.attrib)
    assert root.get("version") == "1.3"
    for counted in (*root.iter(f"{GEXF}nodes"), *root.iter(f"{GEXF}edges")):
        assert int(counted.get("count", "")) == len(counted)
    titles = {one.get("id"): one.get("type") for one in root.iter(f"{GEXF}attribute")}
    assert set(titles.values()) <= KINDS
    assert {one.get("for") for one in root.iter(f"{GEXF}attvalue")} <= set(titles)
    ids = [one.get("id") for one in root.iter(f"{GEXF}node")]
    assert len(ids) == len(set(ids)) == graph.number_of_nodes()
    ends = {one.get(end) for one in root.iter(f"{GEXF}edge") for end in ("source", "target")}
    assert ends <= set(ids)


def test_gexf_is_dated_by_the_snapshot() -> None:
    text = text_of("gexf", a_family())
    assert '<meta lastmodifieddate="2026-11-21">' in text


# Rows


def test_csv_has_a_row_for_each_model_and_parent() -> None:
    rows = list(csv.DictReader(io.StringIO(text_of("csv", a_family()))))
    assert [(row["model"], row["parent"], row["strength"]) for row in rows] == [
        ("owner/base", "", ""),
        ("owner/child", "owner/base", "confirmed"),
        ("owner/child", "gone/elder", "declared"),
        ("owner/merge", "owner/base", "declared"),
        ("owner/merge", "owner/child", "declared"),
        ("owner/guess", "owner/merge", "inferred"),
        ("gone/elder", "", ""),
    ]
    assert rows[1]["created_at"] == "2024-03-24T10:00:00Z"
    assert (rows[0]["downloads"], rows[5]["downloads"]) == (str(2**40), "")


def test_no_csv_cell_is_a_formula() -> None:
    for row in csv.reader(io.StringIO(text_of("csv", a_hostile_family()))):
        assert not [value for value in row if value.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_json_has_a_line_a_model() -> None:
    lines = text_of("jsonl", a_family()).splitlines()
    models = {one["model"]: one for one in map(json.loads, lines)}
    assert len(models) == len(lines) == 5
    assert models["owner/child"]["parents"] == [
        {"parent": "owner/base", "relation": "finetune", "strength": "confirmed"},
        {"parent": "gone/elder", "relation": "finetune", "strength": "declared"},
    ]
    assert models["gone/elder"]["license"] is None


def test_json_keeps_strangers_words_as_they_are() -> None:
    lines = text_of("jsonl", a_hostile_family()).splitlines()
    assert [json.loads(line)["license"] for line in lines] == list(ATTACKS)


# Whatever the format


@pytest.mark.parametrize("format", FORMATS)
def test_no_sign_in_a_file_acts_on_who_looks_at_it(format: str) -> None:
    text = text_of(format, a_hostile_family(), ATTACKS[18])
    acting = {one for one in text if unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert acting <= {"\n"}


@pytest.mark.parametrize("format", FORMATS)
def test_a_family_of_nobody_is_a_file_all_the_same(format: str) -> None:
    assert text_of(format, build_graph([], {}, [], [], {})) or format == "jsonl"


def test_mermaid_refuses_what_it_would_not_draw() -> None:
    many = build_graph([str(n) for n in range(600)], {}, [0] * 599, list(range(1, 600)), {})
    with pytest.raises(SettingsError) as told:
        text_of("mermaid", many)
    assert "--min-size" in told.value.hint
