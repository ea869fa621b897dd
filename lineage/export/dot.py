"""A family graph as DOT, for Graphviz.

Source: the DOT language and its escape strings, https://graphviz.org/doc/info/lang.html.
"""

from collections.abc import Iterator, Mapping

from lineage.domain.claims import Strength
from lineage.domain.escape import visible
from lineage.export.about import About
from lineage.export.xml_text import distinct, spelled
from lineage.graph.lineage_graph import FamilyGraph, Value, edges_of, nodes_of


def dot(graph: FamilyGraph, about: About) -> Iterator[str]:
    """Yield the file piece by piece; inferred edges are dashed, roots have a double border."""
    names = {name: _name(label) for name, label in distinct(graph).items()}
    yield "digraph lineage {\n"
    yield f"  graph [rankdir=LR, comment={_quoted(about.sentence())}];\n"
    yield '  node [shape=box, style=rounded, fontname="sans-serif"];\n'
    for node in nodes_of(graph):
        drawn = ["peripheries=2"] if node.fields.get("root") else []
        yield f"  {names[node.name]} [{', '.join([*_fields(node.fields), *drawn])}];\n"
    for edge in edges_of(graph):
        drawn = ["style=dashed"] if edge.fields.get("strength") == Strength.INFERRED else []
        ends = f"{names[edge.parent]} -> {names[edge.child]}"
        yield f"  {ends} [{', '.join([*_fields(edge.fields), *drawn])}];\n"
    yield "}\n"


def _fields(known: Mapping[str, Value]) -> list[str]:
    # `key` alone means something to Graphviz: the ends of edges that are drawn as one.
    return [
        f"{'hub_key' if name == 'key' else name}={_quoted(spelled(value))}"
        for name, value in known.items()
    ]


def _name(label: str) -> str:
    """Return a name that is also drawn as it is.

    Graphviz reads `&#8238;` in it as that character, and takes one that begins with `%` for
    no model's name.
    """
    return _quoted(label.replace("&", r"\x26").replace("%", r"\x25"))


def _quoted(value: str) -> str:
    r"""Return a quoted string; escapes such as `\N`, which stand for other texts, are undone."""
    text = visible(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
