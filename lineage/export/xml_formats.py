"""A family graph as GraphML and as GEXF 1.3: for networkx, yEd, Gephi, igraph and Neo4j.

Sources: http://graphml.graphdrawing.org/specification.html and https://gexf.net/schema.html.
"""

import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from xml.sax.saxutils import escape

from lineage.analysis.definition_text import Line, describe_definition, notes_of_count
from lineage.analysis.results import Count
from lineage.domain.claims import Strength
from lineage.domain.documents import Document, to_json
from lineage.domain.escape import escape_invisible, escaped_csv_lines
from lineage.errors import SettingsError
from lineage.graph.lineage_graph import (
    EDGE_FIELDS,
    NODE_FIELDS,
    Edge,
    FamilyGraph,
    Value,
    edges_above_networkx_node,
    edges_of,
    graph_nodes_of,
)
from lineage.store.manifest import Manifest


@dataclass(frozen=True, slots=True)
class About:
    """Stands in every format that has a place for it; its texts are not escaped yet."""

    title: str
    """What was asked for: a model, a release or a family."""
    day: date
    """When the snapshot was taken, UTC."""
    lines: Sequence[Line]

    def spell_sentence(self) -> str:
        """Return all of it on one line."""
        lines = "; ".join(f"{label}: {text}" for label, text in self.lines)
        return f"{self.title} and its descendants, by lineage. {lines}"

    def with_exported_line(self, label: str, text: str) -> "About":
        """Return the same with one more line."""
        return replace(self, lines=[*self.lines, (label, text)])


def describe_export(title: str, roots: Sequence[str], count: Count, manifest: Manifest) -> About:
    """Say what a file holds, and what its number cannot say."""
    lines = describe_definition(replace(count.definition, roots=tuple(roots)), manifest)
    lines += [
        ("note", note) for note in notes_of_count(count.total, count.at_most, count.opted_out)
    ]
    return About(title, manifest.origin.taken_at.date(), lines)


_COLUMNS = ("model", "parent", "relation", "strength")


def export_graph_as_csv(graph: FamilyGraph, _: About) -> Iterator[str]:
    """Yield a header and the rows; a model without a parent in the graph has one row too."""
    return escaped_csv_lines(
        _export_parent_rows(graph), list(dict.fromkeys([*_COLUMNS, *NODE_FIELDS]))
    )


def _export_parent_rows(graph: FamilyGraph) -> Iterator[Document]:
    for node in graph_nodes_of(graph):
        base = {"relation": None, **node.fields, "model": node.name, "parent": None}
        parents = [
            {
                "parent": edge.parent,
                "relation": edge.fields.get("relation"),
                "strength": edge.fields.get("strength"),
            }
            for edge in edges_above_networkx_node(graph, node.name)
        ]
        yield from (base | parent for parent in parents or [{}])


def write_json_lines(graph: FamilyGraph, _: About) -> Iterator[str]:
    """Yield a document a model, with its parents in the graph; ASCII alone."""
    for node in graph_nodes_of(graph):
        parents = [
            {"parent": parent, "relation": edge.get("relation"), "strength": edge.get("strength")}
            for parent, _, edge in edges_above_networkx_node(graph, node.name)
        ]
        fields = {name: node.fields.get(name) for name in NODE_FIELDS}
        document: Document = {"model": node.name, **fields, "parents": parents}
        yield to_json(document, None) + "\n"


def spell_xml_value(value: Value) -> str:
    """Return a value as XML Schema writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def distinguish_exported_names(names: Iterable[str]) -> dict[str, str]:
    """Return what each name becomes when it is made visible: no two the same."""
    # Names that differ in an invisible letter look alike, and must not become one node.
    labels: dict[str, str] = {}
    used: set[str] = set()
    for name in names:
        label, number = escape_invisible(name), 1
        while label in used:
            number += 1
            label = f"{escape_invisible(name)} ({number})"
        used.add(label)
        labels[name] = label
    return labels


DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def escape_xml_element(value: str) -> str:
    """Return the content of an element; XML has no word for most controls: they are spelled."""
    return escape(escape_invisible(value))


def quote_xml_attribute(value: str) -> str:
    """Return an attribute's value with its quotes."""
    return f'"{escape(escape_invisible(value), {chr(34): "&quot;"})}"'


_TYPES = {str: "string", int: "long", bool: "boolean"}


