"""A family graph as DOT for Graphviz, and as Mermaid for READMEs and wikis."""

import string
from collections.abc import Iterator, Mapping

from lineage.domain.claims import Strength
from lineage.domain.escape import escape_invisible
from lineage.errors import SettingsError
from lineage.export.rows import About, distinguish_names, spell_value
from lineage.graph.lineage_graph import Edge, FamilyGraph, Value, edges_of, nodes_of


def write_dot(graph: FamilyGraph, about: About) -> Iterator[str]:
    """Yield the file piece by piece; inferred edges are dashed, roots have a double border."""
    names = {name: _quote_diagram_name(label) for name, label in distinguish_names(graph).items()}
    yield "digraph lineage {\n"
    yield f"  graph [rankdir=LR, comment={_quote_diagram_text(about.spell_sentence())}];\n"
    yield '  node [shape=box, style=rounded, fontname="sans-serif"];\n'
    for node in nodes_of(graph):
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
        f"{'hub_key' if name == 'key' else name}={_quote_diagram_text(spell_value(value))}"
        for name, value in fields.items()
    ]


def _quote_diagram_name(label: str) -> str:
    """Return a name that is also drawn as it is.

    Graphviz reads `&#8238;` in it as that character, and takes one that begins with `%` for
    no model's name.
    """
    return _quote_diagram_text(label.replace("&", r"\x26").replace("%", r"\x25"))


def _quote_diagram_text(value: str) -> str:
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
        "".join(_draw_diagram_lines(graph, about)) if graph.number_of_edges() <= MOST_EDGES else ""
    )
    if not text or len(text) > MOST_CHARACTERS:
        raise SettingsError(
            f"{graph.number_of_nodes():,} models and {graph.number_of_edges():,} edges are more "
            f"than Mermaid draws ({MOST_EDGES} edges, {MOST_CHARACTERS:,} characters)",
            "cut them with --min-size N or --depth N, or take another format, such as dot",
        )
    yield text


def _draw_diagram_lines(graph: FamilyGraph, about: About) -> Iterator[str]:
    yield f"%% {_encode_signs(about.title)} and its descendants, by lineage\n"
    yield from (
        f"%% {_encode_signs(label)} - {_encode_signs(text)}\n" for label, text in about.lines
    )
    yield "flowchart LR\n"
    # A name in the place of an id could be read as syntax.
    numbers = {name: number for number, name in enumerate(graph)}
    for node in nodes_of(graph):
        opened, closed = ("[[", "]]") if node.fields.get("root") else ("[", "]")
        yield f'  n{numbers[node.name]}{opened}"{_encode_signs(node.name)}"{closed}\n'
    for edge in edges_of(graph):
        yield f"  n{numbers[edge.parent]} {_draw_diagram_arrow(edge)} n{numbers[edge.child]}\n"


def _draw_diagram_arrow(edge: Edge) -> str:
    relation = _encode_signs(str(edge.fields.get("relation", "")))
    if edge.fields.get("strength") == Strength.INFERRED:
        return f"-.->|{relation}, inferred|"
    return f"-->|{relation}|"


def _encode_signs(text: str) -> str:
    """Return text without any sign that Mermaid, Markdown or HTML could read as its own.

    Never empty: Mermaid takes no label without a sign.
    """
    return (
        "".join(sign if sign in _PLAIN else f"#{ord(sign)};" for sign in escape_invisible(text))
        or " "
    )
