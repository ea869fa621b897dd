"""A family graph as GraphML, for networkx, yEd, Gephi, igraph and Neo4j.

Source: the GraphML specification, http://graphml.graphdrawing.org/specification.html.
"""

from collections.abc import Iterator, Mapping

from lineage.export.about import About
from lineage.export.xml_text import DECLARATION, attribute, distinct, spelled, text
from lineage.graph.lineage_graph import (
    EDGE_FIELDS,
    NODE_FIELDS,
    FamilyGraph,
    Value,
    edges_of,
    nodes_of,
)

_TYPES = {str: "string", int: "long", bool: "boolean"}


def graphml(graph: FamilyGraph, about: About) -> Iterator[str]:
    """Yield the file piece by piece; a node's id is the model's name."""
    names = distinct(graph)
    yield f'{DECLARATION}<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    yield from _keys("graph", {label: str for label, _ in _told(about)})
    yield from _keys("node", NODE_FIELDS)
    yield from _keys("edge", EDGE_FIELDS)
    yield '  <graph edgedefault="directed">\n'
    yield from (f"    {_data('graph', label, value)}\n" for label, value in _told(about))
    for node in nodes_of(graph):
        yield f"    <node id={attribute(names[node.name])}>{_all('node', node.fields)}</node>\n"
    for edge in edges_of(graph):
        ends = f"source={attribute(names[edge.parent])} target={attribute(names[edge.child])}"
        yield f"    <edge {ends}>{_all('edge', edge.fields)}</edge>\n"
    yield "  </graph>\n</graphml>\n"


def _told(about: About) -> list[tuple[str, str]]:
    return [("title", about.title), *about.lines]


def _keys(part: str, fields: Mapping[str, type]) -> Iterator[str]:
    for name, kind in fields.items():
        key = f'id="{part}-{name}" for="{part}" attr.name="{name}"'
        yield f'  <key {key} attr.type="{_TYPES[kind]}"/>\n'


def _all(part: str, fields: Mapping[str, Value]) -> str:
    return "".join(_data(part, name, value) for name, value in fields.items())


def _data(part: str, name: str, value: Value) -> str:
    return f'<data key="{part}-{name}">{text(spelled(value))}</data>'