def write_graphml(graph: FamilyGraph, about: About) -> Iterator[str]:
    """Yield the file piece by piece; a node's id is the model's name."""
    # Readers find a node by its id alone, and show it: so the name is the id.
    names = distinguish_exported_names(graph)
    yield f'{DECLARATION}<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    yield from _declare_xml_keys(
        "graph", {label: str for label, _ in _list_xml_descriptions(about)}
    )
    yield from _declare_xml_keys("node", NODE_FIELDS)
    yield from _declare_xml_keys("edge", EDGE_FIELDS)
    yield '  <graph edgedefault="directed">\n'
    for label, value in _list_xml_descriptions(about):
        yield f"    {_write_data('graph', label, value)}\n"
    for node in graph_nodes_of(graph):
        name, fields = quote_xml_attribute(names[node.name]), _write_fields("node", node.fields)
        yield f"    <node id={name}>{fields}</node>\n"
    for edge in edges_of(graph):
        ends, fields = _write_xml_edge_ends(edge, names), _write_fields("edge", edge.fields)
        yield f"    <edge {ends}>{fields}</edge>\n"
    yield "  </graph>\n</graphml>\n"


def _write_xml_edge_ends(edge: Edge, names: Mapping[str, str]) -> str:
    parent, child = (quote_xml_attribute(names[end]) for end in (edge.parent, edge.child))
    return f"source={parent} target={child}"


def _list_xml_descriptions(about: About) -> list[tuple[str, str]]:
    return [("title", about.title), *about.lines]


def _declare_xml_keys(part: str, fields: Mapping[str, type]) -> Iterator[str]:
    for name, kind in fields.items():
        key = f'id="{part}-{name}" for="{part}" attr.name="{name}"'
        yield f'  <key {key} attr.type="{_TYPES[kind]}"/>\n'


def _write_fields(part: str, fields: Mapping[str, Value]) -> str:
    return "".join(_write_data(part, name, value) for name, value in fields.items())


def _write_data(part: str, name: str, value: Value) -> str:
    return f'<data key="{part}-{name}">{escape_xml_element(spell_xml_value(value))}</data>'


_GEXF_TYPES = {str: "string", int: "long", bool: "boolean"}


def write_gexf(graph: FamilyGraph, about: About) -> Iterator[str]:
    """Yield the file piece by piece; a node's id is the model's name, and so is its label."""
    names = distinguish_exported_names(graph)
    yield f'{DECLARATION}<gexf xmlns="http://gexf.net/1.3" version="1.3">\n'
    yield f'  <meta lastmodifieddate="{about.day.isoformat()}">\n'
    yield "    <creator>lineage</creator>\n"
    sentence = escape_xml_element(about.spell_sentence())
    yield f"    <description>{sentence}</description>\n  </meta>\n"
    yield '  <graph defaultedgetype="directed" mode="static">\n'
    yield from _declare_xml_attributes("node", NODE_FIELDS)
    yield from _declare_xml_attributes("edge", EDGE_FIELDS)
    yield f'    <nodes count="{len(names)}">\n'
    for node in graph_nodes_of(graph):
        name = quote_xml_attribute(names[node.name])
        values = _write_gexf_values(node.fields, NODE_FIELDS)
        yield f"      <node id={name} label={name}>{values}</node>\n"
    yield f'    </nodes>\n    <edges count="{graph.number_of_edges()}">\n'
    for number, edge in enumerate(edges_of(graph)):
        ends = _write_xml_edge_ends(edge, names)
        values = _write_gexf_values(edge.fields, EDGE_FIELDS)
        yield f'      <edge id="{number}" {ends}>{values}</edge>\n'
    yield "    </edges>\n  </graph>\n</gexf>\n"


def _declare_xml_attributes(part: str, fields: Mapping[str, type]) -> Iterator[str]:
    yield f'    <attributes class="{part}">\n'
    for name, kind in fields.items():
        yield f'      <attribute id="{name}" title="{name}" type="{_GEXF_TYPES[kind]}"/>\n'
    yield "    </attributes>\n"


def _write_gexf_values(values: Mapping[str, Value], fields: Mapping[str, type]) -> str:
    elements = (
        f'<attvalue for="{name}" value={quote_xml_attribute(spell_xml_value(values[name]))}/>'
        for name in fields
        if name in values
    )
    return f"<attvalues>{''.join(elements)}</attvalues>"


