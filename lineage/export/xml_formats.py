"""A family graph as GraphML and as GEXF 1.3: for networkx, yEd, Gephi, igraph and Neo4j.

Sources: http://graphml.graphdrawing.org/specification.html and https://gexf.net/schema.html.
"""

from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape

from lineage.domain.escape import visible
from lineage.export.rows import About, distinguish_names, spell_value
from lineage.graph.lineage_graph import (
    EDGE_FIELDS,
    NODE_FIELDS,
    FamilyGraph,
    Value,
    edges_of,
    nodes_of,
)

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def text(value: str) -> str:
    """Return the content of an element; XML has no word for most controls: they are spelled."""
    return escape(visible(value))


def attribute(value: str) -> str:
    """Return an attribute's value with its quotes."""
    return f'"{escape(visible(value), {chr(34): "&quot;"})}"'


_TYPES = {str: "string", int: "long", bool: "boolean"}


def graphml(graph: FamilyGraph, about: About) -> Iterator[str]:
    """Yield the file piece by piece; a node's id is the model's name."""
    names = distinguish_names(graph)
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
    return f'<data key="{part}-{name}">{text(spell_value(value))}</data>'


_GEXF_TYPES = {str: "string", int: "long", bool: "boolean"}


def gexf(graph: FamilyGraph, about: About) -> Iterator[str]:
    """Yield the file piece by piece; a node's id is the model's name, and so is its label."""
    names = distinguish_names(graph)
    yield f'{DECLARATION}<gexf xmlns="http://gexf.net/1.3" version="1.3">\n'
    yield f'  <meta lastmodifieddate="{about.day.isoformat()}">\n'
    yield "    <creator>lineage</creator>\n"
    yield f"    <description>{text(about.sentence())}</description>\n  </meta>\n"
    yield '  <graph defaultedgetype="directed" mode="static">\n'
    yield from _attributes("node", NODE_FIELDS)
    yield from _attributes("edge", EDGE_FIELDS)
    yield f'    <nodes count="{len(names)}">\n'
    for node in nodes_of(graph):
        name = attribute(names[node.name])
        yield f"      <node id={name} label={name}>{_values(node.fields, NODE_FIELDS)}</node>\n"
    yield f'    </nodes>\n    <edges count="{graph.number_of_edges()}">\n'
    for number, edge in enumerate(edges_of(graph)):
        ends = f"source={attribute(names[edge.parent])} target={attribute(names[edge.child])}"
        yield f'      <edge id="{number}" {ends}>{_values(edge.fields, EDGE_FIELDS)}</edge>\n'
    yield "    </edges>\n  </graph>\n</gexf>\n"


def _attributes(part: str, fields: Mapping[str, type]) -> Iterator[str]:
    yield f'    <attributes class="{part}">\n'
    for name, kind in fields.items():
        yield f'      <attribute id="{name}" title="{name}" type="{_GEXF_TYPES[kind]}"/>\n'
    yield "    </attributes>\n"


def _values(known: Mapping[str, Value], fields: Mapping[str, type]) -> str:
    told = (
        f'<attvalue for="{name}" value={attribute(spell_value(known[name]))}/>'
        for name in fields
        if name in known
    )
    return f"<attvalues>{''.join(told)}</attvalues>"
