"""A small family graph as a Mermaid flowchart, for READMEs and wikis.

Source: Mermaid's flowchart syntax and its entity codes, https://mermaid.js.org/syntax/flowchart.html.
"""

import string
from collections.abc import Iterator

from lineage.domain.claims import Strength
from lineage.domain.escape import visible
from lineage.errors import SettingsError
from lineage.export.about import About
from lineage.graph.lineage_graph import Edge, FamilyGraph, edges_of, nodes_of

MOST_EDGES = 500
MOST_CHARACTERS = 50_000
"""Mermaid draws no more unless a page sets it so: its defaults of `maxEdges` and `maxTextSize`."""

_PLAIN = frozenset(string.ascii_letters + string.digits + " ./-")


def mermaid(graph: FamilyGraph, about: About) -> Iterator[str]:
    """Yield the chart; SettingsError for more than Mermaid draws."""
    text = "".join(_lines(graph, about)) if graph.number_of_edges() <= MOST_EDGES else ""
    if not text or len(text) > MOST_CHARACTERS:
        raise SettingsError(
            f"{graph.number_of_nodes():,} models and {graph.number_of_edges():,} edges are more "
            f"than Mermaid draws ({MOST_EDGES} edges, {MOST_CHARACTERS:,} characters)",
            "cut them with --min-size N or --depth N, or take another format, such as dot",
        )
    yield text


def _lines(graph: FamilyGraph, about: About) -> Iterator[str]:
    yield f"%% {_safe(about.title)} and its descendants, by lineage\n"
    yield from (f"%% {_safe(label)} - {_safe(text)}\n" for label, text in about.lines)
    yield "flowchart LR\n"
    numbers = {name: number for number, name in enumerate(graph)}
    for node in nodes_of(graph):
        opened, closed = ("[[", "]]") if node.fields.get("root") else ("[", "]")
        yield f'  n{numbers[node.name]}{opened}"{_safe(node.name)}"{closed}\n'
    for edge in edges_of(graph):
        yield f"  n{numbers[edge.parent]} {_arrow(edge)} n{numbers[edge.child]}\n"


def _arrow(edge: Edge) -> str:
    relation = _safe(str(edge.fields.get("relation", "")))
    if edge.fields.get("strength") == Strength.INFERRED:
        return f"-.->|{relation}, inferred|"
    return f"-->|{relation}|"


def _safe(text: str) -> str:
    """Return text without any sign that Mermaid, Markdown or HTML could read as its own.

    Never empty: Mermaid takes no label without a sign.
    """
    return "".join(one if one in _PLAIN else f"#{ord(one)};" for one in visible(text)) or " "
