"""A family graph in the formats that other programs read: one format a file."""

from collections.abc import Callable, Iterator, Mapping

from lineage.analysis.family_graph import FamilyColumns, graph_of
from lineage.export.diagrams import dot, mermaid
from lineage.export.rows import About, about, csv_rows, json_lines
from lineage.export.xml_formats import gexf, graphml
from lineage.graph.lineage_graph import FamilyGraph, cut_graph, roots_of

Writer = Callable[[FamilyGraph, About], Iterator[str]]
"""Yields a text file piece by piece, so that a large family never stands in memory twice."""

FORMATS: Mapping[str, Writer] = {
    "graphml": graphml,
    "gexf": gexf,
    "dot": dot,
    "mermaid": mermaid,
    "csv": csv_rows,
    "jsonl": json_lines,
}


def export_graph(
    writer: Writer,
    columns: FamilyColumns,
    name: str,
    *,
    depth: int | None = None,
    at_least: int = 0,
) -> Iterator[str]:
    """Yield what was cut out, made smaller where that is asked for, in one format."""
    graph, scope = graph_of(columns), columns.scope
    told = about(name, roots_of(graph), columns.count, scope.snapshot.manifest)
    left = [f"{depth:,} generations"] if depth is not None else []
    left += [f"models with at least {at_least:,} below them"] if at_least else []
    return writer(cut_graph(graph, depth, at_least), told.only(" of ".join(left)))
