"""A snapshot beside a dump: as documents for JSON and CSV, and as a table for a terminal."""

from collections.abc import Iterator

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lineage.analysis.definition_text import Line, whence
from lineage.analysis.diff.dump_check import DumpCheck, Some
from lineage.cli.tables.terminal import INDENT, lines, quoted
from lineage.domain.documents import Document
from lineage.store.manifest import Manifest

_NOBODY = "nobody says"


def of_check(found: DumpCheck) -> Document:
    """Return what was compared and what differs, with examples."""
    edges = found.edges
    return {
        "snapshot": found.snapshot,
        "dump": found.dump,
        "models_here": found.models_here,
        "models_there": found.models_there,
        "bad_rows": found.bad_rows,
        "models_only_here": _of_some(found.only_here),
        "models_only_there": _of_some(found.only_there),
        "different": [
            {
                "field": one.field,
                "count": one.count,
                "examples": [
                    {"id": id, "here": here, "there": there} for id, here, there in one.examples
                ],
            }
            for one in found.different
        ],
        "edges_here": None if edges is None else edges.here,
        "edges_there": None if edges is None else edges.there,
        "edges_only_here": None if edges is None else _of_some(edges.only_here),
        "edges_only_there": None if edges is None else _of_some(edges.only_there),
        "not_compared": list(found.not_compared),
    }


def rows_of_check(found: DumpCheck) -> list[Document]:
    """Return a flat row for each thing compared, with one example."""
    return [
        {"what": what, "count": count, "example": examples[0] if examples else None}
        for what, count, examples in _compared(found)
    ]


def check(found: DumpCheck, manifest: Manifest) -> RenderableType:
    """Return what differs, each with its examples."""
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    table.add_column("number", justify="right", no_wrap=True)
    table.add_column("examples", overflow="fold")
    for what, count, examples in _compared(found):
        table.add_row(what, f"{count:,}", quoted("; ".join(examples), "dim"))
    facts: list[Line] = [("dump", f"{found.dump}, {found.bad_rows:,} rows could not be read")]
    left_out = [*found.not_compared, *(["edges"] if found.edges is None else [])]
    if left_out:
        facts.append(("left out", f"{', '.join(left_out)}: the dump does not say"))
    told = lines([*facts, *whence(manifest)])
    return Stack(Text(), Padding(table, INDENT, expand=False), Text(), told)


def _compared(found: DumpCheck) -> Iterator[tuple[str, int, list[str]]]:
    yield "models here", found.models_here, []
    yield "models in the dump", found.models_there, []
    yield "models only here", found.only_here.count, list(found.only_here.examples)
    yield "models only in the dump", found.only_there.count, list(found.only_there.examples)
    for one in found.different:
        told = [
            f"{id}: here {here or _NOBODY}, there {there or _NOBODY}"
            for id, here, there in one.examples
        ]
        yield f"different {one.field}", one.count, told
    if (edges := found.edges) is not None:
        yield "edges here", edges.here, []
        yield "edges in the dump", edges.there, []
        yield "edges only here", edges.only_here.count, list(edges.only_here.examples)
        yield "edges only in the dump", edges.only_there.count, list(edges.only_there.examples)


def _of_some(some: Some) -> Document:
    return {"count": some.count, "examples": list(some.examples)}