def write_dot(graph: FamilyGraph, about: About) -> Iterator[str]:
    """Yield the file piece by piece; inferred edges are dashed, roots have a double border."""
    names = {
        name: _quote_graphviz_name(label)
        for name, label in distinguish_exported_names(graph).items()
    }
    yield "digraph lineage {\n"
    yield f"  graph [rankdir=LR, comment={_quote_graphviz_text(about.spell_sentence())}];\n"
    yield '  node [shape=box, style=rounded, fontname="sans-serif"];\n'
    for node in graph_nodes_of(graph):
        style = ["peripheries=2"] if node.fields.get("root") else []
        yield f"  {names[node.name]} [{', '.join([*_spell_dot_fields(node.fields), *style])}];\n"
    for edge in edges_of(graph):
        style = ["style=dashed"] if edge.fields.get("strength") == Strength.INFERRED else []
        ends = f"{names[edge.parent]} -> {names[edge.child]}"
        yield f"  {ends} [{', '.join([*_spell_dot_fields(edge.fields), *style])}];\n"
    yield "}\n"


def _spell_dot_fields(fields: Mapping[str, Value]) -> list[str]:
    # `key` alone means something to Graphviz: the ends of edges that are drawn as one.
    return [
        f"{'hub_key' if name == 'key' else name}={_quote_graphviz_text(spell_xml_value(value))}"
        for name, value in fields.items()
    ]


def _quote_graphviz_name(label: str) -> str:
    """Return a name that is also drawn as it is.

    Graphviz reads `&#8238;` in it as that character, and takes one that begins with `%` for
    no model's name.
    """
    return _quote_graphviz_text(label.replace("&", r"\x26").replace("%", r"\x25"))


def _quote_graphviz_text(value: str) -> str:
    r"""Return a quoted string; escapes such as `\N`, which stand for other texts, are undone."""
    text = escape_invisible(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


MOST_EDGES = 500
MOST_CHARACTERS = 50_000
"""Mermaid draws no more unless a page sets it so: its defaults of `maxEdges` and `maxTextSize`."""

_PLAIN = frozenset(string.ascii_letters + string.digits + " ./-")


def write_mermaid(graph: FamilyGraph, about: About) -> Iterator[str]:
    """Yield the chart; SettingsError for more than Mermaid draws."""
    text = (
        "".join(_write_mermaid_lines(graph, about)) if graph.number_of_edges() <= MOST_EDGES else ""
    )
    if not text or len(text) > MOST_CHARACTERS:
        raise SettingsError(
            f"{graph.number_of_nodes():,} models and {graph.number_of_edges():,} edges are more "
            f"than Mermaid draws ({MOST_EDGES} edges, {MOST_CHARACTERS:,} characters)",
            "cut them with --min-size N or --depth N, or take another format, such as dot",
        )
    yield text


def _write_mermaid_lines(graph: FamilyGraph, about: About) -> Iterator[str]:
    yield f"%% {_encode_mermaid_signs(about.title)} and its descendants, by lineage\n"
    yield from (
        f"%% {_encode_mermaid_signs(label)} - {_encode_mermaid_signs(text)}\n"
        for label, text in about.lines
    )
    yield "flowchart LR\n"
    # A name in the place of an id could be read as syntax.
    numbers = {name: number for number, name in enumerate(graph)}
    for node in graph_nodes_of(graph):
        opened, closed = ("[[", "]]") if node.fields.get("root") else ("[", "]")
        yield f'  n{numbers[node.name]}{opened}"{_encode_mermaid_signs(node.name)}"{closed}\n'
    for edge in edges_of(graph):
        yield f"  n{numbers[edge.parent]} {_write_mermaid_arrow(edge)} n{numbers[edge.child]}\n"


def _write_mermaid_arrow(edge: Edge) -> str:
    relation = _encode_mermaid_signs(str(edge.fields.get("relation", "")))
    if edge.fields.get("strength") == Strength.INFERRED:
        return f"-.->|{relation}, inferred|"
    return f"-->|{relation}|"


def _encode_mermaid_signs(text: str) -> str:
    """Return text without any sign that Mermaid, Markdown or HTML could read as its own.

    Never empty: Mermaid takes no label without a sign.
    """
    return (
        "".join(sign if sign in _PLAIN else f"#{ord(sign)};" for sign in escape_invisible(text))
        or " "
    )
