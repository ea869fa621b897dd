"""What a rule of retention keeps and deletes: a row for each snapshot."""

from collections.abc import Mapping, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table

from lineage.cli.tables.terminal import INDENT, quoted
from lineage.domain.documents import Document
from lineage.store.manifest import Manifest


def rows(
    manifests: Sequence[Manifest], kept: Mapping[str, str], *, dry_run: bool
) -> list[Document]:
    """Return each snapshot with what becomes of it and why."""
    gone = "would be deleted" if dry_run else "deleted"
    return [
        {
            "id": one.id,
            "kind": one.origin.kind.value,
            "outcome": "kept" if one.id in kept else gone,
            "because": kept.get(one.id, "no part of the rule keeps it"),
        }
        for one in manifests
    ]


def table(documents: Sequence[Document]) -> RenderableType:
    """Return the rows for a terminal."""
    drawn = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    for name in ("id", "kind", "outcome", "because"):
        drawn.add_column(name, overflow="fold")
    for one in documents:
        drawn.add_row(*(quoted(str(value)) for value in one.values()))
    return Padding(drawn, INDENT, expand=False)
