"""A family graph as rows: CSV with a row for each model and parent, JSON with a line a model."""

import csv
import io
import json
from collections.abc import Iterator

from lineage.domain.escape import cell
from lineage.export.about import About
from lineage.export.xml_text import spelled
from lineage.graph.lineage_graph import NODE_FIELDS, FamilyGraph, Value, nodes_of, parents_of

_COLUMNS = ("model", "parent", "relation", "strength")


def csv_rows(graph: FamilyGraph, _: About) -> Iterator[str]:
    """Yield a header and the rows; a model without a parent in the graph has one row too."""
    fields = [name for name in NODE_FIELDS if name not in _COLUMNS]
    yield _row([*_COLUMNS, *fields])
    for node in nodes_of(graph):
        known = [node.fields.get(name) for name in fields]
        own: list[tuple[Value | None, ...]] = [
            (edge.parent, edge.fields.get("relation"), edge.fields.get("strength"))
            for edge in parents_of(graph, node.name)
        ]
        for parent in own or [(None, node.fields.get("relation"), None)]:
            yield _row([node.name, *parent, *known])


def json_lines(graph: FamilyGraph, _: About) -> Iterator[str]:
    """Yield a document a model, with its parents in the graph; ASCII alone."""
    for node in nodes_of(graph):
        parents = [
            {"parent": parent, "relation": said.get("relation"), "strength": said.get("strength")}
            for parent, _, said in parents_of(graph, node.name)
        ]
        known = {name: node.fields.get(name) for name in NODE_FIELDS}
        document: dict[str, object] = {"model": node.name, **known, "parents": parents}
        yield json.dumps(document, ensure_ascii=True) + "\n"


def _row(values: list[Value | None]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(
        "" if value is None else cell(value) if isinstance(value, str) else spelled(value)
        for value in values
    )
    return line.getvalue()
