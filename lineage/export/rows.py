"""A family graph as rows, CSV and JSON Lines, and what every text format says of itself."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from lineage.analysis.definition_text import Line, definition_lines, notes_of_count
from lineage.analysis.results import Count
from lineage.domain.documents import Document, to_json
from lineage.domain.escape import escape_invisible, escaped_csv_lines
from lineage.graph.lineage_graph import NODE_FIELDS, FamilyGraph, Value, nodes_of, parents_of
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
    lines = definition_lines(replace(count.definition, roots=tuple(roots)), manifest)
    lines += [
        ("note", note) for note in notes_of_count(count.total, count.at_most, count.opted_out)
    ]
    return About(title, manifest.origin.taken_at.date(), lines)


_COLUMNS = ("model", "parent", "relation", "strength")


def write_csv(graph: FamilyGraph, _: About) -> Iterator[str]:
    """Yield a header and the rows; a model without a parent in the graph has one row too."""
    return escaped_csv_lines(
        _export_parent_rows(graph), list(dict.fromkeys([*_COLUMNS, *NODE_FIELDS]))
    )


def _export_parent_rows(graph: FamilyGraph) -> Iterator[Document]:
    for node in nodes_of(graph):
        base = {"relation": None, **node.fields, "model": node.name, "parent": None}
        parents = [
            {
                "parent": edge.parent,
                "relation": edge.fields.get("relation"),
                "strength": edge.fields.get("strength"),
            }
            for edge in parents_of(graph, node.name)
        ]
        yield from (base | parent for parent in parents or [{}])


def write_json_lines(graph: FamilyGraph, _: About) -> Iterator[str]:
    """Yield a document a model, with its parents in the graph; ASCII alone."""
    for node in nodes_of(graph):
        parents = [
            {"parent": parent, "relation": edge.get("relation"), "strength": edge.get("strength")}
            for parent, _, edge in parents_of(graph, node.name)
        ]
        fields = {name: node.fields.get(name) for name in NODE_FIELDS}
        document: Document = {"model": node.name, **fields, "parents": parents}
        yield to_json(document, None) + "\n"


def spell_value(value: Value) -> str:
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
