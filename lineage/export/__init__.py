"""A family graph in the formats that other programs read: one format a file."""

from collections.abc import Callable, Iterator, Mapping

from lineage.analysis.family_graph import FamilyColumns, make_family_graph
from lineage.export.xml_formats import (
    About,
    describe_export,
    export_graph_as_csv,
    write_dot,
    write_gexf,
    write_graphml,
    write_json_lines,
    write_mermaid,
)
from lineage.graph.lineage_graph import FamilyGraph, cut_networkx_graph, networkx_graph_roots

Writer = Callable[[FamilyGraph, About], Iterator[str]]
"""Yields a text file piece by piece, so that a large family never stands in memory twice."""

FORMATS: Mapping[str, Writer] = {
    "graphml": write_graphml,
    "gexf": write_gexf,
    "dot": write_dot,
    "mermaid": write_mermaid,
    "csv": export_graph_as_csv,
    "jsonl": write_json_lines,
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
    graph, manifest = make_family_graph(columns), columns.scope.snapshot.manifest
    roots = networkx_graph_roots(graph)
    about = describe_export(name, roots, columns.count, manifest)
    limits = [f"{depth:,} generation{'' if depth == 1 else 's'}"] if depth is not None else []
    limits += [f"models with at least {at_least:,} below them"] if at_least else []
    smaller = cut_networkx_graph(graph, depth, at_least)
    if limits:
        # Cut after it was counted: what is missing can be said.
        models, total = (len(each) - len(roots) for each in (smaller, graph))
        about = about.with_exported_line(
            "shown", f"{models:,} of {total:,} models: {' of '.join(limits)}"
        )
    return writer(smaller, about)
