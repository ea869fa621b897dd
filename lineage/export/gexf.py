"""A family graph as GEXF 1.3, for Gephi and similar programs.

Source: the GEXF 1.3 primer and schema, https://gexf.net.
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


def gexf(graph: FamilyGraph, about: About) -> Iterator[str]:
    """Yield the file piece by piece; a node's id is the model's name, and so is its label."""
    names = distinct(graph)
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
        yield f'      <attribute id="{name}" title="{name}" type="{_TYPES[kind]}"/>\n'
    yield "    </attributes>\n"


def _values(known: Mapping[str, Value], fields: Mapping[str, type]) -> str:
    told = (
        f'<attvalue for="{name}" value={attribute(spelled(known[name]))}/>'
        for name in fields
        if name in known
    )
    return f"<attvalues>{''.join(told)}</attvalues>"
